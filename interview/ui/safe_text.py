"""Makes text safe to stand in Gradio's Markdown: no tag, no remote image, formulas only where the author meant one.

Gradio's sanitiser keeps class, id, style, forms, images and video, so text alone could forge a mark or cover the page.
Every text of a candidate, of a model or of the notes passes `safe_markdown`, `safe_answer` or `safe_reference` before
it reaches a Chatbot or Markdown.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache, partial

from interview.formulas import SEGMENT, is_cut, is_meant
from interview.notes.images import SEGMENT_OR_IMAGE, read_reference

# WORD JOINER: invisible and of no width; it keeps `<` from opening a tag and `![` from opening an image.
JOINER = "\u2060"
# The only delimiters the page may use: with a single `$`, "costs $5 and $6" would become a formula.
LATEX_DELIMITERS: list[dict[str, str | bool]] = [
    {"left": "$$", "right": "$$", "display": True},
    {"left": "\\(", "right": "\\)", "display": False},
]
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_IMAGE = re.compile(r"!(?=\[)")
# A `cpp` block blanks the whole message unless `c` was loaded before, and a diagram would be drawn from the text.
# Every repetition here is bounded, so that no text makes the page wait.
_FENCE_NAME = re.compile(r"^((?:[ \t>*+-]|\d{1,9}[.)]){0,24}(?:`{3,}|~{3,})[ \t]{0,8})([\w+#-]{1,40})", re.MULTILINE)
_RENAMED = {"cpp": "c", "c++": "c", "cc": "c", "cxx": "c", "hpp": "c", "mermaid": "text"}
_OPENING = re.compile(r"^(\$|\\)(?=[$(])")
_SPACE = re.compile(r"\s+")
# An image's alternative text is read aloud; nothing in it may end the brackets around it.
_NOT_SPOKEN = re.compile(r"[^\w.,-]+|_+")
# Only marks that come in pairs around words, for a lone `*` is a product, as in Q*K. Bounded: keeps the search linear.
_PAIRS = tuple(
    re.compile(form)
    for form in (
        r"\*\*(?=\S)([^*\n]{1,200})(?<=\S)\*\*",
        r"(?<![\w*])\*(?=[^\s*])([^*\n]{1,200})(?<=\S)\*(?![\w*])",
        r"`{1,3}([^`\n]{1,200})`{1,3}",
    )
)


@lru_cache(maxsize=512)  # a conversation is drawn again at every event, and hardly any of it is new
def safe_markdown(text: str, *, formulas: bool = False) -> str:
    r"""The text as Markdown that can neither open a tag nor call out; what is read stays the same.

    `formulas`: turn `$…$` into `\(…\)`, for notes and for a model's words.
    """
    return _safe(text.replace(JOINER, ""), SEGMENT, lambda found: _drawn(found, not found["inline"] or formulas))


@lru_cache(maxsize=512)
def safe_answer(text: str, edges: tuple[int, ...] = ()) -> str:
    """The same for what a candidate wrote, with the formulas that were meant as such; prices stay prices.

    `edges`: offsets where a mark begins or ends. A formula that one of them cuts stands as it was written.
    """
    moved = [edge - text.count(JOINER, 0, edge) for edge in edges]

    def drawn(found: re.Match[str]) -> str:
        return _drawn(found, is_meant(found) and not is_cut(found, moved))

    return _safe(text.replace(JOINER, ""), SEGMENT, drawn)


def safe_reference(text: str, address_of: Callable[[str], str | None], word: str) -> str:
    """The same for a reference answer, with formulas, and with those images that have an address on this server.

    `address_of` tells it of a source: a path in which all but letters, digits and `-._~/?=&` is percent-encoded, or
    None. An image without one is its alternative text behind `word`, which holds no Markdown.
    """

    def drawn(found: re.Match[str]) -> str:
        return _drawn(found, True) if found["image"] is None else _image(found["image"], address_of, word)

    return _safe(text.replace(JOINER, ""), SEGMENT_OR_IMAGE, drawn)


def plain_line(text: str) -> str:
    """The text on one line without code ticks and emphasis, for cards that show no Markdown; formulas stay whole."""
    for pair in _PAIRS:
        formulas = [found.span() for found in SEGMENT.finditer(text) if not found["code"]]
        text = pair.sub(partial(_without_marks, formulas), text)
    return _SPACE.sub(" ", text).strip()


def _without_marks(formulas: Sequence[tuple[int, int]], pair: re.Match[str]) -> str:
    """What stands between two marks, unless one of them belongs to a formula, as in `x^*`."""
    ends = (pair.start(), pair.end() - 1)
    return pair[0] if any(start <= at < end for start, end in formulas for at in ends) else pair[1]


def _safe(text: str, segments: re.Pattern[str], drawn: Callable[[re.Match[str]], str]) -> str:
    pieces: list[str] = []
    end = 0
    for found in segments.finditer(text):
        pieces.append(_disarm(text[end : found.start()], JOINER))
        pieces.append(drawn(found))
        end = found.end()
    whole = "".join([*pieces, _disarm(text[end:], JOINER)])
    return _FENCE_NAME.sub(lambda fence: fence[1] + _RENAMED.get(fence[2].lower(), fence[2]), whole)


def _drawn(found: re.Match[str], is_formula: bool) -> str:
    return _formula(found) if is_formula and not found["code"] else _source(found)


def _image(written: str, address_of: Callable[[str], str | None], word: str) -> str:
    reference = read_reference(written)
    if reference is None:
        return _disarm(written, JOINER)
    address = address_of(reference.source)
    if address is None:
        return f"{word} {safe_markdown(reference.alt, formulas=True)}".rstrip()
    return f"![{_NOT_SPOKEN.sub(' ', reference.alt).strip()}]({address})"


def _formula(found: re.Match[str]) -> str:
    # A space means nothing in a formula; a word joiner is an unknown symbol there.
    return _disarm(rf"\({found['inline']}\)" if found["inline"] else found[0], " ")


def _source(found: re.Match[str]) -> str:
    """What stands there, as words: a joiner in the sign that opens a formula, and the page draws none."""
    words = _disarm(found[0], JOINER)
    return words if found["code"] or found["inline"] else _OPENING.sub(rf"\1{JOINER}", words)


def _disarm(text: str, between: str) -> str:
    return _IMAGE.sub("!" + between, _TAG.sub("<" + between, text))
