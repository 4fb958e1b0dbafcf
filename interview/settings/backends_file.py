"""`backends.toml`: the backends that the user named, one table each; keys are named there, never written.

Two tables are no backends: `[roles]` and `[budget]` (see roles.py).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError

from interview.errors import ContentError
from interview.files import check_name, read_regular
from interview.models import Value
from interview.settings.checks import checked_key, line_of, line_of_table, said
from interview.settings.roles import Budget, Roles, read_table
from interview.toml_file import TOML_LIMIT, read_toml

# Kinds of provenance that no backend may pass itself off as, and what else `backends.toml` has a place for.
_RESERVED_NAMES = ("coverage", "guard", "self", "default", "roles", "budget")
_LONGEST_KEY = 100_000
PRICES = ("price_prompt", "price_completion", "price_cached", "currency")  # the fields of a table that price its model
_Seconds = Annotated[float | None, Field(gt=0, le=86_400)]


class BackendTable(Value):
    """One table of `backends.toml`: what is written there, not yet completed from a preset.

    `key_variable` names an environment variable, `key_file` a file (relative: beside `backends.toml`) and wins
    over it; the key itself has no place in the table. `models` are offered beside `model`. The bounds in seconds and
    `parallel`, the calls in flight, are those of a preset (`backends/presets.py`). The prices are what a million tokens
    of `model` cost in `currency`; unknown where they are left out.
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
    parallel: int | None = Field(default=None, ge=1, le=64)
    price_prompt: float | None = Field(default=None, ge=0)
    price_completion: float | None = Field(default=None, ge=0)
    price_cached: float | None = Field(default=None, ge=0)
    currency: str | None = Field(default=None, min_length=1)


class ConfiguredBackend(BackendTable):
    """A backend that the user named. `name` is empty where the base URL has to tell it; `origin` is where it stands.

    `in_file`: it is a table of `backends.toml`, not what the environment says.
    """

    name: str
    origin: str
    in_file: bool = False
    key: SecretStr | None = None


class Problem(Value):
    """A part of `backends.toml` that cannot be used and is left out.

    `name` is its table, or the field outside of tables; empty for the whole file. `text` says where it is, what is
    wrong, and what to do.
    """

    name: str
    text: str


class ConfiguredBackends(Value):
    """All of them, in the order of the files. `default` is the grader name that `backends.toml` asks for, if any.

    `budget_problem` names the limits that could not be read, and is empty if there are none.
    `is_default_lost`: what the file says about the grader at start, by name or by its order, was left out.
    """

    backends: tuple[ConfiguredBackend, ...]
    default: str | None = None
    default_origin: str = ""
    roles: Roles = Roles()
    budget: Budget = Budget()
    budget_problem: str = ""
    problems: tuple[Problem, ...] = ()
    is_default_lost: bool = False


def read_backends(path: Path, secret: Callable[[str], SecretStr | None]) -> ConfiguredBackends:
    """Return what `backends.toml` says; what cannot be used is left out, with a problem for each part.

    `secret` returns the key in an environment variable.
    """
    try:
        text, content = read_toml(path)
    except ContentError as fault:
        problem = left_out("", fault)
        budget_problem = problem.text if _may_limit(path) else ""
        return ConfiguredBackends(backends=(), problems=(problem,), budget_problem=budget_problem, is_default_lost=True)
    default = content.pop("default", None)
    default_line = line_of(text, "default")
    problems: list[Problem] = []
    if default is not None and not isinstance(default, str):
        problems.append(left_out("default", f"{path}:{default_line}: default: expected the name of a grader"))
    roles, wrong_roles = read_table(path, text, "roles", content.pop("roles", {}), Roles)
    budget, wrong_limits = read_table(path, text, "budget", content.pop("budget", {}), Budget)
    problems += [left_out("roles", wrong) for wrong in wrong_roles]
    problems += [left_out("budget", wrong) for wrong in wrong_limits]
    backends: list[ConfiguredBackend] = []
    for name, table in content.items():
        try:
            backends.append(_backend(path, text, name, table, secret))
        except ContentError as fault:
            problems.append(left_out(name, fault))
    first_is_lost = bool(content) and [backend.name for backend in backends[:1]] != list(content)[:1]
    return ConfiguredBackends(
        backends=tuple(backends),
        default=default if isinstance(default, str) else None,
        default_origin=f"{path}:{default_line}",
        roles=roles.model_copy(update={"origin": f"{path}:{line_of_table(text, 'roles')}"}),
        budget=budget,
        budget_problem=" ".join(problem.text for problem in problems if problem.name == "budget"),
        problems=tuple(problems),
        is_default_lost=not isinstance(default, str)
        and (default is not None or bool(wrong_roles) or (first_is_lost and not roles.judge)),
    )


def _may_limit(path: Path) -> bool:
    """Whether a file that is no TOML may hold a budget."""
    try:
        return b"[budget]" in read_regular(path, TOML_LIMIT)
    except (OSError, ContentError):
        return True


def left_out(name: str, fault: ContentError | str) -> Problem:
    """Return the problem of a part of `backends.toml`; `fault` says where it is and what is wrong with it."""
    wrong = "; ".join(str(fault).splitlines()).rstrip(".")
    return Problem(name=name, text=f"{wrong}. Correct it, or take it out of the file.")


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
        raise ContentError(f"{where}: {fault}") from fault
    try:
        written = BackendTable.model_validate(table)
    except ValidationError as fault:
        lines = [_wrong_field(path, text, line, name, error) for error in fault.errors()]
        raise ContentError("\n".join(lines)) from fault
    key = None
    if written.key_file is not None:
        key = _key_in(path.parent, written.key_file, where)
    elif written.key_variable is not None:
        key = secret(written.key_variable)
    return ConfiguredBackend(**written.model_dump(), name=name, key=key, origin=f"{path}:{line}", in_file=True)


def _wrong_field(path: Path, text: str, line: int, name: str, error: Any) -> str:
    field = str(error["loc"][0])
    at = f"{path}:{line_of(text, field, after=line)}: [{name}] {field}"
    if error["type"] != "extra_forbidden":
        return f"{at}: {said(error['msg'])}"
    if "key" in field.lower():
        return f"{at}: a key does not belong in this file; name its variable (key_variable) or file (key_file)"
    return f"{at}: unknown field; expected one of: {', '.join(BackendTable.model_fields)}"


def _key_in(folder: Path, name: str, where: str) -> SecretStr:
    at = f"{where}: key_file {name}"
    try:
        path = folder / Path(name).expanduser()
        return checked_key(read_regular(path, _LONGEST_KEY).decode())
    except OSError as fault:
        raise ContentError(f"{at}: cannot be read: {fault.strerror}") from fault
    except ContentError as fault:
        raise ContentError(f"{at}: {fault}") from fault
    except RuntimeError as fault:  # the home folder of nobody
        raise ContentError(f"{at}: {fault}") from fault
    except ValueError as fault:  # also not UTF-8
        raise ContentError(f"{at}: expected a key of printable ASCII characters") from fault
