"""Counts what every call costs: tokens as the endpoint told them, money by its prices, unknown where one is."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol

from interview.backends.backend import Backend, Completion, CompletionRequest, Delta, Purpose, Restarted, Usage
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


class MeteredBackend:
    """A backend whose completions go through a meter; follows the Backend protocol."""

    def __init__(self, inner: Backend, meter: Meter, tariff: Tariff | None) -> None:
        """`tariff` None: its prices are unknown, so its costs are. Closes `inner` with itself."""
        self._inner = inner
        self._meter = meter
        self._tariff = tariff

    @property
    def name(self) -> str:
        """As in settings."""
        return self._inner.name

    @property
    def model(self) -> str:
        """The model asked for."""
        return self._inner.model

    @property
    def host(self) -> str:
        """Host and port that the prompt is sent to."""
        return self._inner.host

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Delta | Restarted | Completion, None]:
        """Ask, if the budget allows it, and note what it took; see the protocol.

        A reply that breaks off, or that nobody waits for any more, is noted with unknown tokens: it was paid for.
        """
        await asyncio.to_thread(self._meter.admit, self.name, self._tariff)
        began = False
        try:
            async with aclosing(self._inner.complete(request)) as events:
                async for event in events:
                    began = began or isinstance(event, Delta)
                    if isinstance(event, Completion):
                        began, event = False, self._priced(event)
                        await asyncio.to_thread(self._meter.note, self._expense(request, event))
                    yield event
        finally:
            if began:
                self._meter.note(self._expense(request, None))

    async def close(self) -> None:
        """Close the connections; must run in the loop that used them."""
        await self._inner.close()

    def _priced(self, reply: Completion) -> Completion:
        if self._tariff is None:
            return reply
        tariff = self._tariff
        counted = {"cost": tariff.cost(reply.usage), "currency": tariff.currency, "list_date": tariff.list_date}
        return reply.model_copy(update=counted)

    def _expense(self, request: CompletionRequest, reply: Completion | None) -> Expense:
        free = self._tariff is not None and self._tariff.is_free
        return Expense(
            purpose=request.purpose,
            backend=self.name,
            model=self.model,
            session_id=request.session_id,
            usage=reply.usage if reply else Usage(),
            calls=reply.calls if reply else 1,
            cost=reply.cost if reply else 0.0 if free else None,
            currency=self._tariff.currency if self._tariff else "",
        )
