"""What stands beside a Turn: the star, the candidate's own note, discussion, and answers that a model improved."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from interview.models import Damaged, Remark, RemarkKind, TurnMarks
from interview.store import search, sessions
from interview.store.damage import read_rows
from interview.store.rows import naming
from interview.store.schema import remarks, turn_marks, turns
from interview.store.store import Store, new_id

T = TypeVar("T")


class RemarkStore:
    """Marks can be changed, remarks only added. Every method is one transaction. NotFound: no such turn."""

    def __init__(self, store: Store) -> None:
        """Keeps nothing of its own."""
        self._store = store

    def of_session(self, session_id: str) -> tuple[dict[str, TurnMarks], tuple[Remark, ...], tuple[Damaged, ...]]:
        """Return the marks of a session by turn id, its remarks in order, and the damaged rows that were left out."""
        damaged: list[Damaged] = []
        with self._store.reading() as connection:
            marks = _readable(connection, turn_marks.c.turn_id, session_id, _read_marks, damaged.append)
            found = _readable(connection, remarks.c.id, session_id, read_remark, damaged.append)
        return dict(marks), tuple(found), tuple(damaged)

    def star(self, turn_id: str, starred: bool) -> None:
        """Put the star on a turn, or take it away."""
        self._mark(turn_id, {"starred": starred})

    def note(self, turn_id: str, note: str) -> None:
        """Keep the candidate's own note, in place of what was there."""
        self._mark(turn_id, {"note": note})

    def _mark(self, turn_id: str, change: dict[str, Any]) -> None:
        with self._store.writing() as connection:
            sessions.read_turn(connection, turn_id)
            sessions.refuse_deleted(connection, turn_id)
            put_marks(connection, {"turn_id": turn_id, "changed_at": self._store.clock(), **change})

    def remarks(self, session_id: str) -> tuple[Remark, ...]:
        """Return the readable remarks of a session, oldest first."""
        return self.of_session(session_id)[1]

    def add(self, turn_id: str, kind: RemarkKind, author: str, text: str) -> Remark:
        """Keep a remark."""
        now = self._store.clock()
        remark = Remark(id=new_id(), turn_id=turn_id, kind=kind, author=author, text=text, created_at=now)
        with self._store.writing() as connection:
            sessions.read_turn(connection, turn_id)
            sessions.refuse_deleted(connection, turn_id)
            connection.execute(sa.insert(remarks), remark.model_dump())
        return remark


def read_remark(row: sa.RowMapping) -> Remark:
    """Remark of a row of `remarks`. DamagedRow."""
    with naming("remarks", row["id"]):
        return Remark(**{name: row[name] for name in Remark.model_fields})


def _read_marks(row: sa.RowMapping) -> tuple[str, TurnMarks]:
    return row["turn_id"], TurnMarks(starred=row["starred"], note=row["note"])


def _readable(
    connection: sa.Connection,
    key: sa.Column[str],
    session_id: str,
    read: Callable[[sa.RowMapping], T],
    damaged: Callable[[Damaged], None],
) -> list[T]:
    """Return the readable rows of a session in the table that `key` belongs to, oldest first."""
    table = key.table
    joined = sa.and_(turns.c.id == table.c.turn_id, *_of_session(session_id))
    order = sa.literal_column(f"{table}.rowid", sa.Integer)
    rows = sa.select(table).join(turns, joined).order_by(order)

    def one_by_one() -> Iterator[tuple[str, sa.Select[Any]]]:
        for one in connection.scalars(sa.select(key).join(turns, joined).order_by(order)).all():
            yield one, rows.where(key == one)

    return read_rows(connection, str(table), rows, one_by_one(), read, damaged)


def _of_session(session_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return turns.c.session_id == session_id, turns.c.deleted_at.is_(None)


def put_marks(connection: sa.Connection, row: dict[str, Any]) -> None:
    """Insert or change the marks of a turn, inside a transaction, and let them be found."""
    changes = {name: value for name, value in row.items() if name != "turn_id"}
    statement = insert(turn_marks).values(row).on_conflict_do_update(index_elements=["turn_id"], set_=changes)
    connection.execute(statement)
    search.index_turn(connection, row["turn_id"])
