"""The call pipeline: a client behind a list of stages.

From the outside in (`BackendRack` builds the list):

1. `Fallback`: the next backend, where this one fails for good.
2. `Metering`: the budget before a completion, its cost after it.
3. `CircuitBreaker`: no calls to an endpoint that is down, or that refuses everything.
4. `RetryPolicy`: another attempt after a passing fault; each attempt waits for the endpoint's `RateLimit`.
5. The client: one HTTP call, in the dialect that the endpoint understands.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Protocol

from interview.backends.backend import CompletionRequest, Events

Handler = Callable[[CompletionRequest], Events]


class Client(Protocol):
    """Makes the calls of a pipeline. One instance belongs to one event loop."""

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

    def start(self, request: CompletionRequest) -> Handler:
        """Return the handler that makes one attempt at `request` each time it is called.

        Attempts share what they learn about the endpoint. A handler raises BackendError, or Adapted.
        """
        ...

    async def close(self) -> None:
        """Close connections; must run in the loop that used the client."""
        ...


class Adapted(Exception):
    """The attempt failed and the client has changed its request: another attempt may follow at once."""


class Stage(Protocol):
    """One step of a pipeline. It may be shared by several pipelines, and keeps nothing of a request."""

    def complete(self, request: CompletionRequest, call_next: Handler) -> Events:
        """Yield the events of `call_next`, called as often as this stage needs. Close what it returns."""
        ...


class Pipeline:
    """A client behind stages, the outermost first; follows the Backend protocol."""

    def __init__(self, client: Client, stages: Sequence[Stage]) -> None:
        self.client = client
        self.stages = tuple(stages)
        self.name, self.model, self.host = client.name, client.model, client.host
        self.close = client.close

    def complete(self, request: CompletionRequest) -> Events:
        """Pass the request through the stages; see the protocol."""
        handler = self.client.start(request)
        for stage in reversed(self.stages):
            handler = functools.partial(stage.complete, call_next=handler)
        return handler(request)
