"""What every HTTP response and request must keep to: security headers, no caching of transcripts, no foreign origin."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Gradio needs inline styles and scripts, and evaluates component templates; nothing may come from another host.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "media-src 'self' blob: data:",
        "worker-src 'self' blob:",
        "frame-ancestors 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "object-src 'none'",
    )
)
_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
# A description of the whole API, and a route that writes session state to disk: nobody needs them here.
_CLOSED = ("/openapi.json", "/docs", "/redoc", "/gradio_api/openapi.json", "/gradio_api/deep_link")
# The program's own files hold nothing private; the browser may keep them.
_CACHEABLE = ("/assets/", "/static/", "/svelte/")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Walls:
    """ASGI middleware around the whole app. It passes bodies on as they come, so that streams keep streaming."""

    def __init__(self, app: ASGIApp) -> None:
        """`app`: what stands behind the walls."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse closed paths and foreign origins; add the headers to everything else."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                if not path.startswith(_CACHEABLE):
                    headers["cache-control"] = "no-store"
            await send(message)

        if path.startswith(_CLOSED):
            await PlainTextResponse("Not found", 404)(scope, receive, send_with_headers)
        elif _is_foreign(scope):
            await PlainTextResponse("Requests from other sites are refused", 403)(scope, receive, send_with_headers)
        else:
            await self._app(scope, receive, send_with_headers)


def _is_foreign(scope: Scope) -> bool:
    """Whether another site's page sends something here; browsers always name the origin then."""
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    if origin is None or scope["method"] in _SAFE_METHODS:
        return False
    return urlsplit(origin).netloc != headers.get("host", "")
