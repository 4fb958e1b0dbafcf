"""How a page learns that something changed while models work: a bounded stream of beats, over when nothing is pending.

A beat only says that there is something new; what the page then shows is read from the store, for what the page shows
by then. So a click while a grading runs is never undone by it.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, Callable
from typing import Any, cast

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

from interview.errors import VivaError
from interview.live import LiveFeed
from interview.models import Session
from interview.ui.events import PRIVATE
from interview.ui.page import read_session

# A generator whose page is gone ends at its next yield, so it has to yield now and then.
WAIT_SECONDS = 10.0
# A grading that is still pending after this is left to the page's slow timer.
FOLLOW_SECONDS = 180.0
# A second tab, and a page whose follower gave up, are brought up to date by this.
SLOW_SECONDS = 8.0

_NOTHING = cast("dict[str, Any]", gr.skip())  # pyright: ignore[reportUnknownMemberType]


class Follower:
    """Lets pages follow what models do for a session."""

    def __init__(
        self, live: LiveFeed, read: Callable[[str], Session], awaits: Callable[[Session], bool] = lambda _: False
    ) -> None:
        """`read` reads a session from the store; `awaits` tells whether it has something to come besides gradings."""
        self._live = live
        self._read = read
        self._awaits = awaits

    def after(self, dependency: Dependency, source: Component, beat: gr.Textbox) -> Dependency:
        """Follow once an event is over; `beat` changes. `source` holds a session's id, or what the browser keeps of it.

        Returns the following, for what comes after its end.
        """
        return dependency.then(self._told, [source], [beat], concurrency_limit=None, trigger_mode="multiple", **PRIVATE)

    async def _told(self, source: object) -> AsyncGenerator[Any]:
        session_id = source if isinstance(source, str) else read_session(source)
        if session_id:
            async for version in beats(self._live, session_id, self._read, awaits=self._awaits):
                yield _NOTHING if version is None else f"{session_id}:{version}"


def new_beat() -> str:
    """A beat that no page has seen."""
    return uuid.uuid4().hex


def is_pending(session: Session) -> bool:
    """Whether any grading of the session is still to come."""
    return any(grading.state != "done" for turn in session.turns for grading in turn.gradings)


async def beats(
    live: LiveFeed,
    session_id: str,
    read: Callable[[str], Session],
    *,
    awaits: Callable[[Session], bool] = lambda _: False,
    wait: float = WAIT_SECONDS,
    at_most: float = FOLLOW_SECONDS,
    now: Callable[[], float] = time.monotonic,
) -> AsyncGenerator[int | None]:
    """Yield the session's version whenever it changed, None after `wait` seconds in which it did not.

    Ends when nothing is pending, after `at_most` seconds, when the server drains, or when the session cannot be read.
    The version is taken before the session is read, so that a change in between is told by the next beat.
    """
    end = now() + at_most
    version = live.version(session_id)
    while True:
        try:
            session = await asyncio.to_thread(read, session_id)
        except VivaError:
            return
        yield version
        if not (is_pending(session) or awaits(session)):
            return
        known = version
        while version == known:
            if live.draining or now() >= end:
                return
            version = await live.changed(session_id, known, wait)
            if version == known:
                yield None
