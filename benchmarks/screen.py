"""How quickly the screen answers with a history of 20,000 turns, each step beside a bare Gradio echo in the same run.

The time of a step runs inside the browser: from the key or click to the moment when what was asked for is drawn. Every
round does each step once, in turn with the echo, so that a busy moment of the machine meets both. The echo is what
Gradio's own examples do: a Chatbot, a Textbox, and a function that appends the message and says it back; it is
measured as it comes, which is the yardstick, and without the queue. Prints p50 and p95 of each and the ratio of the
p95s; exits with 1 when one is above the limit.
"""

import argparse
import json
import math
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from benchmarks.history import MARKER, kept_history
from benchmarks.startup import answers, environment
from tests.browser import App, Candidate, chromium_browser, free_port, require_chromium, running

LIMIT = 2.0
REVIEWED = 50  # turns of the session that is reviewed
SETTLING_MS = 1000  # entering a tab draws it twice, as it was known and as it is now
PER_SESSION = 5  # answers after which both conversations start anew
ECHO = """
import sys
import gradio as gr

def echo(text, history):
    return "", [*history, {"role": "user", "content": text}, {"role": "assistant", "content": text}]

with gr.Blocks(analytics_enabled=False) as demo:
    chat = gr.Chatbot(elem_id="chat")
    box = gr.Textbox(elem_id="composer")
    box.submit(echo, [box, chat], [box, chat], **({} if sys.argv[2] == "queued" else {"queue": False}))
demo.launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True, ssr_mode=False)
"""
# Starts at the next key or click, ends at the first frame in which the condition holds.
_WATCH = """
([event, condition]) => {
  const holds = new Function("return Boolean(" + condition + ")");
  window.vivaTimed = null;
  document.addEventListener(event, () => {
    const began = performance.now();
    const look = () => {
      if (holds()) window.vivaTimed = performance.now() - began;
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, { capture: true, once: true });
}
"""
_SHOWN = "(([...document.querySelectorAll({0})].filter((node) => node.checkVisibility())).length {1})"


def shown(selector: str, count: str) -> str:
    """Condition in the page: how many elements of the selector are visible, such as `> 0`."""
    return _SHOWN.format(json.dumps(selector), count)


def timed(page: Page, event: str, condition: str, act: Callable[[], None]) -> float:
    """Milliseconds from the event, which `act` sets off, to the condition."""
    page.evaluate(_WATCH, [event, condition])
    act()
    page.wait_for_function("window.vivaTimed !== null", timeout=60_000)
    return float(page.evaluate("window.vivaTimed"))


class EchoPage:
    """The bare echo in a page of its own."""

    def __init__(self, page: Page, url: str) -> None:
        self._page = page
        self._url = url
        self._sent = 0

    def send(self, text: str) -> float:
        """Milliseconds from Enter to the message on the screen."""
        page, box = self._page, self._page.locator("#composer textarea")
        if self._sent % PER_SESSION == 0:
            page.goto(self._url)
            expect(box).to_be_editable()
        before = page.locator("#chat .user-row").count()
        box.fill(text)
        self._sent += 1
        return timed(page, "keydown", shown("#chat .user-row", f"> {before}"), lambda: box.press("Enter"))


class VivaPage:
    """Viva, with the interview in one page and the transcripts in another."""

    def __init__(self, candidate: Candidate, reader: Page, url: str) -> None:
        self._candidate = candidate
        self._reader = reader
        self._url = url
        self._sent = 0

    def send(self, text: str) -> float:
        """Milliseconds from Enter to the answer shown as saved."""
        person = self._candidate
        if self._sent % PER_SESSION == 0:
            if self._sent:
                person.page.evaluate("localStorage.clear()")
            person.begin()
        else:
            person.go_on()
        before = person.answers().count()
        person.write(f"{text} {self._sent}")
        self._sent += 1
        condition = shown("#chat .user-row", f"> {before}")
        spent = timed(person.page, "keydown", condition, lambda: person.composer.press("Enter"))
        expect(person.next_button).to_be_visible()
        return spent

    def open_transcripts(self) -> float:
        """Milliseconds from the tab's click to the first rows, on a page that was just loaded."""
        page = self._reader
        page.goto(self._url)
        expect(page.locator("#start, #q-head .v-qhead").first).to_be_visible()
        tab = page.get_by_role("tab").nth(1)
        return timed(page, "click", shown("#session-rows .v-session", "> 0"), tab.click)

    def review(self, title: str) -> float:
        """Milliseconds from the click on a session to its turns, its first answer and its grade."""
        page = self._reader
        row = page.locator("#session-rows .v-session", has_text=title)
        for _ in range(20):
            if row.count():
                break
            page.locator("#sessions-more").click()
            page.wait_for_timeout(400)
        drawn = (
            ("#room-nav .v-nav-item", f"== {REVIEWED}"),
            ("#room-answer .v-answer", "> 0"),
            ("#room-grade-card .v-ring", "> 0"),
        )
        condition = " && ".join(shown(*one) for one in drawn)
        spent = timed(page, "click", condition, row.first.click)
        page.locator("#room-back").click()
        expect(page.locator("#session-rows")).to_be_visible()
        return spent

    def search(self) -> float:
        """Milliseconds from the last letter of a word to the one answer that has it."""
        box = self._reader.locator("#find-words :is(input, textarea)")
        found = shown("#hit-rows .v-found", "== 1")
        self._reader.wait_for_timeout(SETTLING_MS)
        spent = timed(self._reader, "input", found, lambda: box.fill(MARKER))
        box.fill("")
        expect(self._reader.locator("#session-rows .v-session").first).to_be_visible()
        return spent


@contextmanager
def serving_echo(folder: Path, kind: str) -> Iterator[str]:
    port = free_port()
    file = folder / "echo.py"
    file.write_text(ECHO, encoding="utf-8")
    process = subprocess.Popen([sys.executable, str(file), str(port), kind], env=environment(folder))
    try:
        while not answers(port):
            if process.poll() is not None:
                raise RuntimeError("the echo ended before it answered")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of them do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def measure(browser: Browser, app: App, echo: str, bare: str, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each step, round by round; the first round warms up and is not counted."""
    # A context for each page: Chromium draws a page that another one covers only once a second.
    contexts = [browser.new_context(viewport={"width": 1366, "height": 850}, reduced_motion="reduce") for _ in range(4)]
    pages = [context.new_page() for context in contexts]
    echoes = EchoPage(pages[0], echo), EchoPage(pages[1], bare)
    viva = VivaPage(Candidate(pages[2], app.url), pages[3], app.url)
    title = f"· {REVIEWED}"
    found: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        text = f"Round {number}: each token looks at every other one and takes a weighted mean of their values."
        steps = {
            "echo": echoes[0].send(text),
            "answer saved": viva.send(text),
            "echo, no queue": echoes[1].send(text),
            "transcripts": viva.open_transcripts(),
            "search": viva.search(),
            "review": viva.review(title),
        }
        for name, spent in steps.items():
            if number:
                found.setdefault(name, []).append(spent)
    for context in contexts:
        context.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--turns", type=int, default=20_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(kept_history(chosen.turns, REVIEWED), folder / "data")
        with (
            running(folder, None, "--lang", "en") as app,
            serving_echo(folder, "queued") as echo,
            serving_echo(folder, "bare") as bare,
            chromium_browser(require_chromium()) as browser,
        ):
            found = measure(browser, app, echo, bare, chosen.rounds)
    base = percentile(found["echo"], 0.95)
    print(f"{chosen.turns:,} turns, {chosen.rounds} rounds, Python {platform.python_version()}")
    worst = 0.0
    for name, values in found.items():
        ratio = percentile(values, 0.95) / base
        worst = max(worst, ratio if not name.startswith("echo") else 0.0)
        print(f"{name:16} p50 {percentile(values, 0.5):6.0f} ms  p95 {percentile(values, 0.95):6.0f} ms  x{ratio:.2f}")
    sys.exit(worst > LIMIT)


if __name__ == "__main__":
    main()
