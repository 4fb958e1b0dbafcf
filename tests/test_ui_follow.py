"""How a page follows gradings: every change is told, nothing pending ends it, and it is bounded in time."""

import asyncio
from collections.abc import Callable
from typing import Literal

from interview.errors import NotFound
from interview.live import LiveFeed
from interview.models import Answer, Grading, Session, SessionPlan, Turn
from interview.ui.follow import beats
from tests.made_up import Clock, make_question

_FOREVER = 3600.0


def make_session(*states: Literal["pending", "running", "done"]) -> Session:
    """A session whose one answer has gradings in these states."""
    now = Clock()()
    gradings = tuple(
        Grading(id=f"g{n}", answer_id="a", grader="judge", rubric="default", state=state, attempt=1, created_at=now)
        for n, state in enumerate(states)
    )
    question = make_question()
    answer = Answer(id="a", turn_id="t", text="an answer", created_at=now)
    turn = Turn(
        id="t",
        session_id="s",
        position=0,
        attempt=1,
        question=question,
        state="answered",
        asked_at=now,
        answer=answer,
        gradings=gradings,
    )
    plan = SessionPlan(lang="en")
    return Session(id="s", title="S", plan=plan, created_at=now, questions=(question,), turns=(turn,))


def told(
    live: LiveFeed, read: Callable[[str], Session], *, wait: float = _FOREVER, at_most: float = _FOREVER
) -> list[int | None]:
    """Every beat, with a monotonic clock that moves by one second at each look."""
    seconds = iter(range(10_000))

    async def collect() -> list[int | None]:
        following = beats(live, "s", read, wait=wait, at_most=at_most, now=lambda: next(seconds))
        return [beat async for beat in following]

    return asyncio.run(collect())


def test_it_ends_at_once_when_nothing_is_pending():
    live = LiveFeed()
    live.touch("s")
    assert told(live, lambda _: make_session("done", "done")) == [1]


def test_a_change_between_looking_and_telling_is_told_by_the_next_beat():
    live = LiveFeed()

    def read(_: str) -> Session:
        if live.version("s") == 0:
            session = make_session("running")
            live.touch("s")  # it is done just after this page read it
            return session
        return make_session("done")

    assert told(live, read) == [0, 1]


def test_what_is_awaited_besides_gradings_is_followed_to_its_end():
    live = LiveFeed()

    async def collect() -> list[int | None]:
        def awaits(_: Session) -> bool:
            live.touch("s")
            return live.version("s") < 3

        return [beat async for beat in beats(live, "s", lambda _: make_session(), awaits=awaits)]

    assert asyncio.run(collect()) == [0, 1, 2]


def test_a_page_that_went_away_can_be_noticed_while_nothing_happens():
    live = LiveFeed()
    assert told(live, lambda _: make_session("pending"), wait=0.0, at_most=4) == [0, None, None, None]


def test_a_grading_that_never_ends_is_not_followed_for_ever():
    assert told(LiveFeed(), lambda _: make_session("running"), at_most=0) == [0]


def test_it_ends_when_the_server_goes_down():
    live = LiveFeed()
    live.drain()
    assert told(live, lambda _: make_session("running")) == [0]


def test_it_ends_when_the_session_is_not_there():
    def read(_: str) -> Session:
        raise NotFound("No session is called s.")

    assert told(LiveFeed(), read) == []
