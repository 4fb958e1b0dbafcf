"""Sessions: what was asked, answered and graded, in order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol, TypeVar

from pydantic import Field, computed_field

from interview.models.base import Language, Value
from interview.models.grades import Appeal, Contested, FailedAttempt, Graded, Label, Outcome, SelfGraded, UngradedReason
from interview.models.questions import Question

# What a grade can stand for: what a grader made of the answer, or the candidate's own final word.
Standing = Label | Literal["own"]
Mode = Literal["practice", "mock", "due"]
HelpUsed = Literal["unaided", "hinted", "revealed"]
Confidence = Literal[1, 2, 3]  # guessing, fairly, certain


class Answer(Value):
    """What the candidate submitted for one Turn, cleaned; append-only."""

    id: str
    turn_id: str
    text: str
    created_at: datetime


class Grading(Value):
    """One attempt of one grader at one Answer, from the moment it is asked for. `outcome` is None until it is done.

    `appeal` says which verdict it hears again, where the candidate appealed; `grader` is `self` for an own verdict.
    While it waits, `waiting_for` is the fault and `waiting_detail` its sentence.
    `failed` are the attempts that failed on the way, of many the first and the last.
    """

    id: str
    answer_id: str
    grader: str
    rubric: str
    state: Literal["pending", "running", "done"]
    attempt: int
    created_at: datetime
    retry_at: datetime | None = None
    waiting_for: UngradedReason | None = None
    waiting_detail: str = ""
    failed: tuple[FailedAttempt, ...] = ()
    finished_at: datetime | None = None
    outcome: Outcome | None = None
    appeal: Appeal | None = None

    @property
    def label(self) -> Standing | None:
        """What kind of grade this is; None while there is none, and for a failure."""
        if isinstance(self.outcome, SelfGraded):
            return "own"
        return self.outcome.label if isinstance(self.outcome, Graded) else None

    @property
    def graded_by(self) -> str:
        """Who graded: not the grader asked for where that one failed and another took over."""
        outcome = self.outcome
        if isinstance(outcome, Graded) and any(flag.startswith("fallback:") for flag in outcome.flags):
            return outcome.provenance.grader
        return self.grader


class Waiting(Value):
    """A grading that was put off: why, since when it is asked for, and when it is tried next."""

    grading_id: str
    session_id: str
    grader: str
    fault: UngradedReason
    detail: str
    since: datetime
    put_off_at: datetime | None
    retry_at: datetime


def is_won(heard: Grading, contested: Grading) -> bool | None:
    """Whether an appeal was won; None while it is not decided, and where no grade came of it."""
    if heard.appeal is None or not isinstance(heard.outcome, Graded) or not isinstance(contested.outcome, Graded):
        return None
    about = Contested(appeal=heard.appeal, grade=contested.outcome)
    after = next((point for point in heard.outcome.key_points if point.id == heard.appeal.point_id), None)
    return after is not None and about.won_by(after.verdict)


class Labelled(Protocol):
    """Anything that says what kind of grade it is; None means that it is no grade."""

    @property
    def label(self) -> Standing | None:
        """See Grading.label."""
        ...


L = TypeVar("L", bound=Labelled)


def counting(gradings: Sequence[L]) -> L | None:
    """The grading that counts, of `gradings` from old to new: the newest own verdict, else judgement, else estimate.

    An own verdict is final. A failure counts never, and a later estimate does not displace a judgement.
    """
    for label in ("own", "judgement", "coverage_estimate"):
        for grading in reversed(gradings):
            if grading.label == label:
                return grading
    return None


class Turn(Value):
    """One asked question with its answer and grades. A retry is a new Turn at the same `position`.

    So is a follow-up: it has `follow_up`, what was asked in place of the question, and `parent`, the id of the Turn it
    goes on from. `hints_shown` and `revealed` are what was asked for at this Turn; `turns.help_used` counts that of
    earlier ones, too. `confidence` was told before the grade; `stuck_at` is when the candidate said that nothing comes.
    `written_hints` are those that a model wrote in this Turn, for the notes have none.
    """

    id: str
    session_id: str
    position: int
    attempt: int
    question: Question
    state: Literal["open", "answered", "skipped"]
    asked_at: datetime
    hints_shown: int = 0
    written_hints: tuple[str, ...] = ()
    revealed: bool = False
    confidence: Confidence | None = None
    follow_up: str | None = None
    parent: str | None = None
    stuck_at: datetime | None = None
    answer: Answer | None = None
    gradings: tuple[Grading, ...] = ()

    @property
    def hints(self) -> tuple[str, ...]:
        """The hints that there are: the author's, else those that a model wrote so far; none for a follow-up."""
        return () if self.follow_up is not None else self.question.hints or self.written_hints

    @property
    def current_grading(self) -> Grading | None:
        """The grading whose score this Turn stands for; None where no grade exists (yet)."""
        return counting(self.gradings)

    @property
    def untold(self) -> "Turn":
        """The same without its gradings: what may be shown of it while its session tells nothing yet."""
        return self.model_copy(update={"gradings": ()})


class SessionPlan(Value):
    """What the candidate chose at set-up. Empty `sections` means all; `count` None means all questions of them.

    `per_section` bounds the questions of each section, `difficulties` empty means any. `due_first` puts questions that
    are due before the others. `question_seconds` and `total_seconds` are the limits of a mock interview, None without
    one; `follow_ups` is how often, at most, an answer with missing points is followed up.
    """

    lang: Language
    mode: Mode = "practice"
    sections: tuple[str, ...] = ()
    count: int | None = Field(default=None, ge=1)
    order: Literal["as_written", "shuffled"] = "as_written"
    seed: int = 0
    skip_without_reference: bool = False
    per_section: int | None = Field(default=None, ge=1)
    difficulties: tuple[int, ...] = ()
    due_first: bool = False
    question_seconds: int | None = Field(default=None, ge=1)
    total_seconds: int | None = Field(default=None, ge=1)
    follow_ups: int = Field(default=0, ge=0, le=5)


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

    @property
    def tells_nothing_yet(self) -> bool:
        """Whether this is a mock interview that still runs: no grade, hint or reference is shown before its end."""
        return self.plan.mode == "mock" and self.finished_at is None

    @property
    def told(self) -> "Session":
        """The session as it may be shown by now: without its gradings as long as it tells nothing yet."""
        if not self.tells_nothing_yet:
            return self
        return self.model_copy(update={"turns": tuple(turn.untold for turn in self.turns)})


class SessionSummary(Value):
    """One row of the transcripts list.

    `mean` is the mean score of the judged turns (0-10; coverage estimates and failures are left out), None where
    there are none; `own_mean` is the same of the turns that the candidate graded. `marks` has one entry per position
    of the paper: a band, `own`, `estimate`, `ungraded`, `pending`, `skipped` or `open`. Of a session that tells nothing
    yet both means are None, and whatever was answered has the mark `answered`.
    """

    id: str
    title: str
    created_at: datetime
    finished_at: datetime | None
    count: int
    answered: int
    graders: tuple[str, ...]
    mean: float | None
    own_mean: float | None = None
    marks: tuple[str, ...]
    tells_nothing_yet: bool = False
