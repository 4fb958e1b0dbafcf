"""Formulas that end a tab, in every place of the screen and of an export where text is drawn, in a real browser."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from interview.export import WRITERS, Form
from tests.browser import App, browser, running
from tests.formula_pages import CHUNKS, WORD, Watched, choose, keep, transcript, unfold
from tests.hostile_formulas import ORDINARY

__all__ = ["browser"]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("viva")
    options = keep(folder, transcript())
    with running(folder, None, *options) as started:
        yield started


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    watched = Watched(browser)
    yield watched
    print(json.dumps(watched.frozen))
    watched.page.context.close()


def test_no_place_of_the_screen_falls(app: App, watched: Watched):
    page = watched.page
    page.goto(app.url)
    page.locator("#setup-unfinished button").first.click()
    expect(page.locator("#chat .user-row")).to_have_count(len(CHUNKS) + 1)
    expect(page.locator("#chat .user-row").last.locator(".katex-display")).to_have_count(len(ORDINARY))
    expect(page.locator("#chat")).to_contain_text(r"\sqrt{\sqrt{\sqrt{")
    watched.holds("practice")
    unfold(page)
    watched.holds("practice, unfolded")
    page.reload()
    expect(page.locator("#chat .user-row")).to_have_count(len(CHUNKS) + 1)
    watched.holds("practice, opened again")

    page.get_by_role("tab", name="Transcripts").click()
    page.locator("#find-words").get_by_role("textbox").fill(WORD)
    hits = page.locator("#hit-rows .v-session")
    expect(hits).to_have_count(len(CHUNKS) + 1)
    watched.holds("search")
    hits.first.click()
    items = page.locator("#room-nav .v-nav-item")
    expect(items).to_have_count(len(CHUNKS) + 2)
    for index in range(len(CHUNKS) + 1):
        choose(items.nth(index))
        expect(page.locator("#room-answer")).to_contain_text(WORD)
        unfold(page)
        watched.holds(f"room {index}")

    page.get_by_role("tab", name="Questions").click()
    rows = page.locator("#question-rows .v-bank-item")
    expect(rows.first).to_be_visible()
    for index in range(rows.count()):
        choose(rows.nth(index))
        unfold(page)
        watched.holds(f"question {index}")

    page.get_by_role("tab", name="Progress").click()
    expect(page.locator("#progress-figures")).to_be_visible()
    watched.holds("progress")


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_an_export_opens(watched: Watched, tmp_path: Path, form: Form):
    """Markdown, too: shown by a renderer that knows no formulas, as every one of its formulas is escaped."""
    exported = WRITERS[form]([transcript()])
    if form == "html":
        assert exported.count("<math") >= len(ORDINARY)
    path = tmp_path / f"export.{'html' if form == 'html' else 'txt'}"
    path.write_text(exported, encoding="utf-8", errors="replace")
    watched.page.goto(path.as_uri())
    expect(watched.page.locator("body")).to_contain_text(WORD)
    watched.holds(form)
