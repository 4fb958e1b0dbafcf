"""Careful, vote and panel: how a grader's name says it, what the calls come to, and what failures do."""

import asyncio
import json
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interview.backends.backend import CompletionRequest
from interview.backends.scripted import Reply, ScriptedBackend
from interview.errors import LastingFault, NotFound, PassingFault
from interview.grading.grader import GradingEvent, VerdictReady, VerdictsCleared
from interview.grading.judge import JudgeGrader
from interview.grading.judge_prompt import JudgePrompt
from interview.grading.jury import JuryGrader
from interview.grading.majority import agreed_points
from interview.grading.modes import GraderName, in_mode, taken_apart
from interview.grading.provenance import model_of
from interview.grading.scoring import rescore, score
from interview.grading.shelf import GraderShelf, ShelvedBackend
from interview.models import Graded, KeyPoint, PointGrade, Provenance, Ungraded, Verdict
from interview.settings import ConfiguredBackend
from tests.command_line import Run, data_dir, refusal, run
from tests.endpoints import endpoint_at
from tests.fake_judge import FakeJudge
from tests.test_judge import ANSWER, PROMPTS, QUESTION, RUBRICS, reply, request, said

__all__ = ["data_dir", "run"]

VERDICTS: tuple[Verdict, ...] = ("contradicted", "missing", "partial", "covered")
CLOSED = "http://127.0.0.1:9/v1"
QUOTES = {"k1": "weights that sum to one", "k2": "because it saturates", "k3": "every query"}


# --- names -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("openai", GraderName("single", ("openai",))),
        ("ollama:qwen3:8b", GraderName("single", ("ollama:qwen3:8b",))),
        ("ollama:qwen3:8b@careful", GraderName("careful", ("ollama:qwen3:8b",))),
        ("openai:m@vote=3", GraderName("vote", ("openai:m",), 3)),
        ("openai:org/model@2024", GraderName("single", ("openai:org/model@2024",))),
        ("openai:m@2024@careful", GraderName("careful", ("openai:m@2024",))),
        ("openai:m@carefully", GraderName("single", ("openai:m@carefully",))),
        ("openai:m@vote=three", GraderName("single", ("openai:m@vote=three",))),
        ("panel=openai,ollama:qwen3@careful", GraderName("panel", ("openai", "ollama:qwen3@careful"))),
    ],
)
def test_a_name_is_taken_apart_at_a_mode_and_nowhere_else(name: str, parts: GraderName):
    assert taken_apart(name) == parts


@pytest.mark.parametrize(
    "name",
    [
        *("a@vote=0", "a@vote=1", "a@vote=2", "a@vote=4", "a@vote=101", "a@vote=99999999999999"),
        *("a@careful@vote=3", "panel=", "panel=a", "panel=a,", "panel=a,a", "panel=a,b@vote=3"),
    ],
)
def test_a_mode_that_cannot_be_is_refused(name: str):
    with pytest.raises(NotFound):
        taken_apart(name)


def test_the_command_line_composes_names():
    assert in_mode(None, None, "d") == "d"
    assert in_mode("a", "single", "d") == "a"
    assert in_mode(None, "careful", "d") == "d@careful"
    assert in_mode("a:b", "vote=5", "d") == "a:b@vote=5"
    assert in_mode(None, "panel=a,b", "d") == "panel=a,b"
    for grader, mode in (("a", "panel=a,b"), (None, "fast"), (None, "vote"), (None, "")):
        with pytest.raises(NotFound):
            in_mode(grader, mode, "d")


# --- careful ---------------------------------------------------------------------------------------------------


def in_parts(asked: CompletionRequest, whole: dict[str, Any] | None = None) -> str:
    """The part of a whole reply that a request asks for."""
    assert asked.json_schema is not None
    whole = whole or reply()
    found: dict[str, Any] = {}
    for name in asked.json_schema["properties"]:
        kept = whole[name]
        if name in ("key_points", "criteria"):
            ids = asked.json_schema["$defs"][{"key_points": "KeyPoints", "criteria": "Criteria"}[name]]["properties"]
            kept = {one: kept[one] for one in ids}
        found[name] = kept
    return json.dumps(found)


def careful(backend: Any, asked: Any = None) -> list[GradingEvent]:
    grader = JudgeGrader(backend, PROMPTS, name="scripted@careful", mode="careful", secret=b"secret")

    async def collect() -> list[GradingEvent]:
        return [event async for event in grader.grade(asked or request())]

    return asyncio.run(collect())


def test_every_key_point_and_criterion_is_asked_about_in_exactly_one_call():
    replies = [part.reply for part in JudgePrompt(request(), PROMPTS.judge, b"s").parts]
    assert [point for reply in replies for point in reply.points] == ["k1", "k2", "k3"]
    assert [one for reply in replies for one in reply.criteria] == ["depth", "clarity"]
    assert [reply.rest for reply in replies] == [False, False, False, True]


def test_the_parts_come_to_the_grade_of_the_whole_with_all_calls_counted():
    backend = ScriptedBackend(in_parts)
    events = careful(backend)
    single = ScriptedBackend([json.dumps(reply())])
    whole = asyncio.run(_last(JudgeGrader(single, PROMPTS, name="scripted", secret=b"secret")))
    graded = events[-1]
    assert isinstance(graded, Graded)
    assert isinstance(whole, Graded)
    assert graded.model_dump(exclude={"provenance"}) == whole.model_dump(exclude={"provenance"})
    assert graded.provenance.calls == len(backend.requests) == 4
    assert (graded.provenance.grader, graded.provenance.mode) == ("scripted@careful", "careful")
    assert graded.provenance.prompt_tokens is not None
    assert graded.provenance.prompt_tokens > 3 * (whole.provenance.prompt_tokens or 0)
    assert sorted(event.point.id for event in events if isinstance(event, VerdictReady)) == ["k1", "k2", "k3"]
    # What differs between the calls is the form of the reply alone: prefix caches hit.
    first, second = (one.messages for one in backend.requests[:2])
    assert first[0] == second[0]


def test_a_part_that_is_asked_again_voids_its_own_verdicts_alone():
    ids = ("k1", "k2", "k3", "k4")
    question = QUESTION.model_copy(
        update={"key_points": tuple(KeyPoint(id=name, text=f"point {name}") for name in ids)}
    )
    whole = reply(key_points=dict.fromkeys(ids, said("missing")))
    bad = iter([whole | {"key_points": {"k1": said("missing"), "k2": said("mostly"), "k3": said("missing")}}])

    def answered(asked: CompletionRequest) -> Reply:
        first = "k1" in json.dumps(asked.json_schema)
        return in_parts(asked, next(bad, whole) if first else whole)

    events = careful(ScriptedBackend(answered), request(question=question))
    (cleared,) = (number for number, event in enumerate(events) if isinstance(event, VerdictsCleared))
    before = [event.point.id for event in events[:cleared] if isinstance(event, VerdictReady)]
    after = [event.point.id for event in events[cleared:] if isinstance(event, VerdictReady)]
    assert {"k1", "k4"} <= set(before)  # both have something to lose, and only the first group does
    assert sorted(after) == list(ids)
    assert isinstance(events[-1], Graded)


@pytest.mark.parametrize("fault", [LastingFault("No key.", fault="key_refused"), "no JSON"])
def test_one_part_that_fails_is_no_grade_and_ends_the_others(fault: Reply):
    def answered(asked: CompletionRequest) -> Reply:
        return fault if "criteria" in (asked.json_schema or {})["properties"] else in_parts(asked)

    ungraded = careful(ScriptedBackend(answered))[-1]
    assert isinstance(ungraded, Ungraded)
    assert ungraded.reason == ("bad_reply" if isinstance(fault, str) else "key_refused")


def test_a_careful_grading_that_is_left_closes_its_calls():
    backend = ScriptedBackend(in_parts, pause=0.01)

    async def left() -> int:
        grader = JudgeGrader(backend, PROMPTS, name="x", mode="careful")
        grading = grader.grade(request())
        await anext(grading)
        await grading.aclose()  # type: ignore[attr-defined]
        return len(asyncio.all_tasks())

    assert asyncio.run(left()) == 1


# --- vote and panel --------------------------------------------------------------------------------------------


def points(*verdicts: Verdict) -> dict[str, Any]:
    """A reply with these verdicts on k1, k2, k3."""
    names = ("k1", "k2", "k3")
    quoted = {"covered", "partial", "contradicted"}
    return reply(
        key_points={
            name: said(verdict, QUOTES[name] if verdict in quoted else "")
            for name, verdict in zip(names, verdicts, strict=True)
        }
    )


def member(answer: dict[str, Any] | Reply, name: str) -> JudgeGrader:
    text = json.dumps(answer) if isinstance(answer, dict) else answer
    look = json.dumps({name: {"reason": "", "stated": "yes"} for name in "ab"})
    backend = ScriptedBackend(
        lambda asked: text if asked.schema_name == "judgement" else look, model=f"model of {name}"
    )
    return JudgeGrader(backend, PROMPTS, name=name, secret=b"secret")


def jury(*answers: dict[str, Any] | Reply, names: Sequence[str] = ()) -> JuryGrader:
    members = [member(one, name) for one, name in zip(answers, names or ["m"] * len(answers), strict=True)]
    return JuryGrader(members, name="m@vote", mode=f"vote={len(answers)}")


async def _last(grader: Any, asked: Any = None) -> GradingEvent:
    return [event async for event in grader.grade(asked or request())][-1]


def verdict_of(*answers: dict[str, Any] | Reply, names: Sequence[str] = ()) -> Graded | Ungraded:
    outcome = asyncio.run(_last(jury(*answers, names=names)))
    assert isinstance(outcome, Graded | Ungraded)
    return outcome


def test_the_majority_decides_about_each_point_and_agreement_is_told():
    graded = verdict_of(
        points("covered", "missing", "missing"),
        points("covered", "partial", "missing"),
        points("missing", "partial", "missing"),
    )
    assert isinstance(graded, Graded)
    assert [point.verdict for point in graded.key_points] == ["covered", "partial", "missing"]
    assert [point.agreement for point in graded.key_points] == [2 / 3, 2 / 3, 1.0]
    assert graded.agreement == pytest.approx(7 / 9)
    assert [vote.by for vote in graded.key_points[0].votes] == ["m #1", "m #2", "m #3"]
    assert graded.key_points[0].evidence[0].quote == "weights that sum to one"
    assert [ballot.score for ballot in graded.ballots] == [4.6, 6.9, 2.3]
    assert graded.median_score == 4.6
    assert graded.score == 6.9  # that of the verdicts, so that anybody can compute it again
    again = rescore(graded, RUBRICS["default"])
    assert again is not None
    assert again.value == graded.score
    assert (graded.provenance.calls, graded.provenance.mode) == (3, "vote=3")
    assert graded.provenance.completion_tokens is not None


def test_the_members_of_a_panel_are_told_apart_by_their_names():
    graded = verdict_of(
        points("covered", "missing", "missing"), points("partial", "missing", "missing"), names=("a", "b")
    )
    assert isinstance(graded, Graded)
    assert [(vote.by, vote.verdict) for vote in graded.key_points[0].votes] == [("a", "covered"), ("b", "partial")]
    assert graded.key_points[0].verdict == "partial"  # of two middle ones the lower
    assert graded.provenance.model == "model of a, model of b"
    assert [ballot.model for ballot in graded.ballots] == ["model of a", "model of b"]


def test_a_vote_that_fails_is_no_verdict_and_a_majority_is_enough():
    full = points("covered", "covered", "missing")
    graded = verdict_of(full, "no JSON", full)
    assert isinstance(graded, Graded)
    assert [len(point.votes) for point in graded.key_points] == [2, 2, 2]
    assert [ballot.failure for ballot in graded.ballots] == [None, "bad_reply", None]
    assert graded.score == verdict_of(full, full, full).score  # type: ignore[union-attr]


def test_fewer_than_a_majority_of_votes_is_no_grade():
    ungraded = verdict_of("no JSON", points("covered", "covered", "missing"), LastingFault("No.", fault="key_refused"))
    assert isinstance(ungraded, Ungraded)
    assert ungraded.reason == "bad_reply"
    assert "1 of 3" in ungraded.detail
    assert ungraded.raw_reply == "no JSON"


def test_votes_that_may_come_later_are_waited_for():
    with pytest.raises(PassingFault):
        verdict_of(
            PassingFault("Later.", fault="rate_limited"),
            points("covered", "covered", "missing"),
            LastingFault("No.", fault="key_refused"),
        )


def test_the_guard_asks_nobody():
    voters = jury(*[points("covered", "covered", "missing")] * 3)
    settled = asyncio.run(_last(voters, request("I don't know")))
    assert isinstance(settled, Graded)
    assert (settled.score, settled.ballots) == (0, ())


def test_findings_and_doubts_need_more_than_half():
    error = {"quote": "linear in the scores", "reason": "wrong", "severity": "major"}
    doubt = {"quote": "weights that sum to one", "reason": "They do not.", "status": "disputed"}
    one = {**points("covered", "missing", "missing"), "errors": [error], "reference_check": doubt}
    other = points("covered", "missing", "missing")
    for answers, count in (((one, other, other), 0), ((one, one, other), 1)):
        graded = verdict_of(*answers)
        assert isinstance(graded, Graded)
        assert len(graded.findings) == count
        assert (graded.doubt is not None) == (count == 1)
        assert ("reference_disputed" in graded.flags) == (count == 1)


def graded_with(verdicts: Sequence[Verdict]) -> Graded:
    provenance = Provenance(grader="m", kind="judge", rubric="r", question_digest="q", reference_digest="f")
    grades = tuple(
        PointGrade(id=f"k{number}", text="t", weight=1, kind="required", verdict=verdict, verified=True)
        for number, verdict in enumerate(verdicts, 1)
    )
    return Graded(score=0, max_score=10, band="weak", label="judgement", key_points=grades, provenance=provenance)


BALLOTS = st.lists(st.sampled_from((*VERDICTS, "cannot_assess")), min_size=1, max_size=7)


@given(BALLOTS)
def test_a_majority_always_wins_and_the_order_of_votes_does_not_matter(ballots: list[Verdict]):
    def agreed(votes: Sequence[Verdict]) -> Verdict:
        (point,) = agreed_points([graded_with([vote]) for vote in votes], [str(number) for number in range(len(votes))])
        return point.verdict

    verdict = agreed(ballots)
    assert verdict in ballots
    for one in set(ballots):
        if 2 * ballots.count(one) > len(ballots):
            assert verdict == one
    for other in list(permutations(ballots))[:24]:
        assert agreed(other) == verdict


@given(st.lists(st.tuples(*[st.sampled_from(VERDICTS)] * 3), min_size=3, max_size=5))
def test_a_better_vote_never_lowers_the_score(ballots: list[tuple[Verdict, ...]]):
    def worth(votes: Sequence[Sequence[Verdict]]) -> float:
        merged = agreed_points([graded_with(vote) for vote in votes], [str(number) for number in range(len(votes))])
        counted = score(RUBRICS["points_only"], merged, (), ())
        assert counted is not None
        return counted.value

    better = [("covered", *ballots[0][1:]), *ballots[1:]]
    assert worth(better) >= worth(ballots)


def test_nothing_of_an_answer_is_lost_on_the_way_to_a_jury():
    graded = verdict_of(*[points("covered", "partial", "missing")] * 3)
    assert isinstance(graded, Graded)
    for point in graded.key_points[:2]:
        assert all(ANSWER[one.start : one.end] == one.quote for one in point.evidence)
        assert point.evidence


# --- from a name to a grade ------------------------------------------------------------------------------------


def test_the_shelf_builds_every_mode_of_a_backend_that_it_has(tmp_path: Path):
    shelf = shelf_with("work", "home")
    assert isinstance(shelf.get("work:m@careful"), JudgeGrader)
    vote, panel = shelf.get("work@vote=3"), shelf.get("panel=work,home:big@careful")
    assert (vote.name, vote.host) == ("work@vote=3", "127.0.0.1:9")
    assert (model_of(vote), model_of(panel)) == ("m", "m, big")
    assert shelf.endpoint_of("panel=home:big,work").model == "big"  # type: ignore[union-attr]
    assert shelf.backend("work@vote=3") is not None
    for unknown in ("nobody@careful", "coverage@careful", "panel=work,coverage", "panel=work,nobody", "work@vote=2"):
        with pytest.raises(NotFound):
            shelf.get(unknown)


def shelf_with(*names: str) -> GraderShelf:
    shelved = [
        ShelvedBackend(
            endpoint=endpoint_at("http://127.0.0.1:9/v1", name=name, model="m"),
            offered=(name,),
            origin="test",
            entry=ConfiguredBackend(name=name, origin="test"),
        )
        for name in names
    ]
    return GraderShelf(shelved, PROMPTS)


@pytest.mark.parametrize(("mode", "calls"), [("careful", 2), ("vote=3", 3)])
def test_the_command_line_grades_in_a_mode(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, calls: int
):
    (tmp_path / "r.md").write_text("Attention weights come out of a softmax.", encoding="utf-8")
    (tmp_path / "a.txt").write_text("The attention weights come out of a softmax.", encoding="utf-8")
    with FakeJudge().serving() as fake:
        monkeypatch.setenv("OPENAI_BASE_URL", fake.url)
        files = ("--reference-file", tmp_path / "r.md", "--answer-file", tmp_path / "a.txt")
        made = run("grade", "--question", "Why?", *files, "--rubric", "points_only", "--mode", mode, "--json")
        found = json.loads(made.stdout)
        assert (found["score"], found["grader"]) == (10.0, f"custom@{mode}")
        assert ("ballots" in found) == (mode == "vote=3")
        assert fake.calls == calls


def test_evaluate_measures_a_mode_and_a_mode_that_cannot_be_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    with FakeJudge().serving() as fake:
        monkeypatch.setenv("OPENAI_BASE_URL", fake.url)
        arguments = ("evaluate", "--suite", "golden", "--lang", "en", "--sample", "1", "--json")
        found = json.loads(run(*arguments, "--mode", "vote=3").stdout)
        assert found["grader"] == "custom@vote=3"
        assert found["calls"] >= 3 * found["n"] > 0
        assert 0 <= found["second_looks"] <= 1
        assert "odd" in refusal(run(*arguments, "--mode", "vote=2"))
