"""Rate limit of an endpoint: so many calls at once, and none while the endpoint asks us to wait."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from interview.backends.endpoint import Endpoint
from interview.backends.faults import in_words
from interview.errors import BackendError, PassingFault

_QUEUED = "Too many calls to {host} were waiting, for too long. It is tried again later."
_LONGEST_PAUSE = 30.0
Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


class RateLimit:
    """One per endpoint; shared by backends that use the same key at the same address, in one event loop."""

    def __init__(
        self, endpoint: Endpoint, *, asked: int = 0, clock: Clock = time.monotonic, sleep: Sleep = asyncio.sleep
    ) -> None:
        """`asked`: the calls at once that somebody wants, see `parallel_calls`; `clock` gives monotonic seconds."""
        self._slots = asyncio.Semaphore(parallel_calls(endpoint, asked))
        self._host = endpoint.host
        self._longest_queue = endpoint.deadline_seconds
        self.clock = clock
        self.sleep = sleep
        self._opens_at = clock()
        self._pauses = 0

    @property
    def remaining(self) -> float:
        """Seconds until calls are welcome again; 0 where they are now."""
        return max(0.0, self._opens_at - self.clock())

    def close_for(self, seconds: float) -> None:
        """Let nobody through for so long; an earlier, longer wait stays."""
        self._opens_at = max(self._opens_at, self.clock() + seconds)

    def failed(self, fault: BackendError) -> None:
        """Close for as long as the endpoint asks. Where it names no time: twice as long each time, up to 30 s."""
        if fault.retry_after:
            self.close_for(fault.retry_after)
        elif fault.fault == "rate_limited":
            if not self.remaining:  # calls that were in flight together count once
                self._pauses += 1
            self.close_for(min(_LONGEST_PAUSE, 2.0**self._pauses))

    def succeeded(self) -> None:
        """Begin with a short pause again the next time: a call was answered."""
        self._pauses = 0

    @asynccontextmanager
    async def slot(self, patience: float) -> AsyncGenerator[None, None]:
        """Wait for a free slot, then until calls are welcome, and hold the slot.

        Raises:
            PassingFault: No slot became free (timed_out); or calls stay unwelcome for longer than `patience` seconds
                (rate_limited, with the seconds left): that is raised at once.
        """
        await self._queue()
        try:
            until = self.clock() + patience
            while left := self.remaining:
                if self.clock() + left > until:  # also where others closed it again while this one waited
                    text = in_words("rate_limited").format(host=self._host)
                    raise PassingFault(text, fault="rate_limited", retry_after=left)
                await self.sleep(left)
            yield
        finally:
            self._slots.release()

    async def _queue(self) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
            return
        try:
            async with asyncio.timeout(self._longest_queue):
                await self._slots.acquire()
        except TimeoutError:
            raise PassingFault(_QUEUED.format(host=self._host), fault="timed_out") from None


def parallel_calls(endpoint: Endpoint, asked: int = 0) -> int:
    """Return how many calls may be in flight: what the user set, else the preset's number, or more if asked for.

    A server that works on one call at a time gets no more for the asking.
    """
    usual = endpoint.preset.parallel
    return endpoint.parallel or (usual if usual == 1 else max(usual, asked))
