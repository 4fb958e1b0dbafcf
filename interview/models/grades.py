"""What graders find out about an answer: verdicts with evidence, grades, and why there is none."""

from datetime import datetime
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


class FailedAttempt(Value):
    """One call to a model, or one try to grade, that failed. Kept with the grading that it was made for.

    `number` counts the failed attempts of the grading from 1; 0 before it is stored. `status` and `code` are those of
    the endpoint's reply, as far as it had any; a `code` is kept only where it is a plain word.
    """

    number: int = 0
    started_at: datetime
    seconds: float
    backend: str
    model: str = ""
    host: str = ""
    fault: UngradedReason
    detail: str
    status: int | None = None
    code: str = ""


class Evidence(Value):
    """Words of the stored answer, found there by code. Offsets are code points; `quote == answer[start:end]`."""

    quote: str
    start: int
    end: int


class PointVote(Value):
    """What one voter found about one key point; `by` is the name of its `Ballot`."""

    by: str
    verdict: Verdict


class PointGrade(Value):
    """What was found about one key point.

    `verified` is True when every quote of the verdict stands in the answer. `claimed` keeps the judge's own word
    and `claimed_quote` its quote where the verdict had to be downgraded, `downgraded_by` what did it: the quote was not
    there, or a second look did not find the point in it (None in grades from before second looks: the quote).
    `coverage` (0-1) is given by the coverage estimate only; `votes` by modes that ask several times only.
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
    downgraded_by: Literal["quote", "second_look"] | None = None
    coverage: float | None = None
    votes: tuple[PointVote, ...] = ()

    @property
    def agreement(self) -> float | None:
        """The share (0-1) of the votes that are the verdict; None where nobody voted."""
        return sum(vote.verdict == self.verdict for vote in self.votes) / len(self.votes) if self.votes else None


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
    Prompts and rubrics stand as `name@digest`, `checklist` as `Checklist.ref`. `audit`: code counted the verdicts of an
    earlier grade anew, after a dispute about the reference. `seconds` is wall-clock; token counts and `cost` (in
    `currency`, at the prices of that day) are None where unknown; `list_date` is the day of the price list behind it,
    empty for a price that the user gave. `mode` is how a judge was asked: `single`, `careful`,
    `vote=K` or `panel`; empty for other graders and for older grades. `fingerprint` is the endpoint's own mark of what
    served the last call. `parameters` are what that call sent beside model, messages and schema: names, with values as
    JSON. Older grades have neither.
    """

    grader: str
    kind: Literal["coverage", "judge", "guard", "self", "audit"]
    mode: str = ""
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
    list_date: str = ""
    checklist: str = ""
    fingerprint: str = ""
    parameters: tuple[tuple[str, str], ...] = ()


class Alternative(Value):
    """What the score would be if the `points` (ids) that stand on disputed words of the reference left the sums.

    It stands beside the stored score and never replaces it by itself.
    """

    score: float
    band: str
    sum: str
    points: tuple[str, ...]


class Ballot(Value):
    """What one voter came to: its own `score`, or `failure`, the reason why it has none and no vote either."""

    by: str
    host: str
    model: str
    score: float | None = None
    failure: UngradedReason | None = None


class Graded(Value):
    """A grade: `score` is computed by code from the verdicts below it, 0 to `max_score`, one decimal.

    Where several voted, `ballots` tells who, and the verdicts are what the votes come to.
    """

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
    alternative: Alternative | None = None
    flags: tuple[str, ...] = ()
    feedback: str = ""
    sum: str = ""
    ballots: tuple[Ballot, ...] = ()
    provenance: Provenance

    @property
    def agreement(self) -> float | None:
        """The mean share (0-1) of the votes that agree with the verdict on their key point; None without votes."""
        shares = [share for point in self.key_points if (share := point.agreement) is not None]
        return sum(shares) / len(shares) if shares else None

    @property
    def median_score(self) -> float | None:
        """The middle one of the voters' own scores (of an even number the lower); None without votes."""
        scores = sorted(ballot.score for ballot in self.ballots if ballot.score is not None)
        return scores[(len(scores) - 1) // 2] if scores else None


class Ungraded(Value):
    """No grade, and why. It touches no average and no schedule. `raw_reply` keeps what a model said, if it did."""

    status: Literal["ungraded"] = "ungraded"
    reason: UngradedReason
    detail: str = ""
    flags: tuple[str, ...] = ()
    raw_reply: str = ""
    provenance: Provenance


class SelfGraded(Value):
    """The candidate's own final verdict; stands beside the machine's grade, never over it.

    `over` is the id of the grading that counted until then; empty where there was no grade.
    """

    status: Literal["self_graded"] = "self_graded"
    score: float
    max_score: float
    note: str = ""
    over: str = ""


Outcome = Annotated[Graded | Ungraded | SelfGraded, Field(discriminator="status")]

# An appeal can only lead up this line.
_RISING: tuple[Verdict, ...] = ("missing", "partial", "covered")


class Appeal(Value):
    """The candidate's «I said that» on one key point of a judged grade. The `reason` is a claim, and proves nothing."""

    grading_id: str
    point_id: str
    reason: str = ""


class Contested(Value):
    """An appeal together with the grade that it is about."""

    appeal: Appeal
    grade: Graded

    @property
    def point(self) -> PointGrade:
        """The key point as it was graded; KeyError where the grade has no such point."""
        for point in self.grade.key_points:
            if point.id == self.appeal.point_id:
                return point
        raise KeyError(self.appeal.point_id)

    def won_by(self, verdict: Verdict) -> bool:
        """Whether that verdict is worth more than the contested one."""
        return verdict in _RISING and _RISING.index(verdict) > _RISING.index(self.point.verdict)


def is_appealable(graded: Graded, point: PointGrade) -> bool:
    """Whether «I said that» is offered: a model judged the answer, and found the point missing or only in part.

    Never to the coverage estimate, which judges nothing, and not where code settled the answer without a model.
    """
    judged = graded.label == "judgement" and graded.provenance.kind == "judge"
    return judged and point.verdict in ("missing", "partial")
