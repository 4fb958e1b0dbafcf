"""The lists below the understood sub-headings, and the marks of key points."""

import re
import textwrap

from interview.models import KeyPoint
from interview.notes.document import Document

_WEIGHT = r"\d{1,2}(?:\.\d{1,2})?"
_EXTRA = r"bonus|加分"
_INSIDE = rf"\s*(?:({_WEIGHT})|({_EXTRA})|({_WEIGHT})\s*[,，]\s*(?:{_EXTRA})|(?:{_EXTRA})\s*[,，]\s*({_WEIGHT}))\s*"
# Between ASCII brackets a mark needs a blank before it (or a Chinese character): f(2) is a formula.
_AT_END = re.compile(rf"(?:(?<![!-~])\({_INSIDE}\)|（{_INSIDE}）)\s*$", re.IGNORECASE)
_AT_START = re.compile(rf"(?:\({_INSIDE}\)\s|（{_INSIDE}）)\s*", re.IGNORECASE)


def read_items(document: Document, first_token: int, last_token: int) -> list[tuple[int, str]]:
    """Return (line, text) of each item among the tokens [first_token, last_token); lines count from 1.

    The items are those of the lists, or each paragraph where there is no list. An item keeps its source text,
    without the marker and the indentation. Empty items are returned with an empty text.
    """
    items: list[tuple[int, str]] = []
    paragraphs: list[tuple[int, str]] = []
    for token in document.tokens[first_token:last_token]:
        if token.type == "list_item_open" and token.level == 1 and token.map:
            first, last = token.map
            items.append((first + 1, _item_text(document, first, last, len(token.info) + len(token.markup))))
        elif token.type == "paragraph_open" and token.level == 0 and token.map:
            paragraphs.append((token.map[0] + 1, document.passage(*token.map).strip()))
    return items or paragraphs


def read_key_point(point_id: str, text: str) -> KeyPoint | None:
    """Read one key point with its mark: `(2)` a weight, `(bonus)` an extra, `(2, bonus)` both; at the end or the start.

    None when the weight is 0. A number over 99 in brackets, such as a year, is text.
    """
    mark = _AT_END.search(text) or _AT_START.match(text)
    rest = (text[: mark.start()] + text[mark.end() :]).strip() if mark else ""
    if mark is None or not rest:
        return KeyPoint(id=point_id, text=text)
    inside = mark.groups()
    weight = next((inside[i] for i in (0, 2, 3, 4, 6, 7) if inside[i]), None)
    plain = bool(inside[0] or inside[4])
    if weight is not None and float(weight) == 0:
        return None
    return KeyPoint(
        id=point_id,
        text=rest,
        weight=float(weight) if weight else 1.0,
        kind="required" if plain else "bonus",
    )


def _item_text(document: Document, first: int, last: int, marker: int) -> str:
    head = document.line(first).lstrip()[marker:].strip()
    rest = textwrap.dedent("\n".join(document.line(index) for index in range(first + 1, last)))
    return f"{head}\n{rest}".strip()
