"""The protocol that every backend follows: messages and a schema in, text out."""

from collections.abc import AsyncGenerator
from typing import Any, Literal, Protocol

from pydantic import Field, InstanceOf

from interview.backends.calls import CallLog
from interview.models import Value

Rung = Literal["json_schema", "json_object", "text"]
Purpose = Literal[
    "grading",
    "key_points",
    "audit",
    "follow_up",
    "hint",
    "discussion",
    "improvement",
    "evaluation",
    "comparison",
    "probe",
]


class Message(Value):
    """One message of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


class CompletionRequest(Value):
    """What is asked of a model. `json_schema` is a strict schema (None: free text); `max_tokens` bounds the reply.

    `purpose` and `session_id` (empty: no session) are for counting what it costs. `patient`: after a passing fault
    somebody asks again later, so that it is no reason yet to ask another backend. `attempts` bounds the tries of a
    passing fault (None: as many as the backend is set to). `log` is where failed calls are noted, and what limits bad
    replies (None: a new one). None of these is sent.
    """

    messages: tuple[Message, ...]
    schema_name: str = ""
    json_schema: dict[str, Any] | None = None
    max_tokens: int = 4000
    purpose: Purpose = "grading"
    session_id: str = ""
    patient: bool = False
    attempts: int | None = Field(default=None, ge=1)
    log: InstanceOf[CallLog] | None = Field(default=None, exclude=True, repr=False)


class Usage(Value):
    """Token counts as the endpoint told them; None where it told nothing."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None


class Delta(Value):
    """The next piece of the reply. Only JSON rungs stream."""

    text: str


class Restarted(Value):
    """The backend asks again (a retry, or one rung down): every Delta told so far is void."""

    why: str


class StandIn(Value):
    """A backend that replied in place of another: its grader's name, the model asked for, and the host."""

    name: str
    model: str
    host: str


class Completion(Value):
    """The whole reply. `text` is never empty and was not cut; `calls` counts every HTTP request that it took.

    `cost` (in `currency`) is None where a price or a token count is unknown; `list_date` is the day of the price list
    that it was counted by, empty for the user's own price. `stand_in` says who replied where it was
    not the backend that was asked. `fingerprint` is the endpoint's mark of what served the reply, `parameters` what was
    sent beside model, messages and schema.
    """

    text: str
    model: str
    rung: Rung
    usage: Usage = Usage()
    calls: int = 1
    cost: float | None = None
    currency: str = ""
    list_date: str = ""
    stand_in: StandIn | None = None
    fingerprint: str = ""
    parameters: tuple[tuple[str, str], ...] = ()


Events = AsyncGenerator[Delta | Restarted | Completion, None]


class Backend(Protocol):
    """A way to reach a model. One instance belongs to one event loop."""

    @property
    def name(self) -> str:
        """As in settings, such as `openai` or `ollama`."""
        ...

    @property
    def model(self) -> str:
        """The model asked for."""
        ...

    @property
    def host(self) -> str:
        """Host and port that the prompt is sent to."""
        ...

    def complete(self, request: CompletionRequest) -> Events:
        """Async generator: Deltas and Restarteds, then exactly one Completion as the last event.

        Raises PassingFault (retries are used up) or LastingFault; nothing else but CancelledError. Whoever stops before
        the last event closes it (`contextlib.aclosing`), so that its connection and its place in line are free.
        """
        ...

    async def close(self) -> None:
        """Close connections; must run in the loop that used the backend."""
        ...
