"""Archives of everything as background jobs: built for a download, and merged after an upload."""

import asyncio
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import IO
from uuid import uuid4

from interview.errors import NotFound
from interview.jobs import Job, Jobs, Progress
from interview.service.everything import Everything, Exported
from interview.store.checklists import QuestionHistory
from interview.store.store import Store
from interview.store.whole import Merged

EXPORT, IMPORT = "export_all", "import_all"  # the kinds of its jobs
_CHUNK = 65_536


class ArchiveJobs:
    """Runs one export and one import at a time. The newest archive is kept in an unnamed temporary file."""

    def __init__(self, store: Store, everything: Everything, jobs: Jobs, wake: Callable[[], None]) -> None:
        """`wake` tells the worker that gradings are waiting."""
        self._history = QuestionHistory(store)
        self._everything = everything
        self._jobs = jobs
        self._wake = wake
        self._lock = threading.Lock()
        self._built: tuple[str, IO[bytes], Exported] | None = None
        self._merged: dict[str, Merged] = {}

    def is_silent(self) -> bool:
        """Return whether a mock interview still runs, whose grades an archive would show before its end."""
        return bool(self._history.silent_sessions())

    def start_export(self) -> Job:
        """Begin to build an archive."""

        async def work(progress: Progress) -> None:
            file = tempfile.TemporaryFile()  # noqa: SIM115  open as long as it can be downloaded
            exported = await asyncio.to_thread(self._everything.write, file, progress)
            running = self._jobs.latest("", EXPORT)
            assert running is not None  # this one
            self._built = running.id, file, exported

        return self._jobs.start(EXPORT, "", work)

    def start_import(self, file: IO[bytes]) -> Job:
        """Begin to merge an archive."""
        key = uuid4().hex

        async def work(progress: Progress) -> None:
            with file:
                self._merged = {key: await asyncio.to_thread(self._everything.read, file, progress)}
            self._wake()

        return self._jobs.start(IMPORT, key, work)

    def exported(self, job_id: str) -> Exported:
        """Return what the archive of a job holds. NotFound: it was not built, or is not kept any more."""
        return self._of(job_id)[1]

    def merged(self, job: Job) -> Merged:
        """Return what came of an import that is done."""
        return self._merged.get(job.key, Merged())

    def content(self, job_id: str) -> Iterator[bytes]:
        """Yield the archive of a job. NotFound, at once: it was not built, or is not kept any more."""
        file, _ = self._of(job_id)
        return self._chunks(file)

    def _of(self, job_id: str) -> tuple[IO[bytes], Exported]:
        built = self._built
        if built is None or built[0] != job_id:
            raise NotFound("This archive is not kept any more. Export again.")
        return built[1:]

    def _chunks(self, file: IO[bytes]) -> Iterator[bytes]:
        at = 0
        while True:
            with self._lock:  # two downloads share the position of the file
                file.seek(at)
                chunk = file.read(_CHUNK)
            if not chunk:
                return
            at += len(chunk)
            yield chunk
