"""Finds the JSON objects in what a model wrote: among prose, fences and thoughts, with its usual slips mended."""

import json
import re
from dataclasses import dataclass
from typing import Any, cast

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


class NotJson(ValueError):
    """The text cannot be read as JSON; the message is written for the model that wrote it."""


@dataclass(frozen=True, slots=True)
class Found:
    """One object and where it stands in the text."""

    start: int
    end: int
    content: dict[str, Any]


def mended(text: str) -> str:
    r"""Return JSON text with bare LaTeX backslashes (`\frac`, `\(`) doubled and trailing commas taken out."""
    return _MENDABLE.sub(lambda found: _mended_string(found[0]) if found[0][0] == '"' else "", text)


def parsed(text: str) -> Any:
    """Parse JSON strictly but for what `mended` allows and bare line breaks in strings.

    Raises NotJson for anything else, also for a key that stands twice in an object, nesting without end, and text that
    is no Unicode (half a surrogate pair): nobody could store it or send it back. NaN becomes a number, as in Python.
    """
    try:
        return json.loads(mended(text), strict=False, object_pairs_hook=_unique)
    except RecursionError:
        raise NotJson("the JSON is nested too deeply") from None
    except NotJson:
        raise
    except ValueError as fault:
        raise NotJson(f"not valid JSON: {str(fault)[:200]}") from None


def objects(text: str) -> tuple[Found, ...]:
    """Return the outermost, not empty JSON objects of the text in order, leaving out what is not valid JSON.

    Raises NotJson when the text is too long or too tangled to be searched.
    """
    if len(text) > LONGEST_REPLY:
        raise NotJson(f"the reply has {len(text)} characters; at most {LONGEST_REPLY} are read")
    found: list[Found] = []
    work = 0
    opening = _OPENING.search(text)
    while opening:
        start = opening.start()
        end, looked_at = _closing(text, start)
        work += looked_at + _WORK_PER_OBJECT
        if work > _WORK:
            raise NotJson("the reply holds too many brackets that are never closed")
        content = _object(text[start:end]) if end else None
        if content is not None:
            found.append(Found(start, end, content))
        opening = _OPENING.search(text, end if content is not None else start + 1)
    return tuple(found)


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
    except NotJson:
        return None


def _mended_string(text: str) -> str:
    return _BACKSLASH.sub(lambda found: cast("str", found[1]) or "\\\\", text) if "\\" in text else text


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise NotJson("a key stands twice in one JSON object")
    for text in (piece for pair in pairs for piece in pair if isinstance(piece, str)):
        text.encode()  # raises a ValueError
    return content
