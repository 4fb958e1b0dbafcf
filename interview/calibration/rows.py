"""Strict reading of tables of answers, JSONL or CSV: whatever is wrong is told with its row."""

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from interview.errors import ContentError
from interview.models import Language, digest
from interview.text import clean

_MOST_COLUMNS = 1000


@dataclass(frozen=True)
class Row:
    """One row of a file. `number` is the line that it begins on, from 1; `fields` are as they stand there."""

    file: str
    number: int
    fields: Mapping[str, Any]

    def wrong(self, what: str) -> ContentError:
        """Return the error that says what is wrong in this row."""
        return ContentError(f"{self.file}: row {self.number}: {what}")

    def has(self, column: str) -> bool:
        """Whether there is anything in the column; an empty cell and null are nothing."""
        return self.fields.get(column) not in (None, "")

    def require(self, columns: Sequence[str]) -> None:
        """Raise ContentError naming all of the columns that the row has not."""
        missing = [column for column in columns if column not in self.fields]
        if missing:
            raise self.wrong(f"missing columns: {', '.join(missing)}")

    def text(self, column: str, *, empty: bool = False) -> str:
        """Return a text without what no text may hold. ContentError: the column is missing, no text, or empty."""
        found = self.fields.get(column)
        if column not in self.fields:
            raise self.wrong(f"the column {column!r} is missing")
        if not isinstance(found, str):
            raise self.wrong(f"{column}: expected a text, found {_shown(found)}")
        text = clean(found)
        if not empty and not text.strip():
            raise self.wrong(f"{column}: expected a text, found an empty one")
        return text

    def texts(self, column: str) -> tuple[str, ...]:
        """Return a list of texts; none where the column is empty. In CSV the cell holds a JSON list."""
        if not self.has(column):
            return ()
        found = self.fields[column]
        if isinstance(found, str):
            found = _parsed(found, self)
        if not isinstance(found, list) or not all(isinstance(text, str) for text in cast(list[Any], found)):
            raise self.wrong(f"{column}: expected a list of texts, found {_shown(found)}")
        return tuple(clean(text) for text in cast(list[str], found) if text.strip())

    def share(self, column: str, maximum: float) -> float:
        """Return a score as a share (0-1) of its maximum."""
        score = self.number_in(column)
        if not 0 <= score <= maximum:
            raise self.wrong(f"{column}: expected a score from 0 to max_score ({maximum:g}), found {score:g}")
        return score / maximum

    def number_in(self, column: str) -> float:
        """Return a finite number. ContentError: the column is missing or holds something else."""
        if not self.has(column):
            raise self.wrong(f"the column {column!r} is missing")
        found = self.fields[column]
        try:
            number = math.nan if isinstance(found, bool) else float(found)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            raise self.wrong(f"{column}: expected a number, found {_shown(found)}")
        return number

    def language(self, column: str = "lang") -> Language | None:
        """Return the language that the row names; None where it names none."""
        if not self.has(column):
            return None
        found = self.fields[column]
        if found not in ("zh", "en"):
            raise self.wrong(f"{column}: expected zh or en, found {_shown(found)}")
        return found


@dataclass(frozen=True)
class Table:
    """The rows of one file. `digest` identifies its bytes."""

    file: str
    digest: str
    rows: tuple[Row, ...]


def read_table(path: Path) -> Table:
    """Read a file of rows: CSV where its name ends in `.csv`, else one JSON object per line.

    Raises ContentError: it cannot be read, is no UTF-8, a row is no object or has a key twice, or there is no row.
    """
    try:
        raw = path.read_bytes()
    except OSError as fault:
        raise ContentError(f"{path}: cannot be read: {fault.strerror}") from fault
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as fault:
        line = raw.count(b"\n", 0, fault.start) + 1
        raise ContentError(
            f"{path}: row {line}: not UTF-8 text (byte {fault.start}). Save the file as UTF-8."
        ) from fault
    read = _csv_rows if path.suffix.lower() == ".csv" else _json_rows
    rows = tuple(read(text, str(path)))
    if not rows:
        raise ContentError(f"{path}: there are 0 rows in it; expected one answer per row")
    return Table(str(path), digest(text), rows)


def read_suite(path: Path) -> tuple[Row, ...]:
    """Read one file, or every `*.jsonl` of a folder; ids are unique over all of them. Raises ContentError."""
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    if not files:
        raise ContentError(f"{path}: there is no suite in this folder; expected *.jsonl")
    rows = tuple(row for file in files for row in read_table(file).rows)
    require_unique(rows)
    return rows


def require_unique(rows: tuple[Row, ...]) -> None:
    """Raise ContentError naming the first row whose id an earlier row has, too."""
    seen: dict[str, Row] = {}
    for row in rows:
        name = row.text("id")
        if name in seen:
            raise row.wrong(f"id: {name!r} is the id of row {seen[name].number}, too; expected every id once")
        seen[name] = row


def _json_rows(text: str, file: str) -> Iterator[Row]:
    # Lines end at line feeds alone: U+2028 may stand inside a JSON string.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        blank = Row(file, number, {})
        fields = _parsed(line, blank)
        if not isinstance(fields, dict):
            raise blank.wrong(f"expected a JSON object, found {_shown(fields)}")
        yield Row(file, number, cast(dict[str, Any], fields))


def _parsed(text: str, row: Row) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once_each, parse_constant=_refused)
    except RecursionError as fault:
        raise row.wrong("expected flat JSON, found brackets within brackets") from fault
    except ValueError as fault:
        raise row.wrong(f"expected JSON: {fault}") from fault


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, found in pairs:
        if name in fields:
            raise ValueError(f"the key {name!r} stands there twice")
        fields[name] = found
    return fields


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")


def _csv_rows(text: str, file: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns: list[str] | None = None
    start = 1
    try:
        for cells in reader:
            row = Row(file, start, {})
            start = reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                columns = _header(cells, row)
            elif len(cells) != len(columns):
                raise row.wrong(f"expected {len(columns)} cells as in the first row, found {len(cells)}")
            else:
                yield Row(file, row.number, dict(zip(columns, cells, strict=True)))
    except csv.Error as fault:
        raise Row(file, start, {}).wrong(f"expected CSV: {fault}") from fault


def _header(cells: list[str], row: Row) -> list[str]:
    columns = [cell.strip() for cell in cells]
    twice = [name for name in columns if columns.count(name) > 1]
    if twice or len(columns) > _MOST_COLUMNS:
        raise row.wrong(f"the column {twice[0]!r} stands there twice" if twice else "too many columns")
    return columns


def _shown(found: Any) -> str:
    text = json.dumps(found, ensure_ascii=False)
    return text if len(text) <= 60 else text[:60] + "…"
