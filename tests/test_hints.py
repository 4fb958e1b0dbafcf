"""Hints: the author's, else a model's, each for another point; asked for once, dropped when late, made up by nobody."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from interview.backends.backend import Backend, Completion, CompletionRequest
from interview.backends.scripted import ScriptedBackend
from interview.errors import PassingFault
from interview.grading.key_points import from_notes
from interview.jobs import Jobs
from interview.models import Checklist, ChecklistPoint, KeyPoint, Language, Mode, SessionPlan, Turn
from interview.prompts import load_prompts
from interview.service.checklists import Checklists
from interview.service.hints import Hints
from interview.store.checklists import ChecklistStore
from interview.turns import help_used
from tests import test_service
from tests.conftest import REPO
from tests.made_up import make_question

PROMPTS = load_prompts(REPO / "prompts")
MODEL = "work:big"
POINTS = (
    KeyPoint(id="k1", text="tokens compared pairwise", kind="bonus", weight=9),
    KeyPoint(id="k2", text="softmax normalises scores"),
    KeyPoint(id="k3", text="values averaged afterwards", weight=2),
    KeyPoint(id="k4", text="quadratic memory"),
)
PLAIN = make_question(1, key_points=POINTS)


def hint(text: str) -> str:
    return json.dumps({"hint": text})


async def thought(hints: Hints, turn_id: str) -> None:
    for _ in range(5000):
        if not hints.is_thinking(turn_id):
            return
        await asyncio.sleep(0.005)
    raise AssertionError("a model still thinks")


class World(test_service.World):
    """A session, and a model that writes what the test lets it write."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.backend: Backend = ScriptedBackend([hint(f"Look at thing {n}.") for n in range(1, 9)])
        self.jobs = Jobs()
        self.touched: list[str] = []
        self.checklists = Checklists(self.store, self.find, PROMPTS, self.jobs)
        self.hints = Hints(self.viva, self.find, self.checklists.in_force, PROMPTS, self.jobs, self.touched.append)

    def find(self, name: str) -> Backend | None:
        return self.backend if name == MODEL else None

    def begin(self, question=PLAIN, *, mode: Mode = "practice", lang: Language = "en") -> Turn:
        return self.store.create_session("t", SessionPlan(lang=lang, mode=mode), [question]).turns[0]

    def most(self, turn: Turn, grader: str = MODEL) -> int:
        return self.hints.most(self.store.session(turn.session_id), turn, grader)

    def ask(self, turn: Turn, *, grader: str = MODEL, meanwhile: Callable[[], object] = lambda: None) -> Turn:
        """Ask for a hint, do something while a model thinks, and return the Turn once it has thought."""

        async def asked() -> None:
            async with self.jobs.running():
                self.hints.ask(turn.id, grader)
                meanwhile()
                await thought(self.hints, turn.id)

        asyncio.run(asked())
        return self.store.turn(turn.id)

    @property
    def requests(self) -> list[CompletionRequest]:
        assert isinstance(self.backend, ScriptedBackend)
        return self.backend.requests


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    with closing(made.store):
        yield made


def test_each_hint_leads_to_another_point_the_required_and_weighty_ones_first_and_three_are_all(world: World):
    turn = world.begin()
    assert world.most(turn) == 3
    for number in (1, 2, 3):
        turn = world.ask(turn)
        assert (turn.hints_shown, help_used([], turn)) == (number, "hinted")
    assert turn.hints == ("Look at thing 1.", "Look at thing 2.", "Look at thing 3.")
    led_to = [request.messages[-1].content for request in world.requests]
    subjects = ("tokens", "values", "softmax", "quadratic")
    assert [[one for one in subjects if one in prompt] for prompt in led_to] == [["values"], ["softmax"], ["quadratic"]]
    assert "Look at thing 1." in led_to[1]
    assert {(request.purpose, request.session_id) for request in world.requests} == {("hint", turn.session_id)}
    assert world.ask(turn) == turn
    assert len(world.requests) == 3
    assert world.touched == [turn.session_id] * 3


def test_the_points_are_those_in_force_and_else_the_parts_of_the_reference(world: World):
    question = make_question(1, reference="Positions run in parallel. No step waits for another.")
    turn = world.begin(question)
    assert world.most(turn) == 2
    world.ask(turn)
    assert "Positions run in parallel." in world.requests[0].messages[-1].content
    found = Checklist(**{**from_notes(question).model_dump(), "origin": "extracted", "points": (POINT,)})
    ChecklistStore(world.store).add(found, seen="")
    other = world.begin(question)
    assert world.most(other) == 1
    world.ask(other)
    assert POINT.text in world.requests[1].messages[-1].content
    assert world.most(world.begin(make_question(1, reference=""))) == 0


POINT = ChecklistPoint(id="k1", text="recurrence is sequential", start=0, end=9)


def test_the_authors_hints_come_first_and_need_no_model(world: World):
    turn = world.begin(PLAIN.model_copy(update={"hints": ("h1", "h2")}))
    assert world.most(turn) == world.most(turn, "coverage") == 2
    for shown in (1, 2, 2):
        assert world.ask(turn).hints_shown == shown
    assert not world.requests


def test_the_coverage_estimate_and_a_grader_that_is_gone_write_none_and_keep_what_is_there(world: World):
    turn = world.begin()
    for grader in ("coverage", "gone"):
        assert world.most(turn, grader) == 0
        assert world.ask(turn, grader=grader) == turn
    assert world.most(world.ask(turn), "coverage") == 1


def test_neither_a_mock_interview_nor_a_follow_up_has_hints(world: World):
    authors = PLAIN.model_copy(update={"hints": ("h1",)})
    for question in (PLAIN, authors):
        silent = world.begin(question, mode="mock")
        assert world.most(silent) == 0
        assert world.ask(silent) == silent
        turn = world.begin(question)
        world.store.submit(turn.id, "something", "g", "default")
        follow_up = world.viva.follow_up(turn.id, "And then?")
        assert follow_up is not None
        assert world.most(follow_up) == 0
        assert world.ask(follow_up) == follow_up
    assert not world.requests


def test_who_asks_twice_while_a_model_thinks_has_asked_once(world: World):
    turn = world.begin()
    turn = world.ask(turn, meanwhile=lambda: [world.hints.ask(turn.id, MODEL) for _ in range(3)])
    assert turn.hints == ("Look at thing 1.",)
    assert len(world.requests) == 1


def test_a_hint_that_two_asked_for_is_kept_once(world: World):
    turn = world.begin()
    assert world.viva.write_hint(turn.id, 1, "first").hints == ("first",)
    assert world.viva.write_hint(turn.id, 1, "second").hints == ("first",)


class Slow:
    """A model that has thought only when the test lets it go."""

    name = model = host = "slow"

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.asked = 0

    async def complete(self, request: CompletionRequest) -> AsyncIterator[Completion]:
        self.asked += 1
        await self.go.wait()
        yield Completion(text=hint("Too late."), model="slow", rung="text")

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("leave", ["answer", "skip"])
def test_a_hint_that_comes_after_the_answer_is_dropped(world: World, leave: str):
    turn = world.begin()
    world.backend = slow = Slow()  # type: ignore[assignment]

    def left() -> None:
        assert world.hints.is_thinking(turn.id)
        if leave == "answer":
            world.viva.submit(turn.id, "I know it after all", "")
        else:
            world.viva.skip(turn.id)
        slow.go.set()

    left_turn = world.ask(turn, meanwhile=left)
    assert (left_turn.hints, help_used([], left_turn)) == ((), "unaided")
    assert world.ask(left_turn) == left_turn
    assert slow.asked == 1  # after the answer nobody is asked any more


def test_where_the_model_fails_no_hint_is_stored_and_the_reason_is_told_until_one_comes(world: World):
    turn = world.begin()
    world.backend = ScriptedBackend([PassingFault("No answer within 5 s.", fault="timed_out"), hint("Look there.")])
    assert world.ask(turn) == turn
    assert world.hints.problem(turn.id) == "No answer within 5 s."
    assert world.touched == [turn.session_id]
    assert world.ask(turn).hints == ("Look there.",)
    assert world.hints.problem(turn.id) == ""


def test_a_model_that_can_only_name_the_point_gives_no_hint(world: World):
    turn = world.begin()
    world.backend = ScriptedBackend([hint("The values are averaged afterwards.")] * 2)
    assert world.ask(turn) == turn
    assert "stayed unusable" in world.hints.problem(turn.id)
    assert "averaged" not in world.hints.problem(turn.id)
