"""`evaluate`: how far a grader can be trusted, measured on human-graded answers or on a suite."""

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from interview.calibration.attacks import Case, read_injection
from interview.calibration.costs import Prices
from interview.calibration.evaluation import Evaluation, evaluate_grader
from interview.calibration.golden import measure_golden
from interview.calibration.golden_answers import GoldenAnswer, read_golden
from interview.calibration.human_grades import HumanGrades, read_human_grades
from interview.calibration.injection import measure_injection
from interview.calibration.probes import measure_probes
from interview.calibration.trials import Trials, paid_gradings
from interview.cli.costs import foretold
from interview.cli.counting import counting
from interview.cli.evaluate_tables import evaluation_lines, golden_lines, injection_lines, probes_lines
from interview.cli.options import AsJson, DataDir, Lang, Mode, PromptsDir, RubricsDir
from interview.cli.output import complain, say, say_json
from interview.cli.progress import show_progress
from interview.errors import ContentError
from interview.grading.grader import GradingRequest, model_of
from interview.grading.modes import in_mode
from interview.grading.shelf import GraderShelf
from interview.rubrics import Rubric
from interview.service.spending import Spending
from interview.settings import read_settings
from interview.wiring import Bench, build_bench

RUBRIC = "points_only"


class Suite(StrEnum):
    """What else than human-graded answers a grader can be measured on."""

    GOLDEN = "golden"
    INJECTION = "injection"
    PROBES = "probes"


@dataclass(frozen=True)
class _Run:
    """A grader at work, and what the command line asks of it."""

    trials: Trials
    rubric: Rubric
    sample: int | None
    seed: int
    prices: Prices | None


@dataclass(frozen=True)
class _Report:
    """What is printed: as JSON, or line by line."""

    fields: Mapping[str, Any]
    lines: Iterable[str]


def evaluate(
    dataset: Annotated[
        Path | None, typer.Argument(metavar="DATASET", help="Human-graded answers, JSONL or CSV.")
    ] = None,
    grader: Annotated[str | None, typer.Option(metavar="NAME", help="Else what is used at start.")] = None,
    mode: Mode = None,
    suite: Annotated[Suite | None, typer.Option(help="Measure on a suite instead of a data set.")] = None,
    suite_file: Annotated[
        Path | None, typer.Option("--suite-file", metavar="F", help="Another file, or folder, of that suite.")
    ] = None,
    rubric: Annotated[str, typer.Option(metavar="NAME", help="Name of a rubric.")] = RUBRIC,
    sample: Annotated[
        int | None, typer.Option(min=1, help="So many rows drawn at random; of a suite: questions, or attacks.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of sample, intervals and probes.")] = 0,
    repeats: Annotated[int, typer.Option(min=1, max=100, help="Gradings per answer of a data set.")] = 1,
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Gradings at a time.")] = 4,
    prices: Annotated[
        str | None, typer.Option(metavar="IN,OUT", help="Price of a million prompt and completion tokens.")
    ] = None,
    as_json: AsJson = False,
    lang: Annotated[Lang | None, typer.Option("--lang", help="Only this language of a suite.")] = None,
    data_dir: DataDir = None,
    rubrics: RubricsDir = None,
    prompts: PromptsDir = None,
) -> None:
    """Measure a grader against people's grades, or on a suite. Failures are counted apart and never scored.

    Gradings by a model are kept in the data folder: a run that broke off goes on where it ended.
    """
    if (dataset is None) == (suite is None):
        raise ContentError("evaluate: expected either a data set or --suite")
    if suite is None and (suite_file or lang):
        raise ContentError(f"{'--suite-file' if suite_file else '--lang'}: only with --suite")
    if suite is not None and repeats > 1:
        raise ContentError("--repeats: only with a data set; a suite is graded once")
    settings = read_settings(data_dir=data_dir, rubrics=rubrics, prompts=prompts)
    bench = build_bench(settings)
    chosen = _rubric(bench, rubric)
    name = in_mode(grader, mode, bench.shelf.default)
    with nullcontext() if bench.shelf.endpoint_of(name) is None else counting(bench, settings) as counted:
        spending = counted.spending if counted else None
        trials = _trials(bench, name, chosen, settings.data_dir, concurrency, spending)
        run = _Run(trials, chosen, sample, seed, _prices(prices))
        report = asyncio.run(_closing(bench.shelf, _measuring(run, dataset, suite, suite_file, lang, repeats)))
    if as_json:
        say_json(_rounded(report.fields))
    else:
        for line in report.lines:
            say(line)


def _measuring(
    run: _Run, dataset: Path | None, suite: Suite | None, suite_file: Path | None, lang: Lang | None, repeats: int
) -> Coroutine[Any, Any, _Report]:
    if dataset is not None:
        return _on_people(run, read_human_grades(dataset), repeats)
    if suite is Suite.INJECTION:
        return _on_injection(run, read_injection(suite_file), lang)
    answers = _of_questions(read_golden(suite_file), run.sample, run.seed, lang)
    return _on_golden(run, answers) if suite is Suite.GOLDEN else _on_probes(run, answers)


def _rubric(bench: Bench, name: str) -> Rubric:
    if name not in bench.rubrics:
        known = ", ".join(sorted(bench.rubrics))
        raise ContentError(f"--rubric: no rubric is called {name!r}; expected one of: {known}")
    return bench.rubrics[name]


def _prices(given: str | None) -> Prices | None:
    if given is None:
        return None
    try:
        prompt, completion = (float(price) for price in given.split(","))
        return Prices(prompt=prompt, completion=completion)
    except ValueError as fault:
        raise ContentError(f"--prices: expected two prices such as 0.25,2, found {given!r}") from fault


def _trials(
    bench: Bench, name: str, rubric: Rubric, data_dir: Path, concurrency: int, spending: Spending | None
) -> Trials:
    grader = bench.shelf.alone(name, "evaluation")
    paid = paid_gradings(data_dir / "evaluations", grader, model_of(grader), rubric, bench.prompts)

    def foretell(requests: Sequence[GradingRequest]) -> None:
        if spending is not None and requests:
            complain(foretold(spending.estimate(name, requests)))

    return Trials(grader, paid, concurrency, show_progress, before=foretell)


def _rounded(content: Any) -> Any:
    """Numbers to nine decimals, so that one computed in two ways is the same number in both places."""
    if isinstance(content, float):
        return round(content, 9)
    if isinstance(content, dict):
        return {name: _rounded(found) for name, found in cast(dict[str, Any], content).items()}
    if isinstance(content, list | tuple):
        return [_rounded(found) for found in cast(Sequence[Any], content)]
    return content


async def _closing(shelf: GraderShelf, measuring: Coroutine[Any, Any, _Report]) -> _Report:
    try:
        return await measuring
    finally:
        await shelf.close()


def _of_questions(
    answers: Sequence[GoldenAnswer], sample: int | None, seed: int, lang: Lang | None
) -> tuple[GoldenAnswer, ...]:
    """The answers in that language to so many questions, all answers of each."""
    kept = [answer for answer in answers if lang in (None, answer.lang)]
    questions = list(dict.fromkeys(answer.question.id for answer in kept))
    if sample is not None and sample < len(questions):
        questions = random.Random(seed).sample(questions, sample)
    return tuple(answer for answer in kept if answer.question.id in questions)


async def _on_people(run: _Run, every: HumanGrades, repeats: int) -> _Report:
    grades = every if run.sample is None else every.sample(run.sample, run.seed)
    found = await evaluate_grader(run.trials, grades, run.rubric, repeats=repeats, seed=run.seed, prices=run.prices)
    for note in found.notes:
        complain(f"{grades.file}: {note}")
    beside = {
        "dataset": {
            "file": Path(grades.file).name,
            "digest": grades.digest,
            "rows": len(every.rows),
            "used": len(grades.rows),
            "questions": grades.questions,
            "levels": grades.levels,
        },
        "sample": run.sample,
        "seed": run.seed,
        "repeats": repeats,
    }
    return _Report(_evaluation_fields(run, found) | beside, evaluation_lines(found))


def _evaluation_fields(run: _Run, found: Evaluation) -> dict[str, Any]:
    whole = found.model_dump(mode="json")
    agreement = whole.pop("agreement")
    first = {"n": agreement["n"], "failures": len(found.failed)} | agreement
    return first | {"ci95": whole.pop("ci95"), "baselines": whole.pop("baselines")} | _flat(run, whole)


async def _on_golden(run: _Run, answers: Sequence[GoldenAnswer]) -> _Report:
    found = await measure_golden(run.trials, answers, run.rubric, run.prices)
    return _Report({"suite": "golden", **_flat(run, found.model_dump(mode="json"))}, golden_lines(found))


async def _on_probes(run: _Run, answers: Sequence[GoldenAnswer]) -> _Report:
    found = await measure_probes(run.trials, answers, run.rubric, run.seed, run.prices)
    return _Report({"suite": "probes", **_flat(run, found.model_dump(mode="json"))}, probes_lines(found))


async def _on_injection(run: _Run, every: Sequence[Case], lang: Lang | None) -> _Report:
    cases = [case for case in every if lang in (None, case.lang)]
    attacks = [case.id for case in cases if case.kind == "attack"]
    if run.sample is not None and run.sample < len(attacks):
        left_out = set(attacks) - set(random.Random(run.seed).sample(attacks, run.sample))
        cases = [case for case in cases if case.id not in left_out]
    found = await measure_injection(run.trials, cases, run.rubric, run.prices)
    return _Report({"suite": "injection", **_flat(run, found.model_dump(mode="json"))}, injection_lines(found))


def _flat(run: _Run, fields: dict[str, Any]) -> dict[str, Any]:
    """Every key at the top: what was spent, and which grader it was."""
    failed: list[dict[str, Any]] = fields.pop("failed")
    spent: dict[str, Any] = fields.pop("spent")
    reasons = dict(Counter(one["reason"] for one in failed).most_common())
    about = {"grader": run.trials.grader.name, "rubric": run.rubric.ref}
    return fields | spent | about | {"failure_reasons": reasons, "failed": failed}
