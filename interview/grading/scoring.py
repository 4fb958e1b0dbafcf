"""From verdicts to a score: pure arithmetic in decimals, so that anybody gets the same number."""

from collections.abc import Collection, Sequence
from decimal import ROUND_HALF_UP, Decimal

from interview.models import Alternative, CriterionGrade, Finding, Graded, PointGrade, Value
from interview.rubrics import Rubric

_ZERO, _ONE, _TENTH = Decimal(0), Decimal(1), Decimal("0.1")


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
    """Compute the score of one answer; None when it cannot be computed honestly.

    Let v be the rubric's credit of a verdict and w the weight of a point. Then

        kp    = clip((Σ_required w·v + Σ_bonus w·v) / Σ_required w
                     - error_penalty · min(max_errors, major errors + pitfalls asserted), 0, 1)
        score = max_score · kp · (base + Σ_criteria weight · value of the level), rounded half up to one decimal.

    A point that could not be assessed leaves the sums. None when more than `abstain_above` of the required weight
    could not be assessed, when nothing of it could, or when there is no point at all. Where every point is a bonus
    there is nothing that they could be added to: they count as required.
    A criterion of the rubric without a grade is a ValueError, except where kp is 0 and no criterion matters.
    """
    kp = _share_of_points(rubric, points, findings)
    if kp is None:
        return None
    factors = _factors(rubric, criteria, needed=kp > 0)
    multiplier = _exact(rubric.base) + sum((weight * value for weight, value in factors), _ZERO)
    maximum = _exact(rubric.max_score)
    value = _rounded(maximum * kp * multiplier)
    shown_multiplier = _shown_multiplier(rubric, factors) if factors else ""
    shown = f"{_plain(maximum)} × {_shown_share(kp, maximum * multiplier)}{shown_multiplier} = {value}"
    number = float(value)
    return Score(value=number, max_score=rubric.max_score, band=rubric.band(number), sum=shown)


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
    kept = [point for point in graded.key_points if point.id not in disputed]
    if not left_out or not any(point.kind == "required" for point in kept):
        return None
    counted = score(rubric, kept, graded.criteria, graded.findings)
    if counted is None:
        return None
    return Alternative(score=counted.value, band=counted.band, sum=counted.sum, points=left_out)


def _share_of_points(rubric: Rubric, points: Sequence[PointGrade], findings: Sequence[Finding]) -> Decimal | None:
    required = [point for point in points if point.kind == "required"] or list(points)
    whole = sum((_exact(point.weight) for point in required), _ZERO)
    assessed = [point for point in required if point.verdict != "cannot_assess"]
    basis = sum((_exact(point.weight) for point in assessed), _ZERO)
    if not basis or whole - basis > _exact(rubric.abstain_above) * whole:
        return None
    earned = sum(
        (
            _exact(point.weight) * _exact(rubric.credit[point.verdict])
            for point in points
            if point.verdict in rubric.credit
        ),
        _ZERO,
    )
    errors = sum(1 for finding in findings if finding.kind == "pitfall" or finding.severity == "major")
    penalty = _exact(rubric.error_penalty) * min(rubric.max_errors, errors)
    return min(_ONE, max(_ZERO, earned / basis - penalty))


def _factors(rubric: Rubric, criteria: Sequence[CriterionGrade], *, needed: bool) -> list[tuple[Decimal, Decimal]]:
    """Weight of each criterion of the rubric, with the value of the level that was reached."""
    values = {criterion.id: criterion.value for criterion in criteria}
    ungraded = [criterion.id for criterion in rubric.criteria if criterion.id not in values]
    if ungraded and needed:
        raise ValueError(f"no level for {', '.join(ungraded)} of rubric {rubric.name}")
    return [
        (_exact(criterion.weight), _exact(values[criterion.id]))
        for criterion in rubric.criteria
        if criterion.id in values
    ]


def _shown_multiplier(rubric: Rubric, factors: Sequence[tuple[Decimal, Decimal]]) -> str:
    parts = [_two(_exact(rubric.base)), *(f"{_two(weight)}×{_plain(value)}" for weight, value in factors)]
    return f" × ({' + '.join(parts)})"


def _shown_share(kp: Decimal, rest: Decimal) -> str:
    """The share with the fewest decimals, two or more, that still lead to the same score when somebody multiplies."""
    for places in range(2, 12):
        shown = kp.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        if _rounded(shown * rest) == _rounded(kp * rest):
            return str(shown)
    return str(kp)


def _exact(number: float) -> Decimal:
    """The decimal that was written, not its binary neighbour: 0.1 is a tenth."""
    return Decimal(repr(number))


def _rounded(number: Decimal) -> Decimal:
    return number.quantize(_TENTH, ROUND_HALF_UP)


def _two(number: Decimal) -> str:
    """At least two decimals: 0.10, 0.125."""
    return str(max(number, number.quantize(Decimal("0.01")), key=lambda form: -int(form.as_tuple().exponent)))


def _plain(number: Decimal) -> str:
    """No trailing zeros: 10, 0.5."""
    return format(number.normalize(), "f")
