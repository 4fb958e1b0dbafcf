"""Deleting in a real browser: asked before, undone after, by keyboard too; everything by a typed word."""

import os
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from interview.models import SessionPlan
from interview.store.backup import backups
from interview.store.store import Store
from tests.browser import App, Candidate, Visits, browser, running, visits
from tests.made_up import graded, make_question

__all__ = ["browser"]
pytestmark = pytest.mark.browser

CANARY = "A very private sentence."
SHOTS = os.environ.get("VIVA_SHOTS")  # a folder for pictures of the confirmation
SIZES = ((390, 844), (1366, 850))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("viva")
    fill(folder / "data")
    with running(folder, None, "--lang", "en") as started:
        yield started


@pytest.fixture
def opened(browser: Browser, app: App) -> Iterator[Visits]:
    with visits(browser, app) as pages:
        yield pages


def fill(folder: Path) -> None:
    with closing(Store.open(folder)) as store:
        for title in ("First", "Second", "Third"):
            session = store.create_session(title, SessionPlan(lang="en"), [make_question(1), make_question(2)])
            for position in (0, 1):
                store.submit(store.ask(session.id, position).id, CANARY, "judge", "default")
                store.finish_grading(store.claim("me", 1, timedelta(seconds=60))[0], graded())
            store.finish(session.id)


def room(person: Candidate, title: str) -> Page:
    page = person.arrive().page
    page.get_by_role("tab", name="Transcripts").click()
    page.locator("#session-rows .v-session", has_text=title).click()
    expect(page.locator("#room-head")).to_contain_text(title)
    return page


def button(page: Page, name: str) -> Locator:
    return page.locator(f"#deleting-{name}")


def pictures(page: Page, name: str) -> None:
    """The confirmation, in both sizes and both colours; it must fit."""
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for dark in (False, True):
            page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
            page.locator("#deleting").scroll_into_view_if_needed()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
            box = page.locator("#deleting").bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            if SHOTS:
                page.screenshot(path=f"{SHOTS}/delete-{name}-{width}{'-dark' if dark else ''}.png")
    page.set_viewport_size({"width": 1366, "height": 850})


def test_a_session_is_deleted_and_brought_back(app: App, opened: Visits) -> None:
    page = room(opened.candidate(), "First")
    page.locator("#room-manage .label-wrap").first.click()
    page.locator("#room-delete").click()
    expect(page.locator("#deleting-said")).to_contain_text("Delete “First”?")
    expect(page.locator("#deleting-said")).to_contain_text("2 answers and 2 grades")
    pictures(page, "session")
    button(page, "cancel").click()
    expect(page.locator("#deleting")).to_be_hidden()
    page.locator("#room-delete").click()
    button(page, "confirm").click()
    expect(page.locator("#session-rows .v-session")).to_have_count(2)
    expect(page.locator("#deleting-said")).to_contain_text("You can undo this until")
    button(page, "undo").click()
    expect(page.locator("#session-rows .v-session")).to_have_count(3)
    expect(page.locator("#deleting")).to_be_hidden()


def test_an_answer_is_deleted_by_keyboard_and_brought_back_later(app: App, opened: Visits) -> None:
    page = room(opened.candidate(), "Second")
    page.locator("#room-turn-head .v-delete").focus()
    page.keyboard.press("Enter")
    expect(button(page, "confirm")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#room-answer")).not_to_contain_text(CANARY)
    expect(page.locator("#room-turn-head .v-delete")).to_have_count(0)
    expect(button(page, "undo")).to_be_focused()
    page.locator("#room-back").click()
    page.locator("#your-data .label-wrap").first.click()
    expect(page.locator("#your-data-pending input")).to_have_value(re.compile("Question 1"))
    page.locator("#your-data-undo").click()
    expect(page.locator("#your-data-row")).to_be_hidden()
    second = next(session for session in app.stored() if session.title == "Second")
    assert [turn.state for turn in second.turns] == ["answered", "answered"]


def test_everything_is_deleted_by_a_typed_word_and_the_browser_forgets(app: App, opened: Visits) -> None:
    person = opened.candidate().begin()
    person.write("A draft that nobody sent.")
    page = person.page
    page.get_by_role("tab", name="Transcripts").click()
    page.locator("#your-data .label-wrap").first.click()
    expect(page.locator("#your-data-said")).to_contain_text("backup")
    page.locator("#your-data-all").click()
    word = page.locator("#deleting-word").get_by_role("textbox")
    expect(word).to_be_focused()
    pictures(page, "all")
    word.fill("delete")
    word.press("Enter")
    expect(page.locator("#transcripts-notice")).to_contain_text("Nothing was deleted")
    assert len(app.stored()) == 4
    word.fill("Delete everything")
    word.press("Enter")
    expect(person.start_button).to_be_visible()
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('viva.draft.')).length") == 0
    assert app.stored() == []
    page.get_by_role("tab", name="Transcripts").click()
    page.locator("#your-data .label-wrap").first.click()
    page.locator("#your-data-now").click()
    expect(page.locator("#your-data-row")).to_be_hidden()
    held = [path for path in app.data.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
    assert held == []
    assert backups(app.data) != ()


def test_the_chinese_screen_asks_for_a_chinese_word(app: App, opened: Visits) -> None:
    page = opened.candidate().arrive().page
    page.locator("#lang").click()
    page.get_by_role("tab", name="记录").click()
    page.locator("#your-data .label-wrap").first.click()
    page.locator("#your-data-all").click()
    expect(page.locator("#deleting-word")).to_contain_text("全部删除")
    pictures(page, "all-zh")
