"""Everything out as one archive and in again: equal, once, never over what is here, and nothing from a hostile file."""

import io
import json
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interview import verify
from interview.errors import ContentError
from interview.export.archive_form import ArchiveWriter
from interview.jobs import Jobs
from interview.models import ArchiveFilter, SessionPlan
from interview.service.archive import Archive
from interview.service.everything import NOTES, Everything
from interview.service.rubric_history import RubricHistory
from interview.store.deletions import Deletions
from interview.store.store import DATABASE, Store
from interview.store.whole import TABLES
from tests.command_line import Run, data_dir, refusal, run
from tests.made_up import Clock, make_question
from tests.whole_history import ANSWER, LEASE, RUBRICS, fill

__all__ = ["data_dir", "run"]


def everything(store: Store) -> Everything:
    return Everything(store, RubricHistory(store, RUBRICS.values()), store.path.parent / NOTES)


def exported(store: Store) -> bytes:
    file = io.BytesIO()
    everything(store).write(file)
    return file.getvalue()


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Store]:
    with closing(fill(tmp_path / "filled")) as store:
        yield store


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "empty").mkdir()
    with closing(Store.open(tmp_path / "empty", clock=Clock())) as store:
        yield store


def rows(raw: bytes) -> dict[str, list[dict]]:
    archive = verify.Archive(io.BytesIO(raw))
    tables = [member for member in archive.members if member.rows is not None]
    return {member.name.removesuffix(".jsonl"): [row for _, row in archive.rows(member)] for member in tables}


def test_an_archive_read_into_an_empty_folder_gives_the_same_archive(filled: Store, empty: Store):
    raw = exported(filled)
    content = rows(raw)
    assert {name for name in TABLES if not content[name]} == set()  # there is one of everything
    assert exported(filled) == raw
    merged = everything(empty).read(io.BytesIO(raw))
    assert (merged.known, merged.kept, merged.left_out, merged.sessions) == (0, 0, (), 3)
    assert exported(empty) == raw
    here, there = Archive(empty, Jobs()), Archive(filled, Jobs())
    for session in content["sessions"]:
        assert here.transcript(session["id"]) == there.transcript(session["id"])
    assert here.find(ArchiveFilter(words="norm", starred=True)) == there.find(ArchiveFilter(words="norm", starred=True))
    assert here.choices() == there.choices()
    uploads = empty.path.parent / NOTES
    assert empty.preference("notes") == {"paths": [str(uploads / "mine.md"), "/elsewhere/notes.md"]}
    assert (uploads / "mine.md").read_bytes() == (filled.path.parent / NOTES / "mine.md").read_bytes()


def test_the_same_archive_twice_is_once(filled: Store, empty: Store):
    raw = exported(filled)
    everything(empty).read(io.BytesIO(raw))
    again = everything(empty).read(io.BytesIO(raw))
    assert (again.added, again.kept, again.left_out) == (0, 0, ())
    assert exported(empty) == raw


def test_what_is_here_stays_and_the_rest_comes_beside_it(filled: Store, empty: Store):
    raw = exported(filled)
    everything(empty).read(io.BytesIO(raw))
    (session, *_) = Archive(empty, Jobs()).sessions()
    own = empty.create_session("Own", SessionPlan(lang="en"), [make_question(9)])
    Archive(empty, Jobs()).rename(session.id, "My title")
    (empty.path.parent / NOTES / "mine.md").write_text("changed here", encoding="utf-8")
    before = exported(empty)

    asked = filled.ask(session.id, 2, attempt=2)
    filled.submit(asked.id, "new words", "coverage", "default")
    merged = everything(empty).read(io.BytesIO(exported(filled)))
    assert (merged.added, merged.kept, merged.sessions, merged.waiting) == (3, 1, 0, 1)
    after = rows(exported(empty))
    for name, known in rows(before).items():
        if name != NOTES:  # whose files are looked at below
            assert [row for row in known if row not in after[name]] == [], name
    assert empty.session(own.id) == own
    assert empty.session(session.id).title == "My title"
    assert [hit.turn_id for hit in Archive(empty, Jobs()).find(ArchiveFilter(words="new words"))] == [asked.id]
    kept = sorted(path.read_bytes() for path in (empty.path.parent / NOTES).iterdir())
    assert kept == sorted([b"changed here", (filled.path.parent / NOTES / "mine.md").read_bytes()])


def test_a_turn_whose_place_is_taken_here_comes_as_another_attempt(filled: Store, empty: Store):
    everything(empty).read(io.BytesIO(exported(filled)))
    (session, *_) = Archive(empty, Jobs()).sessions()
    here, there = empty.ask(session.id, 1, attempt=2), filled.ask(session.id, 1, attempt=2)
    filled.submit(there.id, "said elsewhere", "coverage", "default")
    merged = everything(empty).read(io.BytesIO(exported(filled)))
    assert merged.left_out == ()
    assert (empty.turn(here.id).attempt, empty.turn(there.id).attempt) == (2, 3)
    assert everything(empty).read(io.BytesIO(exported(filled))).added == 0


def test_a_grading_that_runs_here_waits_there(filled: Store, empty: Store):
    claims = filled.claim("me", 9, LEASE)
    assert len(claims) == 3
    everything(empty).read(io.BytesIO(exported(filled)))
    assert {claim.grading_id for claim in empty.claim("other", 9, LEASE)} == {claim.grading_id for claim in claims}


# --- damage


def broken(store: Store, statement: str, *values: object) -> None:
    """Change the file below the store, as damage would: no trigger and no check of ours sees it."""
    store.close()
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement, values)
        for _, made in triggers:
            connection.execute(made)
        connection.commit()


DAMAGE = [
    ("gradings", "UPDATE gradings SET outcome = substr(outcome, 1, 40) WHERE seq = 1"),
    ("gradings", "UPDATE gradings SET outcome = replace(outcome, '残差连接', '残差忘了') WHERE seq = 1"),
    ("gradings", "UPDATE gradings SET score = 9.9 WHERE seq = 1"),
    ("answers", "UPDATE answers SET created_at = 'yesterday' WHERE seq = 2"),
    ("answers", "UPDATE answers SET text = CAST(x'ff00fe' AS TEXT) WHERE seq = 2"),
    ("sessions", "UPDATE sessions SET plan = '{' WHERE seq = 2"),
    ("question_versions", "UPDATE question_versions SET content = '{}' WHERE question_id = 's/q3'"),
    ("turns", "UPDATE turns SET confidence = 17 WHERE seq = 1"),
    ("cards", "UPDATE cards SET content = 'no card'"),
]


@pytest.mark.parametrize(("table", "statement"), DAMAGE)
def test_a_damaged_row_is_left_out_by_name_and_the_rest_is_there(
    filled: Store, run: Run, tmp_path: Path, table, statement
):
    whole = rows(exported(filled))
    broken(filled, statement)
    target = tmp_path / "all.zip"
    outcome = run("data", "export", target, "--data-dir", filled.path.parent, data=False)
    assert outcome.exit_code == 1, outcome.output
    (named,) = verify.Archive(io.BytesIO(target.read_bytes())).manifest["damaged"]
    assert named["table"] == table
    assert f"{table} {named['id']} is damaged and was left out: " in outcome.stderr
    after = rows(target.read_bytes())
    lacking = {name: len(known) - len(after[name]) for name, known in whole.items() if known != after[name]}
    assert lacking == {table: 1}
    checked = run("verify", target, data=False)
    assert checked.exit_code == 0, checked.stdout
    assert "Damaged when it was exported, and left out: 1" in checked.stdout
    imported = run("data", "import", target)
    assert imported.exit_code in (0, 1), imported.output  # 1: what belongs to the damaged row has no place
    assert (imported.exit_code == 1) == ("Left out: " in imported.stderr)


def test_what_was_deleted_is_in_no_archive(filled: Store):
    whole = rows(exported(filled))
    answer = next(row for row in whole["answers"] if row["text"] == ANSWER)
    Deletions(filled).order_answer(answer["id"])
    assert ANSWER not in str(rows(exported(filled)))
    session = next(row for row in whole["sessions"] if "一次练习" in row["title"])
    Deletions(filled).order_session(session["id"])
    left = rows(exported(filled))
    assert "一次练习" not in str(left)
    assert len(left["sessions"]) == len(whole["sessions"]) - 1
    Deletions(filled).undo(session["id"])
    Deletions(filled).undo(answer["id"])
    assert rows(exported(filled)) == whole


@pytest.mark.parametrize(("form", "words"), [("json", ""), ("markdown", "已损坏"), ("html", "已损坏")])
def test_a_transcript_leaves_out_a_damaged_turn_by_name(filled: Store, run: Run, form: str, words: str):
    sessions = [row["id"] for row in rows(exported(filled))["sessions"]]
    turns = filled.session(sessions[0]).turns
    broken(filled, "UPDATE answers SET created_at = 'yesterday' WHERE turn_id = ?", turns[0].id)
    folder = filled.path.parent
    outcome = run("export", sessions[0], sessions[1], "--format", form, "--data-dir", folder, data=False)
    assert outcome.exit_code == 1, outcome.output
    assert f"the turn {turns[0].id} is damaged and was left out" in outcome.stderr
    assert words in outcome.stdout
    if form == "json":
        first, second = json.loads(outcome.stdout)
        assert [turn["id"] for turn in first["session"]["turns"]] == [turn.id for turn in turns[1:]]
        assert [one["id"] for one in first["damaged"]] == [turns[0].id]
        assert second["damaged"] == []


def test_a_session_that_is_damaged_itself_is_named_and_the_others_are_written(filled: Store, run: Run):
    (first, second, *_) = [row["id"] for row in rows(exported(filled))["sessions"]]
    broken(filled, "UPDATE sessions SET plan = '{' WHERE id = ?", first)
    outcome = run("export", first, second, "--format", "jsonl", "--data-dir", filled.path.parent, data=False)
    assert outcome.exit_code == 1, outcome.output
    assert f"The session {first} is damaged" in outcome.stderr
    assert [json.loads(line)["session"]["id"] for line in outcome.stdout.splitlines()] == [second]


# --- hostile files


def remade(raw: bytes, change: Callable[[dict[str, list[dict]]], object]) -> bytes:
    """An archive with other rows and digests that fit them, as only somebody who means it would make."""
    content = rows(raw)
    change(content)
    file = io.BytesIO()
    writer = ArchiveWriter(file)
    for name, table in content.items():
        writer.add_rows(name, table)
    with zipfile.ZipFile(io.BytesIO(raw)) as source:
        for name in source.namelist():
            if name.startswith("notes/"):
                writer.add_file(name, [source.read(name)])
    writer.close([])
    return file.getvalue()


def zipped(*members: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members:
            target.writestr(name, content)
    return file.getvalue()


def manifest(*members: dict, version: object = 1, **fields: object) -> tuple[str, bytes]:
    content = {"format": "viva-archive", "version": version, "members": members, "damaged": [], "head": "", **fields}
    return "manifest.json", json.dumps(content).encode()


def member(name: str, rows: int | None = 0) -> dict:
    return {"name": name, "bytes": 0, "sha256": "0", "rows": rows}


BOMB = manifest(member("answers.jsonl"))
HOSTILE = {
    "not a zip": b"PK\x03\x04 but no more",
    "empty": b"",
    "no manifest": zipped(("answers.jsonl", b"")),
    "broken manifest": zipped(("manifest.json", b"{")),
    "another format": zipped(("manifest.json", b'{"format": "other"}')),
    "no version": zipped(manifest(version="1")),
    "newer version": zipped(manifest(version=99)),
    "deep manifest": zipped(("manifest.json", b"[" * 100_000)),
    "members of no form": zipped(manifest({"name": 1})),
    "missing member": zipped(manifest(member("answers.jsonl"))),
    "broken rows": zipped(manifest(member("answers.jsonl")), ("answers.jsonl", b"{broken\n")),
    "deep rows": zipped(manifest(member("answers.jsonl")), ("answers.jsonl", b"[" * 100_000)),
    "big number": zipped(manifest(member("answers.jsonl")), ("answers.jsonl", b"9" * 10_000)),
    "wrong digest": zipped(manifest(member("answers.jsonl")), ("answers.jsonl", b"")),
    "zip bomb": zipped(BOMB, ("answers.jsonl", b"0" * 150_000_000)),
    "long line": zipped(BOMB, ("answers.jsonl", bytes(range(256)) * 70_000)),
    "too many members": zipped(*((f"{number}", b"") for number in range(10_001)), manifest()),
}


def refuse(store: Store, raw: bytes, words: str = "Nothing was imported") -> None:
    before = exported(store)
    with pytest.raises(ContentError, match=words):
        everything(store).read(io.BytesIO(raw))
    assert exported(store) == before


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_one_sentence_and_nothing_comes_of_it(empty: Store, name: str):
    refuse(empty, HOSTILE[name])


def first(content: dict[str, list[dict]], name: str) -> dict:
    return content[name][0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: first(content, "answers").update(id="../../x"), "answers.jsonl:1"),
        (lambda content: first(content, "answers").update(text=7), "answer"),
        (lambda content: first(content, "answers").update(text=None), "answer"),
        (lambda content: first(content, "answers").update(seq=1), "seq"),
        (lambda content: first(content, "answers").update(text="\ud800"), "answers.jsonl:1"),
        (lambda content: first(content, "answers").update(text="something else"), "quote"),
        (lambda content: first(content, "answers").update(created_at="2026-01-01T00:00:00"), "created_at"),
        (lambda content: first(content, "sessions").update(plan="{}"), "sessions.jsonl:1"),
        (lambda content: first(content, "question_versions").update(content="{}"), "question_versions.jsonl:1"),
        (lambda content: first(content, "gradings").update(score=9.9), "gradings.jsonl:1"),
        (lambda content: first(content, "gradings").update(mystery=1), "mystery"),
        (lambda content: first(content, "cards").update(content="{}"), "cards.jsonl:1"),
        (lambda content: first(content, "rubrics").update(content={}), "rubric"),
        (lambda content: first(content, "rubrics").update(ref="default@000000000000"), "rubric"),
        (lambda content: first(content, "notes").update(name="/etc/passwd"), "passwd"),
        (lambda content: content.update(secrets=[{"a": 1}]), "secrets"),
    ],
)
def test_a_row_that_cannot_be_so_is_named_and_nothing_is_imported(filled: Store, empty: Store, change, words: str):
    refuse(empty, remade(exported(filled), change), words)
    assert not (empty.path.parent / NOTES).exists()


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, dict[str, list[dict]]]:
    with closing(fill(tmp_path_factory.mktemp("whole") / "data")) as store:
        raw = exported(store)
    return raw, rows(raw)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_whatever_a_row_says_it_is_refused_or_can_be_read(
    content: tuple[bytes, dict[str, list[dict]]], data: st.DataObject
):
    raw, tables = content
    name = data.draw(st.sampled_from([name for name in tables if name not in (verify.RUBRICS, NOTES)]))
    number = data.draw(st.integers(0, len(tables[name]) - 1))
    column = data.draw(st.sampled_from(sorted(tables[name][number])))
    texts = st.sampled_from(["", "x", "0" * 32, "{}", "[]", "null", "2026-01-01T00:00:00+00:00", "9999-12-31", "../x"])
    numbers = st.sampled_from([0, -1, 2, 2**31, 2**63, 10**30, 0.5, 1e308])
    value = data.draw(st.none() | st.booleans() | texts | numbers | st.just([]) | st.just({}) | st.text(max_size=5))

    with tempfile.TemporaryDirectory() as folder, closing(Store.open(Path(folder))) as store:
        with suppress(ContentError):
            everything(store).read(io.BytesIO(remade(raw, lambda it: it[name][number].update({column: value}))))
        assert everything(store).write(io.BytesIO()).damaged == ()
        archive = Archive(store, Jobs())
        for shelf in ("active", "archived", "deleted"):
            for session in archive.sessions(shelf):
                assert archive.transcript(session.id).damaged == ()
        archive.find(ArchiveFilter(words="norm"))
        archive.choices()


def test_names_of_an_archive_lead_to_no_other_place(filled: Store, empty: Store):
    def change(content: dict[str, list[dict]]) -> None:
        first(content, "notes").update(name="../../evil.md")
        notes = next(row for row in content["preferences"] if row["key"] == "notes")
        notes.update(content='{"paths": ["upload:../../../evil.md"]}')
        content["preferences"].append({"key": "regrade x", "content": "{}"})

    folder = empty.path.parent
    before = {path for path in folder.parent.rglob("*") if folder not in path.parents}
    everything(empty).read(io.BytesIO(remade(exported(filled), change)))
    assert {path for path in folder.parent.rglob("*") if folder not in path.parents} == before
    assert [path.name for path in (folder / NOTES).iterdir()] == ["evil.md"]
    assert empty.preference("notes") == {"paths": [str(folder / NOTES / "evil.md")]}
    assert empty.preference("regrade x") is None


@pytest.mark.parametrize("content", ["5", '{"paths": "x"}', '{"paths": [1]}', "{"])
def test_a_choice_of_notes_that_would_keep_viva_from_starting_is_left_out(filled: Store, empty: Store, content: str):
    def change(rows: dict[str, list[dict]]) -> None:
        next(row for row in rows["preferences"] if row["key"] == "notes").update(content=content)

    everything(empty).read(io.BytesIO(remade(exported(filled), change)))
    assert empty.preference("notes") is None


def test_no_key_is_in_an_archive(filled: Store):
    folder = filled.path.parent
    (folder / "work.key").write_text("sk-canary-4711", encoding="utf-8")
    (folder / "backends.toml").write_text('[work]\nmodel = "m"\n# sk-canary-4711\n', encoding="utf-8")
    with zipfile.ZipFile(io.BytesIO(exported(filled))) as archive:
        assert not [name for name in archive.namelist() if b"canary" in archive.read(name)]


# --- the commands


def test_the_commands_write_check_and_read_an_archive(filled: Store, run: Run, tmp_path: Path, data_dir: Path):
    target = tmp_path / "all.zip"
    outcome = run("data", "export", target, "--data-dir", filled.path.parent, data=False)
    assert outcome.exit_code == 0, outcome.output
    assert "3 sessions, 4 answers." in outcome.stdout
    head = outcome.stdout.split("Head: ")[1].strip()
    assert target.stat().st_mode & 0o777 == 0o600
    assert target.read_bytes() == exported(filled)
    assert run("verify", target, "--head", head[:20], data=False).exit_code == 0
    assert run("verify", target, "--head", "0" * 20, data=False).exit_code == 1
    imported = run("data", "import", target)
    assert imported.exit_code == 0, imported.output
    assert "3 sessions added" in imported.stdout
    assert "3 answers still wait for a grade" in imported.stdout
    assert (data_dir / DATABASE).exists()
    assert "0 sessions added" in run("data", "import", target).stdout
    assert "cannot be read" in refusal(run("data", "import", tmp_path / "nowhere.zip"))
    assert "cannot be written" in refusal(run("data", "export", tmp_path / "no" / "all.zip"))
    assert ANSWER in run("export", "--all", "--format", "markdown").stdout
