"""Who graded, where another took over: the worker's gradings through a chain of real backends on loopback."""

import asyncio
from pathlib import Path

import pytest

from interview.backends import retry
from interview.backends.backend import CompletionRequest, Message
from interview.backends.circuit_breaker import Circuit, CircuitBreaker
from interview.errors import PassingFault
from interview.models import Graded, Grading, KeyPoint, Question, SessionPlan
from interview.settings import read_settings
from interview.store.store import Store
from interview.wiring import build
from interview.worker import planned_wait
from tests.command_line import data_dir
from tests.endpoints import backend_at, endpoint_at
from tests.fake_judge import FakeJudge
from tests.fault_server import Play, fault_server, refusal

__all__ = ["data_dir"]

ASK = CompletionRequest(messages=(Message(role="user", content="?"),), json_schema={})
QUESTION = Question(
    id="q",
    section="S",
    number=1,
    text="Why?",
    file="f.md",
    line=1,
    reference="Because the sum converges.",
    key_points=(KeyPoint(id="k1", text="the sum converges"),),
)


def settled(data_dir: Path, tables: str, *, rounds: int = 1) -> tuple[Grading, list[dict]]:
    """Grade one answer with the default grader until nothing is due; the grading, and what was spent."""
    (data_dir / "backends.toml").write_text(tables, encoding="utf-8")
    viva = build(read_settings(data_dir=data_dir, lang="en"))

    async def work() -> None:
        try:
            for _ in range(rounds):
                await viva.worker.run_once()
                _let_time_pass(viva.store)
        finally:
            await viva.shelf.close()

    try:
        session = viva.store.create_session("One", SessionPlan(lang="en"), [QUESTION])
        turn = viva.store.ask(session.id, 0)
        viva.interviewer.submit(turn.id, "I think that the sum converges.", "")
        asyncio.run(work())
        (grading,) = viva.store.turn(turn.id).gradings
        return grading, [one.model_dump() for one in viva.spending.sums("backend")]
    finally:
        viva.store.close()


def _let_time_pass(store: Store) -> None:
    """What was put off is due."""
    due = store.next_due()
    if due is not None:
        store.clock = lambda: due


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_BACK_OFF", lambda state: 0.0)


def backend(name: str, url: str) -> str:
    return f'[{name}]\nbase_url = "{url}"\nprice_prompt = 1\nprice_completion = 1\n'


def test_a_refused_key_leads_to_the_next_judge_who_is_named(data_dir: Path):
    with fault_server(refusal(401)) as first, FakeJudge(("covered",)).serving() as second:
        tables = backend("one", first.base_url) + backend("two", second.url) + '[roles]\njudge = ["one", "two"]\n'
        grading, spent = settled(data_dir, tables)
    assert grading.grader == "one", "it was asked for"
    assert isinstance(grading.outcome, Graded)
    assert grading.outcome.provenance.grader == grading.graded_by == "two", "it graded"
    assert grading.outcome.provenance.host == second.url.split("/")[2]
    assert grading.outcome.flags == ("fallback:one",)
    made = grading.outcome.provenance
    assert made.cost == pytest.approx(((made.prompt_tokens or 0) + (made.completion_tokens or 0)) / 1e6)
    assert [one["key"].split()[0] for one in spent] == ["two"], "what was refused costs nothing"


@pytest.mark.parametrize("rounds", [1, 2])
def test_a_passing_fault_waits_once_and_then_leads_on(data_dir: Path, rounds: int):
    with fault_server(refusal(503)) as first, FakeJudge(("covered",)).serving() as second:
        tables = backend("one", first.base_url) + backend("two", second.url) + '[roles]\njudge = ["one", "two"]\n'
        grading, _ = settled(data_dir, tables, rounds=rounds)
    if rounds == 1:
        assert (grading.outcome, grading.waiting_for, second.calls) == (None, "server_fault", 0)
    else:
        assert isinstance(grading.outcome, Graded)
        assert grading.outcome.provenance.grader == "two"


def test_without_a_next_judge_there_is_no_grade_and_never_an_estimate_unasked(data_dir: Path):
    with fault_server(refusal(401)) as first:
        tables = backend("one", first.base_url)
        grading, _ = settled(data_dir, f'{tables}[roles]\njudge = ["one"]\n')
    assert (grading.outcome, grading.waiting_for) == (None, "key_refused"), "it waits for a key"


def test_the_estimate_steps_in_where_the_user_said_so_and_is_labelled(data_dir: Path):
    with fault_server(refusal(401)) as first:
        grading, _ = settled(data_dir, f"{backend('one', first.base_url)}[roles]\nestimate = true\n")
    assert isinstance(grading.outcome, Graded)
    assert (grading.outcome.label, grading.outcome.provenance.grader) == ("coverage_estimate", "coverage")
    assert "fallback:one" in grading.outcome.flags


def test_a_used_up_budget_keeps_the_answer_and_calls_nobody(data_dir: Path):
    with FakeJudge(("covered",)).serving() as judge:
        tables = f"{backend('one', judge.url)}[budget]\nday_tokens = 1000\n"
        first, _ = settled(data_dir, tables)
        assert isinstance(first.outcome, Graded)
        second, _ = settled(data_dir, tables)
    assert judge.calls == 1
    assert (second.outcome, second.waiting_for) == (None, "quota_exhausted"), "it waits for money"
    assert "The answer is safe" in second.waiting_detail


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("breaker", [False, True])
def test_a_dead_endpoint_gets_nine_calls_in_six_rounds_and_not_24(breaker: bool):
    """As often as the worker asks: at once, and after each of its pauses."""
    time = FakeTime()

    async def asked(base_url: str) -> None:
        stages = [CircuitBreaker(Circuit(clock=time), model="m", host="h")] if breaker else []
        backend = backend_at(endpoint_at(base_url, model="m"), stages=stages, clock=time, sleep=time.sleep)
        for pause in (0.0, *map(planned_wait, range(5))):
            await time.sleep(pause)
            with pytest.raises(PassingFault):
                async for _ in backend.complete(ASK):
                    pass
        await backend.close()

    with fault_server(Play(hang_up=True)) as server:
        asyncio.run(asked(server.base_url))
        assert len(server.asked) == (9 if breaker else 24)
