"""All commands in one place, and the one place where an error becomes a sentence and an exit code."""

import gc
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from interview.cli import (
    audit,
    backends,
    backup,
    compare,
    costs,
    data,
    data_archive,
    doctor,
    evaluate,
    grade,
    notes,
    sessions,
)
from interview.cli.options import DataDir, LangOption, NotesPaths, PromptsDir, RubricsDir, WithBank
from interview.cli.output import complain, say_left_out
from interview.errors import VivaError
from interview.settings import read_settings

BAD_INPUT = 2
# Whatever a command writes, transcripts and keys among it, other users of this machine cannot read.
_PRIVATE = 0o077


class _Commands(TyperGroup):
    """The group that says what went wrong in one sentence and never shows a traceback for it."""

    def invoke(self, ctx: Any) -> Any:
        before = os.umask(_PRIVATE)
        try:
            return super().invoke(ctx)
        except VivaError as error:
            complain(str(error))
            raise typer.Exit(BAD_INPUT) from error
        finally:
            os.umask(before)


app = typer.Typer(
    cls=_Commands,
    help="Mock interviews from your own notes, graded with evidence that code has checked.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(notes.app, name="notes")
app.add_typer(sessions.app, name="sessions")
app.add_typer(data.app, name="data")
app.add_typer(backends.app, name="backends")
app.command("grade")(grade.grade)
app.command("export")(sessions.export)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("doctor")(doctor.doctor)
app.command("evaluate")(evaluate.evaluate)
app.command("compare")(compare.compare)
app.command("costs")(costs.costs)
app.command("audit")(audit.audit)
app.command("key-points")(audit.key_points)
app.command("verify")(data_archive.verify)
data.app.command("export")(data_archive.export_data)
data.app.command("import")(data_archive.import_data)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to serve on.", show_default="127.0.0.1")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to serve on; 0 takes a free one.", show_default="7860", max=65535, min=0)
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Ask for the password in this file (or in VIVA_PASSWORD).")
    ] = None,
    no_login: Annotated[
        bool | None, typer.Option("--no-login", help="Let everybody in who can reach the address.", show_default=False)
    ] = None,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Answer to this name too, behind a reverse proxy; repeatable."),
    ] = None,
    notes: NotesPaths = None,
    with_bank: WithBank = None,
    data_dir: DataDir = None,
    lang: LangOption = None,
    rubrics: RubricsDir = None,
    prompts: PromptsDir = None,
) -> None:
    """Open the interview in the browser."""
    settings = read_settings(
        host=host,
        port=port,
        password_file=password_file,
        no_login=no_login,
        allowed_hosts=tuple(allowed_host) if allowed_host else None,
        notes=tuple(notes) if notes else None,
        with_bank=with_bank,
        data_dir=data_dir,
        lang=lang,
        rubrics=rubrics,
        prompts=prompts,
    )
    from interview.wiring import build

    # What starts here stays until the end: looking through it for garbage again and again is a fifth of the start.
    gc.disable()
    try:
        viva = build(settings)
        say_left_out(viva.shelf.problems)
        # Only here: gradio takes two seconds to import, and nothing else needs it.
        from interview.ui.server import serve as serve_screen

        serve_screen(viva, settings.host, settings.port, lang=settings.lang, on_started=_collect_from_now_on)
    finally:
        gc.enable()


def _collect_from_now_on() -> None:
    """Garbage is looked for again, among what is made from now on."""
    gc.freeze()
    gc.enable()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code: 0 done, 1 the command says so, 2 bad input."""
    for stream in (sys.stdout, sys.stderr):
        # Chinese and JSON come out whole whatever the locale is; a lone surrogate comes out as an escape.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    app(args=None if arguments is None else list(arguments), prog_name="viva")
