"""What can be said against a grade: «I said that» on a point, a second opinion, and one's own verdict."""

from collections.abc import Sequence

from interview.models import Graded, Grading, Language, PointGrade, SelfGraded, Turn, Ungraded, is_appealable, is_won
from interview.service.appeals import heard_before, line_of
from interview.text import APPEAL_REASON_LIMIT, OWN_VERDICT_LIMIT
from interview.ui.strings import t
from interview.ui.views.parts import grader_word, number
from interview.ui.views.view import ViewValue

MOST = 10.0  # of the score, where no grade says otherwise


def appeal_of(turn: Turn, grading: Grading, point: PointGrade, lang: Language) -> ViewValue | None:
    """What became of the appeal about this point, or the offer of one; None where neither is to be.

    `state`: `offer` (with the words of its form), `heard`, `won` or `held`.
    """
    heard = heard_before(turn, grading, point.id)
    if heard is not None:
        won = _outcome(turn, heard)
        state = "heard" if won is None else "won" if won else "held"
        return {"state": state, "note": t(f"appeal.{state}", lang)}
    if not isinstance(grading.outcome, Graded) or not is_appealable(grading.outcome, point):
        return None
    if any(one.appeal is not None and one.state != "done" for one in turn.gradings):
        return None  # one at a time
    failed = _failed(turn, grading, point.id)
    return {
        "state": "offer",
        "grading": grading.id,
        "point": point.id,
        "label": t("appeal.offer", lang),
        "reason": t("appeal.reason", lang),
        "longest": APPEAL_REASON_LIMIT,
        "go": t("appeal.go", lang),
        "rule": t("appeal.rule", lang),
        "note": t("appeal.failed", lang, reason=t(f"reason.{failed.reason}", lang)) if failed else "",
    }


def appeal_note(turn: Turn, grading: Grading, lang: Language) -> str:
    """Which appeal a grading is, and what came of it; empty for any other grading."""
    if grading.appeal is None:
        return ""
    contested = next((one for one in turn.gradings if one.id == grading.appeal.grading_id), None)
    points = contested.outcome.key_points if contested and isinstance(contested.outcome, Graded) else ()
    place = next((n for n, point in enumerate(points, start=1) if point.id == grading.appeal.point_id), 0)
    won = _outcome(turn, grading)
    failed = isinstance(grading.outcome, Ungraded)
    state = "failed" if failed else "heard" if won is None else "won" if won else "held"
    return t(f"appeal.row_{state}", lang, n=place)


def second_opinion(graders: Sequence[str], turn: Turn, lang: Language) -> ViewValue | None:
    """The form that asks another grader; None where none is offered or there is no answer. Names are shown as told."""
    if not graders or turn.answer is None:
        return None
    return {
        "kind": "second",
        "title": t("second.title", lang),
        "label": t("second.label", lang),
        "options": [{"name": name, "word": grader_word(name, lang)} for name in graders],
        "go": t("second.go", lang),
        "note": t("second.note", lang),
    }


def own_verdict(turn: Turn, grading: Grading | None, lang: Language) -> ViewValue | None:
    """The form of one's own final verdict; None where there is no answer."""
    if turn.answer is None:
        return None
    outcome = grading.outcome if grading else None
    most = outcome.max_score if isinstance(outcome, Graded | SelfGraded) else MOST
    own = isinstance(outcome, SelfGraded)
    return {
        "kind": "own",
        "title": t("own.change" if own else "own.title", lang),
        "label": t("own.label", lang),
        "most": most,
        "of": f"/ {number(most)}",
        "reason": t("own.note", lang),
        "longest": OWN_VERDICT_LIMIT,
        "go": t("own.go", lang),
        "note": t("own.rule", lang),
    }


def on_its_way(turn: Turn, grading: Grading, lang: Language) -> list[str]:
    """Which other gradings of the answer are still to come, as sentences."""
    waiting = [one for one in turn.gradings if one.state != "done" and one.id != grading.id and one.appeal is None]
    return [t("second.waiting", lang, grader=grader_word(one.grader, lang)) for one in waiting]


def _outcome(turn: Turn, heard: Grading) -> bool | None:
    appeal = heard.appeal
    contested = next((one for one in turn.gradings if appeal and one.id == appeal.grading_id), None)
    return is_won(heard, contested) if contested else None


def _failed(turn: Turn, grading: Grading, point_id: str) -> Ungraded | None:
    line = {one.id for one in line_of(turn, grading)}
    for one in reversed(turn.gradings):
        about = one.appeal
        if about and about.point_id == point_id and about.grading_id in line and isinstance(one.outcome, Ungraded):
            return one.outcome
    return None
