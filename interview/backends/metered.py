"""Counts what every call costs: tokens as the endpoint told them, money by its prices, unknown where one is."""

import asyncio
from contextlib import aclosing
from typing import Protocol

from interview.backends.backend import Completion, CompletionRequest, Delta, Events, Purpose, Usage
from interview.backends.pipeline import Handler
from interview.backends.tariff import Tariff
from interview.models import Value


class Expense(Value):
    """One completion and what it took. Token counts and `cost` are None where unknown; `session_id` may be empty."""

    purpose: Purpose
    backend: str
    model: str
    session_id: str = ""
    usage: Usage = Usage()
    calls: int = 1
    cost: float | None = None
    currency: str = ""


class Meter(Protocol):
    """Where expenses are kept, and who says when there is no more money. Both may block, and are called in a thread."""

    def admit(self, backend: str, tariff: Tariff | None) -> None:
        """Raises LastingFault (quota_exhausted) where the budget is used up; `tariff` None: the price is unknown."""
        ...

    def note(self, expense: Expense) -> None:
        """Keep an expense. Raises nothing: what was replied is never lost over its bill."""
        ...


class Metering:
    """Holds completions to the budget before they are asked for, and notes what they cost."""

    def __init__(self, meter: Meter, tariff: Tariff | None, *, backend: str, model: str) -> None:
        """`tariff` None: its prices are unknown, so its costs are."""
        self._meter = meter
        self._tariff = tariff
        self._backend = backend
        self._model = model
        self._currency = tariff.currency if tariff else ""

    async def complete(self, request: CompletionRequest, call_next: Handler) -> Events:
        """Call the next stage if the budget allows it, and record the cost.

        A reply that breaks off, or that nobody waits for any more, is noted with unknown tokens: it was paid for.
        """
        await asyncio.to_thread(self._meter.admit, self._backend, self._tariff)
        began = False
        try:
            async with aclosing(call_next(request)) as events:
                async for event in events:
                    began = began or isinstance(event, Delta)
                    if isinstance(event, Completion):
                        began, event = False, self._priced(event)
                        expense = self._expense(request, event.usage, event.calls, event.cost)
                        await asyncio.to_thread(self._meter.note, expense)
                    yield event
        finally:
            if began:
                free = self._tariff is not None and self._tariff.is_free
                self._meter.note(self._expense(request, Usage(), 1, 0.0 if free else None))

    def _priced(self, reply: Completion) -> Completion:
        if self._tariff is None:
            return reply
        tariff = self._tariff
        counted = {"cost": tariff.cost(reply.usage), "currency": tariff.currency, "list_date": tariff.list_date}
        return reply.model_copy(update=counted)

    def _expense(self, request: CompletionRequest, usage: Usage, calls: int, cost: float | None) -> Expense:
        return Expense(
            purpose=request.purpose,
            backend=self._backend,
            model=self._model,
            session_id=request.session_id,
            usage=usage,
            calls=calls,
            cost=cost,
            currency=self._currency,
        )
