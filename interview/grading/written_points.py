"""Key points as a person writes them: one a line, in the very form that notes use."""

import re
from collections.abc import Sequence

from interview.errors import ChecklistRefused
from interview.grading.evidence import find_evidence
from interview.models import Checklist, ChecklistPoint, KeyPoint
from interview.notes.items import read_key_point

MOST_WRITTEN = 40
LONGEST_WRITTEN = 1000

_MARKER = re.compile(r"\s*(?:[-*+•]|\d{1,2}[.)、])(?:\s+|$)")
_IN_BRACKETS = re.compile(r"[(（][^()（）]*[)）]")
_BELOW_ZERO = re.compile(r"[(（]\s*[-−]\s*\d+(?:\.\d+)?\s*[)）]\s*$")


def write_points(points: Sequence[KeyPoint]) -> str:
    """Return the points as a list, `(2)` for a weight and `(bonus)` for an extra; `read_points` gives them back."""
    return "\n".join(f"- {_written(point)}" for point in points)


def read_points(text: str, checklist: Checklist, reference: str) -> tuple[ChecklistPoint, ...]:
    """Read a list of points, k1, k2 … in its order. A point of `checklist` keeps its span; others are looked for.

    ChecklistRefused names the line: a point without words, a weight that is not above 0, no point at all, too many or
    too long ones.
    """
    spans = {" ".join(point.text.split()): (point.start, point.end) for point in checklist.points}
    points: list[ChecklistPoint] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        point = _read(number, f"k{len(points) + 1}", line)
        start, end = spans.get(point.text, (None, None))
        if start is None and (evidence := find_evidence(point.text, reference, "")):
            start, end = evidence.start, evidence.end
        points.append(ChecklistPoint(**point.model_dump(), start=start, end=end))
    if not points:
        raise ChecklistRefused("There is no key point left. Write at least one, a line each.")
    if len(points) > MOST_WRITTEN:
        raise ChecklistRefused(f"There are {len(points)} key points; the limit is {MOST_WRITTEN}. Join some of them.")
    return tuple(points)


def _read(number: int, point_id: str, line: str) -> KeyPoint:
    text = " ".join(_MARKER.sub("", line, count=1).split())
    if not any(character.isalnum() for character in text) or _is_mark(text):
        raise ChecklistRefused(f"Line {number}: expected the words of a key point.")
    point = None if _BELOW_ZERO.search(text) else read_key_point(point_id, text)
    if point is None:
        raise ChecklistRefused(f"Line {number}: a weight must be above 0. To leave the point out, delete the line.")
    if len(text) > LONGEST_WRITTEN:
        raise ChecklistRefused(f"Line {number}: a key point has at most {LONGEST_WRITTEN} characters.")
    return point


def _is_mark(text: str) -> bool:
    with_words = read_key_point("k", f"x {text}")
    return _IN_BRACKETS.fullmatch(text) is not None and (with_words is None or with_words.text == "x")


def _written(point: KeyPoint) -> str:
    text, weight = " ".join(point.text.split()), f"{point.weight:.2f}".rstrip("0").rstrip(".")
    extra = point.kind == "bonus"
    mark = f" ({weight}, bonus)" if extra and point.weight != 1 else " (bonus)" if extra else f" ({weight})"
    bare = read_key_point(point.id, text)
    # Words that end like a mark get one of their own, so that they stay words.
    return text + (mark if extra or point.weight != 1 or bare is None or bare.text != text else "")
