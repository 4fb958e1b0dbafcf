"""`backup` writes everything that is kept to one file; `restore` checks such a file and puts it back."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from interview.cli.options import DataDir
from interview.cli.output import counted, say
from interview.errors import ContentError
from interview.settings import read_settings
from interview.store.backup import Manifest, make_backup, restore_backup, verify_backup
from interview.store.lock import FolderLock
from interview.store.migrate import refuse_newer
from interview.store.store import DATABASE, utc_now


def backup(
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="File to write.", show_default="in the data folder")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Write a backup: transcripts, uploaded notes, settings without keys. Viva may run meanwhile."""
    folder = read_settings(data_dir=data_dir).data_dir
    if not (folder / DATABASE).exists():
        raise ContentError(f"There is no database in {folder} yet, so there is nothing to back up.")
    path = make_backup(folder, "manual", utc_now(), to)
    say(f"{path}: {_told(verify_backup(path))}.")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    verify: Annotated[
        bool, typer.Option("--verify", help="Check everything in it and write nothing.", show_default=False)
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Put a backup into a data folder; what is there is moved aside, keys and backups stay. Stop Viva first."""
    manifest = verify_backup(file)
    refuse_newer(file, manifest.revision)
    if verify:
        say(f"{file} is sound: {_told(manifest)}.")
        return
    folder = read_settings(data_dir=data_dir).data_dir
    with _held(folder):
        aside = restore_backup(file, folder, utc_now())
    say(f"Restored to {folder}: {_told(manifest)}.")
    if aside is not None:
        say(f"What was there before is in {aside}; delete that folder when you need it no more.")


def _told(manifest: Manifest) -> str:
    rows = manifest.rows
    parts = [counted(rows.get("sessions", 0), "session"), counted(rows.get("answers", 0), "answer")]
    return f"{', '.join(parts)}, made {manifest.made_at:%Y-%m-%d %H:%M} UTC"


@contextmanager
def _held(folder: Path) -> Generator[None]:
    """Keep every other process out of the folder."""
    lock = FolderLock(folder, utc_now)
    lock.take()
    try:
        yield
    finally:
        lock.release()
