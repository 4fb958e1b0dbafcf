"""From settings to graders: names, what is used at start, and where a key may go; and the whole put together."""

import asyncio
import re
import sys
from pathlib import Path

import pytest

from interview.errors import ContentError, NotFound, StoreHeld
from interview.grading.shelf import GraderShelf
from interview.grading.shelving import shelve
from interview.notes import library
from interview.prompts import Prompts, load_prompts
from interview.settings import Settings, read_settings
from interview.store.store import Store
from interview.wiring import build
from tests.conftest import REPO

SECRET = "sk-very-secret"
OTHER_HOST = "https://llm.invalid/v1"


@pytest.fixture(scope="session")
def prompts() -> Prompts:
    return load_prompts(REPO / "prompts")


def settings_of(tmp_path: Path, dotenv: str = "", backends: str = "", **given) -> Settings:
    (tmp_path / ".env").write_text(dotenv, encoding="utf-8")
    (tmp_path / "backends.toml").write_text(backends, encoding="utf-8")
    return read_settings(project=tmp_path, **given)


@pytest.fixture
def shelf_of(tmp_path: Path, prompts: Prompts):
    """A shelf from the text of `.env` and `backends.toml`."""

    def made(dotenv: str = "", backends: str = "") -> GraderShelf:
        settings = settings_of(tmp_path, dotenv, backends)
        return shelve(settings.configured_backends(), settings.secret, prompts)

    return made


def names(shelf: GraderShelf) -> list[str]:
    return [choice.name for choice in shelf.choices()]


def key_of(shelf: GraderShelf, name: str) -> str | None:
    endpoint = shelf.endpoint_of(name)
    assert endpoint is not None
    return endpoint.api_key.get_secret_value() if endpoint.api_key else None


def test_with_nothing_configured_there_is_the_coverage_estimate(shelf_of):
    shelf = shelf_of()
    assert (names(shelf), shelf.default) == (["coverage"], "coverage")
    grader = shelf.get("coverage")
    assert (grader.name, grader.kind, grader.host) == ("coverage", "coverage", "")


@pytest.mark.parametrize(
    ("dotenv", "default", "host"),
    [
        (f"OPENAI_API_KEY={SECRET}", "openai", "api.openai.com"),
        (f"OPENAI_API_KEY={SECRET}\nVIVA_MODEL=m", "openai:m", "api.openai.com"),
        ("OPENAI_BASE_URL=http://localhost:11434/v1\nVIVA_MODEL=qwen3:8b", "ollama:qwen3:8b", "localhost:11434"),
        ("OPENAI_BASE_URL=http://127.0.0.1:8080/v1", "llama_cpp", "127.0.0.1:8080"),
        ("OPENAI_BASE_URL=http://127.0.0.1:9/v1", "custom", "127.0.0.1:9"),
        ("OPENAI_BASE_URL=https://llm.invalid/v1\nVIVA_MODEL=m", "custom:m", "llm.invalid"),
    ],
)
def test_what_the_environment_configures_is_used_at_start(shelf_of, dotenv: str, default: str, host: str):
    shelf = shelf_of(dotenv)
    assert (shelf.default, names(shelf)) == (default, [default, "coverage"])
    assert shelf.choices()[0].host == host
    judge = shelf.get(default)
    assert (judge.name, judge.kind, judge.host) == (default, "judge", host)


def test_a_model_name_may_hold_colons(shelf_of):
    shelf = shelf_of(backends='[ollama]\nmodel = "qwen3:8b"\nmodels = ["llama4:70b", "qwen3:8b"]\n')
    assert names(shelf) == ["ollama:qwen3:8b", "ollama:llama4:70b", "coverage"]
    assert [choice.model for choice in shelf.choices()] == ["qwen3:8b", "llama4:70b", ""]
    for name, model in {"ollama": "qwen3:8b", "ollama:any:thing": "any:thing"}.items():
        endpoint = shelf.endpoint_of(name)
        assert endpoint is not None
        assert endpoint.model == model
        assert shelf.get(name).name == name


@pytest.mark.parametrize("name", ["oracle", "openai:", "openai: ", "coverage:x", "", ":m", "OpenAI"])
def test_an_unknown_name_is_refused_with_the_known_ones(shelf_of, name: str):
    shelf = shelf_of(f"OPENAI_API_KEY={SECRET}")
    with pytest.raises(NotFound, match="Known: coverage, openai, openai:MODEL"):
        shelf.get(name)


def test_the_file_can_say_what_is_used_at_start(shelf_of):
    backends = (
        'default = "ollama:other"\n[work]\nbase_url = "https://llm.invalid/v1"\nmodel = "m"\n[ollama]\nmodel = "a"\n'
    )
    shelf = shelf_of(backends=backends)
    assert shelf.default == "ollama:other"
    assert names(shelf) == ["ollama:other", "work:m", "ollama:a", "coverage"]
    assert shelf_of(backends=backends.replace("ollama:other", "coverage")).default == "coverage"


def test_a_default_that_does_not_exist_is_named_with_its_place_and_no_judge_takes_its_place(shelf_of):
    shelf = shelf_of(f"OPENAI_API_KEY={SECRET}", 'default = "oracle"\n')
    assert shelf.default == "coverage"
    (problem,) = shelf.problems
    assert "backends.toml:1: default: No grader is called 'oracle'" in problem.text


def test_the_key_of_a_preset_goes_to_its_own_hosts_alone(shelf_of):
    backends = f"""
[openai]
[proxy]
preset = "openai"
base_url = "{OTHER_HOST}"
model = "m"
key_variable = "PROXY_KEY"
[other]
base_url = "{OTHER_HOST}"
model = "m"
"""
    shelf = shelf_of(f"OPENAI_API_KEY={SECRET}\nPROXY_KEY=proxy", backends)
    assert key_of(shelf, "openai") == SECRET
    assert key_of(shelf, "proxy") == "proxy"
    assert key_of(shelf, "other") is None


def test_the_key_of_a_preset_is_not_borrowed_for_another_host(shelf_of):
    backends = f'[proxy]\npreset = "openai"\nbase_url = "{OTHER_HOST}"\nmodel = "m"\n'
    shelf = shelf_of(f"OPENAI_API_KEY={SECRET}", backends)
    (problem,) = shelf.problems
    assert "needs a key" in problem.text
    assert [backend.endpoint.name for backend in shelf.backends] == ["openai"]
    assert shelf.default == "coverage"


def test_of_two_backends_with_one_name_the_first_counts(shelf_of):
    shelf = shelf_of("OPENAI_BASE_URL=http://localhost:11434/v1\nVIVA_MODEL=mine", '[ollama]\nmodel = "theirs"\n')
    assert shelf.default == "ollama:mine"
    assert names(shelf) == ["ollama:mine", "coverage"]


@pytest.mark.parametrize(
    ("dotenv", "backends", "expected"),
    [
        ("OPENAI_BASE_URL=https://llm.invalid/v1", "", r"^\.env:1: .*no model is named.*VIVA_MODEL"),
        ("OPENAI_BASE_URL=llm.invalid/v1", "", r"^\.env:1: .*http"),
    ],
)
def test_what_cannot_work_of_the_environment_is_refused_with_its_place(
    shelf_of, dotenv: str, backends: str, expected: str
):
    with pytest.raises(ContentError, match=expected):
        shelf_of(dotenv, backends)


@pytest.mark.parametrize(
    ("backends", "expected"),
    [
        ("[mine]\n", r"backends\.toml:1: \[mine\]: expected a base_url, or the name of a preset: .*ollama.*openai"),
        ('[mine]\npreset = "nothing"\n', r"expected a base_url, or the name of a preset"),
        ("[generic]\n", r"expected a base_url"),
        ("[openai]\n", r"backends\.toml:1: .*needs a key.*OPENAI_API_KEY"),
    ],
)
def test_a_table_that_cannot_work_is_left_out_and_named_with_its_place(shelf_of, backends: str, expected: str):
    shelf = shelf_of(backends=backends + '[good]\nbase_url = "http://127.0.0.1:9/v1"\n')
    (problem,) = shelf.problems
    assert re.search(expected, problem.text)
    assert (names(shelf), shelf.default) == (["good", "coverage"], "coverage")


def test_a_password_in_the_address_is_never_repeated(shelf_of):
    with pytest.raises(ContentError) as caught:
        shelf_of(f"OPENAI_BASE_URL=https://me:{SECRET}@llm.invalid/v1\nVIVA_MODEL=m")
    assert SECRET not in str(caught.value)


def test_a_judge_is_built_once_and_again_after_close(shelf_of):
    shelf = shelf_of(f"OPENAI_API_KEY={SECRET}")
    first = shelf.get("openai")
    assert shelf.get("openai") is first
    asyncio.run(shelf.close())
    assert shelf.get("openai") is not first


def test_the_whole_is_put_together_and_let_go(tmp_path: Path):
    settings = settings_of(tmp_path, rubrics=REPO / "rubrics", prompts=REPO / "prompts", lang="en")
    viva = build(settings)
    assert viva.interviewer.default_grader == "coverage"
    assert viva.interviewer.bank("en").questions
    assert "default" in viva.rubrics
    with pytest.raises(StoreHeld):
        build(settings)
    asyncio.run(viva.close())
    Store.open(settings.data_dir).close()


def test_a_refused_start_leaves_the_data_folder_free(tmp_path: Path):
    notes = tmp_path / "n.md"
    notes.write_text("nothing\n", encoding="utf-8")
    settings = settings_of(tmp_path, rubrics=REPO / "rubrics", prompts=REPO / "prompts", notes=(notes,))
    with pytest.raises(ContentError, match="nothing to ask") as caught:
        build(settings)
    Store.open(settings.data_dir).close()
    assert caught  # until here it keeps the frames alive, so that nothing but `build` can have closed the store


def test_an_empty_built_in_bank_is_refused_before_serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "notes" / "zh").mkdir(parents=True)
    (tmp_path / "notes" / "zh" / "n.md").write_text("no heading\n", encoding="utf-8")
    monkeypatch.setattr(library, "PROJECT", tmp_path)
    with pytest.raises(ContentError, match="nothing to ask"):
        build(settings_of(tmp_path, rubrics=REPO / "rubrics", prompts=REPO / "prompts"))


def test_a_judge_can_be_had_without_the_sdk(shelf_of, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "openai", None)  # importing it now would fail
    assert shelf_of(f"OPENAI_API_KEY={SECRET}").get("openai").host == "api.openai.com"
