"""Edits `backends.toml` for the user; comments, order and everything that is not edited stay as they were written."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array, Comment, Item, Table, Whitespace

from interview.errors import ContentError
from interview.files import replace_file
from interview.settings.backends_file import BackendTable, check_backend_name
from interview.settings.roles import Roles
from interview.toml_file import read_toml

_STRING = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'')


def put_backend(path: Path, name: str, table: BackendTable) -> None:
    """Write the table of a backend, a new one at the end. Raises ContentError; nothing is changed."""
    check_backend_name(name)
    _edit(path, name, table.model_dump(exclude_none=True, exclude_defaults=True, mode="json"))


def drop_backend(path: Path, name: str) -> None:
    """Remove one table, and `default` where it names a grader of it. Raises ContentError; nothing is changed."""
    _edit(path, name, None)


def put_roles(path: Path, roles: Roles) -> None:
    """Write `[roles]`; a field that has its value already, or says no more than none, is left alone.

    Raises ContentError; nothing is changed.
    """
    before = cast("dict[str, Any]", _read(path)[1].get("roles", {}))
    wanted = roles.model_dump(mode="json", exclude={"origin"})
    changes = {field: value for field, value in wanted.items() if value != before.get(field, type(value)())}
    if changes:
        _edit(path, "roles", {**before, **changes})


def keep_key(path: Path, key: str) -> None:
    """Write a key into a file that only its owner can read. Raises ContentError."""
    try:
        replace_file(path, f"{key}\n".encode())
    except OSError as fault:
        raise ContentError(f"{path}: the key cannot be kept: {fault.strerror}") from fault


def _edit(path: Path, name: str, fields: Mapping[str, Any] | None) -> None:
    """Give the table `name` these fields (None: remove it), then replace the file; the old one is kept as `.bak`."""
    text, wanted = _read(path)
    wanted.pop(name, None)
    if fields is not None:
        wanted[name] = dict(fields)
    elif str(wanted.get("default", "")).partition(":")[0] == name:
        del wanted["default"]
    after = _edited(text, name, wanted)
    if after is None:
        raise ContentError(f"{path}: the table [{name}] is written in a way that only you can change; edit the file.")
    try:
        if text:
            replace_file(path.with_name(f"{path.name}.bak"), path.read_bytes())
        replace_file(path, after.encode())
    except OSError as fault:
        raise ContentError(f"{path}: cannot be written: {fault.strerror}") from fault


def _edited(text: str, name: str, wanted: dict[str, Any]) -> str | None:
    """Return the text in which `name` is as `wanted`; None unless it then says that, and nothing else."""
    document = tomlkit.parse(text if text.endswith("\n") or not text else f"{text}\n")
    try:
        _apply(document, name, wanted)
        after = document.as_string()
        return after if tomllib.loads(after) == wanted else None
    except (TOMLKitError, tomllib.TOMLDecodeError, AttributeError):  # a table in parts has no body of its own
        return None


def _apply(document: tomlkit.TOMLDocument, name: str, wanted: Mapping[str, Any]) -> None:
    for gone in [key for key in ("default", name) if key in document and key not in wanted]:
        _remove(document, gone)
    if name not in wanted:
        return
    fields = wanted[name]
    if name not in document:
        document[name] = fields
        return
    table = cast("Any", document[name])
    for field in [field for field in table if field not in fields]:
        table.remove(field)
    behind = _cut_trivia(table)
    for field, value in fields.items():
        if field not in table or table[field] != value:
            table[field] = _with_comments(table.get(field), value)
    table.value.body.extend(behind)


def _remove(document: tomlkit.TOMLDocument, name: str) -> None:
    """Remove a field or a table, but not the comments behind the table, which are about what comes next."""
    body, item = document.body, document[name]
    if not isinstance(item, Table):
        document.remove(name)
        return
    at = next(at for at, (key, _) in enumerate(body) if key is not None and key.key == name)
    body[at : at + 1] = _cut_trivia(item)


def _cut_trivia(table: Table) -> list[tuple[None, Item]]:
    """Take the comments and blank lines behind the last field out of a table, and return them."""
    body = table.value.body
    behind: list[tuple[None, Item]] = []
    while body and isinstance(body[-1][1], Comment | Whitespace):
        behind.insert(0, (None, body.pop()[1]))
    return behind


def _with_comments(old: object, value: Any) -> Any:
    """Return the value; where it replaces a list with comments between its lines, as a list that keeps them."""
    lines = old.as_string().splitlines() if isinstance(old, Array) else []
    notes = [note for line in lines if (note := _comment(line))]
    if not notes:
        return value
    fresh = tomlkit.array()
    for note in notes:
        fresh.add_line(comment=note)
    for item in value:
        fresh.add_line(item)
    fresh.add_line(indent="")
    return fresh


def _comment(line: str) -> str:
    """Return the comment at the end of a line, without its mark; a mark within a string begins none."""
    masked = _STRING.sub(lambda found: "x" * len(found[0]), line)
    return line[len(masked.partition("#")[0]) + 1 :].strip()


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    if not os.path.lexists(path):
        return "", {}
    try:
        return read_toml(path)
    except ContentError as fault:
        raise ContentError(f"{fault}. Correct it, or restore {path.name}.bak.") from fault
