"""Connections that say nothing, or say it too slowly, are closed."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS = 20.0


class TimedConnection(H11Protocol):
    """uvicorn's connection, closed unless the head of a request arrives within `REQUEST_SECONDS`.

    uvicorn bounds the time between requests, not the time that a request takes to arrive: a client that sends a byte
    now and then would keep its connection for ever. What a request has begun is bounded by `BodyLimitMiddleware`.
    """

    request_seconds = REQUEST_SECONDS
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start to wait for a request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Stop waiting once a request has begun."""
        super().handle_events()
        if self._is_answering():
            self._stop()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        if not self._is_answering() and not self.transport.is_closing():
            self._wait()

    def _is_answering(self) -> bool:
        # None before the first request, whatever the annotation in uvicorn says.
        return bool(self.cycle) and not self.cycle.response_complete

    def _wait(self) -> None:
        self._stop()
        self._waiting = self.loop.call_later(self.request_seconds, self.transport.close)

    def _stop(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
