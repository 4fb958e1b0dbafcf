"""A grader against people: failures apart, repeats, what is paid for is kept, several references, costs."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from interview.backends.backend import CompletionRequest
from interview.backends.scripted import Reply, ScriptedBackend
from interview.calibration.costs import Prices
from interview.calibration.evaluation import Evaluation, evaluate_grader
from interview.calibration.human_grades import HumanGrades, read_human_grades
from interview.calibration.trials import Trials, paid_gradings
from interview.errors import LastingFault, PassingFault, StoreError
from interview.grading.coverage import CoverageGrader
from interview.grading.grader import Grader, GradingEvent, GradingRequest
from interview.grading.judge import JudgeGrader
from interview.prompts import load_prompts
from interview.rubrics import load_rubrics
from tests.conftest import REPO
from tests.fake_judge import confirmed

RUBRICS = load_rubrics(REPO / "rubrics")
RUBRIC = RUBRICS["points_only"]
PROMPTS = load_prompts(REPO / "prompts")
_ANSWER = re.compile(r"^<<<ANSWER \S+\n(.*)\nANSWER ", re.MULTILINE)
_POINT = re.compile(r'"id": "(k\d+)"')

REFERENCES = {
    "cache": "A cache keeps copies of earlier replies. Entries expire after a while. A miss goes to the origin.",
    "index": "An index keeps sorted keys. It speeds up lookups. It slows down writes and takes space.",
}
ANSWERS = {
    "cache": ("A cache keeps copies of earlier replies.", "Nothing comes to my mind about that.", "Entries expire."),
    "index": ("An index keeps sorted keys and speeds up lookups.", "It is a kind of poetry.", "It takes space."),
}
GRADES = (0.8, 0.0, 0.4)


def rows(**changes: Any) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{name}-{number}",
            "question_id": name,
            "question": f"What is meant by this: {name}?",
            "reference": REFERENCES[name],
            "answer": answer,
            "score": grade,
            "max_score": 1,
            **changes,
        }
        for name in REFERENCES
        for number, (answer, grade) in enumerate(zip(ANSWERS[name], GRADES, strict=True))
    ]


def grades(tmp_path: Path, given: list[dict[str, Any]] | None = None) -> HumanGrades:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in given or rows()), encoding="utf-8")
    return read_human_grades(path)


def judging(verdict: Callable[[str, int], str | Exception]) -> Callable[[CompletionRequest], Reply]:
    """A model that gives every point the same verdict: `verdict(answer, how often that answer was asked about)`."""
    asked: dict[str, int] = {}

    def reply(request: CompletionRequest) -> Reply:
        if request.schema_name == "secondopinion":
            return confirmed(request.messages[-1].content)
        found = _ANSWER.search(request.messages[-1].content)
        assert found
        answer = json.loads(found[1])
        asked[answer] = asked.get(answer, 0) + 1
        said = verdict(answer, asked[answer])
        if isinstance(said, Exception):
            return cast(Reply, said)
        ids = _POINT.findall("\n".join(message.content for message in request.messages))
        assert ids
        point = {"quote": answer if said == "covered" else "", "reason": "because", "verdict": said}
        content = {
            "key_points": dict.fromkeys(ids, point),
            "errors": [],
            "reference_check": {"quote": "", "reason": "", "status": "ok"},
            "feedback": "",
        }
        return json.dumps(content)

    return reply


def judge(verdict: Callable[[str, int], str | Exception]) -> tuple[JudgeGrader, ScriptedBackend]:
    backend = ScriptedBackend(judging(verdict))
    return JudgeGrader(backend, PROMPTS, name="scripted"), backend


def gradings(backend: ScriptedBackend) -> list[CompletionRequest]:
    """The requests but those for second looks."""
    return [request for request in backend.requests if request.schema_name == "judgement"]


def honest(answer: str, _: int) -> str:
    return "missing" if "Nothing" in answer or "poetry" in answer else "covered"


def run(
    grader: Grader, given: HumanGrades, folder: Path | None = None, *, rubric: str = "points_only", **more: Any
) -> Evaluation:
    paid = paid_gradings(folder, grader, "model-1", RUBRICS[rubric], PROMPTS) if folder else None
    return asyncio.run(evaluate_grader(Trials(grader, paid), given, RUBRICS[rubric], **more))


def test_the_coverage_estimate_on_a_small_set(tmp_path: Path):
    found = run(CoverageGrader(), grades(tmp_path))
    assert (found.agreement.n, found.failed, found.notes) == (6, (), ())
    assert found.agreement.pearson is not None
    assert found.agreement.pearson > 0.8
    assert found.baselines["coverage"] == found.agreement
    assert found.baselines["length"] != found.agreement
    assert found.ci95["pearson"] is not None
    assert found.human_ceiling is None
    assert found.repeatability is None
    assert (found.spent.calls, found.spent.cost, found.spent.kept) == (0, None, 0)


def test_a_failure_is_counted_apart_and_never_scored(tmp_path: Path):
    given = rows()
    given[3]["answer"] = "索引就是把键排好序存起来，查得快，写得慢。"
    found = run(CoverageGrader(), grades(tmp_path, given))
    assert found.agreement.n == 5
    assert [(one.row, one.id, one.reason) for one in found.failed] == [(4, "index-0", "language_mismatch")]
    without = run(CoverageGrader(), grades(tmp_path, given[:3] + given[4:]))
    assert found.agreement == without.agreement


def test_faults_of_the_backend_are_failures_with_their_reason(tmp_path: Path):
    def verdict(answer: str, _: int) -> str | Exception:
        if answer.startswith("Entries"):
            return PassingFault("The server is busy.", fault="rate_limited")
        return LastingFault("The key is refused.", fault="key_refused") if "space" in answer else honest(answer, 1)

    grader, _ = judge(verdict)
    found = run(grader, grades(tmp_path), tmp_path / "kept")
    assert {one.id: one.reason for one in found.failed} == {"cache-2": "rate_limited", "index-2": "key_refused"}
    assert found.agreement.n == 4
    again, backend = judge(honest)
    assert run(again, grades(tmp_path), tmp_path / "kept").agreement.n == 6
    assert len(gradings(backend)) == 2, "what failed for the moment is asked again, and only that"


class Unruly:
    """A grader that raises on one answer, cancels itself on another, and ends without a word on a third."""

    name = "unruly"
    kind = "judge"
    host = ""

    async def grade(self, request: GradingRequest) -> AsyncIterator[GradingEvent]:
        if "poetry" in request.answer:
            raise ValueError("no such thing")
        if "Entries" in request.answer:
            raise asyncio.CancelledError
        if "Nothing" in request.answer:
            return
        async for event in CoverageGrader().grade(request):
            yield event


def test_whatever_a_grader_does_the_run_goes_on(tmp_path: Path):
    found = run(cast(Grader, Unruly()), grades(tmp_path))
    assert [(one.id, one.reason) for one in found.failed] == [
        (name, "internal_error") for name in ("cache-1", "cache-2", "index-1")
    ]
    assert found.agreement.n == 3


def test_repeats_tell_how_steady_a_grader_is(tmp_path: Path):
    grader, backend = judge(lambda answer, time: "covered" if time == 1 else "missing")
    found = run(grader, grades(tmp_path), repeats=2)
    assert len(gradings(backend)) == 12
    steady = found.repeatability
    assert steady is not None
    assert (steady.repeats, steady.verdict_agreement) == (2, 0.0)
    assert steady.sd == pytest.approx(10 / 2**0.5)
    grader, _ = judge(honest)
    steady = run(grader, grades(tmp_path), repeats=3).repeatability
    assert steady is not None
    assert (steady.sd, steady.verdict_agreement, steady.kappa) == (0.0, 1.0, 1.0)


def test_the_figures_are_those_of_one_grading_however_many_repeats(tmp_path: Path):
    grader, _ = judge(lambda answer, time: honest(answer, 1) if time == 1 else "missing")
    once, _ = judge(honest)
    assert run(grader, grades(tmp_path), repeats=3).agreement == run(once, grades(tmp_path)).agreement


def test_a_run_that_broke_off_goes_on_where_it_ended(tmp_path: Path):
    runs: list[asyncio.Task[Any] | None] = []

    def breaking(answer: str, _: int) -> str:
        if answer.startswith("An index") and runs[0]:
            runs[0].cancel()  # as when somebody presses Ctrl-C
        return honest(answer, 1)

    grader, backend = judge(breaking)
    paid = paid_gradings(tmp_path / "kept", grader, "model-1", RUBRIC, PROMPTS)

    async def broken() -> None:
        runs.append(asyncio.current_task())
        await evaluate_grader(Trials(grader, paid, concurrency=1), grades(tmp_path), RUBRIC)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(broken())
    assert len(gradings(backend)) == 4
    (file,) = (tmp_path / "kept").iterdir()
    assert len(file.read_text("utf-8").splitlines()) == 3
    with file.open("a") as torn:
        torn.write('{"key": "torn')
    again, backend = judge(honest)
    found = run(again, grades(tmp_path), tmp_path / "kept")
    assert len(gradings(backend)) == 3
    assert found.spent.kept == 3
    straight, _ = judge(honest)
    assert found.agreement == run(straight, grades(tmp_path)).agreement
    third, backend = judge(honest)
    assert run(third, grades(tmp_path), tmp_path / "kept").spent.kept == 6, "the line after a torn one is whole"
    assert backend.requests == []


def test_other_conditions_are_other_gradings(tmp_path: Path):
    def asked(given: list[dict[str, Any]], **more: Any) -> int:
        grader, backend = judge(honest)
        run(grader, grades(tmp_path, given), tmp_path / "kept", **more)
        return len(gradings(backend))

    assert asked(rows()) == 6
    assert asked(rows()) == 0
    assert asked(rows(), repeats=2) == 6
    changed = rows()
    changed[0]["answer"] += " It is fast."
    assert asked(changed) == 1
    changed[1]["reference"] += " It is fast."
    assert asked(changed) == 1


@pytest.mark.parametrize("change", ["model", "rubric", "prompts"])
def test_another_model_rubric_or_prompt_is_asked_anew(tmp_path: Path, change: str):
    prompts = load_prompts(REPO / "prompts")
    if change == "prompts":
        folder = tmp_path / "prompts"
        folder.mkdir()
        for file in (REPO / "prompts").glob("*.md"):
            (folder / file.name).write_text(file.read_text("utf-8") + "\n", encoding="utf-8")
        prompts = load_prompts(folder)
    grader, _ = judge(honest)
    run(grader, grades(tmp_path), tmp_path / "kept")
    model, rubric = ("model-2" if change == "model" else "model-1"), RUBRIC
    if change == "rubric":
        rubric = RUBRIC.model_copy(update={"digest": "other"})
    paid = paid_gradings(tmp_path / "kept", grader, model, rubric, prompts)
    found = asyncio.run(evaluate_grader(Trials(grader, paid), grades(tmp_path), rubric))
    assert found.spent.kept == 0


def test_gradings_by_other_code_are_not_these(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    run(judge(honest)[0], grades(tmp_path), tmp_path / "kept")
    monkeypatch.setattr("interview.calibration.trials.code_digest", lambda: "other")
    assert run(judge(honest)[0], grades(tmp_path), tmp_path / "kept").spent.kept == 0


def test_errors_are_told_on_ten(tmp_path: Path):
    found = run(judge(lambda *_: "covered")[0], grades(tmp_path))
    assert found.agreement.bias == pytest.approx(6)
    assert found.agreement.mae == pytest.approx(6)
    assert found.ci95["bias"] == found.ci95["mae"] == pytest.approx((6, 6))
    assert found.agreement.wrmse == pytest.approx(((1 + 0.36 + 0.04) / 3) ** 0.5)


def test_the_coverage_estimate_is_never_kept(tmp_path: Path):
    run(CoverageGrader(), grades(tmp_path), tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path):
    (tmp_path / "kept").write_text("a file", encoding="utf-8")
    grader, _ = judge(honest)
    with pytest.raises(StoreError, match="kept"):
        run(grader, grades(tmp_path), tmp_path / "kept")


def test_a_file_that_cannot_be_written_ends_the_run_with_a_sentence(tmp_path: Path):
    grader, _ = judge(honest)
    paid = paid_gradings(tmp_path / "kept", grader, "model-1", RUBRIC, PROMPTS)
    (tmp_path / "kept").rmdir()
    with pytest.raises(StoreError, match="cannot be written"):
        asyncio.run(evaluate_grader(Trials(grader, paid), grades(tmp_path), RUBRIC))


def test_several_references_the_estimate_takes_the_best_a_judge_sees_the_first(tmp_path: Path):
    other = "Copies of replies are stored close to the reader."
    given = [{**rows()[0], "answer": other, "references": [other]}, rows()[1]]
    best = run(CoverageGrader(), grades(tmp_path, given))
    first = run(CoverageGrader(), grades(tmp_path, [{**given[0], "references": []}, given[1]]))
    assert best.agreement.bias is not None
    assert first.agreement.bias is not None
    assert best.agreement.bias > first.agreement.bias
    grader, backend = judge(honest)
    run(grader, grades(tmp_path, [{**given[0], "answer": "Entries expire after a while."}]))
    prompt = "\n".join(message.content for message in gradings(backend)[0].messages)
    assert REFERENCES["cache"] in prompt
    assert other not in prompt
    assert len(gradings(backend)) == 1


def test_calls_tokens_seconds_and_cost(tmp_path: Path):
    grader, backend = judge(honest)
    prices = Prices(prompt=2.0, completion=10.0)
    found = run(grader, grades(tmp_path), prices=prices).spent
    assert found.calls == len(backend.requests) >= len(gradings(backend)) == 6
    assert found.tokens.prompt is not None
    assert found.tokens.completion is not None
    assert found.cost == pytest.approx((2 * found.tokens.prompt + 10 * found.tokens.completion) / 1e6)
    assert found.latency.p95 is not None
    assert run(judge(honest)[0], grades(tmp_path)).spent.cost is None


def test_two_raters_are_the_ceiling(tmp_path: Path):
    given = rows()
    for row, score_a, score_b in zip(given, (0.8, 0, 0.4, 1, 0, 0.4), (0.8, 0.4, 0.4, 0.8, 0, 0), strict=True):
        row |= {"score_a": score_a, "score_b": score_b}
    ceiling = run(CoverageGrader(), grades(tmp_path, given)).human_ceiling
    assert ceiling is not None
    assert ceiling.n == 6
    assert ceiling.mae == pytest.approx(10 / 6)
    assert ceiling.pearson is not None
    assert 0.7 < ceiling.pearson < 0.9


def test_one_row_has_errors_but_no_correlations(tmp_path: Path):
    found = run(CoverageGrader(), grades(tmp_path, rows()[:1]))
    assert found.agreement.n == 1
    assert (found.agreement.pearson, found.agreement.qwk, found.agreement.per_question_r) == (None, None, None)
    assert found.agreement.mae is not None
    assert set(found.ci95.values()) == {None}
    assert "row 1" in found.notes[0]


def test_one_class_only(tmp_path: Path):
    found = run(CoverageGrader(), grades(tmp_path, rows(score=1)))
    assert (found.agreement.pearson, found.agreement.spearman, found.agreement.qwk) == (None, None, None)
    assert "Rows 1 to 6" in found.notes[0]
    assert "one class only" in found.notes[0]


def test_where_nothing_was_graded_no_figure_is_zero(tmp_path: Path):
    found = run(CoverageGrader(), grades(tmp_path, rows(reference="", lang="en")))
    assert len(found.failed) == 6
    assert {one.reason for one in found.failed} == {"no_reference"}
    figures = found.agreement.model_dump()
    assert figures.pop("n") == 0
    assert set(figures.values()) == {None}
    assert found.baselines["length"].pearson is None
