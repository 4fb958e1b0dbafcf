"""A row that was damaged is named, and everything else of its session can be read."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from interview.errors import DamagedRow
from interview.models import SessionPlan
from interview.store.remarks import RemarkStore
from interview.store.sound import read_sound
from interview.store.store import Store
from tests.made_up import Clock, graded, make_question, some

LEASE = timedelta(seconds=60)
DAMAGES = {
    "gradings": 'outcome = \'{"status": "graded", "sco\'',
    "answers": "text = CAST(x'ff' AS TEXT)",
    "sessions": "plan = '{'",
    "question_versions": "content = '{'",
    "turns": "written_hints = '['",
    "remarks": "kind = 'shouted'",
    "turn_marks": "note = CAST(x'ff' AS TEXT)",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One session of two answered turns, each with a grade, a remark and a note."""
    with closing(Store.open(tmp_path, clock=Clock())) as store:
        session = store.create_session("t", SessionPlan(lang="en"), [make_question(1), make_question(2)])
        remarks = RemarkStore(store)
        for position in (0, 1):
            turn = store.ask(session.id, position)
            store.submit(turn.id, f"answer {position}", "g", "default")
            store.finish_grading(store.claim("me", 1, LEASE)[0], graded())
            remarks.add(turn.id, "discussion", "candidate", f"remark {position}")
            remarks.note(turn.id, f"note {position}")
    return tmp_path


def damage(folder: Path, table: str, change: str) -> None:
    """As a program would that knows nothing of ours."""
    with closing(sqlite3.connect(folder / "viva.db", isolation_level=None)) as connection:
        connection.execute(f"DROP TRIGGER IF EXISTS keep_{table}_update")
        connection.execute(f"UPDATE {table} SET {change} WHERE rowid = (SELECT min(rowid) FROM {table})")


@pytest.mark.parametrize("table", DAMAGES)
def test_a_damaged_row_is_left_out_and_named(folder: Path, table: str) -> None:
    with closing(Store.open(folder)) as store:
        (summary,) = store.summaries()
        whole = some(read_sound(store, summary.id).transcript)
        damage(folder, table, DAMAGES[table])
        sound = read_sound(store, summary.id)
        transcript = some(sound.transcript)
        assert len(sound.damaged) == 1
        assert f"of the table {table} is damaged" in sound.damaged[0]
        assert transcript.session.turns[-1] == whole.session.turns[-1]
        pieces = (len(transcript.remarks), len(transcript.marks), len(transcript.session.questions))
        assert pieces == (2 - (table == "remarks"), 2 - (table == "turn_marks"), 2)
        if table in ("gradings", "question_versions", "remarks", "turn_marks"):
            assert some(transcript.session.turns[0].answer).text == "answer 0"


@pytest.mark.parametrize("table", ["gradings", "answers", "sessions", "question_versions", "turns"])
def test_reading_the_session_says_that_a_row_is_damaged(folder: Path, table: str) -> None:
    with closing(Store.open(folder)) as store:
        (summary,) = store.summaries()
        damage(folder, table, DAMAGES[table])
        with pytest.raises(DamagedRow, match="damaged"):
            store.session(summary.id)


def test_a_session_that_is_sound_is_read_as_ever(folder: Path) -> None:
    with closing(Store.open(folder)) as store:
        (summary,) = store.summaries()
        sound = read_sound(store, summary.id)
        assert (some(sound.transcript).session, sound.damaged) == (store.session(summary.id), ())
