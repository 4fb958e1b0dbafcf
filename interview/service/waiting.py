"""Gradings that wait for their endpoint: how many, why, and all of them tried again at once."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence

from interview.errors import NEEDS_CHANGE
from interview.grading.modes import taken_apart
from interview.grading.shelf import GraderShelf
from interview.live import LiveFeed
from interview.models import UngradedReason, Value, Waiting
from interview.store.store import Store


class WaitingSummary(Value):
    """How many gradings wait, with the commonest fault and the newest sentence about it; `count` 0: none does."""

    count: int = 0
    fault: UngradedReason = "unreachable"
    detail: str = ""


def summary_of(waiting: Sequence[Waiting]) -> WaitingSummary:
    """Sum up what waits."""
    if not waiting:
        return WaitingSummary()
    faults: Counter[UngradedReason] = Counter(one.fault for one in waiting)
    fault = max(faults, key=lambda fault: faults[fault])
    detail = next(one.detail for one in reversed(waiting) if one.fault == fault)
    return WaitingSummary(count=len(waiting), fault=fault, detail=detail)


class WaitingGradings:
    """Synchronous, and may be called from any thread. Raises StoreError."""

    def __init__(self, store: Store, shelf: GraderShelf, live: LiveFeed, retry_now: Callable[[], None]) -> None:
        """`retry_now` has the worker forget what it keeps waiting."""
        self._store = store
        self._shelf = shelf
        self._live = live
        self._retry_now = retry_now

    def summary(self) -> WaitingSummary:
        """Sum up what waits."""
        return summary_of(self._store.waiting())

    def retry_all(self, faults: Collection[UngradedReason] | None = None) -> int:
        """Try again at once what waits (of some `faults`, if they are given); returns how many gradings that are.

        What waits for a model that is not offered any more is asked of the model that took its place.
        """
        waiting = [one for one in self._store.waiting() if faults is None or one.fault in faults]
        if not waiting:
            return 0
        self._shelf.rack.retry()
        self._store.retry({one.grading_id: self._present(one) for one in waiting})
        self._retry_now()
        for session_id in {one.session_id for one in waiting}:
            self._live.touch(session_id)
        return len(waiting)

    def retry_after_start(self) -> int:
        """Try again what only a change of the settings could help: they may have changed before this start."""
        return self.retry_all(NEEDS_CHANGE)

    def _present(self, one: Waiting) -> str:
        """Name of the grader to ask: that of the model which replaced an unknown one, else the one that was asked."""
        bases = taken_apart(one.grader).bases
        if one.fault != "model_unknown" or len(set(bases)) > 1:
            return one.grader
        base = bases[0]
        for backend in self._shelf.backends:
            if backend.endpoint.name == base.partition(":")[0] and base not in backend.offered:
                return one.grader.replace(base, backend.offered[0])
        return one.grader
