"""Find the JSON objects in a model's reply: among prose, fences and thoughts, with its usual slips mended."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic_core import from_json

LONGEST_REPLY = 200_000  # characters; no honest reply comes near
_WORK = 300_000  # characters looked at in search of closing brackets, before giving up on hostile nesting
_WORK_PER_OBJECT = 400
_DEEPEST = 20  # brackets within brackets; a reply has four

# An unfinished string reaches to the end of the text: so no quote is looked at twice.
_STRING = r'"(?:[^"\\]|\\.)*(?:"|\Z)'
_TOKEN = re.compile(_STRING + r"|[{}\[\]]", re.DOTALL)
_MENDABLE = re.compile(_STRING + r"|,(?=\s*[}\]])", re.DOTALL)
_OPENING = re.compile(r'\{(?=\s*")')  # so the braces of a formula are not tried
# LaTeX commands that begin like the escapes of newline, return and tab. \b and \f before a letter are always LaTeX:
# no model writes a backspace or a form feed.
_COMMANDS = (
    "nabla|neg?|neq|nu|not|notin|nmid|rangle|rceil|rfloor|rho|right|rightarrow|rm|rvert|tan|tanh|tau|text|textbf|textit"
    "|textrm|texttt|tfrac|theta|tilde|times|to|top|triangle"
)
_BACKSLASH = re.compile(
    rf'(\\(?:u[0-9a-fA-F]{{4}}|["\\/]|[bf](?![a-zA-Z])|(?!(?:{_COMMANDS})(?![a-zA-Z]))[nrt]))|\\', re.DOTALL
)


_THOUGHTS_OPEN, _THOUGHTS_CLOSE = "<think>", "</think>"


class BadReply(ValueError):
    """The reply cannot be used; the message is written for the model that has to repair it."""


@dataclass(frozen=True, slots=True)
class Found:
    """One object and its place in the text."""

    start: int
    end: int
    content: dict[str, Any]


def mended(text: str) -> str:
    r"""Return JSON text with bare LaTeX backslashes (`\frac`, `\(`) doubled and trailing commas taken out."""
    return _MENDABLE.sub(lambda found: _mended_string(found[0]) if found[0][0] == '"' else "", text)


def parsed(text: str) -> Any:
    """Parse JSON strictly but for what `mended` allows and bare line breaks in strings.

    Raises BadReply for anything else, also for a key that stands twice in an object, nesting without end, and text that
    is no Unicode (half a surrogate pair): nobody could store it or send it back. NaN becomes a number, as in Python.
    """
    try:
        return json.loads(mended(text), strict=False, object_pairs_hook=_unique)
    except RecursionError:
        raise BadReply("the JSON is nested too deeply") from None
    except BadReply:
        raise
    except ValueError as fault:
        raise BadReply(f"not valid JSON: {str(fault)[:200]}") from None


def objects(text: str) -> tuple[Found, ...]:
    """Return the outermost, not empty JSON objects of the text in order, leaving out what is not valid JSON.

    Raises BadReply when the text is too long or too tangled to be searched.
    """
    if len(text) > LONGEST_REPLY:
        raise BadReply(f"the reply has {len(text)} characters; at most {LONGEST_REPLY} are read")
    found: list[Found] = []
    work = 0
    opening = _OPENING.search(text)
    while opening:
        start = opening.start()
        end, looked_at = _closing(text, start)
        work += looked_at + _WORK_PER_OBJECT
        if work > _WORK:
            raise BadReply("the reply holds too many brackets that are never closed")
        content = _object(text[start:end]) if end else None
        if content is not None:
            found.append(Found(start, end, content))
        opening = _OPENING.search(text, end if content is not None else start + 1)
    return tuple(found)


def last_object(text: str, field: str = "", not_in: str = "") -> dict[str, Any]:
    """Return the last JSON object of a reply, outside of thoughts; with `field`, the last one that has that field.

    An object that also occurs in `not_in`, the candidate's text, is not the model's. Raises BadReply, also for
    thoughts without an end and for an unfinished object with `field` at the end.
    """
    found = objects(text)
    foreign = [one.content for one in objects(not_in)] if not_in else []
    between = _between(text, [(one.start, one.end) for one in found])
    # Thoughts end at the last mark outside of every object: within one it is quoted text.
    thoughts_end = max(
        (at + piece.rfind(_THOUGHTS_CLOSE) for at, piece in between if _THOUGHTS_CLOSE in piece), default=-1
    )
    if thoughts_end < 0 and text.lstrip().startswith(_THOUGHTS_OPEN):
        raise BadReply("the reply ended before the thinking did; reply with the JSON object alone")
    found = [one for one in found if one.start > thoughts_end and (not field or field in one.content)]
    last = next((one for one in reversed(found) if one.content not in foreign), None)
    if last is None:
        raise BadReply(f"there is no valid JSON object{f' with `{field}`' if field else ''} in the reply")
    unread = re.compile(rf"""["']?{field}["']?\s*:""")
    if field and any(at >= last.end and unread.search(piece) for at, piece in between):
        raise BadReply("the JSON object at the end of the reply is not valid JSON, or it is unfinished")
    return last.content


def unfinished(text: str) -> dict[str, Any]:
    """Return the object of a reply that still arrives, as far as it is complete; empty where there is none yet."""
    text = text.lstrip()
    if text.startswith(_THOUGHTS_OPEN):
        text = text.partition(_THOUGHTS_CLOSE)[2]
    try:
        # Drops an unfinished end, also half a string: the rest is whole.
        content: Any = from_json(mended(text[text.index("{") :]), allow_partial=True)
    except ValueError:
        return {}
    return cast("dict[str, Any]", content) if isinstance(content, dict) else {}


def _between(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, str]]:
    """Return the pieces of text around the spans, each with its offset."""
    starts = [0, *(end for _, end in spans)]
    ends = [*(start for start, _ in spans), len(text)]
    return [(start, text[start:end]) for start, end in zip(starts, ends, strict=True)]


def _closing(text: str, start: int) -> tuple[int, int]:
    """Return the end of the object that opens at `start` (0: none), and how many characters were looked at."""
    open_brackets: list[str] = []
    for token in _TOKEN.finditer(text, start):
        mark = token[0]
        if mark in "{[":
            open_brackets.append("}" if mark == "{" else "]")
            if len(open_brackets) > _DEEPEST:
                return 0, token.end() - start
        elif mark in "}]":
            if open_brackets.pop() != mark:
                return 0, token.end() - start
            if not open_brackets:
                return token.end(), token.end() - start
    return 0, len(text) - start


def _object(text: str) -> dict[str, Any] | None:
    try:
        return cast("dict[str, Any]", parsed(text))
    except BadReply:
        return None


def _mended_string(text: str) -> str:
    return _BACKSLASH.sub(lambda found: cast("str", found[1]) or "\\\\", text) if "\\" in text else text


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise BadReply("a key stands twice in one JSON object")
    for text in (piece for pair in pairs for piece in pair if isinstance(piece, str)):
        text.encode()  # raises a ValueError
    return content
