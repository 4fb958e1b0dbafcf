"""What stands beside a Turn: the star, the candidate's own note, discussion, and answers that a model improved."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from interview.models import Remark, RemarkKind, TurnMarks
from interview.store import search, sessions
from interview.store.rows import naming
from interview.store.schema import remarks, turn_marks, turns
from interview.store.store import Store, new_id


class RemarkStore:
    """Marks can be changed, remarks only added. Every method is one transaction. NotFound: no such turn."""

    def __init__(self, store: Store) -> None:
        """Keeps nothing of its own."""
        self._store = store

    def marks(self, session_id: str) -> dict[str, TurnMarks]:
        """The marks of a session's turns that have any, by the turn's id."""
        wanted = sa.select(turn_marks).join(turns, turns.c.id == turn_marks.c.turn_id)
        with self._store.reading() as connection:
            rows = connection.execute(wanted.where(*_of_session(session_id))).mappings().all()
        return {row["turn_id"]: TurnMarks(starred=row["starred"], note=row["note"]) for row in rows}

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
        """What was said about the turns of a session, in order."""
        wanted = sa.select(remarks).join(turns, turns.c.id == remarks.c.turn_id).order_by(remarks.c.seq)
        with self._store.reading() as connection:
            rows = connection.execute(wanted.where(*_of_session(session_id))).mappings().all()
        return tuple(read_remark(row) for row in rows)

    def add(self, turn_id: str, kind: RemarkKind, author: str, text: str) -> Remark:
        """Keep a remark."""
        said = Remark(id=new_id(), turn_id=turn_id, kind=kind, author=author, text=text, created_at=self._store.clock())
        with self._store.writing() as connection:
            sessions.read_turn(connection, turn_id)
            sessions.refuse_deleted(connection, turn_id)
            connection.execute(sa.insert(remarks), said.model_dump())
        return said


def read_remark(row: sa.RowMapping) -> Remark:
    """Remark of a row of `remarks`. DamagedRow."""
    with naming("remarks", row["id"]):
        return Remark(**{name: row[name] for name in Remark.model_fields})


def _of_session(session_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return turns.c.session_id == session_id, turns.c.deleted_at.is_(None)


def put_marks(connection: sa.Connection, row: dict[str, Any]) -> None:
    """Insert or change the marks of a turn, inside a transaction, and let them be found."""
    changes = {name: value for name, value in row.items() if name != "turn_id"}
    statement = insert(turn_marks).values(row).on_conflict_do_update(index_elements=["turn_id"], set_=changes)
    connection.execute(statement)
    search.index_turn(connection, row["turn_id"])
