"""Key points: which ones count, where they come from, how a person changes them."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Literal

from interview.backends.backend import Backend
from interview.backends.calls import CallLog
from interview.errors import BackendError, ChecklistChanged, ChecklistRefused, ModelNeeded, NotFound
from interview.grading.extraction import extract, generate
from interview.grading.grader import Grader
from interview.grading.guard import guard_rule
from interview.grading.key_points import from_notes
from interview.grading.written_points import read_points
from interview.jobs import Job, Jobs, Progress
from interview.models import Checklist, Graded, Question, Turn, basis_of, notes_digest
from interview.prompts import Prompts
from interview.store.checklists import ChecklistStore, QuestionHistory
from interview.store.rows import Claim
from interview.store.store import Store

# A grading waits so long for key points that are being looked for; then it goes on with those of the notes.
PATIENCE = 90.0
# After a failure nothing is asked for so long, so that an endpoint that is down is not asked at every answer.
PAUSE = 600.0
JOB = "key_points"
_BAD_REPLIES = 2  # of those that the answer has: the grade itself must have some left
_log = logging.getLogger(__name__)


class Checklists:
    """The key points of questions by version. Synchronous methods may be called from any thread."""

    def __init__(
        self,
        store: Store,
        backend: Callable[[str], Backend | None],
        prompts: Prompts,
        jobs: Jobs,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE,
    ) -> None:
        """`backend` gives the model behind a grader's name, None for the coverage estimate (NotFound: no grader)."""
        self._kept = ChecklistStore(store)
        self._history = QuestionHistory(store)
        self._backend = backend
        self._prompts = prompts
        self._jobs = jobs
        self._monotonic = monotonic
        self._patience = patience
        self._looking: dict[str, asyncio.Task[Checklist]] = {}
        self._failed: dict[str, float] = {}

    # --- reading

    def in_force(self, question: Question) -> Checklist:
        """The key points that count: the newest version, unless the author changed those of the notes since.

        A locked version counts until a newer one is saved. Without any: those of the notes, which are not stored.
        """
        return _counting(question, self.versions(question))

    def in_force_for(self, question: Question, kind: Literal["coverage", "judge"]) -> Checklist:
        """Those that a grader of that kind compares with; the coverage estimate takes none that a model found."""
        present = self.in_force(question)
        return from_notes(question) if kind == "coverage" and not _is_ones_own(present) else present

    def versions(self, question: Question) -> tuple[Checklist, ...]:
        """The stored versions for this question and reference, old ones first."""
        return self._kept.versions(basis_of(question))

    def history(self, question_id: str) -> tuple[Turn, ...]:
        """Every Turn of a question, follow-ups too, old ones first, in whatever version it was asked.

        Those of the `silent_sessions` have no gradings.
        """
        silent = self.silent_sessions()
        turns = self._history.turns(question_id)
        return tuple(turn.untold if turn.session_id in silent else turn for turn in turns)

    def silent_sessions(self) -> frozenset[str]:
        """Ids of the mock interviews that still run: nothing of their grades is told."""
        return self._history.silent_sessions()

    def standings(self) -> dict[str, tuple[int, Graded | None]]:
        """How often each question was answered, with its newest judgement that is told, else its newest estimate."""
        return self._history.newest_grades()

    # --- changing

    def save(self, question: Question, text: str, *, locked: bool, seen: str) -> Checklist:
        """Store an edited list, one point a line; `seen` is the id of the version that it was made from.

        Nothing is stored where nothing changed. ChecklistRefused: the text cannot be used. ChecklistChanged: there is
        a newer version than `seen`.
        """
        versions = self.versions(question)
        present = _counting(question, versions)
        points = read_points(text, present, question.reference)
        newest = versions[-1].id if versions else ""
        if present.id in (seen, newest) and (present.points, present.locked) == (points, locked):
            return present
        made = present.model_copy(
            update={"origin": "edited", "points": points, "locked": locked, "notes": notes_digest(question), "by": ""}
        )
        return self._kept.add(made, seen=seen)

    def newest_id(self, question: Question) -> str:
        """The id of the newest version, empty where none is stored: what an editor starts from."""
        versions = self.versions(question)
        return versions[-1].id if versions else ""

    def extract(self, question: Question, grader: str) -> Job:
        """Look for key points now, with the model behind a grader; the job stores what it finds as a new version.

        Raises what `look` refuses at once.
        """
        self._refuse_looking(question, grader)

        async def work(progress: Progress) -> None:
            progress(0, 1)
            await self.look(question, grader)
            progress(1, 1)

        return self._jobs.start(JOB, question.id, work)

    async def look(self, question: Question, grader: str) -> Checklist:
        """Look for key points with the model behind a grader, store and return them as a new version.

        ChecklistRefused: the list is locked, or the author gives the points. ModelNeeded: the grader has no
        model. NotFound: no such grader. Raises PassingFault and LastingFault.
        """
        self._refuse_looking(question, grader)
        return await asyncio.shield(self._look(question, grader, "", CallLog()))

    def _refuse_looking(self, question: Question, grader: str) -> None:
        if question.key_points:
            raise ChecklistRefused("The notes give the key points of this question; no model is asked for them.")
        if self.in_force(question).locked:
            raise ChecklistRefused("The key points are locked. Unlock them first; then a model may look for others.")
        if self._backend(grader) is None:
            raise ModelNeeded("The coverage estimate has no model to ask. Choose a grader with a model.")

    # --- grading

    async def prepare(self, claim: Claim, grader: Grader, log: CallLog) -> Checklist:
        """The key points that `grader` compares the claim's answer with; calls for them are noted in `log`.

        The coverage estimate takes what a person wrote or locked, else what the notes give: it stays deterministic.
        For a model, key points that nobody gave are looked for once; failing that, those of the notes stand in.
        """
        question = claim.question
        present = await asyncio.to_thread(self.in_force_for, question, grader.kind)
        known = grader.kind == "coverage" or _is_ones_own(present) or present.id
        if known or guard_rule(question, claim.answer) is not None or self._is_pausing(present.basis):
            return present
        try:
            looking = self._look(question, claim.grader, claim.session_id, log.part(_BAD_REPLIES))
            done, _ = await asyncio.wait({looking}, timeout=self._patience)
            return looking.result() if done else present
        except (BackendError, NotFound) as fault:
            _log.warning("Key points of %s are those of the notes for now: %s", question.id, fault)
        except Exception:
            _log.exception("Key points of %s are those of the notes for now", question.id)
        return present

    def _is_pausing(self, basis: str) -> bool:
        return self._monotonic() - self._failed.get(basis, -PAUSE) < PAUSE

    def _look(self, question: Question, grader: str, session_id: str, log: CallLog) -> asyncio.Task[Checklist]:
        """The search for the key points of a basis; while one runs, that one."""
        basis = basis_of(question)
        if basis not in self._looking:
            task = asyncio.create_task(self._find(question, grader, session_id, log))
            self._looking[basis] = task
            task.add_done_callback(lambda ended: self._ended(basis, ended))
        return self._looking[basis]

    def _ended(self, basis: str, task: asyncio.Task[Checklist]) -> None:
        del self._looking[basis]
        if task.cancelled():
            return
        if task.exception() is not None:
            self._failed[basis] = self._monotonic()
        else:
            self._failed.pop(basis, None)

    async def _find(self, question: Question, grader: str, session_id: str, log: CallLog) -> Checklist:
        backend = self._backend(grader)
        if backend is None:
            return from_notes(question)
        seen = await asyncio.to_thread(self.newest_id, question)
        find = extract if question.has_reference else generate
        found = await find(backend, self._prompts, question, by=grader, session_id=session_id, log=log)
        try:
            return await asyncio.to_thread(self._kept.add, found, seen=seen)
        except ChecklistChanged:  # somebody wrote or locked a list meanwhile: theirs counts
            return await asyncio.to_thread(self.in_force, question)


def _is_ones_own(checklist: Checklist) -> bool:
    """Whether a person wrote or locked it."""
    return checklist.origin in ("author", "edited") or checklist.locked


def _counting(question: Question, versions: tuple[Checklist, ...]) -> Checklist:
    notes = notes_digest(question)
    for version in reversed(versions):
        if version.notes == notes or (version.locked and version is versions[-1]):
            return version
    return from_notes(question)
