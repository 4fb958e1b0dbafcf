"""What every backend promises, whichever model is behind it."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, aclosing, contextmanager

import pytest

from interview.backends.backend import Backend, Completion, CompletionRequest, Delta, Message, Restarted
from interview.backends.scripted import ScriptedBackend
from interview.errors import LastingFault, PassingFault
from tests.endpoints import backend_at, endpoint_at
from tests.fault_server import fault_server, good, refusal
from tests.llama import LlamaServer

SCHEMA = {
    "type": "object",
    "properties": {"quote": {"type": "string", "maxLength": 60}, "verdict": {"enum": ["covered", "missing"]}},
    "required": ["quote", "verdict"],
    "additionalProperties": False,
}
JSON = CompletionRequest(
    messages=(Message(role="system", content="Reply in JSON."), Message(role="user", content="注意力 is what?")),
    schema_name="judgement",
    json_schema=SCHEMA,
    max_tokens=500,
)
TEXT = JSON.model_copy(update={"json_schema": None, "max_tokens": 40})
REPLY = json.dumps({"quote": "注意力 is a weighted sum", "verdict": "covered"}, ensure_ascii=False)

Maker = Callable[[str], AbstractContextManager[Backend]]


async def no_wait(seconds: float) -> None:
    del seconds


@contextmanager
def scripted(case: str) -> Iterator[Backend]:
    faults = {
        "passing": PassingFault("The server is busy.", fault="server_fault"),
        "lasting": LastingFault("The key is wrong.", fault="key_refused"),
    }
    yield ScriptedBackend(lambda _: faults.get(case, REPLY))


@contextmanager
def compatible(case: str) -> Iterator[Backend]:
    plays = {"passing": refusal(503), "lasting": refusal(401, "Incorrect API key provided: sk-secret")}
    with fault_server(plays.get(case, good(REPLY))) as server:
        endpoint = endpoint_at(server.base_url, name="fault", model="m", key="sk-secret")
        yield backend_at(endpoint, sleep=no_wait)


MAKERS = [pytest.param(scripted, id="scripted"), pytest.param(compatible, id="openai_compatible")]


async def gather(backend: Backend, request: CompletionRequest) -> list[Delta | Restarted | Completion]:
    return [event async for event in backend.complete(request)]


async def gather_and_close(backend: Backend, request: CompletionRequest) -> list[Delta | Restarted | Completion]:
    try:
        return await gather(backend, request)
    finally:
        await backend.close()


def completed(events: list[Delta | Restarted | Completion]) -> tuple[str, Completion]:
    """What the Deltas after the last Restarted make, and the last event; nothing else may be a Completion."""
    last = events[-1]
    assert isinstance(last, Completion)
    assert not any(isinstance(event, Completion) for event in events[:-1])
    starts = [i for i, event in enumerate(events) if isinstance(event, Restarted)]
    told = events[starts[-1] + 1 if starts else 0 :]
    return "".join(event.text for event in told if isinstance(event, Delta)), last


@pytest.mark.parametrize("maker", MAKERS)
def test_a_json_reply_is_told_in_pieces_and_whole(maker: Maker):
    with maker("good") as backend:
        events = asyncio.run(gather_and_close(backend, JSON))
    told, last = completed(events)
    assert told == last.text == REPLY
    assert len(events) > 1
    assert last.rung == "json_schema"
    assert last.usage.prompt_tokens
    assert last.calls == 1


@pytest.mark.parametrize("maker", MAKERS)
def test_free_text_comes_whole(maker: Maker):
    with maker("good") as backend:
        events = asyncio.run(gather_and_close(backend, TEXT))
    assert len(events) == 1
    assert completed(events)[1].text == REPLY
    assert completed(events)[1].rung == "text"


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize(("case", "kind"), [("passing", PassingFault), ("lasting", LastingFault)])
def test_faults_are_raised_in_our_words(maker: Maker, case: str, kind: type[Exception]):
    with maker(case) as backend, pytest.raises(kind) as raised:
        asyncio.run(gather_and_close(backend, JSON))
    assert "sk-secret" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("way", ["close", "cancel"])
def test_stopping_in_mid_stream_leaves_the_backend_usable(maker: Maker, way: str):
    async def stop_early(backend: Backend, begun: asyncio.Event) -> None:
        async with aclosing(backend.complete(JSON)) as events:
            async for _ in events:
                begun.set()
                if way == "close":
                    return
                await asyncio.sleep(60)

    async def run(backend: Backend) -> list[Delta | Restarted | Completion]:
        for _ in range(5):  # more often than such an endpoint has places in line
            begun = asyncio.Event()
            task = asyncio.create_task(stop_early(backend, begun))
            await begun.wait()
            if way == "cancel":
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return await gather_and_close(backend, JSON)

    with maker("good") as backend:
        assert completed(asyncio.run(run(backend)))[1].text == REPLY


@pytest.mark.parametrize("maker", MAKERS)
def test_it_can_be_closed_at_any_time(maker: Maker):
    async def run(backend: Backend) -> None:
        await backend.close()  # before the first call
        await backend.close()

    with maker("good") as backend:
        asyncio.run(run(backend))


@pytest.mark.llama
class TestAgainstLlamaServer:
    """The same promises where the protocol is real and the text is noise."""

    @staticmethod
    def backend(llama_server: LlamaServer, key: str | None = None) -> Backend:
        key = key or llama_server.key
        endpoint = endpoint_at(llama_server.base_url, name="llama", model="tiny-random", key=key)
        return backend_at(endpoint, sleep=no_wait)

    def test_json_obeys_the_schema_and_streams(self, llama_server: LlamaServer):
        told, last = completed(asyncio.run(gather_and_close(self.backend(llama_server), JSON)))
        assert told == last.text
        reply = json.loads(last.text)
        assert set(reply) == {"quote", "verdict"}
        assert reply["verdict"] in {"covered", "missing"}
        assert last.usage.prompt_tokens
        assert last.usage.completion_tokens
        assert last.model == "tiny-random"

    def test_free_text(self, llama_server: LlamaServer):
        _, last = completed(asyncio.run(gather_and_close(self.backend(llama_server), TEXT)))
        assert last.rung == "text"

    def test_a_wrong_key(self, llama_server: LlamaServer):
        with pytest.raises(LastingFault) as raised:
            asyncio.run(gather_and_close(self.backend(llama_server, "sk-wrong"), JSON))
        assert raised.value.fault == "key_refused"

    def test_a_prompt_longer_than_the_context(self, llama_server: LlamaServer):
        long = JSON.model_copy(update={"messages": (Message(role="user", content="注意力" * 20_000),)})
        with pytest.raises(LastingFault) as raised:
            asyncio.run(gather_and_close(self.backend(llama_server), long))
        assert raised.value.fault == "context_exceeded"

    def test_cancelled_in_mid_stream_it_goes_on_working(self, llama_server: LlamaServer):
        async def run() -> Completion:
            backend = self.backend(llama_server)
            for _ in range(3):
                async with aclosing(backend.complete(JSON)) as events:
                    await anext(events)
            return completed(await gather_and_close(backend, JSON))[1]

        assert json.loads(asyncio.run(run()).text)
