"""`compare`: the stored answers of sessions, graded by several graders side by side."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

from interview.backends.tariff import amount
from interview.calibration.comparison import Comparison, Disagreement, GraderFigures, PairFigures
from interview.cli.costs import foretold
from interview.cli.counting import counting
from interview.cli.options import AsJson, DataDir, PromptsDir, RubricsDir
from interview.cli.output import complain, counted, say, say_json, say_left_out
from interview.cli.progress import show_progress
from interview.grading.shelf import GraderShelf
from interview.jobs import Jobs
from interview.service.comparing import Comparing
from interview.settings import read_settings
from interview.wiring import build_bench, compare_with

_SHOWN = 5


def compare(
    sessions: Annotated[list[str], typer.Argument(metavar="SESSION…", help="Ids of sessions; see `sessions list`.")],
    graders: Annotated[str, typer.Option(metavar="A,B,C", help="Names of graders.")],
    dry_run: Annotated[bool, typer.Option("--estimate", help="Only tell what it would take.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    rubrics: RubricsDir = None,
    prompts: PromptsDir = None,
) -> None:
    """Grade the same answers by several graders. What was graded before is not graded again; transcripts stay."""
    settings = read_settings(data_dir=data_dir, rubrics=rubrics, prompts=prompts)
    bench = build_bench(settings)
    say_left_out(bench.shelf.problems)
    names = list(dict.fromkeys(name.strip() for name in graders.split(",") if name.strip()))
    with counting(bench, settings) as (store, spending):
        comparing = compare_with(bench, store, spending, Jobs(), settings)
        plan = comparing.foretell(sessions, names)
        if dry_run and as_json:
            say_json(plan.model_dump())
            return
        for estimate in plan.estimates:
            complain(foretold(estimate))
        if dry_run:
            return
        found = asyncio.run(_run(comparing, bench.shelf, sessions, names))
    if as_json:
        say_json(found.model_dump(mode="json"))
    else:
        _say(found)


async def _run(comparing: Comparing, shelf: GraderShelf, sessions: Sequence[str], names: Sequence[str]) -> Comparison:
    try:
        return await comparing.run(sessions, names, show_progress)
    finally:
        await shelf.close()


def _say(found: Comparison) -> None:
    for one in found.graders:
        say(_grader(one))
    for pair in found.pairs:
        say(_pair(pair))
    say(f"{counted(found.answers, 'answer')}, {found.agreed} without any difference.")
    for one in found.disagreements[:_SHOWN]:
        say(_disagreement(one))


def _grader(one: GraderFigures) -> str:
    parts = [f"{one.graded} graded"]
    parts += [f"{count} {reason}" for reason, count in one.failures.items()]
    if one.mean is not None:
        parts.append(f"mean {one.mean:.2f}" + (" (coverage estimate)" if one.estimate else ""))
    if one.seconds is not None:
        parts.append(f"{one.seconds[0]:.2f} s (p95 {one.seconds[1]:.2f} s)")
    if one.prompt_tokens is not None and one.completion_tokens is not None:
        cached = f" ({one.cached_tokens:,} cached)" if one.cached_tokens else ""
        parts.append(f"{one.prompt_tokens:,}{cached} + {one.completion_tokens:,} tokens")
        parts.append("cost unknown" if one.cost is None else amount(one.cost, one.currency))
    parts += [f"{flag} x{count}" for flag, count in one.flags.items()]
    return f"{one.grader}: {', '.join(parts)}"


def _pair(pair: PairFigures) -> str:
    parts = [f"{counted(pair.n, 'answer')}"]
    if pair.agreement is not None:
        kappa = "" if pair.kappa is None else f", kappa {pair.kappa:.2f}"
        parts.append(f"agree on {pair.agreement:.0%} of {pair.points} key points{kappa}")
    if pair.difference is not None:
        interval = "" if pair.ci95 is None else f" [{pair.ci95[0]:+.2f}, {pair.ci95[1]:+.2f}]"
        parts.append(f"difference {pair.difference:+.2f}{interval}")
    return f"{pair.one} / {pair.other}: {'; '.join(parts)}"


def _disagreement(one: Disagreement) -> str:
    scores = ", ".join(f"{name} {'-' if score is None else f'{score:.1f}'}" for name, score in one.scores.items())
    lines = [f"  {one.question.splitlines()[0]} [{one.session_id[:8]}]: {scores}"]
    lines += [
        f"    {point.id} {point.text}: {', '.join(f'{name} {verdict}' for name, verdict in point.verdicts.items())}"
        for point in one.points
        if not point.agreed
    ]
    return "\n".join(lines)
