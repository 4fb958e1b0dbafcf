"""Every fault of an endpoint becomes the right class, in our words, after the right number of requests."""

import asyncio
import itertools
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interview.backends.backend import Backend, Completion, CompletionRequest, Delta, Message, Restarted, Usage
from interview.backends.dialect import RungMemory
from interview.backends.faults import refused, reported, retry_after
from interview.backends.pipeline import Pipeline
from interview.backends.presets import BOUNDS, preset_for
from interview.backends.prompt_size import is_cut, least_tokens
from interview.backends.rate_limit import RateLimit
from interview.errors import BackendError, LastingFault, PassingFault
from tests.endpoints import backend_at, endpoint_at
from tests.fault_server import (
    STEP,
    Asked,
    FaultServer,
    Play,
    Script,
    event_error,
    fault_server,
    good,
    html,
    plain,
    refusal,
    streamed,
    whole,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
KEY = "sk-very-secret"
EMPTY_CHUNK = b'data: {"id": "c", "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": null}]}\n\n'
REPLY = '{"text": "注意力 works"}'
SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
JSON = CompletionRequest(messages=(Message(role="user", content="json?"),), json_schema=SCHEMA, max_tokens=100)
TEXT = JSON.model_copy(update={"json_schema": None})


@dataclass
class Time:
    """A clock that moves only when somebody sleeps by it."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


def backend_for(base_url: str, time: Time | None = None, **options: Any) -> Pipeline:
    time = time or Time()
    bounds = {name: options.pop(name) for name in BOUNDS if name in options}
    bounds["deadline_seconds"] = options.pop("deadline", 20)
    endpoint = endpoint_at(base_url, name="fault", model="m-1", key=KEY, **bounds)
    return backend_at(endpoint, clock=time.clock, sleep=time.sleep, now=lambda: NOW, **options)


def limit_of(parallel: int, time: Time | None = None, deadline_seconds: float = 20) -> RateLimit:
    endpoint = endpoint_at("http://localhost/v1", model="m-1", parallel=parallel, deadline_seconds=deadline_seconds)
    return RateLimit(endpoint, clock=time.clock, sleep=time.sleep) if time else RateLimit(endpoint)


def ask(server: FaultServer, request: CompletionRequest = JSON, **options: Any) -> list[Delta | Restarted | Completion]:
    return asyncio.run(_ask(backend_for(server.base_url, **options), request))


async def _ask(backend: Backend, *requests: CompletionRequest) -> list[Delta | Restarted | Completion]:
    try:
        return [event for request in requests async for event in backend.complete(request)]
    finally:
        await backend.close()


def completion(events: Sequence[object]) -> Completion:
    last = events[-1]
    assert isinstance(last, Completion)
    return last


def fault_of(
    script: Sequence[Script], request: CompletionRequest = JSON, **options: Any
) -> tuple[BackendError, FaultServer]:
    with fault_server(*script) as server, pytest.raises(BackendError) as raised:
        ask(server, request, **options)
    assert KEY not in str(raised.value)
    assert "127.0.0.1" in str(raised.value) or "m-1" in str(raised.value)
    return raised.value, server


@pytest.fixture(scope="module", autouse=True)
def sdk_is_loaded() -> None:
    """Its first request imports for a second, which would count against the short deadlines here."""
    with fault_server(good(REPLY)) as server:
        ask(server)


# --- lasting faults: one request, no retry, no rung down -----------------------------------------------------------

LASTING = [
    ("a wrong key", refusal(401, f"Incorrect API key provided: {KEY}", code="invalid_api_key"), "key_refused"),
    ("a key error as a string", plain({"error": "Unauthorized"}, 401), "key_refused"),
    ("a key error as detail", plain({"detail": "Invalid authentication"}, 401), "key_refused"),
    ("a key error as 400", refusal(400, "Authentication Error, no_db_connection"), "key_refused"),
    ("a key without rights", refusal(403, "Project does not have access"), "key_refused"),
    ("flagged input as 403", refusal(403, "requires moderation and your input was flagged"), "content_refused"),
    ("nothing left", refusal(402, "Insufficient Balance"), "quota_exhausted"),
    ("no quota", refusal(429, "You exceeded it", code="insufficient_quota"), "quota_exhausted"),
    ("no credit as 400", refusal(400, "Your credit balance is too low"), "quota_exhausted"),
    ("an unknown model", refusal(404, "The model `m-1` does not exist", code="model_not_found"), "model_unknown"),
    ("a model to load first", refusal(404, 'model "m-1" not found, try pulling it first'), "model_unknown"),
    ("an unknown model as 400", plain({"detail": "Invalid model name passed in model=m-1"}, 400), "model_unknown"),
    ("an unknown model by param", refusal(404, "not found", param="model"), "model_unknown"),
    ("too long", refusal(400, "the request exceeds the available context size"), "context_exceeded"),
    ("too long by code", refusal(400, "no", code="context_length_exceeded"), "context_exceeded"),
    ("too long as 413", html(413), "context_exceeded"),
    ("filtered input", refusal(400, "The response was filtered", code="content_filter"), "content_refused"),
    ("a wrong path", refusal(404, "File Not Found"), "address_wrong"),
    ("a wrong path in HTML", html(404), "address_wrong"),
    ("an odd status", plain({}, 418), "request_refused"),
    ("filtered output", streamed('{"te', finish="content_filter"), "content_refused"),
    ("an error event on length", event_error({"message": "context length exceeded"}), "context_exceeded"),
    ("an error event with a status", event_error({"message": "no", "code": 401}), "key_refused"),
]


@pytest.mark.parametrize(("play", "fault"), [case[1:] for case in LASTING], ids=[case[0] for case in LASTING])
def test_a_lasting_fault_is_not_asked_again(play: Play, fault: str):
    error, server = fault_of([play])
    assert isinstance(error, LastingFault)
    assert error.fault == fault
    assert len(server.asked) == 1


def test_a_server_that_wants_a_key_where_none_is_set():
    with fault_server(refusal(401)) as server, pytest.raises(LastingFault, match="none is set for backend plain"):
        asyncio.run(_ask(backend_at(endpoint_at(server.base_url, name="plain", model="m")), JSON))


def test_a_model_that_declines_is_not_asked_again():
    error, server = fault_of([whole(None, refusal="I cannot help with that.")], TEXT)
    assert isinstance(error, LastingFault)
    assert error.fault == "content_refused"
    assert len(server.asked) == 1


def test_a_redirect_is_not_followed():
    with fault_server(good(REPLY)) as elsewhere:
        error, server = fault_of([Play(status=307, headers={"Location": f"{elsewhere.base_url}/chat/completions"})])
        assert elsewhere.asked == []
    assert isinstance(error, LastingFault)
    assert "redirects" in str(error)
    assert len(server.asked) == 1


# --- passing faults: retried, a bounded number of times ------------------------------------------------------------

PASSING = [
    ("bad gateway", html(502), "server_fault"),
    ("unavailable", refusal(503, "Loading model"), "server_fault"),
    ("gateway timeout", html(504), "timed_out"),
    ("request timeout", plain({}, 408), "timed_out"),
    ("conflict", plain({}, 409), "server_fault"),
    ("rate limit", refusal(429, "Rate limit reached for requests"), "rate_limited"),
    ("rate limit without a body", Play(status=429), "rate_limited"),
    ("a hang-up", Play(hang_up=True), "unreachable"),
    ("a page of HTML", html(), "bad_reply"),
    ("nothing", Play(), "bad_reply"),
    ("half a JSON", Play(body=b'{"choices": ['), "bad_reply"),
    ("no UTF-8", Play(body=b'{"choices": "\xff\xfe"}'), "bad_reply"),
    ("null", plain(None), "bad_reply"),
    ("a list", plain([1, 2]), "bad_reply"),
    ("no choices", plain({"id": "c", "choices": []}), "bad_reply"),
    ("null choices", plain({"id": "c", "choices": None}), "bad_reply"),
    ("strange choices", plain({"choices": ["x", 1]}), "bad_reply"),
    ("a strange message", plain({"choices": [{"finish_reason": "stop", "message": "hi"}]}), "bad_reply"),
    ("an error in a 200", plain({"error": {"message": "something broke"}}), "bad_reply"),
    ("a rate limit in a 200", plain({"error": {"message": "slow down", "code": 429}}), "rate_limited"),
    ("no content", whole(None), "bad_reply"),
    ("empty content", whole(""), "bad_reply"),
    ("only reasoning", whole("", reasoning_content="hm"), "bad_reply"),
    ("no finish reason", whole(REPLY, finish=None), "bad_reply"),
    ("a stream without finish reason", streamed(REPLY, finish=None), "bad_reply"),
    ("an empty stream", Play(kind="text/event-stream"), "bad_reply"),
    ("a stream of blanks", streamed("  \n"), "bad_reply"),
    ("a broken event", Play(body=b"data: {oops\n\n", kind="text/event-stream"), "bad_reply"),
    ("an event of a number", Play(body=b"data: 7\n\n", kind="text/event-stream"), "bad_reply"),
    ("an error event", event_error({"message": "CUDA error"}, before='{"te'), "server_fault"),
    ("an error event as a string", event_error("internal"), "server_fault"),
    ("a broken connection in mid-stream", replace(streamed(REPLY), cut_at=300, abrupt=True), "unreachable"),
]


@pytest.mark.parametrize("request_", [JSON, TEXT], ids=["json", "text"])
@pytest.mark.parametrize(("play", "fault"), [case[1:] for case in PASSING], ids=[case[0] for case in PASSING])
def test_a_passing_fault_is_tried_four_times(play: Play, fault: str, request_: CompletionRequest):
    if request_ is TEXT and play.kind == "text/event-stream":
        fault = "bad_reply"  # nobody asked for a stream
    error, server = fault_of([play], request_)
    if not play.abrupt:
        assert error.fault == fault
    # What says nothing may be the fault of the form, so each form is tried, up to the last call that is allowed.
    silent = {"no content", "empty content", "only reasoning", "a stream of blanks", "a strange message"}
    last = request_ is JSON and any(case[0] in silent and case[1] is play for case in PASSING)
    assert isinstance(error, LastingFault if last else PassingFault)
    assert len(server.asked) == (5 if last else 4)


@pytest.mark.parametrize("case", PASSING, ids=[case[0] for case in PASSING])
def test_a_passing_fault_passes(case: tuple[str, Play, str]):
    with fault_server(case[1], good(REPLY)) as server:
        events = ask(server)
        assert completion(events).text == REPLY
        assert completion(events).calls == len(server.asked) == 2
        assert completion(events).rung == "json_schema"


def test_a_dead_address_is_unreachable():
    with fault_server(good(REPLY)) as server:
        url = server.base_url
    time = Time()
    with pytest.raises(PassingFault) as raised:
        asyncio.run(_ask(backend_for(url, time), JSON))
    assert raised.value.fault == "unreachable"
    assert url in str(raised.value)
    assert len(time.slept) == 3
    assert time.slept == sorted(time.slept)  # each wait is longer


@pytest.mark.parametrize(
    ("play", "request_"),
    [
        (Play(stall=True), JSON),
        (replace(streamed(REPLY), stall=True, cut_at=300, abrupt=True), JSON),
        (replace(streamed(REPLY), pause=STEP), JSON),
        (replace(whole(REPLY), pause=STEP), TEXT),
        (Play(body=b": ping\n\n" * 200, kind="text/event-stream", pause=STEP), JSON),
    ],
    ids=["silence", "a stall in mid-stream", "a drip", "a drip of a whole reply", "comments for ever"],
)
def test_a_call_ends_at_its_deadline(play: Play, request_: CompletionRequest):
    error, server = fault_of([play], request_, deadline=0.5, attempts=1)
    assert isinstance(error, PassingFault)
    assert error.fault == "timed_out"
    assert len(server.asked) <= 1  # a busy machine may not even have connected


def test_a_slow_stream_is_read_to_its_end_however_long_it_takes():
    """It lasts several times as long as any silence may; each byte ends the silence."""
    stream = replace(streamed(REPLY, usage=False), pause=0.01)
    with fault_server(stream) as server:
        assert len(stream.body) * 0.01 > 2 * 3.0
        events = ask(server, first_byte_seconds=3.0, idle_seconds=3.0, deadline=600)
    assert completion(events).text == REPLY


def test_a_slow_reply_that_comes_at_once_is_read_to_its_end_too():
    play = replace(whole(REPLY), pause=0.01)
    with fault_server(play) as server:
        assert len(play.body) * 0.01 > 2 * 1.0
        events = ask(server, TEXT, first_byte_seconds=1.0, idle_seconds=1.0, deadline=600)
    assert completion(events).text == REPLY


def test_bytes_that_keep_a_connection_alive_end_a_silence_before_the_first_token():
    pings = b": still reading your prompt\n\n" * 8
    stream = streamed(REPLY, usage=False)
    with fault_server(replace(stream, body=pings + stream.body, pause=0.01)) as server:
        events = ask(server, first_byte_seconds=1.5, idle_seconds=1.5, deadline=600)
    assert completion(events).text == REPLY


@pytest.mark.parametrize(
    ("play", "bound", "names"),
    [
        (Play(stall=True), {"first_byte_seconds": 0.4}, "first_byte_seconds"),
        (replace(streamed(REPLY), stall=True, cut_at=-300, abrupt=True), {"idle_seconds": 0.4}, "idle_seconds"),
        (Play(body=b": ping\n\n" * 200, kind="text/event-stream", pause=STEP), {"deadline": 0.6}, "deadline_seconds"),
        (
            replace(streamed("", finish=None, usage=False, done=False), body=EMPTY_CHUNK * 40, pause=STEP),
            {"deadline": 0.6},
            "deadline_seconds",
        ),
    ],
    ids=["no first byte", "a stall in mid-reply", "comments for ever", "empty chunks for ever"],
)
def test_silence_and_drips_end_with_the_bound_that_they_are_over(play: Play, bound: dict[str, Any], names: str):
    error, _ = fault_of([play], **bound, attempts=1)
    assert isinstance(error, PassingFault)
    assert error.fault == "timed_out"
    assert names in str(error)


def test_a_reply_cut_anywhere_is_never_taken_for_whole():
    """Clean ends (the socket closes as HTTP/1.0 does) and abrupt ones, at 20 places of the stream."""
    stream = streamed(REPLY, usage=False)
    finish = stream.body.index(b'"finish_reason": "stop"')
    for at in range(0, finish, finish // 10):
        for abrupt in (False, True):
            error, _ = fault_of([replace(stream, cut_at=at, abrupt=abrupt)], attempts=1)
            assert isinstance(error, PassingFault)
            assert error.fault in {"bad_reply", "unreachable"}


def test_a_stream_that_is_whole_in_all_but_form():
    for play in (
        streamed(REPLY, done=False),
        streamed(REPLY, usage=False),
        streamed(REPLY, comments=True),
        streamed(REPLY, chunk=1),
        streamed(REPLY, finish="eos"),
    ):
        with fault_server(play) as server:
            events = ask(server)
        assert completion(events).text == REPLY
        assert "".join(event.text for event in events if isinstance(event, Delta)) == REPLY
        assert completion(events).model == "served"
    with fault_server(streamed(REPLY)) as server:
        usage = completion(ask(server)).usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens) == (11, 7, 3)


# --- what is told while it is asked again --------------------------------------------------------------------------


def test_what_was_told_is_taken_back_before_the_reply_is_asked_for_again():
    broken = replace(streamed(REPLY), cut_at=-200, abrupt=True)
    with fault_server(broken, broken, good(REPLY)) as server:
        events = ask(server)
    kinds = "".join(type(event).__name__[0] for event in events)
    assert kinds.count("R") == 2
    first, _, rest = kinds.partition("R")
    assert set(first) == {"D"}
    last = rest.rpartition("R")[2]
    assert "".join(e.text for e in events[len(kinds) - len(last) :] if isinstance(e, Delta)) == REPLY


def test_what_was_told_is_taken_back_once():
    with fault_server(replace(streamed(REPLY), cut_at=-200, abrupt=True), html(502), good(REPLY)) as server:
        events = ask(server)
    assert sum(isinstance(event, Restarted) for event in events) == 1


def test_nothing_is_taken_back_where_nothing_was_told():
    with fault_server(html(502), good(REPLY)) as server:
        events = ask(server)
    assert not any(isinstance(event, Restarted) for event in events)


def test_after_a_cut_stream_the_reply_is_asked_for_whole():
    with fault_server(Play(kind="text/event-stream"), good(REPLY)) as server:
        events = asyncio.run(_ask(backend_for(server.base_url), JSON, JSON))
        assert [asked.body.get("stream") for asked in server.asked] == [True, None, True]
    assert completion(events).text == REPLY


def test_a_server_that_cannot_stream_is_not_asked_to_again():
    with fault_server(whole(REPLY)) as server:
        events = asyncio.run(_ask(backend_for(server.base_url), JSON, JSON))
        assert [asked.body.get("stream") for asked in server.asked] == [True, None, None]
    assert completion(events).text == REPLY


# --- the length limit ----------------------------------------------------------------------------------------------


def test_a_reply_that_is_too_long_gets_a_larger_budget_once():
    with fault_server(streamed('{"te', finish="length"), good(REPLY)) as server:
        assert completion(ask(server)).text == REPLY
        budgets = [asked.body["max_tokens"] for asked in server.asked]
    assert budgets[0] == JSON.max_tokens + preset_for(server.base_url).spare_tokens
    assert budgets[1] > budgets[0]

    error, server = fault_of([streamed('{"te', finish="length")])
    assert isinstance(error, LastingFault)
    assert error.fault == "bad_reply"
    assert len(server.asked) == 2


def test_a_reply_without_end_is_not_kept():
    error, _ = fault_of([whole("x" * 1_000_001)], TEXT, attempts=1)
    assert isinstance(error, PassingFault)
    assert error.fault == "bad_reply"


def test_blanks_up_to_the_limit_are_the_fault_of_the_rung():
    def play(asked: Asked) -> Play:
        return (
            streamed('{"text":' + " " * 300, finish="length", chunk=50)
            if asked.rung == "json_schema"
            else streamed(REPLY)
        )

    with fault_server(play) as server:
        assert completion(ask(server)).rung == "json_object"
        assert len(server.asked) == 2


# --- the ladder and the parameters ---------------------------------------------------------------------------------


def refusing(*rungs: str, by: Play) -> Script:
    return lambda asked: by if asked.rung in rungs else good(REPLY)(asked)


NAMED = [
    refusal(400, "response_format value `json_schema` is not supported"),
    refusal(400, "This response_format type is unavailable now"),
    refusal(404, "response_format is not available here"),
    refusal(400, "Invalid schema: unsupported keyword"),
    refusal(400, "failed to parse grammar"),
    plain({"detail": [{"loc": ["body", "response_format"], "msg": "Extra inputs are not permitted"}]}, 422),
    refusal(400, "model m-1 does not support structured outputs"),
]
UNNAMED = [refusal(400, "Bad Request"), plain({"detail": "no"}, 422), Play(status=400), plain("no", 400)]


@pytest.mark.parametrize("by", NAMED + UNNAMED)
def test_the_ladder_goes_down_and_what_works_is_remembered(by: Play):
    with fault_server(refusing("json_schema", "json_object", by=by)) as server:
        events = asyncio.run(_ask(backend_for(server.base_url), JSON, JSON))
        rungs = [asked.rung for asked in server.asked]
    assert rungs == ["json_schema", "json_object", "text", "text"]
    assert completion(events).rung == "text"
    assert not any(isinstance(event, Delta) for event in events)


def test_a_500_is_asked_once_more_before_the_rung_is_blamed():
    with fault_server(refusing("json_schema", by=refusal(500, "Internal Server Error"))) as server:
        assert completion(ask(server)).rung == "json_object"
        assert [asked.rung for asked in server.asked] == ["json_schema", "json_schema", "json_object"]
    with fault_server(refusal(500), good(REPLY)) as server:
        assert completion(ask(server)).rung == "json_schema"
    with fault_server(refusal(500), refusal(500), refusal(500), good(REPLY)) as server:
        assert completion(ask(server)).rung == "text"  # patience with stumbling is used up
        assert len(server.asked) == 4
    error, server = fault_of([refusal(500)])
    assert isinstance(error, PassingFault)
    assert error.fault == "server_fault"
    assert len(server.asked) <= 6


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_server_that_is_down_does_not_push_down_the_ladder(status: int):
    with fault_server(html(status), html(status), html(status), good(REPLY)) as server:
        assert completion(ask(server)).rung == "json_schema"


def test_a_rung_that_has_worked_is_not_doubted_for_an_error_without_a_name():
    with fault_server(good(REPLY), refusal(400, "Bad Request")) as server:
        with pytest.raises(LastingFault) as raised:
            asyncio.run(_ask(backend_for(server.base_url), JSON, JSON))
        assert raised.value.fault == "request_refused"
        assert len(server.asked) == 2


def test_a_model_whose_name_speaks_of_schemas_is_still_unknown():
    with fault_server(refusal(404, "The model json_schema-7b does not exist")) as server:
        endpoint = endpoint_at(server.base_url, model="json_schema-7b")
        with pytest.raises(LastingFault) as raised:
            asyncio.run(_ask(backend_at(endpoint), JSON))
        assert raised.value.fault == "model_unknown"
        assert len(server.asked) == 1


def test_a_form_that_works_no_more_is_found_anew():
    def changed(asked: Asked) -> Play:
        return good(REPLY)(asked) if asked.rung == "text" else refusal(400, "Bad Request")

    with fault_server(good(REPLY), changed) as server:
        rungs = RungMemory()
        ask(server, rungs=rungs)
        with pytest.raises(LastingFault):
            ask(server, rungs=rungs)
        assert completion(ask(server, rungs=rungs)).rung == "text"


def test_the_rung_is_remembered_per_model_and_outlives_the_backend():
    kept: dict[str, str] = {}
    with fault_server(refusing("json_schema", by=NAMED[0])) as server:
        for _ in range(2):
            ask(server, rungs=RungMemory(kept))
        assert [asked.rung for asked in server.asked] == ["json_schema", "json_object", "json_object"]
        other = endpoint_at(server.base_url, model="m-2")
        asyncio.run(_ask(backend_at(other, rungs=RungMemory(kept)), JSON))
        assert server.asked[3].rung == "json_schema"
    assert RungMemory({key: "{'of': another version}" for key in kept}).recall(server.base_url, "m-1") is None


def test_free_text_leaves_the_remembered_rung_alone():
    with fault_server(good(REPLY)) as server:
        asyncio.run(_ask(backend_for(server.base_url), JSON, TEXT, JSON, TEXT))
        assert [asked.rung for asked in server.asked] == ["json_schema", "text", "json_schema", "text"]
        assert [asked.body.get("stream") for asked in server.asked] == [True, None, True, None]


def test_a_token_limit_is_renamed_then_dropped_and_remembered():
    def strict(asked: Asked) -> Play:
        for name in ("max_tokens", "max_completion_tokens"):
            if name in asked.body:
                return refusal(
                    400, f"Unsupported parameter: '{name}'. Use 'max_completion_tokens' instead.", param=name
                )
        return good(REPLY)(asked)

    with fault_server(strict) as server:
        asyncio.run(_ask(backend_for(server.base_url), JSON, JSON))
        sent = [sorted({"max_tokens", "max_completion_tokens"} & set(asked.body)) for asked in server.asked]
    assert sent == [["max_tokens"], ["max_completion_tokens"], [], []]


def test_stream_options_are_left_out_where_they_are_refused():
    def strict(asked: Asked) -> Play:
        unknown = plain({"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs", "input": "json"}]}, 422)
        return unknown if "stream_options" in asked.body else good(REPLY)(asked)

    with fault_server(strict) as server:
        assert completion(asyncio.run(_ask(backend_for(server.base_url), JSON, JSON))).rung == "json_schema"
        assert ["stream_options" in asked.body for asked in server.asked] == [True, False, False]


def test_a_server_that_refuses_whatever_is_sent_is_not_asked_for_ever():
    names = "max_tokens max_completion_tokens stream_options response_format"
    error, server = fault_of([refusal(400, names)])
    assert isinstance(error, LastingFault)
    assert len(server.asked) <= 5


def test_the_request_has_what_was_asked_and_no_sampling_parameters(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-somebody")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-somebody")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    headers = ["X-Secret: of somebody", "User-Agent: somebody", "X-Stainless-Os: somebody", "Authorization: somebody"]
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "\n".join([*headers, "Host: somebody.example", "Accept: somebody"]))
    with fault_server(good(REPLY)) as server:
        ask(server)
    asked = server.asked[0]
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert set(asked.body) == {"model", "messages", "stream", "stream_options", "max_tokens", "response_format"}
    assert asked.body["response_format"]["json_schema"] == {"name": "reply", "strict": True, "schema": SCHEMA}
    assert not any("somebody" in value for value in asked.headers.values())


# --- rate limits ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"retry-after-ms": "9500", "Retry-After": "1"}, 9.5),
        ({"Retry-After": format_datetime(NOW + timedelta(seconds=30), usegmt=True)}, 30.0),
        ({"Retry-After": "Mon, 02 Jan 2006 15:04:35 GMT", "Date": "Mon, 02 Jan 2006 15:04:05 GMT"}, 30.0),
    ],
)
def test_it_waits_as_long_as_it_is_told(headers: dict[str, str], seconds: float):
    time = Time()
    with fault_server(refusal(429, headers=headers), good(REPLY)) as server:
        assert completion(ask(server, time=time)).calls == 2
    assert seconds <= sum(time.slept) < seconds + 2


@pytest.mark.parametrize("told", ["0", "soon", "-5", "nan", "inf", "", "Wed, 99 Foo 2026"])
def test_a_wait_of_nothing_or_nonsense_is_backed_off_from(told: str):
    time = Time()
    with fault_server(refusal(429, headers={"Retry-After": told}), good(REPLY)) as server:
        assert completion(ask(server, time=time)).calls == 2
    assert len(time.slept) == 1
    assert 0 < time.slept[0] < 10


@pytest.mark.parametrize("seconds", [61, 121, 3600])
def test_a_wait_beyond_our_patience_is_the_callers(seconds: int):
    time = Time()
    error, server = fault_of([refusal(429, headers={"Retry-After": str(seconds)})], time=time)
    assert isinstance(error, PassingFault)
    assert error.retry_after == pytest.approx(seconds)
    assert len(server.asked) == 1
    assert time.slept == []


def test_nobody_calls_inside_the_window_that_one_of_them_was_told_of():
    """Eight gradings at once; the first two calls are in flight when the limit is told."""
    time = Time()
    calls: list[float] = []
    numbers = itertools.count()
    both_in_flight = threading.Barrier(2, timeout=30)

    def play(asked: Asked) -> Play:
        calls.append(time.now)
        if next(numbers) >= 2:
            return good(REPLY)(asked)
        both_in_flight.wait()
        return refusal(429, headers={"Retry-After": "20"})

    async def run(base_url: str) -> list[Completion]:
        limit = limit_of(2, time)
        backends = [backend_for(base_url, time, limit=limit) for _ in range(8)]
        return [completion(events) for events in await asyncio.gather(*(_ask(backend, JSON) for backend in backends))]

    with fault_server(play) as server:
        done = asyncio.run(run(server.base_url))
    assert len(done) == 8
    assert len(calls) == 10
    assert calls[:2] == [1000.0, 1000.0]
    assert min(calls[2:]) >= 1020.0


def test_a_shorter_wait_told_later_does_not_open_the_gate():
    time = Time()
    limit = limit_of(1, time)
    limit.close_for(30)
    limit.close_for(5)
    assert limit.remaining == 30


def test_a_limit_without_a_time_slows_down_everybody_and_more_each_time():
    time = Time()
    limit = limit_of(4, time)
    limited = PassingFault("Slow down.", fault="rate_limited")
    waits: list[float] = []
    for _ in range(7):
        limit.failed(limited)
        limit.failed(limited)  # of a call that was in flight together with the first
        waits.append(limit.remaining)
        time.now += limit.remaining
    assert waits == [2, 4, 8, 16, 30, 30, 30]
    limit.succeeded()
    limit.failed(limited)
    assert limit.remaining == 2


def test_nobody_waits_in_line_for_ever():
    async def run() -> None:
        limit = limit_of(1, deadline_seconds=0.01)
        async with limit.slot(60):
            with pytest.raises(PassingFault) as raised:
                async with limit.slot(60):
                    pass
            assert raised.value.fault == "timed_out"
        async with limit.slot(60):
            pass  # the place is free again

    asyncio.run(run())


def test_a_gate_shut_for_long_refuses_without_a_call():
    time = Time()

    async def run(base_url: str) -> None:
        backend = backend_for(base_url, time)
        for _ in range(2):
            with pytest.raises(PassingFault) as raised:
                [event async for event in backend.complete(JSON)]
            assert raised.value.fault == "rate_limited"
            assert raised.value.retry_after == pytest.approx(300)
        time.now += 301
        assert [event async for event in backend.complete(JSON)]
        await backend.close()

    with fault_server(refusal(429, headers={"Retry-After": "300"}), good(REPLY)) as server:
        asyncio.run(run(server.base_url))
        assert len(server.asked) == 2


# --- nothing breaks on any body ------------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.just("message"), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(status=st.integers(300, 599), body=json_values)
def test_any_error_body_can_be_read(status: int, body: object):
    assert refused(status, body, model="m-1", sent=("max_tokens",)).sentence
    assert reported(body, model="m-1").sentence


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_retry_after_can_be_read(told: str):
    seconds = retry_after({"retry-after": told}, NOW)
    assert seconds is None or seconds >= 0


def test_a_date_without_a_zone_is_utc():
    assert retry_after({"retry-after": "Sun, 22 Nov 2026 12:00:30 -0000"}, NOW) == 30
    assert retry_after({"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"}, NOW) == 0


def test_what_a_server_echoes_of_the_request_is_not_read_as_its_reason():
    echo = json.loads(json.dumps({"detail": [{"msg": "no", "input": {"response_format": "x", "max_tokens": 3}}]}))
    failed = refused(422, echo, model="m-1", sent=("max_tokens",))
    assert failed.unnamed
    assert not failed.names


# --- prompts that are cut without a word ---------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(st.text(max_size=300), max_size=5))
def test_no_tokenizer_stays_below_the_least_that_is_expected(texts: list[str]):
    """The best tokenizers need a token for two characters of Chinese, and for six of anything else."""
    best = sum(1 / 2 if character > "\u2fff" else 1 / 6 for text in texts for character in text)
    assert least_tokens(texts) <= best


@pytest.mark.parametrize(
    ("prompt", "completion", "cached", "cut"),
    [
        (4096, 5, None, True),
        (9_000, 5, None, False),
        (None, 5, None, False),
        (3, 5, None, False),  # a server that counts only what it had not cached
        (1000, 5, 8000, False),
    ],
)
def test_a_count_far_below_the_least_says_that_the_prompt_was_cut(
    prompt: int | None, completion: int, cached: int | None, cut: bool
):
    usage = Usage(prompt_tokens=prompt, completion_tokens=completion, cached_tokens=cached)
    assert is_cut(usage, ["The quick brown fox jumps over the lazy dog. " * 900]) is cut


def test_runs_of_one_character_are_few_tokens():
    assert least_tokens([" " * 20_000, "=" * 20_000, "哈" * 5_000]) < 10
