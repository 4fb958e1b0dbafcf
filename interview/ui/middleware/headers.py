"""The headers of every response: nothing comes from another host, no transcript is kept in a cache."""

from starlette.datastructures import MutableHeaders
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
    # Not `no-referrer`: browsers would then send the login form with `Origin: null`, as from a foreign page.
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
# The program's own files hold nothing private; the browser may keep them.
_CACHEABLE = ("/assets/", "/static/")


class SecurityHeadersMiddleware:
    """Adds the security headers. It passes bodies on as they come, so that streams keep streaming."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to the response, refusals included."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_cacheable = scope["path"].startswith(_CACHEABLE)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                if not is_cacheable or message["status"] >= 400:
                    headers["cache-control"] = "no-store"
            await send(message)

        await self._app(scope, receive, send_with_headers)
