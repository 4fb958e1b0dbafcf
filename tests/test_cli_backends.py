"""`backends` and `doctor --probe` on the command line."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from interview.store.store import Store
from tests.command_line import Run, data_dir, refusal, run
from tests.fake_judge import FakeJudge
from tests.fault_server import fault_server
from tests.fault_server import refusal as refused
from tests.llama import LlamaServer

__all__ = ["data_dir", "run"]

KEY = "sk-canary-77"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(KEY + "\n")
    return path


@pytest.fixture(scope="module")
def judge() -> Iterator[FakeJudge]:
    with FakeJudge().serving() as serving:
        yield serving


def test_a_backend_is_added_listed_tested_and_removed(run: Run, judge: FakeJudge, key_file: Path, data_dir: Path):
    assert "None yet" in run("backends", "list").stdout
    added = run("backends", "add", judge.url, "--model", "fake-judge", "--key-file", key_file)
    assert added.exit_code == 0, added.output
    assert len([line for line in added.stdout.splitlines() if line.startswith(("ok", "warn"))]) == 5
    name = added.stdout.rsplit("Added: ", 1)[1].strip()
    listed = run("backends", "list").stdout
    assert name in listed
    assert "a key is set" in listed
    backend = name.partition(":")[0]
    assert run("backends", "test", backend).exit_code == 0
    assert run("backends", "remove", backend).exit_code == 0
    assert "None yet" in run("backends", "list").stdout
    assert KEY not in added.output + listed
    assert not list(data_dir.glob("*.key"))


def test_a_backend_that_cannot_be_used_is_not_added(run: Run, key_file: Path, data_dir: Path):
    with fault_server(refused(401, f"wrong key {KEY}")) as server:
        outcome = run("backends", "add", server.base_url, "--model", "m", "--key-file", key_file)
    assert outcome.exit_code == 1
    assert "refuses the API key" in outcome.stderr
    assert KEY not in outcome.output
    assert (data_dir / "backends.toml").read_text() == ""


def test_without_a_model_those_that_it_lists_are_told(run: Run, judge: FakeJudge):
    hosted = run("backends", "add", "ollama")
    assert hosted.exit_code in (1, 2)  # one runs here, or none does
    assert "No service" in refusal(run("backends", "add", "nobody"))
    assert "no table [nobody]" in refusal(run("backends", "remove", "nobody"))


def test_what_doctor_finds_is_kept_for_the_judge(run: Run, judge: FakeJudge, data_dir: Path):
    (data_dir / "backends.toml").write_text(f'[mine]\nbase_url = "{judge.url}"\nmodel = "fake-judge"\n')
    outcome = run("doctor", "--probe")
    assert "probe mine: can be used, replies come as json_schema" in outcome.stdout
    assert "works (json_schema)" in run("backends", "list").stdout
    store = Store.open(data_dir, read_only=True)
    kept = store.preference(f"dialect {judge.url} fake-judge")
    store.close()
    assert kept["rung"] == "json_schema"
    judge.calls = 0
    assert run("doctor").exit_code == outcome.exit_code
    assert judge.calls == 0  # doctor alone asks nobody


def test_doctor_says_why_a_backend_cannot_be_used(run: Run, data_dir: Path):
    with fault_server(refused(401, "no")) as server:
        (data_dir / "backends.toml").write_text(f'[mine]\nbase_url = "{server.base_url}"\nmodel = "m"\n')
        outcome = run("doctor", "--probe")
    assert outcome.exit_code == 1
    assert "fail  probe mine: cannot be used" in outcome.stdout


def test_doctor_shows_no_secret(run: Run, monkeypatch: pytest.MonkeyPatch, data_dir: Path):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", f"https://me:{KEY}@llm.invalid/v1")
    told = run("doctor").output
    assert "openai-api-key: is set (environment)" in told
    assert KEY not in told


TWO = '[a]\nbase_url = "http://127.0.0.1:9/v1"\n[b]\nbase_url = "http://127.0.0.1:9/v1"\n'


def test_the_order_is_shown_and_changed(run: Run, data_dir: Path):
    file = data_dir / "backends.toml"
    file.write_text(TWO)
    assert run("backends", "order").stdout.splitlines() == [
        "judge        no order: the grader that is chosen judges alone",
        "interviewer  no order: whoever judges",
        "estimate     no",
    ]
    assert file.read_text() == TWO, "showing writes nothing"
    assert run("backends", "order", "judge", "b", "a").stdout.splitlines()[0] == "judge        b, a"
    changed = run("backends", "order", "interviewer", "a", "--estimate").stdout.splitlines()
    assert changed[1] == "interviewer  a"
    assert changed[2].startswith("estimate     yes")
    assert "judge        b, a" in run("backends", "order", "judge").stdout
    run("backends", "order", "judge", "--none", "--no-estimate")
    left = run("backends", "order").stdout.splitlines()
    assert (left[0][:22], left[1], left[2]) == ("judge        no order:", "interviewer  a", "estimate     no")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("judge", "a", "c"), "No grader is called 'c'"),
        (("judge", "a", "a"), "twice"),
        (("judge", "coverage"), "judges nothing"),
        (("--none",), "--none takes a ROLE"),
        (("judge", "a", "--none"), "--none takes a ROLE and no NAME"),
    ],
)
def test_what_is_no_order_is_refused(run: Run, data_dir: Path, words: tuple[str, ...], told: str):
    (data_dir / "backends.toml").write_text(TWO)
    assert told in refusal(run("backends", "order", *words))
    assert (data_dir / "backends.toml").read_text() == TWO


@pytest.mark.llama
def test_a_real_server_can_be_added(run: Run, llama_server: LlamaServer, key_file: Path, data_dir: Path):
    key_file.write_text(llama_server.key)
    outcome = run("backends", "add", llama_server.base_url, "--model", llama_server.model, "--key-file", key_file)
    assert outcome.exit_code == 0, outcome.output
    assert "ok    JSON schema of a grading" in outcome.stdout
    assert "ok    long prompt read whole" in outcome.stdout
    assert json.dumps(llama_server.model) in (data_dir / "backends.toml").read_text()
    key_file.write_text("sk-wrong")
    wrong = run("backends", "add", llama_server.base_url, "--model", "other", "--key-file", key_file)
    assert wrong.exit_code == 1
    assert "refuses the API key" in wrong.stderr
