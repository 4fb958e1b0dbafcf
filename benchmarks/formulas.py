"""Measure how long the review room freezes while it draws hostile formulas, each alone, in every place of the room.

Each formula, in each notation, is question, answer, reference, key points, findings, feedback, note and discussion of
one turn. Prints the longest task of the main thread for each; exits with 1 if one exceeds the limit. Run it on an idle
machine.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import expect

from tests.browser import chromium_browser, require_chromium, running
from tests.formula_pages import BOMBS, WORD, Watched, choose, keep, transcript, unfold
from tests.hostile_formulas import HOSTILE, HOSTILE_TEXTS

LIMIT_SECONDS = 2.0


def main() -> int:
    kept = transcript([[bomb] for bomb in BOMBS])
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), None, *keep(Path(folder), kept)) as app,
        chromium_browser(require_chromium()) as browser,
    ):
        watched = Watched(browser)
        page = watched.page
        page.goto(app.url)
        page.get_by_role("tab", name="Transcripts").click()
        page.locator("#session-rows .v-session").first.click()
        items = page.locator("#room-nav .v-nav-item")
        expect(items).to_have_count(len(BOMBS) + 2)
        watched.holds("first")
        for index, name in enumerate([*HOSTILE, *HOSTILE_TEXTS]):
            choose(items.nth(index))
            expect(page.locator("#room-answer")).to_contain_text(WORD)
            unfold(page)
            watched.holds(name)
    del watched.frozen["first"]  # the whole list of turns
    for name, seconds in sorted(watched.frozen.items(), key=lambda pair: -pair[1]):
        print(f"{seconds:6.2f} s  {name}")
    return int(max(watched.frozen.values()) > LIMIT_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
