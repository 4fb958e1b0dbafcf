"""Who uses no mouse, no light or no wide screen: axe finds nothing serious on any tab; a reload loses no phase."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from benchmarks.history import History
from interview.notes.library import read_notes
from tests.browser import NOTES, PATIENCE_MS, App, Candidate, Visits, browser, running, visits
from tests.fake_judge import FakeJudge

__all__ = ["browser"]
pytestmark = pytest.mark.browser

ANSWER = "Every token looks at all the other tokens. The weights come from queries and keys."
TABS = ("Practice", "Transcripts", "Progress", "Questions", "Graders")


@pytest.fixture(scope="module")
def judge() -> Iterator[FakeJudge]:
    with FakeJudge(("covered", "partial", "missing")).serving() as serving:
        yield serving


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, judge: FakeJudge) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("viva")
    notes = folder / "notes.md"
    notes.write_text(NOTES, encoding="utf-8")
    (folder / "data").mkdir()
    History(read_notes([notes])).fill(folder / "data", 60, per_session=6)
    with running(folder, judge, "--notes", str(notes), "--lang", "en") as started:
        yield started


@pytest.fixture
def opened(browser: Browser, app: App) -> Iterator[Visits]:
    with visits(browser, app) as pages:
        yield pages


def violations(page: Page) -> list[str]:
    """What axe calls serious or critical, with the first places of each."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    grave = [one for one in found if one["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {[node['target'] for node in one['nodes'][:4]]}" for one in grave]


def in_every_look(page: Page) -> list[str]:
    """The violations of what is on the page now: wide and narrow, light and dark."""
    found: list[str] = []
    for width in (1366, 390):
        page.set_viewport_size({"width": width, "height": 850})
        for _ in ("light", "dark"):
            page.locator("#dark").click()
            theme = "dark" if page.evaluate("document.body.classList.contains('dark')") else "light"
            found += [f"{width} {theme} {one}" for one in violations(page)]
    page.set_viewport_size({"width": 1366, "height": 850})
    return found


def test_axe_finds_nothing_serious_on_any_tab(opened: Visits):
    person = opened.candidate(reduced_motion="reduce").arrive()
    page = person.page
    expect(page.locator("#setup-recent .v-session").first).to_be_visible()
    found = {"set-up": in_every_look(page)}
    for name in TABS[1:]:
        page.get_by_role("tab", name=name).click()
        page.wait_for_timeout(300)
        if name == "Graders":
            expect(page.locator("#measuring-run")).to_contain_text("grading")
        if name == "Progress":
            expect(page.locator("#progress-sections-plot svg, #progress-sections-plot canvas").first).to_be_visible()
            page.locator("#progress-sections-fold button").first.click()
            expect(page.locator("#progress-sections-table table")).to_be_visible()
        found[name] = in_every_look(page)
    page.get_by_role("tab", name="Transcripts").click()
    page.locator("#session-rows .v-session").first.click()
    expect(page.locator("#room-answer .v-answer")).to_be_visible()
    found["room"] = in_every_look(page)
    page.get_by_role("tab", name="Practice").click()
    person.begin()
    found["question"] = in_every_look(page)
    person.answer(ANSWER)
    expect(person.card).to_contain_text("computed in code")
    found["grade"] = in_every_look(page)
    page.locator("#practice-finish").click()
    expect(page.locator("#report-card")).to_contain_text("Study next")
    found["report"] = in_every_look(page)
    assert {where: what for where, what in found.items() if what} == {}


SEEN = """() => {
  const text = (selector) => [...document.querySelectorAll(selector)].filter((node) => node.checkVisibility())
    .map((node) => node.innerText).join(" | ");
  return {
    chat: text("#chat .message"), head: text("#q-head"), card: text("#grade") + text("#report-card"),
    start: text("#start"), actions: text("#q-actions button"), next: text("#practice-go button"),
    reference: text("#practice-reference-text"),
    draft: document.querySelector("#composer textarea")?.value ?? "",
  };
}"""


def settled(page: Page) -> dict[str, str]:
    """What is seen once it does not change any more."""
    before = page.evaluate(SEEN)
    for _ in range(PATIENCE_MS // 300):
        page.wait_for_timeout(300)
        seen = page.evaluate(SEEN)
        if seen == before:
            return seen
        before = seen
    pytest.fail(f"the page does not come to rest: {before}")


def same_after_reload(person: Candidate) -> None:
    """Reload, and wait until the page shows what it showed before."""
    page = person.page
    before = settled(page)
    page.reload()
    page.wait_for_function(f"(before) => JSON.stringify(({SEEN})()) === JSON.stringify(before)", arg=before)


def test_a_reload_in_any_of_ten_phases_shows_the_same(judge: FakeJudge, opened: Visits):
    person = opened.candidate(reduced_motion="reduce").arrive()
    page = person.page

    def answer_and_hold() -> None:
        judge.hold()
        person.answer(ANSWER)
        expect(person.lines.first).to_be_visible()

    def let_it_grade() -> None:
        judge.release()
        expect(person.card).to_contain_text("computed in code")
        expect(person.chat).to_contain_text(judge.follow_up)

    def press(selector: str, then: str) -> Callable[[], None]:
        def act() -> None:
            page.locator(selector).click()
            expect(page.locator(then).first).to_be_visible()

        return act

    phases: dict[str, Callable[[], object]] = {
        "set-up": lambda: expect(person.start_button).to_contain_text("question"),
        "question": person.begin,
        "hint": press("#practice-hint", "#chat blockquote"),
        "reference": press("#practice-reveal", "#practice-reference-text"),
        "draft": lambda: person.write(ANSWER),
        "grading": answer_and_hold,
        "graded": let_it_grade,
        "next question": person.go_on,
        "half a thought": lambda: person.write("half a thought"),
        "summary": press("#practice-finish", "#report-card .v-report"),
        "finished": press("#practice-end", "#practice-new"),
    }
    for name, reach in phases.items():
        reach()
        if name != "summary":  # it is a look at what is there, and closes with the page
            same_after_reload(person)
    assert len(phases) > 10
