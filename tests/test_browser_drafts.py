"""Nothing typed is lost: drafts over reloads, a server that goes and comes back, input methods, SIGTERM."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import NOTES, App, Visits, browser, judge, running, visits
from tests.fake_judge import FakeJudge

__all__ = ["browser", "judge"]
pytestmark = pytest.mark.browser

TEXT = "每个词都看所有其他词，权重来自 query 和 key。"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, judge: FakeJudge) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("viva")
    notes = folder / "notes.md"
    notes.write_text(NOTES, encoding="utf-8")
    with running(folder, judge, "--notes", str(notes), "--lang", "en") as started:
        yield started


@pytest.fixture
def opened(browser: Browser, app: App) -> Iterator[Visits]:
    with visits(browser, app) as pages:
        yield pages


def test_text_typed_while_the_server_is_down_is_there_when_it_is_back(app: App, opened: Visits):
    person = opened.candidate().begin()
    person.write("Every token ")
    app.kill()
    person.write(TEXT)
    person.composer.press("Enter")  # nobody is there to take it
    app.start()
    person.reload()
    expect(person.page.locator("#q-head")).to_contain_text("Question 1 of 3")
    expect(person.composer).to_have_value(TEXT)
    person.composer.press("Enter")
    expect(person.answers()).to_contain_text(TEXT)
    expect(person.lines).to_contain_text("covered")
    person.page.reload()
    expect(person.answers()).to_contain_text(TEXT)
    expect(person.composer).to_have_value("")  # the draft of a stored answer is gone


def test_drafts_are_kept_per_turn(opened: Visits):
    person = opened.candidate().begin()
    person.write("draft of the first")
    person.page.locator("#practice-skip").click()
    expect(person.page.locator("#q-head")).to_contain_text("Question 2 of 3")
    expect(person.composer).to_have_value("")
    person.write("draft of the second")
    person.page.reload()
    expect(person.page.locator("#q-head")).to_contain_text("Question 2 of 3")
    expect(person.composer).to_have_value("draft of the second")


def test_the_language_switch_keeps_what_is_typed_and_is_remembered(opened: Visits):
    person = opened.candidate().begin()
    page = person.page
    person.write(TEXT)
    page.locator("#lang").click()
    expect(page.get_by_role("tab", name="练习")).to_be_visible()
    expect(page.locator("#q-head")).to_contain_text("第 1 / 3 题")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(person.composer).to_have_value(TEXT)
    page.locator("#dark").click()
    expect(page.locator("body.dark")).to_be_visible()
    page.reload()
    expect(page.get_by_role("tab", name="练习")).to_be_visible()
    expect(page.locator("body.dark")).to_be_visible()
    expect(person.composer).to_have_value(TEXT)


def test_what_is_entered_right_after_the_language_switch_speaks_it_and_loses_nothing(opened: Visits):
    person = opened.candidate().arrive()
    page = person.page
    page.get_by_role("tab", name="Questions").click()
    page.locator("#question-rows .v-nav-item").nth(1).click()
    expect(page.locator("#question-about")).to_be_visible()
    page.locator("#lang").click()
    page.get_by_role("tab").nth(4).click()
    expect(page.locator("#backend-title")).to_contain_text("添加后端")
    page.get_by_role("tab").nth(3).click()
    expect(page.locator("#question-edit")).to_have_text("修改要点")
    page.get_by_role("tab").nth(0).click()
    expect(page.locator("#setup-head")).to_contain_text("今天练什么")


def test_who_leaves_a_session_is_out_of_it_after_a_reload_and_can_come_back(opened: Visits):
    person = opened.candidate().begin()
    page = person.page
    page.locator("#practice-finish").click()
    page.locator("#practice-leave").click()
    expect(person.start_button).to_be_visible()
    page.reload()
    expect(person.start_button).to_be_visible()
    expect(page.locator("#talk")).to_be_hidden()
    page.locator("#setup-unfinished button").click()
    expect(page.locator("#q-head")).to_contain_text("Question 1 of 3")
    page.reload()
    expect(page.locator("#q-head")).to_contain_text("Question 1 of 3")


def test_enter_during_a_composition_sends_nothing(app: App, opened: Visits):
    person = opened.candidate().begin()
    person.composer.focus()
    keyboard = person.page.context.new_cdp_session(person.page)
    keyboard.send("Input.imeSetComposition", {"text": "zhu", "selectionStart": 3, "selectionEnd": 3})
    # As some input methods do it: a full key press in the middle of a composition.
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
    keyboard.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": "\r", **enter})
    keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})
    keyboard.send("Input.insertText", {"text": "注意力让每个词看到其他词"})
    expect(person.composer).to_have_value("注意力让每个词看到其他词")
    expect(person.answers()).to_have_count(0)
    assert app.stored()[0].turns[0].answer is None
    person.composer.press("Enter")
    expect(person.answers()).to_contain_text("注意力让每个词看到其他词")
    answer = app.stored()[0].turns[0].answer
    assert answer is not None
    assert answer.text == "注意力让每个词看到其他词"


def test_sigterm_with_a_page_open_ends_cleanly_and_the_grading_waits_for_the_next_start(
    app: App, judge: FakeJudge, opened: Visits
):
    person = opened.candidate().begin()
    judge.hold()
    person.answer(TEXT)
    expect(person.lines).to_contain_text("1 of 3 points judged")
    assert app.terminate() == 0
    assert [grading.state for grading in app.stored()[0].turns[0].gradings] == ["pending"]
    assert "Traceback" not in app.log
    judge.release()
    app.start()
    person.reload()
    expect(person.lines).to_contain_text("covered")
