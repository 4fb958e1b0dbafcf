"""Sessions: what was asked, answered and graded, in order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol, TypeVar

from pydantic import Field, computed_field

from interview.models.base import Language, Value
from interview.models.grades import Graded, Label, Outcome, UngradedReason
from interview.models.questions import Question


class Answer(Value):
    """What the candidate submitted for one Turn, cleaned; append-only."""

    id: str
    turn_id: str
    text: str
    created_at: datetime


class Grading(Value):
    """One attempt of one grader at one Answer, from the moment it is asked for. `outcome` is None until it is done."""

    id: str
    answer_id: str
    grader: str
    rubric: str
    state: Literal["pending", "running", "done"]
    attempt: int
    created_at: datetime
    retry_at: datetime | None = None
    waiting_for: UngradedReason | None = None
    finished_at: datetime | None = None
    outcome: Outcome | None = None

    @property
    def label(self) -> Label | None:
        """What kind of grade this is; None while there is none, and for a failure."""
        return self.outcome.label if isinstance(self.outcome, Graded) else None

    @property
    def graded_by(self) -> str:
        """Who graded: not the grader asked for where that one failed and another took over."""
        outcome = self.outcome
        if isinstance(outcome, Graded) and any(flag.startswith("fallback:") for flag in outcome.flags):
            return outcome.provenance.grader
        return self.grader


class Labelled(Protocol):
    """Anything that says what kind of grade it is; None means that it is no grade."""

    @property
    def label(self) -> Label | None:
        """See Grading.label."""
        ...


L = TypeVar("L", bound=Labelled)


def counting(gradings: Sequence[L]) -> L | None:
    """The grading that counts, of `gradings` from old to new: the newest judgement, else the newest estimate.

    A failure counts never, and a later estimate does not displace a judgement.
    """
    for label in ("judgement", "coverage_estimate"):
        for grading in reversed(gradings):
            if grading.label == label:
                return grading
    return None


class Turn(Value):
    """One asked question with its answer and grades. A retry is a new Turn at the same `position`."""

    id: str
    session_id: str
    position: int
    attempt: int
    question: Question
    state: Literal["open", "answered", "skipped"]
    asked_at: datetime
    hints_shown: int = 0
    revealed: bool = False
    answer: Answer | None = None
    gradings: tuple[Grading, ...] = ()

    @property
    def help_used(self) -> Literal["unaided", "hinted", "revealed"]:
        """How the answer was reached."""
        return "revealed" if self.revealed else "hinted" if self.hints_shown else "unaided"

    @property
    def current_grading(self) -> Grading | None:
        """The grading whose score this Turn stands for; None where no grade exists (yet)."""
        return counting(self.gradings)


class SessionPlan(Value):
    """What the candidate chose at set-up. Empty `sections` means all; `count` None means all questions of them."""

    lang: Language
    sections: tuple[str, ...] = ()
    count: int | None = Field(default=None, ge=1)
    order: Literal["as_written", "shuffled"] = "as_written"
    seed: int = 0
    skip_without_reference: bool = False


class Session(Value):
    """One sitting. `questions` is the paper, fixed at the start; `turns` are what happened, in order."""

    id: str
    title: str
    plan: SessionPlan
    created_at: datetime
    finished_at: datetime | None = None
    questions: tuple[Question, ...]
    turns: tuple[Turn, ...] = ()

    @computed_field
    @property
    def asked(self) -> int:
        """How many positions of the paper have been asked so far."""
        return len({turn.position for turn in self.turns})


class SessionSummary(Value):
    """One row of the transcripts list.

    `mean` is the mean score of the judged turns (0-10; coverage estimates and failures are left out), None where
    there are none. `marks` has one entry per position of the paper: a band, `estimate`, `ungraded`, `pending`,
    `skipped` or `open`.
    """

    id: str
    title: str
    created_at: datetime
    finished_at: datetime | None
    count: int
    answered: int
    graders: tuple[str, ...]
    mean: float | None
    marks: tuple[str, ...]
