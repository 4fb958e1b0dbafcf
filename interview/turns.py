"""What the turns of one question come to together: what they cover, how it was reached, and which answer was first."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from interview.models import Graded, PointGrade, Session, Turn, Value, Verdict

Help = Literal["unaided", "hinted", "revealed", "skipped", "open"]


class Coverage(Value):
    """What a question's turns cover together.

    `points` has each point with its best verdict. `taken_back`: ids of points that were made once and contradicted in
    a later turn. `estimated`: found by wording, not judged.
    """

    points: tuple[PointGrade, ...]
    taken_back: tuple[str, ...]
    estimated: bool

    @property
    def required(self) -> tuple[PointGrade, ...]:
        """The points that a full answer makes."""
        return tuple(point for point in self.points if point.kind == "required")


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
    return Coverage(points=tuple(best.values()), taken_back=tuple(taken_back), estimated=not judged)


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


# --- times


def deadlines(session: Session, turn: Turn) -> tuple[datetime | None, datetime | None]:
    """When the time for a Turn and when that for the whole session is over; None where there is no limit."""
    plan = session.plan
    return (
        turn.asked_at + timedelta(seconds=plan.question_seconds) if plan.question_seconds else None,
        session.created_at + timedelta(seconds=plan.total_seconds) if plan.total_seconds else None,
    )


def seconds_used(turn: Turn) -> float:
    """Seconds from the question to its answer; 0 where there is none, or where the clock went back."""
    return max(0.0, (turn.answer.created_at - turn.asked_at).total_seconds()) if turn.answer else 0.0


def seconds_over(session: Session, turn: Turn) -> float:
    """Seconds that an answer came after the first deadline that it missed; 0 where it came in time."""
    missed = [deadline for deadline in deadlines(session, turn) if deadline is not None]
    if turn.answer is None or not missed:
        return 0.0
    return max(0.0, (turn.answer.created_at - min(missed)).total_seconds())
