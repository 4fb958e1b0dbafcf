"""From what the user configured to the graders in force; a mistake in `backends.toml` leaves out its own part alone."""

from collections.abc import Callable

from pydantic import SecretStr

from interview.backends.configured import ShelvedBackend, completed_all
from interview.errors import ContentError, NotFound
from interview.grading.shelf import COVERAGE, GraderShelf
from interview.models import Value
from interview.prompts import Prompts
from interview.settings import ConfiguredBackends, Problem, Roles
from interview.settings.backends_file import left_out


class Offer(Value):
    """What a shelf is to hold (see `GraderShelf.replace`): every name in it is that of a grader."""

    backends: tuple[ShelvedBackend, ...]
    default: str | None
    roles: Roles
    problems: tuple[Problem, ...]


def offer_of(configured: ConfiguredBackends, secret: Callable[[str], SecretStr | None], prompts: Prompts) -> Offer:
    """Return what can be used of what the user configured, with a problem for each part that cannot.

    Where the grader at start was left out, by name or by its place in the order, it is the coverage estimate: no other
    judge gets answers that were meant for that one. `secret` returns the key in an environment variable.

    Raises ContentError for a mistake in what the environment configures.
    """
    backends, incomplete = completed_all(configured, secret)
    problems = [*configured.problems, *incomplete]
    names = GraderShelf(backends, prompts, problems=problems)
    roles, unknown = _known(configured.roles, names)
    problems += unknown
    default, judges = configured.default, configured.roles.judge
    lost = configured.is_default_lost
    if default is not None and (fault := _why_not(names, default)):
        problems.append(left_out("default", f"{configured.default_origin}: default: {fault}"))
        lost = True
    elif default is None:
        first = configured.backends[0].name if configured.backends else None
        lost = lost or roles.judge[:1] != judges[:1] or (not judges and first in {one.name for one in incomplete})
    return Offer(backends=backends, default=COVERAGE if lost else default, roles=roles, problems=tuple(problems))


def shelve(configured: ConfiguredBackends, secret: Callable[[str], SecretStr | None], prompts: Prompts) -> GraderShelf:
    """Put what can be used of what the user configured on a shelf; see `offer_of`."""
    offer = offer_of(configured, secret, prompts)
    return GraderShelf(offer.backends, prompts, offer.default, offer.roles, problems=offer.problems)


def reshelve(shelf: GraderShelf, configured: ConfiguredBackends, secret: Callable[[str], SecretStr | None]) -> None:
    """Put what the user has configured now in the place of what is there.

    Raises ContentError for a mistake that was not there before: nothing changes then, so that a file that somebody
    is editing takes no judge away from answers that wait for it.
    """
    offer = offer_of(configured, secret, shelf.prompts)
    known = {problem.name for problem in shelf.problems}
    fresh = [problem.text for problem in offer.problems if problem.name not in known]
    if fresh:
        raise ContentError("\n".join([*fresh, "What was read before stays in force."]))
    shelf.replace(offer.backends, offer.default, offer.roles, offer.problems)


def _known(roles: Roles, names: GraderShelf) -> tuple[Roles, list[Problem]]:
    """Return the roles without the names of no grader, and a problem for each of these."""
    problems: list[Problem] = []

    def known(given: tuple[str, ...]) -> tuple[str, ...]:
        faults = {name: _why_not(names, name) for name in given}
        problems.extend(left_out("roles", f"{roles.origin}: [roles]: {fault}") for fault in faults.values() if fault)
        return tuple(name for name, fault in faults.items() if not fault)

    kept = {"judge": known(roles.judge), "interviewer": known(roles.interviewer)}
    return roles.model_copy(update=kept), problems


def _why_not(names: GraderShelf, name: str) -> str:
    """Return why there is no grader of that name; empty where there is one."""
    try:
        names.chain(name)
    except NotFound as fault:
        return str(fault)
    return ""
