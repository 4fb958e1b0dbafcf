"""`sessions list|show` and `export`: what is kept, read without writing anything."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from interview.errors import LastingFault
from interview.models import Session, SessionPlan
from interview.store.store import Store
from tests.command_line import Run, data_dir, refusal, run
from tests.made_up import make_question

__all__ = ["data_dir", "run"]


@pytest.fixture
def store(data_dir: Path) -> Iterator[Store]:
    """A store that stays open for writing, as that of a running server."""
    with closing(Store.open(data_dir)) as opened:
        yield opened


@pytest.fixture
def session(store: Store) -> Session:
    questions = [make_question(1, text="Why \x9b31m?"), make_question(2)]
    made = store.create_session("First sitting", SessionPlan(lang="en"), questions)
    store.submit(made.turns[0].id, "my own words", "coverage", "default")
    return store.session(made.id)


def test_list_is_empty_where_nothing_was_ever_kept(run: Run, data_dir: Path):
    outcome = run("sessions", "list", "--json")
    assert (outcome.exit_code, json.loads(outcome.stdout)) == (0, [])
    assert sorted(path.name for path in data_dir.iterdir()) == ["backends.toml"]


def test_list_tells_what_is_kept_newest_first(run: Run, store: Store, session: Session):
    second = store.create_session("Second", SessionPlan(lang="en"), [make_question(1)])
    rows = json.loads(run("sessions", "list", "--json").stdout)
    assert [row["id"] for row in rows] == [second.id, session.id]
    assert (rows[1]["title"], rows[1]["count"], rows[1]["answered"]) == ("First sitting", 2, 1)
    assert rows[1]["mean"] is None
    older = json.loads(run("sessions", "list", "--json", "--limit", "1", "--before", second.id).stdout)
    assert [row["id"] for row in older] == [session.id]
    assert session.id in run("sessions", "list").stdout


def test_what_waits_is_told_with_its_reason_by_sessions_and_by_doctor(run: Run, store: Store, session: Session):
    assert "waiting" not in run("sessions", "list").output
    (claim,) = store.claim("me", 1, timedelta(seconds=60))
    store.put_off(claim, timedelta(minutes=10), LastingFault("far.example refuses the API key.", fault="key_refused"))
    for told in (run("sessions", "list").output, run("doctor").output):
        assert "1 grading waiting (key_refused): far.example refuses the API key." in told


def test_show_has_the_answer_and_no_control_characters(run: Run, session: Session):
    outcome = run("sessions", "show", session.id)
    assert outcome.exit_code == 0
    assert "my own words" in outcome.stdout
    assert "\x9b" not in outcome.stdout


def test_json_is_the_same_from_show_and_export_and_reads_back(run: Run, session: Session):
    shown = run("sessions", "show", session.id, "--json").stdout
    assert run("export", session.id, "--format", "json").stdout == shown
    assert "\x9b" not in shown
    assert Session.model_validate(json.loads(shown)["session"]) == session


def test_a_line_of_json_lines_ends_only_where_its_session_does(run: Run, store: Store):
    store.create_session("one\u2028title\x85and\x1cmore", SessionPlan(lang="en"), [make_question(1)])
    (line,) = run("export", "--all", "--format", "jsonl").stdout.splitlines()
    assert json.loads(line)["session"]["title"] == "one\u2028title\x85and\x1cmore"


def test_report_tells_what_a_session_comes_to_and_how_little_that_is(run: Run, session: Session):
    shown = run("sessions", "report", session.id).stdout
    assert "1 of 2 questions answered: 0 judged" in shown
    assert "too few answers to say (n = 0)" in shown
    assert "\x9b" not in shown
    read = json.loads(run("sessions", "report", session.id, "--json").stdout)
    assert (read["session"], read["answered"], read["pending"], read["mean"]) == (session.id, 1, 1, None)


def test_export_to_a_file(run: Run, session: Session, tmp_path: Path):
    target = tmp_path / "out.md"
    outcome = run("export", session.id, "--output", target)
    assert (outcome.exit_code, outcome.stdout) == (0, "")
    assert "my own words" in target.read_text(encoding="utf-8")
    assert "cannot be written" in refusal(run("export", session.id, "--output", tmp_path / "no" / "out.md"))


@pytest.mark.parametrize("command", [("sessions", "show"), ("sessions", "report"), ("export",)])
def test_a_session_that_is_not_there(run: Run, store: Store, command: tuple[str, ...]):
    assert "nowhere" in refusal(run(*command, "nowhere"))


def test_a_file_that_is_no_database(run: Run, data_dir: Path):
    (data_dir / "viva.db").write_text("not a database, but long enough to be read as one" * 30, encoding="utf-8")
    assert "viva.db" in refusal(run("sessions", "list"))


def test_search_finds_the_turn(run: Run, session: Session):
    (hit,) = json.loads(run("sessions", "search", "own WORDS", "--json").stdout)
    assert (hit["session_id"], hit["field"]) == (session.id, "answer")
    assert "answer: my own words" in run("sessions", "search", "words").stdout
    assert run("sessions", "search", "nowhere").stdout == ""
