"""What models cost: counted call by call, known or unknown but never invented, and held to a budget."""

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interview.backends.backend import Completion, CompletionRequest, Message, Purpose, Usage
from interview.backends.endpoint import Endpoint
from interview.backends.metered import Expense, Metering
from interview.backends.pipeline import Pipeline
from interview.backends.scripted import Reply, ScriptedBackend
from interview.backends.tariff import Tariff
from interview.errors import LastingFault
from interview.grading.grader import GradingRequest
from interview.grading.shelf import GraderChoice
from interview.models import Question
from interview.notes.library import PROJECT
from interview.prompts import load_prompts
from interview.rubrics import load_rubrics
from interview.service.spending import Spending, tokens_of
from interview.settings import Budget, read_settings
from interview.settings.backends_file import read_backends
from interview.store.store import Store
from interview.wiring import build_bench
from tests.command_line import Run, data_dir, run
from tests.endpoints import endpoint_at

__all__ = ["data_dir", "run"]

TARIFF = Tariff(prompt=1.0, cached=0.1, completion=4.0, currency="USD")
FREE = Tariff(prompt=0, completion=0, currency="USD")
ENDPOINT = endpoint_at("http://127.0.0.1:9/v1", name="b", model="m")


class Shelf:
    def __init__(self) -> None:
        self.tariffs = {"b": TARIFF}

    def choices(self) -> tuple[GraderChoice, ...]:
        return tuple(GraderChoice(name=name, kind="judge", host="h", model="m") for name in self.tariffs)

    def endpoint_of(self, name: str) -> Endpoint | None:
        return None if name == "coverage" else ENDPOINT

    def tariff(self, name: str) -> Tariff | None:
        return self.tariffs.get(name)


class Clock:
    now = datetime(2026, 11, 26, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    opened = Store.open(tmp_path / "kept", clock=clock)
    yield opened
    opened.close()


def spending(store: Store, **budget: Any) -> Spending:
    return Spending(store, Shelf(), load_prompts(PROJECT / "prompts"), Budget(**budget))


def expense(cost: float | None = 0.5, purpose: Purpose = "grading", session_id: str = "", **usage: int) -> Expense:
    told = Usage(prompt_tokens=1000, completion_tokens=100, cached_tokens=400).model_copy(update=usage)
    currency = "" if cost is None else "USD"
    return Expense(
        purpose=purpose, backend="b", model="m", session_id=session_id, usage=told, cost=cost, currency=currency
    )


def asked(backend: Pipeline, *, stop: bool = False, purpose: Purpose = "grading") -> Completion | None:
    request = CompletionRequest(messages=(Message(role="user", content="x" * 10),), json_schema={}, purpose=purpose)

    async def collect() -> Completion | None:
        async with aclosing(backend.complete(request)) as found:
            async for event in found:
                if stop or isinstance(event, Completion):
                    return event if isinstance(event, Completion) else None
        return None

    return asyncio.run(collect())


def metered(store: Store, *replies: Reply, tariff: Tariff | None = TARIFF, **budget: Any) -> Pipeline:
    metering = Metering(spending(store, **budget), tariff, backend="b", model="m")
    return Pipeline(ScriptedBackend(replies, name="b", model="m"), [metering])


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.none() | st.integers(0, 2 * 10**6))
def test_cached_tokens_are_part_of_the_prompt_and_never_cost_more(prompt: int, completion: int, cached: int | None):
    cost = TARIFF.cost(Usage(prompt_tokens=prompt, completion_tokens=completion, cached_tokens=cached))
    whole = TARIFF.cost(Usage(prompt_tokens=prompt, completion_tokens=completion))
    assert cost is not None
    assert whole is not None
    assert 0 <= cost <= whole == pytest.approx((prompt + 4 * completion) / 1e6)
    assert cost == pytest.approx(whole - 0.9e-6 * min(cached or 0, prompt))


@pytest.mark.parametrize("usage", [Usage(), Usage(prompt_tokens=1), Usage(completion_tokens=1)])
def test_a_cost_of_untold_tokens_is_unknown_unless_all_is_free(usage: Usage):
    assert TARIFF.cost(usage) is None
    assert FREE.cost(usage) == 0


def test_each_completion_is_counted_with_its_price(store: Store):
    backend = metered(store, "12345", "12345")
    reply = asked(backend)
    assert reply is not None
    assert reply.cost == pytest.approx((10 * 1 + 5 * 4) / 1e6)
    asked(backend, purpose="audit")
    by_purpose = {one.key: one for one in spending(store).sums("purpose")}
    assert set(by_purpose) == {"grading", "audit"}
    assert by_purpose["audit"].costs == {"USD": pytest.approx(30e-6)}
    (day,) = spending(store).sums("day")
    assert (day.key, day.completions, day.prompt_tokens, day.completion_tokens) == ("2026-11-26", 2, 20, 10)


def test_an_unknown_price_is_never_counted_as_nothing(store: Store):
    reply = asked(metered(store, "12345", tariff=None))
    assert reply is not None
    assert reply.cost is None
    (one,) = spending(store).sums("backend")
    assert (one.key, one.costs, one.unknown, one.prompt_tokens) == ("b m", {}, 1, 10)


def test_a_reply_that_nobody_waits_for_is_noted_as_unknown(store: Store):
    asked(metered(store, "x" * 100), stop=True)
    (one,) = spending(store).sums("purpose")
    assert (one.completions, one.unknown, one.prompt_tokens) == (1, 1, 0)


def test_a_refused_call_costs_nothing(store: Store):
    with pytest.raises(LastingFault):
        asked(metered(store, LastingFault("no", fault="key_refused")))
    assert spending(store).sums("purpose") == ()


@pytest.mark.parametrize("budget", [{"day": 1.0}, {"month": 1.0}, {"day_tokens": 2200}, {"month_tokens": 2200}])
def test_the_budget_warns_and_then_stops_before_the_next_call(store: Store, clock: Clock, budget: dict[str, Any]):
    held = spending(store, **budget)
    assert held.warning() is None
    held.note(expense(0.4))
    held.admit("b", TARIFF)
    held.note(expense(0.6))
    (limit,) = held.limits()
    assert held.warning() == limit
    assert limit.share == 1
    backend = metered(store, "{}", **budget)
    with pytest.raises(LastingFault, match="used up") as raised:
        asked(backend)
    assert raised.value.fault == "quota_exhausted"
    assert "The answer is safe" in str(raised.value)
    held.admit("local", FREE)
    clock.now += timedelta(days=1 if "day" in next(iter(budget)) else 31)
    held.admit("b", TARIFF)


def test_the_warning_comes_at_eighty_per_cent(store: Store):
    held = spending(store, day=1.0)
    held.note(expense(0.79))
    assert held.warning() is None
    held.note(expense(0.01))
    assert held.warning() is not None
    held.admit("b", TARIFF)


def test_money_in_another_currency_and_of_another_day_does_not_count(store: Store, clock: Clock):
    held = spending(store, day=1.0, currency="CNY")
    held.note(expense(5.0))
    clock.now += timedelta(days=1)
    (limit,) = held.limits()
    assert (limit.used, limit.currency) == (0, "CNY")


def test_the_sums_of_sessions_have_titles_and_mixed_currencies_stand_apart(store: Store):
    held = spending(store)
    held.note(expense(0.5, session_id="s1"))
    held.note(expense(1.5, session_id="s1").model_copy(update={"currency": "CNY"}))
    held.note(expense(None))
    first, second = held.sums("session")
    assert (first.key, first.costs, first.unknown) == ("s1", {"USD": 0.5, "CNY": 1.5}, 0)
    assert (second.key, second.costs, second.unknown) == ("", {}, 1)


def requests() -> list[GradingRequest]:
    question = Question(id="q", section="", number=1, text="什么是注意力？", file="f", line=1, reference="加权求和。")
    rubric = load_rubrics(PROJECT / "rubrics")["default"]
    return [GradingRequest(question=question, answer="权重" * n, rubric=rubric, lang="zh") for n in (5, 50)]


def test_an_estimate_rests_on_the_past_where_there_is_one(store: Store):
    held = spending(store)
    by_length = held.estimate("b", requests())
    assert by_length.from_past == 0
    assert by_length.prompt_tokens is not None
    assert by_length.prompt_tokens > 1000
    assert by_length.cost is not None
    held.note(expense())
    held.note(expense(purpose="comparison", prompt_tokens=3000))
    held.note(expense(purpose="audit", prompt_tokens=90_000))
    found = held.estimate("b", requests())
    assert (found.gradings, found.prompt_tokens, found.completion_tokens, found.from_past) == (2, 4000, 200, 2)
    assert found.cost == pytest.approx(TARIFF.cost(Usage(prompt_tokens=4000, completion_tokens=200, cached_tokens=800)))
    assert held.estimate("unpriced", requests()).cost is None
    assert held.estimate("coverage", requests()).prompt_tokens is None


@pytest.mark.parametrize(
    ("name", "calls"),
    # the careful mode: a call for the key points, one for each of two criteria, one for the rest
    [("b", 2), ("b@vote=3", 6), ("panel=b,b2", 4), ("b@careful", 8), ("panel=b@careful,b2", 10)],
)
def test_who_asks_several_times_is_foretold_several_times(store: Store, name: str, calls: int):
    held = spending(store)
    once, found = held.estimate("b", requests()), held.estimate(name, requests())
    assert (found.gradings, found.calls) == (2, calls)
    assert found.prompt_tokens == pytest.approx(calls / 2 * (once.prompt_tokens or 0), rel=0.1)
    held.note(expense())
    assert held.estimate(name, requests()).prompt_tokens == calls * 1000


def test_a_rough_count_of_tokens_grows_with_the_text():
    assert tokens_of("") == 0
    assert tokens_of("注意力") > tokens_of("abc")


def toml(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "backends.toml"
    path.write_text(text, encoding="utf-8")
    return path


BACKENDS = '[a]\nbase_url = "http://127.0.0.1:1/v1"\nprice_prompt = 2\nprice_completion = 8\n'


def test_roles_and_budget_are_read_strictly(tmp_path: Path):
    text = f'{BACKENDS}[roles]\njudge = ["a", "a:other"]\nestimate = true\n[budget]\nday = 2.5\n'
    found = read_backends(toml(tmp_path, text), lambda _: None)
    assert found.roles.judge == ("a", "a:other")
    assert found.roles.estimate
    assert found.budget.day == 2.5
    assert [backend.name for backend in found.backends] == ["a"]


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ('[roles]\njudges = ["a"]\n', 2, "unknown field; expected one of: judge, interviewer, estimate"),
        ('[roles]\n\njudge = "a"\n', 3, "expected a list of graders"),
        ('[roles]\njudge = ["a", "a"]\n', 2, "a name stands twice"),
        ('[roles]\njudge = ["a", "coverage"]\n', 2, "estimate = true"),
        ("[budget]\nday = 0\n", 2, "greater than 0"),
        ("[budget]\nweek = 1\n", 2, "unknown field"),
        ("budget = 3\n", 1, "expected a table [budget]"),
    ],
)
def test_a_mistake_in_them_is_named_with_its_line(tmp_path: Path, text: str, line: int, expected: str):
    path = toml(tmp_path, text)
    (problem,) = read_backends(path, lambda _: None).problems
    assert problem.text.startswith(f"{path}:{line}:")
    assert expected in problem.text


def test_a_role_of_nobody_is_named_with_its_line(run: Run, data_dir: Path):
    toml(data_dir, f'{BACKENDS}[roles]\njudge = ["a", "nobody"]\n')
    outcome = run("costs")
    assert outcome.exit_code == 0, "nothing to load before there is anything to show"
    outcome = run("grade", "--question", "q", "--answer-file", toml(data_dir.parent, "answer text"))
    assert f"{data_dir / 'backends.toml'}:5: [roles]: No grader is called 'nobody'" in outcome.stderr


OPENAI = """[openai]
key_file = "key"
"""


def test_a_price_of_the_list_says_its_day_and_ones_own_wins(run: Run, data_dir: Path):
    (data_dir / "key").write_text("sk-canary")
    Store.open(data_dir).close()
    toml(data_dir, OPENAI)
    (listed,) = json.loads(run("costs", "--json").stdout)["listed_prices"].items()
    assert listed[0] == "openai"
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", listed[1]["list_date"])
    assert f"openai: counted by a price list of {listed[1]['list_date']}" in run("costs").stdout
    toml(data_dir, f"{OPENAI}price_prompt = 7\nprice_completion = 8\n")
    assert json.loads(run("costs", "--json").stdout)["listed_prices"] == {}
    assert "price list" not in run("costs").stdout
    tariff = build_bench(read_settings(data_dir=data_dir)).shelf.tariff("openai")
    assert tariff is not None
    assert (tariff.prompt, tariff.completion, tariff.list_date) == (7, 8, "")


def test_a_reply_and_an_estimate_say_which_list_they_are_counted_by(store: Store):
    dated = TARIFF.model_copy(update={"list_date": "2026-05-12"})
    reply = asked(metered(store, "12345", tariff=dated))
    assert reply is not None
    assert reply.list_date == "2026-05-12"
    held = Spending(store, shelf := Shelf(), load_prompts(PROJECT / "prompts"), Budget())
    shelf.tariffs = {"b": dated, "own": TARIFF}
    assert held.estimate("b", requests()).list_date == "2026-05-12"
    assert held.estimate("own", requests()).list_date == ""
    assert held.listed() == {"b": dated}


def test_half_a_price_is_named(run: Run, data_dir: Path):
    toml(data_dir, BACKENDS.replace("price_completion = 8\n", ""))
    outcome = run("grade", "--question", "q", "--answer-file", toml(data_dir.parent, "answer text"))
    assert "price_prompt and price_completion belong together" in outcome.stderr


def test_the_command_shows_sums_and_budget(run: Run, data_dir: Path):
    assert "Nothing was spent yet." in run("costs").stdout
    toml(data_dir, f"{BACKENDS}[budget]\nmonth = 2\n")
    store = Store.open(data_dir)
    spending(store).note(expense(1.7))
    spending(store).note(expense(None))
    shown = run("costs", "--by", "backend")  # while the store is held
    store.close()
    assert shown.exit_code == 0, shown.output
    assert "b m" in shown.stdout
    assert "1.70 USD + unknown for 1" in shown.stdout
    assert "Budget of this month: 1.70 USD of 2.00 USD used (85%)." in shown.stdout
    whole = json.loads(run("costs", "--json").stdout)
    assert whole["by"] == "day"
    assert whole["groups"][0]["costs"] == {"USD": 1.7}
    assert whole["budget"][0]["share"] == 0.85
