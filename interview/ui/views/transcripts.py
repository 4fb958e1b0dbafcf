"""The list of sessions, and the head and navigation of the review room."""

from collections import Counter
from collections.abc import Mapping, Sequence

from interview.grading.scoring import SOLID_BANDS, on_scale
from interview.models import Graded, Language, Session, SessionSummary, Shelf, Standing, Turn, Ungraded
from interview.report import mean, scores, standing
from interview.rubrics import Rubric
from interview.turns import help_used
from interview.ui.safe_text import card_line
from interview.ui.strings import t
from interview.ui.views.parts import (
    attempt_text,
    grader_word,
    is_estimate,
    mark_in,
    mark_word,
    mean_ring,
    position_text,
    shown_grading,
    tally,
)
from interview.ui.views.view import ViewValue

# Which squares each of the four counters of the room counts and filters.
_GROUPS = {"solid": SOLID_BANDS, "partly": ("fair",), "weak": ("weak",)}
_REST = "rest"
_MEANS: tuple[tuple[Standing, str, str], ...] = (
    ("judgement", "room.mean", "accent"),
    ("own", "room.own_mean", "plain"),
)
_FORMS = (("html", "HTML"), ("md", "Markdown"), ("json", "JSON"), ("jsonl", "JSON Lines"))


def session_rows(
    summaries: Sequence[SessionSummary],
    default: Rubric,
    lang: Language,
    shelf: Shelf = "active",
    *,
    choosable: bool = False,
) -> ViewValue:
    """One button per session, in the order given; a click selects it (`id`). `at` is ISO UTC, shown in local time.

    The bands of the `default` rubric colour means. `choosable`: sessions can be chosen, to be exported together, but
    for those that tell nothing yet.
    """
    empty = "sessions.empty" if shelf == "active" else f"sessions.empty_{shelf}"
    return {
        "empty": "" if summaries else t(empty, lang),
        "export": t("sessions.export", lang),
        "forms": [{"suffix": suffix, "label": label} for suffix, label in _FORMS] if choosable else [],
        "rows": [_session_row(summary, default, lang) for summary in summaries],
    }


def room_head(session: Session, lang: Language, damaged: int = 0) -> ViewValue:
    """Title of the session, its mean over judged turns, when it was, whether it was finished, how much is damaged."""
    standings = [standing(turn) for turn in session.turns]
    chips: list[ViewValue] = []
    for label, word, tone in _MEANS:
        whole = mean(standings, label)
        if whole is not None:
            chips.append({"text": t(word, lang, mean=f"{whole:.1f}", n=len(scores(standings, label))), "tone": tone})
    if session.finished_at is None:
        chips.append({"text": t("unfinished.chip", lang), "tone": "warn"})
    if session.tells_nothing_yet:
        chips.append({"text": t("untold.short", lang), "tone": "plain"})
    if damaged:
        chips.append({"text": t("room.damaged", lang, n=damaged), "tone": "warn"})
    return {"title": session.title, "chips": chips, "at": session.created_at.isoformat()}


def room_nav(
    session: Session, selected_turn_id: str | None, lang: Language, tones: Mapping[str, str] | None = None
) -> ViewValue:
    """The turns of a session with four counters that filter them; a click on a turn selects it (`turn`).

    `tones` are those of `RubricHistory`: a band that is not a usual one is counted where its colour is.
    """
    turns = [turn for turn in session.turns if turn.follow_up is None or turn.answer is not None]
    groups = {turn.id: _group(mark_in(session, turn), tones or {}) for turn in turns}
    counts = Counter(groups.values())
    names = [*_GROUPS, _REST]
    return {
        "label": t("room.nav", lang),
        "counters": [{"group": name, "count": counts[name], "label": t(f"group.{name}", lang)} for name in names],
        "items": [_nav_item(session, turn, groups[turn.id], turn.id == selected_turn_id, lang) for turn in turns],
    }


def _session_row(summary: SessionSummary, default: Rubric, lang: Language) -> ViewValue:
    marks = Counter(summary.marks)
    meta = [t("sessions.questions", lang, n=summary.count)]
    if summary.finished_at is None:
        meta.append(t("sessions.answered", lang, n=summary.answered))
    if summary.tells_nothing_yet:
        meta.append(t("untold.short", lang))
    meta += [grader_word(name, lang) for name in summary.graders]
    if marks["ungraded"]:
        meta.append(t("sessions.ungraded", lang, n=marks["ungraded"]))
    return {
        "id": summary.id,
        "choose": "" if summary.tells_nothing_yet else t("sessions.choose", lang, title=summary.title),
        "ring": mean_ring(summary.mean, default),
        "title": summary.title,
        "meta": meta,
        "marks": list(summary.marks),
        "marks_label": t("list.comma", lang).join(f"{mark_word(mark, lang)} {n}" for mark, n in marks.items()),
        "at": summary.created_at.isoformat(),
    }


def _group(mark: str, tones: Mapping[str, str]) -> str:
    return next((name for name, marks in _GROUPS.items() if tones.get(mark, mark) in marks), _REST)


def _nav_item(session: Session, turn: Turn, group: str, selected: bool, lang: Language) -> ViewValue:
    mark = mark_in(session, turn)
    grading = shown_grading(turn)
    outcome = grading.outcome if grading else None
    score = "–"
    meta = [mark_word(mark, lang)]
    if isinstance(outcome, Graded):
        estimate = is_estimate(outcome)
        score = "" if estimate else f"{on_scale(outcome.score, outcome.max_score):.1f}"
        meta = [tally(outcome.key_points, lang, estimate=estimate), t(f"help.{help_used(session.turns, turn)}", lang)]
    elif isinstance(outcome, Ungraded):
        meta.append(t(f"reason.{outcome.reason}", lang))
    elif outcome is not None:
        score = f"{on_scale(outcome.score, outcome.max_score):.1f}"
    return {
        "turn": turn.id,
        "number": turn.position + 1,
        "label": position_text(session, turn, lang),
        "again": attempt_text(session, turn, lang),
        "question": card_line(turn.follow_up or turn.question.text),
        "meta": meta,
        "tone": mark,
        "score": score,
        "group": group,
        "selected": selected,
    }
