"""Key points by version, and doubts about references."""

from datetime import datetime
from typing import Literal

from interview.models.base import Value, digest
from interview.models.questions import KeyPoint, Question

Origin = Literal["author", "split", "extracted", "generated", "edited"]
DisputeState = Literal["open", "accepted", "rejected"]


class ChecklistPoint(KeyPoint):
    """A key point with the span of the reference that says it (code points); None where no span does."""

    start: int | None = None
    end: int | None = None

    @property
    def key_point(self) -> KeyPoint:
        """The point as graders know it."""
        return KeyPoint(id=self.id, text=self.text, weight=self.weight, kind=self.kind)


class Checklist(Value):
    """The key points of one question, in one version.

    `id` is empty for what stands in the notes (author) or follows from them (split): it is not stored. `notes` is the
    digest of the author's own points when the version was made. `by` names the grader whose model found the points.
    """

    id: str = ""
    question_id: str
    basis: str
    origin: Origin
    points: tuple[ChecklistPoint, ...]
    locked: bool = False
    notes: str = ""
    by: str = ""
    created_at: datetime | None = None

    @property
    def ref(self) -> str:
        """How grades name it: `author`, `split`, or `extracted@` and the like with the id of the version."""
        return f"{self.origin}@{self.id[:12]}" if self.id else self.origin


class Dispute(Value):
    """A statement of a reference that a model holds to be wrong. `quote == reference[start:end]` (code points).

    An `audit` never saw a candidate: `votes` of `of` runs found it. A `grading` did, and counts for nothing until a
    person accepts it.
    """

    id: str
    question_id: str
    basis: str
    source: Literal["audit", "grading"]
    grader: str
    quote: str
    start: int
    end: int
    correction: str = ""
    reason: str = ""
    votes: int = 1
    of: int = 1
    state: DisputeState = "open"
    created_at: datetime
    decided_at: datetime | None = None


def basis_of(question: Question) -> str:
    """What key points and disputes belong to: 12 hex digits of the question's text and its reference."""
    return digest(f"{question.text}\n\n{question.reference}")


def notes_digest(question: Question) -> str:
    """Digest of the author's own key points; empty where there are none."""
    return digest("\n".join(point.model_dump_json() for point in question.key_points)) if question.key_points else ""
