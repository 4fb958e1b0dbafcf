"""What is due, rated and taken back, through the service, over days that a test turns by hand."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from interview.errors import TooLate
from interview.models import Graded, Session, SessionPlan, Turn, Ungraded
from interview.notes.bank import QuestionBank
from interview.scheduling import DAY
from interview.service.schedule import Schedule, ScheduleWishes
from interview.store.schedule import Cards
from interview.store.schema import cards
from interview.store.store import Store
from interview.ui.views.setup import forecast_card
from tests.made_up import Clock, by_default, graded, make_question, provenance, some
from tests.test_conversation import points

QUESTIONS = tuple(make_question(n) for n in range(1, 16))
BANK = QuestionBank(questions=QUESTIONS, problems=())
FULL = graded(key_points=points("covered", "covered"))
HALF = graded(key_points=points("covered", "missing"))
FAILED = Ungraded(reason="timed_out", provenance=provenance())


class World:
    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.store = Store.open(folder, clock=self.clock)
        self.offset = timedelta()
        self.schedule = Schedule(self.store, by_default, lambda: self.offset)

    def answered(self, number: int, outcome: Graded | Ungraded | None = FULL, **turn) -> tuple[Session, Turn]:
        """A session in which one question was answered, and how that was graded."""
        session = self.store.create_session("s", SessionPlan(lang="en"), [QUESTIONS[number - 1]])
        opened = session.turns[0]
        for _ in range(turn.get("hints", 0)):
            self.store.show_hint(opened.id)
        self.store.submit(opened.id, "text", "judge", "default")
        if outcome is not None:
            claim = self.store.claim("w", 1, timedelta(minutes=1))[0]
            assert self.store.finish_grading(claim, outcome)
        session = self.store.session(session.id)
        return session, session.turns[0]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.store.close()


def test_a_suggestion_is_accepted_and_the_question_comes_back_on_its_day(world: World):
    session, turn = world.answered(1)
    offered = some(world.schedule.suggestion(session, turn))
    assert offered.suggested == 4
    assert list(offered.dues) == sorted(offered.dues)
    rated = some(world.schedule.rate(session, turn))
    assert (rated.rating, rated.due, rated.can_undo) == (4, offered.dues[3], True)
    assert world.schedule.rate(session, turn) == rated  # a double press rates once
    assert len(world.schedule.queue(BANK)) == 9  # new ones up to the cap; one was begun today
    assert QUESTIONS[0].id not in world.schedule.queue(BANK)
    world.clock.now = rated.due
    assert world.schedule.queue(BANK)[0] == QUESTIONS[0].id


def test_another_rating_replaces_the_first_and_undo_puts_the_card_back(world: World):
    session, turn = world.answered(1, HALF)
    world.schedule.rate(session, turn)
    cards = Cards(world.store)
    first = cards.card(turn.question.id)
    offered = some(world.schedule.suggestion(session, turn))
    rated = some(world.schedule.rate(session, turn, 4))
    assert rated.due == offered.dues[3]
    assert cards.card(turn.question.id) != first
    world.schedule.undo(session, turn)
    assert cards.card(turn.question.id) is None
    assert world.schedule.rating(session, turn) is None
    assert world.schedule.forecast(BANK).done == 0
    world.schedule.undo(session, turn)  # nothing to take back


def test_a_second_review_is_undone_to_the_card_before_it(world: World):
    world.schedule.rate(*world.answered(1), 3)
    before = Cards(world.store).card(QUESTIONS[0].id)
    world.clock.pass_by(3 * 86_400)
    session, turn = world.answered(1, HALF)
    world.schedule.rate(session, turn, 1)
    assert Cards(world.store).card(QUESTIONS[0].id) != before
    world.schedule.undo(session, turn)
    assert Cards(world.store).card(QUESTIONS[0].id) == before


def test_a_rating_stands_after_fifteen_minutes_and_behind_a_later_one(world: World):
    session, turn = world.answered(1)
    world.schedule.rate(session, turn)
    later = world.answered(1)
    world.schedule.rate(*later, 3)
    with pytest.raises(TooLate):
        world.schedule.undo(session, turn)
    world.clock.pass_by(15 * 60 + 1)
    assert not some(world.schedule.rating(*later)).can_undo
    for change in (lambda: world.schedule.undo(*later), lambda: world.schedule.rate(*later, 1)):
        with pytest.raises(TooLate):
            change()
    assert some(world.schedule.rating(*later)).rating == 3


@pytest.mark.parametrize("outcome", [FAILED, graded(label="coverage_estimate", key_points=points("covered"))])
def test_a_failure_and_an_estimate_suggest_nothing_and_touch_nothing(world: World, outcome: Graded | Ungraded):
    session, turn = world.answered(1, outcome)
    assert some(world.schedule.suggestion(session, turn)).suggested is None
    assert world.schedule.rate(session, turn) is None
    assert world.schedule.rate_all(session) == 0
    assert Cards(world.store).known() == frozenset()
    assert some(world.schedule.rate(session, turn, 2)).rating == 2  # the candidate may say so


def test_nothing_is_suggested_while_the_grade_is_on_its_way(world: World):
    assert world.schedule.suggestion(*world.answered(1, None)) is None


def test_help_counts_and_only_the_first_answer(world: World):
    question = QUESTIONS[0].model_copy(update={"hints": ("h",)})
    session = world.store.create_session("s", SessionPlan(lang="en"), [question])
    world.store.show_hint(session.turns[0].id)
    for turn_id, outcome in ((session.turns[0].id, HALF), ("", FULL)):
        turn_id = turn_id or world.store.ask_again(session.turns[0].id).id
        world.store.submit(turn_id, "text", "judge", "default")
        assert world.store.finish_grading(world.store.claim("w", 1, timedelta(minutes=1))[0], outcome)
    session = world.store.session(session.id)
    offered = some(world.schedule.suggestion(session, session.turns[1]))
    assert (offered.turn_id, offered.suggested) == (session.turns[0].id, 2)
    assert world.schedule.rate_all(session) == 1
    assert world.schedule.unrated(session) == ()


@pytest.mark.parametrize("at_the_answer", [True, False])
def test_a_suggestion_counts_what_was_shown_by_the_first_answer(world: World, at_the_answer: bool):
    session = world.store.create_session("s", SessionPlan(lang="en"), [QUESTIONS[0]])
    passed = session.turns[0].id
    if not at_the_answer:
        world.store.reveal(passed)
    world.store.skip(passed)
    first = world.store.ask_again(passed)
    if at_the_answer:
        world.store.reveal(first.id)
    world.store.submit(first.id, "text", "judge", "default")
    assert world.store.finish_grading(world.store.claim("w", 1, timedelta(minutes=1))[0], FULL)
    assert some(world.schedule.suggestion(world.store.session(session.id), first)).suggested == 1


def test_the_cap_on_new_questions_counts_those_of_today(world: World):
    world.schedule.wish(ScheduleWishes(fresh_a_day=2))
    assert world.schedule.queue(BANK) == (QUESTIONS[0].id, QUESTIONS[1].id)
    world.schedule.rate(*world.answered(1))
    assert world.schedule.queue(BANK) == (QUESTIONS[1].id,)
    world.clock.pass_by(86_400)
    assert world.schedule.queue(BANK) == (QUESTIONS[1].id, QUESTIONS[2].id)
    forecast = world.schedule.forecast(BANK)
    assert (forecast.fresh, forecast.today, forecast.streak, forecast.done) == (2, 2, 1, 0)


def test_an_interview_moves_what_would_come_after_it_and_its_end_moves_it_back(world: World):
    session, turn = world.answered(1)
    plain = some(world.schedule.rate(session, turn)).due
    day = (world.clock.now + 3 * DAY).date()
    world.schedule.wish(ScheduleWishes(interview=day))
    moved = some(world.schedule.rating(session, turn)).due
    assert moved.date() == day < plain.date()  # seen in the week before it, and remembered until then
    assert [due for _, due in Cards(world.store).due_before(world.clock.now + 30 * DAY)] == [moved]
    assert max(some(world.schedule.suggestion(*world.answered(2))).dues).date() <= day
    world.clock.now += 4 * DAY
    world.schedule.forecast(BANK)
    assert world.schedule.wishes.interview is None
    assert [due for _, due in Cards(world.store).due_before(world.clock.now + 30 * DAY)] == [plain]


def test_another_zone_and_a_clock_that_jumps_lose_and_double_nothing(world: World):
    session, turn = world.answered(1)
    world.schedule.rate(session, turn, 1)
    world.clock.now -= 40 * DAY
    world.offset = timedelta(hours=14)
    world.schedule.rate(session, turn)
    assert some(world.schedule.rating(session, turn)).rating == 1
    again = world.answered(1)
    world.schedule.rate(*again, 1)
    world.schedule.undo(*again)
    world.clock.now += 42 * DAY
    world.offset = timedelta(hours=-12)
    assert world.schedule.queue(BANK).count(QUESTIONS[0].id) == 1
    assert sum(world.schedule.forecast(BANK).days) == 1


def test_a_clock_set_back_and_another_zone_are_told_until_the_next_review_settles_them(world: World):
    rated_at = world.clock.now
    session, turn = world.answered(1)
    world.schedule.rate(session, turn)
    quiet = world.schedule.forecast(BANK)
    assert (quiet.ahead, quiet.moved) == (None, None)
    world.clock.now -= timedelta(minutes=1)  # the network sets it
    assert world.schedule.forecast(BANK).ahead is None
    world.clock.now -= DAY
    world.offset = timedelta(hours=8)
    told = world.schedule.forecast(BANK)
    assert told.ahead == rated_at
    assert some(told.ahead).utcoffset() == world.offset
    assert told.moved == (timedelta(), timedelta(hours=8))
    warnings = forecast_card(told, "en")["warnings"]
    assert f"{told.ahead:%Y-%m-%d %H:%M}" in warnings[0]
    assert "UTC+0000 → UTC+0800" in warnings[1]
    world.schedule.rate(*world.answered(2))
    assert world.schedule.forecast(BANK).moved is None
    world.clock.now += 2 * DAY
    assert world.schedule.forecast(BANK).ahead is None


def test_the_due_list_of_many_questions_is_one_indexed_query(world: World):
    now = world.clock.now
    rows = [
        {"question_id": f"q{n}", "content": "{}", "due": now + timedelta(hours=n % 90 - 45), "changed_at": now}
        for n in range(10_000)
    ]
    statements: list[str] = []
    with world.store.writing() as connection:
        connection.execute(sa.insert(cards), rows)
        event.listen(connection.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    due = Cards(world.store).due_before(now)
    assert len(due) == sum(row["due"] < now for row in rows)
    assert [moment for _, moment in due] == sorted(moment for _, moment in due)
    selects = [statement for statement in statements if statement.startswith("SELECT")]
    assert len(selects) == 1
    with world.store.reading() as connection:
        plan = connection.execute(sa.text("EXPLAIN QUERY PLAN " + selects[0].replace("?", "'2026'"))).all()
    assert "ix_cards_due" in str(plan)
