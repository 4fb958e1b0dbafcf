"""Backends in an order: where one fails for good, the next one replies, and the reply says so."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from interview.backends.backend import Backend, Completion, CompletionRequest, Delta, Restarted, StandIn
from interview.errors import BackendError, LastingFault, PassingFault

LONGEST_PATIENCE = 60.0  # seconds: where an endpoint asks for more, even the patient ask the next one


@dataclass(frozen=True)
class Link:
    """One backend of a chain, with the name of the grader that it stands for."""

    name: str
    backend: Backend


class ChainBackend:
    """Follows the Backend protocol under the name of its first link.

    A lasting fault leads to the next link. So does a passing one, unless the request is `patient` and the endpoint
    asks for no more than LONGEST_PATIENCE seconds. Where every link fails, the fault names all of them.
    """

    def __init__(self, links: Sequence[Link]) -> None:
        """`links`: at least one."""
        self._links = tuple(links)
        self._first = self._links[0].backend

    @property
    def name(self) -> str:
        """Name of the first backend."""
        return self._first.name

    @property
    def model(self) -> str:
        """The model that the first backend is asked for."""
        return self._first.model

    @property
    def host(self) -> str:
        """Host of the first backend; the others get the prompt only where it fails."""
        return self._first.host

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Delta | Restarted | Completion, None]:
        """Ask one after the other until one replies; see the protocol."""
        faults: list[BackendError] = []
        for link in self._links:
            try:
                async with aclosing(link.backend.complete(request)) as events:
                    async for event in events:
                        yield self._signed(event, link) if isinstance(event, Completion) else event
                return
            except BackendError as fault:
                faults.append(fault)
                if _waits(fault, request):
                    break
            if link is not self._links[-1]:
                yield Restarted(why=f"{faults[-1]} The next backend is asked.")
        raise _joined(faults)

    async def close(self) -> None:
        """Nothing of its own to close: whoever built the links closes them."""

    def _signed(self, reply: Completion, link: Link) -> Completion:
        if link is self._links[0]:
            return reply
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
