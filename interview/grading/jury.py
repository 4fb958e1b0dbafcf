"""A jury: several graders, or one several times, judge one answer; the majority decides about each key point."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Literal

from interview.errors import BackendError, PassingFault
from interview.grading.grader import Grader, GradingEvent, GradingRequest, model_of
from interview.grading.guard import settle
from interview.grading.majority import agreed_criteria, agreed_doubt, agreed_findings, agreed_points
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
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_outcome(member, request)) for member in self._members]
        yield self._counted(request, [task.result() for task in tasks], started)

    def _counted(
        self, request: GradingRequest, outcomes: Sequence[Graded | Ungraded | BackendError], started: float
    ) -> Graded | Ungraded:
        votes = {by: one for by, one in zip(self._voters, outcomes, strict=True) if isinstance(one, Graded)}
        provenance = self._provenance(request, outcomes, started)
        if 2 * len(votes) <= len(outcomes):
            passing = [one for one in outcomes if isinstance(one, PassingFault)]
            if passing:
                raise passing[0]
            return self._without_majority(outcomes, len(votes), provenance)
        voters = zip(self._voters, self._members, outcomes, strict=True)
        ballots = tuple(_ballot(by, member, one) for by, member, one in voters)
        return _agreed(request, votes, ballots, provenance)

    def _without_majority(
        self, outcomes: Sequence[Graded | Ungraded | BackendError], voted: int, provenance: Provenance
    ) -> Ungraded:
        failed = [(by, one) for by, one in zip(self._voters, outcomes, strict=True) if not isinstance(one, Graded)]
        reasons = Counter(_reason(one) for _, one in failed)
        told = " ".join(f"{by}: {one.detail if isinstance(one, Ungraded) else one}" for by, one in failed)
        raw = next((one.raw_reply for _, one in failed if isinstance(one, Ungraded) and one.raw_reply), "")
        return Ungraded(
            reason=reasons.most_common(1)[0][0],
            detail=f"{voted} of {len(outcomes)} votes could be counted; more than half are needed. {told}",
            raw_reply=raw,
            provenance=provenance,
        )

    def _provenance(
        self, request: GradingRequest, outcomes: Sequence[Graded | Ungraded | BackendError], started: float
    ) -> Provenance:
        made = [one.provenance for one in outcomes if isinstance(one, Graded | Ungraded)]

        def total(field: Literal["prompt_tokens", "completion_tokens", "cached_tokens"]) -> int | None:
            known = [count for one in made if (count := getattr(one, field)) is not None]
            return sum(known) if known else None

        return Provenance(
            grader=self.name,
            kind="judge",
            mode=self.mode,
            host=self.host,
            model=self.model,
            returned_model=_listed([one.returned_model for one in made]),
            rung=next((one.rung for one in made), None),
            prompt=next((one.prompt for one in made), ""),
            rubric=request.rubric.ref,
            question_digest=request.question.content_digest,
            reference_digest=request.question.reference_digest,
            seconds=round(self._monotonic() - started, 3),
            calls=sum(one.calls for one in made),
            prompt_tokens=total("prompt_tokens"),
            completion_tokens=total("completion_tokens"),
            cached_tokens=total("cached_tokens"),
        )


def _agreed(
    request: GradingRequest, votes: Mapping[str, Graded], ballots: tuple[Ballot, ...], provenance: Provenance
) -> Graded | Ungraded:
    """What the votes come to, by the names of the voters in order."""
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


async def _outcome(member: Grader, request: GradingRequest) -> Graded | Ungraded | BackendError:
    outcome: Graded | Ungraded | None = None
    try:
        async for event in member.grade(request):
            if isinstance(event, Graded | Ungraded):
                outcome = event
    except BackendError as fault:
        return fault
    assert outcome is not None  # the protocol of graders
    return outcome


def _ballot(by: str, member: Grader, one: Graded | Ungraded | BackendError) -> Ballot:
    if isinstance(one, BackendError):
        return Ballot(by=by, host=member.host, model=model_of(member), failure=one.fault)
    graded = one if isinstance(one, Graded) else None
    return Ballot(
        by=by,
        host=member.host,
        model=one.provenance.model,
        score=graded.score if graded else None,
        failure=None if isinstance(one, Graded) else one.reason,
    )


def _reason(one: Ungraded | BackendError) -> UngradedReason:
    return one.reason if isinstance(one, Ungraded) else one.fault


def _flags(grades: Sequence[Graded], points: Sequence[PointGrade]) -> tuple[str, ...]:
    """The flags of more than half of the voters, and where any of them looked again.

    What is said against a quote goes with it: not where the majority has a verdict that is proven.
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
