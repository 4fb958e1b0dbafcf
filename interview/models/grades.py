"""What graders find out about an answer: verdicts with evidence, grades, and why there is none."""

from typing import Annotated, Literal

from pydantic import Field

from interview.errors import FaultClass
from interview.models.base import Value

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

    `grader` is the one that graded, which is not the one asked for where that one failed and another took over.
    Prompts and rubrics stand as `name@digest`; `seconds` is wall-clock; token counts and `cost` (in `currency`, at the
    prices of that day) are None where unknown.
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
    cost: float | None = None
    currency: str = ""


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
