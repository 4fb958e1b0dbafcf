"""Ratings, the days of py-fsrs, an interview ahead, and the user's days: pure rules."""

from datetime import UTC, datetime, timedelta
from typing import get_args

from fsrs import Card, Rating, Scheduler
from hypothesis import given
from hypothesis import strategies as st

from interview.models import HelpUsed
from interview.scheduling import (
    DAY,
    RATINGS,
    due_of,
    forecast,
    local_day,
    midnight,
    remembered,
    reviewed,
    streak,
    suggested_rating,
)

START = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
HELP: tuple[HelpUsed, ...] = get_args(HelpUsed)
ratings = st.lists(st.tuples(st.sampled_from(RATINGS), st.floats(0, 60)), min_size=1, max_size=12)
offsets = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timedelta(minutes=minutes))


def card_after(history: list[tuple[int, float]]) -> tuple[str, datetime]:
    card, now = None, START
    for rating, days in history:
        now += timedelta(days=days)
        card = reviewed(card, rating, now)  # type: ignore[arg-type]
    assert card is not None
    return card, now


@given(
    st.floats(0, 1), st.floats(0, 1), st.sampled_from(HELP), st.sampled_from(HELP), st.integers(0, 3), st.integers(0, 3)
)
def test_more_coverage_never_suggests_less_and_more_help_or_retries_never_more(less, more, one, other, few, many):
    less, more = sorted((less, more))
    few, many = sorted((few, many))
    light, heavy = sorted((one, other), key=HELP.index)
    assert suggested_rating(less, heavy, many) <= suggested_rating(more, light, few)


def test_the_rule_as_it_is_documented():
    table = {(1.0, "unaided", 0): 4, (0.7, "unaided", 0): 3, (0.5, "unaided", 0): 2, (0.3, "unaided", 0): 1}
    table |= {(1.0, "hinted", 0): 2, (1.0, "revealed", 0): 1, (1.0, "unaided", 1): 3, (1.0, "unaided", 9): 2}
    table |= {(0.5, "unaided", 3): 2, (0.2, "hinted", 0): 1}
    assert {key: suggested_rating(*key) for key in table} == table  # type: ignore[arg-type]


@given(ratings)
def test_the_schedule_is_that_of_py_fsrs(history: list[tuple[int, float]]):
    theirs, now = Card(card_id=0, due=START), START
    scheduler = Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)
    for rating, days in history:
        now += timedelta(days=days)
        theirs, _ = scheduler.review_card(theirs, Rating(rating), now)
    ours = Card.from_json(card_after(history)[0])
    assert (ours.due, ours.last_review, ours.state) == (theirs.due, theirs.last_review, theirs.state)
    assert (ours.stability, ours.difficulty) == (theirs.stability, theirs.difficulty)
    assert due_of(ours.to_json(), "q", None) == theirs.due


@given(ratings, st.floats(0.1, 4000))
def test_a_clock_that_goes_back_never_shortens_an_interval_below_a_day(history: list[tuple[int, float]], back: float):
    card, now = card_after(history)
    after = Card.from_json(reviewed(card, 3, now - timedelta(days=back)))
    assert after.last_review == now
    assert after.due >= now + DAY


@given(ratings, st.integers(0, 400), offsets, st.text(max_size=5))
def test_no_interval_crosses_the_interview_and_the_week_before_it_has_everything(history, ahead, offset, question_id):
    card, now = card_after(history)
    day = local_day(now, offset) + ahead * DAY
    eve_end = midnight(day, offset)
    due = due_of(card, question_id, eve_end)
    plain = Card.from_json(card).due
    if now >= eve_end:
        assert due == plain  # it is the day itself, or over: nothing to prepare for
        return
    assert now < due <= eve_end
    if plain < eve_end:
        assert due == plain
    if plain >= eve_end and remembered(card, eve_end) < 0.9 and now < eve_end - DAY:
        assert eve_end - 7 * DAY <= due < eve_end
    if plain >= eve_end and now < eve_end - 7 * DAY:
        assert eve_end - 7 * DAY <= due < eve_end


@given(ratings, st.integers(8, 400), st.lists(st.sampled_from(RATINGS), min_size=1, max_size=5))
def test_who_keeps_to_the_schedule_sees_in_the_last_week_what_would_be_forgotten(history, ahead, habits):
    card, now = card_after(history)
    interview = midnight(local_day(now, timedelta()) + ahead * DAY, timedelta())
    for turn in range(2000):
        due = due_of(card, "q", interview)
        if due >= interview:
            break
        now = max(due, now)
        card = reviewed(card, habits[turn % len(habits)], now)
    else:
        raise AssertionError("the question never left the time before the interview")
    assert remembered(card, interview) >= 0.9 or now >= interview - 7 * DAY


@given(st.lists(st.floats(-300, 30), max_size=30), offsets)
def test_the_forecast_counts_each_question_once_and_what_is_overdue_today(days: list[float], offset: timedelta):
    dues = [START + timedelta(days=day) for day in days]
    counts = forecast(dues, START, offset)
    end = midnight(local_day(START, offset) + 7 * DAY, offset)
    assert sum(counts) == sum(due < end for due in dues)
    assert counts[0] == sum(due < midnight(local_day(START, offset) + DAY, offset) for due in dues)


def test_a_streak_goes_by_the_users_days_and_today_may_still_be_open():
    east = timedelta(hours=8)
    late = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)  # 01:00 of the 2nd in the east
    assert streak([late], late + DAY, east) == 1
    assert streak([late, late - DAY, late - 2 * DAY], late, east) == 3
    assert streak([late - DAY], late, east) == 1
    assert streak([late - 2 * DAY], late, east) == 0
    assert streak([], late, east) == 0
    assert streak([late, late - 8 * timedelta(hours=1)], late, timedelta()) == 1
    assert streak([late, late - 8 * timedelta(hours=1)], late, east) == 2


@given(offsets, st.floats(-2000, 2000))
def test_a_day_begins_at_its_midnight(offset: timedelta, days: float):
    moment = START + timedelta(days=days)
    day = local_day(moment, offset)
    assert midnight(day, offset) <= moment < midnight(day + DAY, offset)
