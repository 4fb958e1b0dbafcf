"""The driver: whatever a grader does on one request, one outcome comes of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Literal

import pytest

from interview.errors import LastingFault, PassingFault
from interview.grading.coverage import estimate
from interview.grading.grader import GradingEvent, GradingRequest, VerdictReady, VerdictsCleared
from interview.grading.jury import JuryGrader
from interview.grading.key_points import from_notes
from interview.grading.run import run
from interview.models import Checklist, Graded, Ungraded
from interview.rubrics import load_rubrics
from tests.conftest import REPO
from tests.made_up import make_question

RUBRIC = load_rubrics(REPO / "rubrics")["points_only"]
REQUEST = GradingRequest(question=make_question(), answer="a right answer", rubric=RUBRIC, lang="en")
GRADE = estimate(REQUEST)
CLEARED = VerdictsCleared(why="again")

Script = Callable[[GradingRequest], AsyncIterator[GradingEvent]]


@dataclass
class Scripted:
    """A grader that does as its script says; `closed` once it was left or ran to its end."""

    script: Script
    name: str = "scripted"
    kind: Literal["coverage", "judge"] = "judge"
    host: str = "h"
    model: str = "m"
    mode: str = "single"
    closed: bool = False
    asked: list[GradingRequest] = field(default_factory=list)

    async def grade(self, request: GradingRequest) -> AsyncIterator[GradingEvent]:
        self.asked.append(request)
        try:
            async for event in self.script(request):
                yield event
        finally:
            self.closed = True


async def raises(request: GradingRequest) -> AsyncIterator[GradingEvent]:
    raise ValueError("a secret")
    yield GRADE


async def silent(request: GradingRequest) -> AsyncIterator[GradingEvent]:
    return
    yield GRADE


async def cancels_itself(request: GradingRequest) -> AsyncIterator[GradingEvent]:
    raise asyncio.CancelledError
    yield GRADE


async def times_out_itself(request: GradingRequest) -> AsyncIterator[GradingEvent]:
    raise TimeoutError
    yield GRADE


async def hangs(request: GradingRequest) -> AsyncIterator[GradingEvent]:
    await asyncio.sleep(60)
    yield GRADE


async def refused(request: GradingRequest) -> AsyncIterator[GradingEvent]:
    raise LastingFault("no", fault="content_refused")
    yield GRADE


async def busy(request: GradingRequest) -> AsyncIterator[GradingEvent]:
    raise PassingFault("busy", fault="rate_limited")
    yield GRADE


async def grades(request: GradingRequest) -> AsyncIterator[GradingEvent]:
    yield CLEARED
    yield GRADE


async def goes_on(request: GradingRequest) -> AsyncIterator[GradingEvent]:
    yield GRADE
    yield CLEARED
    raise PassingFault("too late", fault="rate_limited")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (raises, "internal_error"),
        (silent, "internal_error"),
        (cancels_itself, "internal_error"),
        (times_out_itself, "internal_error"),
        (hangs, "timed_out"),
        (refused, "content_refused"),
        (busy, "rate_limited"),
    ],
)
def test_every_failure_is_an_ungraded_that_names_the_grader(script: Script, reason: str, caplog) -> None:
    outcome = asyncio.run(run(Scripted(script), REQUEST, limit=0.05))
    assert isinstance(outcome, Ungraded)
    assert outcome.reason == reason
    assert "secret" not in outcome.detail
    made = outcome.provenance
    assert (made.grader, made.kind, made.host, made.model, made.mode) == ("scripted", "judge", "h", "m", "single")
    assert (made.rubric, made.question_digest) == (RUBRIC.ref, REQUEST.question.content_digest)


def test_a_passing_fault_is_raised_for_a_caller_that_tries_again() -> None:
    with pytest.raises(PassingFault, match="busy"):
        asyncio.run(run(Scripted(busy), REQUEST, retries=True))
    assert asyncio.run(run(Scripted(refused), REQUEST, retries=True)).status == "ungraded"


def test_the_first_outcome_counts_and_the_grader_is_closed() -> None:
    seen: list[VerdictReady | VerdictsCleared] = []
    grader = Scripted(goes_on)
    outcome = asyncio.run(run(grader, REQUEST, retries=True, observe=seen.append))
    assert outcome == GRADE
    assert grader.closed
    assert seen == []


def test_verdicts_are_observed_on_the_way() -> None:
    seen: list[VerdictReady | VerdictsCleared] = []
    asyncio.run(run(Scripted(grades), REQUEST, observe=seen.append))
    assert seen == [CLEARED]


def test_a_cancelled_caller_ends_the_grader() -> None:
    grader = Scripted(hangs)

    async def cancel() -> None:
        task = asyncio.create_task(run(grader, REQUEST))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())
    assert grader.closed


def test_the_key_points_of_a_checklist_are_graded_and_the_outcome_names_them() -> None:
    found = from_notes(REQUEST.question)
    found = found.model_copy(update={"origin": "extracted", "points": found.points[:1]})
    grader = Scripted(grades)

    async def checklist() -> Checklist:
        return found

    outcome = asyncio.run(run(grader, REQUEST, checklist=checklist))
    (asked,) = grader.asked
    assert asked.question.key_points == (found.points[0].key_point,)
    assert outcome.provenance.checklist == found.ref
    assert outcome.provenance.question_digest == REQUEST.question.content_digest


def test_a_checklist_that_fails_or_hangs_is_a_failure_too(caplog) -> None:
    async def fails() -> Checklist:
        raise OSError("disk")

    async def waits() -> Checklist:
        await asyncio.sleep(60)
        return from_notes(REQUEST.question)

    for checklist, reason in ((fails, "internal_error"), (waits, "timed_out")):
        outcome = asyncio.run(run(Scripted(grades), REQUEST, limit=0.05, checklist=checklist))
        assert isinstance(outcome, Ungraded)
        assert outcome.reason == reason


def test_a_member_of_a_jury_that_breaks_has_no_vote_and_stops_no_other(caplog) -> None:
    members = [Scripted(grades, name="a"), Scripted(raises, name="b"), Scripted(grades, name="c")]
    outcome = asyncio.run(run(JuryGrader(members, name="panel=a,b,c", mode="panel"), REQUEST))
    assert isinstance(outcome, Graded)
    assert [(one.by, one.failure) for one in outcome.ballots] == [("a", None), ("b", "internal_error"), ("c", None)]
