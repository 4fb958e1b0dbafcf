"""Lists and search over turns: what they need, repeated in one row per Turn by the transactions that change it."""

import json
from collections.abc import Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from interview.models import PRACTICE, ArchiveFilter, Choices, Hit
from interview.models.archive import Found
from interview.report import GradingStanding, TurnStanding, mark, scores
from interview.store.rows import read_question
from interview.store.schema import (
    answers,
    gradings,
    papers,
    question_versions,
    sessions,
    turn_facts,
    turn_marks,
    turns,
)
from interview.store.summaries import TELLS_NOTHING_YET, on_shelf
from interview.text import bigram_query, bigrams, spans_of

_FIELDS = ("question", "answer", "feedback", "note")
_words = sa.table("search", sa.column("rowid", sa.Integer), *(sa.column(name, sa.Text) for name in _FIELDS))
_AROUND = 48  # characters of a snippet on each side of the words found
_feedback = sa.func.json_extract(gradings.c.outcome, "$.feedback").label("feedback")

# By name, for a migration of old runs this too, before the later columns of `turns` are there.
_OF_TURN = ("seq", "id", "session_id", "position", "attempt", "asked_at", "skipped_at", "follow_up")
_ASKED = (
    sa.select(*(turns.c[name] for name in _OF_TURN))
    .add_columns(sessions.c.plan, question_versions.c.content, turn_marks.c.starred, turn_marks.c.note)
    .add_columns(TELLS_NOTHING_YET.label("silent"))
    .join(sessions, sessions.c.id == turns.c.session_id)
    .join(papers, sa.and_(papers.c.session_id == turns.c.session_id, papers.c.position == turns.c.position))
    .join(question_versions, question_versions.c.version == papers.c.version)
    .outerjoin(turn_marks, turn_marks.c.turn_id == turns.c.id)
)

# A follow-up that nobody answered repeats its question; it is found only by what the candidate put beside it.
_PASSED_OVER = sa.and_(
    turn_facts.c.mark.in_(("open", "skipped")),
    sa.not_(turn_facts.c.starred),
    sa.exists().where(turns.c.seq == turn_facts.c.seq, turns.c.follow_up.is_not(None)),
    sa.not_(
        sa.exists().where(turns.c.seq == turn_facts.c.seq, turn_marks.c.turn_id == turns.c.id, turn_marks.c.note != "")
    ),
)

# --- writing


def index_turn(connection: sa.Connection, turn_id: str) -> None:
    """Repeat what the tables say about a Turn; to be called wherever a transaction changed something of that.

    Of a grade that is not told yet neither band nor score nor feedback can be found. A deleted Turn is not found.
    """
    deleted = sa.select(turns.c.seq).where(turns.c.id == turn_id, turns.c.deleted_at.is_not(None))
    if connection.scalar(deleted) is None:
        _index(connection, turn_id)
    else:
        unindex(connection, deleted)


def unindex(connection: sa.Connection, numbers: sa.Select[tuple[int]]) -> None:
    """Take turns, whose `seq` a statement selects, out of lists and search."""
    connection.execute(sa.delete(_words).where(_words.c.rowid.in_(numbers)))
    connection.execute(sa.delete(turn_facts).where(turn_facts.c.seq.in_(numbers)))


def compact(connection: sa.Connection) -> None:
    """Merge the full-text index into one segment, so that none of the words which were taken out is left in it."""
    connection.exec_driver_sql("INSERT INTO search(search) VALUES ('optimize')")


def _index(connection: sa.Connection, turn_id: str) -> None:
    asked = connection.execute(_ASKED.where(turns.c.id == turn_id)).mappings().one()
    answer = connection.execute(sa.select(answers).where(answers.c.turn_id == turn_id)).mappings().one_or_none()
    graded = () if answer is None else _gradings(connection, answer["id"])
    question = read_question(asked["content"])
    standing = _standing(asked, answer is not None, graded)
    silent = asked["silent"] and standing.state == "answered"
    facts: dict[str, Any] = {
        "session_id": asked["session_id"],
        "section": question.section,
        "tags": _lines(question.tags),
        "mode": mode_of(asked["plan"]),
        "mark": "answered" if silent else mark(standing),
        "score": None if silent else next(iter(scores([standing])), None),
        "graders": _lines(sorted({row["grader"] for row in graded})),
        "starred": bool(asked["starred"]),
        "asked_at": asked["asked_at"],
    }
    statement = insert(turn_facts).values(seq=asked["seq"], **facts)
    connection.execute(statement.on_conflict_do_update(index_elements=["seq"], set_=facts))
    texts = (
        f"{question.text}\n{asked['follow_up'] or ''}",
        answer["text"] if answer else "",
        "" if silent else "\n".join(row["feedback"] or "" for row in graded),
        asked["note"] or "",
    )
    connection.execute(sa.delete(_words).where(_words.c.rowid == asked["seq"]))
    indexed = {name: bigrams(text) for name, text in zip(_FIELDS, texts, strict=True)}
    connection.execute(sa.insert(_words).values(rowid=asked["seq"], **indexed))


def index_answer(connection: sa.Connection, answer_id: str) -> None:
    """`index_turn` for the Turn of an answer."""
    index_turn(
        connection, connection.execute(sa.select(answers.c.turn_id).where(answers.c.id == answer_id)).scalar_one()
    )


def index_session(connection: sa.Connection, session_id: str) -> None:
    """`index_turn` for the turns of a session."""
    for turn_id in connection.scalars(sa.select(turns.c.id).where(turns.c.session_id == session_id)).all():
        index_turn(connection, turn_id)


def index_all(connection: sa.Connection) -> None:
    """Index every Turn; for a migration that makes the index, when no Turn can be deleted yet."""
    for turn_id in connection.scalars(sa.select(turns.c.id).order_by(turns.c.seq)).all():
        _index(connection, turn_id)


def mode_of(plan: str) -> str:
    """The mode of a session from its stored plan; plans of before there were modes are of `practice`."""
    content = cast("dict[str, Any]", json.loads(plan))
    return str(content.get("mode") or PRACTICE)


def _gradings(connection: sa.Connection, answer_id: str) -> Sequence[sa.RowMapping]:
    columns = [gradings.c[name] for name in ("grader", "state", "label", "score", "max_score", "band")]
    wanted = sa.select(*columns, _feedback).where(gradings.c.answer_id == answer_id).order_by(gradings.c.seq)
    return connection.execute(wanted).mappings().all()


def _standing(asked: sa.RowMapping, answered: bool, graded: Sequence[sa.RowMapping]) -> TurnStanding:
    names = ("state", "label", "score", "max_score")
    return TurnStanding(
        position=asked["position"],
        attempt=asked["attempt"],
        state="answered" if answered else "open" if asked["skipped_at"] is None else "skipped",
        gradings=tuple(
            GradingStanding(**{name: row[name] for name in names}, band=row["band"] or "") for row in graded
        ),
    )


def _lines(names: Sequence[str]) -> str:
    return "".join(f"\n{name}\n" for name in names)


# --- reading


def find(connection: sa.Connection, wanted: ArchiveFilter, limit: int, before: int | None) -> tuple[Hit, ...]:
    """Up to `limit` turns that fit the filter, newest first, asked before the one of number `before`."""
    numbers = connection.scalars(_numbers(wanted, before).limit(limit)).all()
    if not numbers:
        return ()
    told = (turn_facts.c.mark, turn_facts.c.score, sessions.c.title, answers.c.id.label("answer_id"), answers.c.text)
    query = (
        _ASKED.add_columns(*told)
        .join(turn_facts, turn_facts.c.seq == turns.c.seq)
        .outerjoin(answers, answers.c.turn_id == turns.c.id)
        .where(turns.c.seq.in_(numbers))
        .order_by(turns.c.seq.desc())
    )
    return tuple(_hit(connection, row, wanted.words) for row in connection.execute(query).mappings())


def _numbers(wanted: ArchiveFilter, before: int | None) -> sa.Select[tuple[Any]]:
    """The numbers of the turns, newest first, by a walk along one index that ends with the last one needed.

    Words are looked up first, in the order of the full-text table, and every other condition is asked of each of its
    rows: joined the other way round, or sorted, a common word would cost as much as all turns that have it.
    """
    shelved = sa.exists().where(sessions.c.id == turn_facts.c.session_id, on_shelf(wanted.shelf))
    facts = (shelved, *_conditions(wanted))
    if wanted.words.strip():
        number = _words.c.rowid
        query = bigram_query(wanted.words)
        matches = sa.literal_column("search").op("MATCH")(query) if query else sa.false()
        found = sa.select(number).where(matches, sa.exists().where(turn_facts.c.seq == number, *facts))
    else:
        number = turn_facts.c.seq
        found = sa.select(number).where(*facts)
    return (found if before is None else found.where(number < before)).order_by(number.desc())


def _conditions(wanted: ArchiveFilter) -> list[sa.ColumnElement[bool]]:
    facts = turn_facts.c
    found: list[sa.ColumnElement[bool]] = [sa.not_(_PASSED_OVER)]
    for column, value in ((facts.section, wanted.section), (facts.mark, wanted.mark), (facts.mode, wanted.mode)):
        if value:
            found.append(column == value)
    for column, value in ((facts.tags, wanted.tag), (facts.graders, wanted.grader)):
        if value:
            found.append(sa.func.instr(column, f"\n{value}\n") > 0)
    if wanted.starred:
        found.append(facts.starred)
    if wanted.since is not None:
        found.append(facts.asked_at >= wanted.since)
    if wanted.until is not None:
        found.append(facts.asked_at < wanted.until)
    return found


def _hit(connection: sa.Connection, row: sa.RowMapping, words: str) -> Hit:
    question = read_question(row["content"])
    asked: str = row["follow_up"] or question.text
    told = max((asked, question.text), key=lambda text: len(spans_of(words, text)))
    field, text = _where(connection, row, told, words)
    start, end, spans = _around(text, spans_of(words, text))
    return Hit(
        seq=row["seq"],
        turn_id=row["id"],
        session_id=row["session_id"],
        title=row["title"],
        position=row["position"],
        attempt=row["attempt"],
        question=asked,
        section=question.section,
        at=row["asked_at"],
        mark=row["mark"],
        score=row["score"],
        starred=bool(row["starred"]),
        field=field,
        snippet=text[start:end],
        cut=(start > 0, end < len(text)),
        spans=tuple((first - start, last - start) for first, last in spans if start <= first and last <= end),
    )


def _where(connection: sa.Connection, row: sa.RowMapping, question: str, words: str) -> tuple[Found, str]:
    """The field that shows most of the words, and its text. A grade's feedback is read only where it must be."""
    texts: dict[Found, str] = {"question": question, "answer": row["text"] or "", "note": row["note"] or ""}
    best = max(texts, key=lambda name: len(spans_of(words, texts[name])))
    if words.strip() and row["answer_id"] and not row["silent"] and not spans_of(words, texts[best]):
        wanted = sa.select(_feedback).where(gradings.c.answer_id == row["answer_id"])
        for feedback in connection.scalars(wanted):
            if spans_of(words, feedback or ""):
                return "feedback", feedback
    return best, texts[best]


def _around(text: str, spans: Sequence[tuple[int, int]]) -> tuple[int, int, Sequence[tuple[int, int]]]:
    first, last = spans[0] if spans else (0, 0)
    return max(0, first - _AROUND), min(len(text), last + 2 * _AROUND), spans


def choices(connection: sa.Connection) -> Choices:
    """Every section, tag, mode and grader that a filter could name, in the order of the alphabet."""

    def known(column: sa.Column[Any]) -> tuple[str, ...]:
        found = connection.scalars(sa.select(column).distinct())
        return tuple(sorted({name for text in found for name in text.split("\n") if name}))

    facts = turn_facts.c
    return Choices(
        sections=known(facts.section), tags=known(facts.tags), modes=known(facts.mode), graders=known(facts.graders)
    )
