"""Graders by name: what can judge here, and what is used when nobody chooses. Judges are built on first use."""

import threading
from collections.abc import Sequence
from typing import Literal

from interview.backends.backend import Backend, Purpose
from interview.backends.configured import ShelvedBackend
from interview.backends.endpoint import Endpoint
from interview.backends.rack import BackendRack
from interview.backends.tariff import Tariff
from interview.errors import GraderLeftOut, NotFound
from interview.grading.coverage import CoverageGrader
from interview.grading.fallback import EstimateBehind
from interview.grading.grader import Grader
from interview.grading.judge import JudgeGrader
from interview.grading.jury import JuryGrader
from interview.grading.modes import taken_apart
from interview.models import Value
from interview.prompts import Prompts
from interview.settings import Problem, Roles

COVERAGE = "coverage"
_NO_ROLES = Roles()


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

    def __init__(
        self,
        backends: Sequence[ShelvedBackend],
        prompts: Prompts,
        default: str | None = None,
        roles: Roles = _NO_ROLES,
        rack: BackendRack | None = None,
        problems: Sequence[Problem] = (),
    ) -> None:
        """See `replace`; `rack` builds the backends (None: one by the clock of this machine)."""
        self.rack = rack or BackendRack()
        self.prompts = prompts
        self._lock = threading.RLock()
        self._graders: dict[str, Grader] = {}
        self._roles = roles
        self._default = COVERAGE
        self._problems: tuple[Problem, ...] = ()
        self.replace(backends, default, roles, problems)

    def replace(
        self,
        backends: Sequence[ShelvedBackend],
        default: str | None = None,
        roles: Roles = _NO_ROLES,
        problems: Sequence[Problem] = (),
    ) -> None:
        """Offer these backends from now on; a grading that runs ends with the backend that it began with.

        `problems` are the parts of `backends.toml` that were left out.
        `default` None: the first judge by role, else what the first backend offers, else the coverage estimate.
        NotFound when there is no grader of the name `default`, or of one that has a role; nothing has changed then.
        """
        offered = [name for backend in backends for name in backend.offered]
        wanted = default or next(iter((*roles.judge, *offered)), COVERAGE)
        with self._lock:
            before = self.rack.backends
            self.rack.replace(backends)
            try:
                for name in (wanted, *roles.judge, *roles.interviewer):
                    self.endpoint_of(name)
            except NotFound:
                self.rack.replace(before)
                raise
            self._default, self._roles, self._problems = wanted, roles, tuple(problems)
            self._graders.clear()

    @property
    def backends(self) -> tuple[ShelvedBackend, ...]:
        """The backends that judges are built on, in the order in which they are offered."""
        return self.rack.backends

    @property
    def default(self) -> str:
        """The name of the grader used when nobody chose another."""
        return self._default

    @property
    def roles(self) -> Roles:
        """Who is asked for what, and who takes over, as it is in force."""
        return self._roles

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The parts of `backends.toml` that are left out, as they were read last."""
        return self._problems

    def choices(self) -> tuple[GraderChoice, ...]:
        """Every grader that is offered, the coverage estimate last."""
        judges = [self._choice(name) for backend in self.backends for name in backend.offered]
        if self._default not in {choice.name for choice in judges} | {COVERAGE}:
            judges.insert(0, self._choice(self._default))
        return (*judges, GraderChoice(name=COVERAGE, kind="coverage", host="", model=""))

    def get(self, name: str) -> Grader:
        """Return the grader of that name, any model of a configured backend and any mode included.

        For the names see `modes.py`: `ollama:qwen3:8b@vote=3`. Raises NotFound listing the known names, GraderLeftOut
        where the grader may be one that `backends.toml` describes wrongly.
        """
        with self._lock:
            if name not in self._graders:
                self._graders[name] = self._built(name)
            return self._graders[name]

    def alone(self, name: str, purpose: Purpose) -> Grader:
        """Return the grader of that name with nobody behind it: for measuring it. Raises NotFound."""
        return CoverageGrader() if name == COVERAGE else self._judging(name, purpose, alone=True)

    def endpoint_of(self, name: str) -> Endpoint | None:
        """Return where the grader of that name sends answers, a panel to the first of them; None: nowhere.

        None stands for the coverage estimate. Raises NotFound.
        """
        if name == COVERAGE:
            return None
        first, *_ = [self._endpoint(base, name) for base in taken_apart(name).bases]
        return first

    def backend(self, name: str) -> Backend | None:
        """The model behind the grader of that name, to be asked for other things; None for the coverage estimate.

        Where the user gave the role of the interviewer, those backends are asked instead. Raises NotFound.
        """
        if self.endpoint_of(name) is None:
            return None
        return self.rack.get(tuple(map(_base, self._roles.interviewer)) or self.chain(name))

    def backend_if_any(self, name: str) -> Backend | None:
        """The same; None, too, for a name that no grader has, or has any more."""
        try:
            return self.backend(name)
        except NotFound:
            return None

    def chain(self, name: str) -> tuple[str, ...]:
        """Who judges where the grader of that name is chosen, and who takes over from it; of a panel, its first member.

        Empty for the coverage estimate. Raises NotFound.
        """
        return () if self.endpoint_of(name) is None else self._behind(_base(name))

    def tariff(self, name: str) -> Tariff | None:
        """What the model of that grader costs; None where it is unknown, or the coverage estimate. Raises NotFound."""
        return None if self.endpoint_of(name) is None else self.rack.tariff(_base(name))

    async def close(self) -> None:
        """Close every connection; must run in the loop that used them."""
        with self._lock:
            self._graders.clear()
        await self.rack.close()

    def _choice(self, name: str) -> GraderChoice:
        endpoint = self.endpoint_of(name)
        assert endpoint is not None
        return GraderChoice(name=name, kind="judge", host=endpoint.host, model=endpoint.model)

    def _endpoint(self, base: str, name: str) -> Endpoint:
        base = _base(base)
        if base == COVERAGE:
            raise NotFound(f"{name}: the coverage estimate judges nothing, so it has no modes and no vote.")
        endpoint = self.rack.endpoint(base)
        if endpoint is None:
            known = [COVERAGE, *(offered for backend in self.backends for offered in backend.offered)]
            forms = "".join(f", {backend.endpoint.name}:MODEL" for backend in self.backends)
            unknown = f"No grader is called {base!r} here. Known: {', '.join(known)}{forms}."
            for problem in self._problems:
                if problem.name in ("", base.partition(":")[0]):
                    raise GraderLeftOut(f"{unknown} {problem.text}")
            raise NotFound(unknown)
        return endpoint

    def _built(self, name: str) -> Grader:
        if name == COVERAGE:
            return CoverageGrader()
        judge = self._judging(name, "grading", alone=False)
        return EstimateBehind(judge) if self._roles.estimate else judge

    def _judging(self, name: str, purpose: Purpose, *, alone: bool) -> Grader:
        self.endpoint_of(name)
        way = taken_apart(name)
        if way.mode in ("vote", "panel"):
            # One grader per seat is built once; the seats of a vote are the same grader several times.
            members = [self._judging(base, purpose, alone=alone) for base in way.bases] * way.votes
            return JuryGrader(members, name=name, mode=f"vote={way.votes}" if way.mode == "vote" else "panel")
        base = way.bases[0]
        backend = self.rack.get((base,) if alone else self._behind(base))
        mode = "careful" if way.mode == "careful" else "single"
        return JudgeGrader(backend, self.prompts, name=name, mode=mode, purpose=purpose)

    def _behind(self, name: str) -> tuple[str, ...]:
        """The grader of that name and who takes over from it: those after it in the order of the judges."""
        judges = tuple(map(_base, self._roles.judge))
        # By endpoint: `cloud` and `cloud:m` may be the same model.
        endpoints = [self.rack.endpoint(judge) for judge in judges]
        own = self.rack.endpoint(name)
        return (name, *judges[endpoints.index(own) + 1 :]) if own in endpoints else (name,)


def _base(name: str) -> str:
    """The name of a grader without its mode; of a panel, that of its first member."""
    while (first := taken_apart(name).bases[0]) != name:
        name = first
    return name
