"""What several grades of one answer come to, point by point. Pure, and the same in any order of equal votes."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from interview.models import CriterionGrade, Finding, Graded, PointGrade, PointVote, ReferenceDoubt, Verdict

T = TypeVar("T")
_LOWEST_FIRST: tuple[Verdict, ...] = ("contradicted", "missing", "partial", "covered")


def agreed_points(grades: Sequence[Graded], voters: Sequence[str]) -> tuple[PointGrade, ...]:
    """Return each key point with the verdict of the majority, and who said what; `voters` are the names in order.

    Where no verdict has a majority it is the middle one of contradicted < missing < partial < covered, of two middle
    ones the lower; a majority is always the middle, so this is one rule. `cannot_assess` is no place in that order: it
    is the verdict when at least half say so, else it is left out. The evidence is that of the first voter with
    the verdict, of one whose quotes are verified if there is one.
    """
    return tuple(_agreed(votes, voters) for votes in zip(*(grade.key_points for grade in grades), strict=True))


def agreed_criteria(grades: Sequence[Graded]) -> tuple[CriterionGrade, ...]:
    """Return the middle level of each criterion, of two middle ones the lower."""
    return tuple(
        _middle(votes, lambda vote: vote.value) for votes in zip(*(grade.criteria for grade in grades), strict=True)
    )


def agreed_findings(grades: Sequence[Graded]) -> tuple[Finding, ...]:
    """Return the findings that more than half of the grades have: a pitfall by its id, an error by its words.

    An error is major when more than half call it so.
    """
    kept: list[Finding] = []
    for number, grade in enumerate(grades):
        for finding in grade.findings:
            same = [next((one for one in other.findings if _same(one, finding)), None) for other in grades]
            named = [one for one in same if one is not None]
            first = all(one is None for one in same[:number])
            if first and 2 * len(named) > len(grades) and not any(_same(one, finding) for one in kept):
                major = 2 * sum(one.severity == "major" for one in named) > len(grades)
                kept.append(finding.model_copy(update={"severity": "major" if major else "minor"}))
    return tuple(kept)


def agreed_doubt(grades: Sequence[Graded]) -> ReferenceDoubt | None:
    """Return the first doubt about the reference if more than half have one; `disputed` if more than half say that."""
    doubts = [grade.doubt for grade in grades if grade.doubt]
    disputed = [doubt for doubt in doubts if doubt.status == "disputed"]
    if 2 * len(disputed) > len(grades):
        return disputed[0]
    return doubts[0].model_copy(update={"status": "unsure"}) if 2 * len(doubts) > len(grades) else None


def _agreed(votes: Sequence[PointGrade], voters: Sequence[str]) -> PointGrade:
    verdict = _verdict([vote.verdict for vote in votes])
    speakers = [vote for vote in votes if vote.verdict == verdict]
    speaker = next((vote for vote in speakers if vote.verified), speakers[0])
    said = tuple(PointVote(by=by, verdict=vote.verdict) for by, vote in zip(voters, votes, strict=True))
    return speaker.model_copy(update={"votes": said})


def _verdict(votes: Sequence[Verdict]) -> Verdict:
    able: list[Verdict] = [vote for vote in votes if vote != "cannot_assess"]
    if 2 * len(able) <= len(votes):
        return "cannot_assess"
    return _middle(able, _LOWEST_FIRST.index)


def _middle(votes: Sequence[T], order: Callable[[T], float]) -> T:
    return sorted(votes, key=order)[(len(votes) - 1) // 2]


def _same(one: Finding, other: Finding) -> bool:
    if one.kind != other.kind:
        return False
    if one.kind == "pitfall":
        return one.subject == other.subject
    return one.evidence.start < other.evidence.end and other.evidence.start < one.evidence.end
