"""The list of sessions: marks and means of many sessions from a few columns, without parsing a single grade."""

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa

from interview.models import SessionSummary, Shelf
from interview.report import GradingStanding, TurnStanding, marks, mean
from interview.store.rows import state_of
from interview.store.schema import answers, gradings, papers, sessions, turns

# A mock interview that still runs, of which nothing that a grade says is told; see Session.tells_nothing_yet.
TELLS_NOTHING_YET = sa.and_(
    sa.func.coalesce(sa.func.json_extract(sessions.c.plan, "$.mode"), "") == "mock", sessions.c.finished_at.is_(None)
)


# For statements that join `turns` and `sessions`: neither was deleted.
NOT_DELETED = sa.and_(turns.c.deleted_at.is_(None), sessions.c.deleted_at.is_(None))


def count(connection: sa.Connection) -> int:
    """How many sessions there are."""
    return connection.execute(sa.select(sa.func.count()).select_from(sessions)).scalar_one()


def on_shelf(shelf: Shelf) -> sa.ColumnElement[bool]:
    """Whether a session stands on that shelf; what was deleted stands on no other."""
    if shelf == "deleted":
        return sessions.c.deleted_at.is_not(None)
    archived = sessions.c.archived_at
    return sa.and_(sessions.c.deleted_at.is_(None), archived.is_(None) if shelf == "active" else archived.is_not(None))


def read_summaries(
    connection: sa.Connection, limit: int, before: str | None, *, unfinished: bool = False, shelf: Shelf = "active"
) -> tuple[SessionSummary, ...]:
    """Up to `limit` sessions of a shelf, newest first, older than the session `before`."""
    wanted = (
        sa.select(sessions, TELLS_NOTHING_YET.label("silent"))
        .where(on_shelf(shelf))
        .order_by(sessions.c.seq.desc())
        .limit(limit)
    )
    if before is not None:
        wanted = wanted.where(
            sessions.c.seq < sa.select(sessions.c.seq).where(sessions.c.id == before).scalar_subquery()
        )
    if unfinished:
        wanted = wanted.where(sessions.c.finished_at.is_(None))
    found = list(connection.execute(wanted).mappings())
    ids = [row["id"] for row in found]
    sizes = (
        sa.select(papers.c.session_id, sa.func.count().label("size"))
        .where(papers.c.session_id.in_(ids))
        .group_by(papers.c.session_id)
    )
    counts: dict[str, int] = {row["session_id"]: row["size"] for row in connection.execute(sizes).mappings()}
    standings, graders = _read_standings(connection, ids)
    return tuple(
        SessionSummary(
            id=row["id"],
            title=row["title"],
            created_at=row["created_at"],
            finished_at=row["finished_at"],
            count=counts[row["id"]],
            answered=len({turn.position for turn in standings[row["id"]] if turn.state == "answered"}),
            graders=tuple(graders[row["id"]]),
            mean=None if row["silent"] else mean(standings[row["id"]]),
            own_mean=None if row["silent"] else mean(standings[row["id"]], "own"),
            marks=_told(marks(standings[row["id"]], counts[row["id"]]), silent=row["silent"]),
            tells_nothing_yet=row["silent"],
        )
        for row in found
    )


def _told(words: Sequence[str], *, silent: bool) -> tuple[str, ...]:
    """The marks, as far as they may be told."""
    return tuple(word if not silent or word in ("open", "skipped") else "answered" for word in words)


def _read_standings(
    connection: sa.Connection, ids: Sequence[str]
) -> tuple[defaultdict[str, list[TurnStanding]], defaultdict[str, dict[str, None]]]:
    """Turns and names of graders per session; a turn with several gradings comes as several rows."""
    wanted = (
        sa.select(
            turns.c.id.label("turn_id"),
            turns.c.session_id,
            turns.c.position,
            turns.c.attempt,
            turns.c.skipped_at,
            turns.c.deleted_at,
            turns.c.parent,
            answers.c.id.label("answer_id"),
            *(gradings.c[name] for name in ("grader", "state", "label", "score", "max_score", "band")),
        )
        .outerjoin(answers, sa.and_(answers.c.turn_id == turns.c.id, turns.c.deleted_at.is_(None)))
        .outerjoin(gradings, gradings.c.answer_id == answers.c.id)
        .where(turns.c.session_id.in_(ids), turns.c.follow_up.is_(None))
        .order_by(turns.c.seq, gradings.c.seq)
    )
    first: dict[str, sa.RowMapping] = {}
    found: defaultdict[str, list[GradingStanding]] = defaultdict(list)
    graders: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for row in connection.execute(wanted).mappings():
        first.setdefault(row["turn_id"], row)
        if row["state"] is not None:
            graders[row["session_id"]][row["grader"]] = None
            found[row["turn_id"]].append(
                GradingStanding(
                    state=row["state"],
                    label=row["label"],
                    score=row["score"],
                    max_score=row["max_score"],
                    band=row["band"] or "",
                )
            )
    standings: defaultdict[str, list[TurnStanding]] = defaultdict(list)
    for turn_id, row in first.items():
        standings[row["session_id"]].append(
            TurnStanding(
                position=row["position"],
                attempt=row["attempt"],
                state=state_of(row, is_answered=row["answer_id"] is not None),
                is_follow_up=bool(row["parent"]),
                gradings=tuple(found[turn_id]),
            )
        )
    return standings, graders
