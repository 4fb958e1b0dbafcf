"""Appeals: what a candidate can say against a grade. «I said that», and the own verdict, which is final."""

import math
from collections.abc import Callable, Mapping

from interview.errors import VerdictRefused
from interview.live import LiveFeed
from interview.models import Appeal, Graded, Grading, SelfGraded, Turn, is_appealable
from interview.rubrics import Rubric, rubric_for
from interview.store.appeals import Disputed, StoredAppeals
from interview.store.store import Store
from interview.text import APPEAL_REASON_LIMIT, OWN_VERDICT_LIMIT, clean_within


class Appeals:
    """Takes appeals and own verdicts. Every change is committed on return; nothing that stands is changed by one.

    NotFound: an id that is not there. VerdictRefused: it cannot be taken, with the reason. StoreError.
    """

    def __init__(self, store: Store, rubrics: Mapping[str, Rubric], live: LiveFeed, wake: Callable[[], None]) -> None:
        """`rubrics` has one called `default`; `wake` tells the worker that an appeal is due."""
        self._store = store
        self._stored = StoredAppeals(store)
        self._rubrics = rubrics
        self._live = live
        self._wake = wake

    def appeal(self, grading_id: str, point_id: str, reason: str = "") -> Grading:
        """Have the same grader look at one verdict again; a new grading, beside the contested one.

        A point of an answer is heard once per grader: again gives the appeal there is, unless it came to no grade.
        """
        turn = self._stored.turn_of(grading_id)
        contested = _newest(turn, grading_id)
        before = heard_before(turn, contested, point_id)
        if before is not None:
            return before
        grade = _appealable(contested, point_id)
        if any(one.appeal is not None and one.state != "done" for one in turn.gradings):
            raise VerdictRefused("Another appeal about this answer is being heard; wait for it.")
        rubric = self._rubrics.get(contested.rubric)
        if rubric is None or rubric.ref != grade.provenance.rubric:
            raise VerdictRefused("The rubric has changed since this grade: ask for a new grade instead.")
        said = _within(reason, APPEAL_REASON_LIMIT, "The reason")
        appeal = Appeal(grading_id=contested.id, point_id=point_id, reason=said)
        grading = self._stored.add_appeal(appeal)
        self._wake()
        self._live.touch(turn.session_id)
        return grading

    def override(self, answer_id: str, score: float, note: str = "") -> Grading:
        """Set one's own final score (0 to the maximum of the grade or rubric); every machine's grade stays beside it.

        Without a grade, after a failure and for an estimate it is the way to a score all the same.
        """
        turn = self._store.turn(self._store.answer(answer_id).turn_id)
        counts = machine_grading(turn)
        most = self._most(turn, counts)
        if not math.isfinite(score) or not 0 <= score <= most:
            raise VerdictRefused(f"The score must be a number from 0 to {most:g}.")
        rubric = counts.rubric if counts else rubric_for(self._rubrics, turn.question.rubric).name
        own = SelfGraded(
            score=round(score, 1),
            max_score=most,
            note=_within(note, OWN_VERDICT_LIMIT, "The note"),
            over=counts.id if counts else "",
        )
        grading = self._stored.add_own(answer_id, rubric, own)
        self._live.touch(turn.session_id)
        return grading

    def disputed(self) -> tuple[Disputed, ...]:
        """Per grader, how often candidates appealed and overrode, and what came of it."""
        return self._stored.disputed()

    def _most(self, turn: Turn, counts: Grading | None) -> float:
        if counts is not None and isinstance(counts.outcome, Graded):
            return counts.outcome.max_score
        return rubric_for(self._rubrics, turn.question.rubric).max_score


def _newest(turn: Turn, grading_id: str) -> Grading:
    """The contested grading, or the grade that appeals have made of it since."""
    contested = next(grading for grading in turn.gradings if grading.id == grading_id)
    return (line_of(turn, contested) or (contested,))[-1]


def _appealable(contested: Grading, point_id: str) -> Graded:
    grade = contested.outcome
    if isinstance(grade, Graded):
        for point in grade.key_points:
            if point.id == point_id and is_appealable(grade, point):
                return grade
    raise VerdictRefused("Only a key point that a model judged missing or partial can be appealed.")


def machine_grading(turn: Turn) -> Grading | None:
    """The machine's grading that would count without any own verdict; None where there is no grade."""
    return turn.model_copy(
        update={"gradings": tuple(grading for grading in turn.gradings if grading.label != "own")}
    ).current_grading


def heard_before(turn: Turn, contested: Grading, point_id: str) -> Grading | None:
    """The newest appeal about that point which waits, runs, or came to a grade; None where there is none.

    An appeal about an earlier grade counts for the grades that came of it, too: the same words are not judged twice.
    """
    line = {grading.id for grading in line_of(turn, contested)}
    for grading in reversed(turn.gradings):
        appeal = grading.appeal
        if appeal is None or appeal.point_id != point_id or appeal.grading_id not in line:
            continue
        if grading.outcome is None or isinstance(grading.outcome, Graded):
            return grading
    return None


def line_of(turn: Turn, contested: Grading) -> tuple[Grading, ...]:
    """The grades that this one came of by appeals and those that came of it, oldest first, itself included."""
    line = {contested.id}
    for grading in reversed(turn.gradings):
        if grading.id in line and grading.appeal is not None:
            line.add(grading.appeal.grading_id)
    for grading in turn.gradings:
        if grading.appeal is not None and grading.appeal.grading_id in line:
            line.add(grading.id)
    return tuple(grading for grading in turn.gradings if grading.id in line and isinstance(grading.outcome, Graded))


def _within(text: str, limit: int, what: str) -> str:
    return clean_within(text, limit, what, VerdictRefused).strip()
