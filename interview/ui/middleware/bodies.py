"""Request bodies are limited before they are read, in size and in time."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from interview.models import Language
from interview.ui.middleware.refusals import refusal
from interview.ui.middleware.routes import Rule, rule_for

_IDLE_SECONDS = 20
_TOTAL_SECONDS = 300
# How long a refused body is read and thrown away: closing at once would reset the connection, and the browser would
# show that in place of the sentence.
_LINGER_SECONDS = 5
_DISCONNECT: Message = {"type": "http.disconnect"}


class BodyLimitMiddleware:
    """Answers 413 where a body is larger than its rule allows, 408 where it is too slow.

    A `Content-Length` above the limit is refused before the body is read. A body of unknown length is counted while it
    streams; the app behind sees a disconnected client at the limit.
    """

    def __init__(
        self,
        app: ASGIApp,
        rules: Sequence[Rule],
        lang: Language,
        *,
        idle_seconds: float = _IDLE_SECONDS,
        total_seconds: float = _TOTAL_SECONDS,
        linger_seconds: float = _LINGER_SECONDS,
    ) -> None:
        self._app = app
        self._rules = rules
        self._lang: Language = lang
        self._idle = idle_seconds
        self._total = total_seconds
        self._linger = linger_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what stays within the limits."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        rule = rule_for(self._rules, scope)
        limit = 0 if rule is None else rule.body_limit
        # h11 has refused what is not a number, and two of them.
        if int(Headers(scope=scope).get("content-length", 0)) > limit:
            await self._refuse(413, limit, scope, receive, send)
            return
        body = _LimitedBody(receive, send, limit, self._idle, self._total)
        try:
            await self._app(scope, body.receive, body.send)
        except Exception:
            if body.refused is None:
                raise
        if body.refused is not None and not body.has_started:
            await self._refuse(body.refused, limit, scope, receive, send)

    async def _refuse(self, status: int, limit: int, scope: Scope, receive: Receive, send: Send) -> None:
        key = "refused.too_large" if status == 413 else "refused.too_slow"
        response = refusal(scope, status, key, self._lang, limit=_readable(limit))
        response.headers["connection"] = "close"
        await _send_and_linger(response, receive, send, self._linger)


class _LimitedBody:
    """The channel of one request: `receive` ends at the limit, and then `send` drops what the app still says."""

    def __init__(self, receive: Receive, send: Send, limit: int, idle: float, total: float) -> None:
        self.refused: int | None = None
        self.has_started = False
        self._receive = receive
        self._send = send
        self._left = limit
        self._idle = idle
        self._ends = asyncio.get_running_loop().time() + total
        self._is_whole = False

    async def receive(self) -> Message:
        if self.refused is not None:
            return _DISCONNECT
        if self._is_whole:  # what comes now is the end of the connection, which may be hours away
            return await self._receive()
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(min(now + self._idle, self._ends)):
                message = await self._receive()
        except TimeoutError:
            self.refused = 408
            return _DISCONNECT
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.refused = 413
            return _DISCONNECT
        self._is_whole = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if self.refused is None or self.has_started:
            self.has_started = True
            await self._send(message)


async def _send_and_linger(response: Response, receive: Receive, send: Send, seconds: float) -> None:
    """Send a response while its request still comes in; the connection is closed at the end."""
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": bytes(response.body), "more_body": True})
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (message := await receive())["type"] == "http.request" and message.get("more_body", False):
                pass
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _readable(limit: int) -> str:
    return f"{limit // 1_000_000} MB" if limit >= 1_000_000 else f"{limit // 1_000} KB"
