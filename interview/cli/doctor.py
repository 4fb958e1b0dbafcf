"""`doctor`: what is configured, where each value comes from, and what is wrong."""

import asyncio
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import typer

from interview.cli.backends import last_of, opened, told
from interview.cli.options import DataDir, NotesPaths, PromptsDir, RubricsDir
from interview.cli.output import counted, say
from interview.cli.sessions import told_waiting
from interview.errors import VivaError
from interview.grading.shelving import shelve
from interview.notes.library import built_in, read_notes
from interview.prompts import load_prompts
from interview.rubrics import load_rubrics
from interview.settings import Settings, read_access, read_settings
from interview.store.store import DATABASE, Store

_OLDEST_PYTHON = (3, 11)
# Up to 3.51.2, two connections that write to or checkpoint one WAL file at the same moment can corrupt it.
_SOUND_SQLITE = (3, 51, 3)


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    status: Literal["ok", "warn", "fail"]
    subject: str
    what: str


def doctor(
    data_dir: DataDir = None,
    notes: NotesPaths = None,
    rubrics: RubricsDir = None,
    prompts: PromptsDir = None,
    probe: Annotated[
        bool, typer.Option("--probe", help="Also make five small calls to each backend, and keep what they find.")
    ] = False,
) -> None:
    """Check everything that Viva needs, one line each. Exits with 1 when something fails."""
    failed = False
    given = {"data_dir": data_dir, "notes": tuple(notes) if notes else None, "rubrics": rubrics, "prompts": prompts}
    for finding in chain(examine(**given), _probed(**given) if probe else ()):
        failed = failed or finding.status == "fail"
        say(f"{finding.status:<4}  {finding.subject}: {' | '.join(finding.what.splitlines())}")
    if failed:
        raise typer.Exit(1)


def examine(**given: Any) -> Iterator[Finding]:
    """Look at everything, in the order of dependence; a fault in one part hides no other part."""
    yield _python()
    try:
        settings = read_settings(**given)
    except VivaError as error:
        yield Finding("fail", "settings", str(error))
        return
    yield from _values(settings)
    for subject, look in _CHECKS:
        try:
            yield from look(settings)
        except VivaError as error:
            yield Finding("fail", subject, str(error))


def _probed(**given: Any) -> Iterator[Finding]:
    """Test every backend; a judge uses at once what is found."""
    try:
        with opened(read_settings(**given), finding=True) as endpoints:
            for one in endpoints.listed():
                subject = f"probe {one.endpoint.name}"
                report = asyncio.run(last_of(endpoints.probing(one.endpoint)))
                yield from (
                    Finding("ok" if step.state == "ok" else "warn", subject, told(step)[6:]) for step in report.steps
                )
                rung = report.dialect.rung if report.dialect else None
                why = report.trouble.text if report.trouble else ""
                yield (
                    Finding("ok", subject, f"can be used, replies come as {rung}")
                    if report.usable
                    else Finding("fail", subject, f"cannot be used: {why}")
                )
    except VivaError as error:
        yield Finding("fail", "probe", str(error))


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] < _OLDEST_PYTHON:
        return Finding("fail", "Python", f"{version}; expected 3.11 or newer")
    return Finding("ok", "Python", version)


def _values(settings: Settings) -> Iterator[Finding]:
    for field in ("data_dir", "lang", "host", "port", "rubrics", "prompts", "with_bank", "model", "openai_base_url"):
        value = getattr(settings, field)
        if "@" in str(value) and field == "openai_base_url":
            yield Finding("fail", "openai-base-url", f"contains a user name or password ({settings.origin(field)})")
        elif value is not None:
            yield Finding("ok", field.replace("_", "-"), f"{value} ({settings.origin(field)})")
    if settings.openai_api_key is not None:
        yield Finding("ok", "openai-api-key", f"is set ({settings.origin('openai_api_key')})")


def _database(settings: Settings) -> Iterator[Finding]:
    path = settings.data_dir / DATABASE
    if not path.exists():
        yield Finding("ok", "database", f"{path} does not exist yet; it is made at the first start")
        return
    with closing(Store.open(settings.data_dir, read_only=True)) as store:
        yield Finding("ok", "database", f"{path}, {counted(store.session_count(), 'session')}")
        if told := told_waiting(store):
            yield Finding("warn", "gradings", told)


def _access(settings: Settings) -> Iterator[Finding]:
    access = read_access(settings)
    if access.password is not None:
        origin = "password_file" if settings.password_file is not None else "password"
        who = f"who knows the password ({settings.origin(origin)})"
    else:
        who = "everybody, without a login"
    where = "this machine and others" if access.is_exposed else "this machine alone"
    names = f"; also as {', '.join(access.allowed_hosts)}" if access.allowed_hosts else ""
    status = "ok" if access.is_owner_only else "warn"
    yield Finding(status, "access", f"{who}, from {where}{names}")


def _sqlite(_: Settings) -> Iterator[Finding]:
    # Viva itself keeps one writer per data folder, so only other programs on the same file are a danger.
    if sqlite3.sqlite_version_info < _SOUND_SQLITE:
        yield Finding(
            "warn",
            "SQLite",
            f"{sqlite3.sqlite_version}: do not write to viva.db with another program while Viva runs; versions before "
            "3.51.3 can damage a file that two connections write to",
        )
    else:
        yield Finding("ok", "SQLite", sqlite3.sqlite_version)


def _notes(settings: Settings) -> Iterator[Finding]:
    bank = read_notes(settings.notes) if settings.notes else built_in(settings.lang)
    where = ", ".join(str(path) for path in settings.notes) or f"built-in ({settings.lang})"
    questions = counted(len(bank.require_questions().questions), "question")
    counts = f"{where}: {questions} in {counted(len(bank.sections), 'section')}"
    if bank.problems:
        yield Finding("warn", "notes", f"{counts}, {counted(len(bank.problems), 'problem')}; see `notes check`")
    else:
        yield Finding("ok", "notes", counts)


def _rubrics(settings: Settings) -> Iterator[Finding]:
    yield Finding("ok", "rubrics", ", ".join(rubric.ref for rubric in load_rubrics(settings.rubrics).values()))


def _prompts(settings: Settings) -> Iterator[Finding]:
    prompts = load_prompts(settings.prompts)
    yield Finding("ok", "prompts", ", ".join(prompt.ref for prompt in prompts.by_name.values()))


def _backends(settings: Settings) -> Iterator[Finding]:
    configured = settings.configured_backends()
    shelf = shelve(configured, settings.secret, load_prompts(settings.prompts))
    for backend in shelf.backends:
        endpoint = backend.endpoint
        key = "a key is set" if endpoint.api_key else "no key"
        plain = endpoint.api_key is not None and urlsplit(endpoint.base_url).scheme == "http"
        exposed = plain and not endpoint.is_loopback
        what = f"{endpoint.base_url}, model {endpoint.model}, {key} ({backend.origin})"
        yield Finding(
            "warn" if exposed else "ok",
            f"backend {endpoint.name}",
            what + ("; the key travels unencrypted over http" if exposed else ""),
        )
        for quirk in endpoint.preset.quirks:
            yield Finding("ok", f"backend {endpoint.name}", quirk)
    for problem in shelf.problems:
        yield Finding("fail", "backends", problem.text)
    left_out = {problem.name for problem in shelf.problems}
    if len(shelf.backends) < sum(entry.name not in left_out for entry in configured.backends):
        yield Finding("warn", "backends", "two backends have the same name; the first one counts")
    if settings.model and not settings.openai_base_url and not settings.openai_api_key:
        yield Finding("warn", "VIVA_MODEL", "has no effect without OPENAI_API_KEY or OPENAI_BASE_URL")
    yield Finding("ok", "grader at start", shelf.default)


_CHECKS: tuple[tuple[str, Callable[[Settings], Iterator[Finding]]], ...] = (
    ("access", _access),
    ("database", _database),
    ("SQLite", _sqlite),
    ("notes", _notes),
    ("rubrics", _rubrics),
    ("prompts", _prompts),
    ("backends", _backends),
)
