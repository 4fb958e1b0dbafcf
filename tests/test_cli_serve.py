"""`serve` refuses to start with a sentence and exit code 2; `doctor`; the two ways to call the program."""

import gc
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import cast

import pytest

from interview.store.store import Store
from tests.command_line import Run, data_dir, refusal, run
from tests.conftest import REPO

__all__ = ["data_dir", "run"]

NOTES = "## S\n#### 1. Why?\nBecause.\n"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stand in for the screen: nothing here may get as far as serving, unless the test says so."""
    calls: list[str] = []

    def serve(viva, host: str, port: int, *, lang: str, on_started: Callable[[], None]) -> None:
        starting = gc.isenabled()
        on_started()
        gc.unfreeze()
        assert (starting, gc.isenabled()) == (False, True)
        calls.append(f"{host} {port} {lang} {len(viva.interviewer.bank(lang).questions)}")
        viva.store.close()

    monkeypatch.setitem(sys.modules, "interview.ui.server", cast(ModuleType, SimpleNamespace(serve=serve)))
    return calls


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_serve_hands_the_options_on(run: Run, tmp_path: Path, served: list[str]):
    notes = written(tmp_path / "n.md", NOTES)
    outcome = run("serve", "--notes", notes, "--host", "localhost", "--port", "7999", "--lang", "en")
    assert (outcome.exit_code, served) == (0, ["localhost 7999 en 1"]), outcome.output


def test_with_bank_keeps_the_built_in_questions(run: Run, tmp_path: Path, served: list[str]):
    notes = written(tmp_path / "n.md", NOTES)
    assert run("serve", "--notes", notes, "--notes", notes, "--with-bank", "--port", "1").exit_code == 0
    assert int(served[0].split()[-1]) > 1


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "does not exist"),
        (b"", "n.md"),
        (b"no heading\n", "nothing to ask"),
        (b"\x00\xff\x00\xff", "n.md"),
    ],
    ids=["gone", "empty", "no question", "binary"],
)
def test_with_nothing_to_ask_it_exits_before_serving(
    run: Run, tmp_path: Path, served: list[str], content: bytes | None, expected: str
):
    notes = tmp_path / "n.md"
    if content is not None:
        written(notes, content)
    said = refusal(run("serve", "--notes", notes))
    assert expected in said
    assert (served, gc.isenabled()) == ([], True)


def test_a_mistake_in_a_rubric_is_refused_with_file_and_line(run: Run, tmp_path: Path, served: list[str]):
    folder = tmp_path / "rubrics"
    shutil.copytree(REPO / "rubrics", folder)
    default = folder / "default.toml"
    default.write_text("colour = 3\n" + default.read_text(encoding="utf-8"), encoding="utf-8")
    assert f"{default}:1: unknown field `colour`" in refusal(run("serve", "--rubrics", folder))
    assert served == []


def test_a_mistake_in_a_prompt_is_refused_with_file_and_line(run: Run, tmp_path: Path, served: list[str]):
    folder = tmp_path / "prompts"
    shutil.copytree(REPO / "prompts", folder)
    judge = folder / "judge.md"
    judge.write_text(judge.read_text(encoding="utf-8") + "\n{{ nonsense }}\n", encoding="utf-8")
    said = refusal(run("serve", "--prompts", folder))
    assert f"{judge}:" in said
    assert "nonsense" in said
    assert served == []


def test_a_second_process_on_the_same_data_is_told_who_has_it(run: Run, data_dir: Path, served: list[str]):
    with closing(Store.open(data_dir)):
        said = refusal(run("serve"))
    assert f"The data folder {data_dir} is in use by process" in said
    assert served == []


def test_a_data_folder_that_cannot_be_made(run: Run, tmp_path: Path, served: list[str]):
    taken = written(tmp_path / "file", "")
    assert "cannot be written" in refusal(run("serve", "--data-dir", taken / "data", data=False))
    assert served == []


def test_after_a_refusal_the_data_folder_is_free_again(run: Run, data_dir: Path, tmp_path: Path, served: list[str]):
    refusal(run("serve", "--notes", tmp_path / "gone.md"))
    Store.open(data_dir).close()


def test_a_port_in_use(run: Run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refusal(run("serve", "--port", port))
    assert f"Port {port} on 127.0.0.1 is in use" in said


def test_a_wrong_setting_is_named(run: Run, monkeypatch: pytest.MonkeyPatch, served: list[str]):
    monkeypatch.setenv("VIVA_PORT", "many")
    assert refusal(run("serve")).startswith("VIVA_PORT (environment): ")


@pytest.mark.parametrize("program", [["-m", "interview", "serve"], [str(REPO / "app.py")]])
def test_both_ways_to_call_it_from_any_folder(tmp_path: Path, program: list[str]):
    arguments = ["--notes", str(tmp_path / "gone.md"), "--data-dir", str(tmp_path / "data")]
    called = subprocess.run(
        [sys.executable, *program, *arguments],
        cwd=REPO if program[0] == "-m" else tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (called.returncode, called.stdout) == (2, "")
    assert "does not exist" in called.stderr
    assert "Traceback" not in called.stderr


def test_nothing_heavy_is_loaded_to_say_that_there_is_nothing_to_ask(tmp_path: Path):
    code = f"""
import sys
from interview.cli import main
try:
    main(["serve", "--notes", {str(tmp_path / "gone.md")!r}, "--data-dir", {str(tmp_path / "data")!r}])
except SystemExit as end:
    print(end.code, *[name for name in ("gradio", "openai") if name in sys.modules])
"""
    called = subprocess.run([sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True, timeout=120)
    assert called.stdout.split() == ["2"], called.stderr


# --- doctor


def lines(outcome) -> dict[str, str]:
    """Subject -> status of each line."""
    return {line[6:].split(":")[0]: line[:4].strip() for line in outcome.stdout.splitlines()}


def test_doctor_finds_a_fresh_checkout_well(run: Run):
    outcome = run("doctor")
    assert outcome.exit_code == 0, outcome.output
    found = lines(outcome)
    assert set(found) >= {"Python", "data-dir", "database", "SQLite", "notes", "rubrics", "prompts", "grader at start"}
    assert "fail" not in found.values()
    assert "coverage" in outcome.stdout.splitlines()[-1]


def test_doctor_tells_where_values_come_from_and_no_secret(run: Run, data_dir: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("VIVA_PORT", "7777")
    monkeypatch.setenv("VIVA_MODEL", "some-model")
    outcome = run("doctor")
    assert "port: 7777 (environment)" in outcome.stdout
    assert f"data-dir: {data_dir} (command line)" in outcome.stdout
    assert "https://api.openai.com/v1, model some-model, a key is set (environment)" in outcome.stdout
    assert "grader at start: openai:some-model" in outcome.stdout
    assert "sk-very-secret" not in outcome.output


def test_doctor_reports_one_fault_beside_what_is_well(run: Run, tmp_path: Path):
    outcome = run("doctor", "--notes", tmp_path / "gone.md")
    assert outcome.exit_code == 1
    found = lines(outcome)
    assert (found["notes"], found["rubrics"]) == ("fail", "ok")


def test_doctor_warns_of_a_key_on_an_open_road(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://llm.invalid/v1")
    monkeypatch.setenv("VIVA_MODEL", "m")
    outcome = run("doctor")
    assert lines(outcome)["backend custom"] == "warn"
    assert outcome.exit_code == 0
