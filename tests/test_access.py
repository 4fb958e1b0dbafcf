"""Who may use the screen: what `serve` refuses, the password file, and who can read the data folder."""

import os
import stat
from contextlib import closing
from pathlib import Path

import pytest

from interview.errors import ContentError
from interview.settings import Access, read_access, read_settings
from interview.store.store import Store
from interview.wiring import build
from tests.command_line import Run, data_dir, refusal, run

__all__ = ["data_dir", "run"]

PASSWORD = "correct horse"


def access(tmp_path: Path, **given) -> Access:
    return read_access(read_settings(project=tmp_path, **given))


def refused(tmp_path: Path, **given) -> str:
    with pytest.raises(ContentError) as caught:
        access(tmp_path, **given)
    return str(caught.value)


def secret(path: Path, content: str | bytes = PASSWORD + "\n", mode: int = 0o600) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


def test_on_loopback_there_is_no_login_and_the_owner_alone(tmp_path: Path):
    for host in ("127.0.0.1", "localhost", "::1", "127.0.0.2", "LOCALHOST"):
        found = access(tmp_path, host=host)
        assert (found.is_exposed, found.is_owner_only, found.password) == (False, True, None), host


@pytest.mark.parametrize(
    "given",
    [
        *({"host": "0.0.0.0"}, {"host": "::"}, {"host": "192.168.1.5"}, {"host": "viva.example"}, {"host": "127.1"}),
        *({"allowed_hosts": ("viva.example",)}, {"allowed_hosts": ("localhost", "192.168.1.5")}),
    ],
)
def test_beyond_loopback_nothing_is_served_without_a_word_on_access(tmp_path: Path, given: dict):
    said = refused(tmp_path, **given)
    for way_out in ("--password-file", "VIVA_PASSWORD", "--no-login"):
        assert way_out in said
    assert "\n" not in said
    with_password = access(tmp_path, **given, password_file=secret(tmp_path / "secret"))
    assert (with_password.is_exposed, with_password.is_owner_only) == (True, True)
    everybodys = access(tmp_path, **given, no_login=True)
    assert (everybodys.is_exposed, everybodys.is_owner_only, everybodys.password) == (True, False, None)


def test_who_says_no_login_is_not_alone_even_on_loopback(tmp_path: Path):
    assert not access(tmp_path, no_login=True).is_owner_only


def test_the_password_of_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VIVA_PASSWORD", " with blanks ")
    found = access(tmp_path, host="0.0.0.0")
    assert found.password is not None
    assert found.password.get_secret_value() == " with blanks "
    assert "blanks" not in repr(found)
    monkeypatch.setenv("VIVA_PASSWORD", "")
    assert access(tmp_path).password is None


def test_contradictions_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = secret(tmp_path / "secret")
    assert "--no-login" in refused(tmp_path, password_file=file, no_login=True)
    monkeypatch.setenv("VIVA_PASSWORD", PASSWORD)
    assert "both set" in refused(tmp_path, password_file=file)


@pytest.mark.parametrize(
    "content", ["", "\n", "1234567", "1234567\n", "x" * 1025, "two\nlines of it", b"\xff" * 9, "\x00" * 9]
)
def test_a_password_that_cannot_be_one_is_refused_and_not_repeated(tmp_path: Path, content: str | bytes):
    said = refused(tmp_path, password_file=secret(tmp_path / "secret", content))
    assert str(tmp_path / "secret") in said
    assert "1234567" not in said


def test_the_end_of_the_line_is_no_part_of_the_password(tmp_path: Path):
    for end in ("", "\n", "\r\n"):
        found = access(tmp_path, password_file=secret(tmp_path / "secret", f" {PASSWORD}{end}"))
        assert found.password is not None
        assert found.password.get_secret_value() == f" {PASSWORD}"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_password_file_that_others_can_read_is_refused(tmp_path: Path, mode: int):
    file = secret(tmp_path / "secret", mode=mode)
    assert f"chmod 600 {file}" in refused(tmp_path, password_file=file)


def test_what_is_no_file_is_refused_at_once(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path / "gone", tmp_path, tmp_path / "pipe", Path("/dev/zero")):
        assert str(path) in refused(tmp_path, password_file=path)


@pytest.mark.parametrize(
    "name", ["http://viva.example", "viva.example:443", "*", "", "a b", "user@viva.example", "127.1"]
)
def test_an_allowed_host_that_is_none_is_refused(tmp_path: Path, name: str):
    assert "--allowed-host" in refused(tmp_path, allowed_hosts=(name,), no_login=True)


def test_allowed_hosts_have_one_spelling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VIVA_ALLOWED_HOSTS", "Viva.Example., 0:0::1")
    assert access(tmp_path, no_login=True).allowed_hosts == ("viva.example", "::1")


def test_everybodys_viva_reads_no_notes_by_path(data_dir: Path, tmp_path: Path):
    notes = tmp_path / "notes.md"
    notes.write_text("## S\n#### 1. Why?\nBecause.\n", encoding="utf-8")
    with closing((viva := build(read_settings(data_dir=data_dir, lang="en", no_login=True))).store):
        with pytest.raises(ContentError, match="not read by path"):
            viva.interviewer.use_notes([str(notes)])
        with pytest.raises(ContentError, match="not read by path"):
            viva.interviewer.use_notes([str(tmp_path / "gone.md")])  # nor does the answer say what exists
        assert viva.interviewer.notes_origin == ()
        viva.interviewer.use_upload("notes.md", notes.read_bytes())
        assert len(viva.interviewer.bank("en").questions) == 1
    with closing((viva := build(read_settings(data_dir=data_dir, lang="en"))).store):
        assert len(viva.interviewer.use_notes([str(notes)]).questions) == 1


# --- the command line


def test_serve_beyond_loopback_exits_with_one_sentence_and_opens_nothing(run: Run, data_dir: Path):
    said = refusal(run("serve", "--host", "0.0.0.0", "--port", "0"))
    assert said.count("\n") == 1
    assert "--password-file" in said
    assert "--no-login" in said
    assert [path.name for path in data_dir.iterdir()] == ["backends.toml"]


def test_doctor_says_how_access_stands(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def line() -> str:
        return next(line for line in run("doctor").stdout.splitlines() if " access:" in line)

    assert line() == "ok    access: everybody, without a login, from this machine alone"
    monkeypatch.setenv("VIVA_HOST", "0.0.0.0")
    assert line().startswith("fail")
    monkeypatch.setenv("VIVA_NO_LOGIN", "1")
    assert line() == "warn  access: everybody, without a login, from this machine and others"
    monkeypatch.delenv("VIVA_NO_LOGIN")
    monkeypatch.setenv("VIVA_PASSWORD", PASSWORD)
    monkeypatch.setenv("VIVA_ALLOWED_HOSTS", "viva.example")
    assert line().startswith("ok    access: who knows the password (environment), from this machine and others")
    assert "viva.example" in line()
    assert PASSWORD not in run("doctor").output


# --- who can read what is kept


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_a_command_makes_is_for_its_owner_alone(run: Run, tmp_path: Path):
    before = os.umask(0o022)
    try:
        folder = tmp_path / "fresh"
        notes = tmp_path / "notes.md"
        notes.write_text("no question here\n", encoding="utf-8")
        run("serve", "--notes", notes, "--data-dir", folder, data=False)  # refused, after the store was made
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)
    found = {path.name: mode(path) for path in (folder, *folder.rglob("*"))}
    assert found["fresh"] == 0o700
    assert found["viva.db"] == 0o600
    assert [name for name, one in found.items() if one & 0o077] == []


def test_what_earlier_versions_left_open_is_closed_at_the_start(tmp_path: Path):
    folder = tmp_path / "data"
    with closing(Store.open(folder)):
        pass
    for name in ("notes", "backups"):
        (folder / name).mkdir(exist_ok=True)
    old = [folder / name for name in ("viva.db", "work.key", "backends.toml", "notes/mine.md", "backups/old.db")]
    for path in old:
        path.touch()
        path.chmod(0o664)
    other = folder / "mine.txt"
    other.touch()
    outside = tmp_path / "outside"
    outside.touch()
    for path in (other, outside):
        path.chmod(0o644)
    (folder / "notes" / "link.md").symlink_to(outside)
    for path in (folder, folder / "notes", folder / "backups"):
        path.chmod(0o775)
    with closing(Store.open(folder)):
        assert [mode(path) for path in (folder, folder / "notes", folder / "backups")] == [0o700] * 3
        assert [mode(path) for path in old] == [0o600] * len(old)
    assert (mode(other), mode(outside)) == (0o644, 0o644)


def test_a_shared_folder_stays_shared(tmp_path: Path):
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    with closing(Store.open(folder)):
        assert mode(folder) == 0o1777
