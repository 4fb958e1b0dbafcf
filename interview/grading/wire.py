"""The form of what a model replies: flat, strict wire models, and their schemas as models are told them."""

from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class BadReply(ValueError):
    """The reply cannot be used; the message is written for the model that has to repair it."""


class Wire(BaseModel):
    """Base of the wire models: flat, strict, every field required. Their field order is the order of thought."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def bounded(longest: int) -> Any:
    """Tell a model how long a text may be (characters): it bounds what a rambling model writes under a schema.

    Elsewhere code cuts, for length spoils no judgement.
    """
    return Field(json_schema_extra={"maxLength": longest})


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """JSON Schema for strict modes; only keywords that the known servers enforce, and no prompt text in it."""
    return _without_notes(model.model_json_schema())


def explained(fault: ValidationError) -> str:
    """What does not fit, in at most ten lines for the model that wrote it."""
    lines = [f"{'.'.join(str(part)[:40] for part in error['loc'])}: {error['msg'][:300]}" for error in fault.errors()]
    return "\n".join(lines[:10])


def _without_notes(schema: Any) -> Any:
    """The schema without titles, and without the docstring of the base: both would be read as prompt text."""
    if isinstance(schema, list):
        return [_without_notes(one) for one in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _without_notes(one) for name, one in value.items()}
        if key in {"properties", "$defs"}
        else _without_notes(value)
        for key, value in cast("dict[str, Any]", schema).items()
        if key not in {"title", "description"}
    }
