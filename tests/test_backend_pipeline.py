"""The stages of the call pipeline: order, fallback and who is said to have graded, circuit breaker, concurrency."""

import asyncio
import inspect
import sys
import threading
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import openai
import pytest

from interview.backends.backend import Backend, Completion, CompletionRequest, Delta, Message, Restarted
from interview.backends.circuit_breaker import Circuit, CircuitBreaker
from interview.backends.configured import completed
from interview.backends.fallback import Fallback, Link
from interview.backends.metered import Expense, Metering
from interview.backends.openai_compatible import OpenAICompatibleClient
from interview.backends.pipeline import Pipeline
from interview.backends.rack import BackendRack
from interview.backends.rate_limit import parallel_calls
from interview.backends.retry import RetryPolicy
from interview.backends.scripted import Reply, ScriptedBackend
from interview.backends.tariff import Tariff
from interview.errors import BackendError, FaultClass, LastingFault, PassingFault
from interview.settings import ConfiguredBackend
from tests.endpoints import endpoint_at
from tests.fault_server import Asked, Play, fault_server, good

ASK = CompletionRequest(messages=(Message(role="user", content="?"),), json_schema={})


def lasting(fault: FaultClass = "key_refused") -> LastingFault:
    return LastingFault(f"It is {fault}.", fault=fault)


def passing(fault: FaultClass = "unreachable", wait: float | None = None) -> PassingFault:
    return PassingFault(f"It is {fault}.", fault=fault, retry_after=wait)


def events(backend: Backend, request: CompletionRequest = ASK) -> list[Delta | Restarted | Completion]:
    async def collect() -> list[Delta | Restarted | Completion]:
        async with aclosing(backend.complete(request)) as found:
            return [event async for event in found]

    return asyncio.run(collect())


def chain(*replies: Reply) -> tuple[Pipeline, list[ScriptedBackend]]:
    backends = [
        ScriptedBackend(lambda _, reply=reply: reply, name=f"b{at}", model=f"m{at}", host=f"h{at}", fail_after=1)
        for at, reply in enumerate(replies, start=1)
    ]
    links = [Link(f"g{at}", one) for at, one in enumerate(backends[1:], start=2)]
    return Pipeline(backends[0], [Fallback(links)]), backends


def test_the_first_replies_under_its_own_name():
    backend, (_, second) = chain("{}", "{}")
    last = events(backend)[-1]
    assert isinstance(last, Completion)
    assert (last.model, last.stand_in, len(second.requests)) == ("m1", None, 0)
    assert (backend.name, backend.model, backend.host) == ("b1", "m1", "h1")


@pytest.mark.parametrize(
    "fault",
    ["key_refused", "model_unknown", "quota_exhausted", "context_exceeded", "content_refused", "request_refused"],
)
def test_after_a_lasting_fault_the_next_one_replies_and_signs(fault: FaultClass):
    found = events(chain(lasting(fault), "{}")[0])
    assert [type(event) for event in found] == [Delta, Restarted, Delta, Completion]
    last = found[-1]
    assert isinstance(last, Completion)
    assert last.stand_in is not None
    assert (last.stand_in.name, last.stand_in.model, last.stand_in.host) == ("g2", "m2", "h2")


@pytest.mark.parametrize(
    ("fault", "patient", "moves_on"),
    [(passing(), True, False), (passing(), False, True), (passing("rate_limited", 3600), True, True)],
)
def test_a_passing_fault_moves_on_only_where_nobody_asks_again_soon(fault: PassingFault, patient: bool, moves_on: bool):
    backend, (_, second) = chain(fault, "{}")
    request = ASK.model_copy(update={"patient": patient})
    if moves_on:
        assert isinstance(events(backend, request)[-1], Completion)
    else:
        with pytest.raises(PassingFault):
            events(backend, request)
    assert len(second.requests) == moves_on


@pytest.mark.parametrize(
    ("faults", "kind", "fault"),
    [
        ((lasting(), lasting("model_unknown")), LastingFault, "key_refused"),
        ((lasting(), passing("timed_out", 7)), PassingFault, "timed_out"),
    ],
)
def test_where_all_fail_the_fault_names_all_and_may_pass_if_one_may(
    faults: tuple[BackendError, ...], kind: type[BackendError], fault: FaultClass
):
    with pytest.raises(kind) as raised:
        events(chain(*faults)[0])
    assert raised.value.fault == fault
    assert all(str(one) in str(raised.value) for one in faults)


def guarded(inner: ScriptedBackend, clock: Callable[[], float]) -> Pipeline:
    return Pipeline(inner, [CircuitBreaker(Circuit(clock=clock), model=inner.model, host=inner.host)])


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_dead_endpoint_is_left_alone_then_looked_at_once_and_comes_back():
    clock = Clock()
    replies: list[Reply] = [passing(), passing(), "{}", "{}"]
    inner = ScriptedBackend(replies)
    backend = guarded(inner, clock)

    def fails() -> PassingFault:
        with pytest.raises(PassingFault) as raised:
            events(backend)
        return raised.value

    fails()
    refused = fails()  # at once, without a call
    assert (len(inner.requests), refused.fault, refused.retry_after) == (1, "unreachable", 5.0)
    clock.now += 5
    fails()
    assert [request.attempts for request in inner.requests] == [None, 1], "who looks tries once"
    assert fails().retry_after == 10.0
    clock.now += 10
    assert isinstance(events(backend)[-1], Completion)
    assert isinstance(events(backend)[-1], Completion)
    assert [request.attempts for request in inner.requests] == [None, 1, 1, None]


def test_one_looks_while_the_others_wait_for_what_it_sees():
    clock = Clock()
    inner = ScriptedBackend([passing(), *["{}"] * 5], chunk=1, pause=0.001)
    backend = guarded(inner, clock)
    with pytest.raises(PassingFault):
        events(backend)
    clock.now += 5

    async def together() -> None:
        async def one() -> Completion:
            async with aclosing(backend.complete(ASK)) as found:
                return [event async for event in found][-1]  # type: ignore[return-value]

        assert all(isinstance(reply, Completion) for reply in await asyncio.gather(*(one() for _ in range(5))))

    asyncio.run(together())
    assert [request.attempts for request in inner.requests] == [None, 1, None, None, None, None]


@pytest.mark.parametrize("fault", [lasting("content_refused"), passing("rate_limited")])
def test_a_refusal_says_that_somebody_is_there_again(fault: BackendError):
    clock = Clock()
    inner = ScriptedBackend([passing(), fault, "{}"])
    backend = guarded(inner, clock)
    for _ in range(2):
        with pytest.raises(BackendError):
            events(backend)
        clock.now += 5
    assert isinstance(events(backend)[-1], Completion)
    assert [request.attempts for request in inner.requests] == [None, 1, None]


def test_a_stumble_and_a_limit_open_nothing():
    inner = ScriptedBackend([passing("server_fault"), "{}", passing("rate_limited"), passing("server_fault"), "{}"])
    backend = guarded(inner, time.monotonic)
    for _ in range(5):
        try:
            events(backend)
        except PassingFault:
            continue
    assert len(inner.requests) == 5


class NoBudget:
    def admit(self, backend: str, tariff: Tariff | None) -> None:
        pass

    def note(self, expense: Expense) -> None:
        pass


def registry_at(base_url: str, *names: str) -> BackendRack:
    registry = BackendRack()
    entries = [ConfiguredBackend(name=name, origin="test", base_url=base_url, model="m") for name in names]
    registry.replace([completed(entry, lambda _: None) for entry in entries])
    return registry


async def gathered(backend: Backend, times: int) -> None:
    async def one() -> None:
        async with aclosing(backend.complete(ASK)) as found:
            assert isinstance([event async for event in found][-1], Completion)

    await asyncio.gather(*(one() for _ in range(times)))


def test_a_call_passes_five_levels_in_the_documented_order(monkeypatch: pytest.MonkeyPatch):
    levels: list[object] = []
    post = openai.AsyncOpenAI.post

    def traced(self: openai.AsyncOpenAI, *given: Any, **named: Any) -> Any:
        frame = sys._getframe(1)
        while frame:
            levels.append(frame.f_locals.get("self") if frame.f_code.co_flags & inspect.CO_ASYNC_GENERATOR else None)
            frame = frame.f_back
        return post(self, *given, **named)

    monkeypatch.setattr(openai.AsyncOpenAI, "post", traced)

    async def ask(base_url: str) -> None:
        registry = registry_at(base_url, "a", "b")
        registry.meter_with(NoBudget())
        await gathered(registry.get(("a", "b")), 1)
        await registry.close()

    with fault_server(good("{}")) as server:
        asyncio.run(ask(server.base_url))
    order = [type(level) for level in reversed(levels) if level is not None]
    assert order == [Fallback, Metering, CircuitBreaker, RetryPolicy, OpenAICompatibleClient]


@pytest.mark.parametrize(("asked", "at_once"), [(0, 4), (8, 8)])
def test_as_many_calls_are_in_flight_as_were_asked_for(asked: int, at_once: int):
    in_flight, most, lock = 0, 0, threading.Lock()
    full = threading.Barrier(at_once, timeout=20)
    first = [True]

    def play(request: Asked) -> Play:
        nonlocal in_flight, most
        if first and first.pop():  # it goes alone, to find out whether the endpoint works
            return good("{}")(request)
        with lock:
            in_flight += 1
            most = max(most, in_flight)
        full.wait()
        with lock:
            in_flight -= 1
        return good("{}")(request)

    async def ask(base_url: str) -> None:
        registry = registry_at(base_url, "a")
        registry.allow_parallel(asked)
        await gathered(registry.get(("a",)), 1)
        await gathered(registry.get(("a",)), 16)
        await registry.close()

    with fault_server(play) as server:
        asyncio.run(ask(server.base_url))
    assert most == at_once


@pytest.mark.parametrize(
    ("base_url", "own", "asked", "calls"),
    [
        ("http://localhost:9999/v1", None, 0, 4),
        ("http://localhost:9999/v1", None, 2, 4),
        ("http://localhost:9999/v1", 2, 32, 2),
        ("http://localhost:11434/v1", None, 32, 1),  # Ollama works on one call at a time
        ("http://localhost:11434/v1", 8, 0, 8),
    ],
)
def test_the_users_own_number_of_calls_at_once_wins(base_url: str, own: int | None, asked: int, calls: int):
    endpoint = endpoint_at(base_url, model="m", parallel=own)
    assert parallel_calls(endpoint, asked) == calls
