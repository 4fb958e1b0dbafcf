"""Which faults mean that a stored row is damaged, and how they are named."""

import sqlite3

from pydantic import ValidationError
from sqlalchemy import exc

from interview.errors import StoreError

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
