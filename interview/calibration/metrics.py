"""How well predicted scores agree with people's: pure arithmetic on shares (0-1). None where there is no figure.

Sums are `math.fsum`: the same numbers in any order give the same figure.
"""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Sequence

MOST_LEVELS = 21
_TENTHS = tuple(tenth / 10 for tenth in range(11))
_FEWEST_FOR_A_QUESTION = 3  # two answers always correlate perfectly, one way or the other
_SAME = 9  # decimals beyond which two shares are the same number

Shares = Sequence[float]


def pearson(one: Shares, other: Shares) -> float | None:
    """Return Pearson's r (-1 to 1); None for fewer than two pairs, or where one side does not vary."""
    if len(one) < 2 or min(one) == max(one) or min(other) == max(other):
        return None
    mean_one, mean_other = math.fsum(one) / len(one), math.fsum(other) / len(other)
    left, right = [number - mean_one for number in one], [number - mean_other for number in other]
    shared = math.fsum(a * b for a, b in zip(left, right, strict=True))
    spread = math.sqrt(math.fsum(a * a for a in left)) * math.sqrt(math.fsum(b * b for b in right))
    return max(-1.0, min(1.0, shared / spread)) if spread else None


def spearman(one: Shares, other: Shares) -> float | None:
    """Return Spearman's rank correlation (-1 to 1), ties at their mean rank; None as for `pearson`."""
    return pearson(_ranks(one), _ranks(other))


def levels_of(grades: Shares) -> tuple[float, ...]:
    """Return the distinct levels of people's grades, rising; the tenths from 0 to 1 where they are more than 21."""
    distinct = sorted({round(grade, _SAME) for grade in grades})
    return tuple(distinct) if len(distinct) <= MOST_LEVELS else _TENTHS


def nearest_level(share: float, levels: Shares) -> int:
    """Return the index of the level nearest to `share`; of two equally near the higher one, as rounding half up."""
    above = bisect_left(levels, share)
    if above == 0:
        return 0
    if above == len(levels):
        return above - 1
    return above if round(levels[above] - share, _SAME) <= round(share - levels[above - 1], _SAME) else above - 1


def quadratic_kappa(predicted: Shares, human: Shares, levels: Shares) -> float | None:
    """Return Cohen's kappa with quadratic weights (at most 1) of both, each rounded to its nearest level.

    Weights grow with the squared distance of the levels' places in `levels`. None where chance alone would agree, as
    with one level only. (Cohen 1968, Psychological Bulletin 70:213.)
    """
    pairs = [(nearest_level(p, levels), nearest_level(h, levels)) for p, h in zip(predicted, human, strict=True)]
    observed = sum((p - h) ** 2 for p, h in pairs)
    rows, columns = Counter(p for p, _ in pairs), Counter(h for _, h in pairs)
    expected = sum((p - h) ** 2 * rows[p] * columns[h] for p in rows for h in columns)  # whole numbers: exact
    return 1 - observed * len(pairs) / expected if expected else None


def mean_absolute_error(predicted: Shares, human: Shares) -> float | None:
    """Return the mean absolute error on 0-1; None without pairs."""
    return mean([abs(p - h) for p, h in zip(predicted, human, strict=True)])


def bias(predicted: Shares, human: Shares) -> float | None:
    """Return the mean of predicted - human on -1 to 1: above 0 the grader is lenient; None without pairs."""
    return mean([p - h for p, h in zip(predicted, human, strict=True)])


def weighted_rmse(predicted: Shares, human: Shares, levels: Shares) -> float | None:
    """Return the root of the mean squared error (0-1) with the same weight for each level of people's grades.

    Levels that no grade is nearest to do not count; None without pairs. (Meyer et al. 2024, arXiv:2409.18596.)
    """
    by_level: dict[int, list[float]] = {}
    for p, h in zip(predicted, human, strict=True):
        by_level.setdefault(nearest_level(h, levels), []).append((p - h) ** 2)
    mean_square = mean([math.fsum(errors) / len(errors) for errors in by_level.values()])
    return None if mean_square is None else math.sqrt(mean_square)


def area_under_curve(predicted: Shares, human: Shares) -> float | None:
    """Return the chance (0-1) that an answer of the higher grade scores above one of the lower, ties half.

    None unless people's grades have exactly two levels.
    """
    levels = sorted(set(human))
    if len(levels) != 2:
        return None
    ranks = _ranks(predicted)
    high = [rank for rank, grade in zip(ranks, human, strict=True) if grade == levels[1]]
    low = len(human) - len(high)
    return (math.fsum(high) - len(high) * (len(high) + 1) / 2) / (len(high) * low)


def mean_r_per_group(groups: Sequence[tuple[Shares, Shares]]) -> float | None:
    """Return the mean of Pearson's r over the groups of three or more pairs that have one; None where none has."""
    found = [pearson(*group) for group in groups if len(group[0]) >= _FEWEST_FOR_A_QUESTION]
    return mean([r for r in found if r is not None])


def percentile(numbers: Sequence[float], share: float) -> float:
    """Return the value below which `share` (0-1) of the numbers lie, between neighbours in proportion."""
    ordered = sorted(numbers)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def mean(numbers: Sequence[float]) -> float | None:
    """Return the mean; None of nothing."""
    return math.fsum(numbers) / len(numbers) if numbers else None


def standard_deviation(numbers: Sequence[float]) -> float | None:
    """Return the sample standard deviation (n - 1); None of fewer than two."""
    if len(numbers) < 2:
        return None
    middle = math.fsum(numbers) / len(numbers)
    return math.sqrt(math.fsum((number - middle) ** 2 for number in numbers) / (len(numbers) - 1))


def cohens_kappa(pairs: Sequence[tuple[Hashable, Hashable]]) -> float | None:
    """Return how much more often the two of a pair agree than by chance (at most 1); None where chance always does."""
    if not pairs:
        return None
    agreed = sum(one == other for one, other in pairs) / len(pairs)
    ones, others = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    chance = sum(ones[name] * others[name] for name in ones) / len(pairs) ** 2
    return (agreed - chance) / (1 - chance) if chance < 1 else None


def _ranks(numbers: Shares) -> list[float]:
    """Ranks from 1, equal numbers at the mean of theirs."""
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    ranks = [0.0] * len(numbers)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and numbers[order[end]] == numbers[order[start]]:
            end += 1
        for place in range(start, end):
            ranks[order[place]] = (start + end + 1) / 2
        start = end
    return ranks
