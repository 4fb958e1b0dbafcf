"""ASGI middleware around the whole app: every request passes it, whichever route of Viva or Gradio it is for."""

from starlette.types import ASGIApp, Receive, Scope, Send

from interview.models import Language
from interview.settings import Access
from interview.ui.login import Login
from interview.ui.middleware.bodies import BodyLimitMiddleware
from interview.ui.middleware.headers import SecurityHeadersMiddleware
from interview.ui.middleware.login import LoginMiddleware
from interview.ui.middleware.origins import OriginMiddleware
from interview.ui.middleware.routes import RouteMiddleware, rules_for

__all__ = ["HttpOnlyMiddleware", "protect"]


def protect(app: ASGIApp, access: Access, login: Login | None, lang: Language) -> ASGIApp:
    """Return `app` behind every check.

    Args:
        app: The routes of Viva and of Gradio.
        access: Under which names the app answers.
        login: Who is signed in. None: nobody has to be.
        lang: Language of refusals for a browser that asks for neither Chinese nor English.
    """
    rules = rules_for(with_login=login is not None)
    app = BodyLimitMiddleware(app, rules, lang)
    app = RouteMiddleware(app, rules)
    if login is not None:
        app = LoginMiddleware(app, rules, login, lang)
    app = OriginMiddleware(app, access)
    return HttpOnlyMiddleware(SecurityHeadersMiddleware(app))


class HttpOnlyMiddleware:
    """Closes WebSockets: Viva has none, and the checks behind this one are made for HTTP."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a WebSocket before it is accepted; pass everything else on."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._app(scope, receive, send)
