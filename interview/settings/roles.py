"""The tables of `backends.toml` that name no backend: `[roles]`, who does what, and `[budget]`, the most it costs."""

from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from pydantic import Field, ValidationError, field_validator

from interview.models import Value
from interview.settings.checks import line_of, line_of_table, said

T = TypeVar("T", bound=Value)
Role = Literal["judge", "interviewer"]


class Roles(Value):
    """Graders by name for each role, the first choice first; empty: whoever is chosen on the screen, alone.

    `judge` judges answers; `interviewer` asks follow-ups, discusses, extracts key points and audits references.
    `estimate`: where every judge fails, the coverage estimate may step in, labelled as what it is. `origin` is where
    the table stands.
    """

    judge: tuple[str, ...] = ()
    interviewer: tuple[str, ...] = ()
    estimate: bool = False
    origin: str = ""

    def of(self, role: Role) -> tuple[str, ...]:
        """Who has a role, the first choice first."""
        return self.judge if role == "judge" else self.interviewer

    @field_validator("judge", "interviewer")
    @classmethod
    def _each_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) < len(names):
            raise ValueError("a name stands twice")
        if "coverage" in names:
            raise ValueError("the coverage estimate judges nothing; say `estimate = true` to let it step in")
        return names


class Budget(Value):
    """The most that models may cost per day and month (UTC), in `currency` and in tokens; None: no limit."""

    day: float | None = Field(default=None, gt=0)
    month: float | None = Field(default=None, gt=0)
    day_tokens: int | None = Field(default=None, gt=0)
    month_tokens: int | None = Field(default=None, gt=0)
    currency: str = Field(default="USD", min_length=1)


def read_table(path: Path, text: str, name: str, table: object, form: type[T]) -> tuple[T, list[str]]:
    """Return what one of these tables says, and a sentence about each field that is wrong and therefore left out.

    The sentences name file, line and what was expected.
    """
    line = line_of_table(text, name)
    if not isinstance(table, dict):
        return form(), [f"{path}:{line_of(text, name)}: `{name}`: expected a table [{name}]"]
    allowed = [field for field in form.model_fields if field != "origin"]
    fields = cast(dict[str, Any], table)
    at = {field: f"{path}:{line_of(text, field, after=line)}: [{name}] {field}" for field in fields}
    wrong = {
        field: f"{at[field]}: unknown field; expected one of: {', '.join(allowed)}"
        for field in fields
        if field not in allowed
    }
    try:
        form.model_validate({field: fields[field] for field in allowed if field in fields})
    except ValidationError as fault:
        for error in fault.errors():
            field = str(error["loc"][0])
            wrong.setdefault(field, f"{at[field]}: {_expected(name, error)}")
    return form.model_validate({field: fields[field] for field in fields if field not in wrong}), list(wrong.values())


def _expected(name: str, error: Any) -> str:
    if name == "roles" and error["type"] in ("tuple_type", "string_type"):
        return 'expected a list of graders, such as ["first", "second"]'
    return said(error["msg"])
