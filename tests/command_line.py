"""Run commands of Viva inside the test, on a data folder of its own and with no backend configured."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from interview.cli import app

Run = Callable[..., Result]


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder; whatever the developer's `.env` and `backends.toml` say does not count here."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "VIVA_MODEL"):
        monkeypatch.setenv(name, "")
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "backends.toml").write_text("", encoding="utf-8")
    return folder


@pytest.fixture
def run(data_dir: Path) -> Run:
    """Run one command; `--data-dir` is added unless `data=False`."""

    def invoke(*arguments: str | Path, data: bool = True) -> Result:
        extra = ["--data-dir", str(data_dir)] if data else []
        return CliRunner().invoke(app, [str(argument) for argument in arguments] + extra, prog_name="viva")

    return invoke


def refusal(outcome: Result) -> str:
    """The sentence of a refused command: exit 2, nothing on standard output, no traceback."""
    assert outcome.exit_code == 2, outcome.output
    assert outcome.stdout == ""
    assert "Traceback" not in outcome.stderr
    return outcome.stderr
