"""What a judge must reply: its schema, made for each question, and strict and early reading of the reply."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, cast

from pydantic import Field, ValidationError, create_model
from pydantic_core import from_json

from interview.grading.json_text import NotJson, mended, objects
from interview.grading.wire import BadReply, Wire, bounded, explained, schema_of
from interview.models import Verdict

_MOST_ERRORS = 5
_LONGEST_STREAM = 60_000  # characters; what comes after them is read when the reply is whole
_THOUGHTS_OPEN, _THOUGHTS_CLOSE = "<think>", "</think>"


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
    """What the model found, as it stands in its reply: nothing here has been checked against the answer.

    What a reply was not asked for is empty; `ReplyForm` sees to it that nothing is left out that was.
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

    @property
    def shape(self) -> str:
        """The same as an example for the prompt: JSON in which `a|b` means one of these words."""
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
        return json.dumps(shape, ensure_ascii=False)

    def read(self, text: str, *, answer: str = "") -> Judgement:
        """Read a whole reply: the last object with the first field of the form, outside of thoughts; it must fit.

        An object that also stands in `answer` is the candidate's, not the model's. Raises BadReply.
        """
        content = _last_judgement(text, answer, self._first_field)
        try:
            self._model.model_validate(content)
            return Judgement.model_validate(content)
        except ValidationError as fault:
            raise BadReply(explained(fault)) from None

    def stream(self) -> "VerdictStream":
        """Start to read a reply while it arrives."""
        return VerdictStream(self.points)

    @property
    def _first_field(self) -> str:
        return "key_points" if self.points else "criteria" if self.criteria else "errors"

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


class VerdictStream:
    """Tells each key point of an unfinished reply once, as soon as it is complete. For the eye, not for the grade."""

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
        for name, content in self._points().items():
            if name in self._waiting and (point := _complete(content)):
                self._waiting.discard(name)
                ready.append((name, point))
        return tuple(ready)

    def _points(self) -> dict[str, Any]:
        text = self._text.lstrip()
        if text.startswith(_THOUGHTS_OPEN):
            text = text.partition(_THOUGHTS_CLOSE)[2]
        try:
            # Drops what is unfinished at the end, also half a string: what is there is whole.
            content: Any = from_json(mended(text[text.index("{") :]), allow_partial=True)
        except ValueError:
            return {}
        points: Any = cast("dict[str, Any]", content).get("key_points") if isinstance(content, dict) else None
        return cast("dict[str, Any]", points) if isinstance(points, dict) else {}


def _complete(content: Any) -> PointReply | None:
    try:
        return PointReply.model_validate(content)
    except ValidationError:
        return None


def _last_judgement(text: str, answer: str, field: str) -> dict[str, Any]:
    try:
        found = objects(text)
        candidates = [one.content for one in objects(answer)] if answer else []
    except NotJson as fault:
        raise BadReply(str(fault)) from None
    between = _between(text, [(one.start, one.end) for one in found])
    # Thoughts end at the last mark that stands outside every object: within one it is quoted text.
    thoughts_end = max(
        (at + piece.rfind(_THOUGHTS_CLOSE) for at, piece in between if _THOUGHTS_CLOSE in piece), default=-1
    )
    if thoughts_end < 0 and text.lstrip().startswith(_THOUGHTS_OPEN):
        raise BadReply("the reply ended before the thinking did; reply with the JSON object alone")
    judgements = [one for one in found if field in one.content and one.start > thoughts_end]
    judgements = [one for one in judgements if one.content not in candidates]
    if not judgements:
        raise BadReply(f"there is no valid JSON object with `{field}` in the reply")
    last = judgements[-1]
    unread = re.compile(rf"""["']?{field}["']?\s*:""")
    if any(at >= last.end and unread.search(piece) for at, piece in between):
        raise BadReply("the JSON object at the end of the reply is not valid JSON, or it is unfinished")
    return last.content


def _between(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, str]]:
    """The pieces of text around the spans, each with its offset."""
    starts = [0, *(end for _, end in spans)]
    ends = [*(start for start, _ in spans), len(text)]
    return [(start, text[start:end]) for start, end in zip(starts, ends, strict=True)]


def _each(name: str, fields: Mapping[str, Any]) -> type[Wire]:
    """A model with these fields, all required. Aliases, for an id may be any text, also the name of a method."""
    aliased: dict[str, Any] = {
        f"field_{number}": (kind, Field(alias=key)) for number, (key, kind) in enumerate(fields.items())
    }
    return create_model(name, __base__=Wire, **aliased)


def _list_of(kind: type[Wire], most: int) -> Any:
    # Told to the model only, like the lengths.
    return Annotated[list[kind], Field(json_schema_extra={"maxItems": most})]


def _one_of(words: Sequence[str]) -> Any:
    return Literal[tuple(words)]
