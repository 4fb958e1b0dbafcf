"""Statements about the cards of spaced repetition and the reviews that moved them."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from interview.errors import NotFound, TooLate
from interview.models import Rating, Value
from interview.store.schema import cards, reviews, sessions, turns
from interview.store.store import Store, new_id
from interview.store.summaries import NOT_DELETED


class Review(Value):
    """A rating that stands. `before` is the card (JSON) before it, None where there was none."""

    question_id: str
    turn_id: str
    rating: Rating
    reviewed_at: datetime
    before: str | None


class ScheduledCard(Value):
    """A card after a review: its JSON, and when it is due."""

    content: str
    due: datetime


# (card before as JSON or None, the moment) -> the card after
Move = Callable[[str | None, datetime], ScheduledCard]


# A review counts as long as neither its turn nor its session was deleted, and a card unless none of its reviews does.
_OF_KEPT_TURN = (
    sa.exists()
    .where(turns.c.id == reviews.c.turn_id, sessions.c.id == turns.c.session_id, NOT_DELETED)
    .correlate(reviews)
)
_OF_CARD = sa.and_(reviews.c.question_id == cards.c.question_id, reviews.c.undone_at.is_(None))
IS_SCHEDULED = sa.or_(sa.exists().where(_OF_CARD, _OF_KEPT_TURN), ~sa.exists().where(_OF_CARD))


class Cards:
    """The schedule as it is kept: one card per question, moved by reviews that can be taken back."""

    def __init__(self, store: Store) -> None:
        """Works through the transactions of `store`."""
        self._store = store

    def card(self, question_id: str) -> str | None:
        """The card of a question as JSON; None where it was never rated."""
        with self._store.reading() as connection:
            return connection.scalar(sa.select(cards.c.content).where(cards.c.question_id == question_id))

    def due_before(self, moment: datetime) -> tuple[tuple[str, datetime], ...]:
        """Ids of the questions that are due before a moment, with when; the earliest first. One indexed query."""
        due = sa.select(cards.c.question_id, cards.c.due).where(cards.c.due < moment, IS_SCHEDULED)
        wanted = due.order_by(cards.c.due)
        with self._store.reading() as connection:
            return tuple((row[0], row[1]) for row in connection.execute(wanted))

    def known(self) -> frozenset[str]:
        """Ids of all questions that have a card."""
        with self._store.reading() as connection:
            return frozenset(connection.scalars(sa.select(cards.c.question_id).where(IS_SCHEDULED)))

    def review_of(self, turn_id: str) -> Review | None:
        """The rating of a turn that stands."""
        with self._store.reading() as connection:
            row = _standing(connection, turn_id)
        return None if row is None else _review(row)

    def rated(self, turn_ids: Collection[str]) -> frozenset[str]:
        """Which of these turns have a rating that stands."""
        wanted = sa.select(reviews.c.turn_id).where(reviews.c.turn_id.in_(turn_ids), reviews.c.undone_at.is_(None))
        with self._store.reading() as connection:
            return frozenset(connection.scalars(wanted))

    def reviews_since(self, moment: datetime) -> tuple[tuple[datetime, bool], ...]:
        """When something was rated from a moment on, and whether for the first time; what was undone is left out."""
        wanted = sa.select(reviews.c.reviewed_at, reviews.c.before.is_(None)).where(
            reviews.c.reviewed_at >= moment, reviews.c.undone_at.is_(None), _OF_KEPT_TURN
        )
        with self._store.reading() as connection:
            return tuple((row[0], bool(row[1])) for row in connection.execute(wanted))

    def rate(self, turn_id: str, question_id: str, suggested: int, rating: Rating, move: Move) -> ScheduledCard:
        """Move the card of a question, and keep the one before; another rating of the same turn replaces the first.

        The same rating again changes nothing. TooLate: the question was rated elsewhere since.
        """
        now = self._store.clock()
        with self._store.writing() as connection:
            standing = _standing(connection, turn_id)
            if standing is not None and standing["rating"] == rating:
                return _card(connection, question_id)
            if standing is not None:
                _take_back(connection, standing, now)
            row = connection.execute(sa.select(cards).where(cards.c.question_id == question_id)).mappings().first()
            before: str | None = row["content"] if row else None
            after = move(before, now)
            _put(connection, question_id, after, now)
            given = {"turn_id": turn_id, "question_id": question_id, "suggested": suggested, "rating": rating}
            connection.execute(
                sa.insert(reviews), {"id": new_id(), "reviewed_at": now, "before": before, "undone_at": None, **given}
            )
        return after

    def undo(self, turn_id: str, due_of: Callable[[str], datetime]) -> None:
        """Put the card back as it was before the rating of a turn; `due_of` says when that card is due.

        NotFound: no rating of it stands. TooLate: the question was rated elsewhere since.
        """
        now = self._store.clock()
        with self._store.writing() as connection:
            standing = _standing(connection, turn_id)
            if standing is None:
                raise NotFound(f"No rating of the turn {turn_id} stands.")
            _take_back(connection, standing, now)
            if standing["before"] is not None:
                due = due_of(standing["before"])
                _put(connection, standing["question_id"], ScheduledCard(content=standing["before"], due=due), now)

    def retime(self, due_of: Callable[[str, str], datetime]) -> None:
        """Set anew when every card is due: `due_of(card, question id)`."""
        with self._store.writing() as connection:
            rows = connection.execute(sa.select(cards.c.question_id, cards.c.content)).all()
            times = [{"of": question_id, "at": due_of(content, question_id)} for question_id, content in rows]
            if times:
                statement = sa.update(cards).where(cards.c.question_id == sa.bindparam("of"))
                connection.execute(statement.values(due=sa.bindparam("at")), times)


def _standing(connection: sa.Connection, turn_id: str) -> sa.RowMapping | None:
    wanted = sa.select(reviews).where(reviews.c.turn_id == turn_id, reviews.c.undone_at.is_(None))
    return connection.execute(wanted).mappings().one_or_none()


def _take_back(connection: sa.Connection, review: sa.RowMapping, now: datetime) -> None:
    """Undo a review that is the last of its question; by the order of rows, whatever the clock did."""
    later = sa.select(sa.func.count()).where(
        reviews.c.question_id == review["question_id"], reviews.c.seq > review["seq"], reviews.c.undone_at.is_(None)
    )
    if connection.scalar(later):
        raise TooLate("This question was rated again since; that rating stands.")
    connection.execute(sa.update(reviews).where(reviews.c.seq == review["seq"]).values(undone_at=now))
    if review["before"] is None:
        connection.execute(sa.delete(cards).where(cards.c.question_id == review["question_id"]))
    else:
        restored = {"content": review["before"], "changed_at": now}
        connection.execute(sa.update(cards).where(cards.c.question_id == review["question_id"]).values(restored))


def _put(connection: sa.Connection, question_id: str, card: ScheduledCard, now: datetime) -> None:
    stored: dict[str, Any] = {"content": card.content, "due": card.due, "changed_at": now}
    statement = insert(cards).values(question_id=question_id, **stored)
    connection.execute(statement.on_conflict_do_update(index_elements=["question_id"], set_=stored))


def _card(connection: sa.Connection, question_id: str) -> ScheduledCard:
    row = connection.execute(sa.select(cards).where(cards.c.question_id == question_id)).mappings().one()
    return ScheduledCard(content=row["content"], due=row["due"])


def _review(row: sa.RowMapping) -> Review:
    fields = ("question_id", "turn_id", "rating", "reviewed_at", "before")
    return Review(**{field: row[field] for field in fields})
