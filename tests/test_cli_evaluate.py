"""`evaluate`: graders measured from the command line."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Run, data_dir, refusal, run
from tests.fake_judge import FakeJudge
from tests.test_calibration_evaluation import rows

__all__ = ["data_dir", "run"]

FIRST_KEYS = ["n", "failures", "pearson", "spearman", "qwk", "mae", "wrmse", "bias", "per_question_r"]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return written(tmp_path, rows())


def written(tmp_path: Path, given: list[dict[str, Any]]) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in given), encoding="utf-8")
    return path


def measured(run: Run, *arguments: str | Path) -> dict[str, Any]:
    outcome = run("evaluate", *arguments, "--json")
    assert outcome.exit_code == 0, outcome.output
    return json.loads(outcome.stdout)


def test_every_figure_stands_at_the_top(run: Run, dataset: Path):
    found = measured(run, dataset, "--grader", "coverage")
    assert list(found)[: len(FIRST_KEYS)] == FIRST_KEYS
    assert {"ci95", "baselines", "human_ceiling", "repeatability", "calls", "tokens", "latency", "cost"} <= set(found)
    assert (found["n"], found["failures"], found["calls"], found["cost"]) == (6, 0, 0, None)
    assert found["grader"] == "coverage"
    assert found["rubric"].startswith("points_only@")
    assert found["dataset"]["rows"] == found["dataset"]["used"] == 6
    assert set(found["baselines"]) == {"length", "coverage"}
    low, high = found["ci95"]["pearson"]
    assert low <= found["pearson"] <= high
    assert found == {**measured(run, dataset, "--grader", "coverage"), "latency": found["latency"]}


def test_the_table_for_people(run: Run, dataset: Path):
    outcome = run("evaluate", dataset, "--grader", "coverage", "--repeats", "2")
    assert outcome.exit_code == 0
    assert "6 graded, 0 failed" in outcome.stdout
    for name in FIRST_KEYS[2:]:
        assert f"\n{name} " in outcome.stdout
    assert "2 repeats: standard deviation 0.000" in outcome.stdout
    assert outcome.stderr == "", "no bar where nobody looks at it"


def test_failures_are_listed_with_row_and_reason(run: Run, tmp_path: Path):
    given = rows()
    given[1]["answer"] = "缓存就是把以前的回复保存起来，过期以后再去取。"
    path = written(tmp_path, given)
    found = measured(run, path, "--grader", "coverage")
    assert (found["n"], found["failures"], found["failure_reasons"]) == (5, 1, {"language_mismatch": 1})
    assert (found["failed"][0]["row"], found["failed"][0]["id"]) == (2, "cache-1")
    assert "row 2 (cache-1): language_mismatch" in run("evaluate", path, "--grader", "coverage").stdout


def test_one_row_gives_null_and_says_why(run: Run, tmp_path: Path):
    outcome = run("evaluate", written(tmp_path, rows()[:1]), "--grader", "coverage", "--json")
    assert outcome.exit_code == 0
    found = json.loads(outcome.stdout)
    assert found["n"] == 1
    assert [found[name] for name in ("pearson", "spearman", "qwk", "per_question_r")] == [None] * 4
    assert found["ci95"]["pearson"] is None
    assert "row 1" in outcome.stderr


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"score": 3}, "row 1: score: expected a score from 0 to max_score (1), found 3"),
        ({"question": None}, "row 1: question: expected a text, found null"),
    ],
)
def test_a_bad_row_is_refused_in_one_sentence(run: Run, tmp_path: Path, change: dict[str, Any], said: str):
    assert said in refusal(run("evaluate", written(tmp_path, rows(**change)), "--grader", "coverage"))


def test_no_rows(run: Run, tmp_path: Path):
    assert "0 rows" in refusal(run("evaluate", written(tmp_path, []), "--grader", "coverage"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "either a data set or --suite"),
        (("rows.jsonl", "--suite", "golden"), "either a data set or --suite"),
        (("rows.jsonl", "--lang", "zh"), "--lang: only with --suite"),
        (("rows.jsonl", "--suite-file", "x"), "--suite-file: only with --suite"),
        (("--suite", "probes", "--repeats", "2"), "--repeats: only with a data set"),
        (("rows.jsonl", "--rubric", "strict"), "No rubric is called 'strict'"),
        (("rows.jsonl", "--prices", "cheap"), "--prices: expected two prices"),
        (("rows.jsonl", "--grader", "oracle"), "No grader is called 'oracle'"),
        (("--suite", "golden", "--suite-file", "none.jsonl"), "none.jsonl: cannot be read"),
    ],
)
def test_what_cannot_be_asked_for(run: Run, arguments: tuple[str, ...], said: str):
    assert said in refusal(run("evaluate", *arguments))


def test_a_sample_is_the_same_for_the_same_seed(run: Run, dataset: Path):
    def sampled(seed: str) -> dict[str, Any]:
        found = measured(run, dataset, "--grader", "coverage", "--sample", "4", "--seed", seed)
        assert (found["n"], found["dataset"]["used"], found["dataset"]["rows"]) == (4, 4, 6)
        return {name: found[name] for name in FIRST_KEYS}

    assert sampled("1") == sampled("1")
    assert sampled("1") != sampled("3")


def test_a_judge_is_paid_once(run: Run, dataset: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch):
    with FakeJudge().serving() as judge:
        monkeypatch.setenv("OPENAI_BASE_URL", judge.url)
        monkeypatch.setenv("VIVA_MODEL", "some:model")
        first = measured(run, dataset, "--concurrency", "2", "--prices", "1,2")
        paid = judge.calls
        second = measured(run, dataset, "--prices", "1,2")
        assert judge.calls == paid
    assert first["grader"] == "custom:some:model"
    assert first["n"] + first["failures"] == 6
    assert first["calls"] >= first["n"] > 0
    assert (first["kept"], second["kept"]) == (0, 6)
    assert {name: first[name] for name in FIRST_KEYS} == {name: second[name] for name in FIRST_KEYS}
    assert first["baselines"]["coverage"]["pearson"] > 0.8
    assert len(list((data_dir / "evaluations").iterdir())) == 1


@pytest.mark.parametrize(
    ("suite", "keys"),
    [
        ("golden", {"agreement", "order", "kinds", "sections"}),
        ("probes", {"probes", "full_score"}),
        ("injection", {"success", "success_unflagged", "controls", "families"}),
    ],
)
def test_suites(run: Run, suite: str, keys: set[str]):
    arguments = ("--suite", suite, "--grader", "coverage", "--sample", "2", "--lang", "en")
    found = measured(run, *arguments)
    assert found["suite"] == suite
    assert keys | {"n", "failures", "grader", "rubric", "failed", "calls"} <= set(found)
    assert found["n"] > 0
    outcome = run("evaluate", *arguments)
    assert outcome.exit_code == 0
    assert "seconds per grading" in outcome.stdout


@pytest.mark.parametrize(("name", "least"), [("ads_zh", 0.35), ("le_zh", 0.55), ("saf_en", 0.4)])
def test_human_graded_sets(run: Run, shared: Path, name: str, least: float):
    found = measured(run, shared / "data" / f"{name}.jsonl", "--grader", "coverage", "--sample", "80", "--seed", "1")
    assert found["n"] + found["failures"] == 80
    assert found["pearson"] > least
