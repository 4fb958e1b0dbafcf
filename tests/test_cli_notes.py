"""`notes list` and `notes check`."""

import json
from pathlib import Path

import pytest

from tests.command_line import Run, data_dir, refusal, run

__all__ = ["data_dir", "run"]

NOTES = """## Basics
#### 1. What is attention?
A weighted sum.

##### Key points
- (2) weights sum to one
- (bonus) cost is quadratic
##### Pitfalls
- it is a convolution

#### 3. And without an answer?
"""
FIELDS = {
    *("id", "section", "number", "text", "line", "reference", "has_reference", "key_points", "pitfalls"),
    *("follow_ups", "hints", "sources", "difficulty", "tags", "rubric"),
}


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "notes.md"
    path.write_text(NOTES, encoding="utf-8")
    return path


def listed(run: Run, path: Path) -> list[dict]:
    outcome = run("notes", "list", path, "--json", data=False)
    assert outcome.exit_code == 0, outcome.output
    return json.loads(outcome.stdout)


def test_list_prints_every_question_with_exactly_these_fields(run: Run, notes: Path):
    first, second = listed(run, notes)
    assert set(first) == FIELDS
    assert (first["section"], first["number"], first["text"], first["line"]) == (
        "Basics",
        1,
        "What is attention?",
        2,
    )
    assert [(point["id"], point["weight"], point["kind"]) for point in first["key_points"]] == [
        ("k1", 2.0, "required"),
        ("k2", 1.0, "bonus"),
    ]
    assert set(first["key_points"][0]) == {"id", "text", "weight", "kind"}
    assert first["pitfalls"] == [{"id": "p1", "text": "it is a convolution"}]
    assert (first["has_reference"], second["has_reference"]) == (True, False)
    assert first["reference"].strip() == "A weighted sum."


def test_list_without_json_names_what_has_no_answer(run: Run, notes: Path):
    outcome = run("notes", "list", notes, data=False)
    assert [line.endswith("(no reference answer)") for line in outcome.stdout.splitlines()] == [False, True]


def test_check_prints_problems_with_their_place_and_counts(run: Run, notes: Path):
    outcome = run("notes", "check", notes, data=False)
    assert outcome.exit_code == 0
    lines = outcome.stdout.splitlines()
    assert any(line.startswith(f"{notes}:11: ") for line in lines)
    assert "Basics: 2 questions, 1 without a reference answer" in lines


@pytest.mark.parametrize(
    "raw",
    [b"", b"no heading here\n", b"\x00\x01\x02\xff", "## 节\n#### 问题\n".encode("gbk")],
    ids=["empty", "no question", "binary", "not UTF-8"],
)
def test_check_exits_with_1_when_nothing_can_be_asked(run: Run, tmp_path: Path, raw: bytes):
    path = tmp_path / "bad.md"
    path.write_bytes(raw)
    outcome = run("notes", "check", path, data=False)
    assert outcome.exit_code == 1
    assert str(path) in outcome.stderr
    assert "Traceback" not in outcome.output


@pytest.mark.parametrize("command", ["list", "check"])
def test_notes_that_do_not_exist_are_bad_input(run: Run, tmp_path: Path, command: str):
    assert "does not exist" in refusal(run("notes", command, tmp_path / "gone.md", data=False))


def test_content_cannot_command_the_terminal(run: Run, tmp_path: Path):
    path = tmp_path / "evil.md"
    text = "red \x1b[31m csi \x9b31m back \u202e"
    path.write_text(f"## S\n#### 1. {text}\nAnswer.\n", encoding="utf-8")
    for outcome in (run("notes", "list", path, data=False), run("notes", "list", path, "--json", data=False)):
        assert not set("\x1b\x9b\u202e") & set(outcome.stdout)
        assert "31m" in outcome.stdout
    assert listed(run, path)[0]["text"] == text


def test_the_users_notes_are_read_whole(run: Run, shared: Path):
    path = shared / "notes" / "nlp-interview-notes.md"
    questions = listed(run, path)
    counts: dict[str, int] = {}
    for question in questions:
        counts[question["section"]] = counts.get(question["section"], 0) + 1
    assert list(counts.values()) == [18, 5, 4, 7, 4, 3, 6]
    assert sum(not question["has_reference"] for question in questions) == 16
    assert len({question["id"] for question in questions}) == 47
    raw = path.read_bytes()
    assert all(question["reference"].encode() in raw for question in questions)


def test_check_names_a_rubric_that_does_not_exist(run: Run, tmp_path: Path):
    path = tmp_path / "n.md"
    path.write_text("## S\n#### 1. a {rubric=nope}\nb\n#### 2. c {rubric=coding}\nd\n", encoding="utf-8")
    said = run("notes", "check", path, data=False).stdout
    assert f"{path}:2: the rubric 'nope' does not exist; `default` is used (known: coding, " in said
    assert said.count("the rubric '") == 1
