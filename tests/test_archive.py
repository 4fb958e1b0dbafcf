"""Turns found again, sessions put away and brought back, marks, and what is beside a turn."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interview.errors import ContentError, NotFound
from interview.jobs import Jobs
from interview.models import ArchiveFilter, Graded, SelfGraded, Session, SessionPlan
from interview.service.archive import Archive
from interview.store.appeals import StoredAppeals
from interview.store.checklists import QuestionHistory
from interview.store.deletions import Deletions
from interview.store.store import Store
from interview.text import bigram_query, bigrams, spans_of
from tests.made_up import Clock, graded, make_question, some

LEASE = timedelta(seconds=60)
WORD = st.text(alphabet="注意力机制残差abcXYZ12 ，。-", max_size=12)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(tmp_path, clock=Clock())) as opened:
        yield opened


@pytest.fixture
def archive(store: Store) -> Archive:
    return Archive(store, Jobs())


def answered(store: Store, said: str, outcome: Graded | None = None, grader: str = "g", **question) -> Session:
    session = store.create_session("t", SessionPlan(lang="en"), [make_question(1, **question)])
    store.submit(session.turns[0].id, said, grader, "default")
    if outcome is not None:
        assert store.finish_grading(store.claim("me", 9, LEASE)[0], outcome)
    return store.session(session.id)


def found(archive: Archive, **wanted) -> list[str]:
    return [hit.session_id for hit in archive.find(ArchiveFilter(**wanted))]


# --- the bigrams


@given(WORD, WORD, WORD)
def test_any_part_of_a_text_is_found_at_its_place(before: str, part: str, after: str):
    text = before + part + after
    for start, end in spans_of(part, text):
        assert 0 <= start < end <= len(text)
    if any(character.isalnum() for character in part):
        assert spans_of(part, text)


@given(WORD, WORD)
def test_the_index_finds_what_the_eye_finds(text: str, words: str):
    """FTS5 and `spans_of` agree on every single run of letters."""
    import sqlite3

    runs = "".join(c if c.isalnum() else " " for c in words).split()[:1]
    query = bigram_query(runs[0]) if runs else ""
    if not query or " AND " in query:
        return
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE s USING fts5(t, tokenize='unicode61 remove_diacritics 0')")
        connection.execute("INSERT INTO s VALUES (?)", (bigrams(text),))
        hits = connection.execute("SELECT count(*) FROM s WHERE s MATCH ?", (query,)).fetchone()[0]
    assert bool(hits) == bool(spans_of(runs[0], text))


def test_case_and_width_do_not_count():
    assert spans_of("ｂｅｒｔ", "see BERT") == ((4, 8),)
    assert spans_of("残差", "加残差连接") == ((1, 3),)


# --- search


@pytest.mark.parametrize("words", ["残差", "LAYER norm", "norm", "残差 norm", "差"])
def test_an_answer_is_found_by_words_of_two_characters_and_by_parts(store: Store, archive: Archive, words: str):
    session = answered(store, "先加残差连接，再做 layer-norm。")
    answered(store, "something else")
    assert found(archive, words=words) == [session.id]
    assert found(archive, words="残缺") == []


@pytest.mark.parametrize("words", ["++", "，", '" OR "'])
def test_words_without_a_letter_find_nothing_and_no_words_break_the_query(archive: Archive, store: Store, words: str):
    answered(store, "a text")
    assert found(archive, words=words) == []


def test_question_feedback_and_note_are_found_with_the_place_marked(store: Store, archive: Archive):
    session = answered(store, "an answer", graded(feedback="你漏了温度系数"), text="Why scale the softmax?")
    archive.note(session.turns[0].id, "复习 logits 的推导")
    for words, field in [("softmax", "question"), ("温度", "feedback"), ("推导", "note")]:
        (hit,) = archive.find(ArchiveFilter(words=words))
        assert hit.field == field
        ((start, end),) = hit.spans
        assert hit.snippet[start:end].lower() == words
    archive.note(session.turns[0].id, "")
    assert found(archive, words="推导") == []


def test_a_follow_up_is_found_once_it_has_an_answer_and_its_question_at_any_time(store: Store, archive: Archive):
    session = answered(store, "an answer", text="Why scale the softmax?")
    asked = some(store.follow_up(session.turns[0].id, "And what if the softmax is not scaled?"))
    for wanted in (ArchiveFilter(words="softmax"), ArchiveFilter(section="S")):
        assert [hit.turn_id for hit in archive.find(wanted)] == [session.turns[0].id]
    archive.note(asked.id, "read about the softmax again")
    assert len(found(archive, words="softmax")) == 2
    archive.note(asked.id, "")
    store.submit(asked.id, "it saturates", "g", "default")
    assert len(found(archive, words="softmax")) == 2
    (hit,) = archive.find(ArchiveFilter(words="what if"))
    asked_for = "And what if the softmax is not scaled?"
    assert (hit.turn_id, hit.field, hit.question, hit.snippet) == (asked.id, "question", asked_for, asked_for)
    assert [hit.snippet[start:end] for start, end in hit.spans] == ["what", "if"]
    (of_main,) = [hit for hit in archive.find(ArchiveFilter(words="why")) if hit.turn_id == asked.id]
    assert of_main.snippet == "Why scale the softmax?"
    (of_answer,) = archive.find(ArchiveFilter(words="saturates"))
    assert (of_answer.field, of_answer.question) == ("answer", asked_for)
    alone = store.create_session("t", SessionPlan(lang="en"), [make_question(2, text="What is a softmax?")])
    assert alone.id in found(archive, words="softmax")  # not answered, but a question of its own


def test_an_own_verdict_and_a_grade_counted_anew_are_found_by_their_mark_at_once(store: Store, archive: Archive):
    session = answered(store, "an answer", graded(2.0, band="weak", feedback="mind the temperature"))
    answer = some(session.turns[0].answer)
    QuestionHistory(store).add_corrected(
        answer.id, "g", "default", graded(9.0, band="strong", feedback="the notes were wrong")
    )
    assert found(archive, mark="strong") == [session.id]
    assert found(archive, mark="weak") == []
    StoredAppeals(store).add_own(answer.id, "default", SelfGraded(score=7.0, max_score=10.0, note="", over=""))
    assert found(archive, mark="own") == [session.id]
    assert found(archive, mark="strong") == []
    for words in ("temperature", "notes were wrong"):  # every grade stays, and so do its words
        (hit,) = archive.find(ArchiveFilter(words=words, mark="own"))
        assert (hit.field, hit.score) == ("feedback", None)


def test_filters_each_leave_the_others_out(store: Store, archive: Archive):
    strong = answered(store, "x", graded(9.0, band="strong"), section="A", tags=("nlp",), id="a/1")
    weak = answered(store, "x", graded(1.0, band="weak"), grader="h", section="B", id="b/1")
    pending = answered(store, "x", section="C", id="c/1")
    archive.star(weak.turns[0].id, True)
    for wanted, session in [
        ({"section": "A"}, strong),
        ({"tag": "nlp"}, strong),
        ({"mark": "weak"}, weak),
        ({"grader": "h"}, weak),
        ({"starred": True}, weak),
        ({"mark": "pending"}, pending),
        ({"words": "x", "section": "C"}, pending),
    ]:
        assert found(archive, **wanted) == [session.id], wanted
    assert len(found(archive, mode="practice")) == 3
    assert found(archive, since=Clock().now + timedelta(days=1)) == []
    assert len(found(archive, until=Clock().now + timedelta(days=1))) == 3
    choices = archive.choices()
    assert (choices.sections, choices.tags, choices.graders) == (("A", "B", "C"), ("nlp",), ("g", "h"))


def test_what_was_deleted_is_not_found_and_undo_brings_it_back(store: Store, archive: Archive):
    session = answered(store, "残差连接")
    Deletions(store).order_session(session.id)
    assert found(archive, words="残差") == []
    assert archive.sessions() == ()
    assert [one.id for one in archive.sessions("deleted")] == [session.id]
    assert store.summaries() == ()
    Deletions(store).undo(session.id)
    assert found(archive, words="残差") == [session.id]
    assert archive.transcript(session.id).session == session


def test_archived_sessions_stand_on_their_own_shelf(store: Store, archive: Archive):
    session = answered(store, "残差连接")
    archive.archive(session.id)
    assert archive.sessions() == ()
    assert archive.shelf_of(session.id) == "archived"
    assert found(archive, words="残差", shelf="archived") == [session.id]
    archive.archive(session.id, False)
    assert archive.shelf_of(session.id) == "active"


def test_a_title_is_one_line_of_some_letters(store: Store, archive: Archive):
    session = answered(store, "x")
    archive.rename(session.id, "  First \n sitting ")
    assert store.session(session.id).title == "First sitting"
    for title in ("  ", "x" * 201):
        with pytest.raises(ContentError):
            archive.rename(session.id, title)
    with pytest.raises(NotFound):
        archive.rename("nowhere", "x")


def test_an_index_serves_every_search(store: Store, archive: Archive):
    """Turns are found in the order of an index: no table is walked through, and nothing is sorted."""
    answered(store, "残差连接", graded(), section="A")
    plans: list[list[str]] = []

    def explain(connection, cursor, statement, parameters, *rest):
        if statement.startswith("SELECT"):
            raw = connection.connection.driver_connection
            plans.append([row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)])

    from sqlalchemy import event

    event.listen(store._engine, "before_cursor_execute", explain)
    for wanted in ({"words": "残差"}, {"section": "A"}, {"mark": "weak"}, {"words": "残差", "mark": "weak"}):
        plans.clear()
        archive.find(ArchiveFilter.model_validate(wanted))
        for step in plans[0]:  # which turns; of more than it needs it must look at none
            assert "TEMP B-TREE" not in step, (wanted, plans[0])
            assert not step.startswith("SCAN") or "search" in step, (wanted, plans[0])


def test_what_was_answered_before_there_was_a_search_is_found(tmp_path: Path):
    """A database of the first revision, with an answer and its grade, opened by this program."""
    from alembic import command

    from interview.store import migrate
    from interview.store.engine import APPLICATION_ID, make_engine
    from interview.store.rows import write_outcome, write_question

    now = Clock().now
    version = write_question(make_question(1, section="A"))
    outcome = write_outcome(graded(9.0, band="strong", feedback="你漏了温度系数"))
    rows = {
        "question_versions": version,
        "sessions": {"id": "s1", "title": "Old", "plan": SessionPlan(lang="zh").model_dump_json(), "created_at": now},
        "papers": {"session_id": "s1", "position": 0, "version": version["version"]},
        "turns": {"id": "t1", "session_id": "s1", "position": 0, "attempt": 1, "asked_at": now},
        "answers": {"id": "a1", "turn_id": "t1", "text": "先加残差连接", "created_at": now},
        "gradings": {
            **{"id": "g1", "answer_id": "a1", "grader": "g", "rubric": "default", "created_at": now},
            **{"state": "done", "attempt": 1, "faults": 0, **outcome},
        },
    }
    engine = make_engine(tmp_path / "viva.db")
    with engine.begin() as connection:
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        config = migrate.configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for table, row in rows.items():
            names = ", ".join(row)
            marks = ", ".join("?" for _ in row)
            values = tuple(
                str(value).partition("+")[0] if name.endswith("_at") else value for name, value in row.items()
            )
            connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)
    engine.dispose()
    with closing(Store.open(tmp_path, clock=Clock())) as store:
        archive = Archive(store, Jobs())
        for wanted in ({"words": "残差"}, {"words": "温度"}, {"mark": "strong", "section": "A"}):
            assert found(archive, **wanted) == ["s1"], wanted
