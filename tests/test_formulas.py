"""Which dollars of an answer are formulas, and that a mark is never moved by one."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interview.formulas import parts_between
from interview.ui.safe_text import JOINER, safe_answer
from tests.test_safe_text import MARKUP, opens_something


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
    assert safe_answer(text, (5,)) == "so $a_1$ and \\(b_2\\)"
    assert safe_answer(f"{JOINER}{text}", (6,)) == "so $a_1$ and \\(b_2\\)"
    assert safe_answer("$$a$$ \\(b\\)", (3, 8)) == f"${JOINER}$a$$ \\{JOINER}(b\\)"  # nor does the page draw it


@given(MARKUP, st.sets(st.integers(0, 120), max_size=5))
def test_the_parts_are_the_answer_and_no_edge_is_moved(text: str, edges: set[int]):
    cuts = sorted({0, len(text), *(edge for edge in edges if edge <= len(text))})
    pieces = ["".join(part.text for part in parts) for parts in parts_between(text, cuts)]
    assert pieces == [text[start:end] for start, end in itertools.pairwise(cuts)]


@given(MARKUP, st.sets(st.integers(0, 120), max_size=5))
def test_an_answer_opens_no_tag_and_no_image(text: str, edges: set[int]):
    assert not opens_something(safe_answer(text, tuple(edges)))
