"""Which faults mean that a stored row is damaged, how they are named, and how the rows around it are read."""

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy import exc

from interview.errors import StoreError
from interview.models import Damaged

T = TypeVar("T")

# What reading a row raises where its bytes are not what was written: JSON, times, text in UTF-8, pages of the file.
DAMAGE = (StoreError, ValueError, TypeError, exc.DatabaseError, exc.NoResultFound, sqlite3.DatabaseError)


def said(fault: Exception) -> str:
    """Return what is wrong with a row, in one short line without the row's own text."""
    if isinstance(fault, ValidationError):
        error = fault.errors(include_input=False)[0]
        place = ".".join(str(part) for part in error["loc"])
        return f"{place}: {error['msg']}" if place else str(error["msg"])
    if isinstance(fault, exc.DBAPIError):
        return str(fault.orig).splitlines()[0]
    return f"{type(fault).__name__}: {fault}".splitlines()[0][:200]


def read_rows(
    connection: sa.Connection,
    table: str,
    together: sa.Select[Any],
    one_by_one: Iterable[tuple[str, sa.Select[Any]]],
    read: Callable[[sa.RowMapping], T],
    damaged: Callable[[Damaged], None],
) -> list[T]:
    """Read rows, leaving out those that cannot be read.

    Args:
        connection: A transaction that reads.
        table: Name under which damaged rows are reported.
        together: Selects all rows.
        one_by_one: Key of each row and the statement that selects it. Consumed only if `together` meets a damaged row.
        read: Turns a row into a value; raises one of DAMAGE for a damaged row.
        damaged: Called with each row that is left out; with the key `*` if not even the keys can be read.

    Returns:
        The values of the readable rows, in the order of the statements.
    """
    try:
        return [read(row) for row in connection.execute(together).mappings()]
    except DAMAGE:
        pass
    found: list[T] = []
    try:
        for key, single in one_by_one:
            try:
                found += [read(row) for row in connection.execute(single).mappings()]
            except DAMAGE as fault:
                damaged(Damaged(table=table, id=key, what=said(fault)))
    except DAMAGE as fault:
        damaged(Damaged(table=table, id="*", what=said(fault)))
    return found
