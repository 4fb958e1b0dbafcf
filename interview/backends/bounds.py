"""The time that one call may take: bounded by silence, and only in the last resort by its length."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from interview.backends.endpoint import Endpoint
from interview.backends.faults import CallFailed

_SILENT = (
    "{host} sent nothing for {idle:g} s in mid-reply. It is tried again; raise `idle_seconds` of backend {name} if the "
    "server is that slow."
)
_NEVER_BEGAN = (
    "{host} sent nothing within {first_byte:g} s. It is tried again; raise `first_byte_seconds` of backend {name} if "
    "the server is that slow."
)


class Bounds:
    """Bounds each step of one call. Make it when the call begins, in the loop that runs it.

    Until the first piece of a reply `first_byte_seconds` of silence are allowed (a slow server reads the prompt), from
    then on `idle_seconds`; any byte ends a silence, those that keep a connection alive too. `deadline_seconds` end all.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._loop = asyncio.get_running_loop()
        self._ends = self._loop.time() + endpoint.deadline_seconds
        self._silence = endpoint.first_byte_seconds
        self._idle = endpoint.idle_seconds
        self._begun = False
        self._timer: asyncio.Timeout | None = None

    @asynccontextmanager
    async def step(self) -> AsyncGenerator[None]:
        """Bound what is awaited inside. Raises CallFailed (timed_out)."""
        timer = asyncio.timeout_at(self._until())
        try:
            async with timer:
                self._timer = timer
                yield
        except TimeoutError:
            if not timer.expired():
                raise
            raise self._expired() from None
        finally:
            self._timer = None

    def began(self) -> None:
        """The reply itself has begun."""
        self._begun = True
        self._silence = self._idle

    def listen(self, response: Any) -> None:
        """Have every byte of the body of `response`, an HTTP response of the SDK, end the silence."""
        read: Callable[..., AsyncIterator[bytes]] = response.aiter_bytes

        async def heard(*args: Any) -> AsyncIterator[bytes]:
            async for some in read(*args):
                if self._timer is not None:
                    self._timer.reschedule(self._until())
                yield some

        response.aiter_bytes = heard

    def _until(self) -> float:
        return min(self._ends, self._loop.time() + self._silence)

    def _expired(self) -> CallFailed:
        if self._loop.time() >= self._ends:
            return CallFailed("timed_out")
        return CallFailed("timed_out", sentence=_SILENT if self._begun else _NEVER_BEGAN)
