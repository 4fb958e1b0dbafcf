"""The composition root: settings in, everything that serves an interview out."""

import os
import socket
from dataclasses import dataclass
from uuid import uuid4

from interview.grading.shelf import GraderShelf, shelve
from interview.jobs import Jobs
from interview.live import LiveFeed
from interview.notebook import Notebook
from interview.prompts import Prompts, load_prompts
from interview.rubrics import Rubric, load_rubrics
from interview.service.comparing import Comparing
from interview.service.interviewer import Interviewer
from interview.service.spending import Spending
from interview.settings import Settings
from interview.store.store import Store, utc_now
from interview.worker import Worker


@dataclass(frozen=True)
class Viva:
    """Everything that one process needs to conduct interviews. `rubrics` are by name."""

    settings: Settings
    store: Store
    interviewer: Interviewer
    worker: Worker
    live: LiveFeed
    jobs: Jobs
    shelf: GraderShelf
    prompts: Prompts
    rubrics: dict[str, Rubric]
    spending: Spending
    comparing: Comparing

    async def close(self) -> None:
        """Close the backends and the store; in the loop that ran the worker, after the worker has ended."""
        await self.shelf.close()
        self.store.close()


@dataclass(frozen=True)
class Bench:
    """What it takes to grade one answer, without a store. `rubrics` are by name."""

    shelf: GraderShelf
    prompts: Prompts
    rubrics: dict[str, Rubric]


def build_bench(settings: Settings) -> Bench:
    """Load rubrics, prompts and backends. Raises ContentError naming file, line and what was expected."""
    prompts = load_prompts(settings.prompts)
    rubrics = load_rubrics(settings.rubrics)
    return Bench(shelve(settings.configured_backends(), settings.secret, prompts), prompts, rubrics)


def build(settings: Settings) -> Viva:
    """Build everything, open the store, and make sure that there is something to ask.

    Raises ContentError when a rubric, a prompt, a setting or the notes cannot be used, StoreHeld when another process
    writes to the data folder, StoreError when the folder or the database cannot be used; nothing stays open then.
    """
    bench = build_bench(settings)
    store = Store.open(settings.data_dir)
    try:
        notebook = Notebook(store, settings.data_dir / "notes", settings.notes, with_bank=settings.with_bank)
        notebook.bank(settings.lang).require_questions()
        live = LiveFeed()
        owner = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
        worker = Worker(store, bench.shelf, bench.rubrics, live, clock=utc_now, owner=owner)
        spending = metered(bench, store, settings)
        interviewer = Interviewer(store, notebook, bench.shelf, bench.rubrics, live, worker.wake)
    except BaseException:
        store.close()
        raise
    jobs = Jobs()
    comparing = compare_with(bench, store, spending, jobs, settings)
    return Viva(
        *(settings, store, interviewer, worker, live, jobs, bench.shelf, bench.prompts, bench.rubrics),
        spending,
        comparing,
    )


def compare_with(bench: Bench, store: Store, spending: Spending, jobs: Jobs, settings: Settings) -> Comparing:
    """What compares the bench's graders on the store's answers."""
    folder = settings.data_dir / "comparisons"
    return Comparing(store, bench.shelf, bench.prompts, bench.rubrics, spending, jobs, folder)


def metered(bench: Bench, store: Store, settings: Settings) -> Spending:
    """Count every call of the bench's graders in the store, and hold them to the budget."""
    spending = Spending(store, bench.shelf, bench.prompts, settings.configured_backends().budget)
    bench.shelf.meter_with(spending)
    return spending
