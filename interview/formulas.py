r"""Find the formulas of a text, and decide which of them may be drawn.

A formula stands between `$…$`, `$$…$$` or `\(…\)`. Three programs draw them: KaTeX in Gradio's Markdown, `formulas.js`
in the cards, latex2mathml in exported pages. Each recurses into what it reads, and a browser recurses again to lay the
result out, so 200 nested roots end a tab. Whatever draws a formula asks a `FormulaBudget` first; a refused formula is
shown as text.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

# Longest formula, and how deep groups and commands may nest in it. The longest of the shipped notes has 110 characters,
# the deepest nests 5 times; a browser begins to fail at 200.
FORMULA_LENGTH = 2000
FORMULA_DEPTH = 32
# What all formulas of one text may have together. A page shows a dozen texts, and lays each out several times; the
# longest of the shipped notes have 430 characters and 40 formulas (`benchmarks.formulas` shows the cost).
FORMULAS_PER_TEXT = 100
FORMULA_LENGTH_PER_TEXT = 4_000

# Single dollars by pandoc's rule: no space at their inner sides, no digit after, and never where a shell variable
# could stand. Every repetition is bounded, so that no text makes the page wait.
FORMULA = (
    rf"(?:(?<!\\)\$\$(?P<display>.{{1,{FORMULA_LENGTH}}}?)\$\$|\\\((?P<bracket>.{{1,{FORMULA_LENGTH}}}?)\\\)"
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

_TOKEN = re.compile(r"\\(?:[A-Za-z@]+\*?|.)|[\u0300-\u036f]+|\S", re.DOTALL)
# Commands that read more than their own argument, set a size of their own, or reach out of the formula. `%` hides the
# rest of its line from KaTeX, braces included, so that no count of ours would hold.
_REFUSED = frozenset(
    {"%", r"\def", r"\edef", r"\gdef", r"\xdef", r"\let", r"\futurelet", r"\global", r"\long", r"\newcommand"}
    | {r"\renewcommand", r"\providecommand", r"\newcommand*", r"\renewcommand*", r"\expandafter", r"\noexpand"}
    | {r"\href", r"\url", r"\includegraphics", r"\htmlClass", r"\htmlId", r"\htmlStyle", r"\htmlData"}
    | {r"\html@mathml", r"\rule", r"\raisebox", r"\above", r"\genfrac", r"\mathchoice", r"\verb", r"\verb*"}
    | {r"\unicode", r"\char", r"\@char", r"\csname", r"\input", r"\require"}
)
# Three digits and more before a unit: `\hspace{4em}` and `\\[4pt]` are drawn, `\kern1000em` is not.
_HUGE_SPACE = re.compile(r"\\(?:[hm]?kern|[hm]skip|[hmv]space\*?|\\|cr)\s*[{\[]?\s*[-+]?\s*\d{3}")
# Every mark above a letter is an accent of its own to KaTeX.
_MARKS_ON_A_LETTER = 4

# Commands by how many arguments they take; those of KaTeX and of latex2mathml. One that is neither here nor in
# _DECLARATION takes none, or is known to neither.
_TWO_ARGUMENTS = re.compile(r"\\(?:[cdt]?frac|[dt]?binom|stackrel|overset|underset|textcolor|f?colorbox)")
_ONE_ARGUMENT = re.compile(
    r"\\(?:math\w+|text\w*|over\w+|Over\w+|under\w+|wide\w+|operatorname\w*\*?|[bx]?cancel|sqrt|root|substack|boxed|[fhv]box"
    r"|x(?:left|right|Left|Right|hook|map|long|two|to)\w*|[hv]?phantom|smash|[rlc]lap|vcenter|phase|angln?|pmb|sout|utilde"
    r"|acute|grave|d{0,4}ot|tilde|bar|breve|check|hat|vec|mit|scr|oldstyle|shove\w+|tag\*?|not|emph"
    r"|Bbb|bold|boldsymbol|bm|frak|[Bb]ra|[Kk]et|[Bb]raket|[Ss]et|p?mod|pod|color)"
)
# Commands that hold to the end of the group or the cell around them.
_DECLARATION = re.compile(
    r"\\(?:rm|sf|tt|bf|it|cal|over|atop|choose|brace|brack|color|(?:display|text|script|scriptscript)style"
    r"|tiny|Tiny|sixptsize|scriptsize|footnotesize|small|normalsize|large|Large|LARGE|huge|Huge)"
)
_OPTIONAL_ARGUMENT = re.compile(r"\\(?:sqrt|smash|x[A-Za-z]+)")
_CLOSES = {"}": "{", r"\right": r"\left", r"\end": r"\begin"}
_OPENS = frozenset(_CLOSES.values())
_NEXT_CELL = frozenset({"&", r"\\", r"\cr"})

# What is open at one place of a formula: a group by the token that opened it, a command by how many arguments it still
# lacks, a declaration.
_Open = str | int
_HELD: Literal["declaration"] = "declaration"


class Part(NamedTuple):
    """A part of a text: as it was written, and the formula that it is; `tex` is empty for words."""

    text: str
    tex: str = ""
    display: bool = False


class FormulaBudget:
    """What one text may still have drawn; ask it for each of its formulas, in order."""

    def __init__(self) -> None:
        """Start with the whole allowance of a text."""
        self._formulas = FORMULAS_PER_TEXT
        self._length = FORMULA_LENGTH_PER_TEXT

    def allows(self, tex: str) -> bool:
        """Return whether the formula may be drawn, and count it if so."""
        if self._formulas == 0 or len(tex) > self._length or not is_drawable(tex):
            return False
        self._formulas -= 1
        self._length -= len(tex)
        return True


@lru_cache(maxsize=2048)  # a conversation is drawn again at every event, and hardly any of it is new
def is_drawable(tex: str) -> bool:
    """Return whether a formula is short, well nested and shallow, and draws no more than itself.

    Takes time linear in the length of `tex`.
    """
    if len(tex) > FORMULA_LENGTH or _HUGE_SPACE.search(tex):
        return False
    stack: list[_Open] = []
    before = ""
    for token in _TOKEN.findall(tex):
        if token in _REFUSED or token == "\\" or not _read(stack, token, before) or len(stack) > FORMULA_DEPTH:
            return False
        before = token
    return not any(one in _OPENS or one == "[" for one in stack)


def tex_of(found: re.Match[str]) -> str:
    """Return the source of the formula that a match of SEGMENT is; empty for code."""
    return found["display"] or found["bracket"] or found["inline"] or ""


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

    A formula that an edge cuts stays as it was written, so that what an edge marks is what stands there; so does one
    that may not be drawn.
    """
    budget = FormulaBudget()
    formulas = [
        found
        for found in SEGMENT.finditer(text)
        if is_meant(found) and not is_cut(found, edges) and budget.allows(tex_of(found))
    ]
    for start, end in itertools.pairwise(edges):
        yield tuple(_parts(text, start, end, [one for one in formulas if start <= one.start() and one.end() <= end]))


def _parts(text: str, start: int, end: int, formulas: Sequence[re.Match[str]]) -> Iterator[Part]:
    at = start
    for found in formulas:
        if at < found.start():
            yield Part(text[at : found.start()])
        yield Part(found[0], tex_of(found), found["display"] is not None)
        at = found.end()
    if at < end:
        yield Part(text[at:end])


def _read(stack: list[_Open], token: str, before: str) -> bool:
    """Change what is open by one token. Return False where groups do not match, or marks pile up on a letter."""
    if token in _CLOSES:
        _leave_commands(stack)
        if not stack or stack.pop() != _CLOSES[token]:
            return False
        _end_argument(stack)
    elif token in _OPENS or (token == "[" and _OPTIONAL_ARGUMENT.fullmatch(before)):
        stack.append(token)
    elif token == "]" and _in_brackets(stack):
        _leave_commands(stack)
        stack.pop()
    elif token in _NEXT_CELL:
        _leave_commands(stack)
    elif token[0] in "\\^_":
        _read_command(stack, token)
    else:
        _end_argument(stack)
        return not "\u0300" <= token[0] <= "\u036f" or len(token) <= _MARKS_ON_A_LETTER
    return True


def _read_command(stack: list[_Open], token: str) -> None:
    if _DECLARATION.fullmatch(token):
        stack.append(_HELD)
    arguments = 2 if _TWO_ARGUMENTS.fullmatch(token) else 1 if token in "^_" or _ONE_ARGUMENT.fullmatch(token) else 0
    if arguments:
        stack.append(arguments)
    else:
        _end_argument(stack)


def _end_argument(stack: list[_Open]) -> None:
    """An argument is complete: so is each command that lacked no more than it."""
    while stack and isinstance(stack[-1], int):
        lacking = stack.pop()
        if isinstance(lacking, int) and lacking > 1:
            stack.append(lacking - 1)
            return


def _leave_commands(stack: list[_Open]) -> None:
    """Drop what ends with its group or cell: declarations, and commands that lack an argument."""
    while stack and (isinstance(stack[-1], int) or stack[-1] == _HELD):
        stack.pop()


def _in_brackets(stack: Sequence[_Open]) -> bool:
    """Whether the innermost group is an optional argument."""
    return next((one == "[" for one in reversed(stack) if isinstance(one, str) and one != _HELD), False)
