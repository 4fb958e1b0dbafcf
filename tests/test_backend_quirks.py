"""What the presets' documentation tells of each endpoint, played by a local server: Viva copes with every row."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from interview.backends.backend import Completion, CompletionRequest, Message, Rung
from interview.backends.endpoint import Endpoint
from interview.backends.openai_compatible import OpenAICompatibleBackend
from interview.backends.presets import GENERIC, load_presets
from interview.errors import BackendError, FaultClass
from tests.fault_server import Asked, Script, fault_server, good, plain, refusal, streamed

REPLY = '{"text": "注意力 works"}'
SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
REQUEST = CompletionRequest(messages=(Message(role="user", content="json?"),), json_schema=SCHEMA, max_tokens=100)
THOUGHT = f"<think>Let me see {{</think>{REPLY}"
BLANK = '{"text": "' + " " * 400


@dataclass(frozen=True)
class Row:
    """One quirk: the endpoint plays `script`; then the reply comes on `rung` after `calls` requests, or `fault`."""

    preset: str
    quirk: str
    script: tuple[Script, ...]
    rung: Rung | None = None
    calls: int = 1
    fault: FaultClass | None = None
    text: str = REPLY


def refusing(told: str, where: Callable[[Asked], bool], status: int = 400) -> Script:
    """An endpoint that refuses what `where` finds and answers the rest."""
    return lambda asked: refusal(status, told) if where(asked) else good(REPLY)(asked)


def carries(*names: str) -> Callable[[Asked], bool]:
    return lambda asked: any(name in asked.body for name in names)


def on(*rungs: str) -> Callable[[Asked], bool]:
    return lambda asked: asked.rung in rungs


def without(name: str, wanted: object) -> Callable[[Asked], bool]:
    return lambda asked: asked.body.get(name) != wanted


SAMPLING = carries("temperature", "top_p", "seed")
NO_MAX = refusing("Unsupported parameter: 'max_tokens'", carries("max_tokens"))
NO_SCHEMA = refusing("This response_format type is unavailable now", on("json_schema"))
FIXED = refusing("invalid temperature: only 1 is allowed for this model", SAMPLING)
THINKS = refusing("enable_thinking must be false for JSON mode", without("enable_thinking", False))

ROWS = [
    Row("openai", "no max_tokens", (NO_MAX,), "json_schema"),
    Row("openai", "only temperature 1", (refusing("Unsupported value: temperature", SAMPLING),), "json_schema"),
    Row("openai", "an older model without schemas", (refusing("Invalid parameter: 'response_format' of type "
        "'json_schema' is not supported with this model", on("json_schema")),), "json_object", 2),
    Row("azure", "no max_tokens", (NO_MAX,), "json_schema"),
    Row("azure", "filtered prompt", (refusal(400, "filtered", code="content_filter"),), fault="content_refused"),
    Row("azure", "filtered reply", (streamed("", finish="content_filter"),), fault="content_refused"),
    Row("anthropic", "response_format ignored", (refusing("it was sent", carries("response_format")),), "text"),
    Row("deepseek", "no schemas", (NO_SCHEMA,), "json_object"),
    Row("deepseek", "an empty reply", (streamed(""), good(REPLY)), "json_object", 2),
    Row("deepseek", "reasoning beside the reply", (streamed(REPLY),), "json_object"),
    Row("qwen", "JSON without thinking", (THINKS,), "json_object"),
    Row("qwen_intl", "JSON without thinking", (THINKS,), "json_object"),
    Row("qwen_intl", "a model that knows no thinking", (refusing("Unknown parameter: enable_thinking",
        carries("enable_thinking")),), "json_object", 2),
    Row("kimi", "fixed sampling", (FIXED,), "json_object"),
    Row("kimi_cn", "fixed sampling", (FIXED,), "json_object"),
    Row("glm", "only JSON objects", (NO_SCHEMA,), "json_object"),
    Row("glm", "no stream_options", (refusing("unknown field stream_options", carries("stream_options")),),
        "json_object", 2),
    Row("glm_cn", "only JSON objects", (NO_SCHEMA,), "json_object"),
    Row("minimax", "thinking inside the reply", (good(THOUGHT),), "text", text=THOUGHT),
    Row("minimax", "no max_tokens", (NO_MAX,), "text"),
    Row("groq", "a model without schemas", (refusing("This model does not support response format `json_schema`",
        on("json_schema")),), "json_object", 2),
    Row("groq", "a rate limit", (refusal(429, "Rate limit reached", {"retry-after": "3"}), good(REPLY)),
        "json_schema", 2),
    Row("openrouter", "asks for all parameters", (refusing("a provider was free to drop parameters",
        without("provider", {"require_parameters": True})),), "json_schema"),
    Row("openrouter", "a fault inside status 200", (plain({"error": {"code": 402, "message": "No credits"}}),),
        fault="quota_exhausted", calls=2),  # the second call does not stream
    Row("ollama", "a model that was never pulled", (refusal(404, 'model "m-1" not found, try pulling it first'),),
        fault="model_unknown"),
    Row("lm_studio", "no JSON objects", (refusing("'response_format.type' must be 'json_schema' or 'text'",
        on("json_object", "json_schema")),), "text", 3),
    Row("vllm", "blanks up to the token limit", (streamed(BLANK, finish="length"), good(REPLY)), "json_object", 2),
    Row("vllm", "the key error is a string", (plain({"error": "Unauthorized"}, 401),), fault="key_refused"),
    Row("litellm", "a wrong key is a 400", (refusal(400, "Authentication Error, no_db_connection"),),
        fault="key_refused"),
    Row("litellm", "a rate limit without a time", (refusal(429, "Rate limit: rpm"), good(REPLY)), "json_schema", 2),
]  # fmt: skip


async def _ask(preset: str, base_url: str) -> Completion:
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
    backend = OpenAICompatibleBackend(endpoint, sleep=no_wait, clock=clock, patience_seconds=10_000)
    try:
        events = [event async for event in backend.complete(REQUEST)]
    finally:
        await backend.close()
    assert isinstance(events[-1], Completion)
    return events[-1]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.preset}: {row.quirk}")
def test_a_documented_quirk_is_coped_with(row: Row):
    with fault_server(*row.script) as server:
        if row.fault:
            with pytest.raises(BackendError) as raised:
                asyncio.run(_ask(row.preset, server.base_url))
            assert raised.value.fault == row.fault
        else:
            reply = asyncio.run(_ask(row.preset, server.base_url))
            assert (reply.rung, reply.text) == (row.rung, row.text)
        assert len(server.asked) == row.calls


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
    assert played - {GENERIC} == {row.preset for row in ROWS}
