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
from interview.settings.backends_file import check_backend_name
from interview.settings.roles import Roles
from interview.toml_file import read_toml

_STRING = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'')


def put_backend(path: Path, name: str, fields: Mapping[str, Any]) -> None:
    """Set these fields of the table of a backend (None: remove it), a new table at the end.

    Raises ContentError; nothing is changed.
    """
    check_backend_name(name)
    _put(path, name, fields)


def put_roles(path: Path, roles: Roles) -> None:
    """Set the fields of `[roles]`. Raises ContentError; nothing is changed."""
    _put(path, "roles", _fields_of(roles))


def drop_backend(path: Path, name: str, roles: Roles) -> None:
    """Remove a table, set `[roles]`, and remove `default` where it names a grader of that backend.

    Raises ContentError; nothing is changed.
    """
    text, wanted = _read(path)
    wanted.pop(name, None)
    if str(wanted.get("default", "")).partition(":")[0] == name:
        del wanted["default"]
    _replace(path, text, _with_fields(wanted, "roles", _fields_of(roles)))


def keep_key(path: Path, key: str) -> None:
    """Write a key into a file that only its owner can read. Raises ContentError."""
    try:
        replace_file(path, f"{key}\n".encode())
    except OSError as fault:
        raise ContentError(f"{path}: the key cannot be kept: {fault.strerror}") from fault


def _fields_of(roles: Roles) -> dict[str, Any]:
    return roles.model_dump(mode="json", exclude={"origin"})


def _put(path: Path, name: str, fields: Mapping[str, Any]) -> None:
    text, before = _read(path)
    wanted = _with_fields(before, name, fields)
    if wanted != before:
        _replace(path, text, wanted)


def _with_fields(content: dict[str, Any], name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    before = cast("dict[str, Any]", content.get(name, {}))
    table = {field: value for field, value in before.items() if fields.get(field, value) is not None}
    for field, value in fields.items():
        if value or (field in table and value is not None):  # an absent field says False, or nothing, already
            table[field] = value
    return content if table == before else {**content, name: table}


def _replace(path: Path, text: str, wanted: dict[str, Any]) -> None:
    """Replace the file by one that says what is wanted; the old one is kept as `.bak`."""
    after = _edited(text, wanted)
    if after is None:
        raise ContentError(f"{path}: a part of the file is written in a way that only you can change; edit the file.")
    try:
        if text:
            replace_file(path.with_name(f"{path.name}.bak"), path.read_bytes())
        replace_file(path, after.encode())
    except OSError as fault:
        raise ContentError(f"{path}: cannot be written: {fault.strerror}") from fault


def _edited(text: str, wanted: dict[str, Any]) -> str | None:
    """Return the text with what differs from `wanted` edited; None unless it then says that, and nothing else."""
    document = tomlkit.parse(text if text.endswith("\n") or not text else f"{text}\n")
    try:
        for name, fields in wanted.items():
            if name not in document:
                document[name] = fields
            elif document[name] != fields:
                _update(cast("Any", document[name]), fields)
        # Last, and a table after a field: where a table was, tomlkit finds nothing by name any more.
        gone = [name for name in document if name not in wanted]
        for name in sorted(gone, key=lambda name: isinstance(document[name], Table)):
            _remove(document, name)
        after = document.as_string()
        return after if tomllib.loads(after) == wanted else None
    except (TOMLKitError, tomllib.TOMLDecodeError, AttributeError):  # a table in parts has no body of its own
        return None


def _update(table: Any, fields: Mapping[str, Any]) -> None:
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
