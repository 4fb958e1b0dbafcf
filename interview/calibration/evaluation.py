"""A grader against people's grades: how well they agree, how steady it is, and what it costs."""

from collections.abc import Sequence

from interview.calibration.agreement import (
    Agreement,
    Ceiling,
    Repeatability,
    agreement,
    graded_pairs,
    human_ceiling,
    question_intervals,
    repeatability,
)
from interview.calibration.costs import Prices, Spent, spent
from interview.calibration.human_grades import HumanGrade, HumanGrades
from interview.calibration.intervals import Interval
from interview.calibration.trials import Failed, Trial, Trials, failures
from interview.grading.coverage import CoverageGrader
from interview.grading.grader import GradingRequest
from interview.models import Value
from interview.rubrics import Rubric


class Evaluation(Value):
    """Everything that was found about a grader on one set of human-graded answers."""

    agreement: Agreement
    failed: tuple[Failed, ...]
    ci95: dict[str, Interval | None]
    baselines: dict[str, Agreement]
    human_ceiling: Ceiling | None
    repeatability: Repeatability | None
    spent: Spent
    notes: tuple[str, ...]


async def evaluate_grader(
    trials: Trials,
    grades: HumanGrades,
    rubric: Rubric,
    *,
    repeats: int = 1,
    seed: int = 0,
    prices: Prices | None = None,
) -> Evaluation:
    """Grade every answer `repeats` times and compare the first grading with the people's grade.

    The figures describe one grading per answer, as a candidate gets it; the repeats tell how steady that is. Of several
    references the coverage estimate takes the one that gives most, a judge is shown the first. Raises StoreError.
    """
    every = [trial(row, rubric, repeat, trials.grader.kind) for repeat in range(repeats) for row in grades.rows]
    tried = await trials.run(every)
    rounds = [tried[start : start + len(grades.rows)] for start in range(0, len(tried), len(grades.rows))]
    first = [one.share for one in rounds[0]]
    return Evaluation(
        agreement=agreement(first, grades),
        failed=tuple(failures(rounds[0], {row.id: row.row for row in grades.rows})),
        ci95=question_intervals(first, grades, seed),
        baselines=await _baselines(grades, rubric, first if trials.grader.kind == "coverage" else None),
        human_ceiling=human_ceiling(grades),
        repeatability=repeatability(rounds),
        spent=spent(tried, prices),
        notes=tuple(_notes(first, grades)),
    )


def trial(row: HumanGrade, rubric: Rubric, repeat: int, kind: str) -> Trial:
    """Return the grading of one answer; the coverage estimate is asked about every reference."""
    references = row.references if kind == "coverage" else row.references[:1]
    requests = tuple(
        GradingRequest(
            question=row.question.model_copy(update={"reference": reference}),
            answer=row.answer,
            rubric=rubric,
            lang=row.lang,
        )
        for reference in references or ("",)
    )
    return Trial(name=row.id, requests=requests, repeat=repeat)


def length_share(row: HumanGrade) -> float:
    """Return how long (0-1) the answer is beside its longest reference: what counting characters alone would give."""
    longest = max((len(reference.strip()) for reference in row.references), default=0)
    return min(1.0, len(row.answer.strip()) / longest) if longest else 0.0


async def _baselines(
    grades: HumanGrades, rubric: Rubric, coverage: Sequence[float | None] | None
) -> dict[str, Agreement]:
    """What a grader must beat: the length of the answer, and the coverage estimate (`coverage`, if known already)."""
    if coverage is None:
        estimates = Trials(CoverageGrader(), None)
        tried = await estimates.run([trial(row, rubric, 0, "coverage") for row in grades.rows])
        coverage = [one.share for one in tried]
    lengths = [length_share(row) if row.references else None for row in grades.rows]
    return {"length": agreement(lengths, grades), "coverage": agreement(coverage, grades)}


def _notes(shares: Sequence[float | None], grades: HumanGrades) -> list[str]:
    """Why figures are missing, in sentences."""
    predicted, human = graded_pairs(shares, grades)
    if not predicted:
        return [f"No answer has a grade: {_reasons(len(shares))}"]
    notes: list[str] = []
    if len(predicted) == 1:
        where = next(row.row for share, row in zip(shares, grades.rows, strict=True) if share is not None)
        notes.append(f"Only one answer has a grade (row {where}): correlations need two.")
    elif min(human) == max(human):
        first, last = grades.rows[0].row, grades.rows[-1].row
        notes.append(
            f"Rows {first} to {last} all have the same human grade ({human[0]:g} of 1; one class only): nothing can "
            "correlate."
        )
    elif min(predicted) == max(predicted):
        notes.append("The grader gave every answer the same score: nothing can correlate.")
    if len({row.question.id for row in grades.rows}) < 2:
        notes.append("All answers belong to one question: there is no interval over questions.")
    return notes


def _reasons(count: int) -> str:
    return f"see `failed` for the {count} reasons." if count != 1 else "see `failed` for the reason."
