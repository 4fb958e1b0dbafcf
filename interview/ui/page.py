"""What one page of the browser says about itself: the session it shows, its language and its grader."""

from collections.abc import Mapping
from typing import Any, cast

from gradio.blocks import Block

from interview.models import Language, Value

# What an event changes on the page: new props by component. A component that is not named stays as it is.
Updates = dict[Block, Any]
Update = dict[str, Any]

# Fixed, so that the browser finds them again after a restart of the server. The secret hides nothing: it stands in
# the page. The session has a place of its own: an event that switches the language or the grader does not write it, and
# so cannot take back a session that begins meanwhile.
SESSION_KEY = "viva.session"
WISHES_KEY = "viva"
STORAGE_SECRET = "viva-preferences"


class Page(Value):
    """The wishes of one page. All of it is the client's word: ids are looked up in the store before use."""

    session: str = ""
    lang: Language = "zh"
    grader: str = ""

    def wishes(self, **changes: str) -> dict[str, str]:
        """What the browser keeps besides the session, with `changes` applied."""
        return {"lang": self.lang, "grader": self.grader, **changes}


def kept_session(session_id: str) -> dict[str, str]:
    """What the browser keeps of the session; Gradio writes nothing that counts as false, so never the bare id."""
    return {"id": session_id}


def read_session(kept: object) -> str:
    """The id of the session that the browser keeps; empty for none."""
    words: Mapping[object, object] = cast("Mapping[object, object]", kept) if isinstance(kept, Mapping) else {}
    return _text(words.get("id"))


def read_page(session: object, wishes: object, grader: object, fallback: Page) -> Page:
    """The page of an event: `session` and `wishes` from the browser's storage, `grader` the choice in the header.

    On a visit the header has nothing to say yet (`grader` None), and the remembered grader counts. Whatever is
    missing or makes no sense is taken from `fallback`.
    """
    words: Mapping[object, object] = cast("Mapping[object, object]", wishes) if isinstance(wishes, Mapping) else {}
    lang = words.get("lang")
    return Page(
        session=read_session(session) or fallback.session,
        lang="zh" if lang == "zh" else "en" if lang == "en" else fallback.lang,
        grader=_text(grader) or _text(words.get("grader")) or fallback.grader,
    )


def together(*parts: Updates) -> Updates:
    """All parts as one: of a component that several change, each prop is kept, and the last word on it counts."""
    joined: Updates = {}
    for part in parts:
        for block, change in part.items():
            joined[block] = {**_props(joined.get(block)), **change} if _props(change) else change
    return joined


def _props(change: object) -> dict[str, Any]:
    """What an update by `gr.update` sets; nothing of a plain value, which a dict without its mark is too."""
    return cast("dict[str, Any]", change) if isinstance(change, dict) and "__type__" in change else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
