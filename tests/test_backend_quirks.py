"""What the presets' documentation tells of each endpoint, played by a local server: Viva copes with every row."""

import asyncio
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from interview.backends.backend import Completion, CompletionRequest, Message, Rung
from interview.backends.dialect import RungMemory
from interview.backends.endpoint import Endpoint
from interview.backends.presets import GENERIC, load_presets
from interview.errors import BackendError, Cause, FaultClass
from tests.endpoints import backend_at
from tests.fault_server import Asked, Play, Script, fault_server, good, plain, refusal, streamed, whole

REPLY = '{"text": "注意力 works"}'
SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
REQUEST = CompletionRequest(messages=(Message(role="user", content="json?"),), json_schema=SCHEMA, max_tokens=100)
THOUGHT = f"<think>Let me see {{</think>{REPLY}"
QUIRKS = Path(__file__).with_name("quirks.toml")
MOST_EXTRA_CALLS = 3

SHAPES: dict[str, Script] = {
    "good": good(REPLY),
    "whole": whole(REPLY),
    "think": good(THOUGHT),
    "reasoning": streamed(REPLY),  # every stream of the fault server has some
    "comments": streamed(REPLY, comments=True),
    "bare stream": streamed(REPLY, usage=False, done=False),
    "empty": streamed(""),
    "empty unless text": lambda asked: whole(REPLY) if asked.rung == "text" else streamed(""),
    "filtered": streamed("", finish="content_filter"),
    "declined": whole(None, refusal="I cannot help with that."),
    "too long": streamed('{"te', finish="length"),
    "blanks": streamed('{"text": "' + " " * 400, finish="length"),
    "429 for 3 s": refusal(429, "Rate limit reached", {"retry-after": "3"}),
    "429 without a time": refusal(429, "Rate limit: rpm"),
    "503 loading": refusal(503, "Loading model"),
    "overloaded 529": refusal(529, "Overloaded"),
}


@dataclass(frozen=True)
class Row:
    """One quirk, as `quirks.toml` describes it."""

    preset: str
    what: str
    refuse: tuple[dict[str, Any], ...] = ()
    first: tuple[str, ...] = ()
    reply: str = "good"
    rung: Rung | None = None
    calls: int = 1
    fault: FaultClass | None = None
    cause: Cause = ""

    def __str__(self) -> str:
        return f"{self.preset}: {self.what}"

    @property
    def text(self) -> str:
        return THOUGHT if self.reply == "think" else REPLY

    def script(self) -> list[Script]:
        return [*(SHAPES[name] for name in self.first), self._answer]

    def _answer(self, asked: Asked) -> Play:
        for rule in self.refuse:
            if _applies(rule, asked):
                fields = {name: rule[name] for name in ("code", "param", "type") if name in rule}
                status = rule.get("status", 400)
                return (
                    plain(rule["body"], status)
                    if "body" in rule
                    else refusal(status, rule.get("message", ""), **fields)
                )
        shape = SHAPES[self.reply]
        return shape(asked) if callable(shape) else shape


def _applies(rule: dict[str, Any], asked: Asked) -> bool:
    when: str = rule["when"]
    if when == "always":
        return True
    if when.startswith("rung:"):
        return asked.rung == when.removeprefix("rung:")
    return asked.body.get(when) != rule["unless"] if "unless" in rule else when in asked.body


ROWS = [
    Row(**{**row, "refuse": tuple(row.get("refuse", ())), "first": tuple(row.get("first", ()))})
    for row in tomllib.loads(QUIRKS.read_text(encoding="utf-8"))["quirk"]
]


async def _ask(preset: str, base_url: str, rungs: RungMemory | None = None) -> Completion:
    async def no_wait(_: float) -> None:
        await asyncio.sleep(0)

    clock = iter(range(0, 100_000, 5)).__next__  # time passes, so that no wait is too long for the test
    endpoint = Endpoint(
        name="x",
        base_url=base_url,
        model="m-1",
        api_key=SecretStr("sk-1"),
        preset=load_presets()[preset],
        deadline_seconds=20,
    )
    backend = backend_at(endpoint, rungs=rungs, sleep=no_wait, clock=clock, patience_seconds=10_000)
    try:
        events = [event async for event in backend.complete(REQUEST)]
    finally:
        await backend.close()
    assert isinstance(events[-1], Completion)
    return events[-1]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_documented_quirk_is_coped_with(row: Row):
    with fault_server(*row.script()) as server:
        if row.fault:
            with pytest.raises(BackendError) as raised:
                asyncio.run(_ask(row.preset, server.base_url))
            assert (raised.value.fault, raised.value.cause) == (row.fault, row.cause)
            assert "sk-1" not in str(raised.value)
        else:
            reply = asyncio.run(_ask(row.preset, server.base_url))
            assert (reply.rung, reply.text) == (row.rung, row.text)
        assert len(server.asked) == row.calls <= 1 + MOST_EXTRA_CALLS


@pytest.mark.parametrize(
    "row",
    [row for row in ROWS if row.rung and row.refuse and not row.first],
    ids=lambda row: f"{row.preset}: {row.what}",
)
def test_what_was_found_out_costs_no_call_again(row: Row):
    kept: dict[str, str] = {}
    with fault_server(*row.script()) as server:
        asyncio.run(_ask(row.preset, server.base_url, RungMemory(kept)))
        before = len(server.asked)
        # Another memory over what was kept: another process.
        asyncio.run(_ask(row.preset, server.base_url, RungMemory(kept)))
        assert len(server.asked) == before + 1


def test_the_table_is_long_and_every_row_differs():
    assert len({(row.preset, row.what) for row in ROWS}) == len(ROWS) >= 40


@pytest.mark.parametrize("name", sorted(load_presets()))
def test_a_preset_shapes_the_request(name: str):
    preset = load_presets()[name]
    with fault_server(good(REPLY)) as server:
        asyncio.run(_ask(name, server.base_url))
        body = server.asked[0].body
    assert server.asked[0].rung == preset.first_rung
    assert body[preset.token_parameter] == REQUEST.max_tokens + preset.spare_tokens
    assert {field: body[field] for field in preset.extra_body} == preset.extra_body
    known = {"model", "messages", "response_format", "stream", "stream_options", preset.token_parameter}
    assert set(body) <= known | set(preset.extra_body)


def test_what_is_said_to_be_verified_has_a_row_here():
    played = {name for name, preset in load_presets().items() if preset.verified == "fault server"}
    assert played | {GENERIC} <= {row.preset for row in ROWS}
