"""The few of Gradio's routes that Viva's page uses. The others read, write or fetch for a client, or tell of others."""

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_READ = frozenset(
    {"/", "/config", "/theme.css", "/favicon.ico", "/gradio_api/app_id", "/gradio_api/queue/data"},
)
_PACKAGED = ("/assets/", "/static/")  # files of the gradio package
_CALLED = frozenset({"/gradio_api/run/predict", "/gradio_api/queue/join"})


class GradioRoutes:
    """ASGI middleware of the Gradio app: 404 for every route that is not listed above."""

    def __init__(self, app: ASGIApp) -> None:
        """`app`: the Gradio app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan" or (scope["type"] == "http" and is_open(scope["method"], scope["path"])):
            await self._app(scope, receive, send)
        else:
            await PlainTextResponse("Not found", 404)(scope, receive, send)


def is_open(method: str, path: str) -> bool:
    """Return whether the page uses this route of Gradio's."""
    if method == "POST":
        return path in _CALLED
    return method in ("GET", "HEAD") and (path in _READ or path.startswith(_PACKAGED))
