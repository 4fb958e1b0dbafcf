"""What the turns of one question come to together: what they cover, how it was reached, and which answer was first."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from interview.models import Graded, HelpUsed, PointGrade, Session, Turn, Value, Verdict
from interview.models.reports import Reached


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


def open_turn(session: Session) -> Turn | None:
    """The Turn that waits for an answer; of a finished session only one that was asked again since."""
    end = session.finished_at
    open_turns = (turn for turn in reversed(session.turns) if turn.state == "open")
    return next((turn for turn in open_turns if end is None or turn.asked_at >= end), None)


def tries(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """Those that answered the question itself: neither follow-ups nor what was passed over."""
    return tuple(turn for turn in turns if turn.answer is not None and turn.follow_up is None)


def first_answer(session: Session, position: int) -> Turn | None:
    """The first answered Turn of a question that is no follow-up; None where there is none yet."""
    return next(iter(tries(turns_at(session, position))), None)


def attempt_of(turns: Iterable[Turn], turn: Turn) -> int:
    """Which attempt at its question a Turn is, from 1; the follow-ups before it are none. `turns` as in `help_used`."""
    return turn.attempt - sum(one.follow_up is not None for one in _before(turns, turn))


def _before(turns: Iterable[Turn], turn: Turn) -> tuple[Turn, ...]:
    """What was asked of the same question in the same session before a Turn."""
    if turn.attempt == 1:  # nearly all are, and a conversation is drawn on every event
        return ()
    place = (turn.session_id, turn.position)
    return tuple(one for one in turns if one.attempt < turn.attempt and (one.session_id, one.position) == place)


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


def help_used(turns: Iterable[Turn], turn: Turn) -> HelpUsed:
    """How a Turn is answered: what was shown of the question at it, or at any Turn of the question before it.

    `turns` are those of its session, or all of its question; of them those of the same session and position count.
    """
    seen = (*_before(turns, turn), turn)
    if any(one.revealed for one in seen):
        return "revealed"
    return "hinted" if any(one.hints_shown for one in seen) else "unaided"


def reached(turns: Iterable[Turn], turn: Turn) -> Reached | None:
    """How a Turn ended: with what help it was answered, or `skipped`; None while it is open."""
    if turn.state == "answered":
        return help_used(turns, turn)
    return "skipped" if turn.state == "skipped" else None


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
