"""`backends.toml`: the backends that the user named, one table each; keys are named there, never written.

Two tables are no backends: `[roles]` and `[budget]` (see roles.py).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError

from interview.errors import ContentError
from interview.files import check_name
from interview.models import Value
from interview.settings.checks import checked_key, line_of, line_of_table, said
from interview.settings.roles import Budget, Roles, read_table
from interview.toml_file import read_toml

# Kinds of provenance that no backend may pass itself off as, and what else `backends.toml` has a place for.
_RESERVED_NAMES = ("coverage", "guard", "self", "default", "roles", "budget")
_Seconds = Annotated[float | None, Field(gt=0, le=86_400)]


class BackendTable(Value):
    """One table of `backends.toml`: what is written there, not yet completed from a preset.

    `key_variable` names an environment variable, `key_file` a file (relative: beside `backends.toml`) and wins
    over it; the key itself has no place in the table. `models` are offered beside `model`. The bounds in seconds are
    those of a preset (`backends/presets.py`). The prices are what a million tokens of `model` cost in `currency`;
    unknown where they are left out.
    """

    preset: str | None = None
    base_url: str | None = None
    model: str | None = Field(default=None, min_length=1)
    models: tuple[str, ...] = ()
    key_variable: str | None = None
    key_file: str | None = None
    connect_seconds: _Seconds = None
    first_byte_seconds: _Seconds = None
    idle_seconds: _Seconds = None
    deadline_seconds: _Seconds = None
    price_prompt: float | None = Field(default=None, ge=0)
    price_completion: float | None = Field(default=None, ge=0)
    price_cached: float | None = Field(default=None, ge=0)
    currency: str | None = Field(default=None, min_length=1)


class ConfiguredBackend(BackendTable):
    """A backend that the user named. `name` is empty where the base URL has to tell it; `origin` is where it stands."""

    name: str
    origin: str
    key: SecretStr | None = None


class ConfiguredBackends(Value):
    """All of them, in the order of the files. `default` is the grader name that `backends.toml` asks for, if any."""

    backends: tuple[ConfiguredBackend, ...]
    default: str | None = None
    default_origin: str = ""
    roles: Roles = Roles()
    budget: Budget = Budget()


def read_backends(path: Path, secret: Callable[[str], SecretStr | None]) -> ConfiguredBackends:
    """Read `backends.toml`; `secret` returns the key in an environment variable.

    Raises ContentError naming file, line and what was expected.
    """
    text, content = read_toml(path)
    default = content.pop("default", None)
    default_line = line_of(text, "default")
    if default is not None and not isinstance(default, str):
        raise ContentError(f"{path}:{default_line}: default: expected the name of a grader")
    roles = read_table(path, text, "roles", content.pop("roles", {}), Roles)
    budget = read_table(path, text, "budget", content.pop("budget", {}), Budget)
    return ConfiguredBackends(
        backends=tuple(_backend(path, text, name, table, secret) for name, table in content.items()),
        default=default,
        default_origin=f"{path}:{default_line}",
        roles=roles.model_copy(update={"origin": f"{path}:{line_of_table(text, 'roles')}"}),
        budget=budget,
    )


def check_backend_name(name: str) -> None:
    """Raise ContentError unless a table, and the file of its key, may be called so."""
    check_name(name)
    if name in _RESERVED_NAMES:
        raise ContentError(f"{name!r} is not a usable name: it is none of {', '.join(_RESERVED_NAMES)}.")


def _backend(
    path: Path, text: str, name: str, table: object, secret: Callable[[str], SecretStr | None]
) -> ConfiguredBackend:
    line = line_of_table(text, name)
    where = f"{path}:{line}: [{name}]"
    if not isinstance(table, dict):
        raise ContentError(f"{path}:{line_of(text, name)}: `{name}`: expected `default` or a table such as [{name}]")
    try:
        check_backend_name(name)
    except ContentError as fault:
        raise ContentError(f"{where}: {fault} Rename the table.") from fault
    try:
        written = BackendTable.model_validate(table)
    except ValidationError as fault:
        lines = [_wrong_field(path, text, line, name, error) for error in fault.errors()]
        raise ContentError("\n".join(lines)) from fault
    key = None
    if written.key_file is not None:
        key = _key_in(path.parent / Path(written.key_file).expanduser(), where)
    elif written.key_variable is not None:
        key = secret(written.key_variable)
    return ConfiguredBackend(**written.model_dump(), name=name, key=key, origin=f"{path}:{line}")


def _wrong_field(path: Path, text: str, line: int, name: str, error: Any) -> str:
    field = str(error["loc"][0])
    at = f"{path}:{line_of(text, field, after=line)}: [{name}] {field}"
    if error["type"] != "extra_forbidden":
        return f"{at}: {said(error['msg'])}"
    if "key" in field.lower():
        return f"{at}: a key does not belong in this file; name its variable (key_variable) or file (key_file)"
    return f"{at}: unknown field; expected one of: {', '.join(BackendTable.model_fields)}"


def _key_in(path: Path, where: str) -> SecretStr:
    try:
        return checked_key(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise ContentError(f"{where}: key_file {path}: cannot be read: {fault.strerror}") from fault
    except ValueError as fault:  # also not UTF-8
        raise ContentError(f"{where}: key_file {path}: expected a key of printable ASCII characters") from fault
