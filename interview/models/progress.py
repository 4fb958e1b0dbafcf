"""What all sessions together say about the candidate: the facts that are counted, and what they come to."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

from interview.models.base import Value
from interview.models.grades import Label, Verdict
from interview.models.reports import ENOUGH

Step = Literal["day", "week", "month"]


class GradingFact(NamedTuple):
    """One grading, as far as statistics need it. `score` is 0-10; it and `label` are None without a grade."""

    seq: int
    is_done: bool
    label: Label | None
    score: float | None


@dataclass(frozen=True, slots=True)
class AnswerFact:
    """One answer, as far as statistics need it. `version` names the question as it was asked.

    `is_revealed`: the reference was shown before it, at this Turn or an earlier one of the question. `seconds` from
    asking to answer. `current` is the grading that counts, None where there is none (yet);
    `is_waiting` says that a grading is still on its way.
    """

    turn_id: str
    session_id: str
    position: int
    attempt: int
    is_follow_up: bool
    is_revealed: bool
    confidence: int | None
    version: str
    at: datetime
    seconds: float
    current: GradingFact | None
    is_waiting: bool
    is_silent: bool = False


class PointFact(NamedTuple):
    """What a judge found about one required key point."""

    text: str
    verdict: Verdict


class AskedQuestion(NamedTuple):
    """A question as it was asked."""

    id: str
    section: str
    text: str


class MeanOf(Value):
    """A mean score (0-10) over `n` judged answers; None where there are none."""

    n: int
    mean: float | None

    @property
    def says_enough(self) -> bool:
        """Whether the mean is over enough answers to be told."""
        return self.n >= ENOUGH


class PeriodMean(MeanOf):
    """The judged answers of a day, a week (from Monday) or a month, by its first day."""

    start: date


class SectionMean(MeanOf):
    """The judged answers of one section."""

    name: str


class ConfidenceMean(MeanOf):
    """The judged answers given with one confidence: 1 guessing, 2 fairly, 3 certain."""

    level: int


class DayCount(Value):
    """How many answers were given, or questions will be due, on a day."""

    day: date
    count: int


class Place(Value):
    """Where in the transcripts something can be seen."""

    session_id: str
    turn_id: str
    question: str


class ForgottenPoint(Place):
    """A key point that the candidate misses again and again: `missed` of the `judged` times, the last one included."""

    text: str
    missed: int
    judged: int


class QuestionMastery(Place):
    """One question: its newest score (0-10) and how many judged answers there are."""

    section: str
    n: int
    score: float


class SureButWrong(Place):
    """An answer given as certain that the judge scored (0-10) below half."""

    score: float
    at: datetime


class Kinds(Value):
    """Every answer once, by what its grading is: only the judged ones enter means.

    `silent`: of a mock interview that still runs, whatever its grading is.
    """

    answers: int = 0
    judged: int = 0
    estimated: int = 0
    self_graded: int = 0
    ungraded: int = 0
    pending: int = 0
    silent: int = 0


class Progress(Value):
    """What all sessions say. Means, points and mastery are over judged first answers alone.

    A first answer is the first one to a question in a session; one after the reference was shown is none, and
    retries, follow-ups, estimates and failures are left out. Days are days of the candidate's own zone. `solid`
    counts questions whose newest score (0-10) is at least `solid_from`, of the `tried` ones. `minutes_due` is what the
    questions due today will take at the median pace, None where that is not known. `days` has the 182 days up to the
    end of this week, `due` the next 7 days, all that is overdue counted today; it is empty where nothing is scheduled.
    """

    today: date
    kinds: Kinds
    streak: int
    longest_streak: int
    recent: MeanOf
    solid_from: float
    solid: int
    solid_a_week_ago: int
    tried: int
    step: Step
    periods: tuple[PeriodMean, ...]
    sections: tuple[SectionMean, ...]
    days: tuple[DayCount, ...]
    due: tuple[DayCount, ...]
    minutes_due: int | None
    forgotten: tuple[ForgottenPoint, ...]
    questions: tuple[QuestionMastery, ...]
    confidence: tuple[ConfidenceMean, ...]
    sure_but_wrong: tuple[SureButWrong, ...]
