"""Viva as a subprocess on a free port, and one candidate's page in a real Chromium."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Locator, Page, Request, expect, sync_playwright

from interview.models import Session, Turn
from interview.store.store import Store
from tests.conftest import REPO, find_chromium
from tests.fake_judge import FakeJudge

NOTES = """## Attention

#### 1. What does self-attention compute?

Each token looks at every other token, and takes a weighted mean of their values: $y = softmax(QK^T) V$.

##### Key points
- every token looks at every other token
- the weights come from queries and keys
- the values are averaged by these weights

##### Hints
- Think of three projections.

#### 2. Why is it faster than a recurrent network?

All positions are computed at once, since no step waits for the one before it.

##### Key points
- positions are computed in parallel
- no step waits for another

## Practice

#### 3. Which project are you proud of?
"""
START_SECONDS = 120  # importing gradio on a busy machine without bytecode takes long
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)
_SILENT = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "VIVA_MODEL")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class App:
    """`python app.py` on its own data folder; it can be stopped and started again on the same port."""

    def __init__(self, folder: Path, judge: FakeJudge | None = None, *options: str) -> None:
        self.data = folder / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        (self.data / "backends.toml").touch()  # what the developer configured does not count here
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / "server.log"
        self._options = options
        # Empty, not absent: so that the developer's `.env` is not read for them.
        self._environment = dict.fromkeys(_SILENT, "")
        if judge is not None:
            self._environment |= {"OPENAI_BASE_URL": judge.url, "VIVA_MODEL": "fake-judge"}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        command = [sys.executable, str(REPO / "app.py"), "--port", str(self.port), "--data-dir", str(self.data)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *self._options], env={**os.environ, **self._environment}, stdout=log, stderr=log
            )
        end = time.monotonic() + START_SECONDS
        while not self.answers():
            assert self._process.poll() is None, f"the server ended: {self.log}"
            assert time.monotonic() < end, f"the server did not answer: {self.log}"
            time.sleep(0.1)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=10) as response:
                return response.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def terminate(self) -> int:
        """SIGTERM; the exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(timeout=10)

    def kill(self) -> None:
        """SIGKILL; nothing when it is over already."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stored(self) -> list[Session]:
        """All sessions, newest first, as they stand in the data folder."""
        store = Store.open(self.data, read_only=True)
        try:
            return [store.session(summary.id) for summary in store.summaries(50)]
        finally:
            store.close()


@contextmanager
def running(folder: Path, judge: FakeJudge | None = None, *options: str) -> Iterator[App]:
    app = App(folder, judge, *options)
    try:
        app.start()
        yield app
    finally:
        app.kill()


def require_chromium() -> str:
    """Return the path of Chromium, or end the program."""
    return find_chromium() or sys.exit("Chromium is not here: install it with the system's package manager")


@contextmanager
def chromium_browser(path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        try:
            yield browser
        finally:
            browser.close()


def main_turns(session: Session) -> list[Turn]:
    """The turns that are no follow-ups; when one of these comes, if at all, is a matter of milliseconds."""
    return [turn for turn in session.turns if turn.follow_up is None]


class Candidate:
    """One page, by what a person sees and does on it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url
        self.composer = page.locator("#composer textarea")
        self.send = page.locator("#composer button")
        self.chat = page.locator("#chat")
        self.start_button = page.locator("#start")
        self.next_button = page.locator("#next")
        self.notice = page.locator("#practice-notice .v-notice")
        self.lines = page.locator("#chat .v-line")
        self.card = page.locator("#grade")

    def arrive(self) -> "Candidate":
        self.page.goto(self._url)
        expect(self.start_button.or_(self.page.locator("#q-head .v-qhead"))).to_be_visible()
        return self

    def reload(self) -> None:
        """Load the page anew. Gradio does so by itself when its server is back, and breaks this off when it does."""
        try:
            self.page.reload()
        except Error as error:
            if "ERR_ABORTED" not in error.message:
                raise
            self.page.wait_for_load_state()

    def begin(self) -> "Candidate":
        self.arrive()
        expect(self.start_button).to_contain_text(re.compile(r"\d"))
        self.start_button.click()
        expect(self.composer).to_be_visible()
        expect(self.composer).to_be_editable()
        return self

    def write(self, text: str) -> None:
        """Type, and wait until the browser keeps the draft."""
        self.composer.fill(text)
        self.page.wait_for_function(
            "text => Object.keys(localStorage).some(key => key.startsWith('viva.draft.') && "
            "JSON.parse(localStorage[key]).text === text)",
            arg=text,
        )

    def answer(self, text: str) -> None:
        """Submit an answer, and wait until the page shows it as stored."""
        before = self.answers().count()
        self.write(text)
        self.composer.press("Enter")
        expect(self.answers()).to_have_count(before + 1)
        expect(self.composer).to_have_value("")

    def go_on(self) -> None:
        # A follow-up leaves the box open, so that alone does not say that the next question is here.
        place = self.page.locator("#q-head .v-narrow")
        before = place.text_content() or ""
        self.next_button.click()
        expect(place).not_to_have_text(before)
        expect(self.composer).to_be_editable()

    def answers(self) -> Locator:
        return self.chat.locator(".user-row")

    def open_transcript(self, session: Session) -> None:
        """Open a session in the Transcripts tab; the list is read anew when the tab is entered."""
        self.page.get_by_role("tab", name="Transcripts").click()
        self.page.locator("#session-rows .v-session", has_text=session.title).click()


class Visits:
    """Opens pages and notes every request that leaves this machine, every script error, and every alert."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url
        self._contexts: list[BrowserContext] = []
        self.foreign: list[str] = []
        self.alarms: list[str] = []

    def candidate(self, context: BrowserContext | None = None, **options) -> Candidate:
        """A page in a browser of its own, or in that of `context` as another tab."""
        if context is None:
            context = self._browser.new_context(**{"viewport": {"width": 1366, "height": 850}, **options})
            context.on("request", self._note)
            self._contexts.append(context)
        page = context.new_page()
        page.on("dialog", self._alarm)
        page.on("pageerror", lambda error: self.alarms.append(str(error)))
        return Candidate(page, self._url)

    def _note(self, request: Request) -> None:
        if not request.url.startswith((self._url, "data:", "blob:")):
            self.foreign.append(request.url)

    def _alarm(self, dialog) -> None:
        self.alarms.append(dialog.message)
        dialog.dismiss()

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@contextmanager
def visits(browser: Browser, app: App) -> Iterator[Visits]:
    """Fails when a page called out, raised an error, or said something in a dialog."""
    opened = Visits(browser, app.url)
    try:
        yield opened
        assert opened.foreign == []
        assert opened.alarms == []
    finally:
        opened.close()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with chromium_browser(chromium) as launched:
        yield launched


@pytest.fixture(scope="module")
def judge() -> Iterator[FakeJudge]:
    with FakeJudge().serving() as serving:
        yield serving
