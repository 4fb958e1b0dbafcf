"""Files that Viva reads and writes: one rule for names, bounded reads of regular files, private atomic writes."""

import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from interview.errors import ContentError

LONGEST_NAME = 40
_NAME = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{LONGEST_NAME - 1}}}")
# Names of devices on Windows, with or without an ending.
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})
_RULE = f"1 to {LONGEST_NAME} of the characters a-z, 0-9, `-`, `_`, the first a letter or a digit, and no device name"


def check_name(name: str) -> str:
    """Return `name` if it may become part of a path. Raises ContentError, whose text names the rule."""
    if not _NAME.fullmatch(name) or name in _DEVICES:
        raise ContentError(f"{name!r} is not a usable name: expected {_RULE}.")
    return name


def slug(text: str, fallback: str) -> str:
    """Return the name nearest to `text` that `check_name` accepts, or `fallback` where nothing of it is left."""
    name = re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-_")[:LONGEST_NAME]
    return fallback if not name or name in _DEVICES else name


def is_device(stem: str) -> bool:
    """Return whether a file of this name, without its ending, would be a device on Windows."""
    return stem.partition(".")[0].strip().lower() in _DEVICES


def read_regular(path: Path, limit: int) -> bytes:
    """Return the content of a regular file of at most `limit` bytes.

    Raises OSError when it cannot be read, ContentError when it is a pipe, a device or a folder, or too large. Never
    waits: a pipe without a writer is opened without blocking and refused.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        opened = os.fdopen(descriptor, "rb")
    except OSError:  # a folder; the descriptor is not closed by itself then
        os.close(descriptor)
        raise
    with opened as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ContentError(f"{path}: is not a regular file.")
        content = file.read(limit + 1)  # files of /proc have the size 0, so the size says nothing
    if len(content) > limit:
        raise ContentError(f"{path}: is larger than {limit // 1_000_000} MB.")
    return content


def write_new(path: Path, content: bytes) -> None:
    """Create a file that only its owner can read. Raises FileExistsError and other OSError; nothing is left then."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


def replace_file(path: Path, content: bytes) -> None:
    """Put a file that only its owner can read in the place of `path`, at once or not at all. Raises OSError.

    A link at `path` is replaced, not followed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    write_new(fresh, content)
    try:
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink()
        raise
