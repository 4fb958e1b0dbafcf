"""A jury: several graders, or one several times, judge one answer; the majority decides about each key point."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Literal

from interview.errors import PassingFault
from interview.grading.grader import Grader, GradingEvent, GradingRequest
from interview.grading.guard import settle
from interview.grading.majority import agreed_criteria, agreed_doubt, agreed_findings, agreed_points
from interview.grading.provenance import model_of, provenance, sum_of_known
from interview.grading.run import GradingOutcome, run
from interview.grading.scoring import score
from interview.models import Ballot, Graded, PointGrade, Provenance, Ungraded, UngradedReason

_AGAINST_A_QUOTE = ("unverified_quote", "second_look_refused")


class JuryGrader:
    """Grades with `members`, at once; its verdicts come together, so none is told before the end.

    The score is computed from the verdicts of the majority, so that it can be computed again. A member without a grade
    has no vote; when fewer than a majority of the members vote, there is no grade.
    """

    kind: Literal["judge"] = "judge"

    def __init__(
        self,
        members: Sequence[Grader],
        *,
        name: str,
        mode: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """The same grader several times is a vote; then voters are told apart by number."""
        names = [member.name for member in members]
        alike = len(set(names)) < len(names)
        self.name = name
        self.mode = mode
        self._members = tuple(members)
        self._voters = tuple(f"{one} #{number}" for number, one in enumerate(names, 1)) if alike else tuple(names)
        self._monotonic = monotonic

    @property
    def host(self) -> str:
        """Every host that the answer is sent to, with commas between."""
        return _listed([member.host for member in self._members])

    @property
    def model(self) -> str:
        """Every model that is asked."""
        return _listed([model_of(member) for member in self._members])

    async def grade(self, request: GradingRequest) -> AsyncIterator[GradingEvent]:
        """Yield Graded, or Ungraded with the commonest reason of those who could not vote.

        Raises PassingFault where the votes that are missing for a majority may come later.
        """
        settled = settle(request)
        if settled is not None:
            yield settled
            return
        started = self._monotonic()
        passing: list[PassingFault] = []
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_vote(member, request, passing)) for member in self._members]
        outcomes = [task.result() for task in tasks]
        votes = {by: one for by, one in zip(self._voters, outcomes, strict=True) if isinstance(one, Graded)}
        made = self._provenance(request, outcomes, started)
        if 2 * len(votes) > len(outcomes):
            ballots = tuple(_ballot(*one) for one in zip(self._voters, self._members, outcomes, strict=True))
            yield _agreed(request, votes, ballots, made)
        elif passing:
            raise passing[0]
        else:
            yield self._without_majority(outcomes, len(votes), made)

    def _without_majority(self, outcomes: Sequence[GradingOutcome], voted: int, made: Provenance) -> Ungraded:
        failed = [(by, one) for by, one in zip(self._voters, outcomes, strict=True) if isinstance(one, Ungraded)]
        reasons: Counter[UngradedReason] = Counter(one.reason for _, one in failed)
        details = " ".join(f"{by}: {one.detail}" for by, one in failed)
        return Ungraded(
            reason=reasons.most_common(1)[0][0],
            detail=f"{voted} of {len(outcomes)} votes could be counted; more than half are needed. {details}",
            raw_reply=next((one.raw_reply for _, one in failed if one.raw_reply), ""),
            provenance=made,
        )

    def _provenance(self, request: GradingRequest, outcomes: Sequence[GradingOutcome], started: float) -> Provenance:
        made = [one.provenance for one in outcomes]
        own = provenance(self, request.question, request.rubric.ref, seconds=self._monotonic() - started)
        return own.model_copy(
            update={
                "returned_model": _listed([one.returned_model for one in made]),
                "rung": next((one.rung for one in made if one.rung), None),
                "prompt": next((one.prompt for one in made if one.prompt), ""),
                "calls": sum(one.calls for one in made),
                "prompt_tokens": sum_of_known(one.prompt_tokens for one in made),
                "completion_tokens": sum_of_known(one.completion_tokens for one in made),
                "cached_tokens": sum_of_known(one.cached_tokens for one in made),
            }
        )


def _agreed(
    request: GradingRequest, votes: Mapping[str, Graded], ballots: tuple[Ballot, ...], provenance: Provenance
) -> Graded | Ungraded:
    """Return the grade of the majority; `votes` are by the names of the voters, in order."""
    grades = tuple(votes.values())
    points, criteria, findings = agreed_points(grades, tuple(votes)), agreed_criteria(grades), agreed_findings(grades)
    counted = score(request.rubric, points, criteria, findings)
    if counted is None:
        detail = "Too large a part of the key points could not be assessed by half of the voters."
        return Ungraded(reason="abstained", detail=detail, provenance=provenance)
    return Graded(
        score=counted.value,
        max_score=counted.max_score,
        band=counted.band,
        label="judgement",
        provisional=not request.question.has_reference,
        key_points=points,
        criteria=criteria,
        findings=findings,
        doubt=agreed_doubt(grades),
        flags=_flags(grades, points),
        # That of the voter who came nearest to what was agreed.
        feedback=min(grades, key=lambda grade: abs(grade.score - counted.value)).feedback,
        sum=counted.sum,
        ballots=ballots,
        provenance=provenance,
    )


async def _vote(member: Grader, request: GradingRequest, passing: list[PassingFault]) -> GradingOutcome:
    """Return the outcome of a member; its passing fault is an Ungraded that is also added to `passing`."""
    try:
        return await run(member, request, limit=None, retries=True)
    except PassingFault as fault:
        passing.append(fault)
        made = provenance(member, request.question, request.rubric.ref)
        return Ungraded(reason=fault.fault, detail=str(fault), provenance=made)


def _ballot(by: str, member: Grader, one: GradingOutcome) -> Ballot:
    return Ballot(
        by=by,
        host=member.host,
        model=one.provenance.model,
        score=one.score if isinstance(one, Graded) else None,
        failure=one.reason if isinstance(one, Ungraded) else None,
    )


def _flags(grades: Sequence[Graded], points: Sequence[PointGrade]) -> tuple[str, ...]:
    """Return the flags of more than half of the voters, and each second look of any of them.

    A flag against a quote is left out where the verdict of the majority is proven.
    """
    counts = Counter(flag for grade in grades for flag in dict.fromkeys(grade.flags))
    proven = {f"{flag}:{point.id}" for point in points if point.verified for flag in _AGAINST_A_QUOTE}
    return tuple(
        flag
        for flag, count in counts.items()
        if flag not in proven and (2 * count > len(grades) or flag.startswith("second_look:"))
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(name for name in names if name))
