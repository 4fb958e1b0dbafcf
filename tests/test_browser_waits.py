"""What a person sees of an endpoint that refuses, and that «Retry all now» grades what waits; in a real browser."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from interview.models import Graded
from tests.browser import App, browser, main_turns, visits
from tests.fault_server import Asked, Play, fault_server, refusal
from tests.test_waits import judged

__all__ = ["browser"]
pytestmark = pytest.mark.browser


class Refusing:
    """An endpoint that refuses the key until somebody repairs it."""

    def __init__(self) -> None:
        self.repaired = threading.Event()
        self.url = ""

    def __call__(self, asked: Asked) -> Play:
        return judged(asked) if self.repaired.is_set() else refusal(401, "Incorrect API key")


@pytest.fixture
def refusing() -> Iterator[Refusing]:
    endpoint = Refusing()
    with fault_server(endpoint) as server:
        endpoint.url = server.base_url
        yield endpoint


def test_what_waits_is_told_and_graded_by_one_click(browser: Browser, refusing: Refusing, tmp_path: Path) -> None:
    app = App(tmp_path, refusing, "--lang", "en")  # type: ignore[arg-type]
    try:
        app.start()
        with visits(browser, app) as opened:
            candidate = opened.candidate(locale="en-US").begin()
            candidate.answer("Attention is a weighted sum of values. The weights come from a softmax.")
            tray = candidate.page.locator("#waiting")
            expect(tray).to_contain_text("Waiting for a grade: 1", timeout=30_000)
            expect(tray).to_contain_text("key refused")
            expect(candidate.card).to_contain_text("Saved; waiting for a grade since")
            expect(candidate.card).not_to_contain_text("{time}")
            refusing.repaired.set()
            tray.get_by_role("button", name="Retry all now").click()
            expect(tray.locator(".v-job")).to_have_count(0, timeout=30_000)
            expect(candidate.card.locator(".v-points li").first).to_be_visible(timeout=30_000)
            candidate.card.get_by_text("How this grade came about").click()
            expect(candidate.card).to_contain_text("failed before")
        (session,) = app.stored()
        (grading,) = main_turns(session)[0].gradings
        assert isinstance(grading.outcome, Graded)
        assert grading.failed[0].fault == "key_refused"
    finally:
        app.kill()
