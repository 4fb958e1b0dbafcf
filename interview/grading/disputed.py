"""What a dispute about a reference means for a grade: which points stand on the disputed words, and the other score."""

from collections.abc import Collection, Iterable, Sequence

from interview.grading.audit import same_words
from interview.grading.scoring import alternative
from interview.grading.words import word_set
from interview.models import Checklist, ChecklistPoint, Dispute, Graded, PointGrade, Question, Ungraded
from interview.rubrics import Rubric

_LEAST_SHARE = 0.5
_LEAST_WORDS = 2
LEFT_OUT = "reference_corrected"


def doubt_span(graded: Graded, reference: str) -> tuple[int, int] | None:
    """Where the words stand that the judge disputes; None where it disputes none, or its quote was not found."""
    if graded.doubt is None or graded.doubt.status != "disputed" or not graded.doubt.quote:
        return None
    start = reference.find(graded.doubt.quote)
    return None if start < 0 else (start, start + len(graded.doubt.quote))


def touched(
    points: Iterable[PointGrade], checklist: Sequence[ChecklistPoint], reference: str, span: tuple[int, int]
) -> tuple[str, ...]:
    """Return the ids of the points that stand on the disputed `span` of the reference.

    By the span of the point in its checklist where it has one; else when at least half of the content words of the
    point or of the disputed words (two or more) are common to both.
    """
    spans = {point.id: (point.start, point.end) for point in checklist}
    disputed = word_set(reference[slice(*span)])
    found: list[str] = []
    for point in points:
        start, end = spans.get(point.id, (None, None))
        if start is not None and end is not None:
            stands = same_words((start, end), span)
        else:
            words = word_set(point.text)
            common = len(words & disputed)
            stands = common >= _LEAST_WORDS and common >= _LEAST_SHARE * min(len(words), len(disputed))
        if stands:
            found.append(point.id)
    return tuple(found)


def stamped(outcome: Graded | Ungraded, question: Question, checklist: Checklist, rubric: Rubric) -> Graded | Ungraded:
    """Return the outcome of a grading with the checklist that it used, and the other score where its judge disputes.

    `question` is the one that was asked, as it is stored: the digest of the grade is that of the notes.
    """
    digests = {"checklist": checklist.ref, "question_digest": question.content_digest}
    made = outcome.model_copy(update={"provenance": outcome.provenance.model_copy(update=digests)})
    if not isinstance(made, Graded) or made.label != "judgement":
        return made
    span = doubt_span(made, question.reference)
    if span is None:
        return made
    disputed = touched(made.key_points, checklist.points, question.reference, span)
    return made.model_copy(update={"alternative": alternative(made, rubric, disputed)})


def effective(graded: Graded, reference: str, disputes: Iterable[Dispute]) -> tuple[Dispute, ...]:
    """Return the disputes that change this grade's score.

    Those that a person accepted; and those that an audit found, nobody rejected, and this grade's judge found too.
    """
    doubted = doubt_span(graded, reference)
    return tuple(
        dispute
        for dispute in disputes
        if dispute.state == "accepted"
        or (
            dispute.source == "audit"
            and dispute.state == "open"
            and doubted is not None
            and same_words(doubted, (dispute.start, dispute.end))
        )
    )


def corrected(graded: Graded, rubric: Rubric, left_out: Collection[str]) -> Graded:
    """Return a judgement counted anew without the points `left_out`; with none of them, as it was graded.

    Its verdicts stay; it says that code made it (provenance `audit`) and which points left the sums, by flags.
    """
    provenance = graded.provenance.model_copy(
        update={
            **{"kind": "audit", "seconds": 0.0, "calls": 0},
            **dict.fromkeys(("prompt_tokens", "completion_tokens", "cached_tokens")),
        }
    )
    made = graded.model_copy(update={"provenance": provenance, "alternative": None})
    other = alternative(graded, rubric, left_out)
    if other is None:
        return made
    flags = (*graded.flags, *(f"{LEFT_OUT}:{point}" for point in other.points))
    return made.model_copy(update={"score": other.score, "band": other.band, "sum": other.sum, "flags": flags})
