"""`data export` and `data import`: everything in one archive. `verify`: check an export without the store."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from interview import verify as checking
from interview.cli.options import DataDir
from interview.cli.output import complain, counted, say
from interview.cli.rubrics import usable_rubrics
from interview.errors import ContentError
from interview.service.everything import NOTES, Everything
from interview.service.rubric_history import RubricHistory
from interview.settings import Settings, read_settings
from interview.store.store import Store

_MB = 1_000_000
_WHY = {"parent": "what it belongs to is not here", "place": "another row has its place here"}
MaxMb = Annotated[int, typer.Option("--max-mb", min=1, help="The most that the archive may unpack to.")]


def export_data(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The zip file to write.")], data_dir: DataDir = None
) -> None:
    """Write everything that is kept to one archive: sessions, grades, schedule, checklists, notes. No keys."""
    settings = read_settings(data_dir=data_dir)
    partial = file.with_name(f"{file.name}.part")
    with closing(Store.open(settings.data_dir, read_only=True)) as store:
        try:
            partial.unlink(missing_ok=True)
            partial.touch(mode=0o600, exist_ok=False)
            with partial.open("wb") as target:
                exported = _everything(store, settings).write(target)
            partial.replace(file)
        except OSError as fault:
            raise ContentError(f"{file}: cannot be written: {fault.strerror}") from fault
        finally:
            partial.unlink(missing_ok=True)
    say(f"{counted(exported.sessions, 'session')}, {counted(exported.answers, 'answer')}.")
    say(f"Head: {exported.head}")
    if exported.size > checking.MAX_BYTES:
        complain(f"To read it back, use --max-mb {exported.size // _MB + 1}.")
    for one in exported.damaged:
        complain(f"{one.table} {one.id} is damaged and was left out: {one.what}.")
    if exported.damaged:
        raise typer.Exit(1)


def import_data(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An archive that `data export` wrote.")],
    max_mb: MaxMb = checking.MAX_BYTES // _MB,
    data_dir: DataDir = None,
) -> None:
    """Add everything of an archive that is not here yet. Nothing that is here changes."""
    settings = read_settings(data_dir=data_dir)
    try:
        source = file.open("rb")
    except OSError as fault:
        raise ContentError(f"{file}: cannot be read: {fault.strerror}") from fault
    with source, closing(Store.open(settings.data_dir)) as store:
        merged = _everything(store, settings).read(source, max_bytes=max_mb * _MB)
    say(
        f"{counted(merged.sessions, 'session')} added ({counted(merged.added, 'row')}); {merged.known} rows were here "
        f"already, {merged.kept} are here with other content and stay as they are."
    )
    if merged.waiting:
        say(f"{counted(merged.waiting, 'answer')} still wait for a grade and will be graded here.")
    for one in merged.left_out:
        complain(f"Left out: {one.table} {one.id}: {_WHY[one.why]}.")
    if merged.unplaced:
        complain(f"{counted(merged.unplaced, 'row')} could not be added.")
        raise typer.Exit(1)


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A transcript (JSON, JSON Lines) or an archive.")],
    head: Annotated[str, typer.Option(help="The head that was noted at the time of the export.")] = "",
    max_mb: MaxMb = checking.MAX_BYTES // _MB,
) -> None:
    """Check that nothing in an export was changed: quotes, scores, digests. Exit code 0: unchanged, 1: changed."""
    raise typer.Exit(checking.verify(file, head, say, max_mb * _MB))


def _everything(store: Store, settings: Settings) -> Everything:
    return Everything(store, RubricHistory(store, usable_rubrics(settings)), settings.data_dir / NOTES)
