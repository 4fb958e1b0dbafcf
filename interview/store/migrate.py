"""Bring the database to the schema of this program: refused when newer, copied before it is changed."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from interview.errors import StoreError
from interview.store.engine import APPLICATION_ID, said_plainly

if TYPE_CHECKING:
    from alembic.config import Config

# The newest revision. A constant, so that alembic (0.2 s) is imported only when a database is older than this.
HEAD = "0004"
_SCRIPTS = Path(__file__).parent / "migrations"


def current_revision(path: Path) -> str | None:
    """Revision of the database at `path`, read without changing the file; None where there is nothing yet.

    StoreError: not a database, a damaged one, or the database of another program.
    """
    if not path.exists() or path.stat().st_size == 0:
        return None
    with said_plainly(path), closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        if not tables:
            return None
        if owner != APPLICATION_ID or "alembic_version" not in tables:
            raise StoreError(
                f"The file {path} is a database, but not one of Viva; it was left as it is. Move it away, or choose "
                "another folder with --data-dir."
            )
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return None if row is None else str(row[0])


def refuse_damaged(path: Path) -> None:
    """StoreError where SQLite finds the file damaged (10 ms for 10 MB): better no start than lost transcripts."""
    with said_plainly(path), closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    if found != "ok":
        copies = sorted((path.parent / "backups").glob("*.db"), key=lambda copy: copy.stat().st_mtime)
        newest = f"put {copies[-1]} in its place" if copies else "put a copy of yours in its place"
        raise StoreError(f"The database {path} is damaged and was left as it is ({found}). Move it away and {newest}.")


def migrate(engine: sa.Engine, path: Path, revision: str | None, clock: Callable[[], datetime]) -> Path | None:
    """Migrate from `revision` (of `current_revision`) to HEAD; return the path of the copy made before, if any.

    StoreError: the database is newer than this program; it is untouched.
    """
    if revision == HEAD:
        return None
    from alembic import command

    config = configuration()
    _refuse_newer(config, path, revision)
    copy = None if revision is None else back_up(path, revision, clock())
    with said_plainly(path), engine.begin() as connection:
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return copy


def refuse_other(path: Path, revision: str | None) -> None:
    """StoreError unless the database is exactly of this program's schema: a reader cannot migrate."""
    if revision == HEAD:
        return
    if revision is None:
        raise StoreError(f"There is no database at {path} yet. Start Viva on this folder first.")
    _refuse_newer(configuration(), path, revision)
    raise StoreError(f"The database {path} is of an older version. Start Viva on this folder once; it is then updated.")


def back_up(path: Path, revision: str, now: datetime) -> Path:
    """Copy the database, with what stands in its write-ahead log, to `backups/` beside it; returns the copy's path."""
    folder = path.parent / "backups"
    folder.mkdir(exist_ok=True)
    copy = folder / f"{path.stem}-{revision}-{now.astimezone(UTC):%Y%m%dT%H%M%S%f}.db"
    with (
        said_plainly(path),
        closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    with copy.open("rb+") as written:
        os.fsync(written.fileno())
    return copy


def configuration() -> "Config":
    """Alembic's configuration, made here in place of an alembic.ini."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _refuse_newer(config: "Config", path: Path, revision: str | None) -> None:
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise StoreError(
            f"The database {path} was made by a newer version of Viva (its schema is {revision}, this program knows "
            f"up to {HEAD}). It was left as it is: update the program, or choose another folder with --data-dir."
        )
