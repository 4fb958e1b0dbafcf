"""What models cost: one row per completion, added up by day, backend, session or purpose."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from interview.models import Value
from interview.store.schema import sessions, spending
from interview.store.store import Store

Grouping = Literal["day", "backend", "session", "purpose"]


class Sum(Value):
    """What the completions of a group came to. `key` is its day, backend and model, session or purpose.

    Token counts leave out the completions that told none; `unknown` is how many have no known cost. `costs` has an
    amount per currency, of the completions whose cost is known. `title` is that of a session.
    """

    key: str
    title: str = ""
    completions: int
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    costs: dict[str, float]
    unknown: int


class Means(Value):
    """Mean tokens of earlier completions of one model; `n` of them."""

    n: int
    prompt_tokens: float
    completion_tokens: float
    cached_tokens: float


_KEYS: dict[Grouping, sa.ColumnElement[str]] = {
    "day": sa.func.strftime("%Y-%m-%d", spending.c.at),
    "backend": spending.c.backend + " " + spending.c.model,
    "session": sa.func.coalesce(spending.c.session_id, ""),
    "purpose": spending.c.purpose,
}


def _tokens(name: str) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(spending.c[name]), 0)


class SpendingLog:
    """The rows of one Store; every method is one transaction. StoreError: the database cannot be used."""

    def __init__(self, store: Store) -> None:
        """Reads and writes through `store`."""
        self._store = store

    def add(self, row: dict[str, Any]) -> None:
        """Keep one completion, now. An empty `session_id` stands for none."""
        row = {**row, "at": self._store.clock(), "session_id": row["session_id"] or None}
        with self._store.writing() as connection:
            connection.execute(sa.insert(spending), row)

    def sums(self, by: Grouping, since: datetime | None = None) -> tuple[Sum, ...]:
        """Return the groups with anything in them: days from new to old, others from dear to cheap."""
        key = _KEYS[by].label("key")
        wanted = sa.select(
            key,
            spending.c.currency,
            sa.func.count().label("completions"),
            sa.func.sum(spending.c.calls).label("calls"),
            *(_tokens(name).label(name) for name in ("prompt_tokens", "completion_tokens", "cached_tokens")),
            sa.func.sum(spending.c.cost).label("cost"),
            sa.func.sum(sa.case((spending.c.cost.is_(None), 1), else_=0)).label("unknown"),
        ).group_by(key, spending.c.currency)
        if since is not None:
            wanted = wanted.where(spending.c.at >= since)
        with self._store.reading() as connection:
            rows = connection.execute(wanted).mappings().all()
            titles = self._titles(connection, rows) if by == "session" else {}
        return _merged(rows, titles, newest_first=by == "day")

    def since(self, start: datetime, currency: str) -> tuple[float, int]:
        """Return money in `currency`, and tokens in all, of what was completed since then."""
        tokens = _tokens("prompt_tokens") + _tokens("completion_tokens")
        money = sa.func.sum(sa.case((spending.c.currency == currency, spending.c.cost), else_=0.0))
        with self._store.reading() as connection:
            row = connection.execute(sa.select(money, tokens).where(spending.c.at >= start)).one()
        return float(row[0] or 0.0), int(row[1] or 0)

    def means(self, backend: str, model: str, purposes: Sequence[str], newest: int = 200) -> Means | None:
        """Return the means of the newest completions of a model for these purposes that told tokens; None: none."""
        chosen = (
            sa.select(spending.c.prompt_tokens, spending.c.completion_tokens, spending.c.cached_tokens)
            .where(spending.c.backend == backend, spending.c.model == model, spending.c.purpose.in_(list(purposes)))
            .where(spending.c.prompt_tokens.is_not(None), spending.c.completion_tokens.is_not(None))
            .order_by(spending.c.seq.desc())
            .limit(newest)
            .subquery()
        )
        means = [sa.func.avg(sa.func.coalesce(column, 0)).label(column.name) for column in chosen.c]
        with self._store.reading() as connection:
            row = connection.execute(sa.select(sa.func.count().label("n"), *means).select_from(chosen)).mappings().one()
        return Means(**row) if row["n"] else None

    def _titles(self, connection: sa.Connection, rows: Sequence[sa.RowMapping]) -> dict[str, str]:
        wanted = sa.select(sessions.c.id, sessions.c.title).where(sessions.c.id.in_({row["key"] for row in rows}))
        return {row["id"]: row["title"] for row in connection.execute(wanted).mappings()}


def _merged(rows: Sequence[sa.RowMapping], titles: dict[str, str], *, newest_first: bool) -> tuple[Sum, ...]:
    """One Sum per key, of the rows of each of its currencies."""
    groups: dict[str, list[sa.RowMapping]] = {}
    for row in rows:
        groups.setdefault(row["key"], []).append(row)

    def total(found: list[sa.RowMapping], name: str) -> int:
        return sum(int(row[name] or 0) for row in found)

    sums = [
        Sum(
            key=key,
            title=titles.get(key, ""),
            completions=total(found, "completions"),
            calls=total(found, "calls"),
            prompt_tokens=total(found, "prompt_tokens"),
            completion_tokens=total(found, "completion_tokens"),
            cached_tokens=total(found, "cached_tokens"),
            costs={row["currency"]: float(row["cost"]) for row in found if row["cost"] is not None},
            unknown=total(found, "unknown"),
        )
        for key, found in groups.items()
    ]
    if newest_first:
        return tuple(sorted(sums, key=lambda one: one.key, reverse=True))
    return tuple(sorted(sums, key=lambda one: (-sum(one.costs.values()), -one.prompt_tokens, one.key)))
