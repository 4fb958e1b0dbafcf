"""Appeals and own verdicts: rows of `gradings` beside the ones they are about, and what both come to per grader."""

from collections.abc import Iterable

import sqlalchemy as sa

from interview.errors import NotFound
from interview.grading.scoring import on_scale
from interview.models import Appeal, Graded, Grading, SelfGraded, Turn, Value, is_won
from interview.store import gradings as statements
from interview.store import rows
from interview.store import sessions as turns_of
from interview.store.schema import answers, gradings, sessions, turns
from interview.store.store import Store, new_id
from interview.store.summaries import NOT_DELETED

OWN = "self"  # the grader's name in the row of an own verdict


class Disputed(Value):
    """What candidates made of one grader's judgements.

    `answers`: how many it judged. `appealed`: appeals against it; of them `won` and `held` are decided, the others
    failed or wait. `overridden`: answers whose own verdict stands over a grade of it; `difference`: own score minus
    its score, mean, on 0-10 (None where nothing was overridden).
    """

    grader: str
    answers: int
    appealed: int
    won: int
    held: int
    overridden: int
    difference: float | None


class StoredAppeals:
    """Reads and writes what candidates say against grades. NotFound: an id that is not there. StoreError."""

    def __init__(self, store: Store) -> None:
        """Works in the transactions of `store`."""
        self._store = store

    def turn_of(self, grading_id: str) -> Turn:
        """The Turn that a grading belongs to, with everything in it."""
        wanted = (
            sa.select(answers.c.turn_id)
            .join(gradings, gradings.c.answer_id == answers.c.id)
            .where(gradings.c.id == grading_id)
        )
        with self._store.reading() as connection:
            turn_id = connection.scalar(wanted)
            if turn_id is None:
                raise NotFound(f"There is no grading {grading_id}.")
            return turns_of.read_turn(connection, turn_id)

    def add_appeal(self, appeal: Appeal) -> Grading:
        """Ask the grader of the contested grading again, with its rubric; the same appeal that waits is used again."""
        with self._store.writing() as connection:
            contested = statements.read(connection, appeal.grading_id)
            row = {
                "id": new_id(),
                "created_at": self._store.clock(),
                "answer_id": contested.answer_id,
                "grader": contested.grader,
                "rubric": contested.rubric,
                "appeal": appeal.model_dump_json(),
            }
            return statements.read(connection, statements.add_grading(connection, row))

    def add_own(self, answer_id: str, rubric: str, own: SelfGraded) -> Grading:
        """Store an own verdict beside all grades that are there."""
        row = {"id": new_id(), "answer_id": answer_id, "grader": OWN, "rubric": rubric}
        with self._store.writing() as connection:
            turns_of.read_answer(connection, answer_id)
            statements.add_done(connection, row, own, self._store.clock())
            return statements.read(connection, row["id"])

    def disputed(self) -> tuple[Disputed, ...]:
        """Per grader that judged anything, what was said against it; by name. Deleted sessions are left out."""
        wanted = (
            sa.select(gradings)
            .join(answers, gradings.c.answer_id == answers.c.id)
            .join(turns, answers.c.turn_id == turns.c.id)
            .join(sessions, turns.c.session_id == sessions.c.id)
            .where(NOT_DELETED)
            .order_by(gradings.c.seq)
        )
        judged = (
            wanted.with_only_columns(gradings.c.grader, sa.func.count(gradings.c.answer_id.distinct()).label("answers"))
            .where(gradings.c.label == "judgement", gradings.c.appeal.is_(None))
            .group_by(gradings.c.grader)
            .order_by(gradings.c.grader)
        )
        said = wanted.where(sa.or_(gradings.c.appeal.is_not(None), gradings.c.label == "own"))
        with self._store.reading() as connection:
            counts = {row["grader"]: row["answers"] for row in connection.execute(judged).mappings()}
            against = [rows.read_grading(row) for row in connection.execute(said).mappings()]
            ids = {one.appeal.grading_id for one in against if one.appeal} | {
                one.outcome.over for one in against if isinstance(one.outcome, SelfGraded) and one.outcome.over
            }
            about = connection.execute(sa.select(gradings).where(gradings.c.id.in_(ids))).mappings()
            contested = {row["id"]: rows.read_grading(row) for row in about}
        return tuple(_disputed(grader, count, against, contested) for grader, count in counts.items())


def _disputed(grader: str, count: int, against: Iterable[Grading], contested: dict[str, Grading]) -> Disputed:
    won = held = appealed = 0
    differences: dict[str, float] = {}  # by answer: the newest own verdict counts
    for one in against:
        if one.appeal is not None and one.grader == grader:
            appealed += 1
            verdict = is_won(one, contested[one.appeal.grading_id])
            won, held = won + (verdict is True), held + (verdict is False)
        elif isinstance(one.outcome, SelfGraded) and one.outcome.over:
            differences.pop(one.answer_id, None)
            machine = contested[one.outcome.over]
            if machine.grader == grader and isinstance(machine.outcome, Graded) and machine.label == "judgement":
                own, theirs = one.outcome, machine.outcome
                differences[one.answer_id] = on_scale(own.score, own.max_score) - on_scale(
                    theirs.score, theirs.max_score
                )
    mean = sum(differences.values()) / len(differences) if differences else None
    return Disputed(
        grader=grader,
        answers=count,
        appealed=appealed,
        won=won,
        held=held,
        overridden=len(differences),
        difference=mean,
    )
