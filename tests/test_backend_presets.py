"""Presets and endpoints: who knows which host, and which mistakes in an address are named."""

import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from interview.backends.endpoint import Endpoint, check_base_url
from interview.backends.presets import GENERIC, PRESETS_FILE, is_loopback, load_presets, preset_for
from interview.errors import ContentError
from tests.endpoints import endpoint_at

HOSTED = (
    "openai azure anthropic gemini deepseek qwen qwen_intl kimi kimi_cn glm glm_cn minimax mistral groq openrouter "
    "siliconflow volcengine huggingface"
)
LOCAL = "ollama lm_studio llama_cpp vllm sglang litellm"


def test_the_presets_that_ship_are_all_there():
    assert set(load_presets()) == {GENERIC, *HOSTED.split(), *LOCAL.split()}


@pytest.mark.parametrize("name", [*HOSTED.split(), *LOCAL.split()])
def test_a_preset_that_ships_is_whole(name: str):
    preset = load_presets()[name]
    base_url = preset.base_url.replace("<resource>", "mine")
    assert check_base_url(base_url) == base_url
    assert preset_for(base_url) is preset
    assert base_url.startswith("http://localhost:" if name in LOCAL.split() else "https://")
    assert preset.local == is_loopback(base_url) == (name in LOCAL.split())
    assert preset.docs.startswith("https://")
    assert preset.needs_key == (name in HOSTED.split())
    assert preset.needs_key <= bool(preset.key_variable)
    assert all(quirk.endswith(".") and quirk[0].isupper() for quirk in preset.quirks)


def test_what_a_preset_may_say_beside():
    for preset in load_presets().values():
        assert set(preset.sampling) <= {"temperature", "top_p", "seed"}
        assert all(re.fullmatch(r"[a-z_]+", name) for name in preset.reasoning_fields)
        assert bool(preset.program) == bool(preset.start) == bool(preset.download_gb)
        assert not preset.program or preset.local


@pytest.mark.parametrize(
    ("prices", "told"),
    [
        ('[{ model = "m", input = 1, output = 2, currency = "CNY", date = "2026-11-26", source = "s" }]', None),
        ('[{ model = "m", input = 1, output = 2, currency = "CNY", source = "s" }]', "date"),
        ('[{ model = "m", input = 1, output = 2, currency = "CNY", date = "2026-11-26" }]', "source"),
        ('[{ model = "m", input = -1, output = 2, currency = "CNY", date = "2026-11-26", source = "s" }]', "input"),
        ('[{ model = "m", input = 1, output = 2, currency = "XXX", date = "2026-11-26", source = "s" }]', "currency"),
    ],
)
def test_a_price_has_a_date_and_a_source(tmp_path: Path, prices: str, told: str | None):
    path = tmp_path / "presets.toml"
    path.write_text(LINES.replace("[azure]", f"[azure]\nprices = {prices}", 1))
    if told is None:
        assert load_presets(path)["azure"].prices[0].cached_input is None
    else:
        with pytest.raises(ContentError, match=rf"\[azure\] prices\.0\.{told}"):
            load_presets(path)


@pytest.mark.parametrize(
    ("model", "priced"),
    [
        ("gpt-5.4-mini", True),
        ("gpt-5.4-mini-2026-03-17", True),
        ("gpt-5.4-mini-20260317", True),
        ("gpt-5.4-mini-high", False),
        ("gpt-5.4", False),
        ("gpt-5.4-mini-2026-03-17-pro", False),
    ],
)
def test_a_price_holds_for_its_model_and_its_snapshots_and_for_no_relative(model: str, priced: bool):
    assert any(price.holds_for(model) for price in load_presets()["openai"].prices) is priced


@pytest.mark.parametrize("name", HOSTED.split())
def test_a_hosted_preset_asks_for_the_model_and_then_for_the_key(name: str):
    preset = load_presets()[name]
    base_url = preset.base_url.replace("<resource>", "mine")
    if not preset.default_model:
        with pytest.raises(ContentError, match="no model is named"):
            endpoint_at(base_url, key="k")
    with pytest.raises(ContentError, match=preset.key_variable):
        endpoint_at(base_url, model="m")


def test_an_address_with_a_part_to_fill_in_is_refused():
    with pytest.raises(ContentError, match="a part in <> to fill in"):
        check_base_url("https://<resource>.llm.example/v1")


@pytest.mark.parametrize(
    ("url", "name", "local"),
    [
        ("https://api.openai.com/v1", "openai", False),
        ("https://API.OpenAI.com:443/v1/", "openai", False),
        ("http://127.0.0.1:11434/v1", "ollama", True),
        ("http://[::1]:11434/v1", "ollama", True),
        ("http://localhost:8080/v1", "llama_cpp", True),
        ("http://localhost:8081/v1", GENERIC, True),
        ("https://mine.openai.azure.com/openai/v1", "azure", False),
        ("https://openai.azure.com/openai/v1", GENERIC, False),
        ("https://api.z.ai/api/coding/paas/v4", "glm", False),
        ("https://api.minimaxi.com/v1", "minimax", False),
        ("http://192.168.1.5:11434/v1", GENERIC, False),
        ("https://api.openai.com.evil.example/v1", GENERIC, False),
        ("https://llm.example/v1", GENERIC, False),
    ],
)
def test_a_preset_is_found_by_its_host(url: str, name: str, local: bool):
    assert preset_for(url).name == name
    assert preset_for(url).local is local


def test_no_provider_is_named_in_the_code():
    # The one exception is a key without an address, which means OPENAI_API_KEY and its preset.
    package = PRESETS_FILE.parent.parent
    code = "\n".join(path.read_text() for path in package.rglob("*.py")).replace("http://localhost:8080/v1", "")
    for preset in load_presets().values():
        for host in preset.hosts:
            assert host not in code
        if preset.name not in {GENERIC, "openai"}:
            assert f'"{preset.name}"' not in code
            assert preset.title not in code
            assert not preset.key_variable or preset.key_variable not in code


REPO = Path(__file__).resolve().parent.parent
LINES = PRESETS_FILE.read_text()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[openai]", "[openai", "not TOML"),
        ("needs_key = true", 'needs_key = "yes"', "[openai] needs_key"),
        ("needs_key = true", "needs_key = true\ncolour = 1", "[openai] colour: unknown field"),
        ("needs_key = true", 'needs_key = true\nname = "x"', "[openai]: expected a table without `name`"),
        ('first_rung = "json_schema"', 'first_rung = "xml"', "first_rung"),
        ("parallel = 1", "parallel = 0", "[ollama] parallel"),
        ('docs = ""', "", "[generic] docs: the field is missing"),
        ("[generic]", "[common]", "expected a table [generic]"),
        ('"localhost:8080"', '"localhost:11434"', "[llama_cpp] hosts: localhost:11434 belongs to [ollama]"),
        ("\n[generic]", "\nx = 1\n[generic]", "[x]: expected a table"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, old: str, new: str, told: str):
    path = tmp_path / "presets.toml"
    assert old in LINES
    path.write_text(LINES.replace(old, new))
    with pytest.raises(ContentError) as raised:
        load_presets(path)
    assert told in str(raised.value)
    assert str(path) in str(raised.value)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path):
    with pytest.raises(ContentError, match="cannot be read"):
        load_presets(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ContentError, match="not UTF-8"):
        load_presets(tmp_path / "bytes.toml")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://api.openai.com", "lacks /v1. Use: https://api.openai.com/v1"),
        ("http://localhost:11434/", "Use: http://localhost:11434/v1"),
        ("https://mine.openai.azure.com", "Use: https://mine.openai.azure.com/openai/v1"),
        ("https://api.z.ai", "Use: https://api.z.ai/api/paas/v4"),
        ("https://llm.example/v1/chat/completions", "Use: https://llm.example/v1"),
        ("https://llm.example/v1/models/", "Use: https://llm.example/v1"),
        ("llm.example/v1", "Perhaps: https://llm.example/v1"),
        ("localhost:8080/v1", "Perhaps: http://localhost:8080/v1"),
        ("ftp://llm.example/v1", "does not begin with http"),
        ("", "does not begin with http"),
        ("https://", "names no usable host"),
        ("https://a b/v1", "names no usable host"),
        ("https://llm.example:port/v1", "cannot be read"),
        ("https://[::1/v1", "cannot be read"),
        ("https://llm.example/v1?key=1", "Perhaps: https://llm.example/v1"),
        ("https://llm.example/v1#top", "Perhaps: https://llm.example/v1"),
    ],
)
def test_a_mistake_in_an_address_is_named_with_its_likely_fix(url: str, told: str):
    with pytest.raises(ContentError) as raised:
        endpoint_at(url, model="m", key="k")
    assert told in str(raised.value)


@pytest.mark.parametrize(
    "url", ["https://user:hunter2@llm.example/v1", "user:hunter2@llm.example", "http://:hunter2@[x"]
)
def test_credentials_in_an_address_are_refused_and_not_repeated(url: str):
    with pytest.raises(ContentError) as raised:
        endpoint_at(url, model="m")
    assert "user name or password" in str(raised.value)
    assert "hunter2" not in str(raised.value)


@settings(deadline=None)
@given(st.text(max_size=40) | st.from_regex(r"https?://[\[\]:a-z0-9./%-]{0,20}", fullmatch=True))
def test_any_address_is_taken_or_refused_in_words(url: str):
    with suppress(ContentError):
        assert endpoint_at(check_base_url(url), model="m").host


@pytest.mark.parametrize("key", ["sk-a b", "sk-a\nb", "sk-é", "sk-\x00"])
def test_a_key_that_cannot_be_sent_is_refused_and_not_repeated(key: str):
    with pytest.raises(ContentError) as raised:
        endpoint_at("https://llm.example/v1", model="m", key=key)
    assert "API key" in str(raised.value)
    assert "sk-" not in str(raised.value)


def test_an_endpoint_shows_its_host_and_hides_its_key():
    endpoint = endpoint_at("https://api.openai.com/v1/", key=" sk-secret\n")
    assert endpoint.host == "api.openai.com"
    assert (endpoint.name, endpoint.base_url) == ("openai", "https://api.openai.com/v1")
    assert endpoint.model == endpoint.preset.default_model
    assert endpoint.key == "sk-secret"
    assert "sk-secret" not in repr(endpoint)
    assert "sk-secret" not in endpoint.model_dump_json()


def test_hosts_with_ports():
    assert endpoint_at("http://127.0.0.1:8080/v1").host == "127.0.0.1:8080"
    assert endpoint_at("http://[::1]:8080/v1").host == "[::1]:8080"


def test_a_local_server_needs_no_key_and_gets_more_time():
    endpoint = endpoint_at("http://localhost:11434/v1", model="qwen3:8b", key="")
    assert endpoint.api_key is None
    assert endpoint.key
    assert endpoint.deadline_seconds > endpoint_at("https://llm.example/v1", model="m").deadline_seconds


def test_what_is_missing_is_asked_for():
    with pytest.raises(ContentError, match="OPENAI_API_KEY"):
        endpoint_at("https://api.openai.com/v1")
    with pytest.raises(ContentError, match="VIVA_MODEL"):
        endpoint_at("http://localhost:11434/v1")
    with pytest.raises(ValidationError):
        Endpoint(name="x", base_url="https://llm.example/v1", model="m", preset=preset_for(""), deadline_seconds=0)


def test_the_sdk_is_not_imported_before_it_is_used():
    code = (
        "import sys, interview.backends.openai_compatible as b, tests.endpoints as t\n"
        "b.OpenAICompatibleClient(t.endpoint_at('http://localhost:8080/v1'))\n"
        "sys.exit(any(name.partition('.')[0] in {'openai', 'httpx', 'httpx2'} for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=REPO, check=False, timeout=60).returncode == 0
