"""The whole daily loop by keyboard alone, and a mock interview over a reload and in two tabs."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from interview.turns import reached
from tests.browser import App, Candidate, Visits, browser, judge, running, visits
from tests.fake_judge import FakeJudge

__all__ = ["browser", "judge"]
pytestmark = pytest.mark.browser

COUNT = 8
QUESTION = """#### {n}. What is number {n}?

It compares tokens, makes weights and averages values.

##### Key points
- tokens are compared
- weights are made
- values are averaged

"""
NOTES = "## Numbers\n\n" + "".join(QUESTION.format(n=n) for n in range(1, COUNT + 1))
MOST_PRESSES = 3 * COUNT + 5  # send, and go on twice; the rest is the set-up
READY = """() => document.activeElement?.id === "next"
  || (document.activeElement?.closest("#composer") && document.querySelector("#next")?.offsetParent)"""


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


class Hands:
    """Types answers, and counts every other key."""

    def __init__(self, person: Candidate) -> None:
        self.person = person
        self.presses = 0

    def press(self, key: str) -> None:
        self.presses += 1
        self.person.page.keyboard.press(key)

    def focused(self, selector: str) -> bool:
        return self.person.page.evaluate("selector => Boolean(document.activeElement?.closest(selector))", selector)

    def walk_to(self, selector: str, key: str) -> None:
        while not self.focused(selector):
            self.press(key)
            assert self.presses < MOST_PRESSES


def test_a_whole_session_by_keyboard_alone(app: App, opened: Visits):
    person = opened.candidate().arrive()
    hands, page = Hands(person), person.page
    expect(person.start_button).to_be_focused()  # all of it is preset
    hands.walk_to("#setup-number", "Shift+Tab")
    for key, number in (("Space", "all"), ("ArrowLeft", "5"), ("ArrowRight", "all")):
        hands.press(key)
        expect(page.locator("#setup-number label:has(input:checked)")).to_have_text(number)
    expect(person.start_button).to_contain_text(f"{COUNT} questions")
    hands.walk_to("#start", "Tab")
    hands.press("Enter")
    for number in range(1, COUNT + 1):
        expect(page.locator("#q-head")).to_contain_text(f"Question {number} of {COUNT}")
        expect(person.composer).to_be_focused()
        page.keyboard.insert_text(f"In answer {number} tokens are compared. Then weights are made of them.")
        hands.press("Enter")
        expect(page.locator("#rate")).to_contain_text("Suggested")
        # The model's follow-up waits in the box; an empty Enter goes on.
        expect(person.chat.get_by_text("And what happens after that?")).to_have_count(number)
        page.wait_for_function(READY)
        hands.press("Enter")
    expect(page.locator("#report-card")).to_contain_text("Mean of the judged answers")
    print(f"{hands.presses} key presses besides the answers for {COUNT} questions")
    assert hands.presses <= MOST_PRESSES
    session = app.stored()[0]
    answered = [turn for turn in session.turns if turn.answer is not None]
    assert len(answered) == COUNT
    assert {turn.state for turn in session.turns if turn.follow_up} == {"skipped"}  # each was left by an empty Enter


def test_keys_help_rate_and_never_fire_while_something_is_typed(opened: Visits):
    person = opened.candidate().begin()
    page = person.page
    expect(person.composer).to_be_focused()
    page.keyboard.type("1?2")
    expect(person.composer).to_have_value("1?2")
    expect(page.locator("#practice-keys dialog")).to_be_hidden()
    page.keyboard.press("Alt+2")
    expect(page.locator("#sure input").nth(1)).to_be_checked()
    page.reload()
    expect(page.locator("#sure input").nth(1)).to_be_checked()
    expect(person.composer).to_have_value("1?2")
    person.composer.fill("")
    page.keyboard.press("Alt+r")
    expect(page.locator("#practice-reference")).to_be_visible()
    person.answer("Tokens are compared, and weights are made of them.")
    expect(page.locator("#rate")).to_contain_text("Suggested: Again")  # after the reference it comes back soon
    page.keyboard.press("Alt+3")
    expect(page.locator("#rate")).to_contain_text("Planned")
    page.locator("#rate").get_by_role("button", name="Undo").click()
    expect(page.locator("#rate")).to_contain_text("Suggested: Again")
    person.composer.evaluate("node => node.blur()")
    page.keyboard.press("?")
    expect(page.locator("#practice-keys dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#practice-keys dialog")).to_be_hidden()


def test_what_the_mouse_has_pressed_does_not_keep_the_keys(opened: Visits):
    person = opened.candidate().begin()
    page = person.page
    page.locator("#practice-reveal").click()
    expect(page.locator("#practice-reference")).to_be_visible()
    expect(person.composer).to_be_focused()
    page.locator("#practice-reference .label-wrap").click()
    page.locator("#sure label").nth(2).click()
    page.keyboard.type("Tokens are compared.")
    expect(person.composer).to_have_value("Tokens are compared.")
    page.locator("#practice-skip").click()
    expect(page.locator("#q-head .v-narrow")).to_contain_text("2 / ")
    expect(person.composer).to_be_focused()
    page.keyboard.press("Enter")  # and skips nothing
    person.answer("Tokens are compared, weights are made of them, and values are averaged by these.")
    expect(page.locator("#rate")).to_contain_text("Suggested")
    page.locator("#practice-passage .label-wrap").click()
    page.wait_for_function(READY)
    page.keyboard.press("Enter")
    expect(page.locator("#q-head .v-narrow")).to_contain_text("3 / ")


def test_an_earlier_question_that_is_chosen_comes_into_sight(opened: Visits):
    person = opened.candidate().begin()
    page = person.page
    for number in range(2, 9):
        page.locator("#practice-skip").click()
        expect(page.locator("#q-head .v-narrow")).to_contain_text(f"{number} / ")
    question = person.chat.get_by_text("What is number 2?", exact=True)
    expect(question).not_to_be_in_viewport()
    page.locator(".v-dot").nth(1).click()
    expect(page.locator("#practice-reference")).to_be_visible()
    expect(question).to_be_in_viewport()
    page.locator("#practice-finish").click()
    page.locator("#practice-end").click()
    page.locator(".v-study-item").nth(2).click()
    expect(page.locator("#q-head .v-narrow")).to_contain_text("3 / ")
    expect(person.chat.get_by_text("What is number 3?", exact=True)).to_be_in_viewport()
    expect(page.locator("#practice-reference")).to_contain_text("makes weights")
    page.locator("#practice-retry").click()
    expect(person.composer).to_be_focused()


def test_a_model_writes_the_hint_that_the_notes_lack_and_the_answer_is_a_hinted_one(
    app: App, opened: Visits, judge: FakeJudge
):
    person = opened.candidate().begin()
    page = person.page
    expect(page.locator("#practice-hint")).to_have_text("Hint 1/3")
    judge.held_after = 0
    judge.hold()
    try:
        page.locator("#practice-hint").click()
        expect(person.chat).to_contain_text("Thinking of a hint")
        expect(page.locator("#practice-hint")).to_be_disabled()
        person.write("Tokens are compared")  # the page stays usable
    finally:
        judge.release()
        judge.held_after = 1
    expect(person.chat).to_contain_text("Hint 1 · written by a model")
    expect(person.chat).to_contain_text(judge.hint)
    expect(person.chat).not_to_contain_text("Thinking of a hint")
    expect(page.locator("#practice-hint")).to_have_text("Hint 2/3")
    expect(person.composer).to_have_value("Tokens are compared")
    person.answer("Tokens are compared, weights are made, values are averaged.")
    expect(person.card).to_contain_text("with a hint")
    session = app.stored()[0]
    assert (session.turns[0].hints, reached(session.turns, session.turns[0])) == ((judge.hint,), "hinted")


def test_a_mock_interview_keeps_its_time_over_a_reload_and_in_a_second_tab(opened: Visits):
    person = opened.candidate().arrive()
    page = person.page
    page.locator("#setup-mode label", has_text="Mock interview").click()
    expect(page.locator("#setup-order")).to_be_hidden()
    person.start_button.click()
    expect(page.locator("#q-head .v-timer")).to_contain_text("left")
    deadline = page.locator("#q-head .v-timer").get_attribute("data-deadline")
    page.reload()
    expect(page.locator("#q-head .v-timer")).to_have_attribute("data-deadline", str(deadline))
    person.write("Tokens are compared, and weights are made of them.")
    person.composer.press("Enter")
    expect(page.locator("#q-head")).to_contain_text("Question 2 of 8")
    expect(person.chat).to_contain_text("Saved · 0:")
    other = opened.candidate(page.context).arrive()
    expect(other.page.locator("#q-head")).to_contain_text("Question 2 of 8")
    expect(other.page.locator("#paper-card")).to_contain_text("1 of 8 answered")
    expect(person.lines).to_have_count(0)
    page.locator("#practice-end").click()
    expect(page.locator("#report-card")).to_contain_text("1 of 8 answered")
    expect(person.lines).to_contain_text("covered")
