"""Reading a reply: what has arrived, and whether it is a whole, usable answer.

Servers differ, and the SDK does not validate what it parses: every field may be missing or of another type.
"""

from typing import cast

from interview.backends.backend import Usage
from interview.backends.faults import CallFailed, reported

_LIMIT = 1_000_000  # characters; a grading has a few thousand
_LONGEST_FINGERPRINT = 100
_CUT = "The reply of {model} at {host} broke off before its end."
_EMPTY = "{model} at {host} sent an empty reply."
_TOO_SHORT = "The reply of {model} at {host} did not fit into its token limit. Take a model that thinks less at length."


class Reply:
    """What one call has brought so far. `pieces` counts the parts of a stream that held a choice."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._length = 0
        self._finish = ""
        self._refuses = False
        self.pieces = 0
        self.model = ""
        self.fingerprint = ""
        self.usage = Usage()

    @property
    def text(self) -> str:
        """The text so far; reasoning that came beside it is left out."""
        return "".join(self._texts)

    def take_piece(self, piece: object, asked: str) -> str:
        """Take one part of a stream of model `asked`; return the text it adds."""
        return self._take(piece, "delta", asked)

    def take_whole(self, whole: object, asked: str) -> None:
        """Take a reply that came at once. Raises CallFailed where it is no completion."""
        self._take(whole, "message", asked)
        if not self.pieces:
            raise CallFailed("bad_reply")  # also a page of HTML, which comes as a str

    def _take(self, part: object, where: str, asked: str) -> str:
        error = getattr(part, "error", None)
        if error:
            raise reported(error, model=asked)
        self._take_usage(getattr(part, "usage", None))
        self.model = _text(part, "model") or self.model
        self.fingerprint = _text(part, "system_fingerprint")[:_LONGEST_FINGERPRINT] or self.fingerprint
        choices = getattr(part, "choices", None)
        if not isinstance(choices, list) or not choices:
            return ""  # a stream's last part has the usage and no choice
        self.pieces += 1
        choice = cast("list[object]", choices)[0]
        self._finish = _text(choice, "finish_reason") or self._finish
        message = getattr(choice, where, None)
        self._refuses = self._refuses or bool(_text(message, "refusal"))
        text = _text(message, "content")
        self._length += len(text)
        if self._length > _LIMIT:
            raise CallFailed("bad_reply")
        self._texts.append(text)
        return text

    def _take_usage(self, usage: object) -> None:
        if usage is None:
            return
        self.usage = Usage(
            prompt_tokens=_count(usage, "prompt_tokens"),
            completion_tokens=_count(usage, "completion_tokens"),
            cached_tokens=_count(getattr(usage, "prompt_tokens_details", None), "cached_tokens"),
        )

    def check(self) -> None:
        """Raise CallFailed unless the reply ended by itself and says something. Why it ended is looked at first."""
        text = self.text
        if not self._finish:
            raise CallFailed("bad_reply", sentence=_CUT, cut=True)
        if self._finish == "content_filter" or (self._refuses and not text.strip()):
            raise CallFailed("content_refused")
        if self._finish == "length":
            # Where the grammar allows it, some models write blanks up to the limit: the fault of the rung.
            blank = len(text) > 200 and not text[-200:].strip()
            raise CallFailed("bad_reply", sentence=_TOO_SHORT, lasting=True, too_short=not blank, about_rung=blank)
        if not text.strip():
            raise CallFailed("bad_reply", sentence=_EMPTY, unnamed=True)  # some think, and then have no room for a form


def _text(part: object, name: str) -> str:
    value = getattr(part, name, None)
    return value if isinstance(value, str) else ""


def _count(part: object, name: str) -> int | None:
    value = getattr(part, name, None)
    return value if isinstance(value, int) and value >= 0 else None
