"""Fallback: where a backend fails for good, the next one replies, and the reply says so."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

from interview.backends.backend import Backend, Completion, CompletionRequest, Events, Restarted, StandIn
from interview.backends.pipeline import Handler
from interview.errors import BackendError, LastingFault, PassingFault

LONGEST_PATIENCE = 60.0  # seconds: where an endpoint asks for more, even the patient ask the next one


@dataclass(frozen=True)
class Link:
    """A backend that takes over, with the name of its grader."""

    name: str
    backend: Backend


class Fallback:
    """Asks other backends, in their order, after the one that is behind this stage.

    A lasting fault leads to the next backend. So does a passing one, unless the request is `patient` and the endpoint
    asks for no more than LONGEST_PATIENCE seconds. Where every backend fails, the fault names all of them.
    """

    def __init__(self, others: Sequence[Link]) -> None:
        self._others = tuple(others)

    async def complete(self, request: CompletionRequest, call_next: Handler) -> Events:
        """Ask one backend after the other until one replies."""
        faults: list[BackendError] = []
        for link in (None, *self._others):
            if faults:
                yield Restarted(why=f"{faults[-1]} The next backend is asked.")
            try:
                async with aclosing(link.backend.complete(request) if link else call_next(request)) as events:
                    async for event in events:
                        yield _signed(event, link) if link and isinstance(event, Completion) else event
                return
            except BackendError as fault:
                faults.append(fault)
                if _waits(fault, request):
                    break
        raise _joined(faults)


def _signed(reply: Completion, link: Link) -> Completion:
    stand_in = StandIn(name=link.name, model=link.backend.model, host=link.backend.host)
    return reply.model_copy(update={"stand_in": stand_in})


def _waits(fault: BackendError, request: CompletionRequest) -> bool:
    passing = isinstance(fault, PassingFault)
    return passing and request.patient and (fault.retry_after or 0.0) <= LONGEST_PATIENCE


def _joined(faults: Sequence[BackendError]) -> BackendError:
    """One fault for all: passing where one of them is, so that it is tried again."""
    passing = [fault for fault in faults if isinstance(fault, PassingFault)]
    text = " ".join(dict.fromkeys(str(fault) for fault in faults))
    if not passing:
        return LastingFault(text, fault=faults[0].fault)
    waits = [fault.retry_after for fault in passing if fault.retry_after is not None]
    return PassingFault(text, fault=passing[0].fault, retry_after=min(waits, default=None))
