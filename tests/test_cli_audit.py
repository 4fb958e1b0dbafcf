"""`audit` and `key-points`: references checked and key points shown from the command line."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import Run, data_dir, refusal, run
from tests.fake_judge import FakeJudge

__all__ = ["data_dir", "run"]

NOTES = """## Sorting

#### 1. Is quicksort stable? {#quick}

Quicksort is stable for all inputs. It sorts in place.

#### 2. What is a heap? {#heap}

A tree in an array.

##### Key points
- a tree (2)
- in an array

#### 3. Tell me about a project. {#project}
"""


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    file = tmp_path / "notes.md"
    file.write_text(NOTES, encoding="utf-8")
    return file


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> Iterator[FakeJudge]:
    with FakeJudge().serving() as judge:
        wrong = {"quote": "Quicksort is stable", "correction": "It is not.", "reason": "r", "certainty": "wrong"}
        points = [{"quote": "sorts in place", "text": "It needs no copy", "kind": "required"}]
        judge.forms = {
            "blindanswer": {"answer": "No."},
            "comparison": {"statements": [wrong]},
            "anchoredreplies": {"key_points": points},
        }
        monkeypatch.setenv("OPENAI_BASE_URL", judge.url)
        monkeypatch.setenv("VIVA_MODEL", "fake")
        yield judge


def test_an_audit_lists_the_exact_words_and_keeps_them(run: Run, notes: Path, model: FakeJudge):
    outcome = run("audit", "--notes", notes, "--json")
    assert outcome.exit_code == 0, outcome.output
    (dispute,) = json.loads(outcome.stdout)
    assert (dispute["question_id"], dispute["quote"]) == ("quick", "Quicksort is stable")
    assert (dispute["votes"], dispute["state"], dispute["source"]) == (3, "open", "audit")
    told = run("audit", "quick", "--notes", notes)
    assert "“Quicksort is stable”" in told.stdout
    assert "notes.md:3" in told.stdout
    assert "1 reference checked, 1 with something disputed" in told.stdout


def test_key_points_say_where_they_come_from(run: Run, notes: Path, model: FakeJudge):
    shown = run("key-points", "--notes", notes).stdout
    assert "quick  Is quicksort stable?\n  split\n  - Quicksort is stable for all inputs." in shown
    assert "author\n  - a tree (2)" in shown
    assert model.calls == 0
    found = json.loads(run("key-points", "quick", "--extract", "--notes", notes, "--json").stdout)
    assert [(one["origin"], one["points"][0]["text"]) for one in found] == [("extracted", "It needs no copy")]
    assert "extracted@" in run("key-points", "quick", "--notes", notes).stdout


def test_mistakes_are_told_in_a_sentence(run: Run, notes: Path):
    assert "no model to ask" in refusal(run("audit", "quick", "--notes", notes))
    assert "'nothing'" in refusal(run("audit", "nothing", "--notes", notes))
    assert "no reference answer" in refusal(run("audit", "project", "--notes", notes))
    assert "nobody" in refusal(run("audit", "quick", "--grader", "nobody", "--notes", notes))
