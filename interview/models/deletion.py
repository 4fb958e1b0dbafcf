"""What was deleted and can still be brought back."""

from datetime import datetime
from typing import Literal

from interview.models.base import Value

DeletionKind = Literal["session", "answer", "all"]
EVERYTHING = "all"  # the id of the deletion of everything


class PendingDeletion(Value):
    """A deletion that happens at `due_at`. `id` is that of the session or the answer, or EVERYTHING.

    `label` is the title of the session, or the question that was answered.
    """

    id: str
    kind: DeletionKind
    label: str
    requested_at: datetime
    due_at: datetime
    with_notes: bool = False
    with_backups: bool = False


class Extent(Value):
    """How much a deletion would remove."""

    sessions: int
    answers: int
    grades: int
