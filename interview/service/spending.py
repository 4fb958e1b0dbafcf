"""What models cost here: counted call by call, held to a budget, and foretold before many calls are made."""

import logging
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from interview.backends.backend import Usage
from interview.backends.endpoint import Endpoint
from interview.backends.metered import Expense
from interview.backends.tariff import Tariff
from interview.errors import LastingFault, StoreError
from interview.grading.grader import GradingRequest
from interview.grading.judge_prompt import JudgePrompt
from interview.grading.modes import taken_apart
from interview.grading.shelf import GraderChoice
from interview.models import Value
from interview.prompts import Prompts
from interview.settings import Budget
from interview.store.spending import Grouping, SpendingLog, Sum
from interview.store.store import Store
from interview.text import CJK

WARNS_AT = 0.8
_JUDGING = ("grading", "evaluation", "comparison")
# Where nothing is known of a model: tokens of its prompts and replies, by the characters of what it is asked.
_TOKENS_PER_CJK, _TOKENS_PER_OTHER = 0.8, 0.27
_REPLY_BASE, _REPLY_PER_POINT = 250, 90
_SAMPLE = 8  # prompts that an estimate renders; the page shows it at once
_WIDE = re.compile(f"[{CJK}]")
_log = logging.getLogger(__name__)


class Shelf(Protocol):
    """Where graders are found, with their addresses and prices."""

    def choices(self) -> Sequence[GraderChoice]:
        """Every grader that is offered."""
        ...

    def endpoint_of(self, name: str) -> Endpoint | None:
        """Where that grader sends answers; None for the coverage estimate. NotFound."""
        ...

    def tariff(self, name: str) -> Tariff | None:
        """What its model costs; None where unknown. NotFound."""
        ...


class Limit(Value):
    """One limit of the budget and how much of it is used; `currency` is empty where tokens are counted."""

    period: str
    used: float
    limit: float
    currency: str = ""

    @property
    def share(self) -> float:
        """What part of the limit is used; above 1 where calls were on their way when it was reached."""
        return self.used / self.limit


class Estimate(Value):
    """What gradings by one grader would take. Tokens and `cost` are None where nothing is sent, or a price is unknown.

    `calls` are more than the gradings where a grader asks in parts, or votes; what has to be asked twice comes on top.
    `list_date`: the day of the price list; empty for the user's own price. `from_past`: on how many earlier completions
    of the model it rests; 0: on the length of the prompts.
    """

    grader: str
    gradings: int
    calls: int = 0
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = None
    currency: str = ""
    list_date: str = ""
    from_past: int = 0


class Spending:
    """Counts and bounds what models cost; follows the Meter protocol. May be called from any thread."""

    def __init__(self, store: Store, shelf: Shelf, prompts: Prompts, budget: Budget, budget_problem: str = "") -> None:
        """Apply `budget` to all spending recorded in the store.

        `budget_problem` names the limits that could not be read. An unknown limit allows no spending.
        """
        self._log = SpendingLog(store)
        self._clock = store.clock
        self._shelf = shelf
        self._prompts = prompts
        self._budget = budget
        self._budget_problem = budget_problem

    # --- as a meter

    def admit(self, backend: str, tariff: Tariff | None) -> None:
        """Raise LastingFault if the budget is used up or cannot be read; what costs nothing goes on."""
        if tariff is not None and tariff.is_free:
            return
        if self._budget_problem:
            unread = f"The budget cannot be read, so nothing was sent. {self._budget_problem} Then start Viva again."
            raise LastingFault(unread, fault="quota_exhausted")
        for limit in self.limits():
            if limit.used >= limit.limit:
                raise LastingFault(_used_up(limit), fault="quota_exhausted")

    def note(self, expense: Expense) -> None:
        """Keep an expense; where the database cannot, the log says so and the reply goes on."""
        usage = expense.usage.model_dump()
        row = expense.model_dump(exclude={"usage", "cost"}) | usage | {"cost": expense.cost}
        try:
            self._log.add(row)
        except StoreError as error:
            _log.error("An expense of %s could not be noted: %s", expense.backend, error)

    # --- for people

    def sums(self, by: Grouping, since: datetime | None = None) -> tuple[Sum, ...]:
        """What was spent, in groups."""
        return self._log.sums(by, since)

    def limits(self) -> tuple[Limit, ...]:
        """The limits of the budget with what is used of each, the day's before the month's; empty without a budget."""
        budget, now = self._budget, self._clock()
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        found: list[Limit] = []
        periods = (("day", today, budget.day, budget.day_tokens),)
        periods += (("month", today.replace(day=1), budget.month, budget.month_tokens),)
        for period, start, money_limit, token_limit in periods:
            if money_limit is None and token_limit is None:
                continue
            money, tokens = self._log.since(start, budget.currency)
            if money_limit is not None:
                found.append(Limit(period=period, used=money, limit=money_limit, currency=budget.currency))
            if token_limit is not None:
                found.append(Limit(period=period, used=tokens, limit=token_limit))
        return tuple(found)

    def listed(self) -> dict[str, Tariff]:
        """What the graders that are offered cost by a price list of some day, by name; the user's own prices not."""
        tariffs = {choice.name: self._shelf.tariff(choice.name) for choice in self._shelf.choices()}
        return {name: tariff for name, tariff in tariffs.items() if tariff and tariff.list_date}

    def warning(self) -> Limit | None:
        """The limit that is used most, from WARNS_AT on; None where there is time to spend."""
        close = [limit for limit in self.limits() if limit.share >= WARNS_AT]
        return max(close, key=lambda limit: limit.share, default=None)

    def estimate(self, grader: str, requests: Sequence[GradingRequest]) -> Estimate:
        """Foretell what these gradings would take: by the model's past, else by the length of the prompts. NotFound."""
        endpoint, tariff = self._shelf.endpoint_of(grader), self._shelf.tariff(grader)
        count = len(requests)
        if endpoint is None or not count:
            return Estimate(grader=grader, gradings=count)
        means = self._log.means(endpoint.name, endpoint.model, _JUDGING)
        sample = requests[:: max(1, count // _SAMPLE)]
        wholes = [JudgePrompt(request, self._prompts.judge, b"estimate") for request in sample]
        asked = [one for whole in wholes for one in _asked_by(grader, whole)]
        times = count / len(sample)
        calls = times * len(asked)
        if means is not None:
            prompt, completion = calls * means.prompt_tokens, calls * means.completion_tokens
            cached = calls * means.cached_tokens
        else:
            prompt = times * sum(tokens_of(message.content) for one in asked for message in one.messages)
            completion = times * sum(_REPLY_BASE + _REPLY_PER_POINT * len(one.points) for one in asked)
            cached = 0
        usage = Usage(prompt_tokens=round(prompt), completion_tokens=round(completion), cached_tokens=round(cached))
        return Estimate(
            grader=grader,
            gradings=count,
            calls=round(calls),
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cost=None if tariff is None else tariff.cost(usage),
            currency="" if tariff is None else tariff.currency,
            list_date="" if tariff is None else tariff.list_date,
            from_past=0 if means is None else means.n,
        )


def _asked_by(grader: str, whole: JudgePrompt) -> list[JudgePrompt]:
    """What a grader of that name asks about one answer, call by call."""
    way = taken_apart(grader)
    if way.mode in ("vote", "panel"):
        return [one for base in way.bases for one in _asked_by(base, whole)] * way.votes
    return list(whole.parts) if way.mode == "careful" else [whole]


def tokens_of(text: str) -> float:
    """Return about how many tokens a text has, as well as one can without the model's tokenizer."""
    wide = len(_WIDE.findall(text))
    return wide * _TOKENS_PER_CJK + (len(text) - wide) * _TOKENS_PER_OTHER


def _used_up(limit: Limit) -> str:
    amount = f"{limit.limit:g} {limit.currency}" if limit.currency else f"{limit.limit:,.0f} tokens"
    return (
        f"The budget of this {limit.period} ({amount}) is used up, so nothing was sent. The answer is safe: raise the "
        "budget in backends.toml, or grade it with another grader."
    )
