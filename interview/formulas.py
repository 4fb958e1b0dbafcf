r"""Where formulas stand in a text, between `$…$`, `$$…$$` or `\(…\)`, and which of these a candidate meant."""

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

# Single dollars by pandoc's rule: no space at their inner sides, no digit after, and never where a shell variable
# could stand. Every repetition is bounded, so that no text makes the page wait.
FORMULA = (
    r"(?:(?<!\\)\$\$(?P<display>.{1,2000}?)\$\$|\\\((?P<bracket>.{1,2000}?)\\\)"
    r"|(?<![\\$A-Za-z0-9_])\$(?P<inline>[^\s$`{](?:[^$`\n]{0,500}?[^\s$`\\])?)\$(?![\d${]))"
)
# Code first, so that a `$` inside it is left alone.
SEGMENT = re.compile(
    r"(?P<code>^[ \t>]{0,24}(?P<fence>`{3,}|~{3,})[^\n]*\n(?:.*?\n)??[ \t>]{0,24}(?P=fence)[`~]*[ \t]{0,24}$"
    rf"|(?P<ticks>`+)(?!`).{{1,2000}}?(?<!`)(?P=ticks)(?!`))|{FORMULA}",
    re.DOTALL | re.MULTILINE,
)
# In free text a dollar is a price or a variable unless what stands between two of them reads like a formula.
_PROSE = re.compile(r"[^\W\d_]{2,}\s+[^\W\d_]{2,}")
_SIGNS = re.compile(r"[\\^_=]")
_NAME = re.compile(r"[^\W\d_]{1,3}'?")
_OPERATORS = re.compile(r"[-+*/<>()|]")
_LETTER = re.compile(r"[A-Za-z]")


class Part(NamedTuple):
    """A part of a text: as it was written, and the formula that it is; `tex` is empty for words."""

    text: str
    tex: str = ""
    display: bool = False


def is_meant(found: re.Match[str]) -> bool:
    """Whether a match of SEGMENT in a candidate's text is a formula rather than two prices: `$d_k$`, not `$5 or 6$`."""
    tex = found["inline"]
    if tex is None:
        return bool(found["display"] or found["bracket"])
    if _LETTER.match(found.string, found.end()) or (_PROSE.search(tex) and "\\" not in tex):
        return False
    if tex[0].isdigit():
        return bool(_SIGNS.search(tex))
    return bool(_SIGNS.search(tex) or _OPERATORS.search(tex) or _NAME.fullmatch(tex))


def is_cut(found: re.Match[str], edges: Sequence[int]) -> bool:
    """Whether one of the edges lies within the match."""
    return any(found.start() < edge < found.end() for edge in edges)


def parts_between(text: str, edges: Sequence[int]) -> Iterator[tuple[Part, ...]]:
    """The parts of a candidate's text between every two neighbouring edges; joined, their texts are the text.

    A formula that an edge cuts stays as it was written, so that what an edge marks is what stands there.
    """
    formulas = [found for found in SEGMENT.finditer(text) if is_meant(found) and not is_cut(found, edges)]
    for start, end in itertools.pairwise(edges):
        yield tuple(_parts(text, start, end, [one for one in formulas if start <= one.start() and one.end() <= end]))


def _parts(text: str, start: int, end: int, formulas: Sequence[re.Match[str]]) -> Iterator[Part]:
    at = start
    for found in formulas:
        if at < found.start():
            yield Part(text[at : found.start()])
        tex = found["display"] or found["bracket"] or found["inline"]
        yield Part(found[0], tex, found["display"] is not None)
        at = found.end()
    if at < end:
        yield Part(text[at:end])
