"""Regrading: all answers of a session graded by one grader, beside the grades that are there."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from contextlib import suppress
from typing import Literal

from interview.errors import NEEDS_CHANGE, ContentError, LastingFault, NotFound
from interview.grading.shelf import GraderShelf
from interview.jobs import Job, Jobs, Progress
from interview.live import LiveFeed
from interview.models import Checklist, Graded, Grading, Question, Session, Value
from interview.prompts import Prompts
from interview.rubrics import Rubric
from interview.service.interviewer import Interviewer
from interview.service.spending import Estimate, Spending
from interview.service.stored_answers import StoredAnswer, StoredAnswers
from interview.store.store import Store

KIND = "regrade"
_AT_ONCE = 2  # gradings in the worker's queue: an interview that goes on meanwhile keeps its place in line
_LOOK_SECONDS = 5.0

ChecklistFor = Callable[[Question, Literal["coverage", "judge"]], Checklist]


class Regrade(Value):
    """What regrading a session would take: of its `answers`, what is left when `known` and `waiting` are left out.

    `known` have a grade by that grader that would be asked for in the same way now, `waiting` are on their way to one.
    """

    answers: int
    known: int
    waiting: int
    estimate: Estimate


class Regraded(Value):
    """What a regrade has come to: of `total` answers, how many are `done`, and how many of these came to no grade."""

    total: int = 0
    done: int = 0
    failed: int = 0


class Regrading:
    """Asks for one grading after the other, so that what has not begun can be taken back without a trace.

    Each is a grading like any other, made by the worker. What is wanted stands in `orders` until it is done or stopped:
    so it goes on after a restart. It ends early where every further answer would meet the same fault: a refused key, a
    model that is not there, a budget that is used up. A mock interview that still runs is refused: it tells nothing.

    ContentError: there is nothing to grade, or it may not be told yet. NotFound: no such session or grader.
    """

    def __init__(
        self,
        store: Store,
        shelf: GraderShelf,
        prompts: Prompts,
        rubrics: Mapping[str, Rubric],
        interviewer: Interviewer,
        spending: Spending,
        jobs: Jobs,
        live: LiveFeed,
        orders: MutableMapping[str, str],
        checklist: ChecklistFor,
    ) -> None:
        """`orders` outlives the process; `checklist` tells the key points that a kind of grader compares with."""
        self._store = store
        self._answers = StoredAnswers(store, prompts, rubrics)
        self._shelf = shelf
        self._interviewer = interviewer
        self._spending = spending
        self._jobs = jobs
        self._live = live
        self._orders = orders
        self._checklist = checklist
        self._come: dict[str, Regraded] = {}

    def foretell(self, session_id: str, grader: str) -> Regrade:
        """Say what it would take, with no call."""
        known, waiting, missing = self._sorted(session_id, grader)
        return Regrade(
            answers=known + waiting + len(missing),
            known=known,
            waiting=waiting,
            estimate=self._spending.estimate(grader, [one.request for one in missing]),
        )

    def start(self, session_id: str, grader: str) -> Job:
        """Begin in the background; the same that still runs is returned instead."""
        job = self.job(session_id, grader)
        if job is not None and not job.over:
            return job
        self._order(session_id, grader)
        return self._started(session_id, grader)

    def resume(self) -> None:
        """Go on with everything that was not done when the program ended."""
        for key in list(self._orders):
            self._started(*_of_key(key))

    async def run(self, session_id: str, grader: str, progress: Progress) -> Regraded:
        """Do it now, and return what it came to; where this is cancelled, what has not begun is taken back.

        LastingFault: it ended early.
        """
        await asyncio.to_thread(self._order, session_id, grader)
        try:
            return await self._work(session_id, grader, progress)
        finally:
            self._forget(session_id, grader)

    def job(self, session_id: str, grader: str) -> Job | None:
        """The newest regrade of this session by this grader in this process, if there was one."""
        return self._jobs.latest(_key(session_id, grader), KIND)

    def running(self, session_id: str) -> str:
        """The grader of a regrade of this session that is not over; empty where none is."""
        for job in self._jobs.of_kind(KIND):
            of, grader = _of_key(job.key)
            if of == session_id and not job.over:
                return grader
        return ""

    def stop(self, job_id: str) -> None:
        """Take back what has not begun; what has is graded. NotFound."""
        job = self._jobs.find(job_id)
        if not job.over:
            self._forget(*_of_key(job.key))
            self._jobs.stop(job_id)

    def came(self, job: Job) -> Regraded:
        """What a regrade has come to so far."""
        return self._come.get(job.key, Regraded())

    # --- what is to be done

    def _sorted(self, session_id: str, grader: str) -> tuple[int, int, list[StoredAnswer]]:
        """How many answers are graded so already, how many wait for it, and those that are left."""
        judge = self._shelf.get(grader)
        if self._store.session(session_id).tells_nothing_yet:
            raise ContentError("This mock interview still runs: it tells nothing of its grades before its end.")
        known = waiting = 0
        missing: list[StoredAnswer] = []
        for one in self._answers.of([session_id], lambda question: self._checklist(question, judge.kind)):
            if any(grading.state != "done" for grading in _asked_of(grader, one.turn.gradings)):
                waiting += 1
            elif self._answers.grade_as_now(one, judge) is not None:
                known += 1
            else:
                missing.append(one)
        return known, waiting, missing

    def _order(self, session_id: str, grader: str) -> None:
        """Keep which answers are to be graded, each with how often that grader was asked before."""
        _, _, missing = self._sorted(session_id, grader)
        if not missing:
            raise ContentError("There is no answer in this session that this grader has not graded.")
        order = {one.answer.id: len(_asked_of(grader, one.turn.gradings)) for one in missing}
        self._orders[_key(session_id, grader)] = json.dumps(order)

    def _forget(self, session_id: str, grader: str) -> None:
        with suppress(KeyError):
            del self._orders[_key(session_id, grader)]

    # --- doing it

    def _started(self, session_id: str, grader: str) -> Job:
        async def work(progress: Progress) -> None:
            try:
                await self._work(session_id, grader, progress)
            except (NotFound, LastingFault):  # so it would be at every start, until somebody changes something
                await asyncio.to_thread(self._forget, session_id, grader)
                raise
            await asyncio.to_thread(self._forget, session_id, grader)

        return self._jobs.start(KIND, _key(session_id, grader), work)

    async def _work(self, session_id: str, grader: str, progress: Progress) -> Regraded:
        """Keep a few gradings on their way until all are done; the numbers are those of the store."""
        key = _key(session_id, grader)
        order: dict[str, int] = json.loads(self._orders.get(key, "{}"))  # stopped before it began
        while True:
            version = self._live.version(session_id)
            begun = _begun(await asyncio.to_thread(self._store.session, session_id), grader, order)
            done = [grading for grading in begun.values() if grading.state == "done"]
            failed = sum(not isinstance(grading.outcome, Graded) for grading in done)
            come = self._come[key] = Regraded(total=len(order), done=len(done), failed=failed)
            progress(come.done, come.total)
            if come.done == come.total:
                return come
            _refuse_hopeless(begun.values())
            if self._live.draining:  # the program ends, and this with it
                await asyncio.sleep(_LOOK_SECONDS)
                continue
            free = _AT_ONCE - (len(begun) - len(done))
            for answer_id in [one for one in order if one not in begun][: max(0, free)]:
                await asyncio.to_thread(self._interviewer.regrade, answer_id, grader)
            await self._live.changed(session_id, version, _LOOK_SECONDS)


def _key(session_id: str, grader: str) -> str:
    return f"{session_id} {grader}"


def _of_key(key: str) -> tuple[str, str]:
    session_id, _, grader = key.partition(" ")
    return session_id, grader


def _asked_of(grader: str, gradings: tuple[Grading, ...]) -> list[Grading]:
    """The gradings that this grader was asked for: no appeals, and nothing that a dispute made of a grade."""
    return [
        grading
        for grading in gradings
        if grading.grader == grader
        and grading.appeal is None
        and not (isinstance(grading.outcome, Graded) and grading.outcome.provenance.kind == "audit")
    ]


def _refuse_hopeless(begun: Iterable[Grading]) -> None:
    """LastingFault where one waits for somebody to change something: so would every other."""
    for grading in begun:
        if grading.state != "done" and grading.retry_at and grading.waiting_for in NEEDS_CHANGE:
            raise LastingFault(grading.waiting_detail, fault=grading.waiting_for)


def _begun(session: Session, grader: str, order: Mapping[str, int]) -> dict[str, Grading]:
    """The newest grading of every answer of an order that was asked for since, by the answer's id."""
    found: dict[str, Grading] = {}
    for turn in session.turns:
        if turn.answer is not None and turn.answer.id in order:
            asked = _asked_of(grader, turn.gradings)
            if len(asked) > order[turn.answer.id]:
                found[turn.answer.id] = asked[-1]
    return found
