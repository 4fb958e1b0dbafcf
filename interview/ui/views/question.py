"""The head of the question card and the separator that opens a question in the conversation."""

from collections.abc import Sequence
from datetime import UTC, datetime

from interview.models import Language, PointGrade, Session, Turn
from interview.turns import Coverage, coverage_of, deadlines, reached, turns_at
from interview.ui.safe_text import card_line
from interview.ui.strings import t
from interview.ui.views.parts import covered_of, mark_in, mark_word, position_text
from interview.ui.views.view import ViewValue


def question_head(
    session: Session, turn: Turn, lang: Language, live_points: Sequence[PointGrade] = (), current: str | None = None
) -> ViewValue:
    """Where the session stands, and how many points of the current question all its turns made together.

    A dot selects its Turn (`turn`) and scrolls there. `turn` is also the key of the composer's draft. `live_points`:
    verdicts that are already in while the grading runs. `current`: id of the Turn whose grade is open, if another;
    empty where none is. `timers` count down to stored moments; a mock interview says nothing of points.
    """
    silent = session.tells_nothing_yet
    coverage = None if silent else coverage_of(turns_at(session, turn.position))
    points = coverage.points if coverage else tuple(live_points)
    return {
        "turn": turn.id,
        "open": turn.state == "open",
        "dots": _dots(session, turn, turn.id if current is None else current, lang),
        "position": position_text(session, turn, lang),
        "short": f"{turn.position + 1} / {len(session.questions)}",
        "timers": _timers(session, turn, lang),
        "now": datetime.now(UTC).isoformat(),
        "pips": [] if silent else _pips(turn, points, done=coverage is not None),
        "points": "" if silent else _points_text(turn, points, coverage, lang),
        "question": card_line(turn.follow_up or turn.question.text),
        "draft_saved": t("composer.saved", lang),
        "dots_label": t("question.dots", lang),
    }


def separator(session: Session, turn: Turn, lang: Language) -> ViewValue:
    """The line that opens a question: position, section, difficulty, tags, and how it was reached.

    A follow-up has none of it, only what it is and that it does not change the score.
    """
    if turn.follow_up is not None:
        return {"turn": turn.id, "follow": True, "position": t("follow_up.title", lang), "about": [], "tags": []}
    question = turn.question
    parts = [question.section]
    if question.difficulty is not None:
        parts.append(t(f"difficulty.{question.difficulty}", lang))
    if not question.has_reference:
        parts.append(t("question.no_reference", lang))
    way = reached(session.turns, turn)
    return {
        "turn": turn.id,
        "position": position_text(session, turn, lang),
        "about": [part for part in parts if part],
        "tags": list(question.tags),
        "reached": t(f"help.{way}", lang) if way else "",
    }


def _timers(session: Session, turn: Turn, lang: Language) -> list[ViewValue]:
    """A countdown for the open question and one for the whole session, where these have limits."""
    if not session.tells_nothing_yet:
        return []
    of_question, of_all = deadlines(session, turn)
    ends = {"question": of_question if turn.state == "open" else None, "all": of_all}
    words = {"left": t("timer.left", lang, time="{time}"), "over": t("timer.over", lang, time="{time}")}
    return [
        {"label": t(f"timer.{name}", lang), "deadline": end.isoformat(), **words}
        for name, end in ends.items()
        if end is not None
    ]


def _dots(session: Session, turn: Turn, current: str, lang: Language) -> list[ViewValue]:
    """One dot per position of the paper, of its newest Turn that is no follow-up."""
    newest = {other.position: other for other in session.turns if other.follow_up is None}
    if turn.follow_up is None:
        newest[turn.position] = turn
    shown = {other.position for other in session.turns if other.id == current}
    dots: list[ViewValue] = []
    for position in range(len(session.questions)):
        asked = newest.get(position)
        mark = _mark(session, asked)
        here = t("question.position", lang, n=position + 1, m=len(session.questions))
        label = f"{here} · {mark_word(mark, lang)}"
        dots.append({"turn": asked.id if asked else "", "tone": mark, "label": label, "current": position in shown})
    return dots


def _mark(session: Session, turn: Turn | None) -> str:
    """What a dot shows."""
    return "unasked" if turn is None else mark_in(session, turn)


def _pips(turn: Turn, points: Sequence[PointGrade], *, done: bool) -> list[str]:
    """One per required point; a grade has its own, which need not be those of the notes."""
    verdicts = {point.id: point.verdict for point in points}
    expected = [point.id for point in turn.question.key_points if point.kind == "required"]
    if done or not set(verdicts) <= {point.id for point in turn.question.key_points}:
        return [point.verdict for point in points if point.kind == "required"]
    return [verdicts.get(point_id, "unknown") for point_id in expected]


def _points_text(turn: Turn, points: Sequence[PointGrade], coverage: Coverage | None, lang: Language) -> str:
    required = [point for point in turn.question.key_points if point.kind == "required"]
    if not points:
        return t("head.points", lang, n=len(required)) if required else ""
    covered, count = covered_of(points)
    word = "head.found" if coverage and coverage.estimated else "head.covered"
    text = t(word, lang, n=covered, m=count if coverage else len(required) or count)
    if coverage and coverage.taken_back:
        text += t("head.taken_back", lang, n=len(coverage.taken_back))
    return text
