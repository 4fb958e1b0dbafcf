"""Key points of a reference answer: the author's own, else a deterministic split of its text."""

import re
from functools import lru_cache

from interview.models import Checklist, ChecklistPoint, KeyPoint, Question, basis_of, notes_digest

MOST_POINTS = 12

_FENCE = re.compile(r"^ {0,3}(```+|~~~+).*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_LIST_MARK = r"(?:[-*+•●○▪]|\(\d{1,2}\)|（\d{1,2}）|\d{1,2}(?:[.)）](?!\d)|、)|[①-⑳])"
_MARKS_AT_LINE_START = re.compile(rf"(?:[ \t]*(?:>+|#{{1,6}}(?=\s)|{_LIST_MARK}(?=[^-*+]|$)))*[ \t]*")
# A full stop ends a sentence only after two letters, digits or brackets: «e.g.» and «3.5» go on; so does a quoted
# sentence before a comma.
_SENTENCE_END = re.compile(
    r"[。！？?；;]++[\"”’)）」』]*+(?![,，、])|!(?![=\[])|(?<=[A-Za-z0-9)\]]{2})\.(?=\s)|\n"
    r"|(?=[①-⑳])|(?<=\s)(?=[(（]\d{1,2}[)）])"
)
_BOLD = re.compile(r"\*\*(?=\S)([^*\n]+)(?<=\S)\*\*|^\*\*|\*\*$")
_CIRCLED = re.compile("[①-⑳]")
_IMAGE = re.compile(r"!\[[^\]\n]{0,300}\]\([^)\n]{0,300}\)")
_LEADS_ON = re.compile(r"[:：][ \t*]*$")

Span = tuple[int, int]


def split_reference(question: Question) -> tuple[KeyPoint, ...]:
    """Return the author's key points, or the reference split at lines, list marks and sentence ends.

    The split gives k1, k2 ... of weight 1 in the order of the text; neighbours are merged until at most 12 stand
    there. A heading or a line that ends in a colon goes with what follows it. Without a reference: none.
    """
    return question.key_points or tuple(point.key_point for point in _split(question.reference))


def from_notes(question: Question) -> Checklist:
    """Return the checklist that the notes alone give: the author's points, else the split, each part with its span."""
    own = tuple(ChecklistPoint(**point.model_dump()) for point in question.key_points)
    return Checklist(
        question_id=question.id,
        basis=basis_of(question),
        origin="author" if own else "split",
        points=own or _split(question.reference),
        notes=notes_digest(question),
    )


def with_checklist(question: Question, checklist: Checklist) -> Question:
    """Return the question with the points of the checklist; as it is where they are what graders find there anyway."""
    if checklist.origin in ("author", "split"):
        return question
    return question.model_copy(update={"key_points": tuple(point.key_point for point in checklist.points)})


@lru_cache(maxsize=256)  # a grading reads the points of its question several times
def _split(reference: str) -> tuple[ChecklistPoint, ...]:
    return tuple(
        ChecklistPoint(id=f"k{number}", text=_tidy(reference[start:end]), start=start, end=end)
        for number, (start, end) in enumerate(split_spans(reference), 1)
    )


def split_spans(reference: str) -> tuple[Span, ...]:
    """Return the (start, end) code-point spans in `reference` that `split_reference` makes its points of."""
    spans = _joined_to_what_follows(reference, _statements(reference))
    room = 8.0
    while len(spans) > MOST_POINTS:
        spans = _merged(reference, spans, room)
        room *= 1.25
    return tuple(spans)


def _statements(reference: str) -> list[Span]:
    spans: list[Span] = []
    at = 0
    for fence in _FENCE.finditer(reference):
        spans += _sentences(reference, at, fence.start())
        if _says_something(fence[0]):
            spans.append(fence.span())
        at = fence.end()
    spans += _sentences(reference, at, len(reference))
    return spans


def _sentences(reference: str, start: int, end: int) -> list[Span]:
    spans: list[Span] = []
    at = start
    for mark in _SENTENCE_END.finditer(reference, start, end):
        spans.append((at, mark.end()))
        at = mark.end()
    spans.append((at, end))
    return [span for span in spans if _says_something(reference[slice(*span)])]


def _says_something(text: str) -> bool:
    return any(character.isalnum() for character in _tidy(text))


def _joined_to_what_follows(reference: str, spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    start: int | None = None
    for first, last in spans:
        start = first if start is None else start
        text = reference[first:last].strip()
        if not (text.startswith("#") or _LEADS_ON.search(text)):
            joined.append((start, last))
            start = None
    if start is not None:
        joined.append((start, spans[-1][1]))
    return joined


def _merged(reference: str, spans: list[Span], room: float) -> list[Span]:
    """One pass from left to right: neighbours become one while the whole stays within `room` characters.

    Over a heading only very short ones do, so that a point seldom speaks of two subjects.
    """
    merged = [spans[0]]
    for start, end in spans[1:]:
        heading = reference[start:end].lstrip().startswith("#")
        if end - merged[-1][0] <= (room / 8 if heading else room):
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _tidy(text: str) -> str:
    """One line without list marks, heading marks, bold marks, fences and images; formulas stay as they are."""
    lines = (_MARKS_AT_LINE_START.sub("", line, count=1) for line in _IMAGE.sub("", text).splitlines())
    kept = " ".join(line.strip() for line in lines if not re.match(r"\s*(```|~~~|\|?[-: |]+\|?$)", line))
    return " ".join(_CIRCLED.sub(" ", _BOLD.sub(r"\1", kept.strip())).split())
