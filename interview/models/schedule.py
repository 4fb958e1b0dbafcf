"""When questions come back: ratings, what they would lead to, and what the next days bring."""

from datetime import datetime, timedelta
from typing import Literal

from interview.models.base import Value

Rating = Literal[1, 2, 3, 4]  # again, hard, good, easy: py-fsrs's own numbers


class Suggestion(Value):
    """What a Turn could be rated. `suggested` None: no judgement says anything; `dues` has one moment per rating."""

    turn_id: str
    suggested: Rating | None
    dues: tuple[datetime, datetime, datetime, datetime]


class Rated(Value):
    """A rating that was given. `due`: when the question comes back; `can_undo`: it is young enough to be taken back."""

    turn_id: str
    rating: Rating
    due: datetime
    can_undo: bool


class Forecast(Value):
    """What is due: `days[0]` today with everything overdue, then the days after it.

    `fresh` is how many new questions today may still bring; `streak` counts the days in a row with a review, up to
    today or yesterday; `done` the reviews of today. Days are those of the user.

    `ahead`: the last review, in the user's time, where it lies in the future because the clock was set back. `moved`:
    offsets from UTC at the last review and now, where they differ.
    """

    days: tuple[int, ...]
    fresh: int
    streak: int
    done: int
    ahead: datetime | None = None
    moved: tuple[timedelta, timedelta] | None = None

    @property
    def today(self) -> int:
        """Questions that a session of what is due would ask."""
        return self.days[0] + self.fresh
