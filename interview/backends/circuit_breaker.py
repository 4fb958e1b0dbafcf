"""Circuit breaker: no calls to an endpoint that is down, or that refuses every request.

A backend tries a passing fault several times, and the worker asks again later: without a breaker, a dead endpoint gets
the product of both for every answer, and a wrong key is sent once for each.
"""

import asyncio
import logging
import time
from contextlib import aclosing

from interview.backends.backend import Completion, CompletionRequest, Events, Restarted
from interview.backends.pipeline import Handler
from interview.backends.rate_limit import Clock
from interview.errors import NEEDS_CHANGE, BackendError, FaultClass, LastingFault, PassingFault

# So many completions in a row must fail before the circuit opens.
_PATIENCE: dict[FaultClass, int] = {"unreachable": 1, "server_fault": 2, "timed_out": 2}
# Seconds. Short, because people who ask for something else than a grade wait for it, too.
_RESTS = (5.0, 10.0, 20.0, 30.0)
_EVERY_MODEL = ""
_log = logging.getLogger(__name__)


class Probe:
    """Permission to make a call while the others wait for its outcome; `once`: without a retry."""

    def __init__(self, *, once: bool) -> None:
        self.once = once
        self.over = asyncio.Event()


class Circuit:
    """Whether calls to one endpoint pass. One per endpoint, in one event loop. `clock` gives monotonic seconds."""

    def __init__(self, *, clock: Clock = time.monotonic) -> None:
        """Closed: calls pass, one at a time until a first reply has come."""
        self._clock = clock
        self._failures = 0
        self._opened = 0
        self._closed_until = clock()
        self._fault: BackendError | None = None  # why it is open
        self._refused: dict[str, BackendError] = {}
        self._proven: set[str] = set()
        self._probe: Probe | None = None

    def reset(self) -> None:
        """Close the circuit, so that the next call probes the endpoint. May be called from any thread."""
        self._failures = self._opened = 0
        self._fault = None
        self._refused.clear()
        self._proven.clear()

    async def admit(self, model: str) -> Probe | None:
        """Let a call pass. The first call to an endpoint is a Probe; the others wait until it has ended.

        Raises:
            PassingFault: The endpoint is down and its rest is not over.
            LastingFault: The endpoint has refused `model`, or everything, before.
        """
        while self._probe is not None:
            await self._probe.over.wait()
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
        self._probe = Probe(once=self._fault is not None)
        return self._probe

    def reached(self) -> None:
        """Close the circuit: the endpoint sends something."""
        if self._fault is not None:
            _log.debug("The circuit closes: the endpoint replies again")
        self._failures = self._opened = 0
        self._fault = None

    def replied(self, model: str) -> None:
        """Let calls to `model` pass side by side from now on: a whole reply has come."""
        self._proven.add(model)

    def failed(self, host: str, model: str, fault: BackendError) -> None:
        """Count a fault that outlasted the retries; most faults show that the endpoint is there."""
        if fault.fault in NEEDS_CHANGE:
            scope = model if fault.fault == "model_unknown" else _EVERY_MODEL
            self._refused[scope] = fault
            _log.debug("The circuit of %s opens for %s: %s", host, scope or "every model", fault.fault)
        patience = _PATIENCE.get(fault.fault)
        if patience is None:
            self.reached()
            return
        self._failures += 1
        if self._opened or self._failures >= patience:
            rest = _RESTS[min(self._opened, len(_RESTS) - 1)]
            self._opened += 1
            self._fault, self._closed_until = fault, self._clock() + rest
            _log.debug("The circuit of %s opens for %.0f s: %s", host, rest, fault.fault)

    def probed(self, probe: Probe) -> None:
        """End the probe, however its call ended: the others go on."""
        if self._probe is probe:
            self._probe = None
        probe.over.set()


class CircuitBreaker:
    """Makes no calls to an endpoint whose circuit is open. Models of one endpoint share the circuit."""

    def __init__(self, circuit: Circuit, *, model: str, host: str) -> None:
        self._circuit = circuit
        self._model = model
        self._host = host

    async def complete(self, request: CompletionRequest, call_next: Handler) -> Events:
        """Ask, unless the endpoint is known to be down or to refuse."""
        circuit, model = self._circuit, self._model
        probe = await circuit.admit(model)
        if probe and probe.once:
            request = request.model_copy(update={"attempts": 1})
        try:
            async with aclosing(call_next(request)) as events:
                async for event in events:
                    if not isinstance(event, Restarted):
                        circuit.reached()
                    if isinstance(event, Completion):
                        circuit.replied(model)
                    yield event
        except BackendError as fault:
            circuit.failed(self._host, model, fault)
            raise
        finally:
            if probe:
                circuit.probed(probe)
