r"""Markdown of notes and models as HTML that needs nothing from outside: formulas as MathML, no tags, no images."""

import html
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from interview.formulas import FORMULA, FormulaBudget, tex_of

_NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
# Those that only draw.
_ELEMENTS = frozenset(
    {"math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msub", "msup", "msubsup", "munder", "mover", "munderover"}
    | {"mfrac", "msqrt", "mroot", "mtable", "mtr", "mtd", "mpadded", "mphantom", "menclose", "mstyle", "merror"}
)
_ATTRIBUTES = frozenset(
    {"mathvariant", "stretchy", "fence", "separator", "form", "accent", "accentunder", "linethickness", "lspace"}
    | {"columnalign", "rowspacing", "columnspacing", "columnlines", "rowlines", "width", "height", "depth", "rspace"}
    | {"minsize", "maxsize", "movablelimits", "notation", "displaystyle"}
)
_FORMULA = re.compile(FORMULA, re.DOTALL)
# latex2mathml knows this environment by the name that it has outside of a formula.
_ALIGNED = re.compile(r"\\(begin|end)\{aligned\}")


def markdown_html(text: str) -> str:
    """Return the text, Markdown with formulas, as HTML: tags stay text, images and links keep their words alone."""
    return _MARKDOWN.render(text)


def inline_html(text: str) -> str:
    """The same for a text within a line."""
    return _MARKDOWN.renderInline(text)


@lru_cache(maxsize=512)
def mathml(tex: str, display: bool = False) -> str:
    """Return a formula that a FormulaBudget allowed as MathML; one that cannot be read as its source."""
    try:
        tree = ElementTree.fromstring(convert(_ALIGNED.sub(r"\\\1{align*}", tex)))
    except Exception:  # the converter raises what it likes at text that is no formula
        return f"<code>{html.escape(tex)}</code>"
    mode = "block" if display else "inline"
    inner = "".join(_element(child) for child in tree)
    return f'<math display="{mode}"><semantics>{inner}<annotation>{html.escape(tex)}</annotation></semantics></math>'


def _element(node: ElementTree.Element) -> str:
    """A node of MathML with the elements and attributes that only draw."""
    name = str(node.tag).removeprefix(_NAMESPACE)
    name = name if name in _ELEMENTS else "mrow"
    kept = "".join(f' {key}="{html.escape(value)}"' for key, value in node.attrib.items() if key in _ATTRIBUTES)
    inner = html.escape(node.text or "") + "".join(_element(child) + html.escape(child.tail or "") for child in node)
    return f"<{name}{kept}>{inner}</{name}>"


def _formula(state: StateInline, silent: bool) -> bool:
    """The rule of the inline parser that takes a formula out of the Markdown around it; a refused one is its source."""
    found = _FORMULA.match(state.src, state.pos) if state.src[state.pos] in "$\\" else None
    if found is None:
        return False
    if not silent:
        budget: FormulaBudget = state.env.setdefault("budget", FormulaBudget())
        tex = tex_of(found)
        token = state.push("formula" if budget.allows(tex) else "code_inline", "", 0)
        token.content = tex
        token.meta = {"display": found["display"] is not None}
    state.pos = found.end()
    return True


def _render_formula(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return mathml(tokens[index].content, bool(tokens[index].meta["display"]))


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["image", "autolink", "link"])
    parser.inline.ruler.before("escape", "formula", _formula)
    parser.add_render_rule("formula", _render_formula)
    return parser


_MARKDOWN = _parser()
