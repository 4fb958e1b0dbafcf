"""The whole database row by row: read for an archive, and merged from one. Lists and search are made anew."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Literal

import sqlalchemy as sa
from sqlalchemy import exc

from interview.errors import ContentError
from interview.models import Damaged, Value
from interview.store import deletions, search
from interview.store.damage import DAMAGE, read_rows, said
from interview.store.row_checks import Row, check_row, from_json, to_json
from interview.store.schema import METADATA, answers, gradings, turn_facts, turns
from interview.store.store import Store

# In the order in which rows can be inserted: what others refer to first.
# What lists repeat is made anew; what waits to be deleted is an order to this machine, which no archive gives.
_LEFT_OUT = {turn_facts.name, "deletions"}
TABLES = {table.name: table for table in METADATA.sorted_tables if table.name not in _LEFT_OUT}
_WINDOW = 500
_MOST_NAMED = 100


class LeftOut(Value):
    """A row that could not be added: what it belongs to is not here (`parent`), or another row has its `place`."""

    table: str
    id: str
    why: Literal["parent", "place"]


class Merged(Value):
    """What came of a merge, in rows.

    `kept` were here with other content and stay as they are; `unplaced` could not be added, and `left_out` names the
    first of them. Of the `added` rows, `sessions` are sessions and `waiting` are gradings that will be made here.
    """

    added: int = 0
    known: int = 0
    kept: int = 0
    sessions: int = 0
    waiting: int = 0
    unplaced: int = 0
    left_out: tuple[LeftOut, ...] = ()


class WholeStore:
    """Reads all rows in one snapshot, and merges rows in one transaction. StoreError as of the Store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def reading(self) -> AbstractContextManager[sa.Connection]:
        """Return the snapshot that `rows` reads from."""
        return self._store.reading()

    def rows(self, connection: sa.Connection, name: str, damaged: Callable[[Damaged], None]) -> Iterator[Row]:
        """Yield the rows of a table as JSON, in the order in which they came. Damaged ones are handed to `damaged`."""
        table = TABLES[name]
        rowid = sa.literal_column(f"{name}.rowid", sa.Integer)
        columns = (column for column in table.columns if column.name != "seq")
        wanted = sa.select(rowid.label("rowid"), *columns).where(deletions.shown(connection, table))
        try:
            windows = list(_windows(connection, rowid, table))
        except DAMAGE as fault:
            damaged(Damaged(table=name, id="*", what=said(fault)))
            return
        for window in windows:
            inside = wanted.where(rowid >= window[0], rowid <= window[-1]).order_by(rowid)
            each = ((f"row {number}", wanted.where(rowid == number)) for number in window)
            for row in read_rows(connection, name, inside, each, dict, damaged):
                number = row.pop("rowid")
                try:
                    check_row(connection, table, row)
                except DAMAGE as fault:
                    damaged(Damaged(table=name, id=str(row.get("id", number)), what=said(fault)))
                else:
                    yield to_json(_at_rest(table, row))

    def merge(self, members: Iterator[tuple[str, Iterator[Row]]], progress: Callable[[int], None]) -> Merged:
        """Add the rows that are not here, in one transaction; nothing that is here changes.

        Args:
            members: Tables by name, in the order of `TABLES`, each with its rows.
            progress: Called with the number of rows so far.

        Raises:
            ContentError: A row cannot be used; nothing was added.
        """
        with self._store.writing() as connection:
            merge = _Merge(connection)
            for name, rows in members:
                table = TABLES.get(name)
                if table is None:
                    raise ContentError(f"The archive has a table {name}, which this version of Viva does not know.")
                for number, row in enumerate(rows, 1):
                    try:
                        merge.add(table, from_json(table, row))
                    except (ValueError, TypeError, KeyError, OverflowError) as fault:
                        raise ContentError(f"{name}.jsonl:{number}: cannot be used: {said(fault)}.") from fault
                    progress(merge.rows)
            return merge.finish()


def _windows(connection: sa.Connection, rowid: sa.ColumnElement[int], table: sa.Table) -> Iterator[range]:
    last = connection.scalar(sa.select(sa.func.max(rowid)).select_from(table)) or 0
    first = connection.scalar(sa.select(sa.func.min(rowid)).select_from(table)) or 0
    for start in range(first, last + 1, _WINDOW):
        yield range(start, min(start + _WINDOW, last + 1))


def _at_rest(table: sa.Table, row: Row) -> Row:
    """Return a grading without its lease, which holds for a process of this machine alone."""
    if table is gradings and row["state"] == "running":
        return {**row, "state": "pending", "owner": None, "lease_until": None}
    return row


class _Merge:
    """One merge inside its transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._counts: Counter[str] = Counter()
        self._seen: Counter[int] = Counter()
        self._left_out: list[LeftOut] = []
        self._touched: dict[str, None] = {}  # turns to be found anew
        self.rows = 0

    def add(self, table: sa.Table, row: Row) -> None:
        """Insert a row unless it is here; see `check_row` for ValueError."""
        self.rows += 1
        check_row(self._connection, table, row)
        row = _at_rest(table, row)
        key = _key(table)
        stored = self._find(table, {name: row[name] for name in key}) if key else self._find_again(table, row)
        if stored is None:
            self._insert(table, row)
        elif all(stored[name] == value for name, value in row.items()):
            self._counts["known"] += 1
        else:
            self._counts["kept"] += 1

    def _find(self, table: sa.Table, wanted: Row) -> Row | None:
        same = (table.columns[name].is_not_distinct_from(value) for name, value in wanted.items())
        found = self._connection.execute(sa.select(table).where(*same).limit(1)).mappings().one_or_none()
        return None if found is None else dict(found)

    def _find_again(self, table: sa.Table, row: Row) -> Row | None:
        """Find a row of a table without ids: the n-th of equal rows is here where n of them are."""
        mark = hash((table.name, repr(row)))
        self._seen[mark] += 1
        same = (table.columns[name].is_not_distinct_from(value) for name, value in row.items())
        count = self._connection.scalar(sa.select(sa.func.count()).select_from(table).where(*same)) or 0
        return row if count >= self._seen[mark] else None

    def _insert(self, table: sa.Table, row: Row) -> None:
        if table is turns:
            row = {**row, "attempt": self._free_attempt(row)}
        try:
            self._connection.execute(sa.insert(table), row)
        except exc.IntegrityError as fault:
            self._counts["unplaced"] += 1
            if len(self._left_out) < _MOST_NAMED:
                why = "parent" if "FOREIGN KEY" in said(fault) else "place"
                self._left_out.append(LeftOut(table=table.name, id=str(row.get("id", "")), why=why))
            return
        self._counts["added"] += 1
        self._counts[f"added {table.name}"] += 1
        self._counts["waiting"] += table is gradings and row["state"] != "done"
        self._touch(table, row)

    def _free_attempt(self, row: Row) -> int:
        """Return the attempt of a turn, or the next one where another turn has its place in the session."""
        place = (turns.c.session_id == row["session_id"], turns.c.position == row["position"])
        taken = set(self._connection.scalars(sa.select(turns.c.attempt).where(*place)))
        return max(taken) + 1 if row["attempt"] in taken else row["attempt"]

    def _touch(self, table: sa.Table, row: Row) -> None:
        turn_id = row["id"] if table is turns else row.get("turn_id")
        if turn_id is None and "answer_id" in row:
            turn_id = self._connection.scalar(sa.select(answers.c.turn_id).where(answers.c.id == row["answer_id"]))
        if turn_id is not None:
            self._touched[turn_id] = None

    def finish(self) -> Merged:
        """Let the turns be found, and return what came of the merge."""
        for turn_id in self._touched:
            search.index_turn(self._connection, turn_id)
        counts = {name: self._counts[name] for name in ("added", "known", "kept", "waiting", "unplaced")}
        return Merged(**counts, sessions=self._counts["added sessions"], left_out=tuple(self._left_out))


def _key(table: sa.Table) -> tuple[str, ...]:
    """Return the columns that name a row whatever database it is in; none where only its number does."""
    if "id" in table.columns:
        return ("id",)
    return tuple(column.name for column in table.primary_key if column.name != "seq")
