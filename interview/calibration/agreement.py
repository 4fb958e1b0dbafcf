"""Figures of agreement: of a grader with people, of people with each other, of a grader with itself."""

from collections.abc import Sequence

from interview.calibration import metrics
from interview.calibration.human_grades import HumanGrades
from interview.calibration.intervals import Interval, intervals
from interview.calibration.trials import Tried
from interview.grading.scoring import SCALE, on_scale
from interview.models import Graded, Value


class Agreement(Value):
    """How well grades agree with people's; every figure is None where it cannot be computed.

    `n` answers have both. `mae` and `bias` (predicted - human) are on 0-10, the correlations and `qwk` on -1 to 1,
    `wrmse` on 0-1; `auc` (0-1) is given where people's grades have two levels.
    """

    n: int
    pearson: float | None
    spearman: float | None
    qwk: float | None
    mae: float | None
    wrmse: float | None
    bias: float | None
    per_question_r: float | None
    auc: float | None


class Ceiling(Value):
    """How well two people agree on the rows that both have graded: no grader can be held to more."""

    n: int
    pearson: float | None
    spearman: float | None
    qwk: float | None
    mae: float | None


class Repeatability(Value):
    """How steady a grader is over `repeats` gradings of the same answer.

    `sd`: mean standard deviation of the scores of one answer, 0-10. `verdict_agreement` (0-1): how often two repeats
    have the same verdict on a key point; `kappa`: the same beyond chance.
    """

    repeats: int
    sd: float | None
    verdict_agreement: float | None
    kappa: float | None


def agreement(shares: Sequence[float | None], grades: HumanGrades) -> Agreement:
    """Compare shares (0-1; None: no grade) with the people's grades of the same rows."""
    predicted, human = graded_pairs(shares, grades)
    mae, bias = metrics.mean_absolute_error(predicted, human), metrics.bias(predicted, human)
    return Agreement(
        n=len(predicted),
        pearson=metrics.pearson(predicted, human),
        spearman=metrics.spearman(predicted, human),
        qwk=metrics.quadratic_kappa(predicted, human, grades.levels),
        mae=None if mae is None else SCALE * mae,
        wrmse=metrics.weighted_rmse(predicted, human, grades.levels),
        bias=None if bias is None else SCALE * bias,
        per_question_r=metrics.mean_r_per_group(_per_question(shares, grades)),
        auc=metrics.area_under_curve(predicted, human),
    )


def graded_pairs(shares: Sequence[float | None], grades: HumanGrades) -> tuple[list[float], list[float]]:
    """Return predicted and human shares of the rows that have a grade, in order."""
    pairs = [(share, row.grade) for share, row in zip(shares, grades.rows, strict=True) if share is not None]
    return [predicted for predicted, _ in pairs], [human for _, human in pairs]


def _per_question(shares: Sequence[float | None], grades: HumanGrades) -> list[tuple[list[float], list[float]]]:
    groups: dict[str, tuple[list[float], list[float]]] = {}
    for share, row in zip(shares, grades.rows, strict=True):
        if share is not None:
            predicted, human = groups.setdefault(row.question.id, ([], []))
            predicted.append(share)
            human.append(row.grade)
    return list(groups.values())


def question_intervals(shares: Sequence[float | None], grades: HumanGrades, seed: int) -> dict[str, Interval | None]:
    """Return the 95 % intervals over questions, on the scales of `Agreement`."""
    found = intervals(_per_question(shares, grades), grades.levels, seed=seed)
    return {
        name: (SCALE * interval[0], SCALE * interval[1]) if interval and name in ("mae", "bias") else interval
        for name, interval in found.items()
    }


def human_ceiling(grades: HumanGrades) -> Ceiling | None:
    """Compare the two raters; None where no row has two."""
    pairs = [(row.rater_a, row.rater_b) for row in grades.rows if row.rater_a is not None and row.rater_b is not None]
    if not pairs:
        return None
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    mae = metrics.mean_absolute_error(one, other)
    return Ceiling(
        n=len(pairs),
        pearson=metrics.pearson(one, other),
        spearman=metrics.spearman(one, other),
        qwk=metrics.quadratic_kappa(one, other, metrics.levels_of(one + other)),
        mae=None if mae is None else SCALE * mae,
    )


def repeatability(rounds: Sequence[Sequence[Tried]]) -> Repeatability | None:
    """Compare the repeats of each answer; `rounds` are the repeats, answers in the same order. None without repeats."""
    if len(rounds) < 2:
        return None
    deviations: list[float] = []
    verdicts: list[tuple[str, str]] = []
    for repeats in zip(*rounds, strict=True):
        grades = [one.outcome for one in repeats if isinstance(one.outcome, Graded)]
        deviation = metrics.standard_deviation([on_scale(grade.score, grade.max_score) for grade in grades])
        deviations += [] if deviation is None else [deviation]
        verdicts += [
            pair
            for index, grade in enumerate(grades)
            for other in grades[index + 1 :]
            for pair in _verdict_pairs(grade, other)
        ]
    return Repeatability(
        repeats=len(rounds),
        sd=metrics.mean(deviations),
        verdict_agreement=metrics.mean([float(one == other) for one, other in verdicts]),
        kappa=metrics.cohens_kappa(verdicts + [(other, one) for one, other in verdicts]),
    )


def _verdict_pairs(one: Graded, other: Graded) -> list[tuple[str, str]]:
    others = {point.id: point.verdict for point in other.key_points}
    return [(point.verdict, others[point.id]) for point in one.key_points if point.id in others]
