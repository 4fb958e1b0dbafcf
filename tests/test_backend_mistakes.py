"""Everything that one can enter wrongly about a backend: a sentence names the mistake and the likely fix."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import SecretStr

from interview.backends.discovery import find_servers, start_commands
from interview.backends.endpoint import Endpoint, check_likely, is_chat_model
from interview.backends.openai_compatible import OpenAICompatibleClient
from interview.backends.presets import GENERIC, load_presets, owner_of, preset_for
from interview.backends.probe import ProbeReport, Step
from interview.errors import Cause, EndpointMistake, FaultClass, Mistake, VivaError
from interview.service.drafts import Draft
from interview.ui.views import notice
from interview.ui.views.graders import why
from tests.command_line import Run, data_dir, refusal, run
from tests.endpoints import backend_at, endpoint_at
from tests.fault_server import FaultServer, fault_server, good, plain
from tests.fault_server import refusal as refused
from tests.test_service_endpoints import folder, viva

__all__ = ["data_dir", "folder", "run", "viva"]

KEY = "sk-or-v1-canary"
HAN = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Wrong:
    """What is entered, and the words that must be told in English and in Chinese."""

    what: str
    english: tuple[str, ...]
    chinese: tuple[str, ...]
    service: str = GENERIC
    url: str = ""
    key: str = KEY
    model: str = "m"


BEFORE_SENDING = [
    Wrong("a key for another host", ("OpenRouter", "api.deepseek.com"), ("OpenRouter", "没有发给"), "deepseek"),
    Wrong("a URL without /v1", ("lacks", "https://api.openai.com/v1"), ("少了", "https://api.openai.com/v1"),
        url="https://api.openai.com", key="sk-proj-x"),
    Wrong("a URL with /chat/completions", ("https://llm.invalid/v1",), ("https://llm.invalid/v1", "自动"),
        url="https://llm.invalid/v1/chat/completions"),
    Wrong("a URL with credentials", ("user name or password",), ("用户名或密码",), url="https://me:pw@llm.invalid/v1"),
    Wrong("a URL without http", ("https://llm.invalid/v1",), ("https://llm.invalid/v1",), url="llm.invalid/v1"),
    Wrong("http to a public host", ("https://llm.example.org/v1", "readable"), ("https://llm.example.org/v1", "看到"),
        url="http://llm.example.org/v1"),
    Wrong("http to a public number", ("https://8.8.8.8/v1",), ("https://8.8.8.8/v1",), url="http://8.8.8.8/v1"),
    Wrong("an embedding model", ("no chat model", "text-embedding-3-large"), ("不是对话模型",),
        url="https://llm.invalid/v1", model="text-embedding-3-large"),
    Wrong("a key with a blank in it", ("Copy it again",), ("重新复制",), url="https://llm.invalid/v1", key="sk-or v1"),
    Wrong("no key", ("DEEPSEEK_API_KEY",), ("DEEPSEEK_API_KEY", "密钥"), "deepseek", key=""),
    Wrong("no model", ("no model",), ("没有选",), "deepseek", key="sk-1", model=""),
    Wrong("a part to fill in", ("<>",), ("<>",), "azure", key="sk-1"),
]  # fmt: skip


def draft(wrong: Wrong) -> Draft:
    return Draft(service=wrong.service, base_url=wrong.url, key=SecretStr(wrong.key), model=wrong.model)


def check_words(error: VivaError, wrong: Wrong) -> None:
    english, chinese = notice(error, "en")["text"], notice(error, "zh")["text"]
    for words, told in ((wrong.english, str(error)), (wrong.chinese, chinese)):
        assert all(word in told for word in words), told
    assert HAN.search(chinese)
    assert not HAN.search(english)
    for told in (str(error), english, chinese):
        assert "canary" not in told
        assert "pw" not in told


@pytest.mark.parametrize("wrong", BEFORE_SENDING, ids=lambda wrong: wrong.what)
def test_a_mistake_is_named_with_its_fix_before_anything_is_sent(viva, wrong: Wrong):
    # No test can connect to the outside: a call would fail it.
    for act in (viva.endpoints.test_and_save, viva.endpoints.save):
        with pytest.raises(EndpointMistake) as raised:
            act(draft(wrong))
        check_words(raised.value, wrong)
    assert viva.endpoints.listed() == ()


@pytest.mark.parametrize("wrong", [row for row in BEFORE_SENDING if row.model], ids=lambda wrong: wrong.what)
def test_the_command_line_names_it_too(run: Run, tmp_path: Path, wrong: Wrong):
    (tmp_path / "key").write_text(wrong.key)
    named = wrong.url or wrong.service
    told = refusal(run("backends", "add", named, "--model", wrong.model, "--key-file", tmp_path / "key"))
    assert all(word in told for word in wrong.english), told
    assert "canary" not in told


# --- what shows only when it is tried ------------------------------------------------------------------------------


@contextmanager
def trying(*script, key: str = KEY, preset: str = GENERIC) -> Iterator[tuple[FaultServer, Endpoint]]:
    with fault_server(*script) as server:
        server.models = script[0]
        yield (
            server,
            endpoint_at(server.base_url, model="m", key=key).model_copy(update={"preset": load_presets()[preset]}),
        )


WHEN_TRIED: list[tuple[str, Callable, str, str]] = [
    ("a wrong key", lambda: trying(refused(401, "no"), key="sk-1"), "refuses the API key", "密钥被拒绝"),
    ("a key of another service", lambda: trying(refused(401, "no"), preset="litellm"), "OpenRouter", "OpenRouter"),
    ("no key where one is wanted", lambda: trying(refused(401, "no"), key=""), "none is set", "没有填"),
    ("no such route", lambda: trying(plain({"detail": "Not Found"}, 404)), "/v1", "/v1"),
    ("a host that redirects", lambda: trying(refused(308)), "redirects", "最终的地址"),
    ("a model that cannot chat", lambda: trying(refused(400, "m does not support chat")), "no chat model", "对话模型"),
    ("no such model", lambda: trying(refused(404, "model 'm' not found")), "does not know the model", "没有这个模型"),
]


def fault_at(endpoint: Endpoint) -> Any:
    async def ask() -> None:
        client = OpenAICompatibleClient(endpoint)
        try:
            await client.models()
        finally:
            await client.close()

    with pytest.raises(VivaError) as raised:
        asyncio.run(ask())
    return raised.value


@pytest.mark.parametrize(
    ("begin", "english", "chinese"), [row[1:] for row in WHEN_TRIED], ids=[r[0] for r in WHEN_TRIED]
)
def test_what_shows_only_when_it_is_tried_is_named_too(begin: Callable[[], Any], english: str, chinese: str):
    with begin() as (_, endpoint):
        error = fault_at(endpoint)
    step = Step(name="plain", state="failed", fault=error.fault, cause=error.cause, hint=error.hint, text=str(error))
    assert english in str(error)
    assert chinese in why(step, "zh")
    assert not HAN.search(why(step, "en"))
    assert "canary" not in f"{error} {why(step, 'zh')}"


def test_a_proxy_of_the_environment_is_named_where_a_host_cannot_be_reached(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", "http://me:hunter2@127.0.0.1:9")
    error = fault_at(endpoint_at("http://llm.invalid/v1", model="m", key=KEY))
    assert "127.0.0.1:9" in str(error)
    assert "NO_PROXY" in str(error)
    assert "127.0.0.1:9" in notice(error, "zh")["text"]
    assert "hunter2" not in f"{error} {notice(error, 'zh')}"


def test_what_the_sdk_takes_from_the_environment_goes_to_no_host(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Token: canary\nAuthorization: Bearer canary\nCookie: canary")
    with fault_server(good('{"a": 1}')) as server:
        backend = backend_at(endpoint_at(server.base_url, model="m", key="sk-mine"))

        async def ask() -> None:
            from tests.test_backend_faults import JSON

            async for _ in backend.complete(JSON):
                pass
            await backend.close()

        asyncio.run(ask())
    headers = server.asked[0].headers
    assert headers["authorization"] == "Bearer sk-mine"
    assert "canary" not in str(headers)


def test_every_mistake_has_a_row():
    words = {
        "credentials", "scheme", "placeholder", "route", "path", "key_characters", "key_missing", "model_missing",
        "plain_http", "key_of_other", "no_chat_model",
    }  # fmt: skip
    assert set(get_args(Mistake)) - words == {"unreadable", "no_host", "query"}  # test_backend_presets.py has these
    for cause in get_args(Cause):
        for fault in get_args(FaultClass):
            assert why(Step(name="plain", state="failed", fault=fault, cause=cause, hint="x"), "zh")


# --- hosts, keys and models ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["localhost:9", "10.0.0.3", "192.168.1.5:11434", "nas", "box.local", "[::1]:9"])
def test_plain_http_is_fine_on_ones_own_network(host: str):
    check_likely(endpoint_at(f"http://{host}/v1", model="m"))


def test_keys_tell_their_service_only_where_their_beginning_is_its_own():
    assert [owner and owner.name for owner in map(owner_of, ("sk-or-1", "sk-ant-1", "gsk_1", "sk-1", ""))] == [
        "openrouter", "anthropic", "groq", None, None,
    ]  # fmt: skip
    prefixes = [prefix for preset in load_presets().values() for prefix in preset.key_prefixes]
    assert not any(a != b and a.startswith(b) for a in prefixes for b in prefixes)
    assert all(len(prefix) >= 3 for prefix in prefixes)


@pytest.mark.parametrize("name", ["bge-m3", "nomic-embed-text", "whisper-1", "qwen3-reranker-4b", "tts-1", "DALL-E-3"])
def test_models_that_cannot_chat_are_told_by_their_names(name: str):
    assert not is_chat_model(name)


@pytest.mark.parametrize("name", ["gpt-5.4-mini", "qwen3:8b", "deepseek-chat", "kimi-k2.6", "llama-4", "default"])
def test_models_that_chat_are_offered(name: str):
    assert is_chat_model(name)


# --- servers on this machine ---------------------------------------------------------------------------------------


def test_a_server_on_this_machine_is_found_and_another_program_is_not():
    async def find(*presets):
        return await find_servers(tuple(presets))

    with (
        fault_server(good("{}")) as model_server,
        fault_server(good("{}")) as other,
        fault_server(good("{}")) as closed,
    ):
        other.models = plain({"hello": "world"})
        model_server.models = plain({"object": "list", "data": [{"id": "qwen3:4b"}, {"id": "nomic-embed-text"}]})
        local = load_presets()["ollama"]
        at = {name: local.model_copy(update={"name": name, "base_url": server.base_url})
              for name, server in {"a": model_server, "b": other, "c": closed}.items()}  # fmt: skip
        closed_url = at["c"]
        closed.models = plain({}, 500)
        found = asyncio.run(find(*at.values()))
    assert [(server.preset, server.models) for server in found] == [("a", ("qwen3:4b",))]
    assert asyncio.run(find(closed_url)) == ()  # nobody listens any more
    assert model_server.asked == other.asked == []


def test_what_is_installed_and_does_not_run_can_be_started(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("shutil.which", lambda program: f"/bin/{program}" if program == "ollama" else None)
    (command,) = start_commands(())
    assert (command.program, command.download_gb > 1, command.free_gb > 0) == ("ollama", True, True)
    assert "OLLAMA_CONTEXT_LENGTH" in command.command
    programs = [preset.program for preset in load_presets().values() if preset.program]
    assert programs
    assert all(load_presets()[name].start for name, preset in load_presets().items() if preset.program)


def test_a_report_without_its_last_step_is_no_verdict():
    assert not ProbeReport(base_url=preset_for("").base_url, model="m").usable
