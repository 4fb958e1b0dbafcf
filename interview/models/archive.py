"""The archive: what is looked for among the turns, what is found, and what stands beside a Turn."""

from datetime import datetime
from typing import Literal

from pydantic import Field, JsonValue

from interview.models.base import Value
from interview.models.sessions import Session

PRACTICE = "practice"  # the mode of sessions from before there were modes
Shelf = Literal["active", "archived", "deleted"]
Found = Literal["question", "answer", "feedback", "note"]
RemarkKind = Literal["discussion", "improved_answer"]
CANDIDATE = "candidate"  # the author of a remark that no model wrote


class ArchiveFilter(Value):
    """Which turns are wanted; what is empty does not count. `words` must all stand in the turn, in any field.

    `mark`: a band, or `own`, `estimate`, `ungraded`, `pending`, `skipped`, `open`; or `answered`, as long as a session
    tells nothing yet. `until` itself is left out.
    """

    words: str = ""
    section: str = ""
    mark: str = ""
    grader: str = ""
    mode: str = ""
    tag: str = ""
    since: datetime | None = None
    until: datetime | None = None
    starred: bool = False
    shelf: Shelf = "active"

    @property
    def wants_turns(self) -> bool:
        """Whether turns are looked for, and not merely the sessions of a shelf."""
        return self != ArchiveFilter(shelf=self.shelf)


class Choices(Value):
    """What a filter can name."""

    sections: tuple[str, ...]
    tags: tuple[str, ...]
    modes: tuple[str, ...]
    graders: tuple[str, ...]


class Hit(Value):
    """A turn that was found. `snippet` is a piece of its `field`, with the `spans` (code points) of the words in it.

    `question` is what was asked, of a follow-up its own text. `cut`: whether the field goes on before and after the
    snippet. `seq` is the number to go on from.
    """

    seq: int
    turn_id: str
    session_id: str
    title: str
    position: int
    attempt: int
    question: str
    section: str
    at: datetime
    mark: str
    score: float | None
    starred: bool
    field: Found
    snippet: str
    cut: tuple[bool, bool]
    spans: tuple[tuple[int, int], ...]


class TurnMarks(Value):
    """What the candidate put beside a Turn."""

    starred: bool = False
    note: str = ""


class Remark(Value):
    """Something said about a Turn; append-only and never graded. `author`: CANDIDATE, or the name of a grader."""

    id: str
    turn_id: str
    kind: RemarkKind
    author: str
    text: str
    created_at: datetime


class Damaged(Value):
    """A row that cannot be read: the table, the id or number of the row, and what is wrong with it."""

    table: str
    id: str
    what: str


class Transcript(Value):
    """A session with everything that stands beside its turns; `marks` by the turn's id.

    `rubrics` are those that its grades were computed with, by `name@digest`, as far as they are known. `damaged` are
    the turns that could not be read and are left out.
    """

    session: Session
    marks: dict[str, TurnMarks] = Field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    rubrics: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)
    damaged: tuple[Damaged, ...] = ()

    @property
    def told(self) -> "Transcript":
        """The transcript as it may be shown by now; see Session.told."""
        return self.model_copy(update={"session": self.session.told})


class Imported(Value):
    """What came of an import: how many sessions were added, were here already, and were brought back from deletion."""

    added: int = 0
    known: int = 0
    restored: int = 0
