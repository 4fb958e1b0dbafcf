"""`grade`: one answer, graded from the command line."""

import json
from pathlib import Path
from typing import Any

import pytest

from interview.text import ANSWER_LIMIT
from tests import fault_server
from tests.command_line import Run, data_dir, refusal, run
from tests.fake_judge import FakeJudge

__all__ = ["data_dir", "run"]

FIELDS = {
    *("status", "score", "max_score", "band", "grader", "label", "reason"),
    *("key_points", "criteria", "flags", "feedback", "fingerprint", "parameters", "failed"),
}
REFERENCE = "Attention weights are computed by a softmax. They always sum to one."
ANSWER = "The attention weights come out of a softmax, so they sum to one."


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    reference, answer = tmp_path / "reference.md", tmp_path / "answer.txt"
    reference.write_text(REFERENCE, encoding="utf-8")
    answer.write_text(ANSWER, encoding="utf-8")
    return reference, answer


def arguments(files: tuple[Path, Path], *more: str | Path) -> list[str | Path]:
    reference, answer = files
    return ["grade", "--question", "Why?", "--reference-file", reference, "--answer-file", answer, *more]


def graded(run: Run, files: tuple[Path, Path], *more: str) -> dict[str, Any]:
    outcome = run(*arguments(files, "--json", *more))
    assert outcome.exit_code == 0, outcome.output
    content = json.loads(outcome.stdout)
    assert set(content) == FIELDS
    return content


def test_the_coverage_estimate_needs_nothing_and_is_labelled(run: Run, files: tuple[Path, Path]):
    grade = graded(run, files)
    assert (grade["status"], grade["grader"], grade["label"]) == ("graded", "coverage", "coverage_estimate")
    assert 0 < grade["score"] <= grade["max_score"] == 10
    assert grade["reason"] is None
    for point in grade["key_points"]:
        assert set(point) == {"id", "text", "verdict", "verified", "evidence"}
        for found in point["evidence"]:
            assert set(found) == {"quote", "start", "end"}
            assert ANSWER[found["start"] : found["end"]] == found["quote"]


def test_offsets_count_in_the_cleaned_answer(run: Run, files: tuple[Path, Path]):
    files[1].write_bytes(b"\xef\xbb\xbf\x00\x1b" + ANSWER.encode())
    for point in graded(run, files)["key_points"]:
        for found in point["evidence"]:
            assert ANSWER[found["start"] : found["end"]] == found["quote"]


def test_no_grade_is_no_failure_of_the_command(run: Run, files: tuple[Path, Path]):
    files[1].write_text("注意力权重由归一化指数函数得到，它们的和等于一。", encoding="utf-8")
    grade = graded(run, files)
    assert (grade["status"], grade["reason"]) == ("ungraded", "language_mismatch")
    assert (grade["score"], grade["band"], grade["label"], grade["key_points"]) == (None, None, None, [])


def test_without_a_reference_the_estimate_gives_no_number(run: Run, files: tuple[Path, Path]):
    outcome = run("grade", "--question", "Why?", "--answer-file", files[1], "--json")
    assert outcome.exit_code == 0
    assert json.loads(outcome.stdout)["reason"] == "no_reference"


def test_plain_output_carries_the_label(run: Run, files: tuple[Path, Path]):
    outcome = run(*arguments(files))
    assert "coverage estimate, not a judgement of correctness" in outcome.stdout


def test_an_unknown_grader_is_named_with_the_known_ones(run: Run, files: tuple[Path, Path]):
    said = refusal(run(*arguments(files, "--grader", "oracle:1")))
    assert "'oracle:1'" in said
    assert "coverage" in said


def test_an_unknown_rubric_is_named_with_the_known_ones(run: Run, files: tuple[Path, Path]):
    said = refusal(run(*arguments(files, "--rubric", "strict")))
    assert "'strict'" in said
    assert "default, points_only" in said


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("一二三".encode("gbk"), "answer.txt:1: not UTF-8 text (byte 2)"),
        (b"", "There is nothing in the answer"),
        (b" \n\t", "There is nothing in the answer"),
        (b"a" * (ANSWER_LIMIT + 1), "the limit is 20,000"),
    ],
)
def test_an_answer_that_cannot_be_taken(run: Run, files: tuple[Path, Path], raw: bytes, expected: str):
    files[1].write_bytes(raw)
    assert expected in refusal(run(*arguments(files)))


def test_a_file_that_is_not_there(run: Run, files: tuple[Path, Path]):
    files[0].unlink()
    assert f"{files[0]}: cannot be read: No such file" in refusal(run(*arguments(files)))


def test_a_judge_is_used_where_one_is_configured(run: Run, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch):
    with FakeJudge().serving() as judge:
        monkeypatch.setenv("OPENAI_BASE_URL", judge.url)
        monkeypatch.setenv("VIVA_MODEL", "some:model")
        grade = graded(run, files)
        estimate = graded(run, files, "--grader", "coverage")
    assert (grade["status"], grade["grader"], grade["label"]) == ("graded", "custom:some:model", "judgement")
    assert {point["verdict"] for point in grade["key_points"] if point["verified"] and point["evidence"]} == {"covered"}
    assert {criterion["id"] for criterion in grade["criteria"]} == {"depth", "clarity"}
    assert all(set(criterion) == {"id", "level", "evidence"} for criterion in grade["criteria"])
    assert grade["feedback"]
    assert estimate["label"] == "coverage_estimate"


def test_a_wrong_key_is_a_reason_and_never_a_score(run: Run, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch):
    with fault_server.fault_server(fault_server.refusal(401, "Incorrect API key provided: sk-secret")) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
        monkeypatch.setenv("VIVA_MODEL", "some-model")
        outcome = run(*arguments(files, "--json"))
    assert outcome.exit_code == 0, outcome.output
    grade = json.loads(outcome.stdout)
    assert (grade["status"], grade["reason"], grade["score"]) == ("ungraded", "key_refused", None)
    assert grade["grader"] == "custom:some-model"
    assert "sk-secret" not in outcome.output


def test_a_backend_without_a_model_is_refused_before_anything_is_sent(
    run: Run, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OPENAI_BASE_URL", "https://llm.invalid/v1")
    assert "VIVA_MODEL" in refusal(run(*arguments(files)))
