"""Key points that a model finds: anchored to the reference, or agreed on by two runs; written and read by people."""

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interview.backends.scripted import ScriptedBackend
from interview.errors import ChecklistRefused, LastingFault, PassingFault
from interview.grading.extraction import AnchoredReply, MadeReply, agreed, anchored, extract, generate
from interview.grading.key_points import from_notes, split_reference
from interview.grading.written_points import read_points, write_points
from interview.models import KeyPoint
from interview.prompts import load_prompts
from tests.conftest import REPO
from tests.made_up import make_question

PROMPTS = load_prompts(REPO / "prompts")
REFERENCE = "A hash table finds a key in constant time on average. In the worst case it takes linear time. See page 4."
QUESTION = make_question(reference=REFERENCE)


def point(quote: str, text: str = "a point", kind: str = "required") -> dict[str, str]:
    return {"quote": quote, "text": text, "kind": kind}


def reply(*points: dict[str, str]) -> str:
    return json.dumps({"key_points": points})


def made(*texts: str) -> str:
    return json.dumps({"key_points": [{"text": text, "kind": "required"} for text in texts]})


def extracted(*replies: str):
    backend = ScriptedBackend(replies)
    return asyncio.run(extract(backend, PROMPTS, QUESTION, by="m", session_id="s")), backend


def test_points_carry_the_span_of_the_reference_and_stand_in_its_order():
    found, backend = extracted(
        reply(point("worst case it takes linear time", "Linear in the worst case", "bonus"), point("in constant time"))
    )
    assert (found.origin, found.by) == ("extracted", "m")
    assert [(one.id, one.text, one.kind) for one in found.points] == [
        ("k1", "a point", "required"),
        ("k2", "Linear in the worst case", "bonus"),
    ]
    assert [REFERENCE[one.start : one.end] for one in found.points] == [
        "in constant time",
        "worst case it takes linear time",
    ]
    (request,) = backend.requests
    assert (request.purpose, request.session_id) == ("key_points", "s")


def test_a_point_without_a_span_is_refused():
    found, _ = extracted(reply(point("in constant time"), point("in logarithmic time", "made up")))
    assert [one.text for one in found.points] == ["a point"]


@pytest.mark.parametrize(
    "answer",
    [
        reply(point("in constant time"), point("made up"), point("and so is this")),  # most of it is made up
        reply(point("in constant time", kind="bonus")),  # nothing is required
        reply(),
        reply(point("in constant time", "\u200b ")),  # no words
    ],
)
def test_with_too_few_points_the_split_stays(answer: str):
    found, _ = extracted(answer)
    assert found.origin == "split"
    assert tuple(one.key_point for one in found.points) == split_reference(QUESTION)


def test_a_span_is_used_once_and_twelve_points_are_enough():
    assert len(anchored("one two", [AnchoredReply.model_validate(point("one two"))] * 3)) == 1
    words = " ".join(f"word{number} other{number}" for number in range(30))
    replies = [AnchoredReply.model_validate(point(f"word{number} other{number}")) for number in range(30)]
    assert len(anchored(words, replies)) == 12


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=5), st.text(max_size=60))
def test_whatever_a_model_says_every_point_has_its_words_in_the_reference(said, reference: str):
    points = anchored(reference, [AnchoredReply(quote=quote, text=text, kind="required") for quote, text in said])
    for one in points:
        assert one.start is not None
        assert reference[one.start : one.end]
        assert one.text == " ".join(one.text.split())
    assert [(one.start, one.end) for one in points] == sorted({(one.start, one.end) for one in points})


def test_without_a_reference_points_of_two_runs_count():
    bare = make_question(reference="")
    backend = ScriptedBackend(
        [
            made("A stack is last in, first out", "Only one run says this"),
            made("Stack: last in first out order", "A queue is first in, first out"),
            made("A queue is first in and first out"),
        ]
    )
    found = asyncio.run(generate(backend, PROMPTS, bare))
    assert found.origin == "generated"
    assert [one.text for one in found.points] == ["A stack is last in, first out", "A queue is first in, first out"]
    assert len(backend.requests) == 3
    assert all(one.start is None for one in found.points)


def test_one_run_may_fail_but_not_two():
    bare = make_question(reference="")
    fault = PassingFault("down", fault="unreachable")
    found = asyncio.run(generate(ScriptedBackend([fault, made("same words"), made("same words")]), PROMPTS, bare))
    assert [one.text for one in found.points] == ["same words"]
    with pytest.raises(PassingFault):
        asyncio.run(generate(ScriptedBackend([fault, fault, made("same words")]), PROMPTS, bare))
    with pytest.raises(LastingFault, match="in common"):
        asyncio.run(generate(ScriptedBackend([made("one"), made("two"), made("three")]), PROMPTS, bare))


@settings(deadline=None)
@given(st.permutations([["缓存 命中率", "页 大小"], ["命中率 缓存"], ["磁盘 寻道", "页 大小 合适"]]))
def test_which_points_agree_does_not_depend_on_the_order_of_the_runs(runs):
    points = agreed([[MadeReply(text=text, kind="required") for text in run] for run in runs])
    assert sorted({frozenset(one.text.replace(" 合适", "").split()) for one in points}, key=str) == sorted(
        [frozenset({"缓存", "命中率"}), frozenset({"页", "大小"})], key=str
    )


# --- written by people

WORDS = st.text(st.sampled_from("词语ab1 ().,（）-*加分bonus"), min_size=1, max_size=20).filter(
    lambda text: any(character.isalpha() for character in text)
)
POINTS = st.builds(
    KeyPoint,
    id=st.just("k"),
    text=WORDS,
    weight=st.sampled_from([1.0, 2.0, 0.5, 12.25]),
    kind=st.sampled_from(["required", "bonus"]),
)


def is_mark_alone(text: str) -> bool:
    try:
        read_points(f"- {text}", from_notes(QUESTION), "")
    except ChecklistRefused:
        return True
    return False


@settings(deadline=None)
@given(st.lists(POINTS.filter(lambda one: not is_mark_alone(one.text)), min_size=1, max_size=5))
def test_what_is_written_is_read_back(points: list[KeyPoint]):
    read = read_points(write_points(points), from_notes(QUESTION), REFERENCE)
    assert [(one.text, one.weight, one.kind) for one in read] == [
        (" ".join(one.text.split()), one.weight, one.kind) for one in points
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no key point left"),
        ("\n  \n", "no key point left"),
        ("- one\n- ", "Line 2: expected the words"),
        ("(0)", "Line 1: expected the words"),
        ("- one\n\n- (2)", "Line 3: expected the words"),
        ("- one (0)", "Line 1: a weight must be above 0"),
        ("- one (-1)", "Line 1: a weight must be above 0"),
        ("\n".join("- one" for _ in range(41)), "41 key points"),
        ("- " + "word " * 400, "at most 1000 characters"),
    ],
)
def test_bad_input_is_refused_with_its_line(text: str, words: str):
    with pytest.raises(ChecklistRefused, match=words):
        read_points(text, from_notes(QUESTION), REFERENCE)


def test_points_keep_their_span_and_new_ones_get_one_where_the_reference_says_them():
    before = from_notes(QUESTION)
    read = read_points(f"1. {before.points[1].text} (3)\n* see page 4\n- my own", before, REFERENCE)
    assert (read[0].start, read[0].end, read[0].weight) == (before.points[1].start, before.points[1].end, 3)
    assert REFERENCE[read[1].start : read[1].end] == "See page 4"
    assert read[2].start is None
    assert [one.id for one in read] == ["k1", "k2", "k3"]
