r"""Make text safe to stand in Gradio's Markdown and in a card: no tag, no remote image, no formula but ours.

Gradio's sanitiser keeps class, id, style, forms, images and video, so text alone could forge a mark or cover the page.
Every text of a candidate, of a model or of the notes passes `safe_markdown`, `safe_answer` or `safe_reference` before
it reaches a Chatbot or Markdown, and `card_line` before a card draws its formulas.

The page draws a formula between `LATEX_DELIMITERS` and nowhere else. These hold a word joiner, which is taken out of
every text first, so only this module writes them: it does not matter what KaTeX, Markdown or a browser that decodes
entities would make of a `$$` or `\(` in a text.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache, partial

from interview.formulas import SEGMENT, FormulaBudget, is_cut, is_meant, tex_of
from interview.notes.images import SEGMENT_OR_IMAGE, read_reference

# WORD JOINER: invisible and of no width; it keeps `<` from opening a tag and `![` from opening an image.
JOINER = "\u2060"
_DISPLAY = (f"$${JOINER}", f"{JOINER}$$")
_INLINE = (f"\\({JOINER}", f"{JOINER}\\)")
# The only delimiters a Chatbot or Markdown may have. `formulas.js` knows them too.
LATEX_DELIMITERS: list[dict[str, str | bool]] = [
    {"left": _DISPLAY[0], "right": _DISPLAY[1], "display": True},
    {"left": _INLINE[0], "right": _INLINE[1], "display": False},
]
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_IMAGE = re.compile(r"!(?=\[)")
# An entity that a browser decodes to the joiner, and the name under which Gradio sets formulas aside.
_JOINER_ENTITY = re.compile(r"&(?=#0*8288|#[xX]0*2060|NoBreak)")
_SET_ASIDE = re.compile(r"LATEX(?=\\?_)")
_ENTITY = re.compile(r"&(?=[#A-Za-z])")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
# A `cpp` block blanks the whole message unless `c` was loaded before, and a diagram would be drawn from the text.
# Every repetition here is bounded, so that no text makes the page wait.
_FENCE_NAME = re.compile(r"^((?:[ \t>*+-]|\d{1,9}[.)]){0,24}(?:`{3,}|~{3,})[ \t]{0,8})([\w+#-]{1,40})", re.MULTILINE)
_RENAMED = {"cpp": "c", "c++": "c", "cc": "c", "cxx": "c", "hpp": "c", "mermaid": "text"}
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

    `formulas`: draw `$…$` too, for notes and for a model's words.
    """
    budget = FormulaBudget()

    def drawn(found: re.Match[str]) -> str:
        return _drawn(found, budget, is_formula=formulas or not found["inline"])

    return _safe(text.replace(JOINER, ""), SEGMENT, drawn)


@lru_cache(maxsize=512)
def safe_answer(text: str, edges: tuple[int, ...] = ()) -> str:
    """The same for what a candidate wrote, with the formulas that were meant as such; prices stay prices.

    `edges`: offsets where a mark begins or ends. A formula that one of them cuts stands as it was written.
    """
    moved = [edge - text.count(JOINER, 0, edge) for edge in edges]
    budget = FormulaBudget()

    def drawn(found: re.Match[str]) -> str:
        return _drawn(found, budget, is_formula=is_meant(found) and not is_cut(found, moved))

    return _safe(text.replace(JOINER, ""), SEGMENT, drawn)


def safe_reference(text: str, address_of: Callable[[str], str | None], word: str) -> str:
    """The same for a reference answer, with formulas, and with those images that have an address on this server.

    `address_of` tells it of a source: a path in which all but letters, digits and `-._~/?=&` is percent-encoded, or
    None. An image without one is its alternative text behind `word`, which holds no Markdown.
    """
    budget = FormulaBudget()

    def formula(found: re.Match[str]) -> str:
        return _drawn(found, budget, is_formula=True)

    def drawn(found: re.Match[str]) -> str:
        return formula(found) if found["image"] is None else image(found["image"])

    def image(written: str) -> str:
        reference = read_reference(written)
        if reference is None:
            return _disarm(written)
        address = address_of(reference.source)
        if address is None:
            return f"{word} {_safe(reference.alt.replace(JOINER, ''), SEGMENT, formula)}".rstrip()
        return f"![{_NOT_SPOKEN.sub(' ', reference.alt).strip()}]({address})"

    return _safe(text.replace(JOINER, ""), SEGMENT_OR_IMAGE, drawn)


def plain_line(text: str) -> str:
    """The text on one line without code ticks and emphasis, where no Markdown is shown; formulas stay whole."""
    for pair in _PAIRS:
        formulas = [found.span() for found in SEGMENT.finditer(text) if not found["code"]]
        text = pair.sub(partial(_without_marks, formulas), text)
    return _SPACE.sub(" ", text).strip()


@lru_cache(maxsize=2048)  # lists show the same questions again at every event
def card_line(text: str) -> str:
    """The same for `formulas` of the script, which draws what stands between `LATEX_DELIMITERS`."""
    budget = FormulaBudget()

    def marked(found: re.Match[str]) -> str:
        tex = tex_of(found)
        return _enclosed(found, tex) if tex and budget.allows(tex) else found[0]

    return plain_line(SEGMENT.sub(marked, text.replace(JOINER, "")))


def _without_marks(formulas: Sequence[tuple[int, int]], pair: re.Match[str]) -> str:
    """What stands between two marks, unless one of them belongs to a formula, as in `x^*`."""
    ends = (pair.start(), pair.end() - 1)
    return pair[0] if any(start <= at < end for start, end in formulas for at in ends) else pair[1]


def _safe(text: str, segments: re.Pattern[str], drawn: Callable[[re.Match[str]], str]) -> str:
    pieces: list[str] = []
    end = 0
    for found in segments.finditer(text):
        pieces.append(_disarm(text[end : found.start()]))
        pieces.append(drawn(found))
        end = found.end()
    whole = "".join([*pieces, _disarm(text[end:])])
    return _FENCE_NAME.sub(lambda fence: fence[1] + _RENAMED.get(fence[2].lower(), fence[2]), whole)


def _drawn(found: re.Match[str], budget: FormulaBudget, *, is_formula: bool) -> str:
    """A match of SEGMENT: drawn as a formula, or shown as it was written."""
    tex = tex_of(found)
    if tex and is_formula and budget.allows(tex):
        # A space means nothing in a formula; a word joiner is an unknown symbol there.
        return _enclosed(found, _TAG.sub("< ", _IMAGE.sub("! ", _ENTITY.sub("& ", tex))))
    if found["code"] or (found["inline"] and not is_formula):
        return _disarm(found[0])
    return _PUNCTUATION.sub(lambda sign: f"&#{ord(sign[0])};", found[0])


def _enclosed(found: re.Match[str], tex: str) -> str:
    left, right = _DISPLAY if found["display"] else _INLINE
    return f"{left}{tex}{right}"


def _disarm(text: str) -> str:
    for sign in (_IMAGE, _TAG, _JOINER_ENTITY, _SET_ASIDE):
        text = sign.sub(rf"\g<0>{JOINER}", text)
    return text
