"""Statements about sessions, turns and answers; each function runs inside a transaction of the Store."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from interview.errors import Deleted, NotFound, StoreError
from interview.models import Answer, Damaged, Grading, Question, Session, Turn
from interview.store import attempts, rows, search
from interview.store.damage import DAMAGE, said
from interview.store.schema import answers, gradings, papers, question_versions, sessions, turns

_TURNS = (
    sa.select(turns, question_versions.c.version, question_versions.c.content)
    .join(papers, sa.and_(papers.c.session_id == turns.c.session_id, papers.c.position == turns.c.position))
    .join(question_versions, question_versions.c.version == papers.c.version)
    .order_by(turns.c.seq)
)
# A question whose answer was deleted counts as passed over; a follow-up to that answer was made from its words.
_IS_SHOWN = sa.or_(turns.c.deleted_at.is_(None), turns.c.follow_up.is_(None))


def add_session(connection: sa.Connection, row: dict[str, Any], versions: Sequence[dict[str, str]]) -> None:
    """Insert a session and its paper; questions that are known already are not inserted again."""
    connection.execute(insert(question_versions).on_conflict_do_nothing(), list(versions))
    connection.execute(sa.insert(sessions), row)
    paper = [
        {"session_id": row["id"], "position": position, "version": version["version"]}
        for position, version in enumerate(versions)
    ]
    connection.execute(sa.insert(papers), paper)


def add_turn(connection: sa.Connection, row: dict[str, Any]) -> None:
    """Insert a turn unless this attempt at this position was asked already. NotFound: no such place in a paper."""
    place = (papers.c.session_id == row["session_id"], papers.c.position == row["position"])
    if connection.scalar(sa.select(sa.func.count()).select_from(papers).where(*place)) == 0:
        raise NotFound(f"There is no question {row['position'] + 1} in a session {row['session_id']}.")
    asked = ["session_id", "position", "attempt"]
    added = connection.execute(insert(turns).values(row).on_conflict_do_nothing(index_elements=asked))
    if added.rowcount:
        search.index_turn(connection, row["id"])


def read_session(connection: sa.Connection, session_id: str) -> Session:
    """One session with everything in it. NotFound."""
    row = connection.execute(sa.select(sessions).where(sessions.c.id == session_id)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no session {session_id}.")
    paper = connection.execute(
        sa.select(question_versions.c.version, question_versions.c.content)
        .join(papers, papers.c.version == question_versions.c.version)
        .where(papers.c.session_id == session_id)
        .order_by(papers.c.position)
    )
    questions = tuple(_read_question(version, content) for version, content in paper)
    return rows.read_session(row, questions, _read_turns(connection, turns.c.session_id == session_id))


def _read_question(version: str, content: str) -> Question:
    with rows.naming("question_versions", version):
        return rows.read_question(content)


def read_readable(connection: sa.Connection, session_id: str) -> tuple[Session, tuple[Damaged, ...]]:
    """Return a session without the turns that cannot be read, and these by name. NotFound.

    StoreError: the session itself is damaged.
    """
    try:
        return read_session(connection, session_id), ()
    except DAMAGE:
        pass
    damaged: list[Damaged] = []
    questions = _readable_questions(connection, session_id)
    found: list[Turn] = []
    asked = sa.select(turns.c.id, turns.c.position).where(turns.c.session_id == session_id).order_by(turns.c.seq)
    try:
        row = connection.execute(sa.select(sessions).where(sessions.c.id == session_id)).mappings().one()
        whole = rows.read_session(row, questions, ())
        for turn_id, position in connection.execute(asked):
            try:
                found.append(read_turn(connection, turn_id))
            except DAMAGE as fault:
                place = f"question {position + 1}: {said(fault)}"
                damaged.append(Damaged(table="turns", id=turn_id, what=place))
    except DAMAGE as fault:
        raise StoreError(f"The session {session_id} is damaged and cannot be read: {said(fault)}.") from fault
    return whole.model_copy(update={"turns": tuple(found)}), tuple(damaged)


def _readable_questions(connection: sa.Connection, session_id: str) -> tuple[Question, ...]:
    """Return the paper of a session, with an empty question in each place that cannot be read."""
    positions = sa.select(papers.c.position).where(papers.c.session_id == session_id).order_by(papers.c.position)
    content = sa.select(question_versions.c.content).join(papers, papers.c.version == question_versions.c.version)
    found: list[Question] = []
    for position in connection.scalars(positions).all():
        here = content.where(papers.c.session_id == session_id, papers.c.position == position)
        try:
            found.append(rows.read_question(connection.execute(here).scalar_one()))
        except DAMAGE:
            found.append(Question(id="", section="", number=None, text="", file="", line=1, reference=""))
    return tuple(found)


def read_turn(connection: sa.Connection, turn_id: str) -> Turn:
    """One turn with its answer and gradings. NotFound."""
    found = _read_turns(connection, turns.c.id == turn_id)
    if not found:
        raise NotFound(f"There is no turn {turn_id}.")
    return found[0]


def refuse_deleted(connection: sa.Connection, turn_id: str) -> None:
    """Deleted: the session of a turn or the answer to it was; nothing may be added to it any more."""
    marks = sa.select(turns.c.deleted_at, sessions.c.deleted_at).join(sessions, sessions.c.id == turns.c.session_id)
    row = connection.execute(marks.where(turns.c.id == turn_id)).one_or_none()
    if row is not None and any(row):
        raise Deleted("This was deleted, so nothing was stored; your text is still in the box. Undo it, or ask anew.")


def find_turn(connection: sa.Connection, session_id: str, position: int, attempt: int) -> Turn:
    """The turn of this attempt at this position, which was asked before."""
    key = {"session_id": session_id, "position": position, "attempt": attempt}
    return _read_turns(connection, sa.and_(*(turns.c[name] == wanted for name, wanted in key.items())))[0]


def read_turns_of(connection: sa.Connection, ids: sa.Select[tuple[str]]) -> tuple[Turn, ...]:
    """The turns whose ids a statement selects, old ones first."""
    return _read_turns(connection, turns.c.id.in_(ids))


def find_successor(connection: sa.Connection, turn: Turn, *, is_follow_up: bool) -> Turn | None:
    """The retry of a turn, or the follow-up that goes on from it; None where it was not asked."""
    later = sa.and_(
        turns.c.session_id == turn.session_id, turns.c.position == turn.position, turns.c.attempt > turn.attempt
    )
    kind = turns.c.parent == turn.id if is_follow_up else turns.c.follow_up.is_(None)
    return next(iter(_read_turns(connection, sa.and_(later, kind))), None)


def is_newest(connection: sa.Connection, turn: Turn) -> bool:
    """Whether no turn of its session was asked after this one."""
    newest = sa.select(turns.c.id).where(turns.c.session_id == turn.session_id).order_by(turns.c.seq.desc()).limit(1)
    return connection.execute(newest).scalar_one() == turn.id


def last_attempt(connection: sa.Connection, turn: Turn) -> int:
    """The highest number of an attempt at the place of a turn."""
    place = (turns.c.session_id == turn.session_id, turns.c.position == turn.position)
    return connection.execute(sa.select(sa.func.max(turns.c.attempt)).where(*place)).scalar_one()


def _read_turns(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> tuple[Turn, ...]:
    answered: dict[str, Answer] = {}
    kept = sa.and_(condition, turns.c.deleted_at.is_(None))
    given = sa.select(answers).join(turns, answers.c.turn_id == turns.c.id).where(kept)
    for row in connection.execute(given).mappings():
        answered[row["turn_id"]] = rows.read_answer(row)
    graded: defaultdict[str, list[Grading]] = defaultdict(list)
    joined = gradings.join(answers, gradings.c.answer_id == answers.c.id).join(turns, answers.c.turn_id == turns.c.id)
    failed = attempts.read_of(connection, sa.select(gradings.c.id).select_from(joined).where(kept))
    wanted = sa.select(gradings).select_from(joined).where(kept).order_by(gradings.c.seq)
    for row in connection.execute(wanted).mappings():
        graded[row["answer_id"]].append(rows.read_grading(row, failed.get(row["id"], ())))
    found: list[Turn] = []
    with rows.naming("turns", ""):  # SQLAlchemy reads the JSON of all rows at once
        rows_of_turns = connection.execute(_TURNS.where(condition, _IS_SHOWN)).mappings().all()
    for row in rows_of_turns:
        answer = answered.get(row["id"])
        found.append(rows.read_turn(row, answer, tuple(graded[answer.id]) if answer else ()))
    return tuple(found)


def read_answer(connection: sa.Connection, answer_id: str) -> Answer:
    """One answer that is not deleted. NotFound."""
    wanted = sa.select(answers).join(turns, turns.c.id == answers.c.turn_id)
    kept = wanted.where(answers.c.id == answer_id, turns.c.deleted_at.is_(None))
    row = connection.execute(kept).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no answer {answer_id}.")
    return rows.read_answer(row)


def change_open_turn(connection: sa.Connection, turn_id: str, *, or_skipped: bool = False, **columns: Any) -> Turn:
    """Change a turn that is neither answered nor, unless `or_skipped`, skipped; else return it as it is. NotFound."""
    unanswered = ~sa.exists().where(answers.c.turn_id == turns.c.id)
    unskipped = sa.true() if or_skipped else turns.c.skipped_at.is_(None)
    connection.execute(sa.update(turns).where(turns.c.id == turn_id, unskipped, unanswered).values(**columns))
    changed = read_turn(connection, turn_id)
    search.index_turn(connection, turn_id)
    return changed


def finish(connection: sa.Connection, session_id: str, now: datetime) -> None:
    """Mark a session as finished; the first time counts. Now all of it is told, so it can be found."""
    ended = connection.execute(
        sa.update(sessions).where(sessions.c.id == session_id, sessions.c.finished_at.is_(None)).values(finished_at=now)
    )
    if ended.rowcount:
        search.index_session(connection, session_id)
