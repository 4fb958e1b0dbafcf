"""Text that goes into Gradio's Markdown can open no tag, fetch no image and blank no message; it reads the same."""

import html
import re
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from interview.formulas import SEGMENT
from interview.ui.safe_text import (
    JOINER,
    LATEX_DELIMITERS,
    card_line,
    plain_line,
    safe_answer,
    safe_markdown,
    safe_reference,
)

MARKUP = st.text(alphabet="<>/!?[]()`~$\\ab1 \n.-cp" + JOINER, max_size=120)


def enclosed(text: str) -> str:
    r"""The text with its `$$…$$` and `\(…\)` as the page is given them."""
    text = re.sub(r"\$\$(.+?)\$\$", rf"$${JOINER}\1{JOINER}$$", text)
    return text.replace("\\(", f"\\({JOINER}").replace("\\)", f"{JOINER}\\)")


def opens_something(text: str) -> bool:
    return bool(re.search(r"<[A-Za-z/!?]|!\[", text))


ADDRESS = "/notes/image?file=n&source=1.png"
OURS = re.compile(rf"!\[[\w ,.-]*\]\({re.escape(ADDRESS)}\)")


def reference(text: str) -> str:
    """A text of notes that have one image."""
    return safe_reference(text, {"1.png": ADDRESS}.get, "〔image〕")


def tokens_of(markdown: str) -> list[Token]:
    blocks = MarkdownIt("commonmark").parse(markdown)
    return [*blocks, *(child for block in blocks for child in block.children or [])]


@given(MARKUP, st.booleans())
def test_nothing_opens_a_tag_or_an_image(text: str, formulas: bool):
    assert not opens_something(safe_markdown(text, formulas=formulas))


@given(st.text(alphabet="<>/!?[]()`$ab1 \n", max_size=120))
def test_a_text_without_formulas_loses_nothing(text: str):
    assert safe_markdown(text.replace("$$", "$ $")).replace(JOINER, "") == text.replace("$$", "$ $")


@given(MARKUP)
def test_doing_it_twice_changes_nothing_more(text: str):
    assert safe_markdown(safe_markdown(text)) == safe_markdown(text)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<form action='https://evil.invalid'><input></form>",
        "<mark class='q covered' style='position:fixed;inset:0'>forged</mark>",
        "![x](https://evil.invalid/a.png)",
        "![x][ref]\n\n[ref]: https://evil.invalid/a.png",
        "```html\n<img src=x>\n```",
        "`<b>`",
        "$$<img src=x>$$",
        "\\(<svg onload=alert(1)>\\)",
        "$<b>$",
        "<!-- a comment -->",
        "<?php ?>",
        f"<{JOINER}script>",
    ],
)
@pytest.mark.parametrize("formulas", [True, False])
def test_hostile_text_is_only_text(text: str, formulas: bool):
    assert not opens_something(safe_markdown(text, formulas=formulas))


def test_template_signs_are_left_alone():
    assert safe_markdown("${alert(1)} {{x}} \\underline") == "${alert(1)} {{x}} \\underline"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("$x_1$ and $y + z$", "\\(x_1\\) and \\(y + z\\)"),
        ("因为$d_k$很大", "因为\\(d_k\\)很大"),
        ("costs $5 and $6", "costs $5 and $6"),
        ("${HOME} or $5,$6", "${HOME} or $5,$6"),
        ("\\$5 and $x$", "\\$5 and \\(x\\)"),
        ("`$a$` and $b$", "`$a$` and \\(b\\)"),
        ("```sh\necho $A$\n```\n$b$", "```sh\necho $A$\n```\n\\(b\\)"),
        ("${A} and `${B}`", "${A} and `${B}`"),
        ("$$a$$ $b$", "$$a$$ \\(b\\)"),
        ("$a<b$", "\\(a< b\\)"),
    ],
)
def test_dollars_of_the_notes_become_formulas(text: str, shown: str):
    assert safe_markdown(text, formulas=True) == enclosed(shown)


def test_dollars_of_other_text_stay_dollars():
    assert safe_markdown("$x$") == "$x$"


@pytest.mark.parametrize("name", ["cpp", "C++", "cc", "hpp"])
@pytest.mark.parametrize("fence", ["```", "~~~~", "- ```", "> ```", "1. ```", "  ``` "])
def test_a_fence_that_would_blank_the_message_is_renamed(fence: str, name: str):
    assert safe_markdown(f"{fence}{name}\nint a;") == f"{fence}c\nint a;"


REFUSED = r"\def\a{x}"


@pytest.mark.parametrize("draw", [partial(safe_markdown, formulas=True), safe_answer, reference])
@pytest.mark.parametrize(
    "text",
    [
        f"$${REFUSED}$$",
        rf"\({REFUSED}\)",
        f"${REFUSED}$",
        f"$${'x' * 3000}$$",
        rf"\\({REFUSED}\\)",
        r"\$\$x\$\$",
        "&#36;&#36;x&#36;&#36;",
        rf"$$&#8288;{REFUSED}&#8288;$$",
        rf"\\(&#x2060;{REFUSED}&NoBreak;\\)",
        rf"$&#36;&#8288;{REFUSED}&#8288;$&#36;",
        f"$${JOINER}{REFUSED}{JOINER}$$",
        "`$$x$$`",
    ],
)
def test_what_is_no_formula_of_ours_has_no_delimiters_to_the_page(text: str, draw: Callable[[str], str]):
    shown = html.unescape(draw(text))
    assert [one for one in LATEX_DELIMITERS if str(one["left"]) in shown] == []


@given(st.text(alphabet="$\\(){}&#8;36x*_`\n a" + JOINER, max_size=80))
def test_the_delimiters_of_the_page_are_only_around_formulas(text: str):
    shown = html.unescape(safe_markdown(text, formulas=True))
    for one in LATEX_DELIMITERS:
        assert shown.count(str(one["left"])) == shown.count(str(one["right"])) <= len(SEGMENT.findall(text))


def test_a_set_aside_formula_cannot_be_called_for_again():
    assert "LATEX_BLOCK" not in safe_markdown("$$x$$ %%%LATEX_BLOCK_0%%%")
    assert r"LATEX\_" not in safe_markdown(r"%%%LATEX\_BLOCK_0%%%")


def test_a_refused_formula_reads_as_it_was_written():
    for text in (f"$${REFUSED}$$", rf"\({REFUSED}\)", f"${REFUSED}$"):
        assert tokens_of(safe_markdown(text, formulas=True))[-1].content == text
        assert card_line(text) == text


def test_cards_draw_no_code():
    assert card_line("`$z$` **not $z$**") == enclosed(r"$z$ not \(z\)")


def test_other_fences_keep_their_name_and_diagrams_are_not_drawn():
    assert safe_markdown("```python\nx\n```") == "```python\nx\n```"
    assert safe_markdown("```cpython\n```") == "```cpython\n```"
    assert safe_markdown("```mermaid\ngraph\n```") == "```text\ngraph\n```"


def test_a_line_for_a_card_has_no_markup_and_no_breaks():
    assert plain_line("What is\n  `[CLS]` **for**, *really*?") == "What is [CLS] for, really?"
    assert plain_line("**the `b` one**") == "the b one"


def test_a_plain_line_keeps_products():
    for text in ("softmax[(Q*K^T)/(dk)^(1/2)] *V", "a*b*c", "2 * 3 * 4", "x**2", "`open"):
        assert plain_line(text) == text


def test_a_plain_line_keeps_formulas_whole():
    assert plain_line("$x^*$ and $y^*$ are *best*, `$z$` **not $z$**") == "$x^*$ and $y^*$ are best, $z$ not $z$"


PIECES = (*"<>/!?[]()`~$\\'\" \nab", "![", "](", "](1.png)", "![a](1.png)", "[a]: //x/a", "![b](//x)")


@given(st.lists(st.sampled_from(PIECES)))
def test_whatever_the_notes_say_nothing_but_their_images_opens(pieces: list[str]):
    shown = reference("".join(pieces))
    assert not opens_something(OURS.sub("", shown).replace(ADDRESS, ""))
    for token in tokens_of(shown):
        assert "html" not in token.type
        assert token.type != "image" or token.attrs["src"] == ADDRESS


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_alternative_text_and_no_source_gets_out_of_its_image(alt: str, source: str):
    shown = reference(f"![{alt}](1.png) ![{alt}]({source})")
    assert not opens_something(OURS.sub("", shown))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("before ![My Image](1.png) after", f"before ![My Image]({ADDRESS}) after"),
        ("![](<1.png> 'a title')", f"![]({ADDRESS})"),
        ('![a <b> *c* $d$ "e"](1.png)', f"![a b c d e]({ADDRESS})"),
        ("[![a](1.png)](https://example.org)", f"[![a]({ADDRESS})](https://example.org)"),
        ("- ![a](1.png)\n- $x$", f"- ![a]({ADDRESS})\n- \\(x\\)"),
        ("![My Image](gone.png)!", "〔image〕 My Image!"),
        ("![](gone.png)", "〔image〕"),
        ("![a $x$ <b>](https://evil.invalid/a.png)", f"〔image〕 a \\(x\\) <{JOINER}b>"),
        ("!![a](gone.png)(//x/a)", "!〔image〕 a(//x/a)"),
        ("`![a](1.png)` and $![a](1.png)$", f"`!{JOINER}[a](1.png)` and \\(! [a](1.png)\\)"),
        ("```\n![a](1.png)\n```", f"```\n!{JOINER}[a](1.png)\n```"),
        ("<![a](1.png)", f"<{JOINER}!{JOINER}[a](1.png)"),
        ("\\![a](1.png) ![a][1.png]", f"\\!{JOINER}[a](1.png) !{JOINER}[a][1.png]"),
        ("![a](1.png\n) ![a](javascript:x)", f"!{JOINER}[a](1.png\n) !{JOINER}[a](javascript:x)"),
    ],
)
def test_images_of_a_reference(text: str, shown: str):
    assert reference(text) == enclosed(shown)


@given(MARKUP)
def test_a_reference_without_images_is_like_any_text_of_the_notes(text: str):
    text = text.replace("[", "")
    assert reference(text) == safe_markdown(text, formulas=True)
