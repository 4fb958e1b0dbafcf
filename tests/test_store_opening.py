import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from interview.errors import DamagedDatabase, StoreBusy, StoreError, StoreHeld
from interview.models import SessionPlan
from interview.store import migrate
from interview.store.archive import ArchiveStore
from interview.store.backup import make_backup, restore_backup, verify_backup
from interview.store.deletions import Deletions
from interview.store.engine import APPLICATION_ID, make_engine
from interview.store.rows import write_outcome, write_question
from interview.store.schema import METADATA
from interview.store.store import Store
from tests.conftest import REPO
from tests.made_up import Clock, grade_of, graded, make_question, some

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
    wanted: dict[str, object] = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
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
    "content", [b"", b"just a text, and no database at all" * 9, b"\x00" * 4096, b"SQLite format 3\x00"]
)
def test_what_is_no_database_is_refused_untouched(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "viva.db").write_bytes(content)
    for read_only in (False, True):
        with pytest.raises(DamagedDatabase, match=r"viva\.db .*left as it is"):
            Store.open(tmp_path, read_only=read_only)
    assert everything_below(tmp_path)["viva.db"] == content


@pytest.mark.parametrize("table", ["recipes (name TEXT)", "alembic_version (version_num TEXT)"])
def test_a_database_of_another_program_is_refused_untouched(tmp_path: Path, table: str) -> None:
    with closing(raw(tmp_path)) as connection:
        connection.execute(f"CREATE TABLE {table}")
    before = (tmp_path / "viva.db").read_bytes()
    with pytest.raises(DamagedDatabase, match="not one of Viva"):
        Store.open(tmp_path)
    assert (tmp_path / "viva.db").read_bytes() == before


def test_a_log_without_its_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "viva.db-wal").write_bytes(b"what was committed last")
    with pytest.raises(DamagedDatabase, match=r"viva\.db is gone, but its log"):
        Store.open(tmp_path)
    assert (tmp_path / "viva.db-wal").read_bytes() == b"what was committed last"


def test_a_first_start_that_was_broken_off_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / ".viva.db.new").write_bytes(b"half of a database")
    filled(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["viva.db", "viva.lock"]


def test_the_way_back_from_a_damaged_database_is_named_and_works(tmp_path: Path) -> None:
    session_id = filled(tmp_path)
    good = make_backup(tmp_path, "daily", Clock().now)
    newer = good.with_name("viva-20260102T120000Z-daily.zip")
    newer.write_bytes(good.read_bytes()[:-100])  # a newer one that is no use
    damaged = (tmp_path / "viva.db").read_bytes()[:5000]
    (tmp_path / "viva.db").write_bytes(damaged)
    with pytest.raises(DamagedDatabase, match=f"python -m interview restore {good} --data-dir {tmp_path}"):
        Store.open(tmp_path)
    aside = restore_backup(good, tmp_path, Clock().now)
    assert (some(aside) / "viva.db").read_bytes() == damaged
    with closing(Store.open(tmp_path)) as store:
        assert some(store.session(session_id).turns[0].answer).text == "text"


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
    assert verify_backup(store.backup).revision == HEAD
    restore_backup(store.backup, tmp_path / "restored", Clock().now)
    with closing(raw(tmp_path / "restored")) as copy:
        assert copy.execute("SELECT text FROM answers").fetchall() == [("text",)]
        assert "note" not in {row[1] for row in copy.execute("PRAGMA table_info(answers)")}


def test_a_database_of_an_earlier_release_opens_with_everything_in_it(tmp_path: Path) -> None:
    question, outcome = make_question(1), graded()
    at(tmp_path, "0002")
    with closing(raw(tmp_path)) as connection:
        insert(connection, "question_versions", **write_question(question))
        now = "2026-01-01 12:00:00.000000"
        insert(connection, "sessions", id="s", title="t", plan=SessionPlan(lang="en").model_dump_json(), created_at=now)
        insert(
            connection,
            "sessions",
            id="h",
            title="h",
            plan=SessionPlan(lang="en").model_dump_json(),
            created_at=now,
            deleted_at=now,
        )
        for session_id in ("s", "h"):
            version = write_question(question)["version"]
            insert(connection, "papers", session_id=session_id, position=0, version=version)
        insert(connection, "turns", id="t", session_id="s", position=0, attempt=1, asked_at=now)
        insert(connection, "answers", id="a", turn_id="t", text="text", created_at=now)
        done = {"state": "done", "finished_at": now, **write_outcome(outcome)}
        insert(connection, "gradings", id="g", answer_id="a", grader="g", rubric="default", created_at=now, **done)
    with closing(Store.open(tmp_path, clock=Clock())) as store:
        assert store.backup is not None
        (turn,) = store.session("s").turns
        assert (some(turn.answer).text, grade_of(turn.gradings[0])) == ("text", outcome)
        turn = store.ask("s", 0, 2)
        assert turn.hints == ()
        assert store.write_hint(turn.id, 1, "Look there.").hints == ("Look there.",)
        assert Deletions(store).pending() == ()  # what an earlier release only hid is not purged by itself
        assert [one.id for one in ArchiveStore(store).summaries("deleted", 9)] == ["h"]


@pytest.mark.parametrize("revision", ["0002", "0003"])
def test_a_grading_that_waited_in_an_older_database_waits_on(tmp_path: Path, revision: str) -> None:
    clock, question = Clock(), make_question(1)
    at(tmp_path, revision)
    with closing(raw(tmp_path)) as connection:
        now = f"{clock.now:%Y-%m-%d %H:%M:%S.%f}"
        version = write_question(question)["version"]
        insert(connection, "question_versions", **write_question(question))
        insert(connection, "sessions", id="s", title="t", plan=SessionPlan(lang="en").model_dump_json(), created_at=now)
        insert(connection, "papers", session_id="s", position=0, version=version)
        insert(connection, "turns", id="t", session_id="s", position=0, attempt=1, asked_at=now)
        insert(connection, "answers", id="a", turn_id="t", text="text", created_at=now)
        later = f"{clock.now + timedelta(seconds=600):%Y-%m-%d %H:%M:%S.%f}"
        waits = {"state": "pending", "retry_at": later, "waiting_for": "unreachable", "faults": 1}
        insert(connection, "gradings", id="g", answer_id="a", grader="g", rubric="default", created_at=now, **waits)
    with closing(Store.open(tmp_path, clock=clock)) as store:
        (grading,) = store.session("s").turns[0].gradings
        assert (grading.waiting_for, grading.waiting_detail, grading.failed) == ("unreachable", "", ())
        assert store.claim("me", 1, LEASE) == ()
        clock.pass_by(600)
        assert len(store.claim("me", 1, LEASE)) == 1


def at(folder: Path, revision: str) -> None:
    """An empty database of an earlier release."""
    from alembic import command

    config = migrate.configuration()
    engine = make_engine(folder / "viva.db")
    with engine.begin() as connection:
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def insert(connection: sqlite3.Connection, table: str, **row: object) -> None:
    places = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", list(row.values()))


def later(scripts: Path, body: str) -> None:
    shutil.rmtree(scripts, ignore_errors=True)
    shutil.copytree(REPO / "interview" / "store" / "migrations", scripts)
    (scripts / "versions" / f"{LATER}_later.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f"revision = '{LATER}'\ndown_revision = '{HEAD}'\ndef upgrade():\n    {body}\n"
    )


def test_an_external_lock_is_waited_for_and_then_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interview.store.engine.BUSY_SECONDS", 0.05)
    store = Store.open(tmp_path)
    with closing(raw(tmp_path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy, match="another program has locked it"):
            store.remember("key", 1)
        assert store.preference("key") is None  # readers are not kept out
        other.execute("COMMIT")
    store.remember("key", 2)
    assert store.preference("key") == 2
    store.close()


def test_waiting_writers_wait_together_no_longer_than_the_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process holds the database; each writer gives up at its own deadline, not one after the other."""
    deadline = 1.0
    monkeypatch.setattr("interview.store.engine.BUSY_SECONDS", deadline)
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "c.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()"
    )
    with closing(Store.open(tmp_path)) as store:
        session = store.create_session("t", SessionPlan(lang="en"), [make_question(1)])
        command = [sys.executable, "-c", code, str(tmp_path / "viva.db")]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            assert some(holder.stdout).readline() == "held\n"

            def write(number: int) -> type[Exception] | None:
                try:
                    store.submit(session.turns[0].id, "the same text", "g", "default")
                except StoreError as error:
                    return type(error)
                return None

            begun = time.monotonic()
            with ThreadPoolExecutor(8) as pool:
                outcomes = list(pool.map(write, range(8)))
            taken = time.monotonic() - begun
            holder.communicate("")
        assert outcomes == [StoreBusy] * 8
        assert taken < 4 * deadline  # one after the other it would be eight times
        assert store.submit(session.turns[0].id, "the same text", "g", "default")[2]


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
