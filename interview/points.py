"""What the key points of a session say: the strongest, the weakest, and which questions to study next."""

from collections.abc import Mapping, Sequence
from typing import Literal

from interview.models import Graded, PointGrade, Session, Turn
from interview.models.reports import QuestionReport, ReportedPoint, StudyItem, StudyReason

_WEAK_VERDICTS: tuple[Literal["contradicted", "missing", "partial"], ...] = ("contradicted", "missing", "partial")
_WEAKEST_SHOWN = 6
_STRONGEST_SHOWN = 3
_STUDY_SHOWN = 3


def required_points(session: Session, turn: Turn) -> list[ReportedPoint]:
    """The required points of an answer; one that a follow-up to it then covered counts as covered."""
    grading = turn.current_grading
    if grading is None or not isinstance(grading.outcome, Graded):
        return []
    made_up = _covered_later(session, turn)
    return [
        ReportedPoint(
            turn_id=turn.id,
            position=turn.position,
            question=turn.question.text,
            point=made_up.get((point.id, point.text), point) if point.verdict != "contradicted" else point,
            estimated=grading.outcome.label == "coverage_estimate",
        )
        for point in grading.outcome.key_points
        if point.kind == "required"
    ]


def _covered_later(session: Session, turn: Turn) -> dict[tuple[str, str], PointGrade]:
    """The points that follow-ups to this turn covered, by judgements alone."""
    chain = {turn.id}
    covered: dict[tuple[str, str], PointGrade] = {}
    for other in session.turns:
        if other.parent not in chain:
            continue
        chain.add(other.id)
        grading = other.current_grading
        if grading is not None and isinstance(grading.outcome, Graded) and grading.outcome.label == "judgement":
            covered |= {(p.id, p.text): p for p in grading.outcome.key_points if p.verdict == "covered"}
    return covered


def strongest(points: Sequence[ReportedPoint]) -> tuple[ReportedPoint, ...]:
    """The covered points, judged before estimated, the heaviest first; at most three."""
    made = [point for point in points if point.point.verdict == "covered"]
    made.sort(key=lambda made: (made.estimated, -made.point.weight, made.position))
    return tuple(made[:_STRONGEST_SHOWN])


def weakest(points: Sequence[ReportedPoint]) -> tuple[ReportedPoint, ...]:
    """The points that were not made, the worst first; at most six."""
    weak = [point for point in points if point.point.verdict in _WEAK_VERDICTS]
    weak.sort(key=lambda weak: (_WEAK_VERDICTS.index(weak.point.verdict), -weak.point.weight, weak.position))
    return tuple(weak[:_WEAKEST_SHOWN])


def study(
    questions: Sequence[QuestionReport], points: Sequence[ReportedPoint], shares: Mapping[int, float]
) -> tuple[StudyItem, ...]:
    """Return the questions with the most to gain, estimates last; at most three.

    `shares` has by position how much (0-1) of a question's weight was earned: the less, the earlier it is studied.
    A failure says nothing about the candidate, so a question without a grade is not among them.
    """
    ranked: list[tuple[float, StudyItem]] = []
    for question in questions:
        own = [point for point in points if point.position == question.position]
        why, count = _why(question, own)
        if why is None:
            continue
        item = StudyItem(
            turn_id=question.turn_id,
            position=question.position,
            question=question.question,
            section=question.section,
            why=why,
            points=count,
            estimated=any(point.estimated for point in own),
        )
        ranked.append((0.0 if why == "skipped" else shares.get(question.position, 1.0), item))
    ranked.sort(key=lambda pair: (pair[1].estimated, pair[0], pair[1].position))
    return tuple(item for _, item in ranked[:_STUDY_SHOWN])


def _why(question: QuestionReport, own: Sequence[ReportedPoint]) -> tuple[StudyReason | None, int]:
    if question.reached == "skipped":
        return "skipped", 0
    for verdict in _WEAK_VERDICTS:
        count = sum(point.point.verdict == verdict for point in own)
        if count:
            return verdict, count
    return ("revealed" if question.reached == "revealed" else None), 0
