"""`data list`, `data delete` and `data undo`: what is pending for deletion, and deleting for good."""

import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from interview.cli.options import AsJson, DataDir
from interview.cli.output import counted, say, say_json
from interview.errors import ContentError
from interview.models import EVERYTHING, PendingDeletion
from interview.service.deleting import Deleting
from interview.settings import read_settings
from interview.store.store import DATABASE, Store

app = typer.Typer(help="What is kept about you: delete it, or undo that.", no_args_is_help=True, rich_markup_mode=None)
CONFIRMATION = "delete everything"


@app.command("list")
def list_pending(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List what was deleted and can still be undone."""
    with _opened(data_dir, read_only=True) as deleting:
        pending = deleting.pending()
    if as_json:
        say_json([one.model_dump(mode="json") for one in pending])
        return
    for one in pending:
        say(f"{one.id}  {_what(one)}  deleted {one.requested_at:%Y-%m-%d %H:%M}, for good after {one.due_at:%H:%M} UTC")
    if not pending:
        say("Nothing is pending.")


@app.command("delete")
def delete(
    session: Annotated[str | None, typer.Option(metavar="ID", help="A session with everything in it.")] = None,
    answer: Annotated[str | None, typer.Option(metavar="ID", help="An answer, its grades and its follow-ups.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that is kept.", show_default=False)] = False,
    notes: Annotated[bool, typer.Option("--notes", help="With --all: uploaded notes too.", show_default=False)] = False,
    with_backups: Annotated[
        bool, typer.Option("--backups", help="With --all: every backup too.", show_default=False)
    ] = False,
    now: Annotated[bool, typer.Option("--now", help="At once, with no time to undo.", show_default=False)] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.", show_default=False)] = False,
    data_dir: DataDir = None,
) -> None:
    """Delete. It is hidden at once and gone for good after 15 minutes; stop Viva first, or delete in the screen."""
    chosen = [("session", session), ("answer", answer), ("all", EVERYTHING if everything else None)]
    named = [(kind, target) for kind, target in chosen if target]
    if len(named) != 1:
        raise ContentError("Say what to delete: --session ID, --answer ID or --all.")
    if (notes or with_backups) and not everything:
        raise ContentError("--notes and --backups belong to --all.")
    kind, target = named[0]
    with _opened(data_dir) as deleting:
        if not yes:
            _confirm(deleting, kind, target, with_backups=with_backups)
        if kind == "session":
            ordered = deleting.order_session(target)
        elif kind == "answer":
            ordered = deleting.order_answer(target)
        else:
            ordered = deleting.order_all(with_notes=notes, with_backups=with_backups)
        if now:
            deleting.purge(ordered.id)
            say(f"Deleted for good: {_what(ordered)}.")
            return
    say(
        f"Deleted: {_what(ordered)}. It is gone for good when Viva runs after {ordered.due_at:%Y-%m-%d %H:%M} UTC; "
        f"until then `viva data undo {ordered.id}` brings it back."
    )


@app.command("undo")
def undo(
    deletion_id: Annotated[str, typer.Argument(metavar="ID", help="As `data list` shows it.")],
    data_dir: DataDir = None,
) -> None:
    """Bring back what was deleted less than 15 minutes ago."""
    with _opened(data_dir) as deleting:
        deleting.undo(deletion_id)
    say("It is back.")


def _confirm(deleting: Deleting, kind: str, target: str, *, with_backups: bool) -> None:
    extent = deleting.extent(kind, target)
    counts = (counted(extent.sessions, "session"), counted(extent.answers, "answer"), counted(extent.grades, "grade"))
    say(f"This deletes {', '.join(counts)}.")
    copies = deleting.copies()
    if copies and with_backups:
        say("These backups are deleted as well:")
    elif copies:
        say("These backups still hold the text; --all --backups deletes them as well:")
    for copy in copies:
        say(f"    {copy}")
    say(f'Type "{CONFIRMATION}" to go on:')
    if sys.stdin.readline().strip() != CONFIRMATION:
        raise ContentError("Nothing was deleted.")


def _what(one: PendingDeletion) -> str:
    return "everything" if one.kind == "all" else f"{one.kind} “{' '.join(one.label.split())}”"


@contextmanager
def _opened(data_dir: Path | None, *, read_only: bool = False) -> Generator[Deleting]:
    folder = read_settings(data_dir=data_dir).data_dir
    if not (folder / DATABASE).exists():
        raise ContentError(f"There is no database in {folder}, so nothing is kept there.")
    with closing(Store.open(folder, read_only=read_only)) as store:
        yield Deleting(store, folder)
