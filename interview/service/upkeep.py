"""Upkeep: what a running Viva does by itself with the data folder. Due deletions are purged, and a backup is daily."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from interview.errors import NotFound, StoreError
from interview.service.deleting import Deleting
from interview.store.backup import backups, make_backup, prune
from interview.store.deletions import UNDO

_START_PAUSE = 5.0  # so that a backup does not compete with the first page
_ROUND = 30.0
_DAY = timedelta(days=1)
_log = logging.getLogger(__name__)


class Upkeep:
    """Looks after one data folder until it is cancelled. `problem` says why the last backup failed, if it did."""

    def __init__(
        self, deleting: Deleting, folder: Path, clock: Callable[[], datetime], monotonic: Callable[[], float]
    ) -> None:
        self.problem = ""
        self._deleting = deleting
        self._folder = folder
        self._clock = clock
        self._monotonic = monotonic
        self._due: dict[str, float] = {}

    async def run(self) -> None:
        """Work in threads; a round that fails is logged, and the next one tries again."""
        await asyncio.sleep(_START_PAUSE)
        while True:
            await asyncio.to_thread(self.round)
            await asyncio.sleep(_ROUND)

    def round(self) -> None:
        """Purge what is due and make the backup of the day."""
        for work in (self._purge_due, self._back_up):
            try:
                work()
            except StoreError as error:
                _log.warning("%s", error)
            except Exception:  # the next round must come
                _log.exception("The upkeep of the data folder failed")

    def _purge_due(self) -> None:
        """Carry out what is due. Waits count by the monotonic clock from when this process first saw the order.

        So a clock that is set forward takes nobody's time to undo away, and one that is set back keeps nothing longer.
        """
        self._deleting.finish()
        now, pending = self._clock(), self._deleting.pending()
        left = {one.id: min(max(one.due_at - now, timedelta()), UNDO).total_seconds() for one in pending}
        self._due = {name: self._due.get(name, self._monotonic() + seconds) for name, seconds in left.items()}
        for name, due in list(self._due.items()):
            if due <= self._monotonic():
                try:
                    self._deleting.purge(name)
                except NotFound:
                    continue  # undone a moment ago
                _log.info("Deleted for good: %s", name)

    def _back_up(self) -> None:
        now = self._clock()
        if any(one.kind == "daily" and abs(now - one.made_at) < _DAY for one in backups(self._folder)):
            return
        try:
            make_backup(self._folder, "daily", now)
            prune(self._folder)
            self.problem = ""
        except StoreError as error:
            if self.problem != str(error):
                _log.warning("No backup was made: %s", error)
            self.problem = str(error)
