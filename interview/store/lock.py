"""The lock file: one process writes to a data folder, and a second one is told which."""

import json
import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from interview.errors import StoreError, StoreHeld


class FolderLock:
    """Held from `take` to `release`; the operating system releases it when the process dies, however it dies."""

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        """Nothing is taken yet. `clock` gives the time that a second process is told."""
        self._folder = folder
        self._holder = folder / "viva.lock.json"
        # flock only: a lock that outlives its process would keep the user out of his own transcripts.
        self._lock = FileLock(folder / "viva.lock", timeout=0, thread_local=False, fallback_to_soft=False)
        self._clock = clock

    def take(self) -> None:
        """Take the lock, at once. StoreHeld: another process has it. StoreError: the folder cannot be written."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
            note = {"pid": os.getpid(), "host": socket.gethostname(), "since": self._clock().isoformat()}
            self._holder.write_text(json.dumps(note), encoding="utf-8")
        except Timeout as error:
            raise StoreHeld(
                f"The data folder {self._folder} is in use by {self._who()}. Stop that one first, or choose another "
                "folder with --data-dir; transcripts can be read meanwhile."
            ) from error
        except OSError as error:
            self._lock.release()
            raise StoreError(
                f"The data folder {self._folder} cannot be written ({error.strerror or error}). Make it writable, or "
                "choose another folder with --data-dir."
            ) from error

    def release(self) -> None:
        """Give the lock back; nothing happens where it is not held."""
        if self._lock.is_locked:
            self._holder.unlink(missing_ok=True)
            self._lock.release()

    def _who(self) -> str:
        try:
            note = json.loads(self._holder.read_text(encoding="utf-8"))
            since = datetime.fromisoformat(note["since"]).astimezone(UTC)
            return f"process {note['pid']} on {note['host']}, started {since:%Y-%m-%d %H:%M} UTC"
        except (OSError, ValueError, KeyError, TypeError):
            return "another process"
