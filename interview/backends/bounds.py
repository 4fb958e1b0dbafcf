"""The time that one call may take: bounded by silence, and only in the last resort by its length."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from interview.backends.endpoint import Endpoint
from interview.backends.faults import CallFailed

T = TypeVar("T")
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

    A step that brings any byte ends a silence. Until the reply has begun a silence may last `first_byte_seconds` (a
    slow server reads the prompt), from then on `idle_seconds`; `deadline_seconds` end the whole call.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._loop = asyncio.get_running_loop()
        self._ends = self._loop.time() + endpoint.deadline_seconds
        self._endpoint = endpoint
        self.begun = False

    async def wait(self, step: Awaitable[T]) -> T:
        """Return what `step` brings. Raises CallFailed (timed_out)."""
        endpoint = self._endpoint
        silence = endpoint.idle_seconds if self.begun else endpoint.first_byte_seconds
        timer = asyncio.timeout_at(min(self._ends, self._loop.time() + silence))
        try:
            async with timer:
                return await step
        except TimeoutError:
            if not timer.expired():
                raise
            raise self._expired() from None

    def _expired(self) -> CallFailed:
        if self._loop.time() >= self._ends:
            return CallFailed("timed_out")
        return CallFailed("timed_out", sentence=_SILENT if self.begun else _NEVER_BEGAN)
