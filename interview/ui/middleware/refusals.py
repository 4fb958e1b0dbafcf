"""A refused request, answered with one sentence in the reader's language."""

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Scope

from interview.models import Language
from interview.ui.languages import preferred_language
from interview.ui.strings import t


def refusal(scope: Scope, status: int, key: str, fallback: Language, **values: object) -> Response:
    """Return a response with the words of `key`, in the form that Gradio's page shows: JSON for events, else text."""
    text = t(key, preferred_language(scope, fallback), **values)
    if Headers(scope=scope).get("content-type", "").startswith("application/json"):
        return JSONResponse({"detail": text, "error": text}, status)
    return PlainTextResponse(text, status)
