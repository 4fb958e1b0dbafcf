"""Every card in a real Chromium, fed with hostile strings: no script runs, nothing is fetched, text is text."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import START_SECONDS, browser, free_port
from tests.conftest import REPO
from tests.view_gallery import HOSTILE, cards

__all__ = ["browser"]
pytestmark = pytest.mark.browser


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=10) as response:
            return response.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    environment = {
        **os.environ,
        "GRADIO_TEMP_DIR": str(tmp_path_factory.mktemp("gradio")),
        "GRADIO_ANALYTICS_ENABLED": "False",
    }
    command = [sys.executable, "-m", "tests.view_gallery", str(port)]
    process = subprocess.Popen(command, cwd=REPO, env=environment, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + START_SECONDS
        while not answers(f"http://127.0.0.1:{port}/"):
            assert process.poll() is None, "the gallery ended"
            assert time.monotonic() < end, "the gallery did not answer"
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.kill()
        process.wait()


class Visit:
    """One page and what it did: errors of scripts, and requests to anybody but the server."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.errors: list[str] = []
        self.foreign: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._note(request.url, address))
        page.goto(address)
        self.ready()

    def ready(self) -> None:
        expect(self.page.locator("#chat .v-line")).to_be_visible(timeout=60_000)
        expect(self.page.locator("#markdown span.prose")).to_be_visible()

    def _note(self, url: str, address: str) -> None:
        if not url.startswith((address, "data:", "blob:")):
            self.foreign.append(url)


@pytest.fixture
def visit(address: str, browser: Browser) -> Iterator[Visit]:
    with browser.new_context(color_scheme="light") as context:
        yield Visit(context.new_page(), address)


def painted(page: Page) -> dict[str, list[str]]:
    """The words that are marked in the conversation, by verdict."""
    return page.evaluate(
        "() => Object.fromEntries([...CSS.highlights].map(([name, set]) => [name, [...set].map(String).sort()]))"
    )


def test_nothing_runs_nothing_is_fetched_and_no_element_is_forged(visit: Visit):
    page = visit.page
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.VIVA_RAN") is None
    assert visit.foreign == []
    assert visit.errors == []
    free = ".viva, #chat .message-content, #markdown span.prose"
    # The forms of a grade card are ours; a class cannot be forged where only text goes in.
    foreign = "script, img, form:not(.v-form), input:not(.v-input, .v-box), iframe, mark.q"
    forged = page.evaluate(
        "([free, foreign]) => [...document.querySelectorAll(free)].flatMap((node) =>"
        " [...node.querySelectorAll(foreign)].map((found) => found.outerHTML))",
        [free, foreign],
    )
    assert forged == []


def test_text_is_shown_as_text(visit: Visit):
    for number, (name, value) in enumerate(cards()):
        if HOSTILE in str(value.values()) or HOSTILE in str(value):
            shown = visit.page.locator(f"#card-{number} .viva").evaluate("(node) => node.textContent + node.innerHTML")
            assert "${Object.assign(window,{VIVA_RAN:1})}" in shown, name
            assert "\\underline{x} \\frac{1}{2}" in shown, name


def test_a_band_of_a_rubrics_own_has_the_colour_that_the_page_was_told(visit: Visit):
    expect(visit.page.locator(".v-found")).to_have_class(re.compile(r"\bt-strong\b"))


def test_code_and_formulas_of_a_message_are_there(visit: Visit):
    chat = visit.page.locator("#chat")
    expect(chat.locator("code", has_text="int a<")).to_be_visible()
    expect(chat.locator(".katex-display")).to_have_count(1)


def test_quotes_are_painted_in_the_answer_and_go_with_the_card(visit: Visit):
    page = visit.page
    page.wait_for_function("CSS.highlights.has('viva-covered')")
    assert painted(page) == {
        "viva-covered": ["created with O_EXCL", "它写入自己的进程号"],
        "viva-partial": ["the kernel frees an flock"],
        "viva-contradicted": ["Deleting it without asking is always safe"],
    }
    page.locator("#grade .v-points li").nth(2).hover()
    page.wait_for_function("CSS.highlights.has('viva-hover')")
    assert painted(page)["viva-hover"] == ["the kernel frees an flock"]
    page.locator("#clear").click()
    page.wait_for_function("CSS.highlights.size === 0")
    expect(page.locator("#grade")).to_be_hidden()


def test_counters_filter_keep_the_focus_and_a_click_tells_the_turn(visit: Visit):
    page = visit.page
    nav = page.locator(".viva:has(.v-counters)")
    everything = nav.locator(".v-nav-item").count()
    rest = nav.locator(".v-counter.g-rest")
    rest.focus()
    rest.press("Enter")
    expect(rest).to_have_attribute("aria-pressed", "true")
    expect(rest).to_be_focused()
    assert nav.locator(".v-nav-item").count() <= everything
    nav.locator(".v-nav-item", has_text="not graded").click()
    expect(page.locator("#chosen textarea")).to_have_value("h2")


def test_the_readers_choice_of_dark_wins_over_the_system_and_stays(visit: Visit):
    page = visit.page
    assert page.evaluate("document.documentElement.lang") == "en"
    assert not page.evaluate("document.body.classList.contains('dark')")
    page.evaluate("viva.toggleDark()")
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.reload()
    visit.ready()
    assert page.evaluate("document.body.classList.contains('dark')")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper
    page.emulate_media(color_scheme="dark")
    page.evaluate("viva.toggleDark()")
    page.reload()
    visit.ready()
    assert not page.evaluate("document.body.classList.contains('dark')")


def test_a_draft_goes_after_the_ack_but_not_when_it_has_grown_since(visit: Visit):
    page = visit.page
    draft = "JSON.parse(localStorage.getItem('viva.draft.t1') ?? 'null')?.text ?? null"
    page.locator("#composer textarea").fill("half a thought")
    assert page.evaluate(draft) == "half a thought"
    page.evaluate("viva.clearDraft('t1', 'something sent before')")
    assert page.evaluate(draft) == "half a thought"
    page.reload()
    visit.ready()
    expect(page.locator("#composer textarea")).to_have_value("half a thought")
    page.evaluate("viva.clearDraft('t1')")
    assert page.evaluate(draft) is None


def test_drafts_of_other_turns_go_after_thirty_days(visit: Visit):
    page = visit.page
    page.evaluate(
        "() => { const keep = (id, days) => localStorage.setItem(`viva.draft.${id}`,"
        " JSON.stringify({ text: id, at: Date.now() - days * 86400000 })); keep('old', 31);"
        " keep('new', 29); keep('t1', 31); }"
    )
    page.reload()
    visit.ready()
    expect(page.locator("#composer textarea")).to_have_value("t1")
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('viva.draft.')).sort()") == [
        "viva.draft.new",
        "viva.draft.t1",
    ]


def test_the_head_repeats_the_question_only_while_it_is_out_of_sight(visit: Visit):
    page = visit.page
    page.set_viewport_size({"width": 1200, "height": 520})
    head = page.locator("#q-head")
    page.locator("#chat .bubble-wrap").evaluate("(box) => { box.scrollTop = 0; }")
    expect(head).not_to_have_attribute("data-away", "")
    page.locator("#chat .bubble-wrap").evaluate("(box) => { box.scrollTop = box.scrollHeight; }")
    expect(head).to_have_attribute("data-away", "")
