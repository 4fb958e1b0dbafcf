"""Comparing graders in a real browser: what it takes, start, progress, figures, and the way to the transcript."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, expect

from interview.models import KeyPoint, Question, SessionPlan
from interview.store.store import Store
from tests.browser import App, browser, running, visits
from tests.fake_judge import FakeJudge

__all__ = ["browser"]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def judges() -> Iterator[tuple[FakeJudge, FakeJudge]]:
    with FakeJudge(("missing",)).serving() as strict, FakeJudge(("covered",)).serving() as kind:
        yield strict, kind


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, judges: tuple[FakeJudge, FakeJudge]) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("comparing")
    data = folder / "data"
    data.mkdir()
    strict, kind = judges
    tables = f'[strict]\nbase_url = "{strict.url}"\nprice_prompt = 1\nprice_completion = 2\n'
    (data / "backends.toml").write_text(f'{tables}[kind]\nbase_url = "{kind.url}"\n', encoding="utf-8")
    question = Question(
        id="q",
        section="S",
        number=1,
        text="Why?",
        file="f.md",
        line=1,
        reference="It converges.",
        key_points=(KeyPoint(id="k1", text="it converges"),),
    )
    store = Store.open(data)
    session = store.create_session("One question", SessionPlan(lang="en"), [question])
    turn = store.ask(session.id, 0)
    store.submit(turn.id, "I think that it converges quickly.", "strict", "default")
    store.close()
    with ExitStack() as stack:
        yield stack.enter_context(running(folder, None, "--lang", "en"))


def test_two_graders_are_compared_and_the_difference_leads_to_the_transcript(
    browser: Browser, app: App, judges: tuple[FakeJudge, FakeJudge]
):
    with visits(browser, app) as opened:
        page = opened.candidate().arrive().page
        page.get_by_role("tab", name="Graders").click()
        expect(page.locator("#measuring-run")).to_contain_text("100 gradings")
        page.locator("#measuring-suite").get_by_text("Attacks").click()
        expect(page.locator("#measuring-run")).not_to_contain_text("100 gradings")
        card = page.locator("#comparison")
        expect(card.locator(".v-plan")).to_contain_text("kind: 1 grading to make")
        judges[1].hold()
        page.locator("#compare-start").click()
        expect(card.locator(".v-going")).to_contain_text("Grading 1 of 2")
        expect(page.locator("#compare-stop")).to_be_visible()
        judges[1].release()
        expect(card).to_contain_text("Disagreements to look at first")
        expect(page.locator("#compare-start")).to_be_visible()
        expect(card.locator(".v-figures").first).to_contain_text("USD")
        assert [grading.grader for grading in app.stored()[0].turns[0].gradings] == ["strict"]
        assert (judges[0].calls, judges[1].calls) == (1, 1)
        page.get_by_role("tab", name="Practice").click()
        page.get_by_role("tab", name="Graders").click()
        expect(page.locator("#spending-card")).to_contain_text("unknown for 1")
        card.locator(".v-difference").first.click()
        expect(page.locator("#room-question")).to_contain_text("Why?")
