"""Long work in the background: told truly how far it is, cancelled when asked, gone on with when the page closes."""

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Literal
from uuid import uuid4

from interview.errors import NotFound, VivaError
from interview.models import Value

_MOST_ENDED = 50
_log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
Work = Callable[[Progress], Awaitable[None]]


class Job(Value):
    """A piece of work. `done` of `total` steps are over (0 of 0: not known yet); `problem` says why it failed."""

    id: str
    kind: str
    key: str
    state: Literal["waiting", "running", "done", "failed", "stopped"]
    done: int = 0
    total: int = 0
    problem: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("done", "failed", "stopped")


class Jobs:
    """Runs work in the event loop that entered `running`; may be used from any thread.

    What a job finds out it stores itself, step by step: so what was done counts when it is stopped or the process ends.
    """

    def __init__(self, changed: Callable[[Job], None] = lambda job: None) -> None:
        """`changed` is told after each step of each job, in the loop that runs it."""
        self._changed = changed
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._work: dict[str, tuple[Work, Callable[[], None]]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, kind: str, key: str, work: Work, ended: Callable[[], None] = lambda: None) -> Job:
        """Begin `work` soon; while one of that kind and key is not over, that one is returned instead.

        `ended` is called in the loop that runs it once the job is over, however it ended.
        """
        with self._lock:
            for job in self._jobs.values():
                if (job.kind, job.key) == (kind, key) and not job.over:
                    return job
            job = Job(id=uuid4().hex, kind=kind, key=key, state="waiting")
            self._jobs[job.id] = job
            self._work[job.id] = work, ended
            self._forget_old()
        self._call(self._begin, job.id)
        return job

    def stop(self, job_id: str) -> None:
        """End a job; what it has stored stays. Nothing happens to one that is over. NotFound."""
        if not self.find(job_id).over:
            self._call(self._cancel, job_id)

    def find(self, job_id: str) -> Job:
        """The job as it stands now. NotFound."""
        with self._lock:
            if job_id not in self._jobs:
                raise NotFound("This work is not known any more; it ended, or the program was started anew.")
            return self._jobs[job_id]

    def of_kind(self, kind: str) -> tuple[Job, ...]:
        """The jobs of a kind, old ones first; of those that are over only the last ones are known."""
        with self._lock:
            return tuple(job for job in self._jobs.values() if job.kind == kind)

    def latest(self, key: str, *kinds: str) -> Job | None:
        """Of the jobs of some kinds with a key the newest, but one that is not over before all that are; else None."""
        jobs = [job for kind in kinds for job in self.of_kind(kind) if job.key == key]
        jobs.sort(key=lambda job: not job.over)  # stable
        return jobs[-1] if jobs else None

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Run jobs in this loop; at the end those that are not over are stopped."""
        self._loop = asyncio.get_running_loop()
        with self._lock:
            waiting = [job.id for job in self._jobs.values() if job.state == "waiting"]
        for job_id in waiting:
            self._begin(job_id)
        try:
            yield
        finally:
            self._loop = None
            tasks = list(self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _call(self, act: Callable[[str], None], job_id: str) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(act, job_id)

    def _begin(self, job_id: str) -> None:
        if (begun := self._work.pop(job_id, None)) is not None:
            work, ended = begun
            task = asyncio.get_running_loop().create_task(self._run(job_id, work))
            self._tasks[job_id] = task
            task.add_done_callback(lambda _: self._tasks.pop(job_id, None))
            task.add_done_callback(lambda _: ended())

    def _cancel(self, job_id: str) -> None:
        if job_id in self._tasks:
            self._tasks[job_id].cancel()

    async def _run(self, job_id: str, work: Work) -> None:
        self._change(job_id, state="running")
        try:
            await work(lambda done, total: self._change(job_id, done=done, total=total))
        except asyncio.CancelledError:
            self._change(job_id, state="stopped")
            raise
        except VivaError as error:
            self._change(job_id, state="failed", problem=str(error))
        except Exception as error:
            _log.exception("Job %s failed", self._jobs[job_id].kind)
            self._change(job_id, state="failed", problem=f"It failed ({type(error).__name__}).")
        else:
            self._change(job_id, state="done")

    def _change(self, job_id: str, **news: object) -> None:
        with self._lock:
            job = self._jobs[job_id] = self._jobs[job_id].model_copy(update=news)
        self._changed(job)

    def _forget_old(self) -> None:
        ended = [job.id for job in self._jobs.values() if job.over]
        for job_id in ended[:-_MOST_ENDED]:
            del self._jobs[job_id]
