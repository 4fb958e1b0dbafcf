"""The connection to SQLite: durable, one writer at a time, and its faults said in our words."""

import sqlite3
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc

from interview.errors import DamagedDatabase, DamagedRow, StoreBusy, StoreError

DATABASE = "viva.db"  # its name in the data folder
APPLICATION_ID = 0x56495641  # "VIVA"; `file` and our own start-up tell the database by it
BUSY_SECONDS = 5.0  # for the whole wait of one transaction: for the writers of this process and for other programs

_LOCKED = "is busy: another program has locked it. Nothing was written and your text is kept; try again"
_CLOSED = "cannot be opened; make the file and its folder readable and writable"
_PLAIN_WORDS = {
    "SQLITE_BUSY": _LOCKED,
    "SQLITE_LOCKED": _LOCKED,
    "SQLITE_FULL": "cannot grow: the disk is full; free some space and try again",
    "SQLITE_READONLY": "cannot be written; make it and its folder writable, or choose another folder with --data-dir",
    "SQLITE_CANTOPEN": _CLOSED,
    "SQLITE_PERM": _CLOSED,
    "SQLITE_IOERR": "cannot be read or written: the disk reports an error",
    "SQLITE_CORRUPT": "is damaged and was left as it is",
    "SQLITE_NOTADB": "is damaged, or no database at all, and was left as it is",
}
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


def in_our_words(path: Path, error: sqlite3.Error) -> StoreError | None:
    """The StoreError for a fault of SQLite; None where it is a mistake of the program."""
    name = str(getattr(error, "sqlite_errorname", None) or "")
    for known, words in _PLAIN_WORDS.items():
        if name == known or name.startswith(known + "_"):
            kind = StoreBusy if words is _LOCKED else DamagedDatabase if known in _DAMAGED else StoreError
            return kind(f"The database {path} {words}. ({error})")
    if "Could not decode to UTF-8" in str(error):  # has no code: the module sqlite3 itself found it
        return DamagedRow(f"A row of the database {path} is damaged: it has bytes that are no text.")
    return None


def new_deadline() -> float:
    """When a transaction that begins now gives up waiting, by the monotonic clock."""
    return time.monotonic() + BUSY_SECONDS


def busy(path: Path) -> StoreBusy:
    """The error of a transaction that waited for other writers until its deadline."""
    return StoreBusy(f"The database {path} {_LOCKED}.")


@contextmanager
def said_plainly(path: Path) -> Generator[None]:
    """Turn faults of SQLite inside the block into StoreError; the nothing-was-stored promise of transactions holds."""
    try:
        yield
    except UnicodeDecodeError as error:  # SQLite names what is damaged by bytes that are no text
        raise DamagedDatabase(f"The database {path} is damaged and was left as it is.") from error
    except sqlite3.Error as error:
        if (plain := in_our_words(path, error)) is not None:
            raise plain from error
        raise
    except exc.DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error) and (plain := in_our_words(path, error.orig)) is not None:
            raise plain from error
        raise


def make_engine(path: Path, *, read_only: bool = False) -> sa.Engine:
    """Engine on the file at `path`; nothing is opened yet.

    A transaction is BEGIN IMMEDIATE (a deferred one that turns to writing fails at once under load), unless the
    connection has the execution option `read`. With the option `deadline`, of the monotonic clock, it waits for other
    programs until then. Readers are as many as threads ask for.
    """
    mode = "ro" if read_only else "rwc"
    engine = sa.create_engine(
        "sqlite://",
        creator=_opener(path, mode),
        poolclass=sa.pool.QueuePool,
        max_overflow=-1,
    )
    event.listen(engine, "begin", _begin)
    return engine


def _opener(path: Path, mode: str) -> Callable[[], sqlite3.Connection]:
    uri = f"{path.resolve().as_uri()}?mode={mode}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
        try:
            connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
            connection.execute("PRAGMA foreign_keys = ON")
            if mode != "ro":
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten in its page
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    return connect


def _begin(connection: sa.Connection) -> None:
    options: dict[str, Any] = dict(connection.get_execution_options())
    left = max(0.0, options["deadline"] - time.monotonic()) if "deadline" in options else BUSY_SECONDS
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(left * 1000)}")
    connection.exec_driver_sql("BEGIN" if options.get("read") else "BEGIN IMMEDIATE")
