"""Runs of evaluations: what was measured on which grader, and the whole report."""

import json
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from interview.models import Value
from interview.store.schema import measurements
from interview.store.store import Store, new_id


class Measurement(Value):
    """One run. `suite` is `golden`, `injection`, `probes`, or the file of a data set; `report` as `evaluate --json`."""

    id: str
    grader: str
    suite: str
    options: dict[str, Any]
    state: Literal["running", "done", "failed", "stopped"]
    created_at: datetime
    finished_at: datetime | None = None
    report: dict[str, Any] | None = None


class Measurements:
    """Keeps every run; a report is written once. StoreError."""

    def __init__(self, store: Store) -> None:
        """Works in the transactions of `store`."""
        self._store = store

    def begin(self, grader: str, suite: str, options: dict[str, Any]) -> str:
        """Note that a run begins; returns its id."""
        measurement_id = new_id()
        row = {"id": measurement_id, "grader": grader, "suite": suite, "state": "running"}
        row |= {"created_at": self._store.clock(), "options": json.dumps(options, ensure_ascii=False)}
        with self._store.writing() as connection:
            connection.execute(sa.insert(measurements), row)
        return measurement_id

    def finish(self, measurement_id: str, report: dict[str, Any]) -> None:
        """Write the report of a run; the first time counts."""
        content = json.dumps(report, ensure_ascii=False, allow_nan=False)
        self._end(measurements.c.id == measurement_id, state="done", report=content)

    def break_off(self, measurement_id: str, *, failed: bool) -> None:
        """Note that a run ended without a report: stopped, or `failed`."""
        self._end(measurements.c.id == measurement_id, state="failed" if failed else "stopped")

    def forget_running(self) -> None:
        """Note that runs of a process which is gone were broken off; what was graded in them is kept elsewhere."""
        self._end(sa.true(), state="stopped")

    def reports(self, limit: int = 500) -> tuple[Measurement, ...]:
        """The newest `limit` runs that have a report, old ones first."""
        wanted = (
            sa.select(measurements)
            .where(measurements.c.state == "done")
            .order_by(measurements.c.seq.desc())
            .limit(limit)
        )
        with self._store.reading() as connection:
            found = connection.execute(wanted).mappings().all()
        return tuple(_read(row) for row in reversed(found))

    def _end(self, which: sa.ColumnElement[bool], **columns: Any) -> None:
        with self._store.writing() as connection:
            connection.execute(
                sa.update(measurements)
                .where(which, measurements.c.state == "running")
                .values(finished_at=self._store.clock(), **columns)
            )


def _read(row: sa.RowMapping) -> Measurement:
    return Measurement(
        id=row["id"],
        grader=row["grader"],
        suite=row["suite"],
        options=json.loads(row["options"]),
        state=row["state"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        report=None if row["report"] is None else json.loads(row["report"]),
    )
