"""The answer cut at the words that prove a verdict, at their stored offsets."""

import itertools
from collections.abc import Iterator

from interview.formulas import Part, parts_between
from interview.models import Graded, Value, Verdict

_WEIGHT: dict[Verdict, int] = {"contradicted": 3, "partial": 2, "covered": 1}


class Piece(Value):
    """A piece of the answer: the verdict that weighs most over it, and the numbers of the points that end with it.

    `parts` are its words and formulas; a formula that a mark cuts is words.
    """

    text: str
    parts: tuple[Part, ...] = ()
    verdict: Verdict | None = None
    numbers: tuple[int, ...] = ()


def marked_answer(text: str, graded: Graded | None) -> tuple[Piece, ...]:
    """Cut an answer at its verified quotes; joined, the pieces are the answer. Errors mark without a number."""
    spans = list(_spans(graded)) if graded else []
    edges = {0, len(text)} | {min(len(text), max(0, edge)) for span in spans for edge in span[:2]}
    pieces: list[Piece] = []
    cuts = sorted(edges)
    for (start, end), parts in zip(itertools.pairwise(cuts), parts_between(text, cuts), strict=True):
        over = [span for span in spans if span[0] <= start and end <= span[1]]
        numbers = sorted({span[3] for span in over if span[1] == end and span[3]})
        heaviest = max(over, key=lambda span: _WEIGHT[span[2]], default=None)
        verdict = heaviest[2] if heaviest else None
        pieces.append(Piece(text=text[start:end], parts=parts, verdict=verdict, numbers=tuple(numbers)))
    return tuple(pieces)


def _spans(graded: Graded) -> Iterator[tuple[int, int, Verdict, int]]:
    for number, point in enumerate(graded.key_points, start=1):
        if point.verified and point.verdict in _WEIGHT:
            for evidence in point.evidence:
                yield evidence.start, evidence.end, point.verdict, number
    for finding in graded.findings:
        yield finding.evidence.start, finding.evidence.end, "contradicted", 0
