"""Statements about failed attempts: added to their grading, numbered through, and bounded."""

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa

from interview.models import FailedAttempt
from interview.store.rows import read_attempt
from interview.store.schema import attempts

# Of more, those in between go: the first ones say how it began, the last ones why it ended.
FIRST, LAST = 3, 17


def add(connection: sa.Connection, grading_id: str, failed: Sequence[FailedAttempt]) -> None:
    """Keep failed attempts of a grading, numbered from the last one that is there."""
    of_this = attempts.c.grading_id == grading_id
    known = connection.scalar(sa.select(sa.func.coalesce(sa.func.max(attempts.c.number), 0)).where(of_this))
    numbers = range((known or 0) + 1, (known or 0) + 1 + len(failed))
    numbered = zip(numbers, failed, strict=True)
    put(connection, grading_id, [one.model_copy(update={"number": number}) for number, one in numbered])
    last = (known or 0) + len(failed)
    between = sa.and_(attempts.c.number > FIRST, attempts.c.number <= last - LAST)
    connection.execute(sa.delete(attempts).where(of_this, between))


def put(connection: sa.Connection, grading_id: str, failed: Sequence[FailedAttempt]) -> None:
    """Store failed attempts with the numbers that they have."""
    if failed:
        connection.execute(sa.insert(attempts), [{"grading_id": grading_id, **one.model_dump()} for one in failed])


def read_of(connection: sa.Connection, grading_ids: sa.Select[tuple[str]]) -> dict[str, tuple[FailedAttempt, ...]]:
    """The failed attempts of these gradings, by the grading's id, old ones first."""
    wanted = sa.select(attempts).where(attempts.c.grading_id.in_(grading_ids)).order_by(attempts.c.number)
    found: defaultdict[str, list[FailedAttempt]] = defaultdict(list)
    for row in connection.execute(wanted).mappings():
        found[row["grading_id"]].append(read_attempt(row))
    return {grading_id: tuple(failed) for grading_id, failed in found.items()}
