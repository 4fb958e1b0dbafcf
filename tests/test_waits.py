"""Answers wait for their endpoint: as long as it takes, never longer than planned, and with few calls. Real sockets."""

import asyncio
import json
import logging
import socket
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from interview.backends.configured import completed
from interview.backends.rack import BackendRack
from interview.errors import PassingFault
from interview.grading.shelf import GraderShelf
from interview.live import LiveFeed
from interview.models import Graded, Grading, KeyPoint, SessionPlan, Ungraded
from interview.notes.library import PROJECT
from interview.prompts import load_prompts
from interview.rubrics import load_rubrics
from interview.service.waiting import WaitingGradings
from interview.settings import ConfiguredBackend
from interview.store.attempts import FIRST, LAST
from interview.store.store import Store
from interview.worker import FIRST_WAIT, LONGEST_WAIT, Worker
from tests.fake_judge import FakeJudge
from tests.fault_server import Asked, FaultServer, Play, Script, fault_server, good, html, refusal, whole
from tests.made_up import Clock, make_question
from tests.test_live import until

RUBRICS, PROMPTS = load_rubrics(PROJECT / "rubrics"), load_prompts(PROJECT / "prompts")
KEY = "sk-canary-7f3a"
ANSWER = "Attention is a weighted sum of values. The weights come from a softmax."
JUDGE = FakeJudge()


def judged(asked: Asked) -> Play:
    """A judgement by rote, in the form that was asked for."""
    body: list[bytes] = []
    JUDGE.reply(asked.body, body.append)
    return Play(body=b"".join(body), kind="text/event-stream" if asked.body.get("stream") else "application/json")


class Hours:
    """A monotonic clock to turn by hand, and the wall clock beside it, which somebody may set."""

    def __init__(self) -> None:
        self.monotonic = 1000.0
        self.wall = Clock()

    def __call__(self) -> float:
        return self.monotonic

    async def sleep(self, seconds: float) -> None:
        self.pass_by(seconds)
        await asyncio.sleep(0)

    def pass_by(self, seconds: float) -> None:
        self.monotonic += seconds
        self.wall.pass_by(seconds)


class World:
    """A store, a worker and one judge at `base_url`, by a clock of their own."""

    def __init__(self, folder: Path, base_url: str, *, key: str = KEY, model: str = "m-1") -> None:
        self.hours = Hours()
        self.folder = folder
        self.shelf = GraderShelf((), PROMPTS, rack=BackendRack(clock=self.hours, sleep=self.hours.sleep))
        self.configure(base_url, key, model)
        self.open()
        questions = [make_question(n, key_points=(KeyPoint(id="k1", text="weights"),)) for n in range(1, 31)]
        self.session = self.store.create_session("t", SessionPlan(lang="en"), questions)
        self.position = 0

    def configure(self, base_url: str, key: str = KEY, model: str = "m-1") -> None:
        entry = ConfiguredBackend(name="far", origin="test", base_url=base_url, model=model, key=SecretStr(key))
        self.shelf.replace([completed(entry, lambda _: None)])

    def open(self) -> None:
        self.store = Store.open(self.folder, clock=self.hours.wall)
        self.claims = 0
        claim = self.store.claim

        def counted(*given):
            try:
                return claim(*given)
            finally:
                self.claims += 1

        self.store.claim = counted  # type: ignore[method-assign]
        self.live = LiveFeed()
        self.worker = Worker(
            self.store,
            self.shelf,
            RUBRICS,
            self.live,
            owner="me",
            monotonic=self.hours,
            random=lambda: 0.0,
            concurrency=4,
        )
        self.waiting = WaitingGradings(self.store, self.shelf, self.live, self.worker.retry_now)

    def submit(self, count: int = 1, grader: str = "far:m-1") -> list[str]:
        turns = []
        for _ in range(count):
            turns.append(self.store.ask(self.session.id, self.position).id)
            self.position += 1
            self.store.submit(turns[-1], ANSWER, grader, "default")
        return turns

    def grading(self, turn: str) -> Grading:
        (grading,) = self.store.turn(turn).gradings
        return grading

    @asynccontextmanager
    async def working(self) -> AsyncGenerator[Callable]:
        """Run the worker; what is yielded lets time pass and waits until the worker has nothing to do."""
        task = asyncio.create_task(self.worker.run())

        async def settle(seconds: float = 0.0) -> None:
            self.hours.pass_by(seconds)
            before = self.claims
            self.worker.wake()
            await until(lambda: self.claims > before or task.done())
            await until(self._is_idle)
            assert not task.done()

        try:
            yield settle
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.shelf.close()

    def _is_idle(self) -> bool:
        waits = self.worker._waits
        due = waits is None or any(wait.until <= self.hours() for wait in waits.values())
        return not due and not self.worker._running and not self._is_anything_under_way()

    def _is_anything_under_way(self) -> bool:
        return any(
            grading.state == "running" or (grading.state == "pending" and grading.retry_at is None)
            for turn in self.store.session(self.session.id).turns
            for grading in turn.gradings
        )


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    worlds: list[World] = []

    def make(base_url: str, **options: str) -> World:
        worlds.append(World(tmp_path / str(len(worlds)), base_url, **options))
        return worlds[-1]

    yield make
    for world in worlds:
        world.store.close()


@contextmanager
def a_closed_port() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield probe.getsockname()[1]


# --- an endpoint that is down -------------------------------------------------------------------------------------


def test_an_endpoint_that_was_closed_for_ten_minutes_gets_every_answer_graded(make_world) -> None:
    """Over a restart of Viva in between; nobody touches anything."""
    with a_closed_port() as port:
        world = make_world(f"http://127.0.0.1:{port}/v1")
        turns = world.submit(8)

        async def closed(seconds: int) -> None:
            async with world.working() as settle:
                for _ in range(seconds // 20):
                    await settle(20)
            assert {world.grading(turn).state for turn in turns} == {"pending"}
            assert world.waiting.summary().count == 8
            assert world.waiting.summary().fault == "unreachable"
            assert "cannot be reached" in world.grading(turns[0]).waiting_detail

        asyncio.run(closed(300))
        world.store.close()
        world.open()
        asyncio.run(closed(300))
    server = FaultServer(judged, port=port)
    server.start()
    try:

        async def opened() -> float:
            began = world.hours.monotonic
            async with world.working() as settle:
                while world.waiting.summary().count and world.hours.monotonic < began + LONGEST_WAIT:
                    await settle(20)
            return world.hours.monotonic - began

        assert asyncio.run(opened()) <= LONGEST_WAIT
    finally:
        server.stop()
    assert all(isinstance(world.grading(turn).outcome, Graded) for turn in turns)
    failed = world.grading(turns[0]).failed
    assert {one.fault for one in failed} == {"unreachable"}
    assert len(failed) <= FIRST + LAST
    assert [one.number for one in failed] == sorted({one.number for one in failed})


def test_one_success_ends_the_waits_of_all(make_world) -> None:
    with fault_server(*[Play(hang_up=True)] * 4, judged) as server:
        world = make_world(server.base_url)
        turns = world.submit(6)

        async def run() -> None:
            async with world.working() as settle:
                await settle()
                assert world.waiting.summary().count == 6
                await settle(FIRST_WAIT)
                await settle()

        asyncio.run(run())
    assert all(isinstance(world.grading(turn).outcome, Graded) for turn in turns)


# --- clocks -------------------------------------------------------------------------------------------------------

SET = {
    "a day back": timedelta(days=-1),
    "a day ahead": timedelta(days=1),
    "five minutes back": timedelta(minutes=-5),
    "an hour ahead": timedelta(hours=1),
    "a zone": None,
}


def set_clock(world: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if SET[name] is None:
        monkeypatch.setenv("TZ", "Pacific/Kiritimati")
        time.tzset()
    else:
        world.hours.wall.now += SET[name]


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    yield monkeypatch
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("change", SET)
def test_whatever_the_clock_is_set_to_a_wait_is_as_long_as_planned(make_world, zone, change: str) -> None:
    with fault_server(*[Play(hang_up=True)] * 4, judged) as server:
        world = make_world(server.base_url)
        (turn,) = world.submit()

        async def run() -> None:
            async with world.working() as settle:
                await settle()
                assert world.grading(turn).state == "pending"
                set_clock(world, change, zone)
                await settle(FIRST_WAIT - 0.1)
                assert len(server.asked) == 4, "not sooner"
                await settle(0.2)
                assert len(server.asked) == 5, "and not later"

        asyncio.run(run())
    assert isinstance(world.grading(turn).outcome, Graded)


@pytest.mark.parametrize("change", SET)
def test_a_clock_that_is_set_while_viva_is_closed_makes_no_wait_longer(make_world, zone, change: str) -> None:
    with fault_server(judged) as server:
        world = make_world(server.base_url)
        (turn,) = world.submit()
        (claim,) = world.store.claim("dead", 1, timedelta(seconds=60))
        world.store.put_off(claim, timedelta(seconds=LONGEST_WAIT), PassingFault("down", fault="unreachable"))
        world.store.close()
        set_clock(world, change, zone)
        world.open()

        async def run() -> None:
            async with world.working() as settle:
                await settle(1)
                set_clock(world, change, zone)
                await settle(LONGEST_WAIT)

        asyncio.run(run())
        assert len(server.asked) == 1
    assert isinstance(world.grading(turn).outcome, Graded)


@pytest.mark.parametrize("days", [-1, 1])
def test_no_lease_outlives_a_clock_that_is_set(make_world, days: int) -> None:
    with fault_server(judged) as server:
        world = make_world(server.base_url)
        world.submit()
        lease = timedelta(seconds=60)
        assert len(world.store.claim("gone", 1, lease)) == 1
        world.hours.wall.now += timedelta(days=days)
        assert len(world.store.claim("me", 1, lease)) == 1


# --- an endpoint that refuses whatever it is asked ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("refuses", "fault"),
    [
        (refusal(401, f"Incorrect API key provided: {KEY}", code="invalid_api_key"), "key_refused"),
        (refusal(404, "The model `m-1` does not exist", code="model_not_found"), "model_unknown"),
        (refusal(429, "You exceeded it", code="insufficient_quota"), "quota_exhausted"),
        (html(404), "address_wrong"),
        (Play(status=308, headers={"Location": "https://elsewhere.example/v1"}), "address_wrong"),
    ],
)
def test_what_every_answer_would_meet_is_met_once_and_all_wait_for_a_change(make_world, refuses, fault: str) -> None:
    def play(asked: Asked) -> Play:
        fine = asked.headers["authorization"] == "Bearer sk-new" and asked.body["model"] == "m-2"
        return judged(asked) if fine else refuses

    with fault_server(play) as server:
        world = make_world(server.base_url)
        turns = world.submit(20)

        async def run() -> None:
            async with world.working() as settle:
                await settle()
                assert {world.grading(turn).waiting_for for turn in turns} == {fault}
                await settle(LONGEST_WAIT)
                await settle(LONGEST_WAIT)
                assert len(server.asked) <= 2, "for any number of answers, however long"
                assert world.waiting.summary().count == 20
                assert KEY not in world.waiting.summary().detail
                assert all(world.grading(turn).failed for turn in turns), "each says what it waited for"
                before = len(server.asked)
                assert world.waiting.retry_all() == 20
                await settle()
                assert len(server.asked) == before + 1, "asked by hand: once more"
                world.configure(server.base_url, "sk-new", "m-2")
                world.waiting.retry_all()
                await settle()
                await settle()

        asyncio.run(run())
        if fault != "model_unknown":
            world.submit(1, "far:m-2")  # what was asked of another model stays asked of it
            return
    assert all(isinstance(world.grading(turn).outcome, Graded) for turn in turns)
    assert {world.grading(turn).grader for turn in turns} == {"far:m-2"}


def test_a_changed_key_has_every_waiting_answer_graded(make_world) -> None:
    def play(asked: Asked) -> Play:
        return judged(asked) if asked.headers["authorization"] == "Bearer sk-new" else refusal(401)

    with fault_server(play) as server:
        world = make_world(server.base_url)
        turns = world.submit(8)

        async def run() -> None:
            async with world.working() as settle:
                await settle()
                world.configure(server.base_url, "sk-new")
                world.waiting.retry_all()
                await settle()

        asyncio.run(run())
        assert len(server.asked) == 1 + 8
    assert all(isinstance(world.grading(turn).outcome, Graded) for turn in turns)
    code = world.grading(turns[0]).failed[0]
    assert (code.fault, code.status, code.host, code.model) == ("key_refused", 401, world.shelf.get("far").host, "m-1")


# --- bad replies --------------------------------------------------------------------------------------------------


def without_forms(asked: Asked) -> Play:
    return refusal(400, "response_format is not supported") if asked.rung != "text" else whole("I would say seven.")


BAD: dict[str, Script] = {
    "prose": good("I would say seven out of ten."),
    "JSON of another form": good('{"score": 7}'),
    "a page": html(),
    "nothing": whole(""),
    "half a JSON": Play(body=b'{"choices": ['),
    "no form is taken, then prose": without_forms,
    "a stream that is cut": Play(kind="text/event-stream"),
    "a refusal without a reason": refusal(400, "Bad Request"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_replies_take_five_calls_at_most_in_all_layers_together(make_world, case: str) -> None:
    with fault_server(BAD[case]) as server:
        world = make_world(server.base_url)
        (turn,) = world.submit()

        async def run() -> None:
            async with world.working() as settle:
                for _ in range(4):
                    await settle(LONGEST_WAIT)

        asyncio.run(run())
        assert 1 <= len(server.asked) <= 5
    outcome = world.grading(turn).outcome
    assert isinstance(outcome, Ungraded)
    assert outcome.reason in ("bad_reply", "request_refused")
    if "prose" in case:
        assert "seven" in outcome.raw_reply
    assert world.grading(turn).failed


def test_key_points_that_a_model_is_asked_for_count_as_well(make_world) -> None:
    from interview.jobs import Jobs
    from interview.service.checklists import Checklists

    with fault_server(good("I would say seven out of ten.")) as server:
        world = make_world(server.base_url)
        world.worker = Worker(
            world.store,
            world.shelf,
            RUBRICS,
            world.live,
            owner="me",
            monotonic=world.hours,
            checklists=Checklists(world.store, world.shelf.backend, PROMPTS, Jobs()),
        )
        question = make_question(99, reference="A long reference. With two sentences.")
        session = world.store.create_session("k", SessionPlan(lang="en"), [question])
        world.session = session
        world.store.submit(session.turns[0].id, ANSWER, "far:m-1", "default")

        async def run() -> None:
            async with world.working() as settle:
                await settle()

        asyncio.run(run())
        assert len(server.asked) <= 5
    assert isinstance(world.grading(session.turns[0].id).outcome, Ungraded)


# --- what is kept -------------------------------------------------------------------------------------------------


def test_calls_that_failed_before_a_grade_are_kept_with_it(make_world) -> None:
    with fault_server(refusal(503, "busy", code="overloaded"), html(), judged) as server:
        world = make_world(server.base_url)
        (turn,) = world.submit()

        async def run() -> None:
            async with world.working() as settle:
                await settle()

        asyncio.run(run())
    grading = world.grading(turn)
    assert isinstance(grading.outcome, Graded)
    kept = [(one.number, one.fault, one.status, one.code) for one in grading.failed]
    assert kept == [(1, "server_fault", 503, "overloaded"), (2, "bad_reply", None, "")]


def test_a_prompt_that_was_cut_is_no_grade(make_world) -> None:
    def cut(asked: Asked) -> Play:
        played = judged(asked)
        return Play(body=played.body.replace(b'"prompt_tokens": 9000', b'"prompt_tokens": 512'), kind=played.kind)

    with fault_server(cut) as server:
        world = make_world(server.base_url)
        (turn,) = world.submit()

        async def run() -> None:
            async with world.working() as settle:
                await settle()

        asyncio.run(run())
        assert len(server.asked) == 1
    outcome = world.grading(turn).outcome
    assert isinstance(outcome, Ungraded)
    assert outcome.reason == "prompt_cut"
    assert "num_ctx" in outcome.detail


def test_a_grade_says_what_served_it_and_what_was_sent(make_world) -> None:
    def marked(asked: Asked) -> Play:
        played = judged(asked)
        return Play(
            body=played.body.replace(b'"created"', b'"system_fingerprint": "fp_1", "created"'), kind=played.kind
        )

    with fault_server(marked) as server:
        world = make_world(server.base_url)
        (turn,) = world.submit()

        async def run() -> None:
            async with world.working() as settle:
                await settle()

        asyncio.run(run())
        sent = server.asked[0].body
    outcome = world.grading(turn).outcome
    assert isinstance(outcome, Graded)
    assert outcome.provenance.fingerprint == "fp_1"
    told = {name: json.loads(value) for name, value in outcome.provenance.parameters}
    assert told["max_tokens"] == sent["max_tokens"]
    assert (told["response_format"], told["stream"]) == ("json_schema", True)
    assert hash(outcome) == hash(outcome.model_copy()), "outcomes are kept in sets"
    assert not {"messages", "model"} & set(told)


def test_the_log_says_each_call_and_neither_key_nor_answer(make_world, caplog: pytest.LogCaptureFixture) -> None:
    script = [refusal(503), refusal(400, "response_format is not supported"), Play(hang_up=True), judged]
    with caplog.at_level(logging.DEBUG), fault_server(*script) as server:
        world = make_world(server.base_url)
        world.submit()

        async def run() -> None:
            async with world.working() as settle:
                await settle()
                await settle(FIRST_WAIT)

        asyncio.run(run())
        assert len(server.asked) == 4
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("interview.")]
    assert sum("call " in line for line in ours) == 4
    assert any("server_fault" in line and "503" in line for line in ours)
    assert any("json_object" in line for line in ours)
    assert not any(ANSWER in line for line in ours)
    assert KEY not in caplog.text
    with (world.folder / "viva.db").open("rb") as file:
        assert KEY.encode() not in file.read()


def test_of_many_failures_the_first_and_the_last_are_kept_and_numbered(make_world) -> None:
    world = make_world("http://127.0.0.1:1/v1")
    (turn,) = world.submit()
    fault = PassingFault("down", fault="unreachable")
    from interview.models import FailedAttempt

    for number in range(50):
        (claim,) = world.store.claim("me", 1, timedelta(seconds=60))
        one = FailedAttempt(
            started_at=world.hours.wall.now, seconds=1.0, backend="far", fault="unreachable", detail=f"no {number}"
        )
        world.store.put_off(claim, timedelta(), fault, [one])
    kept = world.grading(turn).failed
    assert [one.number for one in kept] == [1, 2, 3, *range(34, 51)]
    assert [one.detail for one in kept][-1] == "no 49"
    assert json.loads(world.store.session(world.session.id).model_dump_json())["turns"]
