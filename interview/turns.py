"""What the turns of one question come to together: what they cover, how it was reached, and which answer was first."""

from collections.abc import Sequence
from typing import Literal

from interview.models import Graded, PointGrade, Session, Turn, Value, Verdict

Help = Literal["unaided", "hinted", "revealed", "skipped", "open"]


class Coverage(Value):
    """What a question's turns cover together.

    `covered` and `count` are of required points; `verdicts` has the best verdict per point id. `taken_back`: points
    that were made once and contradicted in a later turn. `estimated`: found by wording, not judged.
    """

    covered: int
    count: int
    verdicts: dict[str, Verdict]
    taken_back: tuple[str, ...]
    estimated: bool


_WORTH: dict[Verdict, int] = {"missing": 0, "cannot_assess": 1, "contradicted": 2, "partial": 3, "covered": 4}


def grade_of(turn: Turn) -> Graded | None:
    """The grade that a Turn stands for."""
    grading = turn.current_grading
    return grading.outcome if grading and isinstance(grading.outcome, Graded) else None


def turns_at(session: Session, position: int) -> tuple[Turn, ...]:
    """The turns of one question: its attempts and follow-ups, in order."""
    return tuple(turn for turn in session.turns if turn.position == position)


def first_answer(session: Session, position: int) -> Turn | None:
    """The first answered Turn of a question that is no follow-up; None where there is none yet."""
    turns = turns_at(session, position)
    return next((turn for turn in turns if turn.answer is not None and turn.follow_up is None), None)


def coverage_of(turns: Sequence[Turn]) -> Coverage | None:
    """What the turns of one question cover together; None where none has a grade.

    Where any has a judgement, the estimates of the others do not count.
    """
    grades = [grade for turn in turns if (grade := grade_of(turn)) is not None]
    judged = [grade for grade in grades if grade.label == "judgement"]
    used = judged or grades
    if not used:
        return None
    best: dict[str, PointGrade] = {}
    taken_back: dict[str, None] = {}
    for grade in used:
        for point in grade.key_points:
            known = best.get(point.id)
            if known is None or _WORTH[point.verdict] > _WORTH[known.verdict]:
                best[point.id] = point
            elif point.verdict == "contradicted" and known.verdict in ("covered", "partial"):
                taken_back[point.id] = None
    required = [point for point in best.values() if point.kind == "required"]
    return Coverage(
        covered=sum(point.verdict == "covered" for point in required),
        count=len(required),
        verdicts={point_id: point.verdict for point_id, point in best.items()},
        taken_back=tuple(taken_back),
        estimated=not judged,
    )


def help_of(turns: Sequence[Turn]) -> Help:
    """How far a question was answered without help: what stands for its first answered Turn, else `skipped`."""
    for turn in turns:
        if turn.answer is not None:
            return turn.help_used
    return "skipped" if any(turn.state == "skipped" for turn in turns) else "open"


def weight_share(turn: Turn) -> float | None:
    """Share (0-1) of the weight of the required points that a judged Turn made; None without a judgement."""
    grade = grade_of(turn)
    if grade is None or grade.label != "judgement":
        return None
    required = [point for point in grade.key_points if point.kind == "required"]
    whole = sum(point.weight for point in required)
    worth = {"covered": 1.0, "partial": 0.5}
    made = sum(point.weight * worth.get(point.verdict, 0.0) for point in required)
    return made / whole if whole else None
