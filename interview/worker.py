"""The worker: claims pending gradings, runs them outside any page, and stores what came of each."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import TypeVar

from interview.attempt import Checklists, Graders, GradingOutcome, NotesAlone, attempt, failed
from interview.errors import PassingFault, StoreError
from interview.live import LiveFeed
from interview.models import Ungraded
from interview.rubrics import Rubric
from interview.store.rows import Claim
from interview.store.store import Store

# Seconds to wait after the first, second, ... passing fault. Backends have tried again by themselves before; six
# claims in about two minutes outlast the restart of a server, and no pause is longer than a person waits.
RETRY_DELAYS = (10.0, 20.0, 30.0, 30.0, 30.0)
_LONGEST_WAIT = 3600.0  # an endpoint may ask for an hour, not for a year
_STORE_PAUSE = 5.0
_log = logging.getLogger(__name__)
T = TypeVar("T")


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
        clock: Callable[[], datetime],
        owner: str,
        concurrency: int = 4,
        lease: timedelta = timedelta(seconds=180),
        limit: timedelta = timedelta(minutes=15),
        checklists: Checklists | None = None,
        graded: Callable[[Claim, GradingOutcome], None] = lambda claim, outcome: None,
    ) -> None:
        """`owner` names this process in the store. Leases are renewed while gradings run, at most for `limit`.

        `checklists` None: key points come from the notes alone. `graded` is told in a thread what was stored.
        """
        self._store = store
        self._graders = graders
        self._rubrics = rubrics
        self._live = live
        self._clock = clock
        self._owner = owner
        self._concurrency = concurrency
        self._lease = lease
        self._limit = limit
        self._checklists = checklists or NotesAlone()
        self._graded = graded
        self._running: dict[str, tuple[Claim, asyncio.Task[None]]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()

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
                    await asyncio.wait_for(self._woken.wait(), pause)

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
        self._loop, self._woken = asyncio.get_running_loop(), asyncio.Event()
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
        claims = await _to_the_end(self._store.claim, self._owner, free, self._lease, set(self._running))
        for claim in claims:
            task = asyncio.create_task(self._grade(claim))
            self._running[claim.grading_id] = (claim, task)
            task.add_done_callback(lambda _, grading_id=claim.grading_id: self._ended(grading_id))
        return len(claims)

    def _ended(self, grading_id: str) -> None:
        del self._running[grading_id]
        self._woken.set()

    async def _pause(self) -> float | None:
        """Seconds until something can be claimed; None: not before this worker is woken."""
        if len(self._running) == self._concurrency:
            return None
        due = await asyncio.to_thread(self._store.next_due, set(self._running))
        return None if due is None else max(0.0, (due - self._clock()).total_seconds())

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
        try:
            await self._settle(claim, await self._attempt(claim))
        except PassingFault as fault:
            if claim.faults < len(RETRY_DELAYS):
                await self._put_off(claim, fault)
            else:
                await self._settle(claim, failed(claim, fault.fault, str(fault)))
        finally:
            self._live.clear(claim.session_id, claim.grading_id)

    async def _attempt(self, claim: Claim) -> GradingOutcome:
        return await attempt(claim, self._graders, self._rubrics, self._live, self._limit, self._checklists)

    async def _settle(self, claim: Claim, outcome: GradingOutcome) -> None:
        try:
            held = await self._keep(self._store.finish_grading, claim, outcome)
        except ValueError as error:
            _log.error("The outcome of grading %s cannot be stored: %s", claim.grading_id, error)
            unusable = Ungraded(
                reason="internal_error", detail="The grade was unusable.", provenance=outcome.provenance
            )
            held = await self._keep(self._store.finish_grading, claim, unusable)
        if not held:
            _log.warning("Grading %s was run by somebody else meanwhile; this outcome is dropped", claim.grading_id)
            return
        try:
            await _to_the_end(self._graded, claim, outcome)
        except Exception:
            _log.exception("The grade of %s is stored; what follows from it is not", claim.grading_id)

    async def _put_off(self, claim: Claim, fault: PassingFault) -> None:
        pause = max(RETRY_DELAYS[claim.faults], min(fault.retry_after or 0.0, _LONGEST_WAIT))
        await self._keep(self._store.put_off, claim, self._clock() + timedelta(seconds=pause), fault.fault)

    async def _keep(self, write: Callable[..., bool], *args: object) -> bool:
        """Write, and again until the store can: what was paid for is not thrown away because a disk is full."""
        while True:
            try:
                return await _to_the_end(write, *args)
            except StoreError as error:
                _log.error("A grade waits to be stored: %s", error)
                await asyncio.sleep(_STORE_PAUSE)


async def _to_the_end(call: Callable[..., T], *args: object) -> T:
    """Run in a thread. A cancellation waits for the call's end, so that nobody acts on half of the truth."""
    running = asyncio.ensure_future(asyncio.to_thread(call, *args))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
