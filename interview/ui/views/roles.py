"""The card of who is asked first in each role, and who takes over."""

from collections.abc import Mapping, Sequence

from interview.models import Language, Value
from interview.settings import Role, Roles
from interview.ui.strings import t
from interview.ui.views.view import ViewValue


class Place(Value):
    """One grader in an order, and where it sends answers."""

    name: str
    host: str


def roles_card(
    roles: Roles,
    orders: Mapping[Role, Sequence[Place]],
    left: Mapping[Role, Sequence[str]],
    chain: Sequence[str],
    lang: Language,
) -> ViewValue:
    """An order for each role, with what could stand in it too (`left`), and the estimate's leave to step in.

    `chain` is who judges with the grader that is chosen: itself, then who takes over; empty for the coverage estimate.
    A click tells `act`, a wish as JSON: `role` and the whole new order (`names`), or `estimate`, with what was `seen`.
    """
    return {
        "title": t("roles.title", lang),
        "text": t("roles.text", lang),
        "seen": roles.model_dump(mode="json", exclude={"origin"}),
        "roles": [
            {
                "role": role,
                "title": t(f"roles.{role}", lang),
                "text": t(f"roles.{role}_text", lang),
                "places": _places(role, order, lang),
                "empty": "" if order else t(f"roles.{role}_empty" if left[role] else "roles.no_backend", lang),
                "add": t("roles.add", lang),
                "left": [_button("add", role, [*roles.of(role), name], name, lang) for name in left[role]],
                "now": _now(role, roles, chain, lang),
            }
            for role, order in orders.items()
        ],
        "estimate": {
            "on": roles.estimate,
            "wish": {"estimate": not roles.estimate},
            "text": t("roles.estimate", lang),
            "about": t("roles.estimate_text", lang),
        },
    }


def _places(role: Role, order: Sequence[Place], lang: Language) -> list[ViewValue]:
    names = [place.name for place in order]
    return [
        {
            "name": place.name,
            "host": place.host,
            "actions": [
                _button("up", role, _moved(names, at, at - 1), place.name, lang),
                _button("down", role, _moved(names, at, at + 1), place.name, lang),
                _button("out", role, [*names[:at], *names[at + 1 :]], place.name, lang),
            ],
        }
        for at, place in enumerate(order)
    ]


def _moved(names: Sequence[str], start: int, end: int) -> list[str]:
    """The names with two of them in each other's place; as they are where there is no such place."""
    moved = [*names]
    if 0 <= end < len(names):
        moved[start], moved[end] = moved[end], moved[start]
    return moved


def _button(act: str, role: Role, names: Sequence[str], name: str, lang: Language) -> ViewValue:
    """A button whose name says what it does to whom; it cannot be pressed where it would change nothing."""
    text = t(f"roles.{act}", lang)
    return {
        "act": act,
        "name": name,
        "text": text,
        "label": f"{text} {name} · {t(f'roles.{role}', lang)}",
        "wish": {"role": role, "names": [*names]},
    }


def _now(role: Role, roles: Roles, chain: Sequence[str], lang: Language) -> str:
    """What is in force with the grader that is chosen."""
    if not chain:
        return t("roles.now_offline", lang)
    if role == "interviewer":
        return t("roles.now", lang, chain=" → ".join(roles.interviewer or chain))
    told = [*chain, *([t("grader.coverage", lang)] if roles.estimate else [])]
    now = t("roles.now", lang, chain=" → ".join(told))
    return now if len(told) > 1 else f"{now}{t('roles.now_alone', lang)}"
