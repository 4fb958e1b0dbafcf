"""The worker: claims pending gradings, runs them outside any page, and stores what came of each."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from interview.attempt import Checklists, Graders, GradingOutcome, NotesAlone, attempt
from interview.backends.calls import CallLog
from interview.errors import NEEDS_CHANGE, BackendError, LastingFault, PassingFault, StoreError
from interview.live import LiveFeed
from interview.models import FailedAttempt, Graded, Ungraded, Waiting
from interview.rubrics import Rubric
from interview.store.rows import Claim
from interview.store.store import Store

# A grading is put off for 10 s after its first fault, then twice as long each time, up to 10 minutes, for as long as it
# takes: an answer that was given deserves a grade, however long an endpoint is down.
FIRST_WAIT, LONGEST_WAIT = 10.0, 600.0
_LONGEST_ASKED = 3600.0  # an endpoint may ask for an hour, not for a year
_JITTER = 0.2  # so that what failed together is not tried again in the same moment
_LOOK = 60.0  # seconds after which the store is looked at, whatever a clock that may be wrong says
_STORE_PAUSE = 5.0
_log = logging.getLogger(__name__)
T = TypeVar("T")


def planned_wait(faults: int) -> float:
    """Return the seconds that a grading is put off for after `faults` earlier ones."""
    return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(faults, 10))


class Worker:
    """Grades what is pending, up to `concurrency` at a time. One instance runs in one event loop at a time.

    A grading ends in exactly one stored outcome, whatever its grader does: raises, hangs, or ends without a word.
    """

    def __init__(
        self,
        store: Store,
        graders: Graders,
        rubrics: Mapping[str, Rubric],
        live: LiveFeed,
        *,
        owner: str,
        monotonic: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = random.random,
        concurrency: int = 4,
        lease: timedelta = timedelta(seconds=180),
        limit: timedelta = timedelta(minutes=15),
        checklists: Checklists | None = None,
        graded: Callable[[Claim, GradingOutcome], None] = lambda claim, outcome: None,
    ) -> None:
        """`owner` names this process in the store. Leases are renewed while gradings run.

        A grader that does nothing for `limit` is ended; calls of its own are bounded by their backends. Waits are
        measured by `monotonic`, so that a clock that is set makes none longer; `random` (0-1) scatters them.
        `checklists` None: key points come from the notes alone. `graded` is told in a thread what was stored.
        """
        self._store = store
        self._graders = graders
        self._rubrics = rubrics
        self._live = live
        self._monotonic = monotonic
        self._random = random
        self._owner = owner
        self._concurrency = concurrency
        self._lease = lease
        self._limit = limit
        self._checklists = checklists or NotesAlone()
        self._graded = graded
        self._waits: dict[str, _Wait] | None = None
        self._running: dict[str, tuple[Claim, asyncio.Task[None]]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()

    def retry_now(self) -> None:
        """Forget what waits for a later moment, after the store was told so. From any thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._forget_waits)

    def _forget_waits(self) -> None:
        self._waits = None
        self._woken.set()

    def wake(self) -> None:
        """Say that something may be due. From any thread; nothing happens while the worker is not running."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._woken.set)

    async def run(self) -> None:
        """Grade until cancelled; then give back what is not finished, so that nothing waits for a lease to end."""
        async with self._working():
            while True:
                self._woken.clear()
                try:
                    await self._start_due()
                    pause = await self._pause()
                except Exception as error:  # a worker that ends would leave every later answer without a grade
                    _log.error("Gradings wait: %s", error, exc_info=not isinstance(error, StoreError))
                    pause = _STORE_PAUSE
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):  # wait_for of Python 3.11 may swallow a cancellation
                        await self._woken.wait()

    async def run_once(self) -> int:
        """Grade everything that is due, until nothing is; returns how many gradings ran (those put off included)."""
        count = 0
        async with self._working():
            while True:
                self._woken.clear()
                count += await self._start_due()
                if not self._running:
                    return count
                await self._woken.wait()

    @asynccontextmanager
    async def _working(self) -> AsyncGenerator[None]:
        self._loop, self._woken, self._waits = asyncio.get_running_loop(), asyncio.Event(), None
        renewing = asyncio.create_task(self._renew())
        try:
            yield
        finally:
            self._loop = None
            tasks = [renewing, *(task for _, task in self._running.values())]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await _to_the_end(self._store.release_owned, self._owner)

    async def _start_due(self) -> int:
        free = self._concurrency - len(self._running)
        if not free:
            return 0
        waits = await self._known_waits()
        now = self._monotonic()
        ready = {grading_id for grading_id, wait in waits.items() if wait.until <= now}
        held = {*self._running, *waits} - ready
        claims = await _to_the_end(self._store.claim, self._owner, free, self._lease, held, ready)
        over = {claim.grading_id for claim in claims}
        if len(claims) < free:  # the rest of what is ready is done, or was taken by somebody else
            over |= ready
        for grading_id in over:
            waits.pop(grading_id, None)
        for claim in claims:
            task = asyncio.create_task(self._grade(claim))
            self._running[claim.grading_id] = (claim, task)
            task.add_done_callback(lambda _, grading_id=claim.grading_id: self._ended(grading_id))
        return len(claims)

    def _ended(self, grading_id: str) -> None:
        del self._running[grading_id]
        self._woken.set()

    async def _known_waits(self) -> "dict[str, _Wait]":
        """What waits by the clock of this process: all that it put off, and what an earlier one left."""
        if self._waits is None:
            left = await asyncio.to_thread(self._store.waiting)
            now = self._monotonic()
            self._waits = {one.grading_id: _Wait(one.grader, now + self._left(one)) for one in left}
        return self._waits

    def _left(self, one: Waiting) -> float:
        """Seconds that are left of a wait; none where it cannot have begun yet: the clock was set back."""
        moment = self._store.clock()
        begun = one.put_off_at is None or one.put_off_at <= moment
        return max(0.0, (one.retry_at - moment).total_seconds()) if begun else 0.0

    async def _pause(self) -> float | None:
        """Seconds until something can be claimed; None: not before this worker is woken."""
        if len(self._running) == self._concurrency:
            return None
        waits = await self._known_waits()
        pauses = [wait.until - self._monotonic() for wait in waits.values()]
        due = await asyncio.to_thread(self._store.next_due, {*self._running, *waits})
        if due is not None:
            pauses.append(min(_LOOK, (due - self._store.clock()).total_seconds()))
        return max(0.0, min(pauses)) if pauses else None

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            try:
                await asyncio.to_thread(self._store.extend, [claim for claim, _ in self._running.values()], self._lease)
            except StoreError as error:
                _log.error("Leases could not be renewed: %s", error)

    async def _grade(self, claim: Claim) -> None:
        """Run one claim and store what came of it."""
        self._live.touch(claim.session_id)
        log = CallLog(claim.bad_replies, arrived=partial(self._live.arrived, claim.session_id, claim.grading_id))
        try:
            outcome = await self._attempt(claim, log)
            waits = _waits_for_change(outcome)
            if waits is None:
                await self._settle(claim, outcome, log)
            else:
                await self._put_off(claim, waits, log)
        except PassingFault as fault:
            await self._put_off(claim, fault, log)
        finally:
            self._live.clear(claim.session_id, claim.grading_id)

    async def _attempt(self, claim: Claim, log: CallLog) -> GradingOutcome:
        return await attempt(claim, self._graders, self._rubrics, self._live, self._limit, self._checklists, log)

    async def _settle(self, claim: Claim, outcome: GradingOutcome, log: CallLog) -> None:
        try:
            held = await self._keep(self._store.finish_grading, claim, outcome, log.failed)
        except ValueError as error:
            _log.error("The outcome of grading %s cannot be stored: %s", claim.grading_id, error)
            unusable = Ungraded(
                reason="internal_error", detail="The grade was unusable.", provenance=outcome.provenance
            )
            held = await self._keep(self._store.finish_grading, claim, unusable, log.failed)
        if not held:
            _log.warning("Grading %s was run by somebody else meanwhile; this outcome is dropped", claim.grading_id)
            return
        if isinstance(outcome, Graded):
            self._hurry(claim.grader)
        try:
            await _to_the_end(self._graded, claim, outcome)
        except Exception:
            _log.exception("The grade of %s is stored; what follows from it is not", claim.grading_id)

    def _hurry(self, grader: str) -> None:
        """End the waits for a grader that has just graded: its endpoint is back."""
        waits = self._waits or {}
        hurried = [grading_id for grading_id, wait in waits.items() if wait.grader == grader]
        waits.update(dict.fromkeys(hurried, _Wait(grader, self._monotonic())))

    async def _put_off(self, claim: Claim, fault: BackendError, log: CallLog) -> None:
        planned = LONGEST_WAIT if fault.fault in NEEDS_CHANGE else planned_wait(claim.faults)
        scattered = planned * (1 - _JITTER * self._random())
        pause = max(scattered, min(fault.retry_after or 0.0, _LONGEST_ASKED))
        failed = log.failed
        if not failed and fault.fault != claim.waiting_for:  # no call was made: the endpoint is left alone
            failed = [_without_call(claim, fault, self._store.clock())]
        write = partial(self._store.put_off, bad_replies=log.bad_replies)
        if await self._keep(write, claim, timedelta(seconds=pause), fault, failed) and self._waits is not None:
            self._waits[claim.grading_id] = _Wait(claim.grader, self._monotonic() + pause)

    async def _keep(self, write: Callable[..., bool], *args: object) -> bool:
        """Write, and again until the store can: what was paid for is not thrown away because a disk is full."""
        while True:
            try:
                return await _to_the_end(write, *args)
            except StoreError as error:
                _log.error("A grade waits to be stored: %s", error)
                await asyncio.sleep(_STORE_PAUSE)


@dataclass(frozen=True)
class _Wait:
    """A grading that this process keeps waiting, until a moment of the monotonic clock."""

    grader: str
    until: float


def _waits_for_change(outcome: GradingOutcome) -> BackendError | None:
    """Why an answer without a grade waits: what failed would fail for every answer, until somebody changes it."""
    if isinstance(outcome, Ungraded) and outcome.reason in NEEDS_CHANGE:
        return LastingFault(outcome.detail, fault=outcome.reason)
    return None


def _without_call(claim: Claim, fault: BackendError, now: datetime) -> FailedAttempt:
    return FailedAttempt(started_at=now, seconds=0.0, backend=claim.grader, fault=fault.fault, detail=str(fault))


async def _to_the_end(call: Callable[..., T], *args: object) -> T:
    """Run in a thread. A cancellation waits for the call's end, so that nobody acts on half of the truth."""
    running = asyncio.ensure_future(asyncio.to_thread(call, *args))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
