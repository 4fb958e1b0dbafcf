"""Makes text safe to stand in Gradio's Markdown: no tag, no remote image, formulas only where the author meant one.

Gradio's sanitiser keeps class, id, style, forms, images and video, so text alone could forge a mark or cover the page.
Every text of a candidate, of a model or of the notes passes `safe_markdown` before it reaches a Chatbot or Markdown.
"""

import re
from functools import lru_cache

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
# Code first, so that a `$` inside it is left alone; single dollars by pandoc's rule (no space at their
# inner sides, no digit after), and never where a shell variable could stand.
_SEGMENT = re.compile(
    r"(?P<code>^[ \t>]{0,24}(?P<fence>`{3,}|~{3,})[^\n]*\n(?:.*?\n)??[ \t>]{0,24}(?P=fence)[`~]*[ \t]{0,24}$"
    r"|(?P<ticks>`+)(?!`).{1,2000}?(?<!`)(?P=ticks)(?!`))"
    r"|(?P<display>(?<!\\)\$\$.{1,2000}?\$\$|\\\(.{1,2000}?\\\))"
    r"|(?<![\\$A-Za-z0-9_])\$(?P<inline>[^\s$`{](?:[^$`\n]{0,500}?[^\s$`\\])?)\$(?![\d${])",
    re.DOTALL | re.MULTILINE,
)
_SPACE = re.compile(r"\s+")
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

    `formulas`: turn `$…$` into `\(…\)`, for notes and for a model's feedback; a candidate's dollars stay dollars.
    """
    text = text.replace(JOINER, "")
    text = _FENCE_NAME.sub(lambda fence: fence[1] + _RENAMED.get(fence[2].lower(), fence[2]), text)
    pieces: list[str] = []
    end = 0
    for segment in _SEGMENT.finditer(text):
        pieces.append(_disarm(text[end : segment.start()], JOINER))
        pieces.append(_segment(segment, formulas))
        end = segment.end()
    return "".join([*pieces, _disarm(text[end:], JOINER)])


def plain_line(text: str) -> str:
    """The text on one line without code ticks and emphasis, for cards that show no Markdown."""
    for pair in _PAIRS:
        text = pair.sub(r"\1", text)
    return _SPACE.sub(" ", text).strip()


def _segment(segment: re.Match[str], formulas: bool) -> str:
    if segment["display"]:
        return _disarm(segment[0], " ")  # a space means nothing in a formula; a word joiner is an unknown symbol there
    if segment["inline"] and formulas:
        return rf"\({_disarm(segment['inline'], ' ')}\)"
    return _disarm(segment[0], JOINER)


def _disarm(text: str, between: str) -> str:
    return _IMAGE.sub("!" + between, _TAG.sub("<" + between, text))
