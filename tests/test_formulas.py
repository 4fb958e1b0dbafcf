"""Which dollars of an answer are formulas, which formulas are drawn, and that a mark is never moved by one."""

import html
import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interview.export.formulas import markdown_html, mathml
from interview.formulas import (
    FORMULA_LENGTH,
    FORMULA_LENGTH_PER_TEXT,
    FORMULAS_PER_TEXT,
    SEGMENT,
    FormulaBudget,
    is_drawable,
    parts_between,
    tex_of,
)
from interview.ui.safe_text import JOINER, card_line, safe_answer, safe_markdown
from tests.conftest import REPO
from tests.hostile_formulas import HOSTILE, ORDINARY
from tests.test_safe_text import MARKUP, enclosed, opens_something


def drawn(text: str, *edges: int) -> list[str]:
    cuts = sorted({0, len(text), *edges})
    return [part.tex for parts in parts_between(text, cuts) for part in parts if part.tex]


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("take $softmax(QK^T / \\sqrt{d_k})V$ and $X$", ["softmax(QK^T / \\sqrt{d_k})V", "X"]),
        ("其中$d_k$是维度，$O(n^2 d)$。", ["d_k", "O(n^2 d)"]),
        ("$$\\sum_i x_i$$ or \\(y\\)", ["\\sum_i x_i", "y"]),
        ("$x + y$, $-1$", ["x + y", "-1"]),
        ("`$x$` is code, and so is\n```sh\necho $A_1$\n```\n", []),
    ],
)
def test_formulas_of_an_answer_are_found(text: str, formulas: list[str]):
    assert drawn(text) == formulas


@pytest.mark.parametrize(
    "text",
    [
        "costs $5 and $6",
        "it was $5 (or 5$) then",
        "原价 $5（现在 8$）",
        "between $10-$20, or $10-20$ at most",
        "PATH=$HOME/bin:$PATH and x=$FOO_BAR",
        "$US and pounds$",
        "a price tag of $768$",
        "\\$5 and $6\\$",
    ],
)
def test_prices_and_variables_stay_as_they_are(text: str):
    assert drawn(text) == []
    assert safe_answer(text) == text


def test_a_formula_that_a_mark_cuts_is_shown_as_it_was_written():
    text = "so $a_1$ and $b_2$"
    assert drawn(text, 3, 8) == ["a_1", "b_2"]  # marked whole
    assert drawn(text, 5) == ["b_2"]
    assert safe_answer(text, (5,)) == enclosed("so $a_1$ and \\(b_2\\)")
    assert safe_answer(f"{JOINER}{text}", (6,)) == enclosed("so $a_1$ and \\(b_2\\)")
    assert html.unescape(safe_answer("$$a$$ \\(b\\)", (3, 8))) == "$$a$$ \\(b\\)"  # nor does the page draw it


@given(MARKUP, st.sets(st.integers(0, 120), max_size=5))
def test_the_parts_are_the_answer_and_no_edge_is_moved(text: str, edges: set[int]):
    cuts = sorted({0, len(text), *(edge for edge in edges if edge <= len(text))})
    pieces = ["".join(part.text for part in parts) for parts in parts_between(text, cuts)]
    assert pieces == [text[start:end] for start, end in itertools.pairwise(cuts)]


@given(MARKUP, st.sets(st.integers(0, 120), max_size=5))
def test_an_answer_opens_no_tag_and_no_image(text: str, edges: set[int]):
    assert not opens_something(safe_answer(text, tuple(edges)))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_formula_is_refused(name: str):
    assert not is_drawable(HOSTILE[name])


def test_groups_nest_32_deep_and_no_deeper():
    assert [is_drawable("{" * depth + "x" + "}" * depth) for depth in (32, 33)] == [True, False]


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_formula_is_drawn_everywhere(name: str):
    tex = ORDINARY[name]
    assert is_drawable(tex)
    assert safe_answer(f"$${tex}$$").startswith("$$" + JOINER)
    assert "<math" in markdown_html(f"$${tex}$$")


def refused_in(folder: Path) -> list[str]:
    texts = [path.read_text(encoding="utf-8") for path in folder.rglob("*.md")]
    formulas = [tex_of(found) for text in texts for found in SEGMENT.finditer(text)]
    return [tex for tex in formulas if tex and not is_drawable(tex)]


def test_no_formula_of_the_shipped_notes_is_refused():
    assert refused_in(REPO / "notes") == []


@pytest.mark.shared
def test_no_formula_of_the_users_notes_is_refused(shared: Path):
    assert refused_in(shared / "notes") == []


def test_a_text_draws_so_many_formulas_and_no_more():
    budget = FormulaBudget()
    assert [budget.allows("x") for _ in range(FORMULAS_PER_TEXT + 1)].count(True) == FORMULAS_PER_TEXT
    budget = FormulaBudget()
    tex = "x" * FORMULA_LENGTH
    assert [budget.allows(tex) for _ in range(100)].count(True) == FORMULA_LENGTH_PER_TEXT // FORMULA_LENGTH
    many = "$x_1$ " * (FORMULAS_PER_TEXT + 5)
    assert len(drawn(many)) == FORMULAS_PER_TEXT
    assert safe_markdown(many, formulas=True).count(r"\(") == FORMULAS_PER_TEXT
    assert card_line(many).count(r"\(") == FORMULAS_PER_TEXT
    assert markdown_html(many).count("<math") == FORMULAS_PER_TEXT


TEX = st.lists(
    st.sampled_from(
        [
            *"{}[]^_&x1 %$'",
            "\\",
            r"\\",
            r"\left",
            r"\right",
            r"\begin{matrix}",
            r"\end{matrix}",
            r"\frac",
            r"\sqrt",
            r"\hat",
            r"\text",
            r"\displaystyle",
            r"\color{red}",
            r"\over",
            r"\alpha",
            r"\overset",
            r"\mathbb",
            "\u0302",
            r"\{",
            r"\cr",
        ]
    ),
    max_size=80,
).map("".join)


@given(TEX)
def test_a_drawable_formula_is_balanced_and_exports(tex: str):
    if is_drawable(tex):
        bare = re.sub(r"\\.", "", tex, flags=re.DOTALL)
        assert bare.count("{") == bare.count("}")
        assert mathml(tex)


@given(st.text(max_size=300))
def test_any_text_is_judged(tex: str):
    assert is_drawable(tex) in (True, False)
