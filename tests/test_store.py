from datetime import timedelta
from pathlib import Path

import pytest

from interview.errors import AlreadyAnswered, NotFound, PassingFault
from interview.models import SessionPlan, Ungraded
from interview.store.store import Store
from interview.turns import help_used
from tests.made_up import Clock, grade_of, graded, make_question, provenance, some

PLAN = SessionPlan(lang="en")
LEASE = timedelta(seconds=60)
DOWN = PassingFault("Nobody is there.", fault="unreachable")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock):
    opened = Store.open(tmp_path, clock=clock)
    yield opened
    opened.close()


def start(store: Store, count: int = 2):
    return store.create_session("S · 1", PLAN, [make_question(n, hints=("h1", "h2")) for n in range(1, count + 1)])


def test_a_session_is_read_back_as_it_was_made(store: Store, clock: Clock) -> None:
    session = start(store)
    again = store.session(session.id)
    assert again == session
    assert [q.text for q in again.questions] == ["Question 1?", "Question 2?"]
    assert [(t.position, t.attempt, t.state) for t in again.turns] == [(0, 1, "open")]
    assert again.created_at == clock.now


def test_submit_claim_finish(store: Store) -> None:
    turn = start(store).turns[0]
    answer, grading_id, created = store.submit(turn.id, "text", "g", "default")
    assert created
    (claim,) = store.claim("me", 5, LEASE)
    assert (claim.grading_id, claim.answer, claim.lang, claim.grader) == (grading_id, "text", "en", "g")
    assert store.claim("other", 5, LEASE) == ()
    assert store.finish_grading(claim, graded())
    turn = store.turn(turn.id)
    assert turn.state == "answered"
    assert turn.answer == answer
    assert some(turn.current_grading).outcome == graded()
    assert store.next_due() is None


def test_same_text_same_row_other_text_refused(store: Store) -> None:
    turn = start(store).turns[0]
    first = store.submit(turn.id, "text", "g", "default")
    assert store.submit(turn.id, "text", "other", "default") == (first[0], first[1], False)
    with pytest.raises(AlreadyAnswered):
        store.submit(turn.id, "another", "g", "default")
    assert len(store.turn(turn.id).gradings) == 1


@pytest.mark.parametrize("call", ["session", "turn", "answer", "finish", "show_hint", "reveal", "skip"])
def test_unknown_ids_are_not_found(store: Store, call: str) -> None:
    with pytest.raises(NotFound):
        getattr(store, call)("nothing")


def test_unknown_ids_are_not_found_by_writers(store: Store) -> None:
    with pytest.raises(NotFound):
        store.submit("nothing", "text", "g", "default")
    with pytest.raises(NotFound):
        store.add_grading("nothing", "g", "default")
    with pytest.raises(NotFound):
        store.ask("nothing", 0)
    with pytest.raises(NotFound):
        store.ask(start(store, 2).id, 2)


def test_ask_is_idempotent_and_a_retry_is_a_new_turn(store: Store) -> None:
    session = start(store)
    second = store.ask(session.id, 1)
    assert store.ask(session.id, 1) == second
    retry = store.ask(session.id, 0, 2)
    assert retry.id != session.turns[0].id
    assert [(t.position, t.attempt) for t in store.session(session.id).turns] == [(0, 1), (1, 1), (0, 2)]


def test_help_counts_only_before_the_answer(store: Store) -> None:
    turn = start(store).turns[0]
    assert [store.show_hint(turn.id).hints_shown for _ in range(3)] == [1, 2, 2]
    assert store.reveal(turn.id).revealed
    other = store.ask(turn.session_id, 1)
    store.submit(other.id, "text", "g", "default")
    assert store.show_hint(other.id).hints_shown == 0
    assert not store.reveal(other.id).revealed
    assert store.skip(other.id).state == "answered"


def test_a_written_hint_counts_like_the_authors_and_only_while_its_turn_is_open(store: Store) -> None:
    session = store.create_session("S", PLAN, [make_question(1), make_question(2)])
    turn = store.write_hint(session.turns[0].id, 1, "看看权重 “w”")
    assert (turn.hints, turn.hints_shown, help_used([], turn)) == (("看看权重 “w”",), 1, "hinted")
    assert store.show_hint(turn.id).hints_shown == 1  # there is no more
    assert store.write_hint(turn.id, 2, "and the sum").hints == ("看看权重 “w”", "and the sum")
    assert store.write_hint(turn.id, 2, "the same once more") == store.turn(turn.id)
    assert store.ask(session.id, 0, 2).hints == ()  # another attempt begins without
    for leave in (lambda id: store.submit(id, "text", "g", "default"), store.skip):
        other = store.ask(session.id, 1, 1 + len(store.session(session.id).turns))
        leave(other.id)
        assert help_used([], store.write_hint(other.id, 1, "late")) == "unaided"


def test_an_answer_outweighs_a_skip(store: Store) -> None:
    turn = start(store).turns[0]
    assert store.skip(turn.id).state == "skipped"
    store.submit(turn.id, "typed in the other tab", "g", "default")
    assert store.turn(turn.id).state == "answered"


def test_fence_expired_lease_and_release(store: Store, clock: Clock) -> None:
    turn = start(store).turns[0]
    store.submit(turn.id, "text", "g", "default")
    (slow,) = store.claim("slow", 1, LEASE)
    assert store.next_due() == clock.now + LEASE
    clock.pass_by(61)
    assert store.claim("slow", 1, LEASE, held={slow.grading_id}) == ()
    (quick,) = store.claim("quick", 1, LEASE)
    assert quick.attempt == slow.attempt + 1
    assert not store.finish_grading(slow, graded(1.0))
    assert not store.release(slow)
    assert not store.put_off(slow, timedelta(), DOWN)
    assert store.release(quick)
    (again,) = store.claim("quick", 1, LEASE)
    assert not store.finish_grading(quick, graded(2.0))  # same owner, older attempt
    assert not store.finish_grading(again.model_copy(update={"owner": "slow"}), graded(2.5))
    assert store.finish_grading(again, graded(3.0))
    assert not store.finish_grading(again, graded(4.0))
    assert [grade_of(g).score for g in store.turn(turn.id).gradings] == [3.0]


def test_a_put_off_grading_waits_and_says_why(store: Store, clock: Clock) -> None:
    turn = start(store).turns[0]
    store.submit(turn.id, "text", "g", "default")
    (claim,) = store.claim("me", 1, LEASE)
    when = clock.now + timedelta(seconds=10)
    assert store.put_off(claim, timedelta(seconds=10), DOWN)
    (grading,) = store.turn(turn.id).gradings
    assert (grading.state, grading.retry_at, grading.waiting_for) == ("pending", when, "unreachable")
    assert grading.waiting_detail == str(DOWN)
    assert store.next_due() == when
    assert store.claim("me", 1, LEASE) == ()
    clock.pass_by(10)
    (claim,) = store.claim("me", 1, LEASE)
    assert (claim.attempt, claim.faults) == (2, 1)


def test_an_extended_lease_is_not_taken(store: Store, clock: Clock) -> None:
    store.submit(start(store).turns[0].id, "text", "g", "default")
    held = store.claim("me", 1, LEASE)
    clock.pass_by(50)
    store.extend(held, LEASE)
    clock.pass_by(50)
    assert store.claim("other", 1, LEASE) == ()


def test_a_regrade_stands_beside(store: Store) -> None:
    turn = start(store).turns[0]
    answer, _, _ = store.submit(turn.id, "text", "coverage", "default")
    store.finish_grading(store.claim("me", 1, LEASE)[0], graded(5.0, "coverage_estimate"))
    second = store.add_grading(answer.id, "judge", "default")
    assert store.add_grading(answer.id, "judge", "default").id == second.id  # a double click
    store.finish_grading(store.claim("me", 1, LEASE)[0], graded(7.0))
    third = store.add_grading(answer.id, "coverage", "default")
    store.finish_grading(store.claim("me", 1, LEASE)[0], graded(1.0, "coverage_estimate"))
    turn = store.turn(turn.id)
    assert [grade_of(g).score for g in turn.gradings] == [5.0, 7.0, 1.0]
    assert turn.gradings[2].id == third.id
    assert some(turn.current_grading).id == second.id  # a judgement counts before any estimate


def test_an_outcome_that_cannot_be_read_back_is_refused(store: Store) -> None:
    store.submit(start(store).turns[0].id, "text", "g", "default")
    (claim,) = store.claim("me", 1, LEASE)
    with pytest.raises(ValueError, match=r"stored|valid"):
        store.finish_grading(claim, graded(float("nan")))
    with pytest.raises(ValueError, match="surrogate"):
        store.finish_grading(claim, graded(feedback="half \ud83d"))
    assert store.finish_grading(claim, Ungraded(reason="internal_error", provenance=provenance()))


def test_text_comes_back_code_point_for_code_point(store: Store) -> None:
    text = "</answer> <script>1</script>\r\n\t深度学习 🙂 \u202e rtl '; DROP TABLE answers;--"
    turn = start(store).turns[0]
    store.submit(turn.id, text, "g", "default")
    assert some(store.turn(turn.id).answer).text == text


def test_a_changed_question_does_not_change_the_transcript(store: Store) -> None:
    old = store.create_session("a", PLAN, [make_question(1)])
    new = store.create_session("b", PLAN, [make_question(1, reference="Other.", line=9)])
    assert store.session(old.id).questions[0].reference == "Answer 1."
    assert store.session(new.id).questions[0] == make_question(1, reference="Other.", line=9)


def test_summaries_newest_first_in_pages_with_marks_and_mean(store: Store) -> None:
    ids = [start(store, 3).id for _ in range(3)]
    turns = [store.session(ids[0]).turns[0], store.ask(ids[0], 1), store.ask(ids[0], 2)]
    for turn in turns[:2]:
        store.submit(turn.id, "text", "judge", "default")
    claims = store.claim("me", 2, LEASE)
    store.finish_grading(claims[0], graded(4.0, max_score=5.0))
    store.skip(turns[2].id)
    newest, middle = store.summaries(2)
    assert [newest.id, middle.id] == [ids[2], ids[1]]
    (oldest,) = store.summaries(2, before=middle.id)
    assert oldest.marks == ("fair", "pending", "skipped")
    assert (oldest.count, oldest.answered, oldest.mean, oldest.graders) == (3, 2, 8.0, ("judge",))
    store.finish_grading(claims[1], Ungraded(reason="unreachable", provenance=provenance()))
    assert store.summaries(9)[2].marks == ("fair", "ungraded", "skipped")
    assert newest.marks == ("open", "open", "open")
    assert newest.mean is None
    assert store.session_count() == 3


def test_unfinished_leaves_finished_sessions_out(store: Store, clock: Clock) -> None:
    first, second = start(store), start(store)
    finished = store.finish(second.id)
    clock.pass_by(5)
    assert store.finish(second.id).finished_at == finished.finished_at
    assert [s.id for s in store.summaries(unfinished=True)] == [first.id]


def test_preferences(store: Store) -> None:
    assert store.preference("notes") is None
    store.remember("notes", {"paths": ["a"]})
    store.remember("notes", {"paths": ["文"]})
    assert store.preference("notes") == {"paths": ["文"]}
