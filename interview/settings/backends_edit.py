"""Changing `backends.toml` for the user: one table at a time, everything else stays byte for byte as it was written.

Of `[roles]` only the fields that change are written anew; what the user noted beside them stays there.
"""

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

from interview.errors import ContentError
from interview.files import replace_file
from interview.settings.backends_file import BackendTable, check_backend_name
from interview.settings.roles import Roles
from interview.toml_file import read_toml

_HEADER = re.compile(r"\s*\[\s*[\"']?([^\"'\]]+?)[\"']?\s*\]")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'')


def put_backend(path: Path, name: str, table: BackendTable) -> None:
    """Write one table, in the place of the one with its name or at the end. Raises ContentError; nothing is changed."""
    check_backend_name(name)
    _change(path, name, table.model_dump(exclude_none=True, exclude_defaults=True, mode="json"))


def drop_backend(path: Path, name: str) -> None:
    """Remove one table, and `default` where it names a grader of it. Raises ContentError; nothing is changed."""
    _change(path, name, None)


def put_roles(path: Path, roles: Roles) -> None:
    """Write what `[roles]` says, each field in its place. Raises ContentError; nothing is changed."""
    before, expected = _read(path)
    lines = before.splitlines(keepends=True)
    table: dict[str, Any] = dict(expected.get("roles", {}))
    wanted = roles.model_dump(mode="json", exclude={"origin"})
    changes = {field: value for field, value in wanted.items() if value != table.get(field, type(value)())}
    if not changes:
        return
    if "roles" not in expected:
        lines += [*_gap(lines), "[roles]\n"]
    for field, value in changes.items():
        _set_field(lines, field, value)
    _replace_with(path, "roles", "".join(lines), {**expected, "roles": {**table, **changes}})


def keep_key(path: Path, key: str) -> None:
    """Write a key into a file that only its owner can read. Raises ContentError."""
    try:
        replace_file(path, f"{key}\n".encode())
    except OSError as fault:
        raise ContentError(f"{path}: the key cannot be kept: {fault.strerror}") from fault


def _change(path: Path, name: str, table: dict[str, Any] | None) -> None:
    before, expected = _read(path)
    lines = before.splitlines(keepends=True)
    start, end = _place(lines, name)
    fresh = [] if table is None else [_written(name, table)]
    if table is not None and start == len(lines) and lines:
        fresh = [*_gap(lines), *fresh]
    after = "".join([*lines[:start], *fresh, *lines[end:]])
    expected.pop(name, None)
    if table is None and str(expected.get("default", "")).partition(":")[0] == name:
        after = re.sub(r"(?m)^\s*default\s*=.*\n?", "", after, count=1)
        del expected["default"]
    if table is not None:
        expected[name] = table
    _replace_with(path, name, after, expected)


def _set_field(lines: list[str], field: str, value: Any) -> None:
    """Write a field of `[roles]` in the place of the old one, else below the last; comments on its lines stay."""
    start, end = _place(lines, "roles")
    if start == len(lines):  # inline or dotted: only its owner can change that
        return
    written = f"{field} = {json.dumps(value, ensure_ascii=False)}"
    setting = re.compile(rf"\s*[\"']?{field}[\"']?\s*=")
    at = next((at for at in range(start + 1, end) if setting.match(lines[at])), None)
    if at is None:
        lines[end - 1] = lines[end - 1].rstrip("\n") + "\n"
        lines.insert(end, written + "\n")
        return
    after = next((after for after in range(at + 1, end) if _is_toml("".join(lines[at:after]))), end)
    notes = [note for line in lines[at:after] if (note := _comment(line))]
    beside = f"  {notes.pop()}" if notes and after == at + 1 else ""
    lines[at:after] = [*(f"{note}\n" for note in notes), f"{written}{beside}\n"]


def _comment(line: str) -> str:
    masked = _STRING.sub(lambda found: "x" * len(found[0]), line)
    return line[masked.index("#") :].rstrip() if "#" in masked else ""


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    if not os.path.lexists(path):
        return "", {}
    try:
        return read_toml(path)
    except ContentError as fault:
        raise ContentError(f"{fault}. Correct it, or restore {path.name}.bak.") from fault


def _gap(lines: list[str]) -> list[str]:
    """What goes before a table at the end of the file."""
    return ["" if lines[-1].endswith("\n") else "\n", "\n"] if lines else []


def _replace_with(path: Path, name: str, text: str, expected: dict[str, Any]) -> None:
    """Write the file anew, if it then says what is expected and nothing else."""
    if not _is_toml(text) or tomllib.loads(text) != expected:
        raise ContentError(f"{path}: the table [{name}] is written in a way that only you can change; edit the file.")
    _replace(path, text)


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
    """Write the file anew; the old one is kept as `.bak`."""
    try:
        if path.is_file():
            replace_file(path.with_name(f"{path.name}.bak"), path.read_bytes())
        replace_file(path, text.encode())
    except OSError as fault:
        raise ContentError(f"{path}: cannot be written: {fault.strerror}") from fault
