"""What models cost, in groups, and how much of the budget is left."""

from collections.abc import Mapping, Sequence

from interview.backends.tariff import Tariff, amount
from interview.models import Language
from interview.service.spending import WARNS_AT, Limit
from interview.store.spending import Grouping, Sum
from interview.ui.safe_text import plain_line
from interview.ui.strings import t
from interview.ui.views.parts import worded
from interview.ui.views.view import ViewValue

_SHOWN = 31


def spending_card(
    by: Grouping, sums: Sequence[Sum], limits: Sequence[Limit], listed: Mapping[str, Tariff], lang: Language
) -> ViewValue:
    """A bar per limit and a row per group; an unknown cost is a word and never a 0.

    `listed`: whose prices come from a list of some day, which the card names.
    """
    dated = [t("spend.listed", lang, grader=name, date=tariff.list_date) for name, tariff in listed.items()]
    return {
        "title": t("spend.title", lang),
        "limits": [_limit(limit, lang) for limit in limits],
        "notes": [*dated, *([] if limits else [t("spend.set", lang)])],
        "empty": "" if sums else t("spend.nothing", lang),
        "head": [t(f"spend.{by}", lang), *(t(f"spend.{name}", lang) for name in _COLUMNS)],
        "rows": [_row(by, one, lang) for one in sums[:_SHOWN]],
    }


_COLUMNS = ("cost", "calls", "prompt", "cached", "completion")  # on a phone the first ones are seen


def _limit(limit: Limit, lang: Language) -> ViewValue:
    text = ""
    if limit.share >= 1:
        text = t("spend.stops", lang)
    elif limit.share >= WARNS_AT:
        text = t("spend.warns", lang)
    return {
        "label": t(f"spend.budget_{limit.period}", lang),
        "text": t("spend.of", lang, used=_of(limit, limit.used, lang), limit=_of(limit, limit.limit, lang)),
        "share": round(min(1.0, limit.share), 4),
        "tone": "weak" if limit.share >= 1 else "fair" if limit.share >= WARNS_AT else "good",
        "warning": text,
    }


def _of(limit: Limit, used: float, lang: Language) -> str:
    return amount(used, limit.currency) if limit.currency else t("spend.tokens", lang, n=f"{used:,.0f}")


def _row(by: Grouping, one: Sum, lang: Language) -> ViewValue:
    name = one.key
    if by == "purpose":
        name = worded("purpose", one.key, lang)
    elif by == "session":
        name = plain_line(one.title) or one.key[:8] or t("spend.no_session", lang)
    tokens = (one.prompt_tokens, one.cached_tokens, one.completion_tokens)
    return {"name": name, "cells": [_cost(one, lang), f"{one.calls:,}", *(f"{count:,}" for count in tokens)]}


def _cost(one: Sum, lang: Language) -> str:
    known = [amount(cost, currency) for currency, cost in sorted(one.costs.items())]
    return " + ".join(known + ([t("spend.unknown", lang, n=one.unknown)] if one.unknown else []))
