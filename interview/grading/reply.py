"""The reply of a judge: its schema, made for each question, and strict and early reading of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Annotated, Any, Literal, cast

from pydantic import Field, ValidationError, create_model

from interview.grading.asking import Wire, bounded, explained, schema_of
from interview.grading.json_text import BadReply, last_object, unfinished
from interview.models import Verdict
from interview.prompts import prompt_json

_MOST_ERRORS = 5
_LONGEST_STREAM = 60_000  # characters; what comes after them is read when the reply is whole

Quote = Annotated[str, bounded(200)]
Reason = Annotated[str, bounded(240)]


class PointReply(Wire):  # noqa: D101  docstrings of wire models would be sent along as prompt text
    quote: Quote
    reason: Reason
    verdict: Verdict


class CriterionReply(Wire):  # noqa: D101
    quote: Quote
    reason: Reason
    level: str


class PitfallReply(Wire):  # noqa: D101
    id: str
    quote: Quote
    reason: Reason


class ErrorReply(Wire):  # noqa: D101
    quote: Quote
    reason: Reason
    severity: Literal["minor", "major"]


class ReferenceReply(Wire):  # noqa: D101
    quote: Quote
    reason: Reason
    status: Literal["ok", "disputed", "unsure"]


class Judgement(Wire):
    """The findings of the model, as in its reply: nothing here has been checked against the answer.

    Fields that the reply was not asked for are empty; `ReplyForm` refuses a reply that leaves out any other.
    """

    key_points: dict[str, PointReply] = Field(default_factory=dict[str, PointReply])
    criteria: dict[str, CriterionReply] = Field(default_factory=dict[str, CriterionReply])
    pitfalls: list[PitfallReply] = Field(default_factory=list[PitfallReply])
    errors: list[ErrorReply] = Field(default_factory=list[ErrorReply])
    reference_check: ReferenceReply = ReferenceReply(quote="", reason="", status="ok")
    feedback: str = ""


@dataclass(frozen=True)
class ReplyForm:
    """The form of the reply about one question.

    `points` and `pitfalls` are ids, `criteria` maps the id of each criterion to the ids of its levels. Key points and
    criteria are objects with one key per id, not lists: so a schema can demand each of them exactly once. Without
    `rest` neither pitfalls nor errors, doubts and feedback are asked for.
    """

    points: tuple[str, ...]
    criteria: Mapping[str, Sequence[str]]
    pitfalls: tuple[str, ...] = ()
    rest: bool = True

    @cached_property
    def schema(self) -> dict[str, Any]:
        """JSON Schema for strict modes; only keywords that the known servers enforce."""
        return schema_of(self._model)

    @cached_property
    def shape(self) -> str:
        """The form as an example for the prompt: JSON in which `a|b` means one of these words."""
        words: dict[str, str] = {"quote": "…", "reason": "…"}
        verdicts = "covered|partial|missing|contradicted|cannot_assess"
        shape: dict[str, Any] = {}
        if self.points:
            shape["key_points"] = {name: {**words, "verdict": verdicts} for name in self.points}
        if self.criteria:
            shape["criteria"] = {name: {**words, "level": "|".join(levels)} for name, levels in self.criteria.items()}
        if self.rest and self.pitfalls:
            shape["pitfalls"] = [{"id": "|".join(self.pitfalls), **words}]
        if self.rest:
            shape["errors"] = [{**words, "severity": "minor|major"}]
            shape["reference_check"] = {**words, "status": "ok|disputed|unsure"}
            shape["feedback"] = "…"
        return prompt_json(shape)

    def read(self, text: str, *, answer: str = "") -> Judgement:
        """Read a whole reply: the last object with the first field of the form must fit; see `last_object`.

        An object that also occurs in `answer` is the candidate's, not the model's. Raises BadReply.
        """
        first = "key_points" if self.points else "criteria" if self.criteria else "errors"
        content = last_object(text, first, answer)
        try:
            self._model.model_validate(content)
            return Judgement.model_validate(content)
        except ValidationError as fault:
            raise BadReply(explained(fault)) from None

    @cached_property
    def _model(self) -> type[Wire]:
        fields: dict[str, Any] = {}
        if self.points:
            fields["key_points"] = _each("KeyPoints", {name: PointReply for name in self.points})
        if self.criteria:
            levels = {
                name: create_model(f"Levels{number}", __base__=CriterionReply, level=(_one_of(ids), ...))
                for number, (name, ids) in enumerate(self.criteria.items())
            }
            fields["criteria"] = _each("Criteria", levels)
        if self.rest and self.pitfalls:
            pitfall = create_model("Pitfall", __base__=PitfallReply, id=(_one_of(self.pitfalls), ...))
            fields["pitfalls"] = _list_of(pitfall, len(self.pitfalls))
        if self.rest:
            fields["errors"] = _list_of(ErrorReply, _MOST_ERRORS)
            fields["reference_check"] = ReferenceReply
            fields["feedback"] = Annotated[str, bounded(1000)]
        return _each("Reply", fields)


@lru_cache(maxsize=256)
def reply_form(
    points: tuple[str, ...], criteria: tuple[tuple[str, tuple[str, ...]], ...], pitfalls: tuple[str, ...], rest: bool
) -> ReplyForm:
    """Return the form for these ids; the same object for the same ids, because a form builds its models once."""
    return ReplyForm(points, dict(criteria), pitfalls, rest)


class VerdictStream:
    """Yields each key point of an unfinished reply once, as soon as it is complete. For the eye, not for the grade."""

    def __init__(self, points: Sequence[str]) -> None:
        self._waiting = set(points)
        self._text = ""

    def feed(self, piece: str) -> tuple[tuple[str, PointReply], ...]:
        """Take the next piece of the reply; return the key points that it completed, as (id, reply)."""
        self._text += piece
        # Only a closing brace can complete one, so reading again at other pieces would find nothing.
        if "}" not in piece or not self._waiting or len(self._text) > _LONGEST_STREAM:
            return ()
        ready: list[tuple[str, PointReply]] = []
        points: Any = unfinished(self._text).get("key_points")
        for name, content in cast("dict[str, Any]", points).items() if isinstance(points, dict) else ():
            if name in self._waiting and (point := _complete(content)):
                self._waiting.discard(name)
                ready.append((name, point))
        return tuple(ready)


def _complete(content: Any) -> PointReply | None:
    try:
        return PointReply.model_validate(content)
    except ValidationError:
        return None


def _each(name: str, fields: Mapping[str, Any]) -> type[Wire]:
    """A model with these fields, all required. Aliases, for an id may be any text, also the name of a method."""
    aliased: dict[str, Any] = {
        f"field_{number}": (kind, Field(alias=key)) for number, (key, kind) in enumerate(fields.items())
    }
    return create_model(name, __base__=Wire, **aliased)


def _list_of(kind: type[Wire], most: int) -> Any:
    # For the model only, like the lengths: reading does not check it.
    return Annotated[list[kind], Field(json_schema_extra={"maxItems": most})]


def _one_of(words: Sequence[str]) -> Any:
    return Literal[tuple(words)]
