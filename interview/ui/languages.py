"""Which language a browser asks for, before a page of Viva knows what its reader chose."""

from starlette.datastructures import Headers
from starlette.types import Scope

from interview.models import Language


def preferred_language(scope: Scope, fallback: Language) -> Language:
    """Return the first of our languages that the browser asks for."""
    asked = Headers(scope=scope).get("accept-language", "").lower().split(",")
    known: list[Language] = [lang for tag in asked for lang in ("zh", "en") if tag.strip().startswith(lang)]
    return known[0] if known else fallback
