"""The backends of one process, by name: each is a client behind the stages of the call pipeline."""

import asyncio
import threading
import time
from collections.abc import Sequence

from interview.backends.backend import Backend
from interview.backends.circuit_breaker import Circuit, CircuitBreaker
from interview.backends.configured import ShelvedBackend
from interview.backends.dialect import RungMemory
from interview.backends.endpoint import Endpoint
from interview.backends.fallback import Fallback, Link
from interview.backends.metered import Meter, Metering
from interview.backends.openai_compatible import OpenAICompatibleClient
from interview.backends.pipeline import Pipeline, Stage
from interview.backends.rate_limit import Clock, RateLimit, Sleep
from interview.backends.retry import RetryPolicy
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
        self._limits: dict[str, RateLimit] = {}
        self._circuits: dict[str, Circuit] = {}
        self._built: dict[str, Pipeline] = {}
        self._retired: list[Pipeline] = []
        self._meter: Meter | None = None
        self._parallel = 0

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

    def allow_parallel(self, calls: int) -> None:
        """Allow so many calls at once, where an endpoint can take them; before any backend is used."""
        self._parallel = calls

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
        first, *others = map(self._backend, names)
        if not others:
            return first
        links = [Link(name, backend) for name, backend in zip(names[1:], others, strict=True)]
        return Pipeline(first.client, [Fallback(links), *first.stages])

    def retry(self) -> None:
        """Ask every endpoint anew that was left alone, or that had refused."""
        with self._lock:
            for circuit in self._circuits.values():
                circuit.reset()

    async def close(self) -> None:
        """Close every connection; must run in the loop that used them."""
        with self._lock:
            built = (*self._built.values(), *self._retired)
            for belongings in (self._built, self._limits, self._circuits, self._retired):
                belongings.clear()
        for backend in built:
            await backend.close()

    def _backend(self, name: str) -> Pipeline:
        with self._lock:
            if name not in self._built:
                endpoint = self.endpoint(name)
                if endpoint is None:
                    raise KeyError(name)
                client = OpenAICompatibleClient(endpoint, rungs=self.rungs, clock=self._clock)
                self._built[name] = Pipeline(client, self._stages(name, endpoint))
            return self._built[name]

    def _stages(self, name: str, endpoint: Endpoint) -> list[Stage]:
        """Return the stages before the client, the outermost first; `get` puts a Fallback before them."""
        # One circuit and one limit for all models of a backend: an endpoint limits the key, not the model.
        circuit = self._circuits.setdefault(endpoint.name, Circuit(clock=self._clock))
        limit = RateLimit(endpoint, asked=self._parallel, clock=self._clock, sleep=self._sleep)
        stages: list[Stage] = [
            CircuitBreaker(circuit, model=endpoint.model, host=endpoint.host),
            RetryPolicy(self._limits.setdefault(endpoint.name, limit)),
        ]
        if self._meter:
            stages.insert(0, Metering(self._meter, self.tariff(name), backend=endpoint.name, model=endpoint.model))
        return stages

    def _retire(self, backend: str) -> None:
        self._limits.pop(backend, None)
        self._circuits.pop(backend, None)
        for name in [name for name in self._built if name.partition(":")[0] == backend]:
            self._retired.append(self._built.pop(name))
