"""The values that Viva passes around: frozen, validated, and named by the vocabulary of the project."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, computed_field

from interview.errors import FaultClass

Language = Literal["zh", "en"]
Label = Literal["judgement", "coverage_estimate"]
Verdict = Literal["covered", "partial", "missing", "contradicted", "cannot_assess"]
UngradedReason = Literal[
    FaultClass,
    "language_mismatch",  # answer and reference in different scripts; the coverage estimate cannot compare them
    "no_reference",  # nothing to compare with, and no model to ask
    "abstained",  # the model could not assess too much of the rubric
    "grader_unknown",  # the grader named in the request is not configured here
    "internal_error",
]


def digest(text: str) -> str:
    """First 12 hex digits of the SHA-256 of the text's UTF-8 bytes; identifies content, resists no attacker."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


class Value(BaseModel):
    """Base of all values: immutable, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# --- notes -----------------------------------------------------------------------------------------------------


class KeyPoint(Value):
    """One checkable statement of a full answer. `weight` > 0; a bonus point can only add."""

    id: str
    text: str
    weight: float = Field(default=1.0, gt=0)
    kind: Literal["required", "bonus"] = "required"


class Pitfall(Value):
    """A common wrong statement, given by the author of the notes."""

    id: str
    text: str


class Question(Value):
    """One question of the notes with everything that its author wrote below it.

    `reference` is a byte-exact slice of `file`; empty where the notes have no answer. `line` counts from 1.
    """

    id: str
    section: str
    number: int | None
    text: str
    file: str
    line: int
    reference: str
    key_points: tuple[KeyPoint, ...] = ()
    pitfalls: tuple[Pitfall, ...] = ()
    follow_ups: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    difficulty: int | None = Field(default=None, ge=1, le=5)
    tags: tuple[str, ...] = ()
    rubric: str | None = None

    @property
    def has_reference(self) -> bool:
        """Whether there is anything to compare an answer with."""
        return bool(self.reference.strip())

    @property
    def reference_digest(self) -> str:
        """Digest of the reference answer; stored with every grade."""
        return digest(self.reference)

    @property
    def content_digest(self) -> str:
        """Digest of everything a grade can depend on; where the question stands (file, line, number) is left out."""
        content = self.model_dump(mode="json", exclude={"file", "line", "number"})
        return digest(json.dumps(content, ensure_ascii=False, sort_keys=True))


# --- grades ----------------------------------------------------------------------------------------------------


class Evidence(Value):
    """Words of the stored answer, found there by code. Offsets are code points; `quote == answer[start:end]`."""

    quote: str
    start: int
    end: int


class PointGrade(Value):
    """What was found about one key point.

    `verified` is True when every quote of the verdict stands in the answer. `claimed` keeps the judge's own word
    and `claimed_quote` its quote where code had to downgrade the verdict. `coverage` (0-1) is given by the
    coverage estimate only.
    """

    id: str
    text: str
    weight: float
    kind: Literal["required", "bonus"]
    verdict: Verdict
    verified: bool
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""
    claimed: Verdict | None = None
    claimed_quote: str = ""
    coverage: float | None = None


class CriterionGrade(Value):
    """The level that the answer reached on one criterion of the rubric; `value` is 0-1, from the rubric."""

    id: str
    level: str
    value: float
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""


class Finding(Value):
    """A wrong statement in the answer: an asserted pitfall (`subject` is its id) or another error."""

    kind: Literal["pitfall", "error"]
    subject: str = ""
    severity: Literal["minor", "major"]
    evidence: Evidence
    reason: str = ""


class ReferenceDoubt(Value):
    """The judge holds the reference to be wrong somewhere. It never changes the score by itself."""

    status: Literal["disputed", "unsure"]
    quote: str
    reason: str


class Provenance(Value):
    """Who graded, with what, at what price: enough to explain the grade later, and to see what has changed since.

    Prompts and rubrics stand as `name@digest`; `seconds` is wall-clock; token counts are None where unknown.
    """

    grader: str
    kind: Literal["coverage", "judge", "guard", "self"]
    host: str = ""
    model: str = ""
    returned_model: str = ""
    rung: Literal["json_schema", "json_object", "text"] | None = None
    prompt: str = ""
    rubric: str
    question_digest: str
    reference_digest: str
    seconds: float = 0.0
    calls: int = 0
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None


class Graded(Value):
    """A grade: `score` is computed by code from the verdicts below it, 0 to `max_score`, one decimal."""

    status: Literal["graded"] = "graded"
    score: float
    max_score: float
    band: str
    label: Label
    provisional: bool = False
    key_points: tuple[PointGrade, ...]
    criteria: tuple[CriterionGrade, ...] = ()
    findings: tuple[Finding, ...] = ()
    doubt: ReferenceDoubt | None = None
    flags: tuple[str, ...] = ()
    feedback: str = ""
    sum: str = ""
    provenance: Provenance


class Ungraded(Value):
    """No grade, and why. It touches no average and no schedule. `raw_reply` keeps what a model said, if it did."""

    status: Literal["ungraded"] = "ungraded"
    reason: UngradedReason
    detail: str = ""
    flags: tuple[str, ...] = ()
    raw_reply: str = ""
    provenance: Provenance


class SelfGraded(Value):
    """The candidate's own final verdict; stands beside the machine's grade, never over it."""

    status: Literal["self_graded"] = "self_graded"
    score: float
    max_score: float
    note: str = ""


Outcome = Annotated[Graded | Ungraded | SelfGraded, Field(discriminator="status")]


# --- sessions --------------------------------------------------------------------------------------------------


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
