"""Only requests for one of our names, made by our own page: against DNS rebinding and cross-site requests."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from interview.settings import Access
from interview.settings.hosts import Authority, is_address, is_loopback, parse_authority, parse_host

_UNKNOWN_NAME = (
    "Viva does not answer to this name. If it should, start it with --allowed-host NAME.\n"
    "Viva 不认这个地址。需要的话，启动时加上 --allowed-host 和这个名字。\n"
)
_FOREIGN = "Requests from other sites are refused.\n来自其他网站的请求不受理。\n"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_OWN_SITE = frozenset({"same-origin", "none"})  # `none`: typed, or a bookmark
# A proxy's word about the request. uvicorn has read what it trusts; Gradio would believe the rest from anybody.
_PROXY_HEADERS = (b"x-forwarded-", b"x-gradio-", b"forwarded")


class OriginMiddleware:
    """Refuses a foreign `Host` with 400, and a foreign `Origin` or cross-site request with 403."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._names = frozenset({"localhost", parse_host(access.host) or "", *access.allowed_hosts} - {""})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what our own page, or a program on this machine, sent to one of our names."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host = self._own_host(scope)
        if host is None:
            await PlainTextResponse(_UNKNOWN_NAME, 400)(scope, receive, send)
        elif _is_foreign(scope, host):
            await PlainTextResponse(_FOREIGN, 403)(scope, receive, send)
        else:
            kept = [(name, value) for name, value in scope["headers"] if not name.startswith(_PROXY_HEADERS)]
            await self._app({**scope, "headers": kept}, receive, send)

    def _own_host(self, scope: Scope) -> Authority | None:
        """Return what the one `Host` header names, None unless it is ours."""
        given = Headers(scope=scope).getlist("host")
        named = parse_authority(given[0]) if len(given) == 1 and scope["path"].startswith("/") else None
        if named is None or not (named.host in self._names or _is_address_of(scope, named.host)):
            return None
        return named


def _is_address_of(scope: Scope, host: str) -> bool:
    """Whether the host is an address of this machine: a loopback one, or the one that the connection arrived at.

    Only names can be rebound. What came in on an address and names that address was sent by a page that was loaded
    from it.
    """
    server = scope.get("server")
    arrived_at = parse_host(str(server[0])) if server else None
    return is_address(host) and (is_loopback(host) or host == arrived_at)


def _is_foreign(scope: Scope, host: Authority) -> bool:
    headers = Headers(scope=scope)
    origins = headers.getlist("origin")
    if origins and not (len(origins) == 1 and _is_same_origin(scope, origins[0], host)):
        return True
    # Browsers send it with everything, also with what has no Origin: images, scripts, links.
    site = headers.get("sec-fetch-site", "none")
    return site not in _OWN_SITE and not _opens_page(scope, headers)


def _is_same_origin(scope: Scope, origin: str, host: Authority) -> bool:
    """Whether an origin is ours. Behind a proxy that ends TLS without saying so, the scheme is not known here."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    named = parse_authority(parts.netloc)
    if named is None or parts.path or parts.query or parts.fragment or parts.scheme not in _DEFAULT_PORTS:
        return False
    if scope["scheme"] == "https" and parts.scheme != "https":
        return False
    default = _DEFAULT_PORTS[parts.scheme]
    return (named.host, named.port or default) == (host.host, host.port or default)


def _opens_page(scope: Scope, headers: Headers) -> bool:
    """Whether a person follows a link from another site to a page of ours; it cannot read what opens."""
    return (
        scope["method"] == "GET"
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
        and not scope["path"].startswith("/gradio_api/")
    )
