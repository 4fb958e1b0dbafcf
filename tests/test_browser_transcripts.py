"""The Transcripts tab in a real browser: search, the room, what a model writes beside it, undo, import, phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from interview import verify
from interview.export import transcript_lines
from interview.models import SessionPlan, Transcript
from interview.store.store import Store
from tests.browser import NOTES, App, Candidate, Visits, browser, running, visits
from tests.fake_judge import FakeJudge
from tests.made_up import make_question

__all__ = ["browser"]
pytestmark = pytest.mark.browser

FIRST = "Every token looks at all the other tokens. The weights come from queries and keys."
BETTER = "Every token looks at all the other tokens. The weights come from queries and keys. Their values are averaged."
PLAIN = "\n#### 4. What does layer norm do?\n\nIt rescales each vector by $\\sigma$. It keeps gradients stable.\n"


@pytest.fixture(scope="module")
def judge() -> Iterator[FakeJudge]:
    with FakeJudge(("covered", "missing", "missing")).serving() as serving:
        yield serving


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, judge: FakeJudge) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("viva")
    notes = folder / "notes.md"
    notes.write_text(NOTES + PLAIN, encoding="utf-8")
    with running(folder, judge, "--notes", str(notes), "--lang", "en") as started:
        yield started


@pytest.fixture
def opened(browser: Browser, app: App) -> Iterator[Visits]:
    with visits(browser, app) as pages:
        yield pages


def enter(page: Page) -> None:
    """Into the tab, which reads the store anew."""
    with page.expect_response("**/run/predict"):
        page.get_by_role("tab", name="Transcripts").click()


def unfold(page: Page, elem_id: str) -> None:
    page.locator(f"#{elem_id} .label-wrap").first.click()


def graded(person: Candidate, text: str) -> None:
    count = person.lines.count()
    person.answer(text)
    expect(person.lines).to_have_count(count + 1)
    expect(person.lines.last).to_contain_text("of 3")
    expect(person.lines.last).not_to_contain_text("judged")


def test_from_a_search_into_the_room_and_all_that_stands_beside_a_grade(app: App, judge: FakeJudge, opened: Visits):
    person = opened.candidate().begin()
    page = person.page
    graded(person, FIRST)

    enter(page)
    page.locator("#find-words").get_by_role("textbox").fill("queries keys")
    found = page.locator("#hit-rows .v-session")
    expect(found).to_have_count(1)
    expect(found.locator("mark").first).to_have_text("queries")
    found.click()
    expect(page.locator("#room-answer mark").first).to_contain_text("Every token looks")
    page.wait_for_function("CSS.highlights.get('viva-hit')?.size >= 2")
    expect(page.locator("#room-reference-marks .v-elsewhere li")).to_have_count(2)

    page.locator("#room-turn-head .v-star-button").click()
    expect(page.locator("#room-turn-head .v-star-button")).to_have_attribute("aria-pressed", "true")

    judge.words = BETTER
    unfold(page, "room-improved")
    page.locator("#room-improve").click()
    expect(page.locator("#improved ins")).to_contain_text("Their values are averaged")
    judge.words = "Because dot products grow with $d$."
    unfold(page, "room-discussion")
    page.locator("#room-say textarea").fill("Why the root?")
    page.locator("#room-say textarea").press("Enter")
    expect(page.locator("#room-talk")).to_contain_text("Because dot products grow")
    expect(page.locator("#room-say textarea")).to_have_value("")
    unfold(page, "room-note")
    page.locator("#room-note textarea").fill("revise the projections")
    page.locator("#room-note-save").click()
    expect(page.locator("#room-note-save")).to_contain_text("saved")

    page.locator("#room-turn-head .v-pill", has_text="Answer again").click()
    expect(person.composer).to_be_editable()
    judge.verdicts = ("covered", "covered", "missing")
    graded(person, BETTER)
    enter(page)
    expect(page.locator("#room-nav .v-nav-item")).to_have_count(2)
    page.locator("#room-nav .v-nav-item").last.click()
    expect(page.locator("#attempts .c-better")).to_have_count(1)
    expect(page.locator("#attempts .c-same")).to_have_count(2)
    (session,) = app.stored()
    assert all(len(turn.gradings) == 1 for turn in session.turns)  # nothing that was said changed or added a grade


def test_a_deleted_session_is_found_nowhere_until_undo(app: App, opened: Visits):
    page = opened.candidate().arrive().page
    enter(page)
    page.locator("#session-rows .v-session").first.click()
    unfold(page, "room-manage")
    page.locator("#room-delete").click()
    page.locator("#deleting-confirm").click()
    expect(page.locator("#deleting")).to_contain_text("Deleted")
    expect(page.locator("#session-rows")).to_contain_text("Nothing here yet")
    page.locator("#deleting-undo").click()
    expect(page.locator("#session-rows .v-session")).to_have_count(1)
    expect(page.locator("#deleting")).to_be_hidden()


def test_a_file_with_a_broken_line_comes_in_after_the_users_word(app: App, opened: Visits, tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    elsewhere = Store.open(tmp_path / "elsewhere")
    made = elsewhere.create_session("From elsewhere", SessionPlan(lang="en"), [make_question(1)])
    elsewhere.close()
    file = tmp_path / "in.jsonl"
    file.write_text(transcript_lines([Transcript(session=made)]) + "{broken\n", encoding="utf-8")

    page = opened.candidate().arrive().page
    enter(page)
    with page.expect_file_chooser() as chooser:
        page.locator("#import-file").click()
    chooser.value.set_files(file)
    expect(page.locator("#import-card")).to_contain_text(":2: not valid JSON")
    assert len(app.stored()) == 1
    page.locator("#import-rest").click()
    expect(page.locator("#import-card")).to_contain_text("1 session imported")
    expect(page.locator("#session-rows")).to_contain_text("From elsewhere")

    page.locator("#session-rows .v-session", has_text="From elsewhere").click()
    expect(page.locator("#room-turn-head")).to_contain_text("is not there any more")


def test_formulas_of_an_answer_are_drawn_with_their_marks(judge: FakeJudge, opened: Visits):
    quote = "the weights are $softmax(QK^T)$ of the keys"
    answer = f"So {quote}, which costs $5 or $6."
    judge.learn(answer, ((quote, "said", "covered"), ("", "", "missing"), ("", "", "missing")), "Fine.")
    person = opened.candidate().begin()
    page = person.page
    graded(person, answer)
    said = person.answers().last
    expect(said.locator(".katex")).to_have_count(1)
    expect(said).to_contain_text("costs $5 or $6.")
    page.wait_for_function("CSS.highlights.has('viva-covered')")
    painted = page.evaluate("[...CSS.highlights.get('viva-covered')].map(String)")
    assert painted[0].startswith("the weights are")
    assert painted[0].endswith("of the keys")
    expect(person.card.get_by_text("computed in code")).to_be_hidden()
    made = person.card.get_by_text("How this grade came about")
    made.focus()
    page.keyboard.press("Enter")
    expect(person.card.get_by_text("computed in code")).to_be_visible()

    enter(page)
    page.locator("#session-rows .v-session").first.click()
    page.locator("#room-nav .v-nav-item").first.click()
    expect(page.locator("#room-answer mark.k-covered math msup")).to_have_count(1)
    expect(page.locator("#room-answer")).to_contain_text("costs $5 or $6.")


def test_on_a_phone_a_hit_leads_to_the_answer(opened: Visits):
    person = opened.candidate(viewport={"width": 390, "height": 844}).begin()
    graded(person, FIRST)
    page = person.page
    enter(page)
    page.locator("#find-words").get_by_role("textbox").fill("queries keys")
    page.locator("#hit-rows .v-session").first.click()
    expect(page.locator("#room-answer")).to_be_visible()
    page.get_by_role("button", name="← Questions").click()
    expect(page.locator("#room-answer")).to_be_hidden()


def test_on_a_phone_a_tap_leads_to_the_question_and_a_link_back(opened: Visits):
    page = opened.candidate(viewport={"width": 390, "height": 844}).arrive().page
    enter(page)
    page.locator("#session-rows .v-session").last.click()
    expect(page.locator("#room-nav .v-nav-item").first).to_be_visible()
    expect(page.locator("#room-answer")).to_be_hidden()
    page.locator("#room-nav .v-nav-item").first.click()
    expect(page.locator("#room-answer")).to_be_visible()
    page.wait_for_function("document.documentElement.scrollWidth <= 390")
    page.get_by_role("button", name="← Questions").click()
    expect(page.locator("#room-nav .v-nav-item").first).to_be_visible()
    expect(page.locator("#room-answer")).to_be_hidden()


def test_a_note_stays_with_its_answer_while_the_next_one_is_drawn(opened: Visits):
    person = opened.candidate().begin()
    page, large = person.page, []
    graded(person, FIRST)
    person.go_on()
    person.answer("All positions are computed in parallel.")
    enter(page)
    page.locator("#session-rows .v-session").first.click()
    unfold(page, "room-note")
    note = page.locator("#room-note textarea")
    note.fill("of the first")

    def hold_the_rest(route: Route) -> None:
        response = route.fetch()
        if len(response.body()) > 1500:  # first what the click waits for, then the rest
            large.append((route, response))
        if len(large) != 2 or large[1][0] is not route:
            route.fulfill(response=response)

    page.route("**/run/predict*", hold_the_rest)
    page.locator("#room-nav .v-nav-item").nth(1).click()
    expect(page.locator("#room-answer")).to_contain_text("in parallel")
    for _ in range(300):
        if len(large) < 2:
            page.wait_for_timeout(100)
    expect(note).to_be_hidden()
    late, response = large[1]
    late.fulfill(response=response)
    expect(page.locator("#room-note")).to_be_visible()
    page.unroute_all(behavior="wait")
    page.locator("#room-nav .v-nav-item").first.click()
    expect(page.locator("#room-answer")).to_contain_text("Every token")
    expect(note).to_have_value("of the first")
    page.locator("#room-nav .v-nav-item").nth(1).click()
    expect(page.locator("#room-answer")).to_contain_text("in parallel")
    expect(note).not_to_have_value("of the first")


def test_everything_is_exported_checked_and_taken_in_again(app: App, opened: Visits, tmp_path: Path):
    person = opened.candidate().begin()
    graded(person, FIRST)
    page = person.page
    enter(page)
    page.locator("#export-everything").click()
    card = page.locator("#import-card")
    expect(card).to_contain_text("Packed: ")
    with page.expect_download() as download:
        card.get_by_role("link", name="Download").click()
    archive = tmp_path / "all.zip"
    download.value.save_as(archive)
    report = verify.check_file(archive)
    assert report.problems == []
    assert report.counts["answers"] >= 1
    expect(card).to_contain_text(report.head)

    stored = app.stored()
    with page.expect_file_chooser() as chooser:
        page.locator("#import-file").click()
    chooser.value.set_files(archive)
    expect(card).to_contain_text("0 sessions imported")
    expect(card).to_contain_text("here already")
    assert app.stored() == stored

    page.set_viewport_size({"width": 390, "height": 800})
    for button in ("#import-file", "#export-everything"):
        box = page.locator(button).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    page.screenshot(path=str(tmp_path / "phone.png"))
