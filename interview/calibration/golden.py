"""The golden suite: whether a grader finds, key point by key point, what answers of known coverage say."""

from collections.abc import Sequence

from interview.calibration import metrics
from interview.calibration.costs import Prices, Spent, spent
from interview.calibration.golden_answers import GoldenAnswer, expected_share, golden_trial
from interview.calibration.trials import Failed, Trials, failures
from interview.grading.scoring import SCALE, on_scale
from interview.models import Graded, Value, Verdict
from interview.rubrics import Rubric


class SectionAgreement(Value):
    """Agreement on the `points` key points of one section, as in `GoldenReport`."""

    n: int
    points: int
    agreement: float | None
    credit_agreement: float | None


class KindScores(Value):
    """Mean scores (0-10) of the answers of one kind: what the grader gave, and what their verdicts are worth."""

    n: int
    score: float | None
    expected: float | None


class Disagreement(Value):
    """A key point on which the grader and the suite differ."""

    id: str
    key_point: str
    expected: Verdict
    given: Verdict


class GoldenReport(Value):
    """What a grader made of answers whose coverage is known. Shares are 0-1; None where nothing was graded.

    `agreement`: key points with exactly the expected verdict; `credit_agreement`: those with the same credit, where
    missing and contradicted are one; `kappa`: agreement beyond chance. `order`: of two answers to a question of which
    one is worth more by its verdicts, how often the grader scored it higher, over `order_pairs` such pairs;
    `questions_in_order`: questions with every pair in order. `mae` (0-10) is against what the verdicts are worth.
    """

    n: int
    failures: int
    points: int
    agreement: float | None
    credit_agreement: float | None
    kappa: float | None
    order: float | None
    order_pairs: int
    questions_in_order: float | None
    pearson: float | None
    mae: float | None
    kinds: dict[str, KindScores]
    sections: dict[str, SectionAgreement]
    confusion: dict[str, dict[str, int]]
    disagreements: tuple[Disagreement, ...]
    failed: tuple[Failed, ...]
    spent: Spent


async def measure_golden(
    trials: Trials, answers: Sequence[GoldenAnswer], rubric: Rubric, prices: Prices | None = None
) -> GoldenReport:
    """Grade every answer once and compare verdicts with the expected ones. Raises StoreError."""
    tried = await trials.run([golden_trial(answer, rubric) for answer in answers])
    graded = [
        (answer, one.outcome) for answer, one in zip(answers, tried, strict=True) if isinstance(one.outcome, Graded)
    ]
    found = [pair for answer, grade in graded for pair in _disagreements(answer, grade)]
    given = [on_scale(grade.score, grade.max_score) for _, grade in graded]
    worth = [SCALE * expected_share(answer, rubric) for answer, _ in graded]
    order = _order(graded, rubric)
    pairs = [pair for in_order in order.values() for pair in in_order]
    return GoldenReport(
        n=len(graded),
        failures=len(answers) - len(graded),
        points=len(found),
        agreement=_agreement(found),
        credit_agreement=_credit_agreement(found),
        kappa=metrics.cohens_kappa([(one.expected, one.given) for one in found]),
        order=metrics.mean([float(kept) for kept in pairs]),
        order_pairs=len(pairs),
        questions_in_order=metrics.mean([float(all(kept)) for kept in order.values()]),
        pearson=metrics.pearson(given, worth),
        mae=metrics.mean_absolute_error(given, worth),
        kinds=_kinds(graded, rubric),
        sections=_sections(graded),
        confusion=_confusion(found),
        disagreements=tuple(one for one in found if one.expected != one.given),
        failed=tuple(failures(tried, {})),
        spent=spent(tried, prices),
    )


def _disagreements(answer: GoldenAnswer, grade: Graded) -> list[Disagreement]:
    """Every key point with its two verdicts, agreed on or not."""
    return [
        Disagreement(id=answer.id, key_point=point.id, expected=answer.expected[point.id], given=point.verdict)
        for point in grade.key_points
        if point.id in answer.expected
    ]


def _agreement(found: Sequence[Disagreement]) -> float | None:
    return metrics.mean([float(one.expected == one.given) for one in found])


def _credit_agreement(found: Sequence[Disagreement]) -> float | None:
    return metrics.mean([float(_credit(one.expected) == _credit(one.given)) for one in found])


def _credit(verdict: Verdict) -> str:
    return "missing" if verdict == "contradicted" else verdict


def _order(graded: Sequence[tuple[GoldenAnswer, Graded]], rubric: Rubric) -> dict[tuple[str, str], list[bool]]:
    """Per question and language: for each pair of answers of different worth, whether the scores say the same."""
    questions: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for answer, grade in graded:
        key = answer.lang, answer.question.id
        questions.setdefault(key, []).append((expected_share(answer, rubric), grade.score))
    order = {
        key: [
            given > other_given for worth, given in scores for other_worth, other_given in scores if worth > other_worth
        ]
        for key, scores in questions.items()
    }
    return {key: pairs for key, pairs in order.items() if pairs}


def _kinds(graded: Sequence[tuple[GoldenAnswer, Graded]], rubric: Rubric) -> dict[str, KindScores]:
    kinds: dict[str, list[tuple[float, float]]] = {}
    for answer, grade in graded:
        worth = SCALE * expected_share(answer, rubric)
        kinds.setdefault(answer.kind, []).append((on_scale(grade.score, grade.max_score), worth))
    by_kind = {
        kind: KindScores(
            n=len(scores),
            score=metrics.mean([given for given, _ in scores]),
            expected=metrics.mean([worth for _, worth in scores]),
        )
        for kind, scores in kinds.items()
    }
    return dict(sorted(by_kind.items(), key=lambda one: -(one[1].expected or 0)))


def _sections(graded: Sequence[tuple[GoldenAnswer, Graded]]) -> dict[str, SectionAgreement]:
    sections: dict[str, list[tuple[GoldenAnswer, Graded]]] = {}
    for answer, grade in graded:
        sections.setdefault(f"{answer.question.section} ({answer.lang})", []).append((answer, grade))
    return {section: _section(members) for section, members in sections.items()}


def _section(members: Sequence[tuple[GoldenAnswer, Graded]]) -> SectionAgreement:
    found = [pair for answer, grade in members for pair in _disagreements(answer, grade)]
    return SectionAgreement(
        n=len(members), points=len(found), agreement=_agreement(found), credit_agreement=_credit_agreement(found)
    )


def _confusion(found: Sequence[Disagreement]) -> dict[str, dict[str, int]]:
    """How often each expected verdict (outer) was given as each verdict (inner)."""
    table: dict[str, dict[str, int]] = {}
    for one in found:
        row = table.setdefault(one.expected, {})
        row[one.given] = row.get(one.given, 0) + 1
    return table
