"""The breaker before an endpoint: one that is down, or that refuses whatever it is asked, is left alone.

A backend tries a passing fault several times, and the worker asks again later: without a breaker, a dead endpoint gets
the product of both for every answer, and a wrong key is sent once for each.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from interview.backends.backend import Backend, Completion, CompletionRequest, Delta, Restarted
from interview.backends.gate import Clock
from interview.errors import NEEDS_CHANGE, BackendError, FaultClass, LastingFault, PassingFault

# How many completions in a row must fail so before the breaker opens.
_PATIENCE: dict[FaultClass, int] = {"unreachable": 1, "server_fault": 2, "timed_out": 2}
# Seconds. Short, because people who ask for something else than a grade wait for it, too.
_RESTS = (5.0, 10.0, 20.0, 30.0)
_EVERY_MODEL = ""
_log = logging.getLogger(__name__)


class Look:
    """Permission to make a call while the others wait for its outcome; `once`: without a retry."""

    def __init__(self, *, once: bool) -> None:
        self.once = once
        self.over = asyncio.Event()


class Breaker:
    """One per endpoint, in one event loop. `clock` gives monotonic seconds."""

    def __init__(self, *, clock: Clock = time.monotonic) -> None:
        """Closed: calls pass, one at a time until a first reply has come."""
        self._clock = clock
        self._failures = 0
        self._opened = 0
        self._closed_until = clock()
        self._fault: BackendError | None = None  # why it is open
        self._refused: dict[str, BackendError] = {}
        self._proven: set[str] = set()
        self._looking: Look | None = None

    def reset(self) -> None:
        """Close the circuit, so that the next call probes the endpoint. May be called from any thread."""
        self._failures = self._opened = 0
        self._fault = None
        self._refused.clear()
        self._proven.clear()

    async def admit(self, model: str) -> Look | None:
        """Let a call pass. A Look goes to the one that finds out whether the endpoint works; the others wait for it.

        Raises PassingFault while an endpoint that is down is left alone, and LastingFault where it refused `model`, or
        everything, before; without a call.
        """
        while self._looking is not None:
            await self._looking.over.wait()
        refused = self._refused.get(_EVERY_MODEL) or self._refused.get(model)
        if refused is not None:
            raise LastingFault(str(refused), fault=refused.fault, cause=refused.cause, hint=refused.hint)
        if self._fault is not None:
            left = self._closed_until - self._clock()
            if left > 0:
                text = f"{self._fault} It is left alone for {max(1, round(left))} s."
                raise PassingFault(text, fault=self._fault.fault, retry_after=left)
        elif model in self._proven:
            return None
        self._looking = Look(once=self._fault is not None)
        return self._looking

    def worked(self) -> None:
        """Somebody is there: every call passes again."""
        if self._fault is not None:
            _log.debug("The breaker closes: the endpoint is there again")
        self._failures = self._opened = 0
        self._fault = None

    def replied(self, model: str) -> None:
        """A whole reply has come: calls to `model` need not wait for each other any more."""
        self._proven.add(model)

    def failed(self, host: str, model: str, fault: BackendError) -> None:
        """Count a fault that outlasted the backend's own tries; most faults say that somebody is there."""
        if fault.fault in NEEDS_CHANGE:
            scope = model if fault.fault == "model_unknown" else _EVERY_MODEL
            self._refused[scope] = fault
            _log.debug("The breaker of %s opens for %s: %s", host, scope or "every model", fault.fault)
        patience = _PATIENCE.get(fault.fault)
        if patience is None:
            self.worked()
            return
        self._failures += 1
        if self._opened or self._failures >= patience:
            rest = _RESTS[min(self._opened, len(_RESTS) - 1)]
            self._opened += 1
            self._fault, self._closed_until = fault, self._clock() + rest
            _log.debug("The breaker of %s opens for %.0f s: %s", host, rest, fault.fault)

    def looked(self, look: Look) -> None:
        """The call that had the Look is over, however it ended."""
        if self._looking is look:
            self._looking = None
        look.over.set()


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
        """Ask, unless the endpoint is known to be down or to refuse; see the protocol."""
        look = await self._breaker.admit(self.model)
        asked = request.model_copy(update={"attempts": 1}) if look and look.once else request
        try:
            async with aclosing(self._inner.complete(asked)) as events:
                async for event in events:
                    if not isinstance(event, Restarted):
                        self._breaker.worked()
                    if isinstance(event, Completion):
                        self._breaker.replied(self.model)
                    yield event
        except BackendError as fault:
            self._breaker.failed(self.host, self.model, fault)
            raise
        finally:
            if look:
                self._breaker.looked(look)

    async def close(self) -> None:
        """Close the connections; must run in the loop that used them."""
        await self._inner.close()
