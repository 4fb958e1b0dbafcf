"""When a question comes back: the rating that an answer suggests, py-fsrs, the day of the interview, the next days.

Pure. Moments are UTC; days are those of the user, whose `offset` from UTC is passed in.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import cast
from zlib import crc32

from fsrs import Card, Scheduler
from fsrs import Rating as FsrsRating

from interview.models import HelpUsed, Rating

DAY = timedelta(days=1)
WEEK = 7
RATINGS: tuple[Rating, ...] = (1, 2, 3, 4)
# No steps of minutes: within a session one answers again, and a question that was rated comes back another day.
SCHEDULER = Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)
_GOOD_FROM, _HARD_FROM, _EASY_FROM = 0.7, 0.35, 0.999
_WORST: dict[HelpUsed, Rating] = {"unaided": 4, "hinted": 2, "revealed": 1}


def suggested_rating(coverage: float, help_used: HelpUsed, retries: int) -> Rating:
    """The rating that the first answer to a question suggests.

    `coverage` is the share (0-1) that it earned (`scoring.earned`). All of it: easy; from 0.7: good; from 0.35: hard;
    below: again. With hints at most hard, after the reference again, and each retry takes one away from easy or good.
    More coverage never suggests less, and more help or another retry never more.
    """
    plain: Rating = 4 if coverage >= _EASY_FROM else 3 if coverage >= _GOOD_FROM else 2 if coverage >= _HARD_FROM else 1
    worst = _WORST[help_used]
    rating = min(plain, worst)
    return cast("Rating", max(min(rating, 2), rating - retries))


def reviewed(card: str | None, rating: Rating, now: datetime) -> str:
    """The card (JSON of py-fsrs; None for a question that was never rated) after a rating.

    A clock that went back since the last review counts as standing still, so that no interval is negative.
    """
    before = Card.from_json(card) if card is not None else Card(card_id=0, due=now)
    moment = max(now, before.last_review) if before.last_review else now
    after, _ = SCHEDULER.review_card(before, FsrsRating(rating), moment.astimezone(UTC))
    return after.to_json()


def due_of(card: str, question_id: str, interview: datetime | None) -> datetime:
    """When the question is due. `interview`: midnight before the day of the interview, None without one.

    No interval crosses that midnight. A question whose interval would, comes back once in the week before, spread
    over its days by the id; one that was seen in that week and will be remembered (0.9) comes on the day itself.
    """
    known = Card.from_json(card)
    last = known.last_review
    if interview is None or last is None or known.due < interview or last >= interview:
        return known.due
    if last >= interview - WEEK * DAY and remembered(card, interview) >= SCHEDULER.desired_retention:
        return interview
    days = (interview - crc32(question_id.encode()) % WEEK * DAY - DAY, interview - DAY)
    return next((day for day in days if day > last), interview)


def remembered(card: str, moment: datetime) -> float:
    """The probability (0-1) by FSRS that the question is remembered at a moment."""
    return SCHEDULER.get_card_retrievability(Card.from_json(card), moment)


# --- days


def local_day(moment: datetime, offset: timedelta) -> date:
    """The user's day at a moment."""
    return (moment.astimezone(UTC) + offset).date()


def midnight(day: date, offset: timedelta) -> datetime:
    """The moment at which the user's day begins."""
    return datetime.combine(day, time(), UTC) - offset


def forecast(dues: Iterable[datetime], now: datetime, offset: timedelta, days: int = WEEK) -> tuple[int, ...]:
    """How many questions are due on each of the next `days` days; today has everything that is overdue too."""
    today = local_day(now, offset)
    counts = Counter(max(0, (local_day(due, offset) - today).days) for due in dues)
    return tuple(counts[day] for day in range(days))


def streak(reviews: Sequence[datetime], now: datetime, offset: timedelta) -> int:
    """How many days in a row have a review, up to today, or to yesterday where today has none yet."""
    days = {local_day(moment, offset) for moment in reviews}
    day = local_day(now, offset)
    if day not in days:
        day -= DAY
    length = 0
    while day in days:
        day -= DAY
        length += 1
    return length
