"""The coverage estimate: which key points an answer mentions, counted without a model. It judges no correctness."""

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from interview.grading.coverage_formula import (
    BARE_EXPONENT,
    POINT_CHANCE,
    Arithmetic,
    StatementCoverage,
    arithmetic,
    cover,
    gram_recall,
    in_order,
)
from interview.grading.grader import GradingEvent, GradingRequest
from interview.grading.guard import guard_rule
from interview.grading.key_points import split_reference, split_spans
from interview.grading.provenance import provenance
from interview.grading.reading import Read, phrases
from interview.models import Graded, KeyPoint, PointGrade, Provenance, Question, Ungraded, Verdict
from interview.text import cjk_share

# Chosen on the human-graded sets, so that answers to other questions seldom reach PARTIAL and hardly ever COVERED,
# while most answers with full marks do.
COVERED, PARTIAL = 0.75, 0.4
# So much of a reference in another script makes the answer comparable all the same: it uses the same terms.
_COMMON_TERMS = 1 / 3
_TENTH = Decimal("0.1")


@dataclass(frozen=True)
class _Covered:
    """A key point with what the answer mentions of it. `weight` is its weight in the sum."""

    point: KeyPoint
    weight: float
    coverage: StatementCoverage


class CoverageGrader:
    """Estimates coverage offline by `coverage_formula`; the same request gives the same bytes on every machine.

    A verdict is `covered` from a coverage of 0.75, `partial` from 0.4, else `missing`, and never more than `partial`
    where the polarity differs (flag `polarity:<id>`); a point without any content word is `cannot_assess` and leaves
    the sum. Evidence are the counted words. What the guard settles is 0 here too, as an estimate.
    """

    name = "coverage"
    kind: Literal["coverage"] = "coverage"
    host = ""

    async def grade(self, request: GradingRequest) -> AsyncIterator[GradingEvent]:
        """Yield one Graded, or Ungraded with reason `no_reference` or `language_mismatch`."""
        # Milliseconds for people's answers; a hostile 20,000 characters must not hold the loop either.
        yield await asyncio.to_thread(estimate, request)


def estimate(request: GradingRequest) -> Graded | Ungraded:
    """Return the coverage estimate of one answer; see `CoverageGrader`.

    The author's key points are weighted as the author says, the points of a split reference by Σ √W_k of their
    clauses, which is the formula over all clauses. A bonus point adds to the share of the required ones.
    """
    question, answer = request.question, request.answer
    asked, reference, given = Read(question.text), Read(question.reference), Read(answer)
    points = _covered_points(question, asked, given)
    grams = gram_recall(reference, asked, given)
    share = grams if (counted := _share(points)) is None else counted
    if not points or share is None:
        detail = "There is no text in the reference that words can be compared with."
        return Ungraded(reason="no_reference", detail=detail, provenance=_made(request))
    rule = guard_rule(question, answer)
    if rule is not None:
        return _graded(request, given, points, Decimal(0), f"{request.rubric.max_score:g} × 0 = 0", (f"guard:{rule}",))
    if not _comparable(question, given, answer):
        detail = "Answer and reference are in different scripts."
        return Ungraded(reason="language_mismatch", detail=detail, provenance=_made(request))
    flags = [f"polarity:{item.point.id}" for item in points if _is_opposed(item)]
    found = arithmetic(
        share,
        grams,
        opposed_share=_opposed_share(points),
        order=in_order(_known(question, reference), given),
        clash=reference.opening * given.opening < 0,
        exponent=Decimal(1) if question.key_points else BARE_EXPONENT,
    )
    value, shown = _sum(request.rubric.max_score, found)
    return _graded(request, given, points, value, shown, (*flags, *(["verdict_clash"] if found.clash else [])))


def _known(question: Question, reference: Read) -> Read:
    """The text whose word order counts: an answer may follow the reference or the author's points."""
    if not question.key_points:
        return reference
    return Read("\n".join((question.reference, *(point.text for point in question.key_points))))


def _covered_points(question: Question, asked: Read, given: Read) -> list[_Covered]:
    points = split_reference(question)
    own = bool(question.key_points)
    # Cut from the reference itself, because a point's text has lost the line ends that part its clauses.
    spans = () if own else split_spans(question.reference)
    statements = [point.text for point in points] if own else [question.reference[start:end] for start, end in spans]
    chance = POINT_CHANCE if own else 0.0
    covered = [cover(Read(statement), asked, given, chance=chance) for statement in statements]
    return [
        _Covered(point, (point.weight if found.weight else 0.0) if own else found.weight, found)
        for point, found in zip(points, covered, strict=True)
    ]


def _share(points: Sequence[_Covered]) -> float | None:
    """The cov of the formula (0-1): Σ weight·coverage of all / Σ weight of the required; None without words."""
    required = [item for item in points if item.point.kind == "required" and item.weight] or points
    whole = sum(item.weight for item in required)
    return min(1.0, sum(item.weight * item.coverage.coverage for item in points) / whole) if whole else None


def _opposed_share(points: Sequence[_Covered]) -> float:
    """The share (0-1) of all credit that comes from clauses of other polarity."""
    credit = math.fsum(item.weight * item.coverage.credit for item in points)
    return math.fsum(item.weight * item.coverage.against for item in points) / credit if credit else 0.0


def _comparable(question: Question, given: Read, answer: str) -> bool:
    """Whether the scripts of answer and notes let their words be compared; Chinese full of English terms does."""
    known = "\n".join((question.reference, *(point.text for point in question.key_points)))
    there, here = cjk_share(known), cjk_share(answer)
    if there is None or here is None:
        return True
    if not ((there < 0.25 and here > 0.5) or (there > 0.75 and here < 0.25)):
        return True
    # Notes that ask in Chinese and answer with little but terms and «的» are Chinese notes.
    if here > 0.5 and there > 0 and (cjk_share(question.text) or 0.0) >= 0.25:
        return True
    sought = Read(known).vocabulary
    return len(sought & given.vocabulary) >= _COMMON_TERMS * len(sought)


def _sum(maximum: float, found: Arithmetic) -> tuple[Decimal, str]:
    """The score, and the one line that leads to it."""
    value = (Decimal(str(maximum)) * found.raw).quantize(_TENTH, ROUND_HALF_UP)
    return value, f"{maximum:g} × {found.shown} = {value}"


def _graded(
    request: GradingRequest,
    given: Read,
    points: Sequence[_Covered],
    value: Decimal,
    shown: str,
    flags: tuple[str, ...],
) -> Graded:
    rubric = request.rubric
    settled = any(flag.startswith("guard:") for flag in flags)
    return Graded(
        score=float(value),
        max_score=rubric.max_score,
        band=rubric.band(float(value)),
        label="coverage_estimate",
        key_points=tuple(_point_grade(item, request.answer, given, settled) for item in points),
        flags=flags,
        sum=shown,
        provenance=_made(request),
    )


def _point_grade(item: _Covered, answer: str, given: Read, settled: bool) -> PointGrade:
    verdict: Verdict = "missing" if settled else _verdict(item)
    found = item.coverage.found if verdict in ("covered", "partial") else frozenset[str]()
    coverage = None if verdict == "cannot_assess" else 0.0 if settled else round(item.coverage.coverage, 3)
    return PointGrade(
        id=item.point.id,
        text=item.point.text,
        weight=round(item.weight, 3),
        kind=item.point.kind,
        verdict=verdict,
        verified=True,
        evidence=phrases(answer, given.words, found),
        coverage=coverage,
    )


def _verdict(item: _Covered) -> Verdict:
    if not item.coverage.weight:
        return "cannot_assess"
    if item.coverage.coverage >= COVERED:
        return "partial" if item.coverage.opposed else "covered"
    return "partial" if item.coverage.coverage >= PARTIAL else "missing"


def _is_opposed(item: _Covered) -> bool:
    return item.coverage.opposed and _verdict(item) == "partial"


def _made(request: GradingRequest) -> Provenance:
    return provenance(CoverageGrader(), request.question, request.rubric.ref)
