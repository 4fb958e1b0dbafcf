"""What a native plot shows, and labels that fit its axis."""

import itertools
import unicodedata
from collections.abc import Sequence
from typing import Any

from interview.ui.views.view import ViewValue

_LABEL = 28  # width of a label at most, in Latin letters: what an axis has room for
_TAIL = 10  # of it for the end of a name, which often tells it from another


class Plotted:
    """What one plot shows: heading, sentence, the table of its numbers, and bars or points, empty where too few."""

    def __init__(
        self,
        head: ViewValue,
        table: ViewValue,
        points: Sequence[tuple[str, float]] = (),
        *,
        names: tuple[str, Sequence[str]] | None = None,
        top: float = 10,
    ) -> None:
        """`points`: label and value, in the order in which they are drawn; labels differ. The scale ends at `top`.

        `names`: a title and the full name of each point, for the tooltip, where labels are shortened.
        """
        self.head = head
        self.table = table
        self.points = points
        self.top = top
        self._names = names

    def data(self, mark: str) -> dict[str, Any] | None:
        """The value of a native plot with the columns `x` and `y`; None where there is nothing to draw."""
        if not self.points:
            return None
        title, names = self._names or ("", ())
        return {
            "columns": ["x", "y", *([title] if names else [])],
            "data": [[*point, *names[place : place + 1]] for place, point in enumerate(self.points)],
            "datatypes": {"x": "nominal", "y": "quantitative", **({title: "nominal"} if names else {})},
            "mark": mark,
        }


def axis_labels(names: Sequence[str]) -> list[str]:
    """Labels that fit an axis and differ, because a plot adds up what has the same one."""
    made: list[str] = []
    for label in map(_short, names):
        made.append(label if label not in made else f"{label} {len(made) + 1}")
    return made


def _short(text: str) -> str:
    """The text, or its beginning and its end where it is too wide for an axis."""
    if _width(text) <= _LABEL:
        return text
    return f"{_fitting(text, _LABEL - _TAIL)}…{_fitting(text[::-1], _TAIL - 1)[::-1]}"


def _fitting(text: str, width: int) -> str:
    """As much of the beginning as fits."""
    widths = itertools.accumulate(map(_width, text))
    return text[: sum(reached <= width for reached in widths)].strip()


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
