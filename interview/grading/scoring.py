"""Credit, share, band and score of graded answers. Every constant is the rubric's.

The arithmetic is in `interview.verify`, which ships with every export. Whoever shows a number of a grade asks here,
with the rubric that the grade was computed with.
"""

from collections.abc import Callable, Collection, Sequence

from interview.models import Alternative, CriterionGrade, Finding, Graded, PointGrade, Value
from interview.rubrics import Rubric
from interview.verify import compute_score, earned_weight, required_of, without_points

SCALE = 10  # means and lists show the scores of all rubrics on 0-10
# Bands that have a word and a colour on the screen, best first. A band with another id takes the colour of its rank.
USUAL_BANDS = ("strong", "good", "fair", "weak")
SOLID_BANDS = USUAL_BANDS[:2]

# Returns the rubric of a reference `name@digest`; None where no such rubric is known.
RubricOf = Callable[[str], Rubric | None]

_NOT_COUNTED = {"digest": True, "title": True, "leniency": True, "criteria": {"__all__": {"title", "levels"}}}


class Earned(Value):
    """The weight that verdicts earned on the required points, and the weight of those that were assessed."""

    weight: float
    of: float

    @property
    def share(self) -> float:
        """0-1."""
        return self.weight / self.of


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


def earned(rubric: Rubric | None, points: Sequence[PointGrade]) -> Earned | None:
    """Add up the credit of the verdicts on the required points, without bonus points and errors.

    Args:
        rubric: The one that the grade was computed with.
        points: All key points of the grade. As in the score, a point that could not be assessed counts neither way,
            and where every point is a bonus, they count as required.

    Returns:
        None without a rubric, and where no point was assessed.
    """
    if rubric is None:
        return None
    counted = [point.model_dump(include={"kind", "weight", "verdict"}) for point in points]
    weight, of = earned_weight(rubric.credit, required_of(counted))
    return Earned(weight=float(weight), of=float(of)) if of else None


def on_scale(score: float, max_score: float) -> float:
    """Bring a score of any rubric to 0-10."""
    return SCALE * score / max_score


def band_of_mean(rubric: Rubric, mean: float) -> str:
    """Return the id of the band of a mean (0-10). A mean has no rubric of its own: it is read by the default one."""
    return rubric.band(mean * rubric.max_score / SCALE)


def tone(rubric: Rubric, band: str) -> str:
    """Return the usual band whose colour a band of the rubric has: its own id, else the one of the same rank."""
    ids = [one.id for one in rubric.bands]
    if band in USUAL_BANDS or len(ids) == 1:
        return band
    return USUAL_BANDS[round(ids.index(band) * (len(USUAL_BANDS) - 1) / (len(ids) - 1))]


def solid_from(rubric: Rubric) -> float:
    """Return the score (0-10) from which on a question counts as solid: the limit of the lowest green or blue band."""
    solid = [band.at_least for band in rubric.bands if tone(rubric, band.id) in SOLID_BANDS]
    return SCALE * min(solid, default=rubric.bands[0].at_least)


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
