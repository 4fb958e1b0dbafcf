"""Many at once: threads that submit and claim, and any order of calls that hypothesis can think of."""

import tempfile
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from interview.errors import AlreadyAnswered, PassingFault
from interview.models import SessionPlan
from interview.store.rows import Claim
from interview.store.store import Store
from tests.made_up import Clock, grade_of, graded, make_question, some

LEASE = timedelta(seconds=60)


@pytest.fixture
def store(tmp_path: Path):
    opened = Store.open(tmp_path)
    yield opened
    opened.close()


def test_a_double_click_in_many_threads_is_one_row(store: Store) -> None:
    session = store.create_session("t", SessionPlan(lang="en"), [make_question(1)])
    gate = threading.Barrier(16)

    def click(_: int):
        gate.wait()
        return store.submit(session.turns[0].id, "the same text", "g", "default")

    with ThreadPoolExecutor(16) as pool:
        submitted = list(pool.map(click, range(16)))
    assert len({(answer.id, grading_id) for answer, grading_id, _ in submitted}) == 1
    assert Counter(created for _, _, created in submitted) == {True: 1, False: 15}


def test_two_tabs_with_two_texts_one_wins_and_one_is_told(store: Store) -> None:
    session = store.create_session("t", SessionPlan(lang="en"), [make_question(n) for n in range(1, 21)])
    for position in range(20):
        turn = store.ask(session.id, position)
        gate = threading.Barrier(2)

        def send(text: str, turn_id: str = turn.id, gate: threading.Barrier = gate):
            gate.wait()
            try:
                return store.submit(turn_id, text, "g", "default")[0].text
            except AlreadyAnswered:
                return None

        with ThreadPoolExecutor(2) as pool:
            kept = [text for text in pool.map(send, ["one tab", "other tab"]) if text]
        assert kept == [some(store.turn(turn.id).answer).text]


def test_a_hundred_threads_submit_and_eight_claim_nothing_is_lost_or_doubled(store: Store) -> None:
    papers = [
        store.create_session("t", SessionPlan(lang="en"), [make_question(n) for n in range(1, 5)]) for _ in range(50)
    ]
    turns = [store.ask(session.id, position).id for session in papers for position in range(4)]
    finished: list[str] = []
    done = threading.Event()

    def grade(owner: int) -> None:
        while not done.is_set() or store.next_due() is not None:
            for claim in store.claim(f"w{owner}", 3, LEASE):
                assert store.finish_grading(claim, graded(feedback=claim.answer))
                finished.append(claim.grading_id)

    with ThreadPoolExecutor(108) as pool:
        graders = [pool.submit(grade, n) for n in range(8)]
        list(pool.map(lambda turn: store.submit(turn, f"answer of {turn}", "g", "default"), turns))
        done.set()
        for grader in graders:
            grader.result()
    assert len(finished) == len(set(finished)) == 200
    for turn_id in turns:
        (grading,) = store.turn(turn_id).gradings
        assert grade_of(grading).feedback == f"answer of {turn_id}"


class AnyOrder(RuleBasedStateMachine):
    """Submits, retries, claims, releases, faults, finishes, time and restarts in any order."""

    turns: Bundle[str] = Bundle("turns")
    claims: Bundle[Claim] = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.store = Store.open(Path(self.folder.name), clock=self.clock)
        self.answers: dict[str, str] = {}
        self.graded: dict[str, float] = {}
        self.scores = iter(range(1_000_000))

    @initialize()
    def make_paper(self) -> None:
        self.session = self.store.create_session("t", SessionPlan(lang="en"), [make_question(n) for n in (1, 2)])

    @rule(target=turns, position=st.integers(0, 1), attempt=st.integers(1, 2))
    def ask(self, position: int, attempt: int) -> str:
        return self.store.ask(self.session.id, position, attempt).id

    @rule(turn=turns, text=st.sampled_from(["a", "b"]))
    def submit(self, turn: str, text: str) -> None:
        try:
            _, _, created = self.store.submit(turn, text, "g", "default")
        except AlreadyAnswered:
            assert self.answers[turn] != text
            return
        assert created == (turn not in self.answers)
        self.answers[turn] = text

    @rule(turn=turns)
    def skip(self, turn: str) -> None:
        assert (self.store.skip(turn).state == "answered") == (turn in self.answers)

    @rule(turn=turns, grader=st.sampled_from(["g", "h"]))
    def regrade(self, turn: str, grader: str) -> None:
        if turn in self.answers:
            self.store.add_grading(some(self.store.turn(turn).answer).id, grader, "default")

    @rule(target=claims, owner=st.sampled_from(["w1", "w2"]))
    def claim(self, owner: str):
        claims = self.store.claim(owner, 1, LEASE)
        for claim in claims:
            assert claim.answer == self.answers[claim.turn_id]
            assert claim.grading_id not in self.graded
        return multiple(*claims)

    @rule(claim=claims)
    def finish(self, claim: Claim) -> None:
        score = float(next(self.scores))
        if self.store.finish_grading(claim, graded(score)):
            assert claim.grading_id not in self.graded
            self.graded[claim.grading_id] = score

    @rule(claim=consumes(claims))
    def release(self, claim: Claim) -> None:
        self.store.release(claim)

    @rule(claim=consumes(claims))
    def put_off(self, claim: Claim) -> None:
        self.store.put_off(claim, timedelta(seconds=30), PassingFault("down", fault="unreachable"))

    @rule(seconds=st.sampled_from([1, 31, 61]))
    def pass_time(self, seconds: int) -> None:
        self.clock.pass_by(seconds)

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = Store.open(Path(self.folder.name), clock=self.clock)

    @invariant()
    def nothing_is_lost_changed_or_doubled(self) -> None:
        turns = self.store.session(self.session.id).turns if hasattr(self, "session") else ()
        assert {t.id: t.answer.text for t in turns if t.answer} == self.answers
        assert len({(t.position, t.attempt) for t in turns}) == len(turns)
        gradings = [grading for turn in turns for grading in turn.gradings]
        assert all(turn.gradings for turn in turns if turn.answer)
        assert {g.id: grade_of(g).score for g in gradings if g.state == "done"} == self.graded

    def teardown(self) -> None:
        while self.store.next_due() is not None:  # whatever happened: everything can still be graded
            self.clock.pass_by(61)
            for claim in self.store.claim("last", 9, LEASE):
                assert self.store.finish_grading(claim, graded())
        self.store.close()
        self.folder.cleanup()


AnyOrder.TestCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
TestAnyOrder = AnyOrder.TestCase
