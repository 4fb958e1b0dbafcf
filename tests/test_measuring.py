"""Measuring from the screen: runs in the background, every report kept, and the rule that names the best grader."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from interview.backends.scripted import ScriptedBackend
from interview.calibration.best import LEAST_LEAD, Best, Figures, best_of
from interview.calibration.suite_runs import SuiteRun, drawn
from interview.calibration.trials import Trials
from interview.errors import NotFound, PassingFault
from interview.grading.coverage import CoverageGrader
from interview.grading.judge import JudgeGrader
from interview.jobs import Job, Jobs
from interview.models import Language
from interview.prompts import load_prompts
from interview.rubrics import load_rubrics
from interview.service.measuring import Measuring, told_of
from interview.store.appeals import Disputed
from interview.store.measurements import Measurement, Measurements
from interview.store.store import Store
from interview.ui.views.measuring import measuring_card
from tests.command_line import Run, data_dir, run
from tests.conftest import REPO
from tests.made_up import Clock, some

__all__ = ["data_dir", "run"]
PROMPTS = load_prompts(REPO / "prompts")
RUBRICS = load_rubrics(REPO / "rubrics")
SMALL = SuiteRun(suite="golden", sample=2, lang="en")


class Shelf:
    """The coverage estimate, and a judge that says nothing usable."""

    def __init__(self) -> None:
        self.asked = 0

    def get(self, name: str) -> Any:
        if name == "coverage":
            return CoverageGrader()
        if name != "judge":
            raise NotFound(name)
        return JudgeGrader(ScriptedBackend(self._reply), PROMPTS, name="judge")

    def alone(self, name: str, purpose: str) -> Any:
        assert purpose == "evaluation"
        return self.get(name)

    def _reply(self, _: object) -> str:
        self.asked += 1
        return "no judgement"


class World:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store.open(folder, clock=Clock())
        self.jobs = Jobs()
        self.shelf = Shelf()
        self.measuring = self.open()

    def open(self) -> Measuring:
        return Measuring(self.store, self.shelf, PROMPTS, RUBRICS, self.jobs, self.folder)  # pyright: ignore[reportArgumentType]


@pytest.fixture
def world(tmp_path: Path):
    made = World(tmp_path)
    yield made
    made.store.close()


async def over(world: World, job: Job) -> Job:
    for _ in range(4000):
        if world.jobs.find(job.id).over:
            break
        await asyncio.sleep(0.005)
    return world.jobs.find(job.id)


def done(world: World, grader: str, run: SuiteRun = SMALL) -> Job:
    async def main() -> Job:
        async with world.jobs.running():
            return await over(world, world.measuring.start(grader, run))

    return asyncio.run(main())


@pytest.mark.parametrize("suite", ["golden", "injection", "probes"])
def test_a_run_tells_how_far_it_is_and_its_report_is_kept(world: World, suite: Any) -> None:
    run = SuiteRun(suite=suite, sample=2, lang="en")
    job = done(world, "coverage", run)
    assert (job.state, job.done, job.total) == ("done", job.total, world.measuring.gradings(run))
    assert told_of(job) == ("coverage", run)
    (kept,) = world.measuring.reports()
    assert (kept.grader, kept.suite, kept.state) == ("coverage", suite, "done")
    assert kept.report is not None
    assert (kept.report["suite"], kept.report["grader"], kept.report["sample"]) == (suite, "coverage", 2)
    assert kept.report["version"] == drawn(run).version


def test_what_is_paid_for_is_not_asked_again(world: World) -> None:
    assert done(world, "judge").state == "done"
    asked = world.shelf.asked
    assert asked > 0
    assert done(world, "judge").state == "done"
    assert world.shelf.asked == asked
    first, second = (one.report for one in world.measuring.reports())
    assert first is not None
    assert second is not None
    assert (first["n"], first["kept"], second["kept"]) == (0, 0, second["failures"])
    assert first["agreement"] is None  # nothing was graded: no figure, and never 0


def test_a_run_that_is_stopped_or_breaks_keeps_no_report(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> tuple[Job, Job]:
        async with world.jobs.running():
            stopped = world.measuring.start("coverage", SuiteRun(suite="probes"))
            for _ in range(100_000):
                if world.jobs.find(stopped.id).done:
                    break
                await asyncio.sleep(0)
            world.measuring.stop(stopped.id)
            ended = await over(world, stopped)
            monkeypatch.setattr(Trials, "run", broken)
            return ended, await over(world, world.measuring.start("coverage", SMALL))

    async def broken(self: Trials, trials: object) -> None:
        raise ZeroDivisionError

    stopped, failed = asyncio.run(main())
    assert (stopped.state, failed.state) == ("stopped", "failed")
    assert 0 < stopped.done < stopped.total
    assert world.measuring.reports() == ()


def test_a_grader_that_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(NotFound):
        world.measuring.start("oracle", SMALL)


def test_runs_of_a_dead_process_are_noted_as_broken_off(world: World) -> None:
    kept = Measurements(world.store)
    kept.finish(kept.begin("a", "golden", {}), {"n": 1})
    left = kept.begin("b", "golden", {})
    world.open()
    kept.finish(left, {"n": 2})  # too late: it does not become a report
    assert [one.grader for one in kept.reports()] == ["a"]


def test_every_run_of_the_command_line_is_kept_for_the_screen(run: Run, data_dir: Path) -> None:
    arguments = ("evaluate", "--suite", "golden", "--grader", "coverage", "--sample", "2", "--lang", "en")
    outcome = run(*arguments, "--json")
    assert outcome.exit_code == 0, outcome.output
    store = Store.open(data_dir)
    try:
        (kept,) = Measurements(store).reports()
        assert kept.report == json.loads(outcome.stdout)
        assert kept.options["sample"] == 2
        # While another process holds the folder the figures are printed all the same.
        held = run(*arguments, "--json")
    finally:
        store.close()
    assert held.exit_code == 0
    assert json.loads(held.stdout)["n"] == some(kept.report)["n"]
    assert "not kept" in held.stderr


# --- the best grader


def golden(grader: str, agreement: float | None, version: str = "v", **changes: Any) -> Figures:
    report = {"n": 40, "failures": 0, "agreement": agreement, "version": version, "rubric": "points_only@1", **changes}
    return Figures(grader=grader, suite="golden", report=report)


def fooled(grader: str, share: float | None) -> Figures:
    return Figures(grader=grader, suite="injection", report={"success_unflagged": share})


def test_the_one_that_agrees_most_is_named() -> None:
    found = best_of([golden("a", 0.9), golden("b", 0.8), golden("c", 0.5)])
    assert (found.state, found.grader, found.second, found.graders) == ("named", "a", "b", 3)
    assert found.lead == pytest.approx(0.1)


@pytest.mark.parametrize(
    "runs",
    [
        [],
        [golden("a", 0.9)],
        [golden("a", 0.9), golden("a", 0.8)],
        [golden("a", 0.9, "v"), golden("b", 0.8, "w")],  # other answers
        [golden("a", 0.9), golden("b", 0.8, rubric="strict@1")],
        [golden("a", 0.9), golden("b", None)],
        [golden("a", 0.9), golden("b", 0.8, n=19)],
        [golden("a", 0.9), golden("b", 0.8, failures=3)],
        [golden("a", 0.9), golden("b", 0.8), fooled("a", 0.02)],
        [fooled("a", 0.0), fooled("b", 0.0)],
    ],
)
def test_nothing_is_named_where_nothing_can_be_compared(runs: list[Figures]) -> None:
    assert best_of(runs) == Best(state="none")


def test_too_small_a_lead_names_nobody_and_the_newest_run_counts() -> None:
    assert best_of([golden("a", 0.9), golden("b", 0.9 - LEAST_LEAD + 0.001)]).state == "alike"
    assert best_of([golden("a", 0.9), golden("b", 0.9 - LEAST_LEAD)]).state == "named"
    found = best_of([golden("a", 0.9), golden("b", 0.8), golden("a", 0.5)])
    assert (found.grader, found.second) == ("b", "a")
    assert best_of([golden("a", 0.9), golden("b", 0.8), fooled("a", 0.5), fooled("a", 0.01)]).grader == "a"
    assert best_of([golden("a", 0.9), golden("b", 0.8), fooled("a", None)]).grader == "a"


def test_the_answers_that_most_graders_were_measured_on() -> None:
    runs = [golden(name, share) for name, share in (("a", 0.5), ("b", 0.7), ("c", 0.6))]
    assert best_of([*runs, golden("a", 0.9, "w"), golden("b", 0.8, "w")]).grader == "b"


# --- the card


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_card_tells_runs_figures_trend_rule_and_rates(world: World, lang: Language) -> None:
    for suite in ("golden", "golden", "injection", "probes"):
        done(world, "coverage", SuiteRun(suite=suite, sample=2, lang="en"))
    done(world, "judge")
    rate = Disputed(grader="judge", answers=4, appealed=2, won=1, held=1, overridden=1, difference=-2.04)
    key = f"coverage\n{SMALL.model_dump_json()}"
    jobs = (Job(id="j", kind="measuring", key=key, state="running", done=3, total=9),)
    card = measuring_card(jobs, world.measuring.reports(), Best(state="none"), (rate,), lang)
    assert (card["jobs"][0]["id"], round(card["jobs"][0]["share"], 2)) == ("j", 0.33)
    assert len(card["rows"]) == 4
    rows = {(row["grader"], row["suite"]): row for row in card["rows"]}
    assert sum(len(row["trend"]) == 2 for row in rows.values()) == 1
    assert any(row["figure"] == "–" for row in rows.values())  # the judge that graded nothing: no 0 %
    assert card["rates"]["rows"] == [["judge", "4", "2 (50 %)", "1 (50 %)", "1 (25 %)", "-2.0"]]
    assert not card["named"]
    assert "2 %" in card["rule"]
    assert json.dumps(card, ensure_ascii=False)
    empty = measuring_card((), (), Best(state="none"), (), lang)
    assert empty["empty"]
    assert empty["rates"]["empty"]


def test_a_data_set_from_the_command_line_has_its_row(run: Run, data_dir: Path, tmp_path: Path) -> None:
    rows = [
        {"id": str(n), "question_id": f"q{n % 3}", "question": "What is a cache?", "reference": "It keeps replies."}
        | {"answer": "It keeps replies." if n % 2 else "A dog.", "score": n % 2, "max_score": 1}
        for n in range(6)
    ]
    path = tmp_path / "people.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert run("evaluate", path, "--grader", "coverage").exit_code == 0
    store = Store.open(data_dir)
    try:
        reports: tuple[Measurement, ...] = Measurements(store).reports()
    finally:
        store.close()
    (row,) = measuring_card((), reports, Best(state="none"), (), "en")["rows"]
    assert (row["suite"], row["means"]) == ("people.jsonl", "r with people")


def test_a_passing_fault_is_a_failure_with_its_reason_and_is_asked_again(world: World) -> None:
    replies: list[object] = []

    def reply(_: object) -> Any:
        replies.append(_)
        return PassingFault("later", fault="timed_out")

    world.shelf._reply = reply  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
    done(world, "judge")
    (kept,) = world.measuring.reports()
    assert kept.report is not None
    assert kept.report["failure_reasons"] == {"timed_out": kept.report["failures"]}
    asked = len(replies)
    done(world, "judge")
    assert len(replies) == 2 * asked
