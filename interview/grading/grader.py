"""The protocol that every grader follows, and what it is given and tells on the way."""

from collections.abc import AsyncIterator
from typing import Literal, Protocol

from pydantic import Field, InstanceOf

from interview.backends.calls import CallLog
from interview.models import Contested, Graded, Language, PointGrade, Question, Ungraded, Value
from interview.rubrics import Rubric


class GradingRequest(Value):
    """One answer to grade. `answer` is the stored (cleaned) text; offsets of evidence count in it.

    `follow_up`: what was asked after an earlier answer, where this one replies to that; empty for the question itself.
    `contested`: no new grading, but the appeal against one verdict of an earlier grade.
    `session_id` is where its cost is counted (empty: nowhere). `patient`: after a passing fault somebody asks again.
    `log` takes the failed calls, and limits bad replies over all layers.
    """

    question: Question
    answer: str
    rubric: Rubric
    lang: Language
    follow_up: str = ""
    contested: Contested | None = None
    session_id: str = ""
    patient: bool = False
    log: InstanceOf[CallLog] = Field(default_factory=CallLog, exclude=True, repr=False)


class VerdictReady(Value):
    """A verdict whose evidence code has checked, while the rest is still on its way. Shown, never stored."""

    point: PointGrade


class VerdictsCleared(Value):
    """The reply is being asked for again: every verdict told so far is void."""

    why: str


GradingEvent = VerdictReady | VerdictsCleared | Graded | Ungraded


class Grader(Protocol):
    """Judges one answer.

    `grade` is an async generator: any number of VerdictReady and VerdictsCleared, then exactly one Graded or
    Ungraded, which is the last event. It raises PassingFault where trying again later may help (the worker decides
    when); every other failure is an Ungraded.
    """

    @property
    def name(self) -> str:
        """As shown and stored: `coverage`, `<backend>` or `<backend>:<model>`."""
        ...

    @property
    def kind(self) -> Literal["coverage", "judge"]:
        """`coverage` estimates and never judges correctness."""
        ...

    @property
    def host(self) -> str:
        """The host that the answer is sent to; empty where nothing leaves this process."""
        ...

    def grade(self, request: GradingRequest) -> AsyncIterator[GradingEvent]:
        """Grade one answer; see the class."""
        ...
