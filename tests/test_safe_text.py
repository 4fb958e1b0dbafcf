"""Text that goes into Gradio's Markdown can open no tag, fetch no image and blank no message; it reads the same."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interview.ui.safe_text import JOINER, plain_line, safe_markdown

MARKUP = st.text(alphabet="<>/!?[]()`~$\\ab1 \n.-cp" + JOINER, max_size=120)


def opens_something(text: str) -> bool:
    return bool(re.search(r"<[A-Za-z/!?]|!\[", text))


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
    assert safe_markdown(text, formulas=True) == shown


def test_dollars_of_other_text_stay_dollars():
    assert safe_markdown("$x$") == "$x$"


@pytest.mark.parametrize("name", ["cpp", "C++", "cc", "hpp"])
@pytest.mark.parametrize("fence", ["```", "~~~~", "- ```", "> ```", "1. ```", "  ``` "])
def test_a_fence_that_would_blank_the_message_is_renamed(fence: str, name: str):
    assert safe_markdown(f"{fence}{name}\nint a;") == f"{fence}c\nint a;"


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
