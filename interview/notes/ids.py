"""Ids of questions: stable when a question is renumbered or its answer edited, and unique in a bank."""

from collections.abc import Iterable

from interview.models import digest


def question_id(section: str, text: str) -> str:
    """Return the id of a question that was given none: `q` and 12 hex digits made from section and question text."""
    return "q" + digest(f"{section}\n{' '.join(text.split())}")


class IdPool:
    """Hands out each id once; who comes second gets `-2`, the next `-3`.

    `reserved` are the ids that somebody owns (by writing them down); nobody else is given one of them.
    """

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._reserved = set(reserved)
        self._taken: set[str] = set()
        self._last: dict[str, int] = {}

    def take(self, wanted: str, *, owned: bool) -> str:
        """Return `wanted`, or the next free variant of it. `owned`: `wanted` is one of the reserved ids."""
        chosen = wanted
        # The counter is kept per id: thousands of equal questions would otherwise be counted up anew each time.
        number = self._last.get(wanted, 1)
        while chosen in self._taken or (chosen in self._reserved and not (owned and chosen == wanted)):
            number += 1
            chosen = f"{wanted}-{number}"
        self._last[wanted] = number
        self._taken.add(chosen)
        return chosen
