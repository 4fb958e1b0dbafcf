"""What statistics need of all sessions: a few columns of every answer in one pass, and verdicts read once only."""

import json
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from sys import intern
from typing import Any

import sqlalchemy as sa

from interview.grading.scoring import on_scale
from interview.models import counting
from interview.models.progress import AnswerFact, AskedQuestion, GradingFact, PointFact
from interview.store import rows
from interview.store.schedule import IS_SCHEDULED
from interview.store.schema import answers, cards, gradings, papers, question_versions, sessions, turns
from interview.store.store import Store
from interview.store.summaries import NOT_DELETED, TELLS_NOTHING_YET

_shown = turns.alias("shown")
# What `turns.help_used` tells of one Turn, for all of them in one pass.
_REVEALED = sa.exists().where(
    *(_shown.c.session_id == turns.c.session_id, _shown.c.position == turns.c.position),
    *(_shown.c.attempt <= turns.c.attempt, _shown.c.revealed),
)
_ANSWERS = (
    sa.select(
        *(turns.c.id, turns.c.session_id, turns.c.position, turns.c.attempt, turns.c.parent),
        _REVEALED.label("revealed"),
        *(turns.c.confidence, turns.c.asked_at, papers.c.version),
        *(answers.c.id.label("answer_id"), answers.c.created_at, TELLS_NOTHING_YET.label("silent")),
    )
    .join(answers, answers.c.turn_id == turns.c.id)
    .join(papers, sa.and_(papers.c.session_id == turns.c.session_id, papers.c.position == turns.c.position))
    .join(sessions, sessions.c.id == turns.c.session_id)
    .where(NOT_DELETED)
    .order_by(answers.c.seq)
)
_GRADINGS = sa.select(
    *(gradings.c.answer_id, gradings.c.seq, gradings.c.state, gradings.c.label, gradings.c.score),
    gradings.c.max_score,
).order_by(gradings.c.seq)


class Statistics:
    """Reads facts about all sessions that are not deleted; from any thread. StoreError."""

    def __init__(self, store: Store) -> None:
        """`store` may be open for reading only."""
        self._store = store
        self._reading = threading.Lock()
        self._points: dict[int, tuple[PointFact, ...]] = {}
        self._purges = store.purges

    def answers(self) -> list[AnswerFact]:
        """Every answer with its gradings, in the order in which they were given."""
        with self._store.reading() as connection:
            graded = _read_gradings(connection)
            return [_fact(row, graded[row.answer_id]) for row in connection.execute(_ANSWERS)]

    def questions(self) -> dict[str, AskedQuestion]:
        """Every question as it was asked, by version."""
        with self._store.reading() as connection:
            found = connection.execute(sa.select(question_versions)).mappings()
            questions = {row["version"]: rows.read_question(row["content"]) for row in found}
        return {version: AskedQuestion(one.id, one.section, one.text) for version, one in questions.items()}

    def points(self, wanted: Iterable[int]) -> Mapping[int, tuple[PointFact, ...]]:
        """What judges found about required key points, by `seq` of the `wanted` gradings; those have a judgement.

        An outcome never changes once it is written, so each is parsed once as long as no row is deleted.
        """
        wanted = set(wanted)
        with self._reading, self._store.reading() as connection:
            if self._purges != self._store.purges:  # the numbers of deleted rows are given again
                self._points, self._purges = {}, self._store.purges
            for some in _batches(sorted(wanted - self._points.keys())):
                found = sa.select(gradings.c.seq, gradings.c.outcome).where(gradings.c.seq.in_(some))
                for seq, outcome in connection.execute(found):
                    self._points[seq] = tuple(_required(json.loads(outcome)["key_points"]))
            return {seq: self._points[seq] for seq in wanted}

    def due(self, until: datetime) -> list[datetime]:
        """When the scheduled questions fall due, those before `until`, earliest first."""
        wanted = sa.select(cards.c.due).where(cards.c.due < until, IS_SCHEDULED).order_by(cards.c.due)
        with self._store.reading() as connection:
            return list(connection.scalars(wanted))

    def is_scheduled(self) -> bool:
        """Whether any question is scheduled at all."""
        with self._store.reading() as connection:
            return connection.execute(sa.select(cards.c.question_id).where(IS_SCHEDULED).limit(1)).first() is not None


def _fact(row: Any, graded: Sequence[GradingFact]) -> AnswerFact:
    return AnswerFact(
        turn_id=row.id,
        session_id=row.session_id,
        position=row.position,
        attempt=row.attempt,
        is_follow_up=bool(row.parent),
        is_revealed=row.revealed,
        confidence=row.confidence,
        version=row.version,
        at=row.created_at,
        seconds=(row.created_at - row.asked_at).total_seconds(),
        current=None if row.silent else counting(graded),
        is_waiting=not all(grading.is_done for grading in graded),
        is_silent=row.silent,
    )


def _read_gradings(connection: sa.Connection) -> defaultdict[str, list[GradingFact]]:
    found: defaultdict[str, list[GradingFact]] = defaultdict(list)
    for answer_id, seq, state, label, score, full in connection.execute(_GRADINGS):
        ten = on_scale(score, full) if full and score is not None else None
        found[answer_id].append(GradingFact(seq, state == "done", label, ten))
    return found


def _batches(numbers: Sequence[int], size: int = 500) -> Iterable[Sequence[int]]:
    return (numbers[start : start + size] for start in range(0, len(numbers), size))


def _required(points: Iterable[Mapping[str, Any]]) -> Iterable[PointFact]:
    for point in points:
        if point["kind"] == "required":
            yield PointFact(intern(str(point["text"])), point["verdict"])
