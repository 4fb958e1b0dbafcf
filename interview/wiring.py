"""The composition root: settings in, everything that serves an interview out."""

import os
import socket
import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from uuid import uuid4

from interview.grading.shelf import GraderShelf
from interview.grading.shelving import shelve
from interview.jobs import Jobs
from interview.live import LiveFeed
from interview.notebook import Notebook
from interview.prompts import Prompts, load_prompts
from interview.rubrics import DEFAULT_RUBRIC, Rubric, load_rubrics
from interview.service.appeals import Appeals
from interview.service.archive import Archive
from interview.service.archive_jobs import ArchiveJobs
from interview.service.checklists import Checklists
from interview.service.comparing import KIND as COMPARISON
from interview.service.comparing import Comparing
from interview.service.deleting import COMPARISONS, Deleting, DeletionHooks
from interview.service.discussing import Discussing
from interview.service.disputes import Disputes
from interview.service.endpoints import Endpoints
from interview.service.everything import NOTES, Everything
from interview.service.follow_ups import FollowUps
from interview.service.hints import Hints
from interview.service.interviewer import Interviewer
from interview.service.measuring import Measuring
from interview.service.progress import ProgressReader
from interview.service.regrading import Regrading
from interview.service.roles import Roster
from interview.service.rubric_history import RubricHistory
from interview.service.schedule import Schedule
from interview.service.spending import Spending
from interview.service.upkeep import Upkeep
from interview.service.waiting import WaitingGradings
from interview.settings import Access, Settings, read_access
from interview.store.kept import KeptTexts
from interview.store.store import Store, utc_now
from interview.worker import Worker


@dataclass(frozen=True)
class Viva:
    """Everything that one process needs to conduct interviews. `rubrics` are by name."""

    settings: Settings
    access: Access
    store: Store
    interviewer: Interviewer
    checklists: Checklists
    disputes: Disputes
    schedule: Schedule
    follow_ups: FollowUps
    hints: Hints
    progress: ProgressReader
    worker: Worker
    live: LiveFeed
    jobs: Jobs
    archive: Archive
    archive_jobs: ArchiveJobs
    discussing: Discussing
    shelf: GraderShelf
    prompts: Prompts
    rubrics: dict[str, Rubric]
    rubric_history: RubricHistory
    appeals: Appeals
    measuring: Measuring
    endpoints: Endpoints
    roster: Roster
    spending: Spending
    comparing: Comparing
    regrading: Regrading
    deleting: Deleting
    upkeep: Upkeep
    waiting: WaitingGradings

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
    access = read_access(settings)
    bench = build_bench(settings)
    store = Store.open(settings.data_dir)
    try:
        notebook = Notebook(store, settings.data_dir / NOTES, settings.notes, with_bank=settings.with_bank)
        notebook.bank(settings.lang).require_questions()
        bench.shelf.rack.rungs.keep_in(KeptTexts(store, "dialect"))
        live = LiveFeed()
        owner = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
        jobs = Jobs()
        spending = metered(bench, store, settings)
        checklists = Checklists(store, bench.shelf.backend, bench.prompts, jobs)
        disputes = Disputes(store, bench.shelf.backend, bench.prompts, bench.rubrics, jobs)
        worker = Worker(
            store,
            bench.shelf,
            bench.rubrics,
            live,
            owner=owner,
            checklists=checklists,
            graded=disputes.graded,
        )
        waiting = WaitingGradings(store, bench.shelf, live, worker.retry_now)
        waiting.retry_after_start()
        interviewer = Interviewer(
            *(store, notebook, bench.shelf, bench.rubrics, live, worker.wake),
            reads_paths=access.is_owner_only,
        )
        appeals = Appeals(store, bench.rubrics, live, worker.wake)
        measuring = Measuring(store, bench.shelf, bench.prompts, bench.rubrics, jobs, settings.data_dir)
        archive = Archive(store, jobs, bench.rubrics.values())
        known_rubrics = RubricHistory(store, bench.rubrics.values())
        known_rubrics.keep()
        everything = Everything(store, known_rubrics, settings.data_dir / NOTES)
        orders = KeptTexts(store, "regrade")
        regrading = Regrading(
            *(store, bench.shelf, bench.prompts, bench.rubrics, interviewer, spending, jobs, live, orders),
            checklists.in_force_for,
        )
        discussing = Discussing(store, bench.shelf, bench.prompts, jobs, live.touch)
        endpoints = endpoints_of(settings, bench, jobs, KeptTexts(store, "probe"), waiting.retry_all)
        deleting = Deleting(store, settings.data_dir, _hooks(jobs, notebook, live))
        upkeep = Upkeep(deleting, settings.data_dir, utc_now, time.monotonic)
        upkeep.problem = store.backup_problem
    except BaseException:
        store.close()
        raise
    return Viva(
        settings=settings,
        access=access,
        store=store,
        interviewer=interviewer,
        checklists=checklists,
        disputes=disputes,
        appeals=appeals,
        measuring=measuring,
        endpoints=endpoints,
        roster=Roster(bench.shelf, endpoints),
        spending=spending,
        comparing=compare_with(bench, store, spending, jobs, settings),
        regrading=regrading,
        deleting=deleting,
        upkeep=upkeep,
        waiting=waiting,
        worker=worker,
        live=live,
        jobs=jobs,
        schedule=Schedule(store, known_rubrics.of),
        follow_ups=FollowUps(interviewer, bench.shelf.backend_if_any, bench.prompts),
        hints=Hints(interviewer, bench.shelf.backend_if_any, checklists.in_force, bench.prompts, jobs, live.touch),
        archive=archive,
        archive_jobs=ArchiveJobs(store, everything, jobs, worker.wake),
        discussing=discussing,
        progress=ProgressReader(store, known_rubrics.default),
        shelf=bench.shelf,
        prompts=bench.prompts,
        rubrics=bench.rubrics,
        rubric_history=known_rubrics,
    )


def _hooks(jobs: Jobs, notebook: Notebook, live: LiveFeed) -> DeletionHooks:
    def stop_comparisons() -> None:
        for job in jobs.of_kind(COMPARISON):
            jobs.stop(job.id)

    return DeletionHooks(stop_comparisons, notebook.release_uploads, live.touch)


def endpoints_of(
    settings: Settings,
    bench: Bench,
    jobs: Jobs,
    reports: MutableMapping[str, str],
    changed: Callable[[], object] = lambda: None,
) -> Endpoints:
    """What can be done with the backends of a bench; `reports` keeps what tests came to. For `changed` see there."""
    return Endpoints(settings, bench.shelf, bench.prompts, bench.rubrics[DEFAULT_RUBRIC], jobs, reports, changed)


def compare_with(bench: Bench, store: Store, spending: Spending, jobs: Jobs, settings: Settings) -> Comparing:
    """What compares the bench's graders on the store's answers."""
    folder = settings.data_dir / COMPARISONS
    checklists = Checklists(store, bench.shelf.backend, bench.prompts, jobs)
    return Comparing(
        *(store, bench.shelf, bench.prompts, bench.rubrics, spending, jobs, folder),
        checklists.in_force,
    )


def metered(bench: Bench, store: Store, settings: Settings) -> Spending:
    """Count every call of the bench's graders in the store, and hold them to the budget."""
    configured = settings.configured_backends()
    spending = Spending(store, bench.shelf, bench.prompts, configured.budget, configured.budget_problem)
    bench.shelf.rack.meter_with(spending)
    return spending
