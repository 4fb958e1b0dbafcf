"""Statements about answers and their gradings: submitted, claimed under a lease, finished behind a fence."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from interview.errors import AlreadyAnswered, BackendError
from interview.models import Answer, Appeal, Contested, FailedAttempt, Graded, Grading, Outcome, SessionPlan, Waiting
from interview.store import attempts, rows, search
from interview.store.rows import Claim
from interview.store.schema import answers, gradings, papers, question_versions, sessions, turns
from interview.store.summaries import NOT_DELETED

_SKEW = timedelta(seconds=5)
_IDLE: dict[str, Any] = {"owner": None, "lease_until": None}
_NOT_WAITING: dict[str, Any] = {"retry_at": None, "put_off_at": None, "waiting_for": None, "waiting_detail": None}


def add_answer(connection: sa.Connection, row: dict[str, Any]) -> tuple[Answer, bool]:
    """Insert an answer unless the turn has one; returns the stored one and whether it is new.

    AlreadyAnswered: the turn has an answer with another text.
    """
    statement = insert(answers).values(row).on_conflict_do_nothing(index_elements=["turn_id"]).returning(answers.c.id)
    created = connection.scalar(statement) is not None
    stored = connection.execute(sa.select(answers).where(answers.c.turn_id == row["turn_id"])).mappings().one()
    if stored["text"] != row["text"]:
        raise AlreadyAnswered("This question is already answered with another text. Your new text is still here.")
    return rows.read_answer(stored), created


def add_grading(connection: sa.Connection, row: dict[str, Any]) -> str:
    """Insert a pending grading and return its id; the one that still waits for the same grader is used again.

    An appeal is another question than a grading, and than another appeal.
    """
    waiting = connection.scalar(
        sa.select(gradings.c.id).where(
            gradings.c.answer_id == row["answer_id"],
            gradings.c.grader == row["grader"],
            gradings.c.rubric == row["rubric"],
            gradings.c.appeal.is_not_distinct_from(row.get("appeal")),
            gradings.c.state != "done",
        )
    )
    if waiting is None:
        connection.execute(sa.insert(gradings), {**row, "state": "pending"})
    return str(waiting or row["id"])


def add_done(connection: sa.Connection, row: dict[str, Any], outcome: Outcome, now: datetime) -> None:
    """Insert a grading that no worker has to make: its outcome is known already."""
    moment = {"state": "done", "created_at": now, "finished_at": now}
    connection.execute(sa.insert(gradings), {**row, **moment, **rows.write_outcome(outcome)})
    search.index_answer(connection, row["answer_id"])


def read(connection: sa.Connection, grading_id: str) -> Grading:
    """One grading, which is there."""
    return rows.read_grading(
        connection.execute(sa.select(gradings).where(gradings.c.id == grading_id)).mappings().one()
    )


def first_grading(connection: sa.Connection, answer_id: str) -> str:
    """Id of the grading that was asked for together with the answer."""
    wanted = sa.select(gradings.c.id).where(gradings.c.answer_id == answer_id).order_by(gradings.c.seq).limit(1)
    return str(connection.execute(wanted).scalar_one())


# Of a deleted answer nothing is graded any more: its text goes to no model.
_ANSWER_NOT_DELETED = sa.exists().where(
    answers.c.id == gradings.c.answer_id,
    turns.c.id == answers.c.turn_id,
    sessions.c.id == turns.c.session_id,
    NOT_DELETED,
)


def _due(now: datetime, lease: timedelta, ready: Collection[str]) -> sa.ColumnElement[bool]:
    """What waits for nothing. A moment that cannot be (the clock was set back since) keeps nothing waiting.

    Moments are taken before the lock is waited for, and clocks are slewed, so a little ahead is no such moment.
    """
    over = sa.or_(gradings.c.retry_at.is_(None), gradings.c.retry_at <= now, gradings.c.put_off_at > now + _SKEW)
    waiting = sa.and_(gradings.c.state == "pending", sa.or_(over, gradings.c.id.in_(list(ready))))
    ended = sa.or_(gradings.c.lease_until <= now, gradings.c.lease_until > now + 2 * lease)
    return sa.or_(waiting, sa.and_(gradings.c.state == "running", ended))


def claim(
    connection: sa.Connection,
    owner: str,
    limit: int,
    now: datetime,
    lease: timedelta,
    held: Collection[str],
    ready: Collection[str],
) -> tuple[Claim, ...]:
    """Lease up to `limit` due gradings, oldest first, to `owner`.

    Never one of `held`, which it runs already or keeps waiting; those of `ready` are due whatever the time of day.
    """
    chosen = (
        sa.select(gradings.c.id)
        .where(_due(now, lease, ready), _ANSWER_NOT_DELETED, gradings.c.id.not_in(list(held)))
        .order_by(gradings.c.seq)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = connection.scalars(
        sa.update(gradings)
        .where(gradings.c.id.in_(chosen))
        .values(state="running", owner=owner, lease_until=now + lease, attempt=gradings.c.attempt + 1, retry_at=None)
        .returning(gradings.c.id)
    ).all()
    return _read_claims(connection, ids) if ids else ()


def _read_claims(connection: sa.Connection, ids: Collection[str]) -> tuple[Claim, ...]:
    wanted = (
        sa.select(
            gradings,
            answers.c.text,
            turns.c.id.label("turn_id"),
            turns.c.follow_up,
            sessions.c.id.label("session_id"),
            sessions.c.plan,
            question_versions.c.content,
        )
        .join(answers, gradings.c.answer_id == answers.c.id)
        .join(turns, answers.c.turn_id == turns.c.id)
        .join(sessions, turns.c.session_id == sessions.c.id)
        .join(papers, sa.and_(papers.c.session_id == turns.c.session_id, papers.c.position == turns.c.position))
        .join(question_versions, question_versions.c.version == papers.c.version)
        .where(gradings.c.id.in_(list(ids)))
        .order_by(gradings.c.seq)
    )
    found = connection.execute(wanted).mappings().all()
    contested = {row["id"]: _read_contested(connection, appeal) for row in found if (appeal := rows.read_appeal(row))}
    return tuple(
        Claim(
            grading_id=row["id"],
            attempt=row["attempt"],
            owner=row["owner"],
            faults=row["faults"],
            waiting_for=row["waiting_for"],
            bad_replies=row["bad_replies"],
            session_id=row["session_id"],
            turn_id=row["turn_id"],
            question=rows.read_question(row["content"]),
            answer=row["text"],
            lang=SessionPlan.model_validate_json(row["plan"]).lang,
            grader=row["grader"],
            rubric=row["rubric"],
            contested=contested.get(row["id"]),
            follow_up=row["follow_up"] or "",
        )
        for row in found
    )


def _read_contested(connection: sa.Connection, appeal: Appeal) -> Contested:
    graded = read(connection, appeal.grading_id).outcome
    assert isinstance(graded, Graded)  # nothing else can be appealed, and an outcome never changes
    return Contested(appeal=appeal, grade=graded)


def change_held(connection: sa.Connection, held: Claim, **columns: Any) -> bool:
    """Change a grading that the claim still holds; False, and no change, where the lease went to somebody else."""
    changed = connection.execute(
        sa.update(gradings)
        .where(
            gradings.c.id == held.grading_id,
            gradings.c.state == "running",
            gradings.c.owner == held.owner,
            gradings.c.attempt == held.attempt,
        )
        .values(**columns)
    )
    return changed.rowcount == 1


def let_go(connection: sa.Connection, held: Claim) -> bool:
    """Back to pending, to be claimed at once."""
    return change_held(connection, held, state="pending", **_IDLE)


def put_off(
    connection: sa.Connection,
    held: Claim,
    retry_at: datetime,
    fault: BackendError,
    failed: Sequence[FailedAttempt],
    *,
    bad_replies: int,
    now: datetime,
) -> bool:
    """Back to pending, to be claimed from `retry_at` on, with why; counts it."""
    put = change_held(
        connection,
        held,
        state="pending",
        retry_at=retry_at,
        put_off_at=now,
        waiting_for=fault.fault,
        waiting_detail=str(fault),
        faults=gradings.c.faults + 1,
        bad_replies=bad_replies,
        **_IDLE,
    )
    if put:
        attempts.add(connection, held.grading_id, failed)
    return put


def finish(
    connection: sa.Connection,
    held: Claim,
    outcome: dict[str, Any],
    failed: Sequence[FailedAttempt],
    now: datetime,
) -> bool:
    """Write the outcome, once, and what failed before it. What it waited for is told by the failed attempts now."""
    done = change_held(connection, held, state="done", finished_at=now, **_NOT_WAITING, **_IDLE, **outcome)
    if done:
        attempts.add(connection, held.grading_id, failed)
    return done


def retry(connection: sa.Connection, grading_id: str, grader: str) -> None:
    """Make a grading that was put off due at once, to be asked of `grader`."""
    waits = sa.and_(gradings.c.id == grading_id, gradings.c.state == "pending")
    connection.execute(sa.update(gradings).where(waits).values(retry_at=None, grader=grader))


def read_waiting(connection: sa.Connection) -> tuple[Waiting, ...]:
    """What was put off and is not done, old ones first."""
    wanted = (
        sa.select(gradings, turns.c.session_id)
        .join(answers, gradings.c.answer_id == answers.c.id)
        .join(turns, answers.c.turn_id == turns.c.id)
        .where(gradings.c.state == "pending", gradings.c.retry_at.is_not(None), _ANSWER_NOT_DELETED)
        .order_by(gradings.c.seq)
    )
    return tuple(
        Waiting(
            grading_id=row["id"],
            session_id=row["session_id"],
            grader=row["grader"],
            fault=row["waiting_for"],
            detail=row["waiting_detail"] or "",
            since=row["created_at"],
            put_off_at=row["put_off_at"],
            retry_at=row["retry_at"],
        )
        for row in connection.execute(wanted).mappings()
    )


def extend(connection: sa.Connection, held: Collection[Claim], lease_until: datetime) -> None:
    """Lengthen the leases of claims that are still held."""
    for one in held:
        change_held(connection, one, lease_until=lease_until)


def let_all_go(connection: sa.Connection, owner: str | None = None) -> int:
    """Every running grading (of `owner`, if one is named) back to pending; returns how many there were."""
    whose = sa.true() if owner is None else gradings.c.owner == owner
    released = connection.execute(
        sa.update(gradings).where(gradings.c.state == "running", whose).values(state="pending", **_IDLE)
    )
    return released.rowcount


def next_due(connection: sa.Connection, held: Collection[str], now: datetime) -> datetime | None:
    """When the next grading but those `held` can be claimed (it may have passed); None where nothing waits."""
    wanted = sa.select(
        sa.func.min(
            sa.case(
                (gradings.c.state == "running", gradings.c.lease_until),
                (gradings.c.put_off_at > now + _SKEW, gradings.c.created_at),
                else_=sa.func.coalesce(gradings.c.retry_at, gradings.c.created_at),
            ),
            type_=gradings.c.lease_until.type,
        )
    ).where(gradings.c.state != "done", _ANSWER_NOT_DELETED, gradings.c.id.not_in(list(held)))
    return connection.execute(wanted).scalar_one()
