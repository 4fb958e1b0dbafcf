"""The head of the question card and the separator that opens a question in the conversation."""

from collections.abc import Sequence

from interview.models import Graded, Language, PointGrade, Session, Turn
from interview.ui.safe_text import plain_line
from interview.ui.strings import t
from interview.ui.views.parts import covered_of, is_estimate, mark_of, mark_word, position_text, shown_grading
from interview.ui.views.view import ViewValue


def question_head(
    session: Session, turn: Turn, lang: Language, live_points: Sequence[PointGrade] = (), current: str | None = None
) -> ViewValue:
    """Where the session stands and how many points the current question has.

    A dot selects its Turn (`turn`) and scrolls there. `turn` is also the key of the composer's draft. `live_points`:
    verdicts that are already in while the grading runs. `current`: id of the Turn whose grade is open, if another;
    empty where none is.
    """
    graded = _graded(turn)
    points = graded.key_points if graded else tuple(live_points)
    return {
        "turn": turn.id,
        "open": turn.state == "open",
        "dots": _dots(session, turn, turn.id if current is None else current, lang),
        "position": position_text(session, turn, lang),
        "short": f"{turn.position + 1} / {len(session.questions)}",
        "pips": _pips(turn, points, done=graded is not None),
        "points": _points_text(turn, points, graded, lang),
        "question": plain_line(turn.question.text),
        "draft_saved": t("composer.saved", lang),
        "dots_label": t("question.dots", lang),
    }


def separator(session: Session, turn: Turn, lang: Language) -> ViewValue:
    """The line between two questions: position, section, difficulty, tags."""
    question = turn.question
    parts = [question.section]
    if question.difficulty is not None:
        parts.append(t(f"difficulty.{question.difficulty}", lang))
    if not question.has_reference:
        parts.append(t("question.no_reference", lang))
    return {
        "turn": turn.id,
        "position": position_text(session, turn, lang),
        "about": [part for part in parts if part],
        "tags": list(question.tags),
    }


def _graded(turn: Turn) -> Graded | None:
    grading = shown_grading(turn)
    return grading.outcome if grading and isinstance(grading.outcome, Graded) else None


def _dots(session: Session, turn: Turn, current: str, lang: Language) -> list[ViewValue]:
    """One dot per position of the paper, of its newest Turn."""
    newest = {other.position: other for other in session.turns} | {turn.position: turn}
    dots: list[ViewValue] = []
    for position in range(len(session.questions)):
        asked = newest.get(position)
        mark = mark_of(asked) if asked else "unasked"
        here = t("question.position", lang, n=position + 1, m=len(session.questions))
        label = f"{here} · {mark_word(mark, lang)}"
        dots.append(
            {
                "turn": asked.id if asked else "",
                "tone": mark,
                "label": label,
                "current": bool(asked) and asked.id == current,
            }
        )
    return dots


def _pips(turn: Turn, points: Sequence[PointGrade], *, done: bool) -> list[str]:
    """One per required point; a grade has its own, which need not be those of the notes."""
    verdicts = {point.id: point.verdict for point in points}
    expected = [point.id for point in turn.question.key_points if point.kind == "required"]
    if done or not set(verdicts) <= {point.id for point in turn.question.key_points}:
        return [point.verdict for point in points if point.kind == "required"]
    return [verdicts.get(point_id, "unknown") for point_id in expected]


def _points_text(turn: Turn, points: Sequence[PointGrade], graded: Graded | None, lang: Language) -> str:
    required = [point for point in turn.question.key_points if point.kind == "required"]
    if points:
        covered, count = covered_of(points)
        word = "head.found" if graded and is_estimate(graded) else "head.covered"
        return t(word, lang, n=covered, m=count if graded else len(required) or count)
    return t("head.points", lang, n=len(required)) if required else ""
