"""`sessions list`, `sessions show` and `export` read what is kept; `sessions import` and `regrade` add to it."""

from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from interview.cli.options import AsJson, DataDir, SessionId
from interview.cli.output import complain, counted, printable, say, say_json, say_json_text
from interview.cli.regrade import regrade_session
from interview.cli.report import report_session
from interview.cli.rubrics import usable_rubrics
from interview.errors import NEEDS_CHANGE, ContentError, StoreError
from interview.export import WRITERS, read_transcripts, transcript_head
from interview.files import read_regular
from interview.jobs import Jobs
from interview.models import ArchiveFilter, SessionSummary, Transcript
from interview.service.archive import Archive, total
from interview.service.waiting import summary_of
from interview.settings import read_settings
from interview.store.archive import ArchiveStore
from interview.store.store import DATABASE, Store

app = typer.Typer(help="Sessions that are kept.", no_args_is_help=True, rich_markup_mode=None)
app.command("report")(report_session)
app.command("regrade")(regrade_session)
_IMPORT_LIMIT = 200_000_000  # bytes of a file


class FileForm(StrEnum):
    """The forms of a transcript."""

    HTML = "html"
    MARKDOWN = "markdown"
    JSON = "json"
    JSONL = "jsonl"


@app.command("list")
def list_sessions(
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    before: Annotated[str | None, typer.Option(metavar="SESSION", help="Only those older than this one.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List sessions, newest first."""
    found: tuple[SessionSummary, ...] = ()
    folder = read_settings(data_dir=data_dir).data_dir
    if _has_database(folder):
        with _opened(folder) as store:
            found = store.summaries(limit, before)
            if told := told_waiting(store):
                complain(told)
    if as_json:
        say_json([summary.model_dump(mode="json") for summary in found])
        return
    for summary in found:
        mean = "-" if summary.mean is None else f"{summary.mean:.1f}"
        graders = ", ".join(summary.graders) or "-"
        say(
            f"{summary.id}  {summary.created_at:%Y-%m-%d %H:%M}  {summary.answered}/{summary.count} answered"
            f"  mean {mean}  {graders}  {summary.title}"
        )
    if not found:
        complain("No session is kept here yet.")


@app.command("search")
def search_sessions(
    words: Annotated[str, typer.Argument(metavar="WORDS", help="All of them must stand in the turn, in any field.")],
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Find turns by words of the question, the answer, the feedback or a note; newest first."""
    with _opened(read_settings(data_dir=data_dir).data_dir) as store:
        found = ArchiveStore(store).find(ArchiveFilter(words=words), limit)
    if as_json:
        say_json([hit.model_dump(mode="json") for hit in found])
        return
    for hit in found:
        say(f"{hit.session_id}  {hit.at:%Y-%m-%d %H:%M}  {hit.mark}  {hit.question}")
        say(f"    {hit.field}: {' '.join(hit.snippet.split())}")
    if not found:
        complain("Nothing found.")


@app.command("show")
def show_session(session_id: SessionId, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show one session with every turn, answer and grade."""
    settings = read_settings(data_dir=data_dir)
    with _opened(settings.data_dir) as store:
        transcript = Archive(store, Jobs(), usable_rubrics(settings)).exported(session_id)
    form = FileForm.JSON if as_json else FileForm.MARKDOWN
    _say(WRITERS[form.value]([transcript]), form)
    if _name_damaged([transcript]):
        raise typer.Exit(1)


def export(
    session_ids: Annotated[
        list[str] | None, typer.Argument(metavar="SESSION...", help="Ids of sessions, as `sessions list` shows them.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every session but deleted ones.", show_default=False)] = False,
    form: Annotated[FileForm, typer.Option("--format", help="What to write.")] = FileForm.MARKDOWN,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Write transcripts: HTML that opens offline and prints, Markdown, JSON or JSON Lines."""
    if bool(session_ids) == every:
        raise ContentError("Say which sessions to write, or --all.")
    settings = read_settings(data_dir=data_dir)
    transcripts: list[Transcript] = []
    damaged = False
    with _opened(settings.data_dir) as store:
        archive = Archive(store, Jobs(), usable_rubrics(settings))
        ids = session_ids or ArchiveStore(store).ids()
        for session_id in ids:
            try:
                transcripts.append(archive.exported(session_id))
            except StoreError as fault:
                damaged = True
                complain(str(fault))
    if not transcripts:
        raise ContentError("None of these sessions can be read." if damaged else "No session is kept here yet.")
    _write(WRITERS[form.value](transcripts), form, output)
    if form in (FileForm.JSON, FileForm.JSONL):
        complain(f"Head: {transcript_head(transcripts)}")
    if _name_damaged(transcripts) or damaged:
        raise typer.Exit(1)


def _name_damaged(transcripts: Sequence[Transcript]) -> bool:
    """Name the turns that could not be read; return whether there are any."""
    for transcript in transcripts:
        for one in transcript.damaged:
            complain(f"Session {transcript.session.id}: the turn {one.id} is damaged and was left out: {one.what}.")
    return any(transcript.damaged for transcript in transcripts)


def _write(text: str, form: FileForm, output: Path | None) -> None:
    if output is None:
        _say(text, form)
        return
    try:
        output.write_text(text, encoding="utf-8", newline="")
    except OSError as fault:
        raise ContentError(f"{output}: cannot be written: {fault.strerror}") from fault


@app.command("import")
def import_sessions(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON or JSON Lines that Viva exported.")],
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Leave out what cannot be used, and import the rest.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Take in transcripts; grades arrive as they were, and nothing that is here already is added again."""
    try:
        reading = read_transcripts(read_regular(file, _IMPORT_LIMIT), str(file))
    except OSError as fault:
        raise ContentError(f"{file}: cannot be read: {fault.strerror}") from fault
    for problem in reading.problems:
        complain(problem)
    if reading.unusable > len(reading.problems):
        complain(f"… and {reading.unusable - len(reading.problems):,} more")
    if reading.problems and not skip_broken:
        raise ContentError(
            f"Cannot be used: {counted(reading.unusable, 'part')} of the file. Nothing was imported; "
            f"--skip-broken leaves them out and imports {counted(len(reading.transcripts), 'session')}."
        )
    with closing(Store.open(read_settings(data_dir=data_dir).data_dir)) as store:
        archive = Archive(store, Jobs())
        came = total([archive.take_in(transcript) for transcript in reading.transcripts])
    say(f"{counted(came.added, 'session')} added, {came.known} here already, {came.restored} brought back.")


def told_waiting(store: Store) -> str:
    """How many gradings wait, and why; empty where none does."""
    waiting = summary_of(store.waiting())
    if not waiting.count:
        return ""
    then = "once the settings are changed and Viva is started" if waiting.fault in NEEDS_CHANGE else "while Viva runs"
    return f"{counted(waiting.count, 'grading')} waiting ({waiting.fault}): {waiting.detail} Tried again {then}."


def _say(text: str, form: FileForm) -> None:
    if form is FileForm.JSON:
        say_json_text(text)
    elif form is FileForm.JSONL:
        for line in text.removesuffix("\n").split("\n"):  # and at no other character that a text may have
            say_json_text(line)
    else:
        typer.echo(printable(text), nl=False)


def _has_database(folder: Path) -> bool:
    return (folder / DATABASE).exists()


@contextmanager
def _opened(folder: Path) -> Generator[Store]:
    with closing(Store.open(folder, read_only=True)) as store:
        yield store
