"""Settings: one precedence, every value with its origin, and no secret in any message."""

from pathlib import Path

import pytest

from interview.errors import ContentError
from interview.settings import PROJECT, Settings, read_settings

SECRET = "sk-very-secret"


def settings_of(tmp_path: Path, *, dotenv: str = "", backends: str = "", **given) -> Settings:
    if dotenv:
        (tmp_path / ".env").write_text(dotenv, encoding="utf-8")
    if backends:
        (tmp_path / "backends.toml").write_text(backends, encoding="utf-8")
    return read_settings(project=tmp_path, **given)


def refusal(tmp_path: Path, **given) -> str:
    with pytest.raises(ContentError) as caught:
        settings_of(tmp_path, **given).configured_backends()
    return str(caught.value)


def test_the_project_is_the_folder_that_holds_the_package():
    assert (PROJECT / "interview" / "settings").is_dir()


def test_defaults_lie_in_the_project_wherever_the_process_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir("/")
    settings = settings_of(tmp_path)
    assert settings.data_dir == tmp_path / "data"
    assert settings.rubrics == tmp_path / "rubrics"
    assert settings.prompts == tmp_path / "prompts"
    assert (settings.lang, settings.host, settings.port, settings.notes) == ("zh", "127.0.0.1", 7860, ())
    assert settings.configured_backends().backends == ()
    assert settings.origin("port") == "default"


def test_command_line_beats_environment_beats_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VIVA_PORT", "7002")
    monkeypatch.setenv("VIVA_LANG", "en")
    settings = settings_of(tmp_path, dotenv="# mine\nVIVA_PORT=7001\nexport VIVA_MODEL=m1\nVIVA_LANG=zh\n", port=7003)
    assert (settings.port, settings.origin("port")) == (7003, "command line")
    assert (settings.lang, settings.origin("lang")) == ("en", "environment")
    assert (settings.model, settings.origin("model")) == ("m1", ".env:3")


def test_an_option_that_was_not_used_changes_nothing(tmp_path: Path):
    assert settings_of(tmp_path, dotenv="VIVA_PORT=7001\n", port=None).port == 7001


def test_relative_paths_count_from_where_they_were_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    settings = settings_of(tmp_path, dotenv="VIVA_NOTES=a.md:b\n", data_dir=Path("d"))
    assert settings.notes == (tmp_path / "a.md", tmp_path / "b")
    assert settings.data_dir == elsewhere / "d"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("VIVA_PORT=lots", "VIVA_PORT (.env:1): Input should be a valid integer"),
        ("VIVA_PORT=70000", "VIVA_PORT (.env:1): Input should be less than or equal to 65535"),
        ("VIVA_LANG=fr", "VIVA_LANG (.env:1): Input should be 'zh' or 'en'"),
    ],
)
def test_a_wrong_value_is_named_with_its_place_and_what_was_expected(tmp_path: Path, line: str, expected: str):
    assert refusal(tmp_path, dotenv=line).startswith(expected)


def test_dotenv_that_is_not_utf8_is_refused(tmp_path: Path):
    (tmp_path / ".env").write_bytes("VIVA_MODEL=我的模型".encode("gbk"))
    assert "not UTF-8" in refusal(tmp_path)


def test_a_key_alone_means_openai(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", f" {SECRET}\n")
    monkeypatch.setenv("VIVA_MODEL", "some-model")
    (backend,) = settings_of(tmp_path).configured_backends().backends
    assert (backend.name, backend.preset, backend.base_url, backend.model) == ("openai", "openai", None, "some-model")
    assert backend.key is not None
    assert backend.key.get_secret_value() == SECRET
    assert backend.origin == "environment"


def test_a_base_url_needs_no_key_and_leaves_the_name_open(tmp_path: Path):
    (backend,) = settings_of(tmp_path, dotenv="OPENAI_BASE_URL=http://127.0.0.1:1/v1\n").configured_backends().backends
    assert (backend.name, backend.base_url, backend.key) == ("", "http://127.0.0.1:1/v1", None)
    assert backend.origin == ".env:1"


def test_an_empty_variable_switches_off_the_one_in_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "")
    assert settings_of(tmp_path, dotenv=f"OPENAI_API_KEY={SECRET}\n").configured_backends().backends == ()


@pytest.mark.parametrize("key", ["sk-ключ-тайна", "two secret-words", "line\x01secret"])
def test_a_key_that_cannot_be_one_is_refused_and_never_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    said = refusal(tmp_path)
    assert "OPENAI_API_KEY (environment): expected a key" in said
    assert "secret" not in said
    assert "тайна" not in said


def test_a_key_variable_of_the_environment_beats_the_one_in_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WORK_API_KEY", "newer")
    key = settings_of(tmp_path, dotenv="WORK_API_KEY=older\nOTHER_API_KEY=other\n").secret
    found = [key(name) for name in ("WORK_API_KEY", "OTHER_API_KEY", "NO_API_KEY")]
    assert [one.get_secret_value() if one else None for one in found] == ["newer", "other", None]


def test_no_secret_in_the_printed_form(tmp_path: Path):
    (tmp_path / "key").write_text(SECRET + "\n", encoding="utf-8")
    settings = settings_of(
        tmp_path, dotenv=f"OPENAI_API_KEY={SECRET}\n", backends='[work]\nbase_url = "http://h/v1"\nkey_file = "key"\n'
    )
    backends = settings.configured_backends()
    assert SECRET not in repr(settings) + repr(backends) + settings.model_dump_json() + backends.model_dump_json()
    assert [backend.key is not None for backend in backends.backends] == [True, True]


def test_backends_file_names_backends_in_order(tmp_path: Path):
    settings = settings_of(
        tmp_path,
        dotenv=f"WORK_KEY={SECRET}\n",
        backends="""
default = "ollama:qwen3:8b"

[work]
base_url = "https://llm.example/v1"
model = "big"
models = ["small"]
key_variable = "WORK_KEY"
deadline_seconds = 30

[ollama]
model = "qwen3:8b"
""",
    )
    found = settings.configured_backends()
    assert found.default == "ollama:qwen3:8b"
    assert found.default_origin == f"{tmp_path / 'backends.toml'}:2"
    work, ollama = found.backends
    assert (work.name, work.base_url, work.model, work.models) == ("work", "https://llm.example/v1", "big", ("small",))
    assert work.key is not None
    assert work.key.get_secret_value() == SECRET
    assert work.origin == f"{tmp_path / 'backends.toml'}:4"
    assert (ollama.name, ollama.model, ollama.key) == ("ollama", "qwen3:8b", None)


def test_backends_file_of_the_data_folder_wins(tmp_path: Path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "backends.toml").write_text("[mine]\n", encoding="utf-8")
    (backend,) = settings_of(tmp_path, backends="[theirs]\n").configured_backends().backends
    assert backend.name == "mine"


@pytest.mark.parametrize(
    ("dotenv", "backends", "names"),
    [
        ("OPENAI_BASE_URL=http://localhost:1/v1", "[ollama]\n", ["", "ollama"]),
        ("OPENAI_API_KEY=k", "[ollama]\n", ["ollama", "openai"]),
        ("OPENAI_API_KEY=k", "[ollama]\n[openai]\n", ["ollama", "openai"]),
    ],
)
def test_the_most_deliberate_backend_comes_first(tmp_path: Path, dotenv: str, backends: str, names: list[str]):
    found = settings_of(tmp_path, dotenv=dotenv, backends=backends).configured_backends()
    assert [backend.name for backend in found.backends] == names


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("[a]\nmodel = 3\n", 2, "[a] model: Input should be a valid string"),
        ('[a]\n[b]\nmodle = "x"\n', 3, "[b] modle: unknown field; expected one of: preset, base_url, model"),
        (f'[a]\napi_key = "{SECRET}"\n', 2, "[a] api_key: a key does not belong in this file"),
        ("[a]\ndeadline_seconds = 0\n", 2, "[a] deadline_seconds: Input should be greater than 0"),
        ('[a]\nkey_file = "nowhere"\n', 1, "[a]: key_file "),
        ("[coverage]\n", 1, "[coverage]: 'coverage' is not a usable name"),
        ('["a:b"]\n', 1, "[a:b]: 'a:b' is not a usable name"),
        ("\na = 3\n", 2, "`a`: expected `default` or a table such as [a]"),
        ("default = 3\n", 1, "default: expected the name of a grader"),
        ("[a]\nmodel = \n", 2, "not TOML"),
    ],
)
def test_a_mistake_in_backends_file_is_named_with_file_and_line(tmp_path: Path, text: str, line: int, expected: str):
    (problem,) = settings_of(tmp_path, backends=text).configured_backends().problems
    said = problem.text
    assert said.startswith(f"{tmp_path / 'backends.toml'}:{line}: {expected}")
    assert SECRET not in said
