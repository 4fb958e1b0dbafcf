"""Deletion: marked at once, undone for a while, then removed from every table, the search index and the free pages."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from interview.errors import NotFound
from interview.models import EVERYTHING, DeletionKind, Dispute, Extent, Graded, PendingDeletion
from interview.store import rows, search
from interview.store.schema import (
    METADATA,
    answers,
    cards,
    checklists,
    deletions,
    disputes,
    gradings,
    measurements,
    papers,
    preferences,
    question_versions,
    reviews,
    sessions,
    spending,
    turns,
)
from interview.store.store import Store

UNDO = timedelta(minutes=15)
_NOTES = "notes"  # the preference that names the notes in use

# What belongs to no session, with the time of each row: rows that are newer than the order to delete everything stay.
LOOSE: dict[sa.Table, sa.Column[Any] | None] = {
    checklists: checklists.c.created_at,
    disputes: disputes.c.created_at,
    cards: cards.c.changed_at,
    measurements: measurements.c.created_at,
    spending: spending.c.at,
    preferences: None,
}


class Deletions:
    """Orders, undoes and carries out deletions; every method is one transaction. NotFound: no such id."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # --- ordering and undoing

    def order_session(self, session_id: str) -> PendingDeletion:
        """Hide a session."""
        with self._store.writing() as connection:
            if connection.scalar(sa.select(sessions.c.id).where(sessions.c.id == session_id)) is None:
                raise NotFound(f"There is no session {session_id}.")
            mine = sa.and_(sessions.c.id == session_id, sessions.c.deleted_at.is_(None))
            return self._order(connection, session_id, "session", sa.update(sessions).where(mine))

    def order_answer(self, answer_id: str) -> PendingDeletion:
        """Hide an answer with its grades, and the follow-ups that were asked about it."""
        with self._store.writing() as connection:
            family = _family(connection, answer_id)
            mine = sa.and_(turns.c.id.in_(family), turns.c.deleted_at.is_(None))
            ordered = self._order(connection, answer_id, "answer", sa.update(turns).where(mine))
            for turn_id in family:
                search.index_turn(connection, turn_id)
            return ordered

    def order_all(self, *, with_notes: bool, with_backups: bool) -> PendingDeletion:
        """Hide every session. What is begun afterwards is not deleted."""
        options = {"with_notes": with_notes, "with_backups": with_backups}
        with self._store.writing() as connection:
            shown = sa.update(sessions).where(sessions.c.deleted_at.is_(None))
            return self._order(connection, EVERYTHING, "all", shown, **options)

    def _order(
        self, connection: sa.Connection, target: str, kind: DeletionKind, hide: sa.Update, **options: bool
    ) -> PendingDeletion:
        """Hide rows and note when they are purged; an order that is pending already stays as it is."""
        now = self._store.clock()
        row = {"id": target, "kind": kind, "requested_at": now, "due_at": now + UNDO, **options}
        if connection.execute(insert(deletions).values(row).on_conflict_do_nothing(index_elements=["id"])).rowcount:
            connection.execute(hide.values(deleted_at=now))
        return _find(connection, target)

    def pending(self) -> tuple[PendingDeletion, ...]:
        """What can still be undone, the earliest first."""
        wanted = sa.select(deletions).where(deletions.c.purged_at.is_(None)).order_by(deletions.c.requested_at)
        with self._store.reading() as connection:
            return tuple(_read(connection, row) for row in connection.execute(wanted).mappings().all())

    def undo(self, deletion_id: str) -> None:
        """Bring back what a deletion has hidden, or one session of it.

        NotFound: nothing of that id is pending; it may be purged.
        """
        with self._store.writing() as connection:
            if self._show_session(connection, deletion_id):
                return
            ordered = _find(connection, deletion_id)
            if ordered.kind == "answer":
                family = _family(connection, deletion_id)
                mine = sa.and_(turns.c.id.in_(family), turns.c.deleted_at == ordered.requested_at)
                connection.execute(sa.update(turns).where(mine).values(deleted_at=None))
                for turn_id in family:
                    search.index_turn(connection, turn_id)
            else:
                mine = sessions.c.deleted_at == ordered.requested_at
                connection.execute(sa.update(sessions).where(mine).values(deleted_at=None))
            connection.execute(sa.delete(deletions).where(deletions.c.id == deletion_id))

    def _show_session(self, connection: sa.Connection, session_id: str) -> bool:
        """Bring a session back, also one hidden with all others, or by an earlier release, which purged none."""
        mine = sa.and_(sessions.c.id == session_id, sessions.c.deleted_at.is_not(None))
        shown = connection.execute(sa.update(sessions).where(mine).values(deleted_at=None)).rowcount
        connection.execute(sa.delete(deletions).where(deletions.c.id == session_id, deletions.c.kind == "session"))
        return bool(shown)

    # --- carrying out

    def unfinished(self) -> tuple[str, ...]:
        """Ids of deletions whose rows are gone, but whose traces may not be: the process ended in between."""
        wanted = sa.select(deletions.c.id).where(deletions.c.purged_at.is_not(None))
        with self._store.reading() as connection:
            return tuple(connection.scalars(wanted))

    def answers_of(self, deletion_id: str) -> tuple[str, ...]:
        """Ids of the answers that a pending deletion removes."""
        with self._store.reading() as connection:
            ordered = _find(connection, deletion_id)
            doomed = sa.select(turns.c.id).where(_turns(connection, ordered))
            wanted = sa.select(answers.c.id).where(answers.c.turn_id.in_(doomed))
            return tuple(connection.scalars(wanted))

    def extent(self, kind: str, target: str) -> Extent:
        """How much deleting a session, an answer or everything would remove."""
        with self._store.reading() as connection:
            if kind == "answer":
                mine = turns.c.id.in_(_family(connection, target))
            else:
                mine = turns.c.session_id == target if kind == "session" else sa.true()
            counts = [sa.func.count(column.distinct()) for column in (turns.c.session_id, answers.c.id, gradings.c.id)]
            wanted = (
                sa.select(*counts)
                .select_from(turns)
                .outerjoin(answers, answers.c.turn_id == turns.c.id)
                .outerjoin(gradings, gradings.c.answer_id == answers.c.id)
            )
            found = connection.execute(wanted.where(mine)).one()
        return Extent(sessions=found[0], answers=found[1], grades=found[2])

    def purge(self, deletion_id: str) -> None:
        """Delete the rows, and note that they are gone; `finish` is to follow. NotFound: it is not pending."""
        with self._store.writing() as connection:
            ordered = _find(connection, deletion_id)
            mine = _turns(connection, ordered)
            doomed = sa.select(turns.c.id).where(mine)
            rated = set(connection.scalars(sa.select(reviews.c.question_id).where(reviews.c.turn_id.in_(doomed))))
            _forget_doubts(connection, doomed)
            search.unindex(connection, sa.select(turns.c.seq).where(mine))
            if ordered.kind == "answer":
                _purge_answer(connection, _family(connection, deletion_id))
            else:
                _purge_sessions(connection, ordered)
            if ordered.kind == "all":
                _purge_loose(connection, ordered)
            unrated = ~sa.exists().where(reviews.c.question_id == cards.c.question_id, reviews.c.undone_at.is_(None))
            for question_id in rated:
                connection.execute(sa.delete(cards).where(cards.c.question_id == question_id, unrated))
            gone = sa.update(deletions).where(deletions.c.id == deletion_id)
            connection.execute(gone.values(purged_at=self._store.clock()))
        self._store.purges += 1
        rows.forget()

    def finish(self, purged: Sequence[str]) -> None:
        """Remove the traces of deleted rows from the index, the free pages and the log, then the deletions themselves.

        StoreError: it cannot be done now; `unfinished` names them until it was.
        """
        self._store.compact()
        with self._store.writing() as connection:
            connection.execute(sa.delete(deletions).where(deletions.c.id.in_(purged)))


def shown(connection: sa.Connection, table: sa.Table) -> sa.ColumnElement[bool]:
    """Return the condition on rows of a table that no pending deletion would remove."""
    if table in LOOSE:
        everything = sa.exists().where(deletions.c.id == EVERYTHING, deletions.c.purged_at.is_(None))
        return sa.false() if connection.scalar(sa.select(everything)) else sa.true()
    if table is sessions:
        return sessions.c.deleted_at.is_(None)
    # The turn of a deleted answer stays, as one that was passed over; what was asked about the answer does not.
    kept = sa.or_(turns.c.deleted_at.is_(None), turns.c.parent.is_(None)) if table is turns else sa.true()
    for key in table.foreign_key_constraints:
        owner = key.referred_table
        if owner is table:
            continue
        alive = sa.and_(shown(connection, owner), turns.c.deleted_at.is_(None) if owner is turns else sa.true())
        owners = sa.select(*(element.column for element in key.elements)).where(alive)
        unowned = sa.or_(*(column.is_(None) for column in key.columns))
        kept = sa.and_(kept, sa.or_(unowned, sa.tuple_(*key.columns).in_(owners)))
    return kept


def _find(connection: sa.Connection, deletion_id: str) -> PendingDeletion:
    wanted = sa.select(deletions).where(deletions.c.id == deletion_id, deletions.c.purged_at.is_(None))
    row = connection.execute(wanted).mappings().one_or_none()
    if row is None:
        raise NotFound(f"No deletion {deletion_id} is pending; what was purged cannot be brought back.")
    return _read(connection, row)


def _read(connection: sa.Connection, row: sa.RowMapping) -> PendingDeletion:
    if row["kind"] == "session":
        label = connection.scalar(sa.select(sessions.c.title).where(sessions.c.id == row["id"]))
    else:
        asked = (
            sa.select(question_versions.c.content)
            .join(papers, papers.c.version == question_versions.c.version)
            .join(turns, sa.and_(turns.c.session_id == papers.c.session_id, turns.c.position == papers.c.position))
            .join(answers, answers.c.turn_id == turns.c.id)
        )
        content = connection.scalar(asked.where(answers.c.id == row["id"]))
        label = rows.read_question(content).text if content else ""
    fields = {name: row[name] for name in PendingDeletion.model_fields if name != "label"}
    return PendingDeletion(**fields, label=label or "")


def _family(connection: sa.Connection, answer_id: str) -> list[str]:
    """Ids of an answer's turn and of the follow-ups that go on from it; the turn itself first."""
    turn_id = connection.scalar(sa.select(answers.c.turn_id).where(answers.c.id == answer_id))
    if turn_id is None:
        raise NotFound(f"There is no answer {answer_id}.")
    family = [str(turn_id)]
    for parent in family:
        family.extend(connection.scalars(sa.select(turns.c.id).where(turns.c.parent == parent)))
    return family


def _turns(connection: sa.Connection, ordered: PendingDeletion) -> sa.ColumnElement[bool]:
    if ordered.kind == "answer":
        return turns.c.id.in_(_family(connection, ordered.id))
    return turns.c.session_id.in_(sa.select(sessions.c.id).where(_sessions(ordered)))


def _sessions(ordered: PendingDeletion) -> sa.ColumnElement[bool]:
    return sessions.c.id == ordered.id if ordered.kind == "session" else sessions.c.deleted_at <= ordered.requested_at


def _purge_answer(connection: sa.Connection, family: Sequence[str]) -> None:
    """The turn itself stays as one that was passed over, so that the session keeps its order."""
    root, follow_ups = family[0], family[1:]
    _delete_referring(connection, turns, turns.c.id.in_(family))
    connection.execute(sa.delete(turns).where(turns.c.id.in_(follow_ups)))
    passed = {"skipped_at": sa.func.coalesce(turns.c.skipped_at, turns.c.deleted_at), "confidence": None}
    connection.execute(sa.update(turns).where(turns.c.id == root).values(passed))


def _purge_sessions(connection: sa.Connection, ordered: PendingDeletion) -> None:
    mine = _sessions(ordered)
    ids = sa.select(sessions.c.id).where(mine)
    connection.execute(sa.update(spending).where(spending.c.session_id.in_(ids)).values(session_id=None))
    doomed = sa.select(answers.c.id).join(turns, turns.c.id == answers.c.turn_id).where(turns.c.session_id.in_(ids))
    inside = sa.or_(deletions.c.id.in_(ids), deletions.c.id.in_(doomed))
    connection.execute(sa.delete(deletions).where(inside, deletions.c.id != ordered.id))
    _delete(connection, sessions, mine)
    asked = sa.exists().where(papers.c.version == question_versions.c.version)
    connection.execute(sa.delete(question_versions).where(~asked))


def _purge_loose(connection: sa.Connection, ordered: PendingDeletion) -> None:
    for table, at in LOOSE.items():
        old = sa.true() if at is None else at <= ordered.requested_at
        if table is preferences and not ordered.with_notes:
            old = preferences.c.key != _NOTES
        connection.execute(sa.delete(table).where(old))


def _delete(connection: sa.Connection, table: sa.Table, condition: sa.ColumnElement[bool]) -> None:
    _delete_referring(connection, table, condition)
    connection.execute(sa.delete(table).where(condition))


def _delete_referring(connection: sa.Connection, table: sa.Table, condition: sa.ColumnElement[bool]) -> None:
    """Delete what refers to rows of a table by a foreign key, in whichever table, and what refers to that."""
    for other in METADATA.tables.values():
        for key in other.foreign_key_constraints:
            if key.referred_table is table:
                theirs = [element.column for element in key.elements]
                referring = sa.tuple_(*key.columns).in_(sa.select(*theirs).where(condition))
                _delete(connection, other, referring)


def _forget_doubts(connection: sa.Connection, turn_ids: sa.Select[tuple[str]]) -> None:
    """Remove what judges of these answers said against references: an open dispute, of a decided one the reason."""
    wanted = sa.select(gradings.c.outcome).join(answers, answers.c.id == gradings.c.answer_id)
    said: set[str] = set()
    for content in connection.scalars(wanted.where(answers.c.turn_id.in_(turn_ids), gradings.c.outcome.is_not(None))):
        outcome = rows.read_outcome(content)
        if isinstance(outcome, Graded) and outcome.doubt is not None:
            said.add(outcome.doubt.reason)
    if not said:
        return
    for row in connection.execute(sa.select(disputes)).mappings().all():
        dispute = Dispute.model_validate_json(row["content"])
        if dispute.source != "grading" or dispute.reason not in said:
            continue
        mine = disputes.c.id == row["id"]
        if row["state"] == "open":
            connection.execute(sa.delete(disputes).where(mine))
        else:
            content = dispute.model_copy(update={"reason": ""}).model_dump_json()
            connection.execute(sa.update(disputes).where(mine).values(content=content))
