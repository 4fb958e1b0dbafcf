"""The figures of agreement, against slow definitions of the same."""

import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interview.calibration.intervals import intervals
from interview.calibration.metrics import (
    area_under_curve,
    bias,
    cohens_kappa,
    levels_of,
    mean_absolute_error,
    mean_r_per_group,
    nearest_level,
    pearson,
    percentile,
    quadratic_kappa,
    spearman,
    standard_deviation,
    weighted_rmse,
)

SHARES = st.integers(0, 20).map(lambda number: number / 20)
PAIRS = st.lists(st.tuples(SHARES, SHARES), min_size=1, max_size=40)


def split(pairs: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [one for one, _ in pairs], [other for _, other in pairs]


def slow_ranks(numbers: list[float]) -> list[float]:
    return [sum(other < one for other in numbers) + (sum(other == one for other in numbers) + 1) / 2 for one in numbers]


def slow_kappa(predicted: list[float], human: list[float], levels: tuple[float, ...]) -> float | None:
    def place(share: float) -> int:
        nearest = min(round(abs(level - share), 9) for level in levels)
        return max(i for i, level in enumerate(levels) if round(abs(level - share), 9) == nearest)

    count = len(levels)
    weights = [[(i - j) ** 2 / max(1, (count - 1) ** 2) for j in range(count)] for i in range(count)]
    one, other = [place(share) for share in predicted], [place(share) for share in human]
    observed = sum(weights[i][j] for i, j in zip(one, other, strict=True)) / len(one)
    expected = sum(weights[i][j] for i in one for j in other) / len(one) ** 2
    return 1 - observed / expected if expected else None


@given(PAIRS)
def test_correlations(pairs: list[tuple[float, float]]):
    one, other = split(pairs)
    if len(set(one)) < 2 or len(set(other)) < 2:
        assert pearson(one, other) is None
        assert spearman(one, other) is None
    else:
        assert pearson(one, other) == pytest.approx(statistics.correlation(one, other), abs=1e-9)
        ranked = statistics.correlation(slow_ranks(one), slow_ranks(other))
        assert spearman(one, other) == pytest.approx(ranked, abs=1e-9)


@given(PAIRS, st.randoms(use_true_random=False))
def test_figures_do_not_depend_on_the_order_of_the_rows(pairs: list[tuple[float, float]], chance: random.Random):
    shuffled = pairs.copy()
    chance.shuffle(shuffled)
    levels = levels_of(split(pairs)[1])
    for figure in (pearson, mean_absolute_error, bias, area_under_curve):
        assert figure(*split(pairs)) == figure(*split(shuffled))
    assert weighted_rmse(*split(pairs), levels) == weighted_rmse(*split(shuffled), levels)


@given(PAIRS, st.lists(SHARES, min_size=1, max_size=8, unique=True))
def test_quadratic_kappa(pairs: list[tuple[float, float]], levels: list[float]):
    rising = tuple(sorted(levels))
    expected = slow_kappa(*split(pairs), rising)
    found = quadratic_kappa(*split(pairs), rising)
    assert found is None if expected is None else found == pytest.approx(expected, abs=1e-9)


@given(PAIRS)
def test_errors(pairs: list[tuple[float, float]]):
    predicted, human = split(pairs)
    levels = levels_of(human)
    assert mean_absolute_error(predicted, human) == pytest.approx(sum(abs(p - h) for p, h in pairs) / len(pairs))
    assert bias(predicted, human) == pytest.approx(sum(p - h for p, h in pairs) / len(pairs), abs=1e-12)
    squares = [[(p - h) ** 2 for p, h in pairs if h == level] for level in set(human)]
    expected = math.sqrt(sum(sum(one) / len(one) for one in squares) / len(squares))
    assert weighted_rmse(predicted, human, levels) == pytest.approx(expected)


def test_each_human_level_weighs_the_same_however_many_answers_it_has():
    many_right, one_wrong = [1.0] * 99, [1.0]
    assert weighted_rmse(many_right + one_wrong, [1.0] * 99 + [0.0], (0.0, 1.0)) == pytest.approx(math.sqrt(0.5))


@given(st.lists(st.tuples(SHARES, st.booleans()), min_size=2, max_size=30))
def test_area_under_curve(pairs: list[tuple[float, bool]]):
    scores, right = [one for one, _ in pairs], [float(is_right) for _, is_right in pairs]
    if len(set(right)) < 2:
        assert area_under_curve(scores, right) is None
        return
    high = [score for score, is_right in pairs if is_right]
    low = [score for score, is_right in pairs if not is_right]
    won = sum((a > b) + (a == b) / 2 for a in high for b in low)
    assert area_under_curve(scores, right) == pytest.approx(won / (len(high) * len(low)))


def test_more_than_two_levels_have_no_curve():
    assert area_under_curve([0.1, 0.2, 0.3], [0.0, 0.5, 1.0]) is None


@pytest.mark.parametrize(
    ("grades", "levels"),
    [
        ([1.0, 0.0, 0.1 + 0.2, 0.3], (0.0, 0.3, 1.0)),
        ([number / 20 for number in range(21)], tuple(number / 20 for number in range(21))),
        ([number / 21 for number in range(22)], tuple(number / 10 for number in range(11))),
    ],
)
def test_levels_are_those_of_the_set_or_whole_tenths(grades: list[float], levels: tuple[float, ...]):
    assert levels_of(grades) == levels


@pytest.mark.parametrize(
    ("share", "place"), [(0.0, 0), (0.049, 0), (0.05, 1), (0.15, 2), (0.25, 3), (0.96, 10), (1.0, 10)]
)
def test_a_share_between_two_levels_goes_to_the_nearer_and_from_the_middle_upwards(share: float, place: int):
    assert nearest_level(share, tuple(number / 10 for number in range(11))) == place


def test_nothing_is_never_zero():
    assert pearson([], []) is None
    assert spearman([0.5], [0.5]) is None
    assert quadratic_kappa([], [], (0.0, 1.0)) is None
    assert quadratic_kappa([1.0, 1.0], [1.0, 1.0], (1.0,)) is None
    assert weighted_rmse([], [], ()) is None
    assert mean_absolute_error([], []) is None
    assert mean_r_per_group([([0.1, 0.9], [0.0, 1.0])]) is None
    assert standard_deviation([0.5]) is None
    assert cohens_kappa([]) is None
    assert cohens_kappa([("covered", "covered")]) is None


def test_questions_count_the_same_and_those_of_two_answers_do_not_count():
    rising, falling = ([0.1, 0.2, 0.3], [0.0, 0.5, 1.0]), ([0.3, 0.2, 0.1], [0.0, 0.5, 1.0])
    assert mean_r_per_group([rising, falling, ([0.0, 1.0], [0.0, 1.0])]) == pytest.approx(0.0)


def test_kappa_of_two_raters():
    # By hand: they agree in 2/4, by chance in 3/4 * 1/4 + 1/4 * 3/4 = 3/8; (1/2 - 3/8) / (1 - 3/8) = 1/5.
    assert cohens_kappa([("a", "a"), ("a", "b"), ("a", "b"), ("b", "b")]) == pytest.approx(0.2)
    assert cohens_kappa([("a", "a"), ("b", "b")]) == 1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.floats(0, 1))
def test_percentiles(numbers: list[float], share: float):
    if len(numbers) > 1 and share in (0.25, 0.5, 0.75):
        quarter = statistics.quantiles(numbers, n=4, method="inclusive")[round(share * 4) - 1]
        assert percentile(numbers, share) == pytest.approx(quarter)
    assert min(numbers) <= percentile(numbers, share) <= max(numbers)
    assert percentile(numbers, 0.5) == pytest.approx(statistics.median(numbers))


@given(PAIRS.filter(lambda pairs: len(pairs) > 1))
def test_where_all_questions_are_alike_the_interval_is_the_figure(pairs: list[tuple[float, float]]):
    predicted, human = split(pairs)
    levels = levels_of(human)
    found = intervals([(predicted, human)] * 3, levels, seed=1, resamples=4)
    expected = {
        "pearson": pearson(predicted, human),
        "qwk": quadratic_kappa(predicted, human, levels),
        "mae": mean_absolute_error(predicted, human),
        "wrmse": weighted_rmse(predicted, human, levels),
        "bias": bias(predicted, human),
    }
    assert set(found) == set(expected)
    for name, figure in expected.items():
        interval = found[name]
        assert (interval is None) == (figure is None), name
        assert interval is None or interval == pytest.approx((figure, figure), abs=1e-6)


def test_intervals_are_seeded_hold_the_figure_and_need_two_questions():
    chance = random.Random(5)
    groups = []
    for _ in range(12):
        human = [chance.choice((0.0, 0.5, 1.0)) for _ in range(6)]
        groups.append(([min(1.0, max(0.0, grade + chance.gauss(0, 0.2))) for grade in human], human))
    levels = (0.0, 0.5, 1.0)
    found = intervals(groups, levels, seed=1, resamples=200)
    assert found == intervals(groups, levels, seed=1, resamples=200)
    assert found != intervals(groups, levels, seed=2, resamples=200)
    r = pearson([p for one, _ in groups for p in one], [h for _, other in groups for h in other])
    interval = found["pearson"]
    assert r is not None
    assert interval is not None
    assert interval[0] < r < interval[1]
    assert set(intervals(groups[:1], levels, seed=1).values()) == {None}


def test_a_resample_is_what_the_figures_say_of_the_questions_drawn():
    chance = random.Random(7)
    groups = [
        ([chance.choice((0.1, 0.4, 0.9)) for _ in range(size)], [chance.choice((0.0, 0.5, 1.0)) for _ in range(size)])
        for size in (3, 5, 8, 2)
    ]
    levels = (0.0, 0.5, 1.0)
    drawn = random.Random(11).choices(groups, k=len(groups))
    one = [number for group, _ in drawn for number in group]
    other = [number for _, group in drawn for number in group]
    figures = {
        "pearson": pearson(one, other),
        "qwk": quadratic_kappa(one, other, levels),
        "mae": mean_absolute_error(one, other),
        "wrmse": weighted_rmse(one, other, levels),
        "bias": bias(one, other),
    }
    assert len({id(group) for group in drawn}) < len(groups), "a question was drawn twice"
    for name, interval in intervals(groups, levels, seed=11, resamples=1).items():
        assert interval == pytest.approx((figures[name], figures[name]), abs=1e-9), name


def test_a_figure_that_most_resamples_lack_has_no_interval():
    groups = [([0.0], [0.0])] * 10 + [([0.0], [1.0]), ([1.0], [0.0])]
    found = intervals(groups, (0.0, 1.0), seed=1, resamples=400)
    assert found["pearson"] is None
    assert found["mae"] is not None
