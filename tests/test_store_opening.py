import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from interview.errors import PassingFault, StoreError, StoreHeld
from interview.models import SessionPlan
from interview.store import migrate
from interview.store.engine import APPLICATION_ID
from interview.store.schema import METADATA
from interview.store.store import Store
from tests.conftest import REPO
from tests.made_up import Clock, graded, make_question, some

LEASE = timedelta(seconds=60)
HEAD, LATER = migrate.HEAD, "9998"


def filled(folder: Path) -> str:
    """A database with one answered and graded turn; returns the session's id."""
    store = Store.open(folder, clock=Clock())
    session = store.create_session("t", SessionPlan(lang="en"), [make_question(1)])
    store.submit(session.turns[0].id, "text", "g", "default")
    store.finish_grading(store.claim("me", 1, LEASE)[0], graded())
    store.close()
    return session.id


def everything_below(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def raw(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / "viva.db", isolation_level=None)


def test_the_constant_is_the_one_head_of_the_migrations() -> None:
    from alembic.script import ScriptDirectory

    assert ScriptDirectory.from_config(migrate.configuration()).get_heads() == [migrate.HEAD]


def test_migrations_and_tables_agree(tmp_path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    filled(tmp_path)
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'viva.db'}")
    options = {
        "compare_type": True,
        "compare_server_default": True,
        "include_name": lambda name, kind, _: kind != "table" or not name.startswith("search"),  # a virtual table
    }
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []
    # Autogenerate does not see checks, nor names of keys: the statements themselves must name the same things.
    fresh = sa.create_engine("sqlite://")
    METADATA.create_all(fresh)
    with engine.connect() as migrated, fresh.connect() as made:
        assert constraint_names(migrated) == constraint_names(made)
    engine.dispose()
    fresh.dispose()


def constraint_names(connection: sa.Connection) -> set[str]:

    statements = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").scalars()
    return {
        name for text in statements for name in re.findall(r"\b(?:ck|fk|pk|uq|ix)_\w+", text) if "alembic" not in name
    }


def test_durable_settings(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}
    wanted["application_id"] = APPLICATION_ID
    with store.writing() as connection:
        read = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}
    store.close()
    assert read == wanted


def test_opening_again_imports_no_alembic(tmp_path: Path) -> None:
    filled(tmp_path)
    code = (
        "import sys; from pathlib import Path; from interview.store.store import Store; "
        f"Store.open(Path({str(tmp_path)!r})).close(); sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPO)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE answers SET text = 'better'", "never changed"),
        ("DELETE FROM answers", "never deleted"),
        ("UPDATE gradings SET score = 10", "never changed"),
        ("UPDATE gradings SET state = 'pending', outcome = NULL", "never changed"),
        ("DELETE FROM gradings", "never deleted"),
        ("UPDATE question_versions SET content = '{}'", "never changed"),
        ("DELETE FROM question_versions", "never deleted"),
    ],
)
def test_the_database_itself_refuses_to_change_a_record(tmp_path: Path, statement: str, words: str) -> None:
    filled(tmp_path)
    with closing(raw(tmp_path)) as connection, pytest.raises(sqlite3.IntegrityError, match=words):
        connection.execute(statement)


def test_a_second_process_is_told_who_holds_the_folder_and_may_read(tmp_path: Path) -> None:
    session_id = filled(tmp_path)
    code = (
        "import sys; from pathlib import Path; from interview.store.store import Store; "
        f"store = Store.open(Path({str(tmp_path)!r})); print('open', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code], cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert some(holder.stdout).readline() == "open\n"
        with pytest.raises(StoreHeld, match=rf"process {holder.pid} on .* started 20\d\d-"):
            Store.open(tmp_path)
        reader = Store.open(tmp_path, read_only=True)
        assert reader.read_only
        assert some(reader.session(session_id).turns[0].answer).text == "text"
        with pytest.raises(StoreError, match="reading only"):
            reader.finish(session_id)
        reader.close()
    finally:
        holder.kill()
        holder.communicate()
    Store.open(tmp_path).close()  # a killed process holds nothing


def test_the_same_process_cannot_hold_a_folder_twice_and_a_closed_store_holds_nothing(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    with pytest.raises(StoreHeld, match=rf"process {os.getpid()}"):
        Store.open(tmp_path)
    store.close()
    store.close()
    Store.open(tmp_path).close()


def test_running_gradings_of_a_dead_process_are_due_at_once(tmp_path: Path) -> None:
    store = Store.open(tmp_path, clock=Clock())
    session = store.create_session("t", SessionPlan(lang="en"), [make_question(1)])
    store.submit(session.turns[0].id, "text", "g", "default")
    (old,) = store.claim("dead", 1, LEASE)
    store.close()
    store = Store.open(tmp_path, clock=Clock())
    assert store.turn(old.turn_id).gradings[0].state == "pending"
    (new,) = store.claim("alive", 1, LEASE)
    assert new.attempt == 2
    assert not store.finish_grading(old, graded())
    store.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match=r"file.* cannot be written .*--data-dir"):
        Store.open(tmp_path / "file" / "data")


def test_a_read_only_database_file_is_named(tmp_path: Path) -> None:
    filled(tmp_path)
    store = Store.open(tmp_path)
    with store._engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.exec_driver_sql("BEGIN")
        connection.commit()
    with pytest.raises(StoreError, match=r"viva\.db cannot be written"):
        store.remember("key", 1)
    store.close()


@pytest.mark.parametrize(
    "content", [b"just a text, and no database at all" * 9, b"\x00" * 4096, b"SQLite format 3\x00"]
)
def test_what_is_no_database_is_refused_untouched(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "viva.db").write_bytes(content)
    before = everything_below(tmp_path)
    with pytest.raises(StoreError, match=r"viva\.db .*left as it is.*"):
        Store.open(tmp_path)
    after = everything_below(tmp_path)
    assert after["viva.db"] == before["viva.db"]


def test_a_database_of_another_program_is_refused_untouched(tmp_path: Path) -> None:
    with closing(raw(tmp_path)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    before = (tmp_path / "viva.db").read_bytes()
    with pytest.raises(StoreError, match="not one of Viva"):
        Store.open(tmp_path)
    assert (tmp_path / "viva.db").read_bytes() == before


def test_a_newer_database_is_refused_untouched(tmp_path: Path) -> None:
    filled(tmp_path)
    with closing(raw(tmp_path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = (tmp_path / "viva.db").read_bytes()
    for read_only in (False, True):
        with pytest.raises(StoreError, match=r"newer version of Viva \(its schema is 9999"):
            Store.open(tmp_path, read_only=read_only)
    assert (tmp_path / "viva.db").read_bytes() == before
    assert not (tmp_path / "backups").exists()


def test_a_reader_of_nothing_is_told_so_and_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no database"):
        Store.open(tmp_path, read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_damage_is_found_at_start_or_said_when_met_and_nothing_is_written(tmp_path: Path) -> None:
    filled(tmp_path)
    whole = (tmp_path / "viva.db").read_bytes()
    page = 4096
    refused = 0
    for number in range(1, len(whole) // page):  # the first page is the header, tested above
        broken = bytearray(whole)
        broken[number * page : number * page + 64] = b"\xff" * 64
        (tmp_path / "viva.db").write_bytes(broken)
        with pytest.raises(StoreError, match=r"viva\.db is damaged and was left as it is"):
            Store.open(tmp_path)
        assert (tmp_path / "viva.db").read_bytes() == bytes(broken)
        refused += 1
    assert refused > 5


def test_a_migration_of_an_existing_database_copies_it_first_and_fails_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later revision that fails half-way leaves the old database, and the copy made before it can be opened."""
    session_id = filled(tmp_path)
    scripts = tmp_path / "migrations"
    later(scripts, "op.add_column('answers', sa.Column('note', sa.Text)); raise RuntimeError('broken half-way')")
    monkeypatch.setattr(migrate, "HEAD", LATER)
    monkeypatch.setattr(migrate, "_SCRIPTS", scripts)
    with pytest.raises(RuntimeError, match="broken half-way"):
        Store.open(tmp_path)
    with closing(raw(tmp_path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,)
        assert "note" not in {row[1] for row in connection.execute("PRAGMA table_info(answers)")}

    later(scripts, "op.add_column('answers', sa.Column('note', sa.Text))")
    with pytest.raises(StoreError, match="older version"):
        Store.open(tmp_path, read_only=True)
    store = Store.open(tmp_path, clock=Clock())
    assert some(store.session(session_id).turns[0].answer).text == "text"
    assert store.backup is not None
    store.close()
    with closing(raw(tmp_path)) as connection:
        assert "note" in {row[1] for row in connection.execute("PRAGMA table_info(answers)")}
    with closing(sqlite3.connect(store.backup)) as copy:
        assert copy.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,)
        assert copy.execute("SELECT text FROM answers").fetchall() == [("text",)]
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)


# What each revision added, taken away again: newest first.
TAKEN_AWAY = {
    "0003": [
        "DROP TABLE attempts",
        *(f"ALTER TABLE gradings DROP COLUMN {name}" for name in ("waiting_detail", "put_off_at", "bad_replies")),
    ],
    "0002": ["ALTER TABLE turns DROP COLUMN written_hints"],
}


def back_to(folder: Path, revision: str) -> None:
    """Make the database of `folder` one of an earlier release."""
    with closing(raw(folder)) as connection:
        for older, statements in TAKEN_AWAY.items():
            for statement in statements:
                connection.execute(statement)
            if older == revision:
                break
        connection.execute(f"UPDATE alembic_version SET version_num = '{revision}'")


@pytest.mark.parametrize("revision", TAKEN_AWAY)
def test_a_grading_that_waited_in_an_older_database_waits_on(tmp_path: Path, revision: str) -> None:
    clock = Clock()
    with closing(Store.open(tmp_path, clock=clock)) as store:
        session = store.create_session("t", SessionPlan(lang="en"), [make_question(1)])
        store.submit(session.turns[0].id, "text", "g", "default")
        fault = PassingFault("down", fault="unreachable")
        store.put_off(store.claim("me", 1, LEASE)[0], timedelta(seconds=600), fault)
    back_to(tmp_path, revision)
    with closing(Store.open(tmp_path, clock=clock)) as store:
        (grading,) = store.session(session.id).turns[0].gradings
        assert (grading.waiting_for, grading.waiting_detail, grading.failed) == ("unreachable", "", ())
        assert store.claim("me", 1, LEASE) == ()
        clock.pass_by(600)
        assert len(store.claim("me", 1, LEASE)) == 1


def test_a_database_from_before_written_hints_opens_with_everything_in_it(tmp_path: Path) -> None:
    session_id = filled(tmp_path)
    with closing(Store.open(tmp_path, read_only=True)) as store:
        before = store.session(session_id)
    back_to(tmp_path, "0002")
    with closing(Store.open(tmp_path, clock=Clock())) as store:
        assert store.backup is not None
        assert store.session(session_id) == before
        turn = store.ask(session_id, 0, 2)
        assert turn.hints == ()
        assert store.write_hint(turn.id, 1, "Look there.").hints == ("Look there.",)


def later(scripts: Path, body: str) -> None:
    shutil.rmtree(scripts, ignore_errors=True)
    shutil.copytree(REPO / "interview" / "store" / "migrations", scripts)
    (scripts / "versions" / f"{LATER}_later.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f"revision = '{LATER}'\ndown_revision = '{HEAD}'\ndef upgrade():\n    {body}\n"
    )


def test_an_external_lock_is_waited_for_and_then_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interview.store.engine._BUSY_MS", 50)
    store = Store.open(tmp_path)
    with closing(raw(tmp_path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another program"):
            store.remember("key", 1)
        assert store.preference("key") is None  # readers are not kept out
        other.execute("COMMIT")
    store.remember("key", 2)
    assert store.preference("key") == 2
    store.close()


def test_a_full_disk_is_said_and_nothing_is_half_written(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    session = store.create_session("t", SessionPlan(lang="en"), [make_question(1)])
    with store._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")  # the pooled connection keeps it
    with pytest.raises(StoreError, match="the disk is full"):
        store.submit(session.turns[0].id, "long " * 20_000, "g", "default")
    assert store.turn(session.turns[0].id).state == "open"
    with store._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert store.submit(session.turns[0].id, "long " * 20_000, "g", "default")[2]
    store.close()
