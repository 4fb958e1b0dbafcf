"""The routes that are open. A route that no rule names is answered with 404, whatever the app behind has there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

UPLOAD_LIMIT = 10_000_000
"""Bytes of one uploaded file."""
_EVENT_LIMIT = 2_000_000
_FORM_LIMIT = 8_192
_MULTIPART_OVERHEAD = 65_536  # boundaries and headers around the file of an upload


@dataclass(frozen=True)
class Rule:
    """One open route."""

    method: str
    path: str
    """A regular expression that the whole decoded path must match."""
    is_public: bool = False
    """Answered without a login."""
    body_limit: int = 0
    """Bytes of a request body."""

    def covers(self, scope: Scope) -> bool:
        """Whether the rule is for the method and the path of a request."""
        return scope["method"] == self.method and re.fullmatch(self.path, scope["path"]) is not None


_RULES = (
    Rule("GET", "/"),
    Rule("GET", "/healthz", is_public=True),
    Rule("GET", r"/export/[^/]+"),
    Rule("GET", r"/archive/[^/]+"),
    Rule("GET", "/notes/image"),
    # Of Gradio, what its page asks for in a browser (`tests/test_browser_login.py` goes through the app).
    Rule("GET", r"/(assets|static)/.+"),
    Rule("GET", "/config"),
    Rule("GET", "/theme.css"),
    Rule("GET", "/favicon.ico"),
    Rule("GET", "/gradio_api/app_id"),  # asked when a stream broke off: is it still the same server?
    Rule("POST", "/gradio_api/run/predict", body_limit=_EVENT_LIMIT),
    Rule("POST", "/gradio_api/queue/join", body_limit=_EVENT_LIMIT),
    Rule("GET", "/gradio_api/queue/data"),
    Rule("POST", "/gradio_api/upload", body_limit=UPLOAD_LIMIT + _MULTIPART_OVERHEAD),
)
# Only where there is a login of ours; else these paths would lead to Gradio's own.
_LOGIN_RULES = (
    Rule("GET", "/login", is_public=True),
    Rule("POST", "/login", is_public=True, body_limit=_FORM_LIMIT),
    Rule("POST", "/logout", is_public=True, body_limit=_FORM_LIMIT),
)


def rules_for(*, with_login: bool) -> tuple[Rule, ...]:
    """Return every open route."""
    return (*_RULES, *_LOGIN_RULES) if with_login else _RULES


def rule_for(rules: Sequence[Rule], scope: Scope) -> Rule | None:
    """Return the rule of a request, None if its route is closed."""
    return next((rule for rule in rules if rule.covers(scope)), None)


class RouteMiddleware:
    """Answers a closed route with 404."""

    def __init__(self, app: ASGIApp, rules: Sequence[Rule]) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass open routes on."""
        if scope["type"] == "http" and rule_for(self._rules, scope) is None:
            await PlainTextResponse("Not found", 404)(scope, receive, send)
            return
        await self._app(scope, receive, send)
