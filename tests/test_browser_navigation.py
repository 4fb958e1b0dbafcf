"""What is asked for comes into view and has the focus, however late and in how many steps the page is drawn.

Replies, images and parts of the page are held back here, so that each race is provoked and not waited for.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from benchmarks.history import History
from interview.notes.library import read_notes
from tests.browser import PATIENCE_MS, App, Candidate, Visits, browser, judge, running, visits
from tests.conftest import REPO
from tests.fake_judge import FakeJudge

__all__ = ["browser", "judge"]
pytestmark = pytest.mark.browser

COUNT = 8
LONG = "It compares tokens, makes weights and averages values.\n\n" * 40
NOTES = "## Numbers\n\n" + "".join(
    f"#### {n}. What is number {n}?\n\n![Tall](tall.png)\n\n{LONG}\n\n##### Hints\n- Think of {n} things.\n\n"
    for n in range(1, COUNT + 1)
)
PHONE = {"width": 390, "height": 844}
DRAWING_BYTES = 1000  # replies that only look whether something changed are smaller
CHOSEN_TURN = '"event_data":{"turn":'
SPENT_MS = 600  # more than Gradio's scroll to the end takes, which came 300 ms after a drawing


def tall_png(height: int) -> bytes:
    """A white picture, 8 pixels wide."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 8, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\xff" * 8) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, judge: FakeJudge) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("viva")
    notes = folder / "notes.md"
    notes.write_text(NOTES, encoding="utf-8")
    (folder / "tall.png").write_bytes(tall_png(1500))
    (folder / "data").mkdir()
    History(read_notes([notes])).fill(folder / "data", 120, per_session=6)
    with running(folder, judge, "--notes", str(notes), "--lang", "en") as started:
        yield started


@pytest.fixture
def opened(browser: Browser, app: App) -> Iterator[Visits]:
    with visits(browser, app) as pages:
        yield pages


class HeldReplies:
    """Replies that draw something and were not delivered yet, in the order in which the page asked for them."""

    def __init__(self, page: Page, only: str) -> None:
        self._page = page
        self._only = only
        self._deliver: list[Callable[[], None]] = []

    def hold(self, route: Route) -> None:
        response = route.fetch()
        deliver = partial(route.fulfill, response=response)
        if len(response.body()) < DRAWING_BYTES or self._only not in str(route.request.post_data):
            deliver()
        else:
            self._deliver.append(deliver)

    def wait_for(self, count: int) -> None:
        for _ in range(PATIENCE_MS // 50):
            if len(self._deliver) >= count:
                return
            self._page.wait_for_timeout(50)
        pytest.fail(f"{len(self._deliver)} of {count} replies came")

    def deliver(self, number: int = 0) -> None:
        self._deliver.pop(number)()


@contextmanager
def held_replies(page: Page, only: str = "") -> Iterator[HeldReplies]:
    """Hold the replies to requests that contain `only`."""
    held = HeldReplies(page, only)
    page.route("**/run/predict*", held.hold)
    yield held
    page.unroute_all(behavior="wait")
    while held._deliver:
        held.deliver()


@pytest.fixture(scope="module")
def person_at_eight(browser: Browser, app: App) -> Iterator[Candidate]:
    """A session whose first seven questions were skipped."""
    with visits(browser, app) as pages:
        person = pages.candidate().begin()
        for number in range(2, COUNT + 1):
            person.page.locator("#practice-skip").click()
            expect(person.page.locator("#q-head .v-narrow")).to_contain_text(f"{number} / ")
        yield person


def question(person: Candidate, number: int) -> Locator:
    return person.chat.get_by_text(f"What is number {number}?", exact=True)


def scroll_of(person: Candidate) -> float:
    return person.page.locator("#chat .bubble-wrap").evaluate("(box) => box.scrollTop")


def stay(person: Candidate, seen: Locator) -> None:
    """In view, and still so when everything that was started has ended."""
    expect(seen).to_be_in_viewport()
    person.page.wait_for_timeout(SPENT_MS)
    expect(seen).to_be_in_viewport()


def enter(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def test_one_file_scrolls_and_focuses():
    signs = ("scrollIntoView", ".scrollTo(", " scrollTo(", "scrollBy", "scrollTop =", ".focus(")
    script = REPO / "interview" / "ui" / "script"
    texts = {file.name: file.read_text("utf-8").replace("navigation.focus(", "") for file in script.glob("*.js")}
    scrolls = [name for name, text in texts.items() if any(sign in text for sign in signs)]
    assert scrolls == ["navigation.js"]


def test_of_two_clicks_on_dots_the_last_counts_however_the_replies_come(person_at_eight: Candidate):
    person, page = person_at_eight, person_at_eight.page
    dots = page.locator(".v-dot")
    with held_replies(page, CHOSEN_TURN) as replies:
        dots.nth(1).click()
        dots.nth(2).click()
        expect(question(person, 3)).to_be_in_viewport()
        replies.wait_for(2)
        replies.deliver(1)
        replies.deliver(0)
        expect(dots.nth(2)).to_have_attribute("aria-current", "true")
    stay(person, question(person, 3))
    expect(dots.nth(2)).to_have_attribute("aria-current", "true")


def test_what_the_person_scrolls_to_stays_over_a_redraw(person_at_eight: Candidate):
    person, page = person_at_eight, person_at_eight.page
    page.locator(".v-dot").nth(1).click()
    expect(page.locator(".v-dot").nth(1)).to_have_attribute("aria-current", "true")
    person.chat.hover()
    page.mouse.wheel(0, 120)
    moved = scroll_of(person)
    page.wait_for_function(
        "(was) => document.querySelector('#chat .bubble-wrap').scrollTop !== was || was > 0", arg=moved
    )
    page.wait_for_timeout(SPENT_MS)
    moved = scroll_of(person)
    page.evaluate("document.querySelector('#chat .message-wrap').append(document.createElement('hr'))")
    page.wait_for_timeout(SPENT_MS)
    assert scroll_of(person) == moved


def test_the_end_of_the_conversation_stays_in_view_and_a_reader_further_up_is_left_there(opened: Visits):
    person = opened.candidate().begin()
    page = person.page
    for number in range(2, 6):
        page.locator("#practice-skip").click()
        expect(page.locator("#q-head .v-narrow")).to_contain_text(f"{number} / ")
        expect(question(person, number)).to_be_in_viewport()
    page.locator("#practice-hint").click()
    expect(person.chat.get_by_text("Think of 5 things.")).to_be_in_viewport()
    grow = (
        "(px) => { const end = document.createElement('div'); end.style.height = `${px}px`; end.className = 'grown';"
        " document.querySelector('#chat .message-wrap').append(end); }"
    )
    page.evaluate(grow, 300)
    stay(person, page.locator(".grown").last)
    person.chat.hover()
    page.mouse.wheel(0, -400)
    expect(question(person, 2)).to_be_in_viewport()
    page.evaluate(grow, 310)
    stay(person, question(person, 2))
    expect(page.locator(".grown").last).not_to_be_in_viewport()


def test_the_reply_to_an_earlier_click_takes_nobody_away_from_the_question_that_was_chosen(opened: Visits):
    person = opened.candidate().begin()
    page = person.page
    for number in range(2, COUNT + 1):
        page.locator("#practice-skip").click()
        expect(page.locator("#q-head .v-narrow")).to_contain_text(f"{number} / ")
    page.locator("#practice-finish").click()
    expect(page.locator("#report-card")).to_be_in_viewport()
    with held_replies(page) as replies:
        page.locator("#practice-end").click()
        replies.wait_for(1)
        page.locator(".v-study-item").nth(2).click()
        expect(question(person, 3)).to_be_in_viewport()
        replies.wait_for(2)
        replies.deliver(1)  # overtaken
        replies.deliver(0)
        expect(page.locator("#practice-new")).to_be_visible()
    expect(page.locator("#practice-reference")).to_contain_text("makes weights")
    stay(person, question(person, 3))
    expect(page.locator("#practice-reference")).to_be_visible()


def let_the_grade_arrive(page: Page, judge: FakeJudge, beat: str) -> None:
    """Return when the page has requested a refresh, which waits for the reply that is held."""
    box = page.locator(beat).locator("input, textarea")
    before = box.input_value()
    judge.release()
    expect(box).not_to_have_value(before)


def test_a_grade_that_arrives_takes_nobody_away_from_the_question_that_was_chosen(opened: Visits, judge: FakeJudge):
    person = opened.candidate().begin()
    page = person.page
    person.answer("Tokens are compared, and weights are made of them.")
    expect(person.chat).to_contain_text(judge.follow_up)
    person.go_on()
    judge.hold()
    person.answer("In answer two tokens are compared. Then weights are made of them.")
    expect(person.lines.last).to_contain_text("1 point judged")
    first = page.locator(".v-dot").first
    with held_replies(page, CHOSEN_TURN) as replies:
        first.click()
        replies.wait_for(1)
        let_the_grade_arrive(page, judge, "#practice-beat")
        replies.deliver()
    expect(person.lines.nth(1)).to_contain_text("covered")
    expect(first).to_have_attribute("aria-current", "true")
    page.wait_for_timeout(SPENT_MS)
    expect(first).to_have_attribute("aria-current", "true")
    expect(person.lines.first).to_have_attribute("aria-pressed", "true")


def test_a_grade_that_arrives_leaves_the_room_at_the_question_that_was_chosen(
    app: App, opened: Visits, judge: FakeJudge
):
    person = opened.candidate().begin()
    page = person.page
    person.answer("The first answer: tokens are compared, and weights are made of them.")
    expect(person.chat).to_contain_text(judge.follow_up)
    person.go_on()
    person.answer("The second answer: tokens are compared, and weights are made of them.")
    expect(person.lines.nth(1)).to_contain_text("covered")
    person.open_transcript(app.stored()[0])
    items, answer = page.locator("#room-nav .v-nav-item"), page.locator("#room-answer")
    expect(answer).to_contain_text("The first answer")
    judge.hold()
    page.locator("#room-regrade").click()
    expect(page.locator("#room-grade-card")).to_contain_text("is grading it, too")
    second = items.filter(has_text="number 2").first
    with held_replies(page, CHOSEN_TURN) as replies:
        second.click()
        replies.wait_for(1)
        let_the_grade_arrive(page, judge, "#room-beat")
        replies.deliver()
    expect(answer).to_contain_text("The second answer")
    page.wait_for_timeout(SPENT_MS)
    expect(answer).to_contain_text("The second answer")
    expect(second).to_have_attribute("aria-current", "true")
    expect(page.locator("#room-note")).to_be_visible()  # nothing is left out


def test_the_passage_stays_in_view_when_an_image_above_it_comes_late(opened: Visits):
    person = opened.candidate().arrive()
    page, late = person.page, []
    page.route("**/notes/image*", lambda route: late.append(route))
    person.begin()
    page.locator("#practice-reveal").click()
    expect(page.locator("#practice-reference-text")).to_be_visible()
    page.locator("#practice-source").click()
    passage = page.locator("#practice-passage .label-wrap")
    stay(person, passage)
    for _ in range(PATIENCE_MS // 50):
        if late:
            break
        page.wait_for_timeout(50)
    for route in late:
        route.continue_()
    page.wait_for_function("document.querySelector('#practice-reference-text img').naturalHeight === 1500")
    stay(person, passage)


@pytest.mark.parametrize("button", ["#practice-skip", "#practice-retry"])
def test_the_box_gets_the_focus_however_late_it_is_drawn(opened: Visits, button: str):
    person = opened.candidate().begin()
    page = person.page
    if button == "#practice-retry":
        person.answer("Tokens are compared, and weights are made of them.")
        expect(person.card).to_contain_text("computed in code")
    late = page.add_style_tag(content="#composer { display: none !important; }")
    page.locator(button).click()
    expect(page.locator("#q-head .v-wide")).to_contain_text("Question 2" if button == "#practice-skip" else "attempt 2")
    page.wait_for_timeout(2500)  # longer than a person would be patient with the page
    late.evaluate("(node) => node.remove()")
    expect(person.composer).to_be_focused()
    person.composer.evaluate("(box) => { box.disabled = true; }")
    expect(person.composer).not_to_be_focused()
    person.composer.evaluate("(box) => { box.disabled = false; }")
    expect(person.composer).to_be_focused()
    page.locator("#lang").focus()  # who is busy elsewhere stays there
    page.evaluate("document.querySelector('#chat .message-wrap').append(document.createElement('hr'))")
    page.wait_for_timeout(SPENT_MS)
    expect(page.locator("#lang")).to_be_focused()


def test_a_draft_is_restored_however_late_the_box_is_drawn(opened: Visits):
    person = opened.candidate().begin()
    person.write("half a thought")
    person.page.add_init_script(
        """const find = Document.prototype.querySelector;
        Document.prototype.querySelector = function (selector) {
          return selector === "#composer textarea" && !window.composerIsHere ? null : find.call(this, selector);
        };"""
    )
    person.page.reload()
    expect(person.page.locator("#q-head .v-qhead")).to_be_visible()
    person.page.wait_for_timeout(5500)
    person.page.evaluate("window.composerIsHere = true; document.body.append(document.createElement('i'))")
    expect(person.composer).to_have_value("half a thought")


def test_a_session_and_a_question_of_it_are_shown_from_their_top(opened: Visits):
    page = opened.candidate(viewport={"width": 1366, "height": 500}).arrive().page
    enter(page, "Transcripts")
    page.locator("#session-rows .v-session").last.click()
    expect(page.locator("#room-head")).to_be_in_viewport()
    expect(page.locator("#room-reference")).to_contain_text("makes weights")
    page.mouse.move(900, 300)
    page.mouse.wheel(0, 5000)
    expect(page.locator("#room-head")).not_to_be_in_viewport()
    page.locator("#room-nav .v-nav-item").nth(3).click()
    expect(page.locator("#room-turn-head")).to_contain_text("4")
    expect(page.locator("#room-head")).to_be_in_viewport()


def test_of_two_clicks_in_the_room_the_last_counts(opened: Visits):
    page = opened.candidate().arrive().page
    enter(page, "Transcripts")
    page.locator("#session-rows .v-session").last.click()
    items = page.locator("#room-nav .v-nav-item")
    expect(items).to_have_count(6)
    with held_replies(page, CHOSEN_TURN) as replies:
        items.nth(1).click()
        items.nth(2).click()
        replies.wait_for(2)
        replies.deliver(1)
        replies.deliver(0)
        expect(items.nth(2)).to_have_attribute("aria-current", "true")
    expect(items.nth(2)).to_have_attribute("aria-current", "true")
    expect(items.nth(1)).not_to_have_attribute("aria-current", "true")


@pytest.mark.parametrize("viewport", [{"width": 1366, "height": 500}, PHONE])
def test_a_search_hit_leads_to_its_question(opened: Visits, viewport: dict[str, int]):
    page = opened.candidate(viewport=viewport).arrive().page
    enter(page, "Transcripts")
    page.locator("#find-words").get_by_role("textbox").fill("weights")
    hits = page.locator("#hit-rows .v-session")
    expect(hits.nth(10)).to_be_visible()
    hits.nth(10).click()
    expect(page.locator("#room-answer")).to_be_visible()
    expect(page.locator("#room-turn-head")).to_be_in_viewport()


@pytest.mark.parametrize("viewport", [{"width": 1366, "height": 500}, PHONE])
def test_an_earlier_attempt_in_the_questions_tab_leads_to_its_question(opened: Visits, viewport: dict[str, int]):
    page = opened.candidate(viewport=viewport).arrive().page
    enter(page, "Questions")
    page.locator("#question-rows .v-nav-item").first.click()
    attempts = page.locator("#question-history .v-session")
    expect(attempts.last).to_be_visible()
    attempts.last.click()
    expect(page.locator("#room-answer")).to_be_visible()
    expect(page.locator("#room-turn-head")).to_be_in_viewport()


def test_on_a_phone_the_report_and_what_is_chosen_in_it_come_into_view(opened: Visits):
    person = opened.candidate(viewport=PHONE).begin()
    page = person.page
    for number in range(2, COUNT + 1):
        page.locator("#practice-skip").click()
        expect(page.locator("#q-head .v-narrow")).to_contain_text(f"{number} / ")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.locator("#practice-finish").click()
    expect(page.locator("#report-card .v-report")).to_be_in_viewport()
    page.locator("#practice-end").click()
    expect(page.locator("#practice-new")).to_be_visible()
    page.locator(".v-study-item").nth(2).click()
    expect(page.locator("#q-head .v-narrow")).to_contain_text("3 / ")
    stay(person, question(person, 3))


def test_on_a_phone_the_sheet_stays_open_while_the_grade_and_a_follow_up_arrive(opened: Visits, judge: FakeJudge):
    person = opened.candidate(viewport=PHONE).begin()
    page = person.page
    judge.hold()
    person.answer("Tokens are compared, and weights are made of them.")
    expect(person.lines.first).to_contain_text("1 point judged")
    person.lines.first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#grade .v-close")).to_be_focused()
    judge.release()
    expect(person.chat).to_contain_text(judge.follow_up)
    expect(page.locator("#grade .v-close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(person.lines.first).to_be_focused()
