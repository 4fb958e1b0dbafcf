"""`backends`: list, add, test and remove what answers are judged with."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from interview.backends.endpoint import Endpoint, check_base_url
from interview.backends.presets import GENERIC, load_presets, preset_for
from interview.backends.probe import ProbeReport, Step
from interview.cli.options import DataDir
from interview.cli.output import complain, say, say_left_out
from interview.errors import ContentError, EndpointMistake, NotFound, StoreHeld
from interview.jobs import Jobs
from interview.service.drafts import Draft
from interview.service.endpoints import Endpoints
from interview.service.roles import ROLES, Roster
from interview.settings import Role, Settings, read_settings
from interview.store.kept import KeptTexts
from interview.store.store import DATABASE, Store
from interview.wiring import build_bench, endpoints_of

app = typer.Typer(no_args_is_help=True, help="What answers are judged with.")
KeyFile = Annotated[
    Path | None, typer.Option("--key-file", metavar="F", help="A file with the key; else it is asked for, unseen.")
]
_MARKS = {"ok": "ok  ", "partly": "warn", "failed": "fail", "skipped": "-   "}
_NAMES = {
    "models": "list of models",
    "plain": "plain reply",
    "json_object": "JSON object",
    "json_schema": "JSON schema of a grading",
    "long_prompt": "long prompt read whole",
}
_NO_ORDER: dict[Role, str] = {
    "judge": "no order: the grader that is chosen judges alone",
    "interviewer": "no order: whoever judges",
}


@app.command("list")
def list_backends(data_dir: DataDir = None) -> None:
    """List the backends, and what their last test came to."""
    with opened(read_settings(data_dir=data_dir)) as endpoints:
        listed = endpoints.listed()
        for one in listed:
            end = one.endpoint
            key = "a key is set" if end.api_key else "no key"
            say(f"{', '.join(one.offered)}  {end.base_url}  {key}  ({one.origin})  {_summary(one.report)}")
        if not listed:
            say("None yet. `backends add SERVICE` adds one; services: " + ", ".join(_services(endpoints)))


@app.command()
def add(
    service: Annotated[str, typer.Argument(metavar="SERVICE|URL", help="The name of a service, or a base URL.")],
    model: Annotated[str, typer.Option("--model", metavar="NAME", help="Else its models are listed.")] = "",
    key_file: KeyFile = None,
    data_dir: DataDir = None,
) -> None:
    """Add a backend, after a test. Exits with 1 when it cannot be used; then nothing is written."""
    with opened(read_settings(data_dir=data_dir), finding=True) as endpoints:
        draft = _draft(endpoints, service, model, key_file)
        try:
            endpoint = endpoints.endpoint(draft)
        except EndpointMistake as mistake:
            if mistake.mistake != "model_missing":
                raise
            say("Choose one with --model: " + ", ".join(endpoints.models(draft)))
            raise typer.Exit(1) from None
        _exit_unless(asyncio.run(last_of(endpoints.probing(endpoint), _say_step)), endpoint)
        say(f"Added: {endpoints.save(draft)}")


@app.command("test")
def try_out(name: Annotated[str, typer.Argument(metavar="NAME")], data_dir: DataDir = None) -> None:
    """Make five small calls and say what works. Exits with 1 when the backend cannot be used."""
    with opened(read_settings(data_dir=data_dir), finding=True) as endpoints:
        endpoint = endpoints.find(name)
        _exit_unless(asyncio.run(last_of(endpoints.probing(endpoint), _say_step)), endpoint)


@app.command()
def remove(name: Annotated[str, typer.Argument(metavar="NAME")], data_dir: DataDir = None) -> None:
    """Take a backend out of backends.toml; a key that was kept for it goes too."""
    with opened(read_settings(data_dir=data_dir)) as endpoints:
        endpoints.remove(name)
    say(f"Removed: {name}")


@app.command()
def order(
    role: Annotated[
        Role | None, typer.Argument(metavar="ROLE", help="judge, or interviewer; without one both are shown.")
    ] = None,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Graders, the first choice first; a new order.")
    ] = None,
    nobody: Annotated[bool, typer.Option("--none", help="Take the order of this role away.")] = False,
    estimate: Annotated[
        bool | None,
        typer.Option(
            "--estimate/--no-estimate",
            help="Where every judge fails, may the coverage estimate step in? It is labelled and judges nothing.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Show or change who is asked first in each role, and who takes over where one fails."""
    settings = read_settings(data_dir=data_dir)
    bench = build_bench(settings)
    say_left_out(bench.shelf.problems)
    roster = Roster(bench.shelf, endpoints_of(settings, bench, Jobs(), {}))
    if nobody and (role is None or names):
        raise ContentError("--none takes a ROLE and no NAME: `backends order judge --none`.")
    if role is not None and (names or nobody):
        roster.give(role, tuple(names or ()))
    if estimate is not None:
        roster.allow_estimate(estimate)
    for shown in ROLES:
        say(f"{shown:<11}  {', '.join(roster.roles.of(shown)) or _NO_ORDER[shown]}")
    say("estimate     " + ("yes: steps in where every judge fails, and is labelled" if roster.roles.estimate else "no"))


@contextmanager
def opened(settings: Settings, *, finding: bool = False) -> Generator[Endpoints]:
    """The endpoints, with the database behind them; says so where findings cannot be kept in it.

    `finding`: something will be found out, so the database is made where there is none yet.
    """
    bench = build_bench(settings)
    say_left_out(bench.shelf.problems)
    store: Store | None = None
    try:
        if finding or (settings.data_dir / DATABASE).exists():
            store = Store.open(settings.data_dir)
    except StoreHeld as error:
        store = Store.open(settings.data_dir, read_only=True)
        complain(f"What a test finds is not kept: {error}")
    if store is None:
        yield endpoints_of(settings, bench, Jobs(), {})
        return
    with closing(store):
        bench.shelf.rack.rungs.keep_in(KeptTexts(store, "dialect"))
        yield endpoints_of(settings, bench, Jobs(), KeptTexts(store, "probe"))


async def last_of(reports: AsyncIterator[ProbeReport], each: Callable[[Step], None] = lambda step: None) -> ProbeReport:
    """The last report of a test; `each` is told every step when it is over."""
    last = None
    async for report in reports:
        each(report.steps[-1])
        last = report
    assert last is not None
    return last


def _say_step(step: Step) -> None:
    say(told(step))


def told(step: Step) -> str:
    """One line about one step."""
    what = f"{_MARKS[step.state]}  {_NAMES[step.name]}"
    facts = "" if step.state == "skipped" else f"  {step.seconds:.1f} s"
    return f"{what}{facts}{'  ' + step.text if step.text else ''}"


def _summary(report: ProbeReport | None) -> str:
    if report is None:
        return "not tested"
    if report.usable:
        return f"works ({report.dialect.rung if report.dialect else ''})"
    return f"cannot be used: {report.trouble.text}" if report.trouble else "test not finished"


def _exit_unless(report: ProbeReport, endpoint: Endpoint) -> None:
    if not report.usable:
        complain(f"{endpoint.name} cannot be used as a judge: {report.trouble.text if report.trouble else ''}")
        raise typer.Exit(1)
    say(f"{endpoint.model} at {endpoint.host} can be used; replies come as {report.dialect and report.dialect.rung}.")


def _services(endpoints: Endpoints) -> list[str]:
    return [preset.name for preset in endpoints.services() if preset.name != GENERIC]


def _draft(endpoints: Endpoints, service: str, model: str, key_file: Path | None) -> Draft:
    is_url = any(mark in service for mark in "/.:")
    if not is_url and service not in _services(endpoints):
        raise NotFound(f"No service is called {service!r}. Expected a URL or one of: {', '.join(_services(endpoints))}")
    draft = Draft(service=GENERIC if is_url else service, base_url=service if is_url else "", model=model)
    preset = preset_for(check_base_url(service)) if is_url else load_presets()[service]
    if key_file is not None:
        return draft.model_copy(update={"key": SecretStr(_read(key_file))})
    if preset.local or endpoints.has_key(preset.name) or not sys.stdin.isatty():
        return draft
    key: str = typer.prompt("API key", hide_input=True, default="", show_default=False)
    return draft.model_copy(update={"key": SecretStr(key)})


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as fault:
        raise NotFound(f"{path}: cannot be read as a key") from fault
