"""The Markdown reader on ordinary and on tricky notes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interview.errors import ContentError
from interview.notes.markdown import read_markdown

FULL = """\
# NLP

## Attention

#### 7. What is $\\frac{a}{b}$? {#soft} {difficulty=2 tags=a,二 rubric=coding}

Answer, first line.

##### Details
More.

##### 要点
- heavy point (2)
- an extra（加分）
- (2, bonus) both
- plain
  over two lines

##### Pitfalls
- wrong

##### 追问 / Follow-ups
1. why
2. how

##### Hints
A hint without a list.

##### 来源
- Vaswani et al. (2017)

#### 8. Next
Short.
"""


def read(text: str | bytes, file: str = "folder/notes.md"):
    return read_markdown(text if isinstance(text, bytes) else text.encode(), file)


def test_a_question_in_full_form():
    bank = read(FULL)
    question = bank.questions[0]
    assert (question.id, question.section, question.number, question.line) == ("soft", "Attention", 7, 5)
    assert question.text == "What is $\\frac{a}{b}$?"
    assert (question.difficulty, question.tags, question.rubric) == (2, ("a", "二"), "coding")
    assert question.reference == "Answer, first line.\n\n##### Details\nMore."
    points = [(point.id, point.text, point.weight, point.kind) for point in question.key_points]
    assert points == [
        ("k1", "heavy point", 2.0, "required"),
        ("k2", "an extra", 1.0, "bonus"),
        ("k3", "both", 2.0, "bonus"),
        ("k4", "plain\nover two lines", 1.0, "required"),
    ]
    assert [(pitfall.id, pitfall.text) for pitfall in question.pitfalls] == [("p1", "wrong")]
    assert question.follow_ups == ("why", "how")
    assert question.hints == ("A hint without a list.",)
    assert question.sources == ("Vaswani et al. (2017)",)
    assert bank.questions[1].reference == "Short."
    assert [(section.name, section.count, section.without_reference) for section in bank.sections] == [
        ("Attention", 2, 0)
    ]


# One line each: notes, then (number, text, reference) of every question.
TRICKY = {
    "heading in a fence": ("## S\n#### 1. a\n```\n#### 2. b\n```\n", [(1, "a", "```\n#### 2. b\n```")]),
    "heading in a tilde fence": ("## S\n#### 1. a\n~~~~\n#### 2. b\n~~~\n~~~~\n#### 3. c", 2),
    "heading in a comment": ("## S\n#### 1. a\n<!--\n#### 2. b\n-->\n", 1),
    "heading in indented code": ("## S\n#### 1. a\n\n    #### 2. b\n", 1),
    "heading in a quote": ("## S\n#### 1. a\n> #### 2. b\n", [(1, "a", "> #### 2. b")]),
    "heading in a list": ("## S\n#### 1. a\n- #### 2. b\n", [(1, "a", "- #### 2. b")]),
    "text underlined with dashes": ("## S\n#### 1. a\nanswer\n---\nmore\n", [(1, "a", "answer\n---\nmore")]),
    "front matter": ("---\ntitle: x\n---\n## S\n#### 1. a\nb", [(1, "a", "b")]),
    "a table": ("## S\n#### 1. a\n| # | b |\n|---|---|\n| 1 | #### 2. |\n", 1),
    "a BOM": ("\ufeff## S\n#### 1. a\nb\n", [(1, "a", "b")]),
    "CRLF": ("## S\r\n#### 1. a\r\n\r\nb\r\nc\r\n\r\n", [(1, "a", "b\r\nc")]),
    "CR": ("## S\r#### 1. a\r\rb\rc\r", [(1, "a", "b\rc")]),
    "odd white space": (
        "## S\n#### 1. a\nb\u2028#### 2. c\fd\x0b#### 3. e\x85#### 4.\n#### 5. f\ng\n",
        [(1, "a", "b\u2028#### 2. c\fd\x0b#### 3. e\x85#### 4."), (5, "f", "g")],
    ),
    "no line end at the end": ("## S\n#### 1. a\nb", [(1, "a", "b")]),
    "nothing but the heading": ("#### 1. a", [(1, "a", "")]),
    "blank lines only": ("## S\n#### 1. a\n\n \t\n\u3000\n#### 2. b\n", [(1, "a", ""), (2, "b", "")]),
    "indentation is kept": ("## S\n#### 1. a\n\n    code\n  \nb  \n\n", [(1, "a", "    code\n  \nb  ")]),
    "closing hashes": ("## S\n#### 1. a ####\nb", [(1, "a", "b")]),
    "no number": ("## S\n#### 什么是 BERT\nb", [(None, "什么是 BERT", "b")]),
    "Chinese number": (
        "## S\n#### 12、甲\nb\n#### 13．乙\n#### 14)丙",
        [(12, "甲", "b"), (13, "乙", ""), (14, "丙", "")],
    ),
    "a decimal is no number": ("## S\n#### 3.5 与 4 的区别\nb", [(None, "3.5 与 4 的区别", "b")]),
    "no blank after the hashes": ("## S\n####1. a\n", []),
    "full-width hashes": ("## S\n＃＃＃＃ 1. a\n", []),
    "seven hashes": ("## S\n####### 1. a\n", []),
    "level 3, numbered": ("## S\n### 1. a\nb\n#### detail\nc\n#### 要点\n- d\n", [(1, "a", "b\n#### detail\nc")]),
    "level 3, not numbered": ("## S\n### a\nb\n", []),
    "level 3 above level 4": ("## S\n### 1. Group\n#### 1. a\nb\n### 2. Other\nc\n", [(1, "a", "b")]),
    "an image alone": ("## S\n#### 1. a\n![x](y.png)\n", [(1, "a", "![x](y.png)")]),
    "a link definition": ("## S\n#### 1. a\n[x]: http://y\n", [(1, "a", "[x]: http://y")]),
    "an empty heading ends the answer": ("## S\n#### 1. a\nb\n####\nc\n", [(1, "a", "b")]),
    "a number alone": ("## S\n#### 1. a\nb\n#### 2.\nc\n", [(1, "a", "b")]),
}


@pytest.mark.parametrize("case", TRICKY)
def test_tricky_notes(case: str):
    text, expected = TRICKY[case]
    found = [(question.number, question.text, question.reference) for question in read(text).questions]
    if isinstance(expected, int):
        assert len(found) == expected
    else:
        assert found == expected


def test_sections_before_and_after_headings_of_level_one_and_two():
    text = "#### a\n# Title\n#### b\n## One\n#### c\n# Other\n#### d\n## One\n#### e\n"
    assert [question.section for question in read(text).questions] == ["notes", "Title", "One", "Other", "One"]
    assert [(section.name, section.count) for section in read(text).sections][2] == ("One", 2)
    assert [question.section for question in read("# Title\n##\n#### a\n").questions] == ["Title"]
    assert [question.section for question in read("## One\n#### a\n##\n#### b\n").questions] == ["One", "notes"]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"## S\n#### 1. a\n\0", "n.md:3: .*no text file"),
        (b"## S\r#### 1. a\r\0", "n.md:3: "),
        (b"## S\r\n\xff\r\n", "n.md:2: .*not UTF-8"),
        ("## S\n#### 问题".encode("gbk"), "n.md:2: .*not UTF-8"),
        ("## S\n#### 1. a".encode("utf-16"), "n.md:1: "),
        (b"", "n.md: the file is empty.*#### 1"),
        (b"\xef\xbb\xbf \n\n", "empty"),
    ],
)
def test_what_cannot_be_read_says_what_and_where(raw: bytes, words: str):
    with pytest.raises(ContentError, match=words):
        read_markdown(raw, "n.md")


@pytest.mark.parametrize("name", ["要点", "Key points", "key points", "KEY POINTS", "要点 / Key points"])
@pytest.mark.parametrize("level", ["#####", "######"])
def test_names_of_sub_headings(name: str, level: str):
    question = read(f"## S\n#### 1. a\nb\n{level} {name}\n- c\n").questions[0]
    assert (question.reference, [point.text for point in question.key_points]) == ("b", ["c"])


@pytest.mark.parametrize("name", ["要点总结", "Key points:", "1. 要点", "**要点**", "My hints"])
def test_other_sub_headings_stay_in_the_answer(name: str):
    question = read(f"## S\n#### 1. a\nb\n##### {name}\n- c\n").questions[0]
    assert question.reference == f"b\n##### {name}\n- c"
    assert not question.key_points


@pytest.mark.parametrize(
    ("item", "text", "weight", "kind"),
    [
        ("a (2)", "a", 2, "required"),
        ("a (0.5)", "a", 0.5, "required"),
        ("(3) a", "a", 3, "required"),
        ("缩放(2)", "缩放", 2, "required"),
        ("softmax（2）", "softmax", 2, "required"),
        ("（加分）甲", "甲", 1, "bonus"),
        ("a (Bonus)", "a", 1, "bonus"),
        ("a (bonus, 2)", "a", 2, "bonus"),
        ("a （2，加分）", "a", 2, "bonus"),
        ("by Vaswani (2017)", "by Vaswani (2017)", 1, "required"),
        ("cost is f(2)", "cost is f(2)", 1, "required"),
        ("(2)", "(2)", 1, "required"),
        ("a (2) b", "a (2) b", 1, "required"),
        ("a (-2)", "a (-2)", 1, "required"),
        ("a (0)", "a (0)", 1, "required"),
    ],
)
def test_marks_of_key_points(item: str, text: str, weight: float, kind: str):
    point = read(f"## S\n#### 1. a\nb\n##### 要点\n- {item}\n").questions[0].key_points[0]
    assert (point.text, point.weight, point.kind) == (text, weight, kind)


def test_items_keep_what_is_inside_them():
    text = "## S\n#### 1. a\n##### Hints\nIntro\n\n* one\n  - inner\n\n  ```\n  x = 1\n  ```\n*\n10) ten\n"
    assert read(text).questions[0].hints == ("one\n- inner\n\n```\nx = 1\n```", "ten")


@pytest.mark.parametrize(
    ("heading", "text", "fault"),
    [
        ("a {color=red}", "a {color=red}", "'color=red'"),
        ("a {difficulty=6}", "a {difficulty=6}", "'difficulty=6'.*1 to 5"),
        ("a {tags=x,}", "a {tags=x,}", "'tags=x,'"),
        ("a {#x y}", "a {#x y}", "'y'"),
        ("a {#}", "a {#}", "'#'"),
        ("a {id=x}", "a {id=x}", "'id=x'"),
        ("a {#x #y}", "a {#x #y}", "'#y' is given twice"),
        ("a {rubric=../x}", "a {rubric=../x}", "'rubric=../x'"),
        ("f-strings: {}", "f-strings: {}", None),
        ("x_{i}", "x_{i}", None),
        ("BERT{#x}", "BERT", None),
        ("问题{difficulty=3}", "问题", None),
        ("{#x} a", "{#x} a", None),
    ],
)
def test_attributes_of_headings(heading: str, text: str, fault: str | None):
    bank = read(f"## S\n#### 1. {heading}\nanswer\n")
    assert bank.questions[0].text == text
    if fault is None:
        assert not bank.problems
    else:
        assert [problem.line for problem in bank.problems] == [2]
        assert re.search(fault, bank.problems[0].what)


def test_a_good_group_counts_beside_a_bad_one():
    question = read("## S\n#### a {#x} {difficulty=9}\nb\n").questions[0]
    assert (question.id, question.text, question.difficulty) == ("x", "a {difficulty=9}", None)


def test_ids_of_equal_questions():
    text = "## S\n#### 1. a\n#### 2. a\n#### 3. a {#k}\n#### 4. b {#k}\n#### c {#k-2}\n## T\n#### 1. a\n"
    ids = [question.id for question in read(text).questions]
    assert ids[1] == f"{ids[0]}-2"
    assert ids[2:5] == ["k", "k-3", "k-2"]
    assert ids[5] not in ids[:5]


def test_ids_outlive_new_numbers_new_answers_and_new_neighbours():
    before = read("## S\n#### 1. first question\nold\n#### 2. second\n").questions
    after = read("# T\n## S\n#### 1. second\n#### 2. new\n#### 9. first  question {difficulty=2}\nnew\n").questions
    assert [after[2].id, after[0].id] == [question.id for question in before]
    assert read("## Other\n#### second\n").questions[0].id != before[1].id
    assert after[2].reference_digest != before[0].reference_digest


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "## S",
                "#### 1. a",
                "#### a",
                "#### a {#x}",
                "####",
                "##### 要点",
                "##### Hints",
                "###### x",
                "### 2. b",
                "# T",
                "```",
                "~~~",
                "- item (2)",
                "> #### 3. quoted",
                "$$",
                "---",
                "",
                "  ",
                "text",
                "<!--",
                "-->",
            ]
        ),
        st.text(alphabet="#- `~1.a{}\u2028\f甲\t()|>", max_size=12),
    ),
    max_size=25,
)


@given(lines=LINES, end=st.sampled_from(["\n", "\r\n", "\r"]), bom=st.booleans())
def test_every_reference_is_a_slice_and_every_id_is_unique(lines: list[str], end: str, bom: bool):
    raw = b"\xef\xbb\xbf" * bom + end.join([*lines, "#### last"]).encode()
    bank = read_markdown(raw, "notes.md")
    assert all(question.reference.encode() in raw for question in bank.questions)
    ids = [question.id for question in bank.questions]
    assert len(set(ids)) == len(ids)
    assert all(1 <= problem.line <= len(lines) + 1 for problem in bank.problems)


@given(
    code=st.lists(st.sampled_from(["#### 9. no", "## No", "##### 要点", "- x", "", "~~~", "``"]), max_size=8),
    fence=st.sampled_from(["```", "````python", "~~~~"]),
)
def test_nothing_in_a_fence_is_a_heading(code: list[str], fence: str):
    block = "\n".join([fence, *code, fence.removesuffix("python")])
    bank = read(f"## S\n#### 1. a\n{block}\n#### 2. b\nc\n")
    assert [(question.text, question.reference) for question in bank.questions] == [("a", block), ("b", "c")]


TEXTS = st.lists(st.sampled_from(["one", "two", "三", "four"]), min_size=1, max_size=6)


@given(texts=TEXTS, numbers=st.lists(st.integers(0, 99), min_size=6, max_size=6), answer=st.text("ab \n", max_size=9))
def test_ids_depend_on_neither_number_nor_answer(texts: list[str], numbers: list[int], answer: str):
    plain = read("## S\n" + "".join(f"#### {text}\n" for text in texts))
    dressed = read("## S\n" + "".join(f"#### {n}. {text}\n{answer}\n" for n, text in zip(numbers, texts, strict=False)))
    assert [question.id for question in plain.questions] == [question.id for question in dressed.questions]


def test_a_large_file_is_read_in_one_walk(monkeypatch: pytest.MonkeyPatch):
    """Twice the notes may look at twice the lines, not four times."""
    from interview.notes.document import Document

    def lines_looked_at(count: int) -> int:
        seen = 0
        line = Document.line

        def counted(self: Document, index: int) -> str:
            nonlocal seen
            seen += 1
            return line(self, index)

        with monkeypatch.context() as patch:
            patch.setattr(Document, "line", counted)
            assert len(read("## S\n" + "#### same\n\nanswer\n\n##### 要点\n- a\n\n" * count).questions) == count
        return seen

    assert lines_looked_at(400) <= 2 * lines_looked_at(200)
