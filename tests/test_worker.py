import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from interview.errors import LastingFault, NotFound, PassingFault, StoreError
from interview.grading.grader import Grader, GradingEvent, GradingRequest, VerdictReady, VerdictsCleared
from interview.live import LiveFeed
from interview.models import Graded, SessionPlan, Ungraded
from interview.rubrics import Rubric, load_rubrics
from interview.store.store import Store, utc_now
from interview.worker import FIRST_WAIT, Worker
from tests.conftest import REPO
from tests.made_up import Clock, graded, make_question, provenance
from tests.test_live import point, until

RUBRICS: dict[str, Rubric] = load_rubrics(REPO / "rubrics")


class Scripted:
    """A grader made of one async generator function."""

    name: str = "scripted"
    kind: Literal["coverage", "judge"] = "judge"
    host: str = "localhost:1"

    def __init__(self, script: Callable[[GradingRequest], AsyncIterator[GradingEvent]]) -> None:
        self._script = script

    def grade(self, request: GradingRequest) -> AsyncIterator[GradingEvent]:
        return self._script(request)


class Graders:
    def __init__(self, **scripts) -> None:
        self._scripts = scripts

    def get(self, name: str) -> Grader:
        if name not in self._scripts:
            raise NotFound(f"No grader is called {name!r} here.")
        return Scripted(self._scripts[name])


async def good(request: GradingRequest) -> AsyncIterator[GradingEvent]:
    yield graded(feedback=request.answer)


class World:
    def __init__(self, folder: Path, **scripts) -> None:
        self.clock = Clock()
        self.store = Store.open(folder, clock=self.clock)
        self.live = LiveFeed()
        self.graders = Graders(good=good, **scripts)
        self.session = self.store.create_session("t", SessionPlan(lang="en"), [make_question(n) for n in range(1, 30)])
        self.position = 0

    def worker(self, **options) -> Worker:
        known = {"owner": "me", "random": lambda: 0.0}
        return Worker(self.store, self.graders, RUBRICS, self.live, **{**known, **options})

    def submit(self, grader: str, text: str = "text", rubric: str = "default") -> str:
        turn = self.store.ask(self.session.id, self.position)
        self.position += 1
        self.store.submit(turn.id, text, grader, rubric)
        return turn.id

    def grading(self, turn_id: str):
        (grading,) = self.store.turn(turn_id).gradings
        return grading


@pytest.fixture
def make_world(tmp_path: Path):
    worlds: list[World] = []

    def make(**scripts) -> World:
        worlds.append(World(tmp_path / str(len(worlds)), **scripts))
        return worlds[-1]

    yield make
    for world in worlds:
        world.store.close()


def test_what_is_due_is_graded_with_its_own_answer(make_world) -> None:
    world = make_world()
    turns = {world.submit("good", f"answer {n}"): f"answer {n}" for n in range(10)}
    assert asyncio.run(world.worker(concurrency=3).run_once()) == 10
    for turn, text in turns.items():
        assert world.grading(turn).outcome.feedback == text
    assert asyncio.run(world.worker().run_once()) == 0


async def raises(request):
    yield VerdictReady(point=point("k1"))
    raise ZeroDivisionError("secret of the provider")


async def silent(request):
    yield VerdictReady(point=point("k1"))


async def cancels_itself(request):
    raise asyncio.CancelledError
    yield


async def lasting(request):
    raise LastingFault("the text was refused", fault="content_refused")
    yield


async def unstorable(request):
    yield graded(score=float("nan"))


async def times_out_itself(request):
    raise TimeoutError
    yield


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (raises, "internal_error"),
        (silent, "internal_error"),
        (cancels_itself, "internal_error"),
        (lasting, "content_refused"),
        (unstorable, "internal_error"),
        (times_out_itself, "internal_error"),
    ],
)
def test_whatever_a_grader_does_one_outcome_is_stored(make_world, caplog, script, reason: str) -> None:
    world = make_world(bad=script)
    bad, fine = world.submit("bad"), world.submit("good")
    assert asyncio.run(world.worker().run_once()) == 2
    outcome = world.grading(bad).outcome
    assert isinstance(outcome, Ungraded)
    assert outcome.reason == reason
    assert "secret" not in outcome.detail
    assert isinstance(world.grading(fine).outcome, Graded)
    assert world.live.verdicts(world.grading(bad).id) == ()


def test_a_grader_or_a_rubric_that_is_not_here_is_said(make_world) -> None:
    world = make_world()
    gone, other = world.submit("gone"), world.submit("good", rubric="lost")
    asyncio.run(world.worker().run_once())
    assert world.grading(gone).outcome.reason == "grader_unknown"
    assert "'gone'" in world.grading(gone).outcome.detail
    assert world.grading(other).outcome.reason == "internal_error"
    assert "'lost'" in world.grading(other).outcome.detail


def test_a_passing_fault_is_tried_again_and_then_graded(make_world) -> None:
    busy = PassingFault("busy", fault="rate_limited", retry_after=99)
    faults = iter([PassingFault("down", fault="unreachable"), busy])

    async def shaky(request):
        for fault in faults:
            raise fault
        yield graded()

    world = make_world(shaky=shaky)
    turn = world.submit("shaky")
    worker = world.worker()
    asyncio.run(worker.run_once())
    waits = world.grading(turn)
    assert (waits.state, waits.waiting_for) == ("pending", "unreachable")
    assert waits.retry_at == world.clock.now + timedelta(seconds=FIRST_WAIT)
    assert asyncio.run(worker.run_once()) == 0
    world.clock.pass_by(FIRST_WAIT)
    assert asyncio.run(worker.run_once()) == 1
    assert world.grading(turn).retry_at == world.clock.now + timedelta(seconds=99)  # as the endpoint asked
    world.clock.pass_by(99)
    asyncio.run(worker.run_once())
    assert isinstance(world.grading(turn).outcome, Graded)
    assert world.grading(turn).waiting_for is None


def test_an_endpoint_that_is_down_is_never_given_up_on(make_world) -> None:
    calls = []

    async def down(request):
        calls.append(request)
        raise PassingFault("nobody answers at localhost", fault="unreachable")
        yield

    world = make_world(down=down)
    turn = world.submit("down")
    waits = []
    for _ in range(12):
        asyncio.run(world.worker().run_once())
        waits.append((world.grading(turn).retry_at - world.clock.now).total_seconds())
        world.clock.now = world.grading(turn).retry_at
    assert waits == [10, 20, 40, 80, 160, 320, 600, 600, 600, 600, 600, 600]
    assert len(calls) == 12
    assert world.grading(turn).state == "pending"


def test_waits_are_scattered_and_none_is_longer_than_planned(make_world) -> None:
    async def down(request):
        raise PassingFault("down", fault="unreachable")
        yield

    world = make_world(down=down)
    turns = [world.submit("down") for _ in range(8)]
    asyncio.run(world.worker(random=random.Random(1).random).run_once())
    waits = [(world.grading(turn).retry_at - world.clock.now).total_seconds() for turn in turns]
    assert len(set(waits)) == 8
    assert all(0.8 * FIRST_WAIT <= wait <= FIRST_WAIT for wait in waits)


def test_an_endpoint_cannot_put_a_grading_off_for_a_year(make_world) -> None:
    async def greedy(request):
        raise PassingFault("later", fault="rate_limited", retry_after=3e7)
        yield

    world = make_world(greedy=greedy)
    turn = world.submit("greedy")
    asyncio.run(world.worker().run_once())
    assert world.grading(turn).retry_at <= world.clock.now + timedelta(hours=1)


def test_a_grader_whose_calls_take_long_is_not_ended(make_world) -> None:
    async def slow(request):
        for _ in range(3):
            with request.log.calling():  # a backend bounds its calls itself
                await asyncio.sleep(0.2)
        yield graded()

    world = make_world(slow=slow)
    turn = world.submit("slow")
    asyncio.run(world.worker(limit=timedelta(seconds=0.1)).run_once())
    assert isinstance(world.grading(turn).outcome, Graded)


def test_a_hanging_grader_is_ended_at_the_limit(make_world) -> None:
    async def hangs(request):
        await asyncio.Event().wait()
        yield graded()

    world = make_world(hangs=hangs)
    turn = world.submit("hangs")
    asyncio.run(world.worker(limit=timedelta(seconds=0.05)).run_once())
    assert world.grading(turn).outcome.reason == "timed_out"


def test_cancelling_the_worker_gives_its_gradings_back(make_world) -> None:
    async def hangs(request):
        await asyncio.Event().wait()
        yield graded()

    world = make_world(hangs=hangs)
    turns = [world.submit("hangs") for _ in range(6)]

    async def run() -> None:
        task = asyncio.create_task(world.worker(concurrency=4).run())
        await until(lambda: sum(world.grading(turn).state == "running" for turn in turns) == 4)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert {world.grading(turn).state for turn in turns} == {"pending"}
    assert len(world.store.claim("another", 9, timedelta(seconds=9))) == 6


async def repeats(request):
    yield graded(feedback=f"asked: {request.follow_up}")


def test_what_a_follow_up_asked_is_told_to_its_grader_and_nothing_to_any_other(make_world) -> None:
    world = make_world(repeats=repeats)
    first = world.submit("repeats")
    then = world.store.follow_up(first, "And at what cost?").id
    world.store.submit(then, "quadratic", "repeats", "default")
    asyncio.run(world.worker().run_once())
    told = [world.grading(turn).outcome.feedback for turn in (first, then)]
    assert told == ["asked: ", "asked: And at what cost?"]


def test_a_cancelled_worker_still_stores_an_outcome_that_has_come(make_world, monkeypatch) -> None:
    world = make_world()
    turn = world.submit("good")
    finish, finishing = world.store.finish_grading, asyncio.Event()

    async def run() -> None:
        loop = asyncio.get_running_loop()

        def slow_finish(*given) -> bool:
            asyncio.run_coroutine_threadsafe(_set(finishing), loop).result()
            return finish(*given)

        monkeypatch.setattr(world.store, "finish_grading", slow_finish)
        task = asyncio.create_task(world.worker().run())
        await finishing.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    assert isinstance(world.grading(turn).outcome, Graded)


async def _set(event: asyncio.Event) -> None:
    event.set()


def test_a_wake_from_another_thread_starts_what_was_submitted(make_world) -> None:
    world = make_world()
    worker = world.worker()
    worker.wake()  # not running yet: nothing happens

    async def run() -> None:
        task = asyncio.create_task(worker.run())
        for n in range(5):
            turn = await asyncio.to_thread(world.submit, "good", f"text {n}")
            await asyncio.to_thread(worker.wake)
            await until(lambda turn=turn: world.grading(turn).state == "done")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    worker.wake()  # not running any more


def test_the_worker_wakes_itself_for_a_retry(make_world, monkeypatch) -> None:
    monkeypatch.setattr("interview.worker.FIRST_WAIT", 0.02)
    faults = iter([PassingFault("down", fault="unreachable")])

    async def shaky(request):
        for fault in faults:
            raise fault
        yield graded()

    world = make_world(shaky=shaky)
    world.clock = world.store.clock = utc_now
    turn = world.submit("shaky")

    async def run() -> None:
        task = asyncio.create_task(world.worker().run())
        await until(lambda: world.grading(turn).state == "done")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    assert isinstance(world.grading(turn).outcome, Graded)


def test_no_more_than_the_given_number_run_at_once(make_world) -> None:
    running, most = [], []

    async def counted(request):
        running.append(request)
        most.append(len(running))
        await asyncio.sleep(0.005)
        running.pop()
        yield graded()

    world = make_world(counted=counted)
    for _ in range(12):
        world.submit("counted")
    asyncio.run(world.worker(concurrency=3).run_once())
    assert max(most) == 3
    assert len(most) == 12


def test_verdicts_are_live_until_the_grade_is_stored_and_a_retry_clears_them(make_world) -> None:
    seen = []
    world = make_world()

    async def streams(request):
        def look():
            (running,) = world.store.turn(turn).gradings
            seen.append([verdict.id for verdict in world.live.verdicts(running.id)])

        yield VerdictReady(point=point("k1"))
        look()
        yield VerdictsCleared(why="the stream broke")
        look()
        yield VerdictReady(point=point("k1"))
        yield VerdictReady(point=point("k2"))
        look()
        yield graded()

    world.graders = Graders(streams=streams)
    turn = world.submit("streams")
    before = world.live.version(world.session.id)
    asyncio.run(world.worker().run_once())
    assert seen == [["k1"], [], ["k1", "k2"]]
    assert world.live.verdicts(world.grading(turn).id) == ()
    assert world.live.version(world.session.id) >= before + 6


def test_an_outcome_waits_for_a_store_that_cannot_write(make_world, monkeypatch, caplog) -> None:
    monkeypatch.setattr("interview.worker._STORE_PAUSE", 0.001)
    world = make_world()
    turn = world.submit("good")
    finish, failures = world.store.finish_grading, iter([StoreError("disk full"), StoreError("disk full")])

    def shaky_finish(*given) -> bool:
        for failure in failures:
            raise failure
        return finish(*given)

    monkeypatch.setattr(world.store, "finish_grading", shaky_finish)
    with caplog.at_level(logging.ERROR):
        asyncio.run(world.worker().run_once())
    assert isinstance(world.grading(turn).outcome, Graded)
    assert "disk full" in caplog.text


@pytest.mark.parametrize("failure", [StoreError("locked"), RuntimeError("a mistake of ours")])
def test_a_running_worker_outlives_a_store_that_cannot_claim(make_world, monkeypatch, caplog, failure) -> None:
    monkeypatch.setattr("interview.worker._STORE_PAUSE", 0.001)
    world = make_world()
    turn = world.submit("good")
    claim, failures = world.store.claim, iter([failure, failure])

    def shaky_claim(*args):
        for failure in failures:
            raise failure
        return claim(*args)

    monkeypatch.setattr(world.store, "claim", shaky_claim)

    async def run() -> None:
        task = asyncio.create_task(world.worker().run())
        await until(lambda: world.grading(turn).state == "done")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())


@pytest.mark.parametrize("turns_of_the_loop", range(6))
def test_it_ends_when_it_is_cancelled_in_the_moment_in_which_it_is_woken(make_world, turns_of_the_loop: int) -> None:
    async def down(request):
        raise PassingFault("closed", fault="unreachable")
        yield

    world = make_world(down=down)
    turn = world.submit("down")

    async def run() -> None:
        worker = world.worker()
        task = asyncio.create_task(worker.run())
        await until(lambda: world.grading(turn).retry_at is not None)
        await asyncio.sleep(0.2)  # until it waits for that moment
        worker.wake()
        for _ in range(turns_of_the_loop):
            await asyncio.sleep(0)
        task.cancel()
        ended, _ = await asyncio.wait([task], timeout=5)
        task.cancel()
        assert ended

    asyncio.run(run())


def test_leases_are_renewed_while_a_grader_takes_its_time(make_world) -> None:
    world = make_world()
    first_lease = timedelta(seconds=0.03)

    async def slow(request):
        (running,) = world.store.turn(turn).gradings
        world.clock.pass_by(1)  # far beyond the lease
        await until(lambda: world.store.next_due() > world.clock.now)
        assert await asyncio.to_thread(world.store.claim, "thief", 1, first_lease) == ()
        yield graded(feedback=running.state)

    world.graders = Graders(slow=slow)
    turn = world.submit("slow")
    assert asyncio.run(world.worker(lease=first_lease).run_once()) == 1
    assert world.grading(turn).outcome.feedback == "running"


def test_an_outcome_that_comes_after_the_lease_went_away_is_dropped(make_world, caplog) -> None:
    world = make_world()

    async def robbed(request):
        world.clock.pass_by(1000)
        (stolen,) = await asyncio.to_thread(world.store.claim, "thief", 1, timedelta(seconds=60))
        await asyncio.to_thread(
            world.store.finish_grading, stolen, Ungraded(reason="abstained", provenance=provenance())
        )
        yield graded()

    world.graders = Graders(robbed=robbed)
    turn = world.submit("robbed")
    asyncio.run(world.worker().run_once())
    assert world.grading(turn).outcome.reason == "abstained"
