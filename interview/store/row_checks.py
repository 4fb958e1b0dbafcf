"""What a row must be like to be read back: the types of its columns, and the values in its JSON."""

import hashlib
import json
import math
import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any, get_args

import sqlalchemy as sa
from fsrs import Card
from pydantic import TypeAdapter

from interview.models import (
    Appeal,
    Checklist,
    Confidence,
    Dispute,
    Graded,
    Outcome,
    Question,
    Rating,
    RemarkKind,
    SessionPlan,
    UngradedReason,
)
from interview.store.rows import write_outcome
from interview.store.schema import Utc, answers
from interview.verify import false_quotes

Row = dict[str, Any]
_OUTCOME: TypeAdapter[Outcome] = TypeAdapter(Outcome)
_HEX = {length: re.compile(f"[0-9a-f]{{{length}}}") for length in (12, 32, 64)}

# By table and column; each raises ValueError for a text that could not be read back.
_TEXTS: dict[tuple[str, str], Callable[[str], object]] = {
    ("question_versions", "content"): Question.model_validate_json,
    ("sessions", "plan"): SessionPlan.model_validate_json,
    ("gradings", "outcome"): _OUTCOME.validate_json,
    ("gradings", "appeal"): Appeal.model_validate_json,
    ("checklists", "content"): Checklist.model_validate_json,
    ("disputes", "content"): Dispute.model_validate_json,
    ("cards", "content"): Card.from_json,
    ("reviews", "before"): Card.from_json,
    ("measurements", "options"): json.loads,
    ("measurements", "report"): json.loads,
}
# Of columns whose type allows more than the values that mean something.
_VALUES: dict[tuple[str, str], Collection[object]] = {
    ("turns", "confidence"): get_args(Confidence),
    ("reviews", "rating"): get_args(Rating),
    ("reviews", "suggested"): (0, *get_args(Rating)),  # 0: nothing was suggested
    ("remarks", "kind"): get_args(RemarkKind),
    ("gradings", "waiting_for"): get_args(UngradedReason),
}


def check_row(connection: sa.Connection, table: sa.Table, row: Row) -> None:
    """Raise ValueError for a row that does not mean what its columns promise; `row` has the values of the columns.

    The answer of a grading must be stored: its quotes are looked for there.
    """
    for name, value in row.items():
        column = table.columns[name]
        if value is None:
            if not column.nullable:
                raise ValueError(f"{name} is missing")
            continue
        _check_type(column, value)
        if value not in _VALUES.get((table.name, name), (value,)):
            raise ValueError(f"{name} has no such value")
        if (check := _TEXTS.get((table.name, name))) is not None:
            check(value)
    if table.name == "question_versions" and row["version"] != hashlib.sha256(row["content"].encode()).hexdigest():
        raise ValueError("version is not the digest of the question")
    if table.name == "preferences" and " " not in row["key"]:  # a blank marks a family of texts, which are not JSON
        json.loads(row["content"])
    if table.name == "gradings" and row["outcome"] is not None:
        _check_grading(connection, row)


def _check_type(column: sa.Column[Any], value: object) -> None:
    """Raise ValueError where SQLite would store something that reads back as another type."""
    kind = column.type
    if isinstance(kind, Utc):
        good = isinstance(value, datetime) and value.tzinfo is not None
    elif isinstance(kind, sa.JSON):
        good = isinstance(value, list) and all(isinstance(one, str) for one in value)  # pyright: ignore[reportUnknownVariableType]
    elif isinstance(kind, sa.Boolean):
        good = isinstance(value, bool)
    elif isinstance(kind, sa.Integer):
        good = type(value) is int and abs(value) < 2**63
    elif isinstance(kind, sa.Float):
        good = type(value) in (int, float) and math.isfinite(float(value))  # pyright: ignore[reportArgumentType]
    else:
        form = _HEX.get(kind.length or 0) if isinstance(kind, sa.String) else None
        empty = value == "" and column.nullable  # as spending has it for what belongs to no session
        good = isinstance(value, str) and (form is None or empty or form.fullmatch(value) is not None)
    if not good:
        raise ValueError(f"{column.name} is not of its type")


def _check_grading(connection: sa.Connection, row: Row) -> None:
    outcome = _OUTCOME.validate_json(row["outcome"])
    repeated = {name: value for name, value in write_outcome(outcome).items() if name != "outcome"}
    if any(row.get(name) != value for name, value in repeated.items()):
        raise ValueError("outcome says something else than the columns beside it")
    if not isinstance(outcome, Graded):
        return
    if not 0 <= outcome.score <= outcome.max_score:
        raise ValueError("score is out of its range")
    answer = connection.scalar(sa.select(answers.c.text).where(answers.c.id == row["answer_id"]))
    if answer is not None and any(false_quotes(outcome.model_dump(), answer)):
        raise ValueError("outcome has a quote that is not in the answer at its place")


def to_json(row: Row) -> Row:
    """Return a row with its moments as text."""
    return {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value for name, value in row.items()
    }


def from_json(table: sa.Table, row: Row) -> Row:
    """Return a row of `to_json` with moments again. Raises ValueError: it has a column that the table has not."""
    if unknown := set(row) - set(table.columns.keys()) | ({"seq"} & set(row)):
        raise ValueError(f"there is no column {', '.join(sorted(unknown))} in this version of Viva")
    return {
        name: datetime.fromisoformat(value) if isinstance(table.columns[name].type, Utc) and value else value
        for name, value in row.items()
    }
