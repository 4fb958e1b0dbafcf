"""Changing `backends.toml` for the user: one table at a time, everything else stays byte for byte as it was written."""

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

from interview.errors import ContentError
from interview.settings.backends_file import BackendTable

_HEADER = re.compile(r"\s*\[\s*[\"']?([^\"'\]]+?)[\"']?\s*\]")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def put_backend(path: Path, name: str, table: BackendTable) -> None:
    """Write one table, in the place of the one with its name or at the end. Raises ContentError; nothing is changed."""
    _change(path, name, table.model_dump(exclude_none=True, exclude_defaults=True, mode="json"))


def drop_backend(path: Path, name: str) -> None:
    """Remove one table, and `default` where it names a grader of it. Raises ContentError; nothing is changed."""
    _change(path, name, None)


def keep_key(path: Path, key: str) -> None:
    """Write a key into a file that only its owner can read. Raises ContentError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)  # also where the file was there before
            file.write(key + "\n")
    except OSError as fault:
        raise ContentError(f"{path}: the key cannot be kept: {fault.strerror}") from fault


def _change(path: Path, name: str, table: dict[str, Any] | None) -> None:
    before = path.read_text(encoding="utf-8-sig") if path.is_file() else ""
    lines = before.splitlines(keepends=True)
    start, end = _place(lines, name)
    fresh = [] if table is None else [_written(name, table)]
    if table is not None and start == len(lines) and lines:
        fresh = ["" if lines[-1].endswith("\n") else "\n", "\n", *fresh]
    after = "".join([*lines[:start], *fresh, *lines[end:]])
    expected = tomllib.loads(before)
    expected.pop(name, None)
    if table is None and str(expected.get("default", "")).partition(":")[0] == name:
        after = re.sub(r"(?m)^\s*default\s*=.*\n?", "", after, count=1)
        del expected["default"]
    if table is not None:
        expected[name] = table
    try:
        unchanged = tomllib.loads(after) == expected
    except tomllib.TOMLDecodeError:
        unchanged = False
    if not unchanged:
        raise ContentError(f"{path}: the table [{name}] is written in a way that only you can change; edit the file.")
    _replace(path, after)


def _place(lines: list[str], name: str) -> tuple[int, int]:
    """Where the table stands: from its header to its last line that says something; at the end if it is new."""
    headers = [(at, found[1]) for at, line in enumerate(lines) if (found := _HEADER.match(line))]
    start = next((at for at, header in headers if header == name), len(lines))
    end = next((at for at, _ in headers if at > start), len(lines))
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return start, end


def _written(name: str, table: dict[str, Any]) -> str:
    header = name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
    fields = [f"{field} = {json.dumps(value, ensure_ascii=False)}" for field, value in table.items()]
    return "\n".join([f"[{header}]", *fields]) + "\n"


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except OSError as fault:
        raise ContentError(f"{path}: cannot be written: {fault.strerror}") from fault
