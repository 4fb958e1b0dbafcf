"""The backends of one process: built on first use, each behind its gate, its breaker and its meter."""

import asyncio
import threading
import time
from collections.abc import Sequence

from interview.backends.backend import Backend
from interview.backends.breaker import Breaker, FusedBackend
from interview.backends.chain import ChainBackend, Link
from interview.backends.configured import ShelvedBackend
from interview.backends.dialect import RungMemory
from interview.backends.endpoint import Endpoint
from interview.backends.gate import Clock, Gate, Sleep
from interview.backends.metered import Meter, MeteredBackend
from interview.backends.openai_compatible import OpenAICompatibleBackend
from interview.backends.tariff import Tariff


class BackendRack:
    """Gives backends by name: `<backend>` or `<backend>:<model>`. May be used from any thread.

    `rungs` remembers what each endpoint turned out to understand. `clock` gives monotonic seconds.
    """

    def __init__(self, *, clock: Clock = time.monotonic, sleep: Sleep = asyncio.sleep) -> None:
        """Empty; `replace` puts backends in."""
        self._clock = clock
        self._sleep = sleep
        self.rungs = RungMemory()
        self._lock = threading.RLock()
        self._backends: dict[str, ShelvedBackend] = {}
        self._gates: dict[str, Gate] = {}
        self._breakers: dict[str, Breaker] = {}
        self._built: dict[str, Backend] = {}
        self._retired: list[Backend] = []
        self._meter: Meter | None = None

    @property
    def backends(self) -> tuple[ShelvedBackend, ...]:
        """What there is, in the order in which it is offered."""
        return tuple(self._backends.values())

    def replace(self, backends: Sequence[ShelvedBackend]) -> None:
        """Hold these from now on. What is in use stays so to its end; its connections are closed by `close`."""
        with self._lock:
            before, self._backends = self._backends, {backend.endpoint.name: backend for backend in backends}
            for name, old in before.items():
                if self._backends.get(name) != old:
                    self._retire(name)

    def meter_with(self, meter: Meter) -> None:
        """Count every call from now on; before any backend is used."""
        self._meter = meter

    def endpoint(self, name: str) -> Endpoint | None:
        """Where the backend of that name sends prompts, any model of it included; None where there is none."""
        backend_name, colon, model = name.partition(":")
        backend = self._backends.get(backend_name)
        if backend is None or (colon and not model.strip()):
            return None
        return backend.endpoint.model_copy(update={"model": model}) if model else backend.endpoint

    def tariff(self, name: str) -> Tariff | None:
        """What the model of that name costs; None where that is unknown."""
        shelved, endpoint = self._backends.get(name.partition(":")[0]), self.endpoint(name)
        return shelved.tariff_of(endpoint.model) if shelved and endpoint else None

    def get(self, names: Sequence[str]) -> Backend:
        """The backend of the first name, behind it those of the others. KeyError: a name that is not there."""
        links = [Link(name, self._backend(name)) for name in names]
        return ChainBackend(links) if len(links) > 1 else links[0].backend

    def retry(self) -> None:
        """Ask every endpoint anew that was left alone, or that had refused."""
        with self._lock:
            for breaker in self._breakers.values():
                breaker.reset()

    async def close(self) -> None:
        """Close every connection; must run in the loop that used them."""
        with self._lock:
            built = (*self._built.values(), *self._retired)
            for belongings in (self._built, self._gates, self._breakers, self._retired):
                belongings.clear()
        for backend in built:
            await backend.close()

    def _backend(self, name: str) -> Backend:
        with self._lock:
            if name not in self._built:
                endpoint = self.endpoint(name)
                if endpoint is None:
                    raise KeyError(name)
                # One gate for all models of a backend: an endpoint limits the key, not the model.
                clock, sleep = self._clock, self._sleep
                gate = self._gates.setdefault(endpoint.name, Gate(endpoint.preset.parallel, clock=clock, sleep=sleep))
                breaker = self._breakers.setdefault(endpoint.name, Breaker(clock=clock))
                asked = OpenAICompatibleBackend(endpoint, rungs=self.rungs, gate=gate, clock=clock, sleep=sleep)
                backend = FusedBackend(asked, breaker)
                self._built[name] = MeteredBackend(backend, self._meter, self.tariff(name)) if self._meter else backend
            return self._built[name]

    def _retire(self, backend: str) -> None:
        self._gates.pop(backend, None)
        self._breakers.pop(backend, None)
        for name in [name for name in self._built if name.partition(":")[0] == backend]:
            self._retired.append(self._built.pop(name))
