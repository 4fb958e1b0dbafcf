"""Ask a model for a value of a known form: the reply is read strictly, sent back once for repair, and else refused."""

import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from interview.backends.backend import Backend, Completion, CompletionRequest, Delta, Message, Purpose, Restarted
from interview.backends.calls import CallLog
from interview.errors import LastingFault
from interview.grading.json_text import BadReply, last_object
from interview.models import FailedAttempt
from interview.prompts import Part, Prompts

LONGEST_RAW_REPLY = 20_000
_LONGEST_DETAIL = 500
_MOST_PROBLEMS = 10


class Wire(BaseModel):
    """Base of the wire models: flat, strict, every field required. Their field order is the order of thought."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


T = TypeVar("T")
W = TypeVar("W", bound=Wire)


def bounded(longest: int) -> Any:
    """Limit a text in the schema to `longest` characters, so that a rambling model stops.

    Reading a reply does not check the limit: length spoils no judgement, and code cuts what is shown.
    """
    return Field(json_schema_extra={"maxLength": longest})


@lru_cache(maxsize=64)
def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema for strict modes: only keywords that the known servers enforce, and no prompt text."""
    return _without_notes(model.model_json_schema())


def explained(fault: ValidationError) -> str:
    """Return the reasons why a reply does not fit, in at most ten lines for the model that wrote it."""
    lines = [f"{'.'.join(str(part)[:40] for part in error['loc'])}: {error['msg'][:300]}" for error in fault.errors()]
    return "\n".join(lines[:_MOST_PROBLEMS])


@dataclass(frozen=True)
class Form(Generic[T]):
    """The form of a reply: its name and JSON Schema, and `read`, which returns the value or raises BadReply."""

    name: str
    schema: dict[str, Any]
    read: Callable[[str], T]


def form_of(model: type[W], check: Callable[[W], str] = lambda value: "") -> Form[W]:
    """Return the form of a wire model. `check` returns the fault of a value that has the form; empty if it has none."""

    def read(text: str) -> W:
        try:
            # Through JSON, so that the reasons speak of arrays and objects, which the model knows.
            value = model.model_validate_json(json.dumps(last_object(text)))
        except ValidationError as fault:
            raise BadReply(explained(fault)) from None
        if problem := check(value):
            raise BadReply(problem)
        return value

    return Form(model.__name__.lower(), schema_of(model), read)


@dataclass(frozen=True)
class Read(Generic[T]):
    """The whole reply was read as `value`."""

    value: T


class UnusableReply(LastingFault):
    """A reply stayed unusable after its repair turn, or no repair was allowed; `raw_reply` is its text."""

    def __init__(self, text: str, raw_reply: str) -> None:
        super().__init__(text, fault="bad_reply")
        self.raw_reply = raw_reply[:LONGEST_RAW_REPLY]


class Asker:
    """Asks one backend for one purpose; `completions` keeps every reply, for counting what the calls used."""

    def __init__(
        self,
        backend: Backend,
        prompts: Prompts,
        *,
        purpose: Purpose,
        session_id: str = "",
        patient: bool = False,
        log: CallLog | None = None,
    ) -> None:
        """Count costs for `purpose` in the session; see `CompletionRequest` for `patient`.

        `log` takes failed calls and limits bad replies; None: a new one for each reply that is asked for.
        """
        self.backend = backend
        self.completions: list[Completion] = []
        self._repair = prompts.repair
        self._log = log
        self._about: dict[str, Any] = {"purpose": purpose, "session_id": session_id, "patient": patient}

    async def ask(self, parts: Sequence[Part], form: Form[T], *, max_tokens: int = 4000) -> T:
        """Return the reply to `parts` as a value of `form`. Raises as `stream`."""
        async with aclosing(self.stream(messages_of(parts), form, max_tokens)) as events:
            async for event in events:
                if isinstance(event, Read):
                    return event.value
        raise AssertionError("a stream ends in a value or an error")

    async def stream(
        self, messages: tuple[Message, ...], form: Form[T], max_tokens: int
    ) -> AsyncGenerator[Delta | Restarted | Read[T], None]:
        """Yield the reply as it arrives, then its value as the last event.

        A reply that does not fit is sent back once with the reason, unless the log allows no more bad replies; the
        Restarted before the second call voids the pieces of the first.

        Raises:
            UnusableReply: The reply does not fit, and it is not asked for again.
            BackendError: The call failed.
        """
        log = self._log or CallLog()
        for repaired in (False, True):
            text = ""
            request = CompletionRequest(
                messages=messages,
                schema_name=form.name,
                json_schema=form.schema,
                max_tokens=max_tokens,
                log=log,
                **self._about,
            )
            async with aclosing(self._complete(request, log)) as events:
                async for event in events:
                    if isinstance(event, Completion):
                        text = event.text
                    else:
                        yield event
            try:
                value = form.read(text)
            except BadReply as fault:
                log.note(self._unusable(fault))
                if repaired or log.ends_with("bad_reply"):
                    whose = f"The reply of {self.backend.model} at {self.backend.host}"
                    after = " after one repair turn" if repaired else ""
                    raise UnusableReply(f"{whose} stayed unusable{after}: {fault}", text) from None
                yield Restarted(why="The reply did not fit its form; the model is asked to repair it.")
                echo = Message(role="assistant", content=text[:LONGEST_RAW_REPLY])
                messages = (*messages, echo, *messages_of(self._repair.parts(problem=str(fault))))
            else:
                yield Read(value)
                return

    async def write(self, parts: Sequence[Part]) -> str:
        """Return the reply to `parts` as free text. Raises PassingFault or LastingFault."""
        log = self._log or CallLog()
        request = CompletionRequest(messages=messages_of(parts), log=log, **self._about)
        async with aclosing(self._complete(request, log)) as events:
            async for event in events:
                if isinstance(event, Completion):
                    return event.text
        raise LastingFault(f"Backend {self.backend.name} ended without a reply.", fault="bad_reply")

    async def _complete(
        self, request: CompletionRequest, log: CallLog
    ) -> AsyncGenerator[Delta | Restarted | Completion, None]:
        # Closed at once, not whenever the collector comes by: an abandoned call must not go on paying for tokens.
        with log.calling():
            async with aclosing(self.backend.complete(request)) as stream:
                async for event in stream:
                    if isinstance(event, Completion):
                        self.completions.append(event)
                    if isinstance(event, Delta):
                        log.arrived(len(event.text))
                    yield event

    def _unusable(self, fault: BadReply) -> FailedAttempt:
        return FailedAttempt(
            started_at=datetime.now(UTC),
            seconds=0.0,
            backend=self.backend.name,
            model=self.backend.model,
            host=self.backend.host,
            fault="bad_reply",
            detail=f"The reply did not fit its form: {fault}"[:_LONGEST_DETAIL],
        )


def messages_of(parts: Sequence[Part]) -> tuple[Message, ...]:
    """Return the rendered parts of a prompt as messages."""
    return tuple(Message(role=part.role, content=part.text) for part in parts)


def _without_notes(schema: Any) -> Any:
    """Return the schema without titles and descriptions: models would read them as prompt text."""
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
