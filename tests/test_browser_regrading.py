"""A whole session graded anew in a real browser: the estimate, true progress, a closed page, a killed program, stop."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from interview.models import Graded, KeyPoint, Session, SessionPlan
from interview.settings import read_settings
from interview.wiring import build
from tests.browser import App, Visits, browser, running, visits
from tests.fake_judge import FakeJudge
from tests.made_up import make_question

__all__ = ["browser"]
pytestmark = pytest.mark.browser

ANSWERS = 4
JUDGE = "custom:fake-judge"


@pytest.fixture(scope="module")
def judge() -> Iterator[FakeJudge]:
    with FakeJudge(("covered",)).serving() as serving:
        yield serving


def keep(data: Path, title: str) -> None:
    """A finished session, every answer of which the coverage estimate has graded."""
    (data / "backends.toml").touch()
    questions = [make_question(n, key_points=(KeyPoint(id="k1", text="it converges"),)) for n in range(1, ANSWERS + 1)]
    with closing((viva := build(read_settings(data_dir=data, lang="en"))).store) as store:
        session = store.create_session(title, SessionPlan(lang="en"), questions)
        for position in range(ANSWERS):
            store.submit(store.ask(session.id, position).id, f"It converges in {position}.", "coverage", "default")
        asyncio.run(viva.worker.run_once())
        store.finish(session.id)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, judge: FakeJudge) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("viva")
    (folder / "data").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "VIVA_MODEL"):
            patch.setenv(name, "")
        for title in ("Survives", "Stops"):
            keep(folder / "data", title)
    with running(folder, judge, "--lang", "en") as started:
        yield started


@pytest.fixture
def opened(browser: Browser, app: App) -> Iterator[Visits]:
    with visits(browser, app) as pages:
        yield pages


def open_room(page: Page, title: str) -> None:
    with page.expect_response("**/run/predict"):
        page.get_by_role("tab", name="Transcripts").click()
    page.locator("#session-rows .v-session", has_text=title).click()
    expect(page.locator("#room-answer")).to_contain_text("It converges")


def unfold(page: Page) -> None:
    page.locator("#room-regrading .label-wrap").click()


def judged(app: App, title: str) -> int:
    """How many answers have exactly one judgement beside exactly one estimate."""
    return sum(_has_both(turn.gradings) for turn in _session(app, title).turns)


def _has_both(gradings) -> bool:
    outcomes = [one.outcome for one in gradings if isinstance(one.outcome, Graded)]
    return [one.label for one in outcomes] == ["coverage_estimate", "judgement"] and len(gradings) == 2


def _session(app: App, title: str) -> Session:
    return next(session for session in app.stored() if session.title == title)


def test_it_goes_on_when_the_page_closes_and_when_the_program_is_killed(app: App, judge: FakeJudge, opened: Visits):
    page = opened.candidate().arrive().page
    open_room(page, "Survives")
    unfold(page)
    plan = page.locator("#room-regrading-plan")
    expect(plan).to_contain_text("4 answers: 0 graded by this grader already, 0 on the way.")
    expect(plan).to_contain_text(f"{JUDGE}: 4 gradings to make · about")
    expect(plan).to_contain_text("price unknown")

    judge.hold()
    page.locator("#room-regrading-start").click()
    expect(page.locator("#room-regrading-job")).to_contain_text("0 of 4")
    page.context.close()
    app.kill()
    judge.release()
    app.start()

    page = opened.candidate().arrive().page
    open_room(page, "Survives")
    expect(page.locator("#room-nav")).to_contain_text("1 of 1 covered")
    unfold(page)
    expect(plan := page.locator("#room-regrading-plan")).to_contain_text("4 graded by this grader already")
    expect(plan).to_contain_text("Nothing is left to grade.")
    expect(page.locator("#room-regrading-start")).to_be_hidden()
    assert judged(app, "Survives") == ANSWERS


def test_stopped_it_says_what_is_left_and_can_go_on(app: App, judge: FakeJudge, opened: Visits):
    page = opened.candidate().arrive().page
    open_room(page, "Stops")
    unfold(page)
    judge.hold()
    page.locator("#room-regrading-start").click()
    job, plan = page.locator("#room-regrading-job"), page.locator("#room-regrading-plan")
    expect(job).to_contain_text("0 of 4")
    second = opened.candidate(viewport={"width": 390, "height": 844}).arrive().page
    second.get_by_role("tab", name="Transcripts").click()
    second.locator("#session-rows .v-session", has_text="Stops").click()
    expect(second.locator("#room-regrading-job")).to_contain_text("0 of 4")
    assert second.evaluate("document.documentElement.scrollWidth") <= 390

    job.get_by_role("button", name="Stop").click()
    expect(job).to_contain_text("Stopped.")
    expect(plan).to_contain_text("2 on the way")
    judge.release()
    expect(plan).to_contain_text("2 graded by this grader already, 0 on the way")
    assert judged(app, "Stops") == 2
    assert all(grading.outcome for turn in _session(app, "Stops").turns for grading in turn.gradings)

    page.locator("#lang").click()
    expect(page.locator("#room-regrading")).to_contain_text("整份重评")
    unfold(page)
    page.get_by_role("button", name="重评 2 个回答").click()
    expect(job).to_contain_text("重评完毕：2 个回答有了新成绩。")
    assert judged(app, "Stops") == ANSWERS
    expect(page.locator("#room-regrading-about")).to_be_hidden()
