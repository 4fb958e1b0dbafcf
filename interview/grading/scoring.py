"""Scores of graded answers. The arithmetic is `interview.verify.compute_score`, which ships with every export."""

from collections.abc import Collection, Sequence

from interview.models import Alternative, CriterionGrade, Finding, Graded, PointGrade, Value
from interview.rubrics import Rubric
from interview.verify import compute_score, without_points

_NOT_COUNTED = {"digest": True, "title": True, "leniency": True, "criteria": {"__all__": {"title", "levels"}}}


class Score(Value):
    """A computed score: 0 to `max_score`, one decimal; `sum` is the arithmetic in one line, for the eye."""

    value: float
    max_score: float
    band: str
    sum: str


def score(
    rubric: Rubric,
    points: Sequence[PointGrade],
    criteria: Sequence[CriterionGrade],
    findings: Sequence[Finding],
) -> Score | None:
    """Compute the score of one answer; see `compute_score` for the formula, None and ValueError."""
    computed = compute_score(
        rubric.model_dump(exclude=_NOT_COUNTED),
        [point.model_dump(include={"kind", "weight", "verdict"}) for point in points],
        [criterion.model_dump(include={"id", "value"}) for criterion in criteria],
        [finding.model_dump(include={"kind", "severity"}) for finding in findings],
    )
    return None if computed is None else Score(**computed)


def rescore(graded: Graded, rubric: Rubric) -> Score | None:
    """Compute the score of a stored grade again from its verdicts, without any call.

    With the rubric that it was graded by this reproduces the stored score. A coverage estimate is a ValueError: its
    number does not come from verdicts.
    """
    if graded.label != "judgement":
        raise ValueError("a coverage estimate has no verdicts to score again")
    return score(rubric, graded.key_points, graded.criteria, graded.findings)


def alternative(graded: Graded, rubric: Rubric, disputed: Collection[str]) -> Alternative | None:
    """Compute what a judgement would be if the points with these ids left the sums, whatever their verdict.

    None where none of them is among its points, or where no required point would be left to score.
    """
    left_out = tuple(point.id for point in graded.key_points if point.id in disputed)
    if (
        not left_out
        or without_points([point.model_dump(include={"id", "kind"}) for point in graded.key_points], disputed) is None
    ):
        return None
    kept = [point for point in graded.key_points if point.id not in disputed]
    counted = score(rubric, kept, graded.criteria, graded.findings)
    if counted is None:
        return None
    return Alternative(score=counted.value, band=counted.band, sum=counted.sum, points=left_out)
