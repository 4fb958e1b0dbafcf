"""Reading a reply: what has arrived, and whether it is a whole, usable answer.

The body is read here and not by the SDK, which builds an object for each piece of a stream. Servers differ: every
field may be missing or of another type.
"""

import json
import re
from typing import cast

from interview.backends.backend import Usage
from interview.backends.faults import CallFailed, reported

_LIMIT = 1_000_000  # characters; a grading has a few thousand
_LONGEST_BODY = 64_000_000  # bytes; a stream takes some 250 of them for each token
_LONGEST_FINGERPRINT = 100
_CUT = "The reply of {model} at {host} broke off before its end."
_EMPTY = "{model} at {host} sent an empty reply."
_TOO_SHORT = "The reply of {model} at {host} did not fit into its token limit. Take a model that thinks less at length."
# A carriage return at the end of a piece may be the first half of a line's end.
_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")
_DONE = b"[DONE]"


class Reply:
    """What one call to model `asked` has brought so far.

    `choices` counts the parts that held one; `is_done`: the server has said that the stream is over.
    """

    def __init__(self, asked: str, *, streams: bool) -> None:
        self._asked = asked
        self._streams = streams
        self._texts: list[str] = []
        self._length = 0
        self._received = 0
        self._unread: list[bytes] = [b""]
        self._data: list[bytes] = []
        self._finish = ""
        self._refuses = False
        self.choices = 0
        self.is_done = False
        self.model = ""
        self.fingerprint = ""
        self.usage = Usage()

    @property
    def text(self) -> str:
        """The text so far; reasoning that came beside it is left out."""
        return "".join(self._texts)

    def feed(self, piece: bytes) -> str:
        """Take the next bytes of the body; return the text that they add, empty where the reply comes at once.

        Raises:
            CallFailed: The endpoint reports an error, or the body is too long.
            ValueError: An event is no JSON, or no UTF-8.
        """
        self._received += len(piece)
        if self._received > _LONGEST_BODY:
            raise CallFailed("bad_reply")
        if not self._streams:
            self._unread.append(piece)
            return ""
        *lines, rest = _LINE_END.split(self._unread[0] + piece)
        self._unread = [rest]
        return "".join([self._take(event, "delta") for line in lines if (event := self._event(line)) is not None])

    def _event(self, line: bytes) -> object:
        """Take a line of server-sent events; return the event that it ends, None where it ends none."""
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
        if line or not self._data:
            return None
        data, self._data = b"\n".join(self._data), []
        self.is_done = self.is_done or data.startswith(_DONE)
        return None if self.is_done else _decoded(data)

    def finish(self) -> None:
        """Read a reply that came at once, now that it is here. Raises as `feed`."""
        if not self._streams:
            self._take(_decoded(b"".join(self._unread)), "message")
            if not self.choices:
                raise CallFailed("bad_reply")

    def _take(self, part: object, where: str) -> str:
        fields = _fields(part)
        if error := fields.get("error"):
            raise reported(error, model=self._asked, otherwise="server_fault" if self._streams else "bad_reply")
        if usage := fields.get("usage"):
            self._take_usage(_fields(usage))
        self.model = _text(fields, "model") or self.model
        self.fingerprint = _text(fields, "system_fingerprint")[:_LONGEST_FINGERPRINT] or self.fingerprint
        choices = fields.get("choices")
        if not isinstance(choices, list) or not choices:
            return ""  # a stream's last part has the usage and no choice
        self.choices += 1
        choice = _fields(cast("list[object]", choices)[0])
        self._finish = _text(choice, "finish_reason") or self._finish
        message = _fields(choice.get(where))
        self._refuses = self._refuses or bool(_text(message, "refusal"))
        text = _text(message, "content")
        self._length += len(text)
        if self._length > _LIMIT:
            raise CallFailed("bad_reply")
        self._texts.append(text)
        return text

    def _take_usage(self, usage: dict[str, object]) -> None:
        self.usage = Usage(
            prompt_tokens=_count(usage, "prompt_tokens"),
            completion_tokens=_count(usage, "completion_tokens"),
            cached_tokens=_count(_fields(usage.get("prompt_tokens_details")), "cached_tokens"),
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


def _decoded(data: bytes) -> object:
    return json.loads(data.decode("utf-8-sig"))


def _fields(part: object) -> dict[str, object]:
    return cast("dict[str, object]", part) if isinstance(part, dict) else {}


def _text(part: dict[str, object], name: str) -> str:
    value = part.get(name)
    return value if isinstance(value, str) else ""


def _count(part: dict[str, object], name: str) -> int | None:
    value = part.get(name)
    return value if isinstance(value, int) and value >= 0 else None
