"""Graders by name: what can judge here, and what is used when nobody chooses. Judges are built on first use."""

import threading
from collections.abc import Callable, Sequence
from typing import Literal

from pydantic import SecretStr

from interview.backends.backend import Backend
from interview.backends.configured import ShelvedBackend, completed_all
from interview.backends.dialect import RungMemory
from interview.backends.endpoint import Endpoint
from interview.backends.gate import Gate
from interview.backends.openai_compatible import OpenAICompatibleBackend
from interview.errors import ContentError, NotFound
from interview.grading.coverage import CoverageGrader
from interview.grading.grader import Grader
from interview.grading.judge import JudgeGrader
from interview.grading.jury import JuryGrader
from interview.grading.modes import taken_apart
from interview.models import Value
from interview.prompts import Prompts
from interview.settings import ConfiguredBackends

COVERAGE = "coverage"


class GraderChoice(Value):
    """One grader to choose from. `host` and `model` are empty where nothing leaves this process."""

    name: str
    kind: Literal["coverage", "judge"]
    host: str
    model: str


class GraderShelf:
    """Holds the graders of one process; `close` before the event loop that used them ends, then use it in another.

    May be used from any thread; `replace` puts other backends in while graders of the old ones still run.
    """

    def __init__(self, backends: Sequence[ShelvedBackend], prompts: Prompts, default: str | None = None) -> None:
        """`default` None: the first grader offered by the first backend, else the coverage estimate.

        Raises NotFound when there is no grader of the name `default`.
        """
        self._backends: dict[str, ShelvedBackend] = {}
        self._prompts = prompts
        self.rungs = RungMemory()
        self._lock = threading.RLock()
        self._graders: dict[str, Grader] = {}
        self._gates: dict[str, Gate] = {}
        self._built: dict[str, Backend] = {}
        self._retired: list[Backend] = []
        self._default = COVERAGE
        self.replace(backends, default)

    def replace(self, backends: Sequence[ShelvedBackend], default: str | None = None) -> None:
        """Offer these backends from now on; a grading that runs ends with the backend that it began with.

        NotFound when there is no grader of the name `default`; nothing has changed then.
        """
        offered = [name for backend in backends for name in backend.offered]
        wanted = default or (offered[0] if offered else COVERAGE)
        with self._lock:
            before, self._backends = self._backends, {backend.endpoint.name: backend for backend in backends}
            try:
                self.endpoint_of(wanted)
            except NotFound:
                self._backends = before
                raise
            self._default = wanted
            for name, old in before.items():
                if name not in self._backends or self._backends[name].endpoint != old.endpoint:
                    self._retire(name)

    def _retire(self, backend: str) -> None:
        """Forget what was built on a backend. Its connections are closed at the end, in the loop that uses them."""
        self._gates.pop(backend, None)
        for name in [name for name in self._built if name.partition(":")[0] == backend]:
            self._retired.append(self._built.pop(name))
        for name in [name for name in self._graders if name.partition(":")[0] == backend]:
            del self._graders[name]

    @property
    def backends(self) -> tuple[ShelvedBackend, ...]:
        """The backends that judges are built on, in the order in which they are offered."""
        return tuple(self._backends.values())

    @property
    def default(self) -> str:
        """The name of the grader used when nobody chose another."""
        return self._default

    def choices(self) -> tuple[GraderChoice, ...]:
        """Every grader that is offered, the coverage estimate last."""
        judges = [self._choice(name) for backend in self._backends.values() for name in backend.offered]
        if self._default not in {choice.name for choice in judges} | {COVERAGE}:
            judges.insert(0, self._choice(self._default))
        return (*judges, GraderChoice(name=COVERAGE, kind="coverage", host="", model=""))

    def get(self, name: str) -> Grader:
        """Return the grader of that name, any model of a configured backend and any mode included.

        For the names see `modes.py`: `ollama:qwen3:8b@vote=3`. Raises NotFound listing the known names.
        """
        with self._lock:
            if name not in self._graders:
                self._graders[name] = CoverageGrader() if name == COVERAGE else self._judging(name)
            return self._graders[name]

    def endpoint_of(self, name: str) -> Endpoint | None:
        """Return where the grader of that name sends answers, a panel to the first of them; None: nowhere.

        None stands for the coverage estimate. Raises NotFound.
        """
        if name == COVERAGE:
            return None
        bases = taken_apart(name).bases
        if bases[0] != name:
            first, *_ = [self._endpoint_of_judge(base, name) for base in bases]
            return first
        backend_name, colon, model = name.partition(":")
        backend = self._backends.get(backend_name)
        if backend is None or (colon and not model.strip()):
            known = [COVERAGE, *(name for backend in self._backends.values() for name in backend.offered)]
            forms = "".join(f", {backend}:MODEL" for backend in self._backends)
            raise NotFound(f"No grader is called {name!r} here. Known: {', '.join(known)}{forms}.")
        return backend.endpoint.model_copy(update={"model": model}) if model else backend.endpoint

    def backend(self, name: str) -> Backend | None:
        """The model behind the grader of that name, to be asked for other things; None for the coverage estimate.

        Raises NotFound.
        """
        with self._lock:
            endpoint = self.endpoint_of(name)
            return None if endpoint is None else self._backend(endpoint, name)

    async def close(self) -> None:
        """Close every connection; must run in the loop that used them."""
        built = (*self._built.values(), *self._retired)
        for belongings in (self._built, self._graders, self._gates, self._retired):
            belongings.clear()
        for backend in built:
            await backend.close()

    def _choice(self, name: str) -> GraderChoice:
        endpoint = self.endpoint_of(name)
        assert endpoint is not None
        return GraderChoice(name=name, kind="judge", host=endpoint.host, model=endpoint.model)

    def _endpoint_of_judge(self, base: str, name: str) -> Endpoint:
        endpoint = self.endpoint_of(base)
        if endpoint is None:
            raise NotFound(f"{name}: the coverage estimate judges nothing, so it has no modes and no vote.")
        return endpoint

    def _judging(self, name: str) -> Grader:
        way, endpoint = taken_apart(name), self._endpoint_of_judge(name, name)
        if way.mode in ("vote", "panel"):
            members = [self.get(base) for base in way.bases * way.votes]
            return JuryGrader(members, name=name, mode=f"vote={way.votes}" if way.mode == "vote" else "panel")
        mode = "careful" if way.mode == "careful" else "single"
        return JudgeGrader(self._backend(endpoint, way.bases[0]), self._prompts, name=name, mode=mode)

    def _backend(self, endpoint: Endpoint, name: str) -> Backend:
        if name not in self._built:
            # One gate for all models of a backend: an endpoint limits the key, not the model.
            gate = self._gates.setdefault(endpoint.name, Gate(endpoint.preset.parallel))
            self._built[name] = OpenAICompatibleBackend(endpoint, rungs=self.rungs, gate=gate)
        return self._built[name]


def shelve(configured: ConfiguredBackends, secret: Callable[[str], SecretStr | None], prompts: Prompts) -> GraderShelf:
    """Put what the user configured on a shelf.

    `secret` returns the key in an environment variable. Raises ContentError saying where the mistake stands.
    """
    shelf = GraderShelf((), prompts)
    reshelve(shelf, configured, secret)
    return shelf


def reshelve(shelf: GraderShelf, configured: ConfiguredBackends, secret: Callable[[str], SecretStr | None]) -> None:
    """Put what the user has configured now in the place of what is there. Raises ContentError; nothing changes then."""
    try:
        shelf.replace(completed_all(configured, secret), configured.default)
    except NotFound as fault:
        raise ContentError(f"{configured.default_origin}: default: {fault}") from fault
