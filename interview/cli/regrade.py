"""`sessions regrade`: all answers of a session graded by one grader, beside the grades that are there."""

import asyncio
from contextlib import closing
from typing import Annotated

import typer

from interview.cli.costs import foretold
from interview.cli.options import DataDir, Mode, PromptsDir, RubricsDir, SessionId
from interview.cli.output import complain, counted, say, say_left_out
from interview.cli.progress import show_progress
from interview.grading.modes import in_mode
from interview.service.regrading import Regrade, Regraded
from interview.settings import read_settings
from interview.wiring import Viva, build

_STOPPED = 1


def regrade_session(
    session_id: SessionId,
    grader: Annotated[str | None, typer.Option(metavar="NAME", help="Else what is used at start.")] = None,
    mode: Mode = None,
    dry_run: Annotated[bool, typer.Option("--estimate", help="Only tell what it would take.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether to go on.")] = False,
    data_dir: DataDir = None,
    rubrics: RubricsDir = None,
    prompts: PromptsDir = None,
) -> None:
    """Grade all answers of a session anew; every grade that is there stays. Ctrl-C takes back what has not begun."""
    settings = read_settings(data_dir=data_dir, rubrics=rubrics, prompts=prompts)
    viva = build(settings)
    say_left_out(viva.shelf.problems)
    with closing(viva.store):
        name = in_mode(grader, mode, viva.shelf.default)
        plan = viva.regrading.foretell(session_id, name)
        complain(_left_out(plan))
        complain(foretold(plan.estimate))
        if dry_run or not plan.estimate.gradings:
            return
        if not yes:
            typer.confirm("Go on?", err=True, abort=True)
        try:
            came = asyncio.run(_run(viva, session_id, name))
        except KeyboardInterrupt:
            complain("Stopped. What has begun stands; it is graded when the program runs next.")
            raise typer.Exit(_STOPPED) from None
    say(_told(came))


async def _run(viva: Viva, session_id: str, grader: str) -> Regraded:
    worker = asyncio.create_task(viva.worker.run())
    try:
        return await viva.regrading.run(session_id, grader, show_progress)
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        await viva.shelf.close()


def _left_out(plan: Regrade) -> str:
    return f"{counted(plan.answers, 'answer')}: {plan.known} graded so already, {plan.waiting} on their way."


def _told(came: Regraded) -> str:
    return f"{counted(came.done - came.failed, 'answer')} graded, {came.failed} came to no grade."
