"""Who is asked first in each role and who takes over: shown, changed, and in force without a restart."""

from collections.abc import Callable

from pydantic import ValidationError

from interview.errors import ContentError, OrderChanged
from interview.grading.shelf import GraderShelf
from interview.service.endpoints import Endpoints
from interview.settings import Role, Roles
from interview.settings.backends_edit import put_roles
from interview.settings.checks import said

ROLES: tuple[Role, ...] = ("judge", "interviewer")


class Roster:
    """Reads and writes the table `[roles]` of `backends.toml`. May be called from any thread."""

    def __init__(self, shelf: GraderShelf, endpoints: Endpoints) -> None:
        """`endpoints` guards the file, which holds the backends too."""
        self._shelf = shelf
        self._endpoints = endpoints

    @property
    def roles(self) -> Roles:
        """What is in force."""
        return self._shelf.roles

    def left(self, role: Role) -> tuple[str, ...]:
        """The graders that are offered and have no place in a role yet."""
        placed = [self._shelf.endpoint_of(name) for name in self.roles.of(role)]
        offered = [name for backend in self._shelf.backends for name in backend.offered]
        return tuple(name for name in offered if self._shelf.endpoint_of(name) not in placed)

    def host(self, name: str) -> str:
        """Where a grader sends answers. NotFound."""
        endpoint = self._shelf.endpoint_of(name)
        return endpoint.host if endpoint else ""

    def chain(self, grader: str) -> tuple[str, ...]:
        """Who judges where that grader is chosen: itself, then those who take over; empty for the coverage estimate."""
        return self._shelf.chain(grader)

    def give(self, role: Role, names: tuple[str, ...], seen: Roles | None = None) -> None:
        """Give a role to these graders, the first choice first; nobody: whoever is chosen on the screen has it alone.

        `seen`: what the one who wants this was shown. Raises OrderChanged where it is not so any more, NotFound for a
        grader that there is not, ContentError for one that stands twice, or a file that cannot be changed: nothing is
        written then.
        """
        self._change(lambda roles: {**roles.model_dump(), role: names}, seen)

    def allow_estimate(self, allowed: bool, seen: Roles | None = None) -> None:
        """Let the coverage estimate step in where every judge fails, or keep it out. Raises what `give` does."""
        self._change(lambda roles: {**roles.model_dump(), "estimate": allowed}, seen)

    def _change(self, change: Callable[[Roles], dict[str, object]], seen: Roles | None) -> None:
        with self._endpoints.changing() as file:
            self._endpoints.reload()  # what stands in the file counts, not what was read from it before
            now = self.roles
            if seen is not None and _told(seen) != _told(now):
                raise OrderChanged(f"The order was changed meanwhile, so nothing was written. Now: {_told(now)}.")
            try:
                wanted = Roles.model_validate(change(now))
            except ValidationError as fault:
                raise ContentError(f"[roles]: {said(fault.errors()[0]['msg'])}") from fault
            self._check(wanted)
            put_roles(file, wanted)

    def _check(self, roles: Roles) -> None:
        """Every grader is there, and none stands twice under two names."""
        for role in ROLES:
            names = roles.of(role)
            ends = [self._shelf.endpoint_of(name) for name in names]
            if twice := next((name for at, name in enumerate(names) if ends[at] in ends[:at]), None):
                raise ContentError(f"[roles]: {twice} is a model that stands in the order already, under another name.")


def _told(roles: Roles) -> str:
    orders = [f"{role} {', '.join(roles.of(role)) or '(nobody)'}" for role in ROLES]
    return "; ".join([*orders, f"estimate {'yes' if roles.estimate else 'no'}"])
