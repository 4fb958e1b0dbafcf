"""A row that was damaged is named, and everything else of its session can be read."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from interview.errors import DamagedRow
from interview.jobs import Jobs
from interview.models import SessionPlan
from interview.service.archive import Archive
from interview.store.remarks import RemarkStore
from interview.store.store import Store
from tests.made_up import Clock, graded, make_question

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


@pytest.mark.parametrize("table", sorted(set(DAMAGES) - {"sessions"}))
def test_what_is_damaged_of_a_session_is_left_out_and_named(folder: Path, table: str) -> None:
    with closing(Store.open(folder)) as store:
        (summary,) = store.summaries()
        archive = Archive(store, Jobs())
        whole = archive.transcript(summary.id)
        damage(folder, table, DAMAGES[table])
        transcript = archive.transcript(summary.id)
        (damaged,) = transcript.damaged
        assert damaged.table == (table if table in ("remarks", "turn_marks") else "turns")
        assert transcript.session.turns[-1] == whole.session.turns[-1]
        assert len(transcript.session.questions) == 2
        lost = {"remarks": (1, 0), "turn_marks": (0, 1)}.get(table, (1, 1))  # a turn takes its remarks along
        assert (2 - len(transcript.remarks), 2 - len(transcript.marks)) == lost


@pytest.mark.parametrize("table", ["gradings", "answers", "sessions", "question_versions", "turns"])
def test_reading_the_session_says_that_a_row_is_damaged(folder: Path, table: str) -> None:
    with closing(Store.open(folder)) as store:
        (summary,) = store.summaries()
        damage(folder, table, DAMAGES[table])
        with pytest.raises(DamagedRow, match="damaged"):
            store.session(summary.id)
