"""The interview in a real browser: set-up, answers, reload in mid-grading, transcript, regrade, export."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from interview.models import Graded, Session
from tests.browser import NOTES, App, Visits, browser, main_turns, running, visits
from tests.fake_judge import FakeJudge
from tests.made_up import PNG

__all__ = ["browser"]
pytestmark = pytest.mark.browser

FIRST = "Every token looks at all the other tokens. The weights come from queries and keys."
IMAGES = "\n\n![Weights](weights.png) ![Far](https://example.invalid/far.png)\n\n##### Key points"
SECOND = "All positions are computed in parallel. No step has to wait for another one."


@pytest.fixture(scope="module")
def judge() -> Iterator[FakeJudge]:
    with FakeJudge(("covered", "partial", "missing")).serving() as serving:
        yield serving


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, judge: FakeJudge) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("viva")
    notes = folder / "notes.md"
    notes.write_text(NOTES.replace("\n\n##### Key points", IMAGES, 1), encoding="utf-8")
    (folder / "weights.png").write_bytes(PNG)
    with running(folder, judge, "--notes", str(notes), "--lang", "en") as started:
        yield started


@pytest.fixture
def opened(browser: Browser, app: App) -> Iterator[Visits]:
    with visits(browser, app) as pages:
        yield pages


def gradings(session: Session) -> list[str]:
    return [f"{grading.grader} {grading.state}" for turn in session.turns for grading in turn.gradings]


def test_two_answers_with_a_reload_in_mid_grading_then_transcript_regrade_and_export(
    app: App, judge: FakeJudge, opened: Visits, tmp_path: Path
):
    person = opened.candidate().begin()
    page = person.page
    expect(page.locator("#q-head")).to_contain_text("Question 1 of 3")

    judge.hold()
    person.answer(FIRST)
    expect(person.lines).to_contain_text("1 of 3 points judged")  # the first verdict is here, the rest is not
    expect(person.card).to_contain_text("covered")
    person.go_on()
    expect(person.lines).to_contain_text("1 of 3 points judged")  # question 2 is asked meanwhile

    page.reload()
    expect(page.locator("#q-head")).to_contain_text("Question 2 of 3")
    expect(person.answers()).to_contain_text(FIRST)
    expect(person.lines).to_contain_text("points judged")
    judge.release()
    expect(person.lines.first).to_contain_text("1 of 3 covered")  # without another reload or click

    person.answer(SECOND)
    expect(person.card).to_contain_text("computed in code")
    person.go_on()
    page.locator("#practice-skip").click()
    expect(page.locator("#report-card")).to_contain_text("2 of 3 answered")

    session = app.stored()[0]
    assert [turn.state for turn in main_turns(session)] == ["answered", "answered", "skipped"]
    assert gradings(session) == ["custom:fake-judge done"] * 2

    person.open_transcript(app.stored()[0])
    expect(page.locator("#room-nav .v-nav-item")).to_have_count(3)
    expect(page.locator("#room-answer mark").first).to_contain_text("Every token looks at all the other tokens")
    page.locator("#room-grader input").click()
    page.locator("li[role=option]", has_text="Coverage estimate").click()
    page.locator("#room-regrade").click()
    expect(page.locator("#room-grades thead th")).to_have_count(3)  # points, the judge, and the estimate beside it

    grades = app.stored()[0].turns[0].gradings
    assert [grading.grader for grading in grades] == ["custom:fake-judge", "coverage"]
    assert isinstance(grades[0].outcome, Graded)
    assert grades[0] == session.turns[0].gradings[0]  # the old one is untouched

    for button, check in (("#room-md", str), ("#room-json", json.loads)):
        with page.expect_download() as downloading:
            page.locator(button).click()
        exported = downloading.value.path().read_text(encoding="utf-8")
        assert FIRST in exported
        check(exported)


def test_a_download_breaks_off_nothing_that_is_under_way(app: App, judge: FakeJudge, opened: Visits):
    person = opened.candidate().begin()
    page = person.page
    judge.hold()
    person.answer(FIRST)
    expect(person.lines).to_contain_text("1 of 3 points judged")
    person.open_transcript(app.stored()[0])
    page.evaluate("window.sameVisit = true")
    with page.expect_download():
        page.locator("#room-json").click()
    judge.release()
    expect(page.locator("#room-grade-card")).to_contain_text("computed in code")
    assert page.evaluate("window.sameVisit")
    expect(page.locator(".toast-body.error")).to_have_count(0)


def test_a_double_click_on_send_is_one_answer_with_one_grading(app: App, opened: Visits):
    person = opened.candidate().begin()
    person.write(FIRST)
    person.send.dblclick()
    expect(person.lines).to_contain_text("covered")
    expect(person.answers()).to_have_count(1)
    assert len(gradings(app.stored()[0])) == 1


def test_enter_and_click_together_are_one_answer(app: App, opened: Visits):
    person = opened.candidate().begin()
    person.write(FIRST)
    person.page.evaluate(
        """() => {
          const box = document.querySelector("#composer textarea");
          box.dispatchEvent(new KeyboardEvent("keypress", { key: "Enter", bubbles: true, cancelable: true }));
          document.querySelector("#composer button").click();
        }"""
    )
    expect(person.lines).to_contain_text("covered")
    expect(person.answers()).to_have_count(1)
    assert len(gradings(app.stored()[0])) == 1


def test_two_answers_by_the_keyboard_alone(app: App, opened: Visits):
    person = opened.candidate().begin()
    keyboard = person.page.keyboard
    expect(person.composer).to_be_focused()
    keyboard.type(FIRST)
    keyboard.press("Enter")
    expect(person.chat).to_contain_text("And what happens after that?")
    expect(person.composer).to_be_focused()
    keyboard.press("Enter")
    expect(person.page.locator("#q-head")).to_contain_text("Question 2")
    expect(person.composer).to_be_focused()
    keyboard.type("All positions at once.")
    keyboard.press("Enter")
    expect(person.answers()).to_have_count(2)
    texts = [turn.answer and turn.answer.text for turn in main_turns(app.stored()[0])]
    assert texts == [FIRST, "All positions at once."]


def test_an_empty_submit_does_nothing(app: App, opened: Visits):
    person = opened.candidate().begin()
    person.composer.fill("  \n ")
    person.composer.press("Enter")
    person.send.click()
    person.answer(FIRST)  # the only one
    expect(person.notice).to_have_count(0)
    assert len(main_turns(app.stored()[0])) == 1


def test_what_is_sent_while_an_event_is_under_way_goes_out_after_it(app: App, opened: Visits):
    person = opened.candidate().begin()
    person.page.evaluate("viva.sending()")  # as every submit does until all of its reply is drawn
    person.write(FIRST)
    person.composer.press("Enter")
    person.send.click()
    person.page.wait_for_timeout(500)
    expect(person.answers()).to_have_count(0)
    expect(person.composer).to_have_value(FIRST)
    person.page.evaluate("viva.sent()")
    expect(person.answers()).to_have_count(1)
    expect(person.composer).to_have_value("")
    assert len(main_turns(app.stored()[0])) == 1


def test_an_empty_enter_while_an_event_is_under_way_goes_on_after_it(opened: Visits):
    person = opened.candidate().begin()
    person.answer(FIRST)
    expect(person.chat).to_contain_text("And what happens after that?")
    expect(person.composer).to_be_focused()
    person.page.wait_for_timeout(500)  # whatever is under way ends
    person.page.evaluate("viva.sending()")
    person.page.keyboard.press("Enter")
    expect(person.page.locator("#q-head")).to_contain_text("Question 1")
    person.page.evaluate("viva.sent()")
    expect(person.page.locator("#q-head")).to_contain_text("Question 2")


def test_every_submit_holds_what_is_sent_until_its_reply_is_drawn(opened: Visits):
    person = opened.candidate().begin()
    person.page.evaluate(
        """() => {
          const fetched = window.fetch;
          window.vivaSent = 0;
          window.fetch = async (...call) => {
            if (String(call[1]?.body).includes("word word")) {
              window.vivaSent += 1;
              await new Promise((done) => setTimeout(done, 800));
            }
            return fetched(...call);
          };
        }"""
    )
    person.write("word " * 4001)  # refused, so that it stays in the box
    person.composer.press("Enter")
    person.page.wait_for_function("window.vivaSent === 1")
    person.composer.press("Enter")
    person.page.wait_for_function("window.vivaSent === 2")
    expect(person.notice).to_contain_text("20,000")
    person.page.wait_for_timeout(1200)
    assert person.page.evaluate("window.vivaSent") == 2  # held once, not again and again


def test_an_answer_over_the_limit_is_refused_and_stays_in_the_box(app: App, opened: Visits):
    person = opened.candidate().begin()
    person.write("word " * 4001)
    person.send.click()
    expect(person.notice).to_contain_text("20,000")
    expect(person.composer).to_have_value("word " * 4001)
    assert app.stored()[0].turns[0].answer is None


def test_a_stale_tab_with_another_answer_is_told_so_and_keeps_its_text(app: App, opened: Visits):
    person = opened.candidate().begin()
    stale = opened.candidate(person.page.context)
    # Without its slow timer the tab does not notice by itself that the question is answered.
    stale.page.add_init_script(
        "const ticking = setInterval; window.setInterval = (f, ms, ...rest) => ms < 5000 && ticking(f, ms, ...rest);"
    )
    # A page that opens follows its session for a moment, and would notice then.
    stale.page.route("**/queue/join*", lambda route: None)
    stale.arrive()
    stale.write("Something quite different.")
    person.answer(FIRST)
    stale.composer.press("Enter")
    expect(stale.notice).to_contain_text("already")
    expect(stale.composer).to_have_value("Something quite different.")
    answer = app.stored()[0].turns[0].answer
    assert answer is not None
    assert answer.text == FIRST


def test_a_drawing_that_comes_late_does_not_stay(opened: Visits):
    person = opened.candidate()
    page, held = person.page, []
    page.add_init_script(
        "const ticking = setInterval; window.setInterval = (f, ms, ...rest) => "
        "ticking(() => (ms < 5000 || !window.timersOff) && f(), ms, ...rest);"
    )
    person.begin()
    other = opened.candidate(page.context).arrive()

    def hold_the_first_drawing(route: Route) -> None:
        response = route.fetch()
        if not held and len(response.body()) > 3000:  # looking answers next to nothing
            held.append((route, response))
        else:
            route.fulfill(response=response)

    page.route("**/run/predict*", hold_the_first_drawing)
    other.page.locator("#practice-hint").click()
    expect(other.chat.locator("blockquote")).to_be_visible()
    for _ in range(300):  # until the slow timer of the first tab sees the hint
        if not held:
            page.wait_for_timeout(100)
    assert held
    page.evaluate("window.timersOff = true")
    page.locator("#practice-skip").click()
    expect(page.locator("#q-head")).to_contain_text("Question 2 of 3")
    page.evaluate(
        "new MutationObserver(() => { window.headSeen += document.querySelector('#q-head').textContent; })"
        ".observe(document.querySelector('#q-head'), { subtree: true, childList: true, characterData: true })"
    )
    late, response = held[0]
    late.fulfill(response=response)
    page.wait_for_function("String(window.headSeen).includes('Question 1 of 3')")  # for a moment
    expect(page.locator("#q-head")).to_contain_text("Question 2 of 3")


def test_an_image_of_the_notes_is_seen_in_the_reference_and_one_from_elsewhere_is_words(opened: Visits):
    page = opened.candidate(color_scheme="dark").begin().page
    page.locator("#practice-reveal").click()
    reference = page.locator("#practice-reference-text")
    image = reference.get_by_role("img", name="Weights")
    expect(image).to_be_visible()
    page.wait_for_function("(image) => image.complete && image.naturalWidth === 3", arg=image.element_handle())
    expect(image).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(reference.locator("img")).to_have_count(1)
    expect(reference).to_contain_text("〔image〕 Far")  # that nobody was asked for it, `opened` sees


def test_hint_reference_skip_and_retry(app: App, opened: Visits):
    person = opened.candidate().begin()
    page = person.page
    reference = page.locator("#practice-reference-text")
    expect(reference).to_have_count(0)
    page.locator("#practice-hint").click()
    expect(person.chat.locator("blockquote")).to_contain_text("three projections")
    expect(page.locator("#practice-hint")).to_be_disabled()
    page.locator("#practice-reveal").click()
    expect(reference).to_contain_text("weighted mean")
    expect(reference.locator(".katex").first).to_be_visible()
    person.answer(FIRST)
    expect(person.card).to_contain_text("after the answer")
    page.locator("#practice-retry").click()
    expect(page.locator("#q-head")).to_contain_text("attempt 2")
    expect(reference).not_to_be_visible()
    person.answer(SECOND)
    turns = main_turns(app.stored()[0])
    assert [(turn.position, turn.revealed) for turn in turns] == [(0, True), (0, False)]
    expect(person.card).to_contain_text("after the answer")  # it was seen before the first attempt


def test_an_old_grade_can_be_opened_while_the_next_question_is_answered(opened: Visits):
    person = opened.candidate().begin()
    person.answer(FIRST)
    expect(person.card).to_contain_text("computed in code")
    person.go_on()
    person.write("half a thought")
    expect(person.card).not_to_be_visible()
    person.lines.first.click()
    expect(person.card).to_contain_text("computed in code")
    expect(person.composer).to_have_value("half a thought")


def test_five_tabs_at_once_all_come_up_and_all_see_the_grade(app: App, judge: FakeJudge, opened: Visits):
    person = opened.candidate().begin()
    tabs = [person, *(opened.candidate(person.page.context).arrive() for _ in range(4))]
    for tab in tabs:
        expect(tab.page.locator("#q-head")).to_contain_text("Question 1 of 3")
    judge.hold()
    tabs[-1].answer(FIRST)
    judge.release()
    for tab in tabs:
        expect(tab.lines).to_contain_text("1 of 3 covered")
    tabs[0].go_on()
    assert len(main_turns(app.stored()[0])) == 2
