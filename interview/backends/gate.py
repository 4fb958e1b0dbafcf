"""The gate before an endpoint: so many calls at once, and none inside the time that the endpoint asked us to wait."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from interview.backends.faults import CallFailed

_QUEUED = "Every place in line at {host} was taken for too long. It is tried again later."
_LONGEST_PAUSE = 30.0
Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


class Gate:
    """One per endpoint; shared by backends that use the same key at the same address, in one event loop.

    `parallel` bounds the calls in flight; `clock` gives monotonic seconds.
    """

    def __init__(self, parallel: int, *, clock: Clock = time.monotonic, sleep: Sleep = asyncio.sleep) -> None:
        self._slots = asyncio.Semaphore(parallel)
        self._clock = clock
        self._sleep = sleep
        self._opens_at = clock()
        self._pauses = 0

    @property
    def remaining(self) -> float:
        """Seconds until calls are welcome again; 0 where they are now."""
        return max(0.0, self._opens_at - self._clock())

    def close_for(self, seconds: float) -> None:
        """Let nobody through for so long; an earlier, longer wait stands."""
        self._opens_at = max(self._opens_at, self._clock() + seconds)

    def slow_down(self) -> None:
        """Shut where nobody says for how long: each time twice as long as before, up to half a minute."""
        if not self.remaining:  # calls that were in flight together count once
            self._pauses += 1
        self.close_for(min(_LONGEST_PAUSE, 2.0**self._pauses))

    def got_through(self) -> None:
        """A call was answered: the next time begins with a short pause again."""
        self._pauses = 0

    @asynccontextmanager
    async def passage(self, patience: float, line: float) -> AsyncGenerator[None, None]:
        """Wait at most `line` seconds for a free slot, then for an open gate, and hold the slot.

        Raises CallFailed: timed_out where no slot became free; rate_limited, with the seconds left, at once where the
        gate stays shut longer than `patience` seconds.
        """
        await self._slot(line)
        try:
            until = self._clock() + patience
            while left := self.remaining:
                if self._clock() + left > until:  # also where it was shut again, by others, while this one waited
                    raise CallFailed("rate_limited", retry_after=left)
                await self._sleep(left)
            yield
        finally:
            self._slots.release()

    async def _slot(self, line: float) -> None:
        try:
            async with asyncio.timeout(line):
                await self._slots.acquire()
        except TimeoutError:
            raise CallFailed("timed_out", sentence=_QUEUED) from None
