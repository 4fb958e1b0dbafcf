"""The split of a reference is deterministic, complete, readable, and gives way to the author's own points."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from interview.grading.key_points import MOST_POINTS, split_reference, split_spans
from interview.models import KeyPoint, Question
from interview.notes.library import read_notes
from interview.text import fold

MARKDOWN = st.text(st.sampled_from("词语abAB12。；.!?：:#*-`~()（）[]<>|$①② \n\t"), max_size=300)


def question(reference: str, key_points: tuple[KeyPoint, ...] = ()) -> Question:
    return Question(
        id="q", section="s", number=1, text="?", file="f.md", line=1, reference=reference, key_points=key_points
    )


def texts(reference: str) -> list[str]:
    return [point.text for point in split_reference(question(reference))]


def test_the_author_s_key_points_win():
    own = (KeyPoint(id="k1", text="one", weight=2), KeyPoint(id="k2", text="two", kind="bonus"))
    assert split_reference(question("A sentence. Another one.", own)) == own


def test_points_are_numbered_in_the_order_of_the_text():
    points = split_reference(question("First line\nSecond line"))
    assert [(point.id, point.text, point.weight, point.kind) for point in points] == [
        ("k1", "First line", 1.0, "required"),
        ("k2", "Second line", 1.0, "required"),
    ]


@pytest.mark.parametrize(
    ("reference", "points"),
    [
        ("顺序读取快。插入慢；删除也慢！", ["顺序读取快。", "插入慢；", "删除也慢！"]),
        (
            "It keeps state. It costs memory, e.g. 3.5 GB. Fine",
            ["It keeps state.", "It costs memory, e.g. 3.5 GB.", "Fine"],
        ),
        ("(1) 第一种\n(2) 第二种", ["第一种", "第二种"]),
        ("有两种：①甲法②乙法", ["有两种： 甲法", "乙法"]),
        ("- **速度:** 快\n- **内存:** 省", ["速度: 快", "内存: 省"]),
        ("##### 1. 优点\n\n并行\n##### 缺点\n\n费内存", ["优点 并行", "缺点 费内存"]),
        ("替代方法：\n1. 平均\n2. 池化", ["替代方法： 平均", "池化"]),
        ("问“这样对吗？”，模型回答。", ["问“这样对吗？”，模型回答。"]),
        ("Attention = Softmax[(Q*K^T)/(dk)^(1/2)] *V", ["Attention = Softmax[(Q*K^T)/(dk)^(1/2)] *V"]),
        ("x != y 时成立", ["x != y 时成立"]),
        ("![图](1.png)\n低秩分解", ["低秩分解"]),
        ("看代码\n```python\na = 1; b = 2\nc = 3\n```\n完", ["看代码", "a = 1; b = 2 c = 3", "完"]),
        ("| 甲 | 乙 |\n|---|---|\n| 1 | 2 |", ["| 甲 | 乙 |", "| 1 | 2 |"]),
        ("", []),
        ("![图](1.png)", []),
        ("---\n***", []),
    ],
)
def test_lines_list_marks_and_sentences_make_points(reference: str, points: list[str]):
    assert texts(reference) == points


def test_a_long_reference_is_merged_to_twelve_points_at_most():
    reference = "\n".join(f"第{number}条说明一件事情" for number in range(40))
    points = texts(reference)
    assert 6 <= len(points) <= MOST_POINTS
    assert fold("".join(points)).text == fold(reference).text


def test_merging_keeps_subjects_apart():
    long = "这是一个比较长的句子用来说明一件事情的来龙去脉。"
    reference = long + "\n" + "\n".join(f"#### 题目{n}\n短句。{long}" for n in range(7))
    for text in texts(reference):
        assert "题目" not in text[1:]


@settings(deadline=None)
@given(MARKDOWN)
@example("```")  # a fence with nothing in it is no point
def test_spans_are_ordered_apart_and_leave_no_word_out(reference: str):
    spans = split_spans(reference)
    assert len(spans) <= MOST_POINTS
    at = 0
    for start, end in spans:
        assert at <= start < end <= len(reference)
        assert not any(character.isalpha() for character in reference[at:start])
        at = end
    points = split_reference(question(reference))
    assert len(points) == len(spans)
    assert all(point.text == " ".join(point.text.split()) for point in points)
    assert all(any(character.isalnum() for character in point.text) for point in points)


@pytest.mark.shared
def test_every_reference_of_real_notes_gives_readable_points(shared):
    bank = read_notes([shared / "notes" / "nlp-interview-notes.md"])
    for asked in bank.questions:
        points = split_reference(asked)
        assert bool(points) == asked.has_reference
        assert points == split_reference(asked)
        assert not any(point.text.startswith(("#", "- ", "**", "```")) for point in points)
