"""What the turns of a question come to together."""

from datetime import timedelta
from itertools import product
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from interview.models import Verdict
from interview.turns import (
    Coverage,
    attempt_of,
    coverage_of,
    first_answer,
    help_used,
    reached,
    seconds_over,
    seconds_used,
    tries,
)
from tests.made_up import graded, some
from tests.test_conversation import NOW, points, session, turn

VERDICTS = st.sampled_from(get_args(Verdict))


def covered(union: Coverage) -> int:
    return sum(point.verdict == "covered" for point in union.required)


def test_coverage_is_the_union_and_a_later_contradiction_is_shown():
    first = turn(1, graded(key_points=points("covered", "missing")))
    then = turn(2, graded(key_points=points("contradicted", "covered")), follow_up="And?")
    union = some(coverage_of([first, then]))
    assert (covered(union), len(union.required), union.taken_back) == (2, 2, ("k1",))
    assert some(coverage_of([then, first])).taken_back == ()


@given(st.lists(st.tuples(VERDICTS, VERDICTS, VERDICTS), min_size=1, max_size=4))
def test_another_turn_never_takes_coverage_away(rounds: list[tuple[Verdict, Verdict, Verdict]]):
    turns = [turn(n, graded(key_points=points(*verdicts))) for n, verdicts in enumerate(rounds, start=1)]
    made = [covered(some(coverage_of(turns[:n]))) for n in range(1, len(turns) + 1)]
    assert made == sorted(made)
    assert made[-1] == sum(any(verdicts[k] == "covered" for verdicts in rounds) for k in range(3))


def test_an_estimate_does_not_count_beside_a_judgement():
    judged = turn(1, graded(key_points=points("missing", "missing")))
    guessed = turn(2, graded(label="coverage_estimate", key_points=points("covered", "covered")))
    union = some(coverage_of([judged, guessed]))
    assert (covered(union), union.estimated) == (0, False)
    assert some(coverage_of([guessed])).estimated
    assert coverage_of([turn(1, None)]) is None


def test_how_it_was_reached_counts_what_was_shown_at_it_and_before_it_and_not_after():
    for hints, revealed in product((0, 1), (False, True)):
        passed = turn(1, None, state="skipped", answer=None, gradings=())
        helped = turn(2, None, hints_shown=hints, revealed=revealed)
        later = turn(5, None, revealed=True)
        turns = [passed, helped, turn(3, None, follow_up="And?"), turn(4, None), later]
        expected = "revealed" if revealed else "hinted" if hints else "unaided"
        assert [reached(turns, one) for one in turns] == ["skipped", expected, expected, expected, "revealed"]
        assert help_used(turns, passed) == "unaided"
    assert reached([], turn(1, None, state="open", answer=None, gradings=())) is None


def test_help_with_another_question_or_in_another_session_does_not_count():
    later = turn(2, None)
    for elsewhere in ({"position": 1}, {"session_id": "another"}):
        assert help_used([turn(1, None, revealed=True, **elsewhere), later], later) == "unaided"


def test_a_follow_up_is_neither_the_first_answer_nor_an_attempt():
    turns = (turn(1, None, follow_up="And?"), turn(2, None), turn(3, None))
    assert some(first_answer(session(*turns), 0)).id == "t2"
    assert [one.id for one in tries(turns)] == ["t2", "t3"]
    assert [attempt_of(turns, one) for one in turns[1:]] == [1, 2]


def test_an_answer_after_its_deadline_is_kept_with_what_it_took_too_long():
    late = turn(1, None)
    late = late.model_copy(
        update={"answer": some(late.answer).model_copy(update={"created_at": NOW + timedelta(seconds=150)})}
    )
    assert seconds_used(late) == 150
    assert seconds_over(session(late, mode="mock", question_seconds=120), late) == 30
    assert seconds_over(session(late, mode="mock", question_seconds=120, total_seconds=100), late) == 50
    assert seconds_over(session(late, mode="mock", question_seconds=180), late) == 0
    assert seconds_over(session(late), late) == 0
