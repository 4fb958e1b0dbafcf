"""Progress of running gradings, in memory: the worker publishes, screens follow. Nothing here is the truth."""

import asyncio
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable

from interview.models import PointGrade

_Waiter = tuple[asyncio.AbstractEventLoop, "asyncio.Future[None]"]


class LiveFeed:
    """A version number per session, raised by every change, and the verdicts that are not stored yet.

    May be used from any thread, and followed from any event loop.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Nobody follows yet. `clock` gives monotonic seconds."""
        self._clock = clock
        self._characters: Counter[str] = Counter()
        self._woken_at: dict[str, float] = {}
        self._lock = threading.Lock()
        self._versions: defaultdict[str, int] = defaultdict(int)
        self._verdicts: dict[str, dict[str, PointGrade]] = {}
        self._waiters: defaultdict[str, set[_Waiter]] = defaultdict(set)
        self._draining = False

    @property
    def draining(self) -> bool:
        """Whether the server is going down; followers end then."""
        return self._draining

    def version(self, session_id: str) -> int:
        """The session's present version; 0 where nothing happened in this process."""
        with self._lock:
            return self._versions.get(session_id, 0)

    def verdicts(self, grading_id: str) -> tuple[PointGrade, ...]:
        """Verdicts of a grading that still runs, in the order in which they came; a point stands once."""
        with self._lock:
            return tuple(self._verdicts.get(grading_id, {}).values())

    def touch(self, session_id: str) -> None:
        """Say that something in the session changed."""
        with self._lock:
            self._raise_version(session_id)

    def publish(self, session_id: str, grading_id: str, point: PointGrade) -> None:
        """Show a verdict while the rest of its grading is still on its way."""
        with self._lock:
            self._verdicts.setdefault(grading_id, {})[point.id] = point
            self._raise_version(session_id)

    def arrived(self, session_id: str, grading_id: str, count: int) -> None:
        """Count the characters of a reply that is on its way; followers are woken at most once a second."""
        with self._lock:
            self._characters[grading_id] += count
            now = self._clock()
            if now - self._woken_at.get(session_id, now - 1.0) >= 1.0:
                self._woken_at[session_id] = now
                self._raise_version(session_id)

    def characters(self, grading_id: str) -> int:
        """Return how many characters of replies have come for a grading that runs; 0 where none have."""
        with self._lock:
            return self._characters.get(grading_id, 0)

    def clear(self, session_id: str, grading_id: str) -> None:
        """Forget the verdicts of a grading: it is done and stored, or asks its model again."""
        with self._lock:
            self._verdicts.pop(grading_id, None)
            self._characters.pop(grading_id, None)
            self._raise_version(session_id)

    def drain(self) -> None:
        """Wake every follower, now and from now on."""
        with self._lock:
            self._draining = True
            for session_id in list(self._waiters):
                self._wake(session_id)

    async def changed(self, session_id: str, since: int, timeout: float) -> int:  # noqa: ASYNC109 - running out is no error here
        """Wait until the session's version differs from `since`, at most `timeout` seconds; return the version.

        Returns at once when it differs already (also after a restart, which starts from 0) and while draining.
        """
        loop = asyncio.get_running_loop()
        waiter: _Waiter = (loop, loop.create_future())
        with self._lock:
            version = self._versions.get(session_id, 0)
            if version != since or self._draining:
                return version
            self._waiters[session_id].add(waiter)
        try:
            await asyncio.wait([waiter[1]], timeout=timeout)
        finally:
            self._forget(session_id, waiter)
        return self.version(session_id)

    def _forget(self, session_id: str, waiter: _Waiter) -> None:
        with self._lock:
            waiters = self._waiters.get(session_id)
            if waiters is not None:
                waiters.discard(waiter)
                if not waiters:
                    del self._waiters[session_id]

    def _raise_version(self, session_id: str) -> None:
        self._versions[session_id] += 1
        self._wake(session_id)

    def _wake(self, session_id: str) -> None:
        for loop, future in self._waiters.pop(session_id, set()):
            if not loop.is_closed():
                loop.call_soon_threadsafe(_resolve, future)


def _resolve(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
