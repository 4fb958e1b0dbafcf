"""The calls made for one answer: which of them failed, and how many brought a reply that could not be used."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager

from interview.errors import FaultClass
from interview.models import FailedAttempt

# In all layers together: tries of a backend, other forms and parameters, repair turns, and attempts of the worker.
MOST_BAD_REPLIES = 5
# The endpoint is there, and what it sends is of no use. Any other fault has a limit, or a wait, of its own.
_BAD: frozenset[FaultClass] = frozenset({"bad_reply", "request_refused"})


def _nothing() -> None:
    """Applies no bounds."""


class CallLog:
    """Travels with a request through every layer that makes calls for it. Belongs to one event loop."""

    def __init__(
        self,
        bad_replies: int = 0,
        *,
        most: int = MOST_BAD_REPLIES,
        arrived: Callable[[int], None] = lambda count: None,
    ) -> None:
        """Start with the bad replies of earlier attempts.

        `arrived` is called with the characters of each piece of a reply.
        """
        self.bad_replies = bad_replies
        self.failed: list[FailedAttempt] = []
        self.in_flight = 0
        self.arrived = arrived
        self._most = most
        self._moved: Callable[[], None] = _nothing

    def ends_with(self, fault: FaultClass) -> bool:
        """Whether a call that failed so was the last one: one more bad reply may not be asked for."""
        return fault in _BAD and self.bad_replies >= self._most

    def note(self, attempt: FailedAttempt) -> None:
        """Keep a failed call; a bad reply is counted."""
        self.failed.append(attempt)
        self.bad_replies += attempt.fault in _BAD

    @contextmanager
    def calling(self) -> Generator[None]:
        """Mark a call as in flight: its backend bounds how long it may take."""
        self.in_flight += 1
        self._moved()
        try:
            yield
        finally:
            self.in_flight -= 1
            self._moved()

    @asynccontextmanager
    async def bounded(self, seconds: float) -> AsyncGenerator[asyncio.Timeout]:
        """End what runs inside after `seconds` in which no call is in flight; a TimeoutError, as asyncio.timeout."""
        deadline, loop = asyncio.timeout(seconds), asyncio.get_running_loop()

        def wind() -> None:
            if not deadline.expired():
                deadline.reschedule(None if self.in_flight else loop.time() + seconds)

        try:
            async with deadline:
                self._moved = wind
                yield deadline
        finally:
            self._moved = _nothing  # calls may outlive what they were made for

    def part(self, most: int) -> "CallLog":
        """Return a log for a side task of this one: at most `most` bad replies, which count here as well."""
        return _Part(self, most)


class _Part(CallLog):
    def __init__(self, whole: CallLog, most: int) -> None:
        super().__init__(most=most)
        self._whole = whole

    def ends_with(self, fault: FaultClass) -> bool:
        return super().ends_with(fault) or self._whole.ends_with(fault)

    def note(self, attempt: FailedAttempt) -> None:
        super().note(attempt)
        self._whole.note(attempt)
