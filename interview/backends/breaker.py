"""The breaker before an endpoint: while it is down nobody waits for it, and one call looks whether it is back.

A backend tries a passing fault several times, and the worker asks again later: without a breaker, a dead endpoint gets
the product of both for every answer.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from interview.backends.backend import Backend, Completion, CompletionRequest, Delta, Restarted
from interview.backends.gate import Clock
from interview.errors import BackendError, FaultClass, PassingFault

# How many completions in a row must fail so before the breaker opens.
_PATIENCE: dict[FaultClass, int] = {"unreachable": 1, "server_fault": 2, "timed_out": 2}
_RESTS = (5.0, 10.0, 20.0, 30.0)  # seconds; not longer than the worker's own pauses, so that nothing waits longer


class Breaker:
    """One per endpoint, in one event loop. `clock` gives monotonic seconds."""

    def __init__(self, *, clock: Clock = time.monotonic) -> None:
        """Closed: every call passes."""
        self._clock = clock
        self._failures = 0
        self._opened = 0
        self._closed_until = clock()
        self._fault: FaultClass = "unreachable"
        self._looking: asyncio.Event | None = None

    async def admit(self, host: str) -> bool:
        """Let a call pass; True: it is the one that looks whether the endpoint is back, and tries once.

        Waits while another one looks. Raises PassingFault, without a call, while the endpoint is left alone.
        """
        while self._looking is not None:
            await self._looking.wait()
        if not self._opened:
            return False
        left = self._closed_until - self._clock()
        if left > 0:
            text = f"{host} did not work a moment ago; it is left alone for {max(1, round(left))} s."
            raise PassingFault(text, fault=self._fault, retry_after=left)
        self._looking = asyncio.Event()
        return True

    def worked(self) -> None:
        """Somebody is there: every call passes again."""
        self._failures = self._opened = 0

    def failed(self, fault: FaultClass) -> None:
        """Count a fault that outlasted the backend's own tries; most faults say that somebody is there."""
        if fault not in _PATIENCE:
            self.worked()
            return
        self._failures += 1
        if self._opened or self._failures >= _PATIENCE[fault]:
            rest = _RESTS[min(self._opened, len(_RESTS) - 1)]
            self._opened += 1
            self._fault, self._closed_until = fault, self._clock() + rest

    def looked(self) -> None:
        """The call that looked is over, however it ended."""
        if self._looking is not None:
            self._looking.set()
            self._looking = None


class FusedBackend:
    """A backend behind a breaker that it may share with other models of its endpoint; follows the Backend protocol."""

    def __init__(self, inner: Backend, breaker: Breaker) -> None:
        """Closes `inner` with itself."""
        self._inner = inner
        self._breaker = breaker

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
        """Ask, unless the endpoint is known to be down; see the protocol."""
        looks = await self._breaker.admit(self.host)
        asked = request.model_copy(update={"attempts": 1}) if looks else request
        try:
            async with aclosing(self._inner.complete(asked)) as events:
                async for event in events:
                    if not isinstance(event, Restarted):
                        self._breaker.worked()
                    yield event
        except BackendError as fault:
            self._breaker.failed(fault.fault)
            raise
        finally:
            if looks:
                self._breaker.looked()

    async def close(self) -> None:
        """Close the connections; must run in the loop that used them."""
        await self._inner.close()
