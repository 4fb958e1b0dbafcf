"""`sessions list`, `sessions show` and `export`: what is kept, read without writing anything."""

from collections.abc import Generator
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from interview.cli.options import AsJson, DataDir
from interview.cli.output import complain, printable, say, say_json, say_json_text
from interview.errors import ContentError
from interview.export import transcript_json, transcript_markdown
from interview.models import Session, SessionSummary
from interview.settings import read_settings
from interview.store.store import DATABASE, Store

app = typer.Typer(help="Sessions that are kept.", no_args_is_help=True, rich_markup_mode=None)
SessionId = Annotated[str, typer.Argument(metavar="SESSION", help="Id of a session, as `sessions list` shows it.")]


class Form(StrEnum):
    """The forms of a transcript."""

    MARKDOWN = "markdown"
    JSON = "json"


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


@app.command("show")
def show_session(session_id: SessionId, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show one session with every turn, answer and grade."""
    _say_transcript(_session(session_id, data_dir), Form.JSON if as_json else Form.MARKDOWN)


def export(
    session_id: SessionId,
    form: Annotated[Form, typer.Option("--format", help="What to write.")] = Form.MARKDOWN,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Write the transcript of one session as Markdown or JSON."""
    session = _session(session_id, data_dir)
    if output is None:
        _say_transcript(session, form)
        return
    try:
        output.write_text(_transcript(session, form), encoding="utf-8", newline="")
    except OSError as fault:
        raise ContentError(f"{output}: cannot be written: {fault.strerror}") from fault


def _transcript(session: Session, form: Form) -> str:
    return transcript_json(session) if form is Form.JSON else transcript_markdown(session)


def _say_transcript(session: Session, form: Form) -> None:
    if form is Form.JSON:
        say_json_text(transcript_json(session))
    else:
        typer.echo(printable(transcript_markdown(session)), nl=False)


def _session(session_id: str, data_dir: Path | None) -> Session:
    with _opened(read_settings(data_dir=data_dir).data_dir) as store:
        return store.session(session_id)


def _has_database(folder: Path) -> bool:
    return (folder / DATABASE).exists()


@contextmanager
def _opened(folder: Path) -> Generator[Store]:
    with closing(Store.open(folder, read_only=True)) as store:
        yield store
