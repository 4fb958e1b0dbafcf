"""Disputes about references: audits that find them, a person who decides, and what follows for grades."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from interview.backends.backend import Backend
from interview.errors import ChecklistRefused, ModelNeeded
from interview.grading.audit import RUNS as AUDIT_RUNS
from interview.grading.audit import Found, audit, same_words
from interview.grading.disputed import LEFT_OUT, corrected, doubt_span, effective, touched
from interview.grading.key_points import from_notes
from interview.jobs import Job, Jobs, Progress
from interview.models import Dispute, Graded, Grading, Question, Turn, basis_of
from interview.models.checklists import DisputeState
from interview.prompts import Prompts
from interview.rubrics import Rubric
from interview.store.checklists import ChecklistStore, DisputeStore, QuestionHistory
from interview.store.rows import Claim
from interview.store.store import Store
from interview.turns import tries

JOB = "audit"


class Disputes:
    """What is disputed in references. A candidate's text changes no reference and, by itself, no score."""

    def __init__(
        self,
        store: Store,
        backend: Callable[[str], Backend | None],
        prompts: Prompts,
        rubrics: Mapping[str, Rubric],
        jobs: Jobs,
    ) -> None:
        """`backend` gives the model behind a grader's name, None for the coverage estimate (NotFound: no grader)."""
        self._kept = DisputeStore(store)
        self._checklists = ChecklistStore(store)
        self._history = QuestionHistory(store)
        self._clock = store.clock
        self._backend = backend
        self._prompts = prompts
        self._rubrics = rubrics
        self._jobs = jobs
        self._counting = threading.Lock()

    def of(self, question: Question) -> tuple[Dispute, ...]:
        """The disputes about this reference as it is now, in the order in which they came."""
        return self._kept.of_basis(basis_of(question))

    def decide(self, dispute_id: str, state: DisputeState) -> Dispute:
        """Accept or reject a dispute, or open it again; grades that it concerns are counted anew beside the old ones.

        NotFound.
        """
        dispute = self._kept.decide(dispute_id, state)
        self._reconsider(dispute.question_id, dispute.basis)
        return dispute

    # --- audits

    def start_audit(self, questions: Sequence[Question], grader: str) -> Job:
        """Check the references of questions in the background; what is found is stored question by question.

        ModelNeeded: the grader has none. ChecklistRefused: no question has a reference. NotFound: no such grader.
        """
        with_reference = [question for question in questions if question.has_reference]
        if self._backend(grader) is None:
            raise ModelNeeded("The coverage estimate has no model to ask. Choose a grader with a model.")
        if not with_reference:
            raise ChecklistRefused("There is no reference answer to check.")

        async def work(progress: Progress) -> None:
            total = AUDIT_RUNS * len(with_reference)
            for number, question in enumerate(with_reference):
                done = AUDIT_RUNS * number
                progress(done, total)
                await self.audit(question, grader, ran=lambda runs, done=done: progress(done + runs, total))
            progress(total, total)

        key = with_reference[0].id if len(with_reference) == 1 else ""
        return self._jobs.start(JOB, key, work)

    async def audit(
        self, question: Question, grader: str, *, ran: Callable[[int], None] = lambda runs: None
    ) -> tuple[Dispute, ...]:
        """Check one reference, and return what is disputed in it.

        ModelNeeded: the grader has no model. NotFound: no such grader. Raises PassingFault and LastingFault.
        """
        backend = self._backend(grader)
        if backend is None:
            raise ModelNeeded("The coverage estimate has no model to ask. Choose a grader with a model.")
        for found in await audit(backend, self._prompts, question, ran=ran):
            self._note(question, _dispute(question, found, grader, self._clock()))
        self._reconsider(question.id, basis_of(question))
        return self.of(question)

    def _note(self, question: Question, dispute: Dispute) -> None:
        """Keep a dispute; one about the same words is there once, and an audit confirms what a grading had raised."""
        for known in self.of(question):
            if same_words((known.start, known.end), (dispute.start, dispute.end)):
                if dispute.source == "audit" and known.source == "grading":
                    facts = {"source", "grader", "quote", "start", "end", "correction", "reason", "votes", "of"}
                    self._kept.confirm(known.model_copy(update=dispute.model_dump(include=facts)))
                return
        self._kept.add(dispute)

    # --- grades

    def graded(self, claim: Claim, outcome: object) -> None:
        """After a grading: keep what its judge disputes, and count it anew where the dispute holds already."""
        if not isinstance(outcome, Graded) or outcome.label != "judgement":
            return
        span = doubt_span(outcome, claim.question.reference)
        if span is not None and outcome.doubt is not None:
            quote, reason = outcome.doubt.quote, outcome.doubt.reason
            found = Found(quote=quote, start=span[0], end=span[1], correction="", reason=reason, votes=1, of=1)
            self._note(claim.question, _dispute(claim.question, found, claim.grader, self._clock(), by_grading=True))
        if self.of(claim.question):
            self._reconsider(claim.question.id, basis_of(claim.question))

    def _reconsider(self, question_id: str, basis: str) -> None:
        """Bring the grades of all answers to this reference in line with the disputes that hold now."""
        with self._counting:
            disputes = self._kept.of_basis(basis)
            for turn in tries(self._history.turns(question_id)):
                if basis_of(turn.question) == basis:
                    self._count_anew(turn, disputes)

    def _count_anew(self, turn: Turn, disputes: Sequence[Dispute]) -> None:
        """Add a grade where the one that counts is not what the verdicts come to without the disputed points."""
        current, judged = turn.current_grading, _judged(turn)
        if turn.answer is None or current is None or judged is None or not isinstance(judged.outcome, Graded):
            return
        rubric = self._rubrics.get(judged.rubric)
        if rubric is None or rubric.ref != judged.outcome.provenance.rubric:
            return  # another rubric would make another grade of it
        target = corrected(judged.outcome, rubric, self._left_out(turn.question, judged.outcome, disputes))
        if isinstance(current.outcome, Graded) and _left_out_of(current.outcome) != _left_out_of(target):
            self._history.add_corrected(turn.answer.id, judged.grader, judged.rubric, target)

    def _left_out(self, question: Question, graded: Graded, disputes: Sequence[Dispute]) -> set[str]:
        versions = (*self._checklists.versions(basis_of(question)), from_notes(question))
        used = next((one for one in versions if one.ref == graded.provenance.checklist), versions[-1])
        return {
            point
            for dispute in effective(graded, question.reference, disputes)
            for point in touched(graded.key_points, used.points, question.reference, (dispute.start, dispute.end))
        }


def _judged(turn: Turn) -> Grading | None:
    """The newest grading by a model, where it, or what code made of it, is the one that counts."""
    current = turn.current_grading
    if current is None or not isinstance(current.outcome, Graded) or current.outcome.provenance.kind == "self":
        return None
    by_model = [
        grading
        for grading in turn.gradings
        if isinstance(grading.outcome, Graded)
        and grading.label == "judgement"
        and grading.outcome.provenance.kind == "judge"
    ]
    return by_model[-1] if by_model and current.outcome.provenance.kind in ("judge", "audit") else None


def _left_out_of(graded: Graded) -> frozenset[str]:
    return frozenset(flag for flag in graded.flags if flag.startswith(f"{LEFT_OUT}:"))


def _dispute(question: Question, found: Found, grader: str, now: datetime, *, by_grading: bool = False) -> Dispute:
    return Dispute(
        id="",
        question_id=question.id,
        basis=basis_of(question),
        source="grading" if by_grading else "audit",
        grader=grader,
        created_at=now,
        **found.model_dump(),
    )
