"""What a session comes to, as values: the positions, the sections, the points, the time, and what to study next."""

from typing import Literal

from interview.models.base import Value
from interview.models.grades import PointGrade

# Below this many judged answers a mean says too little to be told.
ENOUGH = 3
Reached = Literal["unaided", "hinted", "revealed", "skipped"]
StudyReason = Literal["skipped", "contradicted", "missing", "partial", "revealed"]


class QuestionReport(Value):
    """One asked position. `turn_id` is the Turn that stands for it.

    `mark` as in SessionSummary. `score` (0-10) is a judgement's, None for an estimate, a failure or no answer.
    `reached` is None while the question is open. `seconds` from asking to answer, all attempts together; None without
    an answer. `confidence` is 1-3 where it was told. `attempts` counts the first try and retries, `follow_ups` what
    was asked on top.
    """

    position: int
    turn_id: str
    question: str
    section: str
    mark: str
    score: float | None
    reached: Reached | None
    seconds: float | None
    confidence: int | None
    attempts: int
    follow_ups: int


class SectionReport(Value):
    """One section of the paper: how many of its positions were answered, judged by a grader, and graded by oneself.

    `mean` (0-10) is that of the judged ones, `own_mean` of one's own.
    """

    name: str
    answered: int
    judged: int
    mean: float | None
    own: int = 0
    own_mean: float | None = None

    @property
    def says_enough(self) -> bool:
        """Whether the mean is over enough judged answers to be told."""
        return self.judged >= ENOUGH


class ReportedPoint(Value):
    """A key point of one position. `estimated`: found by the coverage estimate, not by a judge."""

    turn_id: str
    position: int
    question: str
    point: PointGrade
    estimated: bool


class StudyItem(Value):
    """A question to study next. `points` counts the required points that are missing for the reason `why`."""

    turn_id: str
    position: int
    question: str
    section: str
    why: StudyReason
    points: int
    estimated: bool


class ConfidenceReport(Value):
    """The judged answers given with one confidence (1 guessing, 2 fairly, 3 certain), and their mean score (0-10)."""

    level: int
    judged: int
    mean: float


class SessionReport(Value):
    """What a session comes to. Every position counts once, by its latest answered attempt that is no follow-up.

    `answered` = `judged` + `own` + `estimated` + `ungraded` + `pending`. `mean` is 0-10 over the judged positions alone
    (own verdicts, estimates and failures are left out), `own_mean` over those that the candidate graded; each is None
    where there are none. `weakest` starts with the worst, `strongest` with
    the heaviest. `answering_seconds` adds up the questions, `elapsed_seconds` runs from the start to the end of the
    session, else to its last answer; both None without an answer. `confidence` has the levels that were told.
    """

    count: int
    asked: int
    answered: int
    judged: int
    estimated: int
    ungraded: int
    pending: int
    skipped: int
    mean: float | None
    answering_seconds: float | None
    elapsed_seconds: float | None
    questions: tuple[QuestionReport, ...]
    sections: tuple[SectionReport, ...]
    strongest: tuple[ReportedPoint, ...]
    weakest: tuple[ReportedPoint, ...]
    study: tuple[StudyItem, ...]
    confidence: tuple[ConfidenceReport, ...]
    own: int = 0
    own_mean: float | None = None
