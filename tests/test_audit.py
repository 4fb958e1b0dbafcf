"""An audit never sees a candidate; what at least two of three runs dispute is found, with its exact span."""

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interview.backends.backend import CompletionRequest
from interview.backends.scripted import ScriptedBackend
from interview.errors import LastingFault
from interview.grading.audit import Found, audit, same_words
from interview.grading.disputed import touched
from interview.models import ChecklistPoint, PointGrade
from interview.prompts import load_prompts
from tests.conftest import REPO
from tests.made_up import make_question

PROMPTS = load_prompts(REPO / "prompts")
REFERENCE = "Quicksort is stable. It sorts in place. Its worst case takes n log n steps."
QUESTION = make_question(text="Tell me about quicksort.", reference=REFERENCE)


def statement(quote: str, certainty: str = "wrong", correction: str = "It is not.") -> dict[str, str]:
    return {"quote": quote, "correction": correction, "reason": "equal keys change places", "certainty": certainty}


def run_audit(*runs: list[dict[str, str]], question=QUESTION) -> tuple[tuple[Found, ...], ScriptedBackend]:
    replies: list[str] = []
    for statements in runs:
        replies += [json.dumps({"answer": "It is not stable."}), json.dumps({"statements": statements})]
    backend = ScriptedBackend(replies)
    return asyncio.run(audit(backend, PROMPTS, question)), backend


def test_what_two_runs_dispute_is_found_with_its_span_correction_and_reason():
    found, backend = run_audit(
        [statement("quicksort is stable")], [], [statement("Quicksort is stable."), statement("sorts in place")]
    )
    (dispute,) = found
    assert dispute.quote == REFERENCE[dispute.start : dispute.end] == "Quicksort is stable"
    assert (dispute.votes, dispute.of, dispute.correction) == (2, 3, "It is not.")
    assert len(backend.requests) == 6
    assert {request.purpose for request in backend.requests} == {"audit"}


def shown(request: CompletionRequest) -> str:
    return "\n".join(message.content for message in request.messages)


def test_the_first_call_of_a_run_does_not_see_the_reference():
    _, backend = run_audit([], [])
    blind, compared = backend.requests[0::2], backend.requests[1::2]
    assert all("stable" not in shown(request) for request in blind)
    assert all(REFERENCE in shown(request) and "It is not stable." in shown(request) for request in compared)


def test_a_third_run_that_could_change_nothing_is_not_made():
    found, backend = run_audit([], [])
    assert (found, len(backend.requests)) == ((), 4)


@pytest.mark.parametrize(
    "claim",
    [statement("Quicksort is stable", "unsure"), statement("Mergesort is stable"), statement("is")],
)
def test_doubts_and_words_that_are_not_there_count_for_nothing(claim: dict[str, str]):
    assert run_audit([claim], [claim])[0] == ()


def test_one_run_votes_once():
    twice = [statement("Quicksort is stable"), statement("Quicksort is stable.")]
    assert run_audit(twice, [], [])[0] == ()


def test_without_a_reference_nothing_is_asked():
    assert asyncio.run(audit(ScriptedBackend([]), PROMPTS, make_question(reference=" "))) == ()


def test_what_a_model_writes_is_made_harmless():
    hostile = statement("Quicksort is stable", correction="![x](https://evil.example/a) <img src=x>")
    found, _ = run_audit([hostile], [hostile], [])
    assert "evil" not in found[0].correction
    assert "<img" not in found[0].correction


def test_a_fault_is_raised():
    with pytest.raises(LastingFault):
        asyncio.run(audit(ScriptedBackend([LastingFault("no key", fault="key_refused")]), PROMPTS, QUESTION))


SPANS = st.tuples(st.integers(0, 30), st.integers(1, 20)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@settings(deadline=None)
@given(SPANS, SPANS)
def test_about_the_same_words_is_mutual_and_holds_within(one: tuple[int, int], other: tuple[int, int]):
    assert same_words(one, other) == same_words(other, one)
    assert same_words(one, one)
    if one[1] <= other[0]:
        assert not same_words(one, other)


# --- which points stand on disputed words


def graded_point(point_id: str, text: str) -> PointGrade:
    return PointGrade(id=point_id, text=text, weight=1, kind="required", verdict="missing", verified=True)


def test_points_are_touched_by_their_span_and_else_by_their_words():
    span = (0, REFERENCE.index(" It"))
    points = [graded_point("k1", "anything"), graded_point("k2", "quicksort stable"), graded_point("k3", "in place")]
    anchored = [ChecklistPoint(id="k1", text="anything", start=0, end=12)]
    assert touched(points, anchored, REFERENCE, span) == ("k1", "k2")
    elsewhere = [ChecklistPoint(id="k2", text="x", start=21, end=30)]
    assert touched(points, elsewhere, REFERENCE, span) == ()
