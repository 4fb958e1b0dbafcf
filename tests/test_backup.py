"""Backup and restore: what is in it, that restoring gives the same, and that nothing changed passes for sound."""

import random
import stat
import zipfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from interview.errors import StoreError
from interview.export import WRITERS
from interview.models import SessionPlan, Transcript
from interview.service.deleting import Deleting
from interview.service.upkeep import Upkeep
from interview.store.backup import backups, make_backup, newest_good, prune, restore_backup, verify_backup
from interview.store.store import Store
from tests.command_line import Run, data_dir, refusal, run
from tests.made_up import Clock, graded, make_question

__all__ = ["data_dir", "run"]
NOW = Clock().now
LEASE = timedelta(seconds=60)


@pytest.fixture
def folder(data_dir: Path) -> Path:
    """A data folder with two sessions, one of them graded, notes of its own, a backend and its key."""
    data = data_dir
    with closing(Store.open(data, clock=Clock())) as store:
        for number in (1, 2):
            session = store.create_session(f"session {number}", SessionPlan(lang="en"), [make_question(number)])
            store.submit(session.turns[0].id, f"answer {number}", "g", "default")
        store.finish_grading(store.claim("me", 1, LEASE)[0], graded())
    (data / "notes").mkdir()
    (data / "notes" / "mine.md").write_text("## S\n#### 1. Q?\n", encoding="utf-8")
    (data / "backends.toml").write_text('[work]\nbase_url = "http://127.0.0.1:1/v1"\nkey_file = "work.key"\n')
    (data / "work.key").write_text("sk-secret")
    return data


def exported(data: Path) -> str:
    with closing(Store.open(data, read_only=True)) as store:
        sessions = [store.session(summary.id) for summary in store.summaries()]
    return "".join(WRITERS[form]([Transcript(session=one) for one in sessions]) for form in ("json", "html"))


def test_what_is_restored_exports_the_same_and_can_be_used(folder: Path, tmp_path: Path) -> None:
    backup = make_backup(folder, "manual", NOW)
    assert restore_backup(backup, tmp_path / "new", NOW) is None
    assert exported(tmp_path / "new") == exported(folder)
    assert (tmp_path / "new" / "notes" / "mine.md").read_bytes() == (folder / "notes" / "mine.md").read_bytes()
    with closing(Store.open(tmp_path / "new", clock=Clock())) as store:
        assert len(store.claim("me", 9, LEASE)) == 1


def test_a_backup_has_no_key_and_nobody_else_can_read_it(folder: Path) -> None:
    backup = make_backup(folder, "daily", NOW)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with zipfile.ZipFile(backup) as packed:
        assert set(packed.namelist()) == {"viva.db", "notes/mine.md", "backends.toml", "manifest.json"}
        assert all(b"sk-secret" not in packed.read(name) for name in packed.namelist())
    assert list(backup.parent.iterdir()) == [backup]


def test_a_backup_of_a_store_in_use_has_what_was_committed(folder: Path, tmp_path: Path) -> None:
    with closing(Store.open(folder, clock=Clock())) as store:
        store.create_session("late", SessionPlan(lang="en"), [make_question(3)])
        backup = make_backup(folder, "manual", NOW, tmp_path / "copy.zip")
    assert verify_backup(backup).rows["sessions"] == 3


def test_what_is_there_is_moved_aside_and_keys_stay(folder: Path) -> None:
    backup = make_backup(folder, "manual", NOW)
    with closing(Store.open(folder, clock=Clock())) as store:
        store.create_session("later", SessionPlan(lang="en"), [make_question(3)])
    later = exported(folder)
    aside = restore_backup(backup, folder, NOW)
    assert aside is not None
    assert exported(aside) == later
    assert exported(folder) != later
    assert (folder / "work.key").read_text() == "sk-secret"


def test_no_changed_byte_passes_for_sound(folder: Path, tmp_path: Path) -> None:
    backup = make_backup(folder, "manual", NOW)
    whole, chance = backup.read_bytes(), random.Random(11)
    broken = tmp_path / "broken.zip"
    passed = 0
    for place in chance.sample(range(len(whole)), 60):
        changed = bytearray(whole)
        changed[place] ^= 1 << chance.randrange(8)
        broken.write_bytes(changed)
        try:
            assert verify_backup(broken) == verify_backup(backup)  # a byte that carries nothing: a date, a comment
            passed += 1
        except StoreError:
            continue
    assert passed < 10
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        broken.write_bytes(whole[:length])
        with pytest.raises(StoreError, match=r"broken\.zip"):
            verify_backup(broken)


@pytest.mark.parametrize(
    "name", ["../out.md", "/etc/out.md", "notes/../../out.md", "out.md", "work.key", "notes\\x.md"]
)
def test_a_backup_with_a_part_of_no_place_is_refused_and_nothing_is_written(
    folder: Path, tmp_path: Path, name: str
) -> None:
    backup = make_backup(folder, "manual", NOW)
    with zipfile.ZipFile(backup) as packed:
        parts = {info: packed.read(info) for info in packed.namelist()}
    hostile = tmp_path / "hostile.zip"
    with zipfile.ZipFile(hostile, "w") as packed:
        for info, content in parts.items():
            renamed = content.replace(b"notes/mine.md", name.replace("\\", "\\\\").encode())
            packed.writestr(name if info == "notes/mine.md" else info, renamed if info == "manifest.json" else content)
    with pytest.raises(StoreError, match=r"hostile\.zip is not a sound backup"):
        restore_backup(hostile, tmp_path / "new", NOW)
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "out.md").exists()


def test_daily_backups_are_bounded_and_those_made_by_hand_are_not(folder: Path) -> None:
    for day in range(10):
        make_backup(folder, "daily", NOW + timedelta(days=day))
        make_backup(folder, "before", NOW + timedelta(days=day))
        make_backup(folder, "manual", NOW + timedelta(days=day))
        prune(folder)
    kinds = [one.kind for one in backups(folder)]
    assert (kinds.count("daily"), kinds.count("before"), kinds.count("manual")) == (7, 3, 10)
    assert newest_good(folder) == backups(folder)[0].path


def test_a_backup_that_fails_leaves_nothing_and_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("interview.store.backup._transfer", full)
    with pytest.raises(StoreError, match="No space left on device"):
        make_backup(folder, "daily", NOW)
    assert list((folder / "backups").iterdir()) == []


def test_a_damaged_database_is_not_backed_up_in_place_of_good_ones(folder: Path) -> None:
    database = bytearray((folder / "viva.db").read_bytes())
    database[4096 * 3 : 4096 * 3 + 64] = b"\xff" * 64
    (folder / "viva.db").write_bytes(database)
    with pytest.raises(StoreError, match="damaged"):
        make_backup(folder, "daily", NOW)
    assert list((folder / "backups").iterdir()) == []


def test_a_bare_copy_that_an_earlier_release_made_can_be_restored(folder: Path, tmp_path: Path) -> None:
    old = folder / "backups" / "viva-0002-20260101T120000123456.db"
    old.parent.mkdir()
    old.write_bytes((folder / "viva.db").read_bytes())
    assert [one.path for one in backups(folder)] == [old]
    assert newest_good(folder) == old
    restore_backup(old, tmp_path / "new", NOW)
    assert exported(tmp_path / "new") == exported(folder)
    old.write_bytes(old.read_bytes()[:9000])
    assert newest_good(folder) is None


def test_a_running_viva_makes_one_backup_a_day(folder: Path) -> None:
    clock = Clock()
    with closing(Store.open(folder, clock=clock)) as store:
        upkeep = Upkeep(Deleting(store, folder), folder, clock, lambda: 0.0)
        for hours in (0, 1, 22, 2, -30, 1):  # the last but one: somebody sets the clock back
            clock.pass_by(3600 * hours)
            upkeep.round()
    assert [one.made_at - NOW for one in backups(folder)] == [timedelta(hours=25), timedelta(0)]


def test_a_daily_backup_that_fails_stops_nothing_and_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("interview.store.backup._transfer", full)
    with closing(Store.open(folder, clock=Clock())) as store:
        upkeep = Upkeep(Deleting(store, folder), folder, Clock(), lambda: 0.0)
        upkeep.round()
        assert "No space left on device" in upkeep.problem
        monkeypatch.undo()
        upkeep.round()
        assert upkeep.problem == ""


def test_the_commands(folder: Path, tmp_path: Path, run: Run) -> None:
    copy, new = tmp_path / "copy.zip", ("--data-dir", tmp_path / "new")
    assert run("backup", "--to", copy).exit_code == 0
    before = exported(folder)
    checked = run("restore", copy, "--verify", *new, data=False)
    assert (checked.exit_code, (tmp_path / "new").exists()) == (0, False)
    assert "2 sessions" in checked.output
    assert run("restore", copy, *new, data=False).exit_code == 0
    assert exported(tmp_path / "new") == before
    copy.write_bytes(b"something else")
    assert "not a sound backup" in refusal(run("restore", copy, "--verify"))


def test_restoring_into_a_folder_in_use_is_refused(folder: Path, tmp_path: Path, run: Run) -> None:
    copy = make_backup(folder, "manual", NOW, tmp_path / "copy.zip")
    with closing(Store.open(folder)):
        assert "in use" in refusal(run("restore", copy))
    assert not list(folder.glob("replaced-*"))
