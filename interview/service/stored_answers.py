"""Stored answers, with what a grader is asked about them now, and whether it has been asked just that before."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from interview.grading.grader import Grader, GradingRequest
from interview.grading.key_points import with_checklist
from interview.grading.provenance import model_of
from interview.models import Answer, Checklist, Graded, Grading, Question, Session, Turn
from interview.prompts import Prompts
from interview.rubrics import Rubric, rubric_for
from interview.store.store import Store


@dataclass(frozen=True)
class StoredAnswer:
    """An answered Turn. `checklist` are the key points in the request."""

    turn: Turn
    answer: Answer
    request: GradingRequest
    checklist: Checklist


class StoredAnswers:
    """Reads answers as the worker would have them graded. NotFound: no such session. StoreError."""

    def __init__(self, store: Store, prompts: Prompts, rubrics: Mapping[str, Rubric]) -> None:
        """`rubrics` has one called `default`."""
        self._store = store
        self._prompts = prompts
        self._rubrics = rubrics

    def of(self, sessions: Sequence[str], checklist: Callable[[Question], Checklist]) -> tuple[StoredAnswer, ...]:
        """The answers of sessions, retries and follow-ups among them; `checklist` tells the key points that count."""
        return tuple(
            self._asked(session, turn, turn.answer, checklist(turn.question))
            for session in map(self._store.session, dict.fromkeys(sessions))
            for turn in session.turns
            if turn.answer is not None
        )

    def grade_as_now(self, one: StoredAnswer, grader: Grader) -> Graded | None:
        """The newest grade by that grader for which it was asked as it would be now, with the model it has now.

        What another grader made of it in its place is none, nor what an appeal or a dispute made of a grade.
        """
        for grading in reversed(one.turn.gradings):
            if grading.grader == grader.name and (outcome := self._same(grading, one, grader)) is not None:
                return outcome
        return None

    def _same(self, grading: Grading, one: StoredAnswer, grader: Grader) -> Graded | None:
        outcome = grading.outcome
        if grading.appeal is not None or not isinstance(outcome, Graded):
            return None
        made, question = outcome.provenance, one.turn.question
        prompt, model = (self._prompts.judge.ref, model_of(grader)) if made.kind == "judge" else ("", "")
        told = (made.prompt, made.model, made.rubric, made.checklist, made.question_digest, made.reference_digest)
        wanted = (prompt, model, one.request.rubric.ref, one.checklist.ref)
        same = told == (*wanted, question.content_digest, question.reference_digest)
        return outcome if same and not any(flag.startswith("fallback:") for flag in outcome.flags) else None

    def _asked(self, session: Session, turn: Turn, answer: Answer, checklist: Checklist) -> StoredAnswer:
        request = GradingRequest(
            question=with_checklist(turn.question, checklist),
            answer=answer.text,
            follow_up=turn.follow_up or "",
            rubric=rubric_for(self._rubrics, turn.question.rubric),
            lang=session.plan.lang,
            session_id=session.id,
        )
        return StoredAnswer(turn, answer, request, checklist)
