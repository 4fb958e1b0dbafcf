"""`costs`: what models have cost so far, and how much of the budget is left."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from interview.backends.tariff import Tariff, amount
from interview.cli.options import AsJson, DataDir
from interview.cli.output import say, say_json
from interview.service.spending import Estimate, Limit
from interview.settings import read_settings
from interview.store.spending import Sum
from interview.store.store import DATABASE, Store
from interview.wiring import build_bench, metered

_HEADINGS = ("calls", "prompt", "cached", "completion", "cost")


class By(StrEnum):
    """What the expenses are grouped by."""

    DAY = "day"
    BACKEND = "backend"
    SESSION = "session"
    PURPOSE = "purpose"


def costs(
    by: Annotated[By, typer.Option(help="What to group by.")] = By.DAY,
    days: Annotated[int | None, typer.Option(min=1, help="Only the last so many days.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show what models have cost: calls, tokens and money, and the budget. Unknown prices are never counted as 0."""
    settings = read_settings(data_dir=data_dir)
    if not (settings.data_dir / DATABASE).exists():
        _show(by, (), (), {}, as_json=as_json)
        return
    store = Store.open(settings.data_dir, read_only=True)
    try:
        spending = metered(build_bench(settings), store, settings)
        since = None if days is None else store.clock() - timedelta(days=days)
        _show(by, spending.sums(by.value, since), spending.limits(), spending.listed(), as_json=as_json)
    finally:
        store.close()


def _show(by: By, sums: Sequence[Sum], limits: Sequence[Limit], listed: Mapping[str, Tariff], *, as_json: bool) -> None:
    if as_json:
        budget = [limit.model_dump() | {"share": round(limit.share, 4)} for limit in limits]
        prices = {name: tariff.model_dump() for name, tariff in listed.items()}
        groups = [one.model_dump() for one in sums]
        say_json({"by": by.value, "groups": groups, "budget": budget, "listed_prices": prices})
        return
    rows = [(by.value, *_HEADINGS), *(_row(one, by) for one in sums)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows if sums else ():
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        say("  ".join([row[0].ljust(widths[0]), *cells]))
    if not sums:
        say("Nothing was spent yet.")
    for limit in limits:
        say(f"Budget of this {limit.period}: {_of(limit)} used ({limit.share:.0%}).")
    for name, tariff in listed.items():
        say(f"{name}: counted by a price list of {tariff.list_date}; your own price in backends.toml wins.")


def _row(one: Sum, by: By) -> tuple[str, ...]:
    name = one.key or "(no session)"
    if by is By.SESSION and one.title:
        name = f"{one.key[:8]} {one.title}"
    tokens = (one.prompt_tokens, one.cached_tokens, one.completion_tokens)
    return (name, f"{one.calls:,}", *(f"{count:,}" for count in tokens), money(one))


def money(one: Sum) -> str:
    """Return the known amounts, and for how many completions the cost is not known."""
    known = [amount(cost, currency) for currency, cost in sorted(one.costs.items())]
    unknown = [f"unknown for {one.unknown}"] if one.unknown else []
    return " + ".join(known + unknown)


def _of(limit: Limit) -> str:
    if limit.currency:
        return f"{amount(limit.used, limit.currency)} of {amount(limit.limit, limit.currency)}"
    return f"{limit.used:,.0f} of {limit.limit:,.0f} tokens"


def foretold(estimate: Estimate) -> str:
    """Return an estimate as one line."""
    if estimate.prompt_tokens is None:
        return f"{estimate.grader}: {estimate.gradings:,} gradings, nothing to pay"
    tokens = f"about {estimate.prompt_tokens:,} + {estimate.completion_tokens or 0:,} tokens"
    price = "cost unknown" if estimate.cost is None else f"about {amount(estimate.cost, estimate.currency)}"
    price += f" at prices of {estimate.list_date}" if estimate.list_date and estimate.cost is not None else ""
    basis = f"by {estimate.from_past} earlier ones" if estimate.from_past else "by the length of the prompts"
    return f"{estimate.grader}: {estimate.gradings:,} gradings, {tokens}, {price} ({basis})"
