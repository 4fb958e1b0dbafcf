"""Measuring: runs suites on graders in the background, keeps every report, and says which grader did best."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from interview.calibration.best import Best, Figures, best_of
from interview.calibration.suite_runs import Drawn, SuiteRun, drawn, measure, rounded, suite_figures
from interview.calibration.trials import Trials, paid_gradings
from interview.grading.provenance import model_of
from interview.grading.shelf import GraderShelf
from interview.jobs import Job, Jobs, Progress
from interview.prompts import Prompts
from interview.rubrics import Rubric, rubric_for
from interview.store.measurements import Measurement, Measurements
from interview.store.store import Store

JOB = "measuring"
RUBRIC = "points_only"
EVALUATIONS = "evaluations"  # below the data folder: gradings that are paid for


class Measuring:
    """Measures graders. Gradings by a model are kept as they come: a run that was stopped goes on where it ended."""

    def __init__(
        self,
        store: Store,
        shelf: GraderShelf,
        prompts: Prompts,
        rubrics: Mapping[str, Rubric],
        jobs: Jobs,
        folder: Path,
    ) -> None:
        """`folder` is the data folder; runs that a dead process left behind are noted as broken off."""
        self._measurements = Measurements(store)
        self._shelf = shelf
        self._prompts = prompts
        self._rubric = rubric_for(rubrics, RUBRIC)
        self._jobs = jobs
        self._folder = folder / EVALUATIONS
        self._known: dict[str, Drawn] = {}
        self._measurements.forget_running()

    def gradings(self, run: SuiteRun) -> int:
        """How many answers a run grades. ContentError: the suite cannot be read."""
        return self._drawn(run).gradings(self._rubric)

    def start(self, grader: str, run: SuiteRun) -> Job:
        """Begin a run; the same one that is still at work is returned instead. NotFound: no such grader."""
        self._shelf.get(grader)
        return self._jobs.start(JOB, f"{grader}\n{run.model_dump_json()}", lambda told: self._work(grader, run, told))

    def stop(self, job_id: str) -> None:
        """End a run; its gradings stay, and the next run of the same kind uses them. NotFound."""
        self._jobs.stop(job_id)

    def jobs(self) -> tuple[Job, ...]:
        """The runs of this process, old ones first."""
        return self._jobs.of_kind(JOB)

    def reports(self) -> tuple[Measurement, ...]:
        """Every run that has a report, old ones first."""
        return self._measurements.reports()

    def best(self) -> Best:
        """The best grader measured so far; see `calibration/best.py` for the rule."""
        return best_of(
            [Figures(grader=one.grader, suite=one.suite, report=one.report) for one in self.reports() if one.report]
        )

    def _drawn(self, run: SuiteRun) -> Drawn:
        """The answers of a run, read once: the form asks for their number at every click."""
        key = run.model_dump_json()
        if key not in self._known:
            self._known[key] = drawn(run)
        return self._known[key]

    async def _work(self, grader: str, run: SuiteRun, told: Progress) -> None:
        chosen = await asyncio.to_thread(self._drawn, run)
        told(0, chosen.gradings(self._rubric))
        stored = await asyncio.to_thread(self._measurements.begin, grader, run.suite, run.model_dump(mode="json"))
        try:
            report = await measure(self._trials(grader, told), chosen, self._rubric)
        except BaseException as fault:
            failed = not isinstance(fault, asyncio.CancelledError)
            await asyncio.to_thread(self._measurements.break_off, stored, failed=failed)
            raise
        figures = rounded(suite_figures(report, chosen, grader, self._rubric))
        await asyncio.to_thread(self._measurements.finish, stored, figures)

    def _trials(self, name: str, told: Progress) -> Trials:
        grader = self._shelf.alone(name, "evaluation")
        paid = paid_gradings(self._folder, grader, model_of(grader), self._rubric, self._prompts)
        return Trials(grader, paid, progress=told)


def told_of(job: Job) -> tuple[str, SuiteRun]:
    """The grader and the run of a job that `start` began."""
    grader, _, run = job.key.partition("\n")
    return grader, SuiteRun.model_validate_json(run)
