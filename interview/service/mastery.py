"""Mastery of questions and key points: what is solid, what is forgotten every time, what was sure but wrong."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from interview.grading.scoring import SCALE
from interview.models.progress import (
    AnswerFact,
    AskedQuestion,
    ForgottenPoint,
    GradingFact,
    QuestionMastery,
    SureButWrong,
)
from interview.models.reports import ENOUGH
from interview.store.statistics import Statistics

WRONG_BELOW = SCALE / 2
_CERTAIN = 3
_LOOKED_AT = 10
_MISSED = ("missing", "contradicted")
_FORGOTTEN_SHOWN = 6
_SURE_SHOWN = 5


class Judged(NamedTuple):
    """A judged first answer, with its question and the grading that counts."""

    fact: AnswerFact
    question: AskedQuestion
    grading: GradingFact

    @property
    def score(self) -> float:
        """0-10."""
        return self.grading.score or 0.0


def by_question(judged: Iterable[Judged]) -> dict[str, list[Judged]]:
    """The answers to each question, from old to new."""
    grouped: dict[str, list[Judged]] = {}
    for one in judged:
        grouped.setdefault(one.question.id, []).append(one)
    return grouped


def latest(judged: Iterable[Judged]) -> tuple[QuestionMastery, ...]:
    """Every question by its newest answer, the weakest first."""
    newest = [
        QuestionMastery(**_place(group[-1]), section=group[-1].question.section, n=len(group), score=group[-1].score)
        for group in by_question(judged).values()
    ]
    return tuple(sorted(newest, key=lambda question: (question.score, -question.n)))


def mastered(questions: Iterable[QuestionMastery], solid_from: float) -> int:
    """Count the solid questions: those whose score (0-10) is at least `solid_from`."""
    return sum(question.score >= solid_from - 1e-9 for question in questions)


def forgotten_points(judged: Iterable[Judged], statistics: Statistics) -> tuple[ForgottenPoint, ...]:
    """Points judged often enough, missed at least half of the times and the last time too; the most missed first.

    The newest ten answers to a question are looked at. A point is the same by the id of its question and its words.
    What a judge could not assess counts neither way.
    """
    newest = [one for group in by_question(judged).values() for one in group[-_LOOKED_AT:]]
    points = statistics.points(one.grading.seq for one in newest)
    seen: dict[tuple[str, str], list[tuple[Judged, bool]]] = {}
    for one in newest:
        for point in points[one.grading.seq]:
            if point.verdict != "cannot_assess":
                seen.setdefault((one.question.id, point.text), []).append((one, point.verdict in _MISSED))
    found: list[ForgottenPoint] = []
    for (_, text), times in seen.items():
        missed = sum(is_missed for _, is_missed in times)
        last, is_missed = times[-1]
        if len(times) >= ENOUGH and is_missed and 2 * missed >= len(times):
            found.append(ForgottenPoint(**_place(last), text=text, missed=missed, judged=len(times)))
    found.sort(key=lambda point: (-point.missed / point.judged, -point.missed))
    return tuple(found[:_FORGOTTEN_SHOWN])


def sure_but_wrong(judged: Sequence[Judged]) -> tuple[SureButWrong, ...]:
    """Answers told to be certain that were scored below half, the newest first."""
    wrong = [one for one in judged if one.fact.confidence == _CERTAIN and one.score < WRONG_BELOW]
    return tuple(SureButWrong(**_place(one), score=one.score, at=one.fact.at) for one in reversed(wrong[-_SURE_SHOWN:]))


def _place(one: Judged) -> dict[str, str]:
    return {"session_id": one.fact.session_id, "turn_id": one.fact.turn_id, "question": one.question.text}
