"""The line below an answer in the conversation: ring, band, one clause; and the words it shares with the card."""

from collections.abc import Sequence

from interview.errors import NEEDS_CHANGE
from interview.models import Graded, Grading, Language, PointGrade, Session, Turn, Ungraded
from interview.turns import seconds_over, seconds_used
from interview.ui.strings import t
from interview.ui.views.parts import clock, is_estimate, ring_of, tally, worded
from interview.ui.views.view import ViewValue


def verdict_line(
    turn: Turn,
    grading: Grading | None,
    live_points: Sequence[PointGrade],
    lang: Language,
    *,
    selected: bool = False,
) -> ViewValue:
    """What stands below an answer in the conversation: ring, band, one clause. It is drawn as a real button.

    `live_points`: the verdicts that are already in. `selected`: its grade is the one that is open. `retry_at` (ISO
    time or empty) fills `{time}` of the clause in the reader's own time zone.
    """
    return {
        "turn": turn.id,
        "state": state_of(grading),
        "ring": ring_of(grading, live_points, lang),
        "title": title_of(grading, lang),
        "clause": _clause(turn, grading, live_points, lang),
        "retry_at": retry_at_of(grading),
        "open": ""
        if selected
        else t("verdict_line.open" if grading and grading.outcome else "verdict_line.watch", lang),
        "selected": selected,
    }


def saved_text(session: Session, turn: Turn, lang: Language) -> str:
    """What stands below an answer of a mock interview that still runs: that it is safe, and how long it took."""
    parts = [t("mock.saved", lang)]
    if turn.answer is not None:
        parts.append(clock(seconds_used(turn)))
        over = seconds_over(session, turn)
        if over >= 1:
            parts.append(t("mock.over", lang, time=clock(over)))
    return " · ".join(parts)


def state_of(grading: Grading | None) -> str:
    """`none`, `pending`, `waiting`, `graded`, `estimate`, `ungraded` or `self`."""
    if grading is None:
        return "none"
    if grading.outcome is None:
        return "waiting" if grading.retry_at and grading.state == "pending" else "pending"
    if isinstance(grading.outcome, Graded):
        return "estimate" if is_estimate(grading.outcome) else "graded"
    return "ungraded" if isinstance(grading.outcome, Ungraded) else "self"


def title_of(grading: Grading | None, lang: Language) -> str:
    """The band of a judgement; for everything else, what it is instead."""
    state = state_of(grading)
    if grading and isinstance(grading.outcome, Graded) and state == "graded":
        return worded("band", grading.outcome.band, lang)
    return t(f"state.{state}", lang)


def retry_at_of(grading: Grading | None) -> str:
    """When the next attempt is due, as ISO time; empty unless one is waited for."""
    return grading.retry_at.isoformat() if grading and grading.retry_at and state_of(grading) == "waiting" else ""


def judged_text(turn: Turn, live_points: Sequence[PointGrade], lang: Language) -> str:
    """How many points are judged so far, of how many where the notes say so."""
    count = len(turn.question.key_points)
    if count:
        return t("grade.judged_of", lang, n=len(live_points), m=count)
    return t("grade.judged", lang, n=len(live_points))


def waiting_text(grading: Grading, lang: Language) -> str:
    """Why it is waiting and when it is tried again; `{time}` stays for the browser to fill in."""
    why = t(f"reason.{grading.waiting_for}", lang) if grading.waiting_for else t("state.waiting", lang)
    if grading.waiting_for in NEEDS_CHANGE:
        return why + t("grade.retry_changed", lang)
    return why + t("grade.retry_at", lang, n=grading.attempt + 1)


def _clause(turn: Turn, grading: Grading | None, live_points: Sequence[PointGrade], lang: Language) -> str:
    outcome = grading.outcome if grading else None
    if isinstance(outcome, Graded):
        clause = tally(outcome.key_points, lang, estimate=is_estimate(outcome))
        return clause + t("verdict_line.not_correctness", lang) if is_estimate(outcome) else clause
    if isinstance(outcome, Ungraded):
        return t(f"reason.{outcome.reason}", lang) + t("verdict_line.saved", lang)
    if grading is None or outcome is not None:
        return t("verdict_line.none", lang) if grading is None else ""
    if state_of(grading) == "waiting":
        return waiting_text(grading, lang)
    return judged_text(turn, live_points, lang) + t("verdict_line.go_on", lang)
