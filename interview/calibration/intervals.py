"""How far the figures would move with other questions: a bootstrap that draws whole questions anew.

Answers to one question are no independent witnesses. Every figure here can be had from sums over the answers, so a
question is reduced to its sums once, and a resample adds sums instead of going through answers again.
"""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

from interview.calibration.metrics import Shares, nearest_level, percentile

RESAMPLES = 1000
_NO_SPREAD = 1e-12  # what rounding leaves of the variance of equal numbers

_Sums = Mapping[tuple[str | int, ...], float]
Interval = tuple[float, float]


def intervals(
    groups: Sequence[tuple[Shares, Shares]], levels: Shares, *, seed: int, resamples: int = RESAMPLES
) -> dict[str, Interval | None]:
    """Return the 95 % interval (2.5th to 97.5th percentile) of pearson, qwk, mae, wrmse and bias, all on 0-1.

    `groups` are the predicted and human shares of each question. None with fewer than two questions, and where fewer
    than half of the resamples have the figure. (Efron and Tibshirani 1993, An Introduction to the Bootstrap, ch. 13.)
    """
    sums = [_sums(predicted, human, levels) for predicted, human in groups]
    chance = random.Random(seed)
    drawn: dict[str, list[float]] = {name: [] for name in _FIGURES}
    for _ in range(resamples if len(sums) > 1 else 0):
        added = _added(Counter(chance.choices(range(len(sums)), k=len(sums))), sums)
        for name, figure in _FIGURES.items():
            if (found := figure(added)) is not None:
                drawn[name].append(found)
    return {
        name: (percentile(found, 0.025), percentile(found, 0.975)) if found and 2 * len(found) >= resamples else None
        for name, found in drawn.items()
    }


def _sums(predicted: Shares, human: Shares, levels: Shares) -> _Sums:
    sums: dict[tuple[str | int, ...], float] = defaultdict(float)
    for p, h in zip(predicted, human, strict=True):
        place, level = nearest_level(p, levels), nearest_level(h, levels)
        terms = {"n": 1.0, "p": p, "h": h, "pp": p * p, "hh": h * h, "ph": p * h, "off": abs(p - h)}
        for name, term in terms.items():
            sums[(name,)] += term
        sums["count", level] += 1
        sums["square", level] += (p - h) ** 2
        sums["cell", place, level] += 1
    return sums


def _added(times: Mapping[int, int], sums: Sequence[_Sums]) -> _Sums:
    added: dict[tuple[str | int, ...], float] = defaultdict(float)
    for index, count in times.items():
        for name, term in sums[index].items():
            added[name] += count * term
    return added


def _pearson(sums: _Sums) -> float | None:
    n, p, h = sums[("n",)], sums[("p",)] / sums[("n",)], sums[("h",)] / sums[("n",)]
    spread_p, spread_h = sums[("pp",)] / n - p * p, sums[("hh",)] / n - h * h
    if spread_p < _NO_SPREAD or spread_h < _NO_SPREAD:
        return None
    return (sums[("ph",)] / n - p * h) / math.sqrt(spread_p * spread_h)


def _kappa(sums: _Sums) -> float | None:
    cells = {name[1:]: count for name, count in sums.items() if name[0] == "cell"}
    rows: Counter[str | int] = Counter()
    columns: Counter[str | int] = Counter()
    for (row, column), count in cells.items():
        rows[row] += int(count)
        columns[column] += int(count)
    observed = sum((int(row) - int(column)) ** 2 * count for (row, column), count in cells.items())
    expected = sum((int(row) - int(column)) ** 2 * rows[row] * columns[column] for row in rows for column in columns)
    return 1 - observed * sums[("n",)] / expected if expected else None


def _weighted_rmse(sums: _Sums) -> float | None:
    squares = [sums["square", name[1]] / count for name, count in sums.items() if name[0] == "count"]
    return math.sqrt(sum(squares) / len(squares))


_FIGURES: dict[str, Callable[[_Sums], float | None]] = {
    "pearson": _pearson,
    "qwk": _kappa,
    "mae": lambda sums: sums[("off",)] / sums[("n",)],
    "wrmse": _weighted_rmse,
    "bias": lambda sums: (sums[("p",)] - sums[("h",)]) / sums[("n",)],
}
