"""Backups: the database and what else the data folder keeps, in one file whose every part has a digest.

A backup has the database as it is at one moment, uploaded notes, rubrics and prompts of the data folder, the gradings
of comparisons and evaluations, and `backends.toml`. It never has a key, a lock or another backup.
"""

import hashlib
import os
import re
import shutil
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, Literal

from pydantic import ValidationError

from interview.errors import StoreError
from interview.models import Value
from interview.store.engine import APPLICATION_ID, DATABASE, said_plainly

FOLDER = "backups"
Kind = Literal["daily", "before", "manual"]
DAILY_KEPT = 7
BEFORE_KEPT = 3  # copies made before a migration
_FOLDERS = ("notes", "rubrics", "prompts", "comparisons", "evaluations")
_FILES = ("backends.toml",)
_MANIFEST = "manifest.json"
_NAME = re.compile(r"viva-(?P<at>\d{8}T\d{6})Z-(?P<kind>daily|before|manual)(-[0-9]+)?\.zip")
_EARLIER_NAME = re.compile(r"viva-[0-9]{4}-(?P<at>\d{8}T\d{6})\d*\.db")  # bare copies that earlier releases made
_CHUNK = 1 << 20


class _Part(Value):
    sha256: str
    size: int


class Manifest(Value):
    """What a backup says about itself. `rows` are by table; `parts` by their path in the data folder."""

    format: Literal[1] = 1
    made_at: datetime
    revision: str
    rows: dict[str, int]
    parts: dict[str, _Part]


class BackupFile(Value):
    """A backup in the folder of the backups."""

    path: Path
    kind: Kind
    made_at: datetime


# --- making


def make_backup(folder: Path, kind: Kind, now: datetime, to: Path | None = None) -> Path:
    """Write a backup of a data folder, mode 0600, and return its path; Viva may run meanwhile.

    Args:
        folder: The data folder.
        kind: Backups of the kinds `daily` and `before` are bounded in number, see `prune`.
        now: Goes into the name and the manifest.
        to: The file to write, which must not be there; by default a new one in the folder of the backups.

    Raises:
        StoreError: It cannot be made (disk full, database damaged); nothing is left of it.
    """
    target = to or _free_name(folder / FOLDER, kind, now)
    partial = target.with_name(f".{target.name}.part")
    copy = target.with_name(f".{target.name}.db")
    try:
        if to is not None and to.exists():
            raise StoreError(f"{to} is there already. Choose another name.")
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with said_plainly(folder / DATABASE):
            facts = _copy_database(folder / DATABASE, copy)
        manifest = _write(partial, {DATABASE: copy, **_others(folder)}, facts, now)
        _check_archive(partial, manifest)
        partial.replace(target)
    except OSError as error:
        raise StoreError(f"The backup {target} cannot be made ({error.strerror or error}).") from error
    finally:
        for left in (partial, copy):
            with suppress(OSError):
                left.unlink()
    return target


def _free_name(folder: Path, kind: Kind, now: datetime) -> Path:
    stem = f"viva-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{kind}"
    names = [f"{stem}.zip", *(f"{stem}-{number}.zip" for number in range(2, 1000))]
    return next(folder / name for name in names if not (folder / name).exists())


def _copy_database(source: Path, copy: Path) -> dict[str, Any]:
    """Copy the database at one moment, check the copy, and return its revision and numbers of rows."""
    _private(copy).close()
    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as live,
        closing(sqlite3.connect(copy)) as kept,
    ):
        live.backup(kept)
        kept.execute("PRAGMA journal_mode = DELETE")  # one file, readable without a log beside it
        return _facts(kept, str(source))


def _facts(connection: sqlite3.Connection, name: str) -> dict[str, Any]:
    """Revision and numbers of rows of a sound database of Viva. StoreError: it is none."""
    found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise StoreError(f"The database in {name} is damaged ({found}).")
    statements = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    tables = [row[0] for row in connection.execute(statements)]
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID or "alembic_version" not in tables:
        raise StoreError(f"The database in {name} is not one of Viva.")
    own = [table for table in tables if not table.startswith(("sqlite_", "search"))]
    rows = {table: connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in own}
    revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return {"revision": "" if revision is None else str(revision[0]), "rows": rows}


def _others(folder: Path) -> dict[str, Path]:
    found = {name: folder / name for name in _FILES}
    for name in _FOLDERS:
        found |= {path.relative_to(folder).as_posix(): path for path in sorted((folder / name).rglob("*"))}
    return {name: path for name, path in found.items() if path.is_file() and not path.is_symlink()}


def _write(archive: Path, sources: dict[str, Path], facts: dict[str, Any], now: datetime) -> Manifest:
    parts: dict[str, _Part] = {}
    with _private(archive) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        for name, path in sources.items():
            with path.open("rb") as source, packed.open(name, "w", force_zip64=True) as target:
                parts[name] = _transfer(source, target)
        manifest = Manifest(made_at=now, parts=parts, **facts)
        packed.writestr(_MANIFEST, manifest.model_dump_json(indent=1))
        packed.close()
        file.flush()
        os.fsync(file.fileno())
    return manifest


def _private(path: Path) -> IO[bytes]:
    """Create a file that nobody else can read; what a broken run left there goes first."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb")


def _transfer(source: IO[bytes], target: IO[bytes] | None, most: int | None = None) -> _Part:
    """Copy, and return digest and size; ValueError: there are more than `most` bytes."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK):
        size += len(chunk)
        if most is not None and size > most:
            raise ValueError("it is longer than its manifest says")
        digest.update(chunk)
        if target is not None:
            target.write(chunk)
    return _Part(sha256=digest.hexdigest(), size=size)


# --- finding


def backups(folder: Path) -> tuple[BackupFile, ...]:
    """The backups of a data folder, the newest first; copies that earlier releases made are among them."""
    found: list[BackupFile] = []
    for path in (folder / FOLDER).glob("viva-*"):
        named, earlier = _NAME.fullmatch(path.name), _EARLIER_NAME.fullmatch(path.name)
        if (match := named or earlier) is not None:
            made_at = datetime.strptime(match["at"], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
            kind: Any = named["kind"] if named else "before"
            found.append(BackupFile(path=path, kind=kind, made_at=made_at))
    return tuple(sorted(found, key=lambda one: (one.made_at, one.path.name), reverse=True))


def newest_good(folder: Path) -> Path | None:
    """The newest backup of a data folder that passes every check."""
    for one in backups(folder):
        with suppress(StoreError):
            verify_backup(one.path)
            return one.path
    return None


def prune(folder: Path) -> None:
    """Delete the oldest backups beyond the number of their kind. StoreError: one cannot be deleted."""
    for kind, most in (("daily", DAILY_KEPT), ("before", BEFORE_KEPT)):
        for old in [one.path for one in backups(folder) if one.kind == kind][most:]:
            try:
                old.unlink()
            except OSError as error:
                raise StoreError(f"The old backup {old} cannot be deleted ({error.strerror or error}).") from error


# --- checking and restoring


def verify_backup(path: Path) -> Manifest:
    """Check every part of a backup against its digest, and the database in it; writes nothing.

    Raises:
        StoreError: The file is no backup, or anything in it is not as it was written.
    """
    with _readable(path):
        if not zipfile.is_zipfile(path):
            return _bare(path)
        manifest = _manifest_of(path)
        _check_archive(path, manifest)
        return manifest


def restore_backup(path: Path, folder: Path, now: datetime) -> Path | None:
    """Put a verified backup into a data folder that no process holds.

    Returns:
        The folder inside the data folder to which what was there before was moved; None where nothing was.

    Raises:
        StoreError: The backup does not verify, or the folder cannot be written; what was there stays.
    """
    manifest = verify_backup(path)
    stamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    staged, aside = folder / f".restore-{stamp}", folder / f"replaced-{stamp}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        staged.mkdir(mode=0o700)
        _extract(path, staged, manifest)
        tops = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", *_FOLDERS, *_FILES)
        for there in (folder / name for name in tops):
            if there.exists():
                aside.mkdir(mode=0o700, exist_ok=True)
                there.replace(aside / there.name)
        for came in staged.iterdir():
            came.replace(folder / came.name)
    except (OSError, ValueError) as error:
        raise StoreError(f"The backup {path} cannot be restored to {folder} ({error}).") from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return aside if aside.exists() else None


def _extract(path: Path, staged: Path, manifest: Manifest) -> None:
    if not zipfile.is_zipfile(path):
        with path.open("rb") as source, _private(staged / DATABASE) as target:
            shutil.copyfileobj(source, target)
        return
    with zipfile.ZipFile(path) as packed:
        for name, part in manifest.parts.items():
            where = staged / name
            where.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with packed.open(name) as source, _private(where) as target:
                _transfer(source, target, part.size)
                target.flush()
                os.fsync(target.fileno())


def _manifest_of(path: Path) -> Manifest:
    with zipfile.ZipFile(path) as packed:
        if packed.getinfo(_MANIFEST).file_size > 64 * _CHUNK:
            raise StoreError(f"{path} is not a sound backup: its manifest is too long.")
        return Manifest.model_validate_json(packed.read(_MANIFEST))


def _check_archive(path: Path, manifest: Manifest) -> None:
    with zipfile.ZipFile(path) as packed:
        names = [name for name in packed.namelist() if name != _MANIFEST]
        if sorted(names) != sorted(manifest.parts) or DATABASE not in names:
            raise StoreError(f"{path} is not a sound backup: its parts are not those of its manifest.")
        for name in _unsafe(names):
            raise StoreError(f"{path} is not a sound backup: it has a part {name!r}, which has no place in one.")
        for name, part in manifest.parts.items():
            with packed.open(name) as source:
                if _transfer(source, None, part.size) != part:
                    raise StoreError(f"{path} is not a sound backup: its part {name} was changed.")
        facts = _facts_of(packed.read(DATABASE), str(path))
    if facts != {"revision": manifest.revision, "rows": manifest.rows}:
        raise StoreError(f"{path} is not a sound backup: its database has other rows than its manifest says.")


def _unsafe(names: list[str]) -> Iterator[str]:
    for name in names:
        parts = PurePosixPath(name).parts
        inside = name in (DATABASE, *_FILES) or (len(parts) > 1 and parts[0] in _FOLDERS)
        if not inside or ".." in parts or "\\" in name or "\0" in name or PurePosixPath(name).as_posix() != name:
            yield name


def _bare(path: Path) -> Manifest:
    """A copy of the database alone, as earlier releases made them before a migration."""
    facts = _facts_of(path.read_bytes(), str(path))
    return Manifest(made_at=datetime.fromtimestamp(path.stat().st_mtime, UTC), parts={}, **facts)


def _facts_of(content: bytes, name: str) -> dict[str, Any]:
    """`_facts` of a database in memory, so that checking writes nothing."""
    # Bytes 18 and 19 ask for a write-ahead log, which memory has none of; they say nothing about the content.
    plain = bytearray(content)
    plain[18:20] = b"\x01\x01"
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(bytes(plain))
        return _facts(connection, name)


@contextmanager
def _readable(path: Path) -> Generator[None]:
    """Turn what a damaged or foreign file raises into StoreError."""
    try:
        yield
    except FileNotFoundError as error:
        raise StoreError(f"There is no file {path}.") from error
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror or error}).") from error
    except (zipfile.BadZipFile, sqlite3.Error, ValidationError, ValueError, KeyError, NotImplementedError) as error:
        raise StoreError(f"{path} is not a sound backup ({type(error).__name__}).") from error
    except (EOFError, RuntimeError, MemoryError, OverflowError, zlib.error, struct.error) as error:
        raise StoreError(f"{path} is not a sound backup ({type(error).__name__}).") from error
