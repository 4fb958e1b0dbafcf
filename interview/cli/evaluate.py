"""`evaluate`: how far a grader can be trusted, measured on human-graded answers or on a suite."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from interview.calibration.costs import Prices
from interview.calibration.evaluation import Evaluation, evaluate_grader
from interview.calibration.golden import GoldenReport
from interview.calibration.human_grades import HumanGrades, read_human_grades
from interview.calibration.injection import InjectionReport
from interview.calibration.probes import ProbesReport
from interview.calibration.suite_runs import Drawn, SuiteName, SuiteRun, drawn, flat, measure, rounded, suite_figures
from interview.calibration.trials import Trials, paid_gradings
from interview.cli.costs import foretold
from interview.cli.counting import counting
from interview.cli.evaluate_tables import evaluation_lines, golden_lines, injection_lines, probes_lines
from interview.cli.options import AsJson, DataDir, Lang, Mode, PromptsDir, RubricsDir
from interview.cli.output import complain, say, say_json, say_left_out
from interview.cli.progress import show_progress
from interview.errors import ContentError, StoreError
from interview.grading.grader import GradingRequest
from interview.grading.modes import in_mode
from interview.grading.provenance import model_of
from interview.grading.shelf import GraderShelf
from interview.rubrics import Rubric, find_rubric
from interview.service.measuring import EVALUATIONS, RUBRIC
from interview.service.spending import Spending
from interview.settings import Settings, read_settings
from interview.store.measurements import Measurements
from interview.store.store import Store
from interview.wiring import Bench, build_bench


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
    """What is printed, as JSON or line by line, and kept under the name of the suite or of the data set's file."""

    suite: str
    fields: Mapping[str, Any]
    lines: Iterable[str]


def evaluate(
    dataset: Annotated[
        Path | None, typer.Argument(metavar="DATASET", help="Human-graded answers, JSONL or CSV.")
    ] = None,
    grader: Annotated[str | None, typer.Option(metavar="NAME", help="Else what is used at start.")] = None,
    mode: Mode = None,
    suite: Annotated[SuiteName | None, typer.Option(help="Measure on a suite instead of a data set.")] = None,
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
    say_left_out(bench.shelf.problems)
    chosen = find_rubric(bench.rubrics, rubric)
    name = in_mode(grader, mode, bench.shelf.default)
    with nullcontext() if bench.shelf.endpoint_of(name) is None else counting(bench, settings) as counted:
        spending = counted.spending if counted else None
        trials = _trials(bench, name, chosen, settings.data_dir, concurrency, spending)
        run = _Run(trials, chosen, sample, seed, _prices(prices))
        report = asyncio.run(_closing(bench.shelf, _measuring(run, dataset, suite, suite_file, lang, repeats)))
    if as_json:
        say_json(rounded(report.fields))
    else:
        for line in report.lines:
            say(line)
    options = {"sample": sample, "seed": seed, "repeats": repeats, "lang": lang}
    _keep(settings, name, report, options)


def _measuring(
    run: _Run,
    dataset: Path | None,
    suite: SuiteName | None,
    suite_file: Path | None,
    lang: Lang | None,
    repeats: int,
) -> Coroutine[Any, Any, _Report]:
    if dataset is not None:
        return _on_people(run, read_human_grades(dataset), repeats)
    assert suite is not None
    chosen = SuiteRun(suite=suite, sample=run.sample, seed=run.seed, lang=lang)
    return _on_suite(run, drawn(chosen, suite_file))


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
    bench.shelf.rack.allow_parallel(concurrency)
    grader = bench.shelf.alone(name, "evaluation")
    paid = paid_gradings(data_dir / EVALUATIONS, grader, model_of(grader), rubric, bench.prompts)

    def foretell(requests: Sequence[GradingRequest]) -> None:
        if spending is not None and requests:
            complain(foretold(spending.estimate(name, requests)))

    return Trials(grader, paid, concurrency, show_progress, before=foretell)


async def _closing(shelf: GraderShelf, measuring: Coroutine[Any, Any, _Report]) -> _Report:
    try:
        return await measuring
    finally:
        await shelf.close()


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
    return _Report(Path(grades.file).name, _evaluation_fields(run, found) | beside, evaluation_lines(found))


def _evaluation_fields(run: _Run, found: Evaluation) -> dict[str, Any]:
    whole = found.model_dump(mode="json")
    agreement = whole.pop("agreement")
    first = {"n": agreement["n"], "failures": len(found.failed)} | agreement
    beside = {"ci95": whole.pop("ci95"), "baselines": whole.pop("baselines")}
    return first | beside | flat(whole, run.trials.grader.name, run.rubric)


async def _on_suite(run: _Run, chosen: Drawn) -> _Report:
    found = await measure(run.trials, chosen, run.rubric, run.prices)
    fields = suite_figures(found, chosen, run.trials.grader.name, run.rubric)
    match found:
        case GoldenReport():
            lines = golden_lines(found)
        case InjectionReport():
            lines = injection_lines(found)
        case ProbesReport():
            lines = probes_lines(found)
    return _Report(chosen.run.suite, fields, lines)


def _keep(settings: Settings, grader: str, report: _Report, options: dict[str, Any]) -> None:
    """Keep the report in the data folder, for the screen; where it cannot be, say so and go on."""
    try:
        with closing(Store.open(settings.data_dir)) as store:
            kept = Measurements(store)
            kept.finish(kept.begin(grader, report.suite, options), rounded(report.fields))
    except StoreError as fault:
        complain(f"The report is printed, and not kept: {fault}")
