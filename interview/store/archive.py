"""The shelves of sessions: found by filters, renamed, archived, and taken in from files."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from interview.errors import NotFound
from interview.models import (
    ArchiveFilter,
    Choices,
    Damaged,
    Hit,
    Remark,
    Session,
    SessionSummary,
    Shelf,
    Turn,
    TurnMarks,
)
from interview.store import attempts, search, summaries
from interview.store.remarks import put_marks
from interview.store.rows import write_outcome, write_question
from interview.store.schema import answers, gradings, remarks, sessions, turns
from interview.store.sessions import add_session, read_readable, read_session
from interview.store.store import Store, new_id


class ArchiveStore:
    """Every method is one transaction. NotFound: no such session."""

    def __init__(self, store: Store) -> None:
        """Keeps nothing of its own."""
        self._store = store

    def summaries(self, shelf: Shelf, limit: int) -> tuple[SessionSummary, ...]:
        """Up to `limit` sessions of a shelf, newest first."""
        with self._store.reading() as connection:
            return summaries.read_summaries(connection, limit, None, shelf=shelf)

    def find(self, wanted: ArchiveFilter, limit: int, before: int | None = None) -> tuple[Hit, ...]:
        """Up to `limit` turns that fit, newest first, asked before the one of number `before`."""
        with self._store.reading() as connection:
            return search.find(connection, wanted, limit, before)

    def ids(self) -> tuple[str, ...]:
        """Return the ids of all sessions but deleted ones, newest first, archived ones last."""
        wanted = sa.select(sessions.c.id).where(sessions.c.deleted_at.is_(None))
        with self._store.reading() as connection:
            ordered = wanted.order_by(sessions.c.archived_at.is_not(None), sessions.c.seq.desc())
            return tuple(connection.scalars(ordered))

    def choices(self) -> Choices:
        """What a filter can name."""
        with self._store.reading() as connection:
            return search.choices(connection)

    def readable_session(self, session_id: str) -> tuple[Session, tuple[Damaged, ...]]:
        """Return a session without its damaged turns, and what those are. StoreError: the session itself is damaged."""
        with self._store.reading() as connection:
            return read_readable(connection, session_id)

    def shelf_of(self, session_id: str) -> Shelf:
        """Where a session stands."""
        wanted = sa.select(sessions.c.archived_at, sessions.c.deleted_at).where(sessions.c.id == session_id)
        with self._store.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None:
            raise NotFound(f"There is no session {session_id}.")
        archived, deleted = row
        return "deleted" if deleted else "archived" if archived else "active"

    def rename(self, session_id: str, title: str) -> None:
        """Give a session another title."""
        self._change(session_id, title=title)

    def archive(self, session_id: str, archived: bool) -> None:
        """Put a session on the shelf of the archived ones, or back."""
        self._change(session_id, archived_at=self._store.clock() if archived else None)

    def _change(self, session_id: str, **columns: str | datetime | None) -> None:
        with self._store.writing() as connection:
            changed = connection.execute(sa.update(sessions).where(sessions.c.id == session_id).values(**columns))
            if not changed.rowcount:
                raise NotFound(f"There is no session {session_id}.")

    # --- taking in

    def begun_at(self, moment: datetime) -> tuple[Session, ...]:
        """The sessions that began at that very moment, deleted ones too."""
        wanted = sa.select(sessions.c.id).where(sessions.c.created_at == moment)
        with self._store.reading() as connection:
            return tuple(read_session(connection, session_id) for session_id in connection.scalars(wanted).all())

    def take_in(self, session: Session, marks: dict[str, TurnMarks], said: Sequence[Remark]) -> Session:
        """Store a session of elsewhere whole, under ids of our own, so that it joins nothing that is here.

        Grades arrive as they are; a grading that has come to nothing yet is left out, for it would be run here.
        """
        own = {turn.id: new_id() for turn in session.turns}
        now = self._store.clock()
        row = {
            "id": new_id(),
            "title": session.title,
            "plan": session.plan.model_dump_json(),
            "created_at": session.created_at,
            "finished_at": session.finished_at,
        }
        with self._store.writing() as connection:
            add_session(connection, row, [write_question(question) for question in session.questions])
            for turn in session.turns:
                ids = {
                    "id": own[turn.id],
                    "session_id": row["id"],
                    "parent": own.get(getattr(turn, "parent", None) or ""),
                }
                _take_in_turn(connection, turn.model_copy(update=ids))
            for remark in said:
                fields = {**remark.model_dump(), "id": new_id(), "turn_id": own[remark.turn_id]}
                connection.execute(sa.insert(remarks), fields)
            for turn_id, mark in marks.items():
                put_marks(connection, {"turn_id": own[turn_id], "changed_at": now, **mark.model_dump()})
            return read_session(connection, str(row["id"]))


def _take_in_turn(connection: sa.Connection, turn: Turn) -> None:
    columns = {column.name for column in turns.columns} - {"seq", "skipped_at"}
    row = {name: getattr(turn, name) for name in columns if hasattr(turn, name)}
    skipped = turn.asked_at if turn.state == "skipped" else None  # when exactly, a transcript does not tell
    connection.execute(sa.insert(turns), {**row, "skipped_at": skipped})
    if turn.answer is not None:
        answer_id = new_id()
        given = {"id": answer_id, "turn_id": turn.id, "text": turn.answer.text, "created_at": turn.answer.created_at}
        connection.execute(sa.insert(answers), given)
        for grading in turn.gradings:
            if grading.outcome is None:
                continue
            asked = grading.model_dump(include={"grader", "rubric", "created_at", "attempt", "finished_at"})
            ended = {"id": new_id(), "answer_id": answer_id, "state": "done", **write_outcome(grading.outcome)}
            connection.execute(sa.insert(gradings), {**asked, **ended})
            attempts.put(connection, str(ended["id"]), grading.failed)
    search.index_turn(connection, turn.id)
