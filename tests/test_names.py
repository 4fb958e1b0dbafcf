"""Names that a client sends and that become part of a path: nothing is written outside the data folder."""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from interview.errors import ContentError, VivaError
from interview.files import check_name, read_regular, replace_file, slug, write_new
from interview.models import SessionPlan
from interview.service.drafts import Draft
from interview.settings import read_settings
from interview.settings.backends_edit import keep_key, put_backend
from interview.wiring import Viva, build
from tests.browser import NOTES

HOSTILE = [
    *("../../x", "/etc/cron.d/x", "..", ".", "", "a/b", "a\\b", "..\\x", "a\0b", "x\n", " x", "x ", "x.", "-x", "~x"),
    *(
        "con",
        "nul",
        "com1",
        "default",
        "roles",
        "budget",
        "coverage",
        "guard",
        "self",
        "x" * 41,
        "x" * 5000,
        "A",
        "本地",
    ),
    *("\u2024\u2024/x", "\uff0e\uff0e\uff0fx", "\u2215etc", "%2e%2e%2fx", "\ud800", "[x]", 'a"]\n[b', "x.key/.."),
]


@pytest.fixture
def viva(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Viva]:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "VIVA_MODEL"):
        monkeypatch.setenv(name, "")
    data = tmp_path / "deep" / "data"
    data.mkdir(parents=True)
    (data / "backends.toml").write_text('[mine]\nbase_url = "http://127.0.0.1:9/v1"\nmodel = "m"\n')
    built = build(read_settings(data_dir=data, lang="en"))
    yield built
    built.store.close()


def tree(folder: Path) -> dict[str, int]:
    return {str(path): path.lstat().st_mtime_ns for path in folder.rglob("*")}


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_is_written_outside_the_data_folder(viva: Viva, tmp_path: Path, name: str):
    """In every field that becomes a path, or is looked up as one."""
    data = viva.settings.data_dir
    others = [path for path in (tmp_path, tmp_path / "deep", data.parent)]

    def outside() -> set[str]:
        return {str(path) for folder in others for path in folder.iterdir()}

    before = outside()
    draft = Draft(service="generic", base_url="http://127.0.0.1:9/v1", model="m", key=SecretStr("k"))
    session = viva.interviewer.start(SessionPlan(lang="en"))
    calls = [
        lambda: viva.endpoints.save(draft.model_copy(update={"changes": name})),
        lambda: viva.endpoints.save(draft.model_copy(update={"service": name})),
        lambda: viva.endpoints.save(draft.model_copy(update={"model": name})),
        lambda: viva.endpoints.save(draft.model_copy(update={"base_url": f"http://{name}/v1"})),
        lambda: viva.endpoints.remove(name),
        lambda: put_backend(data / "backends.toml", name, {"model": "m", "base_url": "http://127.0.0.1:9/v1"}),
        lambda: viva.interviewer.use_upload(name + ".md", NOTES.encode()),
        lambda: viva.interviewer.use_upload(name, NOTES.encode()),
        lambda: viva.archive.read(name, b"{}"),
        lambda: viva.archive.rename(session.id, name),
        lambda: viva.comparing.known([name], ["coverage", name]),
        lambda: viva.interviewer.image(name, name),
    ]
    for call in calls:
        with suppress(VivaError, UnicodeEncodeError, ValueError):
            call()
    assert outside() == before
    allowed = re.compile(r"(viva\.db|viva\.lock|backends\.toml|[a-z0-9][a-z0-9_-]{0,39}\.key$|notes(/|$))")
    assert [path for path in tree(data) if not allowed.match(str(Path(path).relative_to(data)))] == []
    again = build_again(viva)
    assert "mine" in again  # Viva still starts, with every table that was there


def build_again(viva: Viva) -> set[str]:
    return {entry.name for entry in viva.settings.configured_backends().backends}


@pytest.mark.parametrize("name", ["a", "0", "local-11434", "my_server", "x" * 40])
def test_plain_names_are_taken(name: str):
    assert check_name(name) == name


@given(st.text(max_size=60) | st.from_regex(r"[a-z0-9._-]{1,60}"))
def test_a_name_is_taken_as_it_is_or_refused_and_its_slug_is_always_taken(name: str):
    with suppress(ContentError):
        assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", check_name(name), re.ASCII)
    assert check_name(slug(name, "backend"))


def test_a_key_is_private_and_replaces_at_once_whatever_is_there(tmp_path: Path):
    outside = tmp_path / "outside"
    outside.write_text("stays")
    link = tmp_path / "data" / "link.key"
    keep_key(tmp_path / "data" / "new.key", "one")
    link.symlink_to(outside)
    keep_key(link, "two")
    open_to_all = tmp_path / "data" / "old.key"
    open_to_all.write_text("old")
    open_to_all.chmod(0o644)
    keep_key(open_to_all, "three")
    assert outside.read_text() == "stays"
    for path in (tmp_path / "data").iterdir():
        assert stat.S_IMODE(path.lstat().st_mode) == 0o600, path
        assert not path.is_symlink()
    assert len(list((tmp_path / "data").iterdir())) == 3
    with pytest.raises(FileExistsError):
        write_new(link, b"again")


def test_a_change_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "backends.toml"
    path.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(path, b"new")
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "old"


def test_the_file_before_the_last_change_is_kept(tmp_path: Path):
    path = tmp_path / "backends.toml"
    path.write_text('[one]\nmodel = "m"\n')
    put_backend(path, "two", {"model": "n"})
    assert (tmp_path / "backends.toml.bak").read_text() == '[one]\nmodel = "m"\n'
    assert "[two]" in path.read_text()


def test_only_regular_files_are_read_and_nothing_waits(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * 11)
    (tmp_path / "to-zero").symlink_to("/dev/zero")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path / "to-zero", tmp_path / "large"):
        with pytest.raises(ContentError):
            read_regular(path, 10)
    with pytest.raises(OSError, match="directory"):
        read_regular(tmp_path, 10)
    (tmp_path / "large").write_bytes(b"x" * 10)
    assert len(read_regular(tmp_path / "large", 10)) == 10
