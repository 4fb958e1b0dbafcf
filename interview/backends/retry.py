"""Retry policy: the one place that asks an endpoint again after a fault that may pass."""

from contextlib import aclosing

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential_jitter

from interview.backends.backend import Completion, CompletionRequest, Delta, Events, Restarted
from interview.backends.pipeline import Adapted, Handler
from interview.backends.rate_limit import RateLimit
from interview.errors import BackendError, PassingFault

_BACK_OFF = wait_exponential_jitter(multiplier=0.5, max=8, jitter=0.5)


class RetryPolicy:
    """Makes up to `attempts` attempts, as long as the next one begins within `patience_seconds` of the first.

    A longer wait that the endpoint asks for is the caller's (`PassingFault.retry_after`). Each attempt holds a slot of
    `limit`, and no slot is held between attempts.
    """

    def __init__(self, limit: RateLimit, *, attempts: int = 4, patience_seconds: float = 60.0) -> None:
        self._limit = limit
        self._attempts = attempts
        self._patience = patience_seconds

    async def complete(self, request: CompletionRequest, call_next: Handler) -> Events:
        """Call until a reply comes, or a fault that another attempt would not cure."""
        limit = self._limit
        until = limit.clock() + self._patience
        void = False  # whether Deltas were passed on that belong to a failed attempt
        async for attempt in self._attempts_of(request, until):
            fault: BackendError | None = None
            while fault is None:
                try:
                    async with limit.slot(until - limit.clock()), aclosing(call_next(request)) as events:
                        async for event in events:
                            void = void or isinstance(event, Delta)
                            if isinstance(event, Completion):
                                limit.succeeded()
                            yield event
                    return
                except Adapted as adapted:
                    why = str(adapted)
                except BackendError as error:
                    limit.failed(error)
                    fault, why = error, str(error)
                if void:
                    void = False
                    yield Restarted(why=why)
            with attempt:
                # Only here: tenacity swallows whatever leaves this block, and a cancellation must not wait for it.
                raise fault

    def _attempts_of(self, request: CompletionRequest, until: float) -> AsyncRetrying:
        most, limit = request.attempts or self._attempts, self._limit

        def stop(state: RetryCallState) -> bool:
            return state.attempt_number >= most or limit.clock() + state.upcoming_sleep > until

        return AsyncRetrying(
            retry=retry_if_exception_type(PassingFault),
            wait=lambda state: limit.remaining or _BACK_OFF(state),  # as long as the endpoint asks for, no longer
            stop=stop,
            sleep=limit.sleep,
            reraise=True,
        )
