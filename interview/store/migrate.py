"""Bring the database to the schema of this program: refused when newer or damaged, made whole or not at all."""

import sqlite3
import zlib
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from interview.errors import DamagedDatabase, StoreError
from interview.store.engine import APPLICATION_ID, make_engine, said_plainly

if TYPE_CHECKING:
    from alembic.config import Config

# The newest revision. A constant, so that alembic (0.2 s) is imported only when a database is older than this.
HEAD = "0005"
_SCRIPTS = Path(__file__).parent / "migrations"


def current_revision(path: Path) -> str | None:
    """Revision of the database at `path`, read without changing the file; None where there is no file.

    DamagedDatabase: it is empty, no database, a damaged one, or the database of another program.
    """
    log = path.with_name(f"{path.name}-wal")
    if not path.exists():
        if log.exists():
            raise DamagedDatabase(f"The database {path} is gone, but its log {log.name} is there.")
        return None
    if path.stat().st_size == 0:
        raise DamagedDatabase(f"The database {path} is empty (0 bytes) and was left as it is.")
    if not (log.exists() and log.stat().st_size) and path.stat().st_size < _size_in_header(path):
        raise DamagedDatabase(f"The database {path} is cut short and was left as it is.")
    with said_plainly(path), closing(_read_only(path)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        if owner != APPLICATION_ID or "alembic_version" not in tables:
            raise DamagedDatabase(f"The file {path} is a database, but not one of Viva; it was left as it is.")
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        revision = "" if row is None else str(row[0])
        if revision == HEAD and connection.execute("PRAGMA user_version").fetchone()[0] != _checksum(connection):
            raise DamagedDatabase(f"The database {path} is damaged and was left as it is (its tables are not ours).")
        return revision


def refuse_damaged(path: Path) -> None:
    """DamagedDatabase where SQLite finds the file damaged: better no start than lost transcripts."""
    with said_plainly(path), closing(_read_only(path)) as connection:
        found = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    if found != "ok":
        raise DamagedDatabase(f"The database {path} is damaged and was left as it is ({found}).")


def create(path: Path) -> None:
    """Make a new database under another name and put it there when it is complete.

    So a file of that name that has nothing in it is never a start that was broken off.
    """
    unfinished = path.with_name(f".{path.name}.new")
    for left in (unfinished, *(unfinished.with_name(unfinished.name + end) for end in ("-wal", "-shm"))):
        left.unlink(missing_ok=True)
    engine = make_engine(unfinished)
    try:
        upgrade(engine, unfinished)
    finally:
        engine.dispose()  # closing the last connection moves everything out of the log
    unfinished.replace(path)


def upgrade(engine: sa.Engine, path: Path) -> None:
    """Bring the database of an engine to HEAD, in one transaction."""
    from alembic import command

    config = configuration()
    with said_plainly(path), engine.begin() as connection:
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        connection.exec_driver_sql(f"PRAGMA user_version = {_checksum(driver)}")


def refuse_other(path: Path, revision: str | None) -> None:
    """StoreError unless the database is exactly of this program's schema: a reader cannot migrate."""
    if revision == HEAD:
        return
    if revision is None:
        raise StoreError(f"There is no database at {path} yet. Start Viva on this folder first.")
    refuse_newer(path, revision)
    raise StoreError(f"The database {path} is of an older version. Start Viva on this folder once; it is then updated.")


def refuse_newer(path: Path, revision: str) -> None:
    """StoreError where a database or a backup was made by a newer version of this program."""
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}
    if revision not in known:
        raise StoreError(
            f"{path} was made by a newer version of Viva (its schema is {revision}, this program knows up to {HEAD}). "
            "It was left as it is: update the program, or choose another folder with --data-dir."
        )


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _size_in_header(path: Path) -> int:
    """How long the file should be by its own header; 0 where that does not say. SQLite itself reads a missing end as 0.

    With a log beside it a file may be shorter: a checkpoint that was broken off is gone on with.
    """
    with path.open("rb") as file:
        header = file.read(100)
    if len(header) < 100 or header[24:28] != header[92:96]:  # else the number of pages is of an older change
        return 0
    page = int.from_bytes(header[16:18], "big")
    return int.from_bytes(header[28:32], "big") * (65536 if page == 1 else page)


def _checksum(connection: sqlite3.Connection) -> int:
    """What `user_version` says after a migration: a damaged name of a table or column is found by it."""
    own = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"
    return zlib.crc32(repr(connection.execute(own).fetchall()).encode()) & 0x7FFFFFFF


def configuration() -> "Config":
    """Alembic's configuration, made here in place of an alembic.ini."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
