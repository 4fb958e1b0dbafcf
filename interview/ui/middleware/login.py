"""Nothing but the login page is answered to who is not signed in."""

from collections.abc import Sequence

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from interview.models import Language
from interview.ui.login import Login
from interview.ui.middleware.refusals import refusal
from interview.ui.middleware.routes import Rule, rule_for


class LoginMiddleware:
    """Sends a page to the login, and refuses everything else with 401, unless the request carries a session."""

    def __init__(self, app: ASGIApp, rules: Sequence[Rule], login: Login, lang: Language) -> None:
        self._app = app
        self._rules = rules
        self._login = login
        self._lang: Language = lang

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is public, and what comes from a signed-in browser."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        rule = rule_for(self._rules, scope)
        if (rule is not None and rule.is_public) or self._login.is_signed_in(scope):
            await self._app(scope, receive, send)
        elif scope["method"] == "GET" and scope["path"] == "/":
            await RedirectResponse("/login", 303)(scope, receive, send)
        else:
            await refusal(scope, 401, "refused.login", self._lang)(scope, receive, send)
