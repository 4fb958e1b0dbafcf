"""Graders by name: what can judge here, and what is used when nobody chooses. Judges are built on first use."""

from collections.abc import Callable, Sequence
from typing import Literal

from pydantic import SecretStr

from interview.backends.backend import Backend, Purpose
from interview.backends.breaker import Breaker, FusedBackend
from interview.backends.chain import ChainBackend, Link
from interview.backends.dialect import RungMemory
from interview.backends.endpoint import Endpoint, check_base_url
from interview.backends.gate import Gate
from interview.backends.metered import Meter, MeteredBackend
from interview.backends.openai_compatible import OpenAICompatibleBackend
from interview.backends.presets import GENERIC, Preset, load_presets, preset_for
from interview.backends.tariff import Tariff, tariff_of
from interview.errors import ContentError, NotFound
from interview.grading.coverage import CoverageGrader
from interview.grading.fallback import EstimateBehind
from interview.grading.grader import Grader
from interview.grading.judge import JudgeGrader
from interview.models import Value
from interview.prompts import Prompts
from interview.settings import ConfiguredBackend, ConfiguredBackends, Roles

COVERAGE = "coverage"
CUSTOM = "custom"  # the backend at a host that no preset knows, where the user gave it no name
_ANY_MODEL = "default"  # a server of one's own with one model takes any name; others say that they do not know it


class GraderChoice(Value):
    """One grader to choose from. `host` and `model` are empty where nothing leaves this process."""

    name: str
    kind: Literal["coverage", "judge"]
    host: str
    model: str


class ShelvedBackend(Value):
    """A backend ready to be built: `endpoint` with its default model, and the grader names offered for it.

    `tariff` is what the default model costs; None where that is unknown.
    """

    endpoint: Endpoint
    offered: tuple[str, ...]
    origin: str
    tariff: Tariff | None = None


class GraderShelf:
    """Holds the graders of one process; `close` before the event loop that used them ends, then use it in another."""

    def __init__(
        self,
        backends: Sequence[ShelvedBackend],
        prompts: Prompts,
        default: str | None = None,
        roles: Roles = Roles(),  # noqa: B008 - a frozen value
    ) -> None:
        """`default` None: the first judge by role, else what the first backend offers, else the coverage estimate.

        Raises NotFound when there is no grader of the name `default`, or of one that has a role.
        """
        self._backends = {backend.endpoint.name: backend for backend in backends}
        self._prompts = prompts
        self._rungs = RungMemory()
        self._graders: dict[str, Grader] = {}
        self._gates: dict[str, Gate] = {}
        self._breakers: dict[str, Breaker] = {}
        self._roles = roles
        self._meter: Meter | None = None
        self._built: dict[str, Backend] = {}
        offered = [name for backend in backends for name in backend.offered]
        self._default = default or next(iter((*roles.judge, *offered)), COVERAGE)
        for name in (self._default, *roles.judge, *roles.interviewer):
            self.endpoint_of(name)

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
        """Return the grader of that name, any model of a configured backend included: `ollama:qwen3:8b`.

        Raises NotFound listing the known names.
        """
        if name not in self._graders:
            self._graders[name] = CoverageGrader() if self.endpoint_of(name) is None else self._judge(name)
        return self._graders[name]

    def alone(self, name: str, purpose: Purpose) -> Grader:
        """Return the grader of that name with nobody behind it: for measuring it. Raises NotFound."""
        backend = self._alone(name)
        return CoverageGrader() if backend is None else self._judge_with(backend, name, purpose)

    def endpoint_of(self, name: str) -> Endpoint | None:
        """Return where the grader of that name sends answers; None for the coverage estimate. Raises NotFound."""
        if name == COVERAGE:
            return None
        backend_name, colon, model = name.partition(":")
        backend = self._backends.get(backend_name)
        if backend is None or (colon and not model.strip()):
            known = [COVERAGE, *(name for backend in self._backends.values() for name in backend.offered)]
            forms = "".join(f", {backend}:MODEL" for backend in self._backends)
            raise NotFound(f"No grader is called {name!r} here. Known: {', '.join(known)}{forms}.")
        return backend.endpoint.model_copy(update={"model": model}) if model else backend.endpoint

    def backend(self, name: str) -> Backend | None:
        """The model behind the grader of that name, to be asked for other things; None for the coverage estimate.

        Where the user gave the role of the interviewer, those backends are asked instead. Raises NotFound.
        """
        if self.endpoint_of(name) is None:
            return None
        return self._chain(self._roles.interviewer or self._behind(name))

    def tariff(self, name: str) -> Tariff | None:
        """What the model of that grader costs; None where it is unknown, or the coverage estimate. Raises NotFound."""
        endpoint = self.endpoint_of(name)
        if endpoint is None:
            return None
        shelved = self._backends[endpoint.name]
        return shelved.tariff if endpoint.model == shelved.endpoint.model else None

    def meter_with(self, meter: Meter) -> None:
        """Count every call from now on; before any grader is used."""
        self._meter = meter

    async def close(self) -> None:
        """Close every connection; must run in the loop that used them."""
        built = tuple(self._built.values())
        for belongings in (self._built, self._graders, self._gates, self._breakers):
            belongings.clear()
        for backend in built:
            await backend.close()

    def _choice(self, name: str) -> GraderChoice:
        endpoint = self.endpoint_of(name)
        assert endpoint is not None
        return GraderChoice(name=name, kind="judge", host=endpoint.host, model=endpoint.model)

    def _judge(self, name: str) -> Grader:
        judge = self._judge_with(self._chain(self._behind(name)), name, "grading")
        return EstimateBehind(judge) if self._roles.estimate else judge

    def _judge_with(self, backend: Backend, name: str, purpose: Purpose) -> JudgeGrader:
        return JudgeGrader(backend, self._prompts, name=name, purpose=purpose)

    def _behind(self, name: str) -> tuple[str, ...]:
        """The grader of that name and who takes over from it: those after it in the order of the judges."""
        judges = self._roles.judge
        return judges[judges.index(name) :] if name in judges else (name,)

    def _chain(self, names: Sequence[str]) -> Backend:
        links = [Link(name, backend) for name in names if (backend := self._alone(name)) is not None]
        return ChainBackend(links) if len(links) > 1 else links[0].backend

    def _alone(self, name: str) -> Backend | None:
        endpoint = self.endpoint_of(name)
        return None if endpoint is None else self._backend(endpoint, name)

    def _backend(self, endpoint: Endpoint, name: str) -> Backend:
        if name not in self._built:
            # One gate for all models of a backend: an endpoint limits the key, not the model.
            gate = self._gates.setdefault(endpoint.name, Gate(endpoint.preset.parallel))
            breaker = self._breakers.setdefault(endpoint.name, Breaker())
            backend = FusedBackend(OpenAICompatibleBackend(endpoint, rungs=self._rungs, gate=gate), breaker)
            meter, tariff = self._meter, self.tariff(name)
            self._built[name] = MeteredBackend(backend, meter, tariff) if meter else backend
        return self._built[name]


def shelve(configured: ConfiguredBackends, secret: Callable[[str], SecretStr | None], prompts: Prompts) -> GraderShelf:
    """Complete what the user configured from the presets; of two backends with one name the first counts.

    `secret` returns the key in an environment variable. Raises ContentError saying where the mistake stands.
    """
    found: dict[str, ShelvedBackend] = {}
    for entry in configured.backends:
        backend = completed(entry, secret)
        found.setdefault(backend.endpoint.name, backend)
    try:
        shelf = GraderShelf(tuple(found.values()), prompts, configured.default)
    except NotFound as fault:
        raise ContentError(f"{configured.default_origin}: default: {fault}") from fault
    try:
        return GraderShelf(shelf.backends, prompts, configured.default, configured.roles)
    except NotFound as fault:
        raise ContentError(f"{configured.roles.origin}: [roles]: {fault}") from fault


def completed(entry: ConfiguredBackend, secret: Callable[[str], SecretStr | None]) -> ShelvedBackend:
    """Complete one backend from its preset. Raises ContentError saying where the mistake stands."""
    try:
        preset = _preset(entry)
        base_url = check_base_url(entry.base_url or preset.base_url)
        own_host = preset_for(base_url).name == preset.name  # a preset's key goes to that preset's hosts alone
        key = entry.key or (secret(preset.key_variable) if own_host and preset.key_variable else None)
        name = entry.name or (CUSTOM if preset.name == GENERIC else preset.name)
        any_model = _ANY_MODEL if preset.name == GENERIC and preset.local else ""
        endpoint = Endpoint(
            name=name,
            base_url=base_url,
            model=entry.model or preset.default_model or any_model,
            api_key=key,
            preset=preset,
            deadline_seconds=entry.deadline_seconds or preset.deadline_seconds,
        )
    except ContentError as fault:
        raise ContentError(f"{entry.origin}: {fault}") from fault
    models = dict.fromkeys(([entry.model] if entry.model else []) + list(entry.models))
    offered = tuple(f"{name}:{model}" for model in models) if entry.model else (name, *(f"{name}:{m}" for m in models))
    return ShelvedBackend(endpoint=endpoint, offered=offered, origin=entry.origin, tariff=tariff_of(entry, endpoint))


def _preset(entry: ConfiguredBackend) -> Preset:
    presets = load_presets()
    if entry.preset is None and entry.base_url is not None:
        return preset_for(check_base_url(entry.base_url))
    wanted = entry.preset or entry.name
    if wanted not in presets or (wanted == GENERIC and entry.base_url is None):
        known = ", ".join(sorted(set(presets) - {GENERIC}))
        raise ContentError(f"[{entry.name}]: expected a base_url, or the name of a preset: {known}")
    return presets[wanted]
