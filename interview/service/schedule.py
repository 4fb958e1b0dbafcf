"""The Schedule: what every face calls to know what is due, to rate an answer, and to take a rating back."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import cast

from pydantic import Field

from interview import scheduling
from interview.errors import TooLate
from interview.grading.scoring import RubricOf, earned
from interview.models import Forecast, Rated, Rating, Session, Suggestion, Turn, Value
from interview.notes.bank import QuestionBank
from interview.scheduling import DAY, RATINGS, local_day, midnight
from interview.store.schedule import Cards, ScheduledCard
from interview.store.store import Store
from interview.turns import first_answer, grade_of, help_used

UNDO = timedelta(minutes=15)
_KEY = "schedule"
_ZONE_KEY = "schedule.zone"
_DRIFT = timedelta(minutes=2)  # a clock that is set by the network now and then is not set back
_LONGEST_STREAK = 400 * DAY


def system_offset() -> timedelta:
    """How far this machine's clock is from UTC now."""
    return datetime.now().astimezone().utcoffset() or timedelta()


class ScheduleWishes(Value):
    """What the candidate set: the day of the interview, if there is one, and how many new questions a day brings."""

    interview: date | None = None
    fresh_a_day: int = Field(default=10, ge=0, le=1000)


class _Zone(Value):
    minutes: int = Field(gt=-24 * 60, lt=24 * 60)  # ahead of UTC


class Schedule:
    """Spaced repetition per question. Synchronous; may be called from any thread; a change is committed on return."""

    def __init__(self, store: Store, rubric_of: RubricOf, offset: Callable[[], timedelta] = system_offset) -> None:
        """`offset`: how far the user's days are from those of UTC at present."""
        self._store = store
        self._rubric_of = rubric_of
        self._cards = Cards(store)
        self._offset = offset

    # --- what the candidate set

    @property
    def wishes(self) -> ScheduleWishes:
        """What was set last; the defaults where nothing was, or where it cannot be read any more."""
        try:
            return ScheduleWishes.model_validate(self._store.preference(_KEY) or {})
        except ValueError:
            return ScheduleWishes()

    def wish(self, wishes: ScheduleWishes) -> None:
        """Set the day of the interview and the daily cap; every question's next day follows."""
        self._store.remember(_KEY, wishes.model_dump(mode="json"))
        interview = self._interview(wishes)
        self._cards.retime(lambda card, question_id: scheduling.due_of(card, question_id, interview))

    # --- what is due

    def queue(self, bank: QuestionBank) -> tuple[str, ...]:
        """Ids of the questions to ask today: what is due, the longest overdue first, then new ones up to the cap."""
        return (*self.due(bank), *self._fresh(bank))

    def due(self, bank: QuestionBank) -> tuple[str, ...]:
        """Ids of the questions of these notes that are due today, the longest overdue first."""
        self._forget_past_interview()
        ours = {question.id for question in bank.questions}
        return tuple(question_id for question_id, _ in self._cards.due_before(self._tomorrow()) if question_id in ours)

    def forecast(self, bank: QuestionBank) -> Forecast:
        """What today and the next days bring, of the questions of these notes; streak and today's reviews of all."""
        self._forget_past_interview()
        now, offset, before = self._store.clock(), self._offset(), self._offset_before()
        ours = {question.id for question in bank.questions}
        known = self._cards.due_before(self._tomorrow() + scheduling.WEEK * DAY)
        moments = [moment for moment, _ in self._cards.reviews_since(now - _LONGEST_STREAK)]
        today, last = local_day(now, offset), max(moments, default=now)
        return Forecast(
            days=scheduling.forecast([due for question_id, due in known if question_id in ours], now, offset),
            fresh=len(self._fresh(bank)),
            streak=scheduling.streak(moments, now, offset),
            done=sum(local_day(moment, offset) == today for moment in moments),
            ahead=last.astimezone(timezone(offset)) if last > now + _DRIFT else None,
            moved=(before, offset) if before not in (None, offset) else None,
        )

    def _offset_before(self) -> timedelta | None:
        """How far the days were from those of UTC at the last review; None before the first."""
        try:
            return timedelta(minutes=_Zone.model_validate(self._store.preference(_ZONE_KEY)).minutes)
        except ValueError:
            return None

    def _fresh(self, bank: QuestionBank) -> list[str]:
        """The next new questions with a reference, as many as today may still bring."""
        today = midnight(local_day(self._store.clock(), self._offset()), self._offset())
        begun = sum(is_first for _, is_first in self._cards.reviews_since(today))
        known = self._cards.known()
        fresh = [question.id for question in bank.questions if question.has_reference and question.id not in known]
        return fresh[: max(0, self.wishes.fresh_a_day - begun)]

    # --- rating

    def suggestion(self, session: Session, turn: Turn) -> Suggestion | None:
        """What the question of a Turn could be rated; None while it has neither a grade nor a rating to give.

        It speaks of the first answer to the question. No grade, an estimate and a skipped question suggest nothing;
        the candidate may rate all the same, but for what was not answered.
        """
        first = first_answer(session, turn.position)
        if first is None or any(grading.state != "done" for grading in first.gradings):
            return None
        now, given = self._store.clock(), self._cards.review_of(first.id)
        card = given.before if given else self._cards.card(first.question.id)
        dues = tuple(self._moved(first.question.id, rating)(card, now).due for rating in RATINGS)
        return Suggestion(
            turn_id=first.id,
            suggested=self._suggested(session, first),
            dues=cast("tuple[datetime, datetime, datetime, datetime]", dues),
        )

    def rating(self, session: Session, turn: Turn) -> Rated | None:
        """The rating that was given to the question of a Turn in this session."""
        first = first_answer(session, turn.position)
        review = self._cards.review_of(first.id) if first else None
        if first is None or review is None:
            return None
        after = scheduling.reviewed(review.before, review.rating, review.reviewed_at)
        due = scheduling.due_of(after, review.question_id, self._interview(self.wishes))
        young = self._store.clock() - review.reviewed_at <= UNDO
        return Rated(turn_id=first.id, rating=review.rating, due=due, can_undo=young)

    def rate(self, session: Session, turn: Turn, rating: Rating | None = None) -> Rated | None:
        """Rate the question of a Turn; None takes the suggested rating, and does nothing where there is none.

        A rating that was given in the last 15 minutes is replaced; without one named it stays. TooLate: it is older.
        """
        offered = self.suggestion(session, turn)
        given = self.rating(session, turn)
        wanted = rating or (offered.suggested if offered else None)
        if offered is None or wanted is None or (given is not None and rating in (None, given.rating)):
            return given
        if given is not None and not given.can_undo:
            raise TooLate("This rating is older than 15 minutes; it stands.")
        question_id = turn.question.id
        self._cards.rate(offered.turn_id, question_id, offered.suggested or 0, wanted, self._moved(question_id, wanted))
        if self._offset_before() != self._offset():
            zone = _Zone(minutes=int(self._offset() / timedelta(minutes=1)))
            self._store.remember(_ZONE_KEY, zone.model_dump())
        return self.rating(session, turn)

    def undo(self, session: Session, turn: Turn) -> None:
        """Take a rating back: the question is due as it was before. Nothing where there is none. TooLate: too old."""
        given = self.rating(session, turn)
        if given is None:
            return
        if not given.can_undo:
            raise TooLate("This rating is older than 15 minutes; it stands.")
        interview = self._interview(self.wishes)
        self._cards.undo(given.turn_id, lambda card: scheduling.due_of(card, turn.question.id, interview))

    def rated(self, session: Session) -> frozenset[str]:
        """Ids of the turns of a session whose question was rated."""
        return self._cards.rated([turn.id for turn in session.turns])

    def unrated(self, session: Session) -> tuple[Turn, ...]:
        """The first answers of a session that have a suggestion and no rating yet."""
        firsts = [first_answer(session, position) for position in range(len(session.questions))]
        found = [turn for turn in firsts if turn is not None and self._suggested(session, turn) is not None]
        rated = self._cards.rated([turn.id for turn in found])
        return tuple(turn for turn in found if turn.id not in rated)

    def rate_all(self, session: Session) -> int:
        """Give every answer of a session that has no rating the one that is suggested; returns how many there were."""
        turns = self.unrated(session)
        for turn in turns:
            self.rate(session, turn)
        return len(turns)

    def _moved(self, question_id: str, rating: Rating) -> Callable[[str | None, datetime], ScheduledCard]:
        interview = self._interview(self.wishes)

        def move(before: str | None, now: datetime) -> ScheduledCard:
            after = scheduling.reviewed(before, rating, now)
            return ScheduledCard(content=after, due=scheduling.due_of(after, question_id, interview))

        return move

    def _interview(self, wishes: ScheduleWishes) -> datetime | None:
        """Midnight before the interview; None without one, and once it is over."""
        if wishes.interview is None or wishes.interview < local_day(self._store.clock(), self._offset()):
            return None
        return midnight(wishes.interview, self._offset())

    def _forget_past_interview(self) -> None:
        """An interview that is over moves no question any more: each is due again when py-fsrs says so."""
        wishes = self.wishes
        if wishes.interview is not None and self._interview(wishes) is None and not self._store.read_only:
            self.wish(wishes.model_copy(update={"interview": None}))

    def _tomorrow(self) -> datetime:
        return midnight(local_day(self._store.clock().astimezone(UTC), self._offset()) + DAY, self._offset())

    def _suggested(self, session: Session, first: Turn) -> Rating | None:
        """Return the rating that the judgement of a first answer suggests; None without a judgement."""
        grade = grade_of(first)
        if grade is None or grade.label != "judgement":
            return None
        made = earned(self._rubric_of(grade.provenance.rubric), grade.key_points)
        if made is None:
            return None
        retries = sum(
            turn.position == first.position and turn.follow_up is None and turn.attempt > first.attempt
            for turn in session.turns
        )
        return scheduling.suggested_rating(made.share, help_used(session.turns, first), retries)
