"""Scoring: the formula, its roundings and its limits."""

import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interview.grading.scoring import (
    USUAL_BANDS,
    alternative,
    band_of_mean,
    earned,
    on_scale,
    rescore,
    score,
    solid_from,
    tone,
)
from interview.models import CriterionGrade, Evidence, Finding, Graded, PointGrade, Provenance, Verdict
from interview.rubrics import CREDITED, Rubric, load_rubrics
from interview.scheduling import suggested_rating
from tests.made_up import some

RUBRICS = load_rubrics(Path(__file__).resolve().parent.parent / "rubrics")
DEFAULT, POINTS_ONLY = RUBRICS["default"], RUBRICS["points_only"]
BY_CREDIT: tuple[Verdict, ...] = ("contradicted", "missing", "partial", "covered")


def point(
    verdict: Verdict, weight: float = 1, kind: Literal["required", "bonus"] = "required", id: str = "k1"
) -> PointGrade:
    return PointGrade(id=id, text="", weight=weight, kind=kind, verdict=verdict, verified=True)


def points(*verdicts: Verdict) -> list[PointGrade]:
    return [point(verdict, id=f"k{number}") for number, verdict in enumerate(verdicts, 1)]


def criteria(depth: float, clarity: float) -> list[CriterionGrade]:
    return [CriterionGrade(id="depth", level="x", value=depth), CriterionGrade(id="clarity", level="x", value=clarity)]


def error(severity: Literal["minor", "major"] = "major", kind: Literal["pitfall", "error"] = "error") -> Finding:
    return Finding(kind=kind, severity=severity, evidence=Evidence(quote="x", start=0, end=1))


def value(*arguments: object) -> float:
    counted = score(*arguments)  # type: ignore[arg-type]
    assert counted is not None
    return counted.value


def test_the_sum_of_the_design():
    counted = score(DEFAULT, points("covered", "missing"), criteria(0.5, 1), [])
    assert counted is not None
    assert counted.sum == "10 × 0.50 × (0.75 + 0.15×0.5 + 0.10×1) = 4.6"
    assert (counted.value, counted.max_score, counted.band) == (4.6, 10, "fair")


def reached(name: str, level: int) -> list[CriterionGrade]:
    """Every criterion of a shipped rubric at one of its levels."""
    levels = [(one.id, one.levels[level]) for one in RUBRICS[name].criteria]
    return [CriterionGrade(id=criterion, level=level.id, value=level.value) for criterion, level in levels]


@pytest.mark.parametrize("name", RUBRICS)
def test_every_shipped_rubric_counts_alike(name: str):
    rubric, best = RUBRICS[name], reached(name, -1)
    assert [value(rubric, points(verdict), best, []) for verdict in BY_CREDIT] == [0, 0, 5, 10]
    assert [value(rubric, points("covered"), best, [error()] * count) for count in range(5)] == [10, 9, 8, 7, 7]
    assert value(rubric, [point("covered", 70), point("cannot_assess", 30, id="k2")], best, []) == 10
    assert score(rubric, [point("covered", 69), point("cannot_assess", 31, id="k2")], best, []) is None


@pytest.mark.parametrize(
    ("name", "scores"),
    [  # all criteria at their lowest, middle and best level
        ("default", [7.5, 8.8, 10]),
        ("coding", [7.5, 8.8, 10]),
        ("comparison", [7.5, 8.8, 10]),
        ("system_design", [7, 8.5, 10]),
        ("points_only", [10, 10, 10]),
    ],
)
def test_the_levels_of_every_shipped_rubric(name: str, scores: list[float]):
    assert [value(RUBRICS[name], points("covered"), reached(name, level), []) for level in range(3)] == scores


def test_the_sum_shows_as_many_decimals_as_it_takes_to_come_out_right():
    counted = score(DEFAULT, points("covered", *BY_CREDIT[1:2] * 5), criteria(0.5, 1), [])
    assert counted is not None
    assert counted.sum == "10 × 0.167 × (0.75 + 0.15×0.5 + 0.10×1) = 1.5"  # 10 × 0.17 × 0.925 would be 1.6


def test_verdicts_are_worth_one_a_half_and_nothing():
    worth = {verdict: value(POINTS_ONLY, points(verdict), [], []) for verdict in BY_CREDIT}
    assert worth == {"covered": 10, "partial": 5, "missing": 0, "contradicted": 0}


def test_fluent_and_wrong_is_nothing():
    assert value(DEFAULT, points("missing", "contradicted"), criteria(1, 1), []) == 0


def test_weights_count():
    assert value(POINTS_ONLY, [point("covered", 3), point("missing", 1, id="k2")], [], []) == 7.5


def test_a_bonus_can_only_add_and_never_above_the_maximum():
    bonus = point("covered", 1, "bonus", "k9")
    assert value(POINTS_ONLY, [*points("covered", "missing"), bonus], [], []) == 10
    assert value(POINTS_ONLY, [*points("covered", "missing"), point("missing", 1, "bonus", "k9")], [], []) == 5
    assert value(POINTS_ONLY, [*points("covered"), bonus], [], []) == 10


def test_where_every_point_is_a_bonus_they_count_as_required():
    bonus = [point("covered", 1, "bonus"), point("missing", 1, "bonus", "k2")]
    assert value(POINTS_ONLY, bonus, [], []) == 5


def test_major_errors_and_pitfalls_cost_a_tenth_each_three_at_most_and_minor_ones_nothing():
    full = points("covered", "covered")
    costs = [value(POINTS_ONLY, full, [], [error()] * count) for count in range(5)]
    assert costs == [10, 9, 8, 7, 7]
    assert value(POINTS_ONLY, full, [], [error("minor")] * 5) == 10
    assert value(POINTS_ONLY, full, [], [error("minor", "pitfall")]) == 9
    assert value(POINTS_ONLY, points("missing"), [], [error()]) == 0


def test_what_cannot_be_assessed_leaves_the_sum():
    assert value(POINTS_ONLY, points("covered", "covered", "missing", "cannot_assess"), [], []) == 6.7


def test_above_three_tenths_not_assessable_there_is_no_score():
    seven_of_ten = [*points(*BY_CREDIT[3:] * 7), *[point("cannot_assess", id=f"k{number}") for number in (8, 9, 10)]]
    assert value(POINTS_ONLY, seven_of_ten, [], []) == 10
    assert score(POINTS_ONLY, points("covered", "covered", "cannot_assess"), [], []) is None
    assert score(POINTS_ONLY, points("cannot_assess"), [], []) is None
    assert score(POINTS_ONLY.model_copy(update={"abstain_above": 1.0}), points("cannot_assess"), [], []) is None


def test_a_bonus_that_cannot_be_assessed_is_no_reason_to_abstain():
    assert value(POINTS_ONLY, [point("covered"), point("cannot_assess", 9, "bonus", "k2")], [], []) == 10


def test_without_any_point_there_is_no_score():
    assert score(POINTS_ONLY, [], [], []) is None


def test_halves_are_rounded_up():
    # 10 × 1 × (0.75 + 0.15×0.5 + 0.10×0.5) = 8.75, and in binary floats 0.1 × 3 is more than 0.3
    assert value(DEFAULT, points("covered"), criteria(0.5, 0.5), []) == 8.8
    assert value(POINTS_ONLY, [point("covered", 5), point("missing", 3, id="k2")], [], []) == 6.3  # 6.25, and 2 is even
    assert value(POINTS_ONLY, [point("covered", 0.1), point("missing", 0.3, id="k2")], [], []) == 2.5
    assert (
        value(POINTS_ONLY.model_copy(update={"max_score": 1.5}), points("covered", "missing", "missing"), [], []) == 0.5
    )


def test_a_criterion_without_a_grade_is_refused_unless_nothing_depends_on_it():
    with pytest.raises(ValueError, match="clarity"):
        score(DEFAULT, points("covered"), criteria(1, 1)[:1], [])
    assert value(DEFAULT, points("missing"), [], []) == 0


def graded(points: list[PointGrade], label: Literal["judgement", "coverage_estimate"] = "judgement") -> Graded:
    counted = score(DEFAULT, points, criteria(0.5, 0), [error()])
    assert counted is not None
    provenance = Provenance(grader="x", kind="judge", rubric=DEFAULT.ref, question_digest="", reference_digest="")
    return Graded(
        score=counted.value,
        max_score=10,
        band=counted.band,
        label=label,
        key_points=tuple(points),
        criteria=tuple(criteria(0.5, 0)),
        findings=(error(),),
        sum=counted.sum,
        provenance=provenance,
    )


def test_a_stored_grade_is_scored_again_from_its_json_to_the_same_number():
    stored = graded(points("covered", "partial", "missing"))
    again = rescore(Graded.model_validate_json(stored.model_dump_json()), DEFAULT)
    assert again is not None
    assert (again.value, again.sum) == (stored.score, stored.sum)
    assert again.value != value(POINTS_ONLY, stored.key_points, [], [])


def test_a_coverage_estimate_cannot_be_scored_again():
    with pytest.raises(ValueError, match="no verdicts"):
        rescore(graded(points("covered"), "coverage_estimate"), DEFAULT)


def test_the_other_score_leaves_out_the_disputed_points_and_needs_a_required_one():
    stored = graded([*points("covered", "missing"), point("missing", kind="bonus", id="k3")])
    other = alternative(stored, DEFAULT, {"k2", "k9"})
    assert other is not None
    assert (other.points, other.score, other.band) == (("k2",), 7.4, "good")
    assert alternative(stored, DEFAULT, {"k9"}) is None
    assert alternative(stored, DEFAULT, {"k1", "k2"}) is None
    unclear = graded([*points("covered", "covered", "covered", "cannot_assess")])
    assert alternative(unclear, DEFAULT, {"k1", "k2"}) is None  # half of what is left could not be assessed


VERDICTS = st.sampled_from((*BY_CREDIT, "cannot_assess"))
POINTS = st.lists(
    st.builds(point, VERDICTS, st.sampled_from([0.1, 0.5, 1.0, 2.0, 3.3]), st.sampled_from(["required", "bonus"])),
    max_size=12,
)
CRITERIA = st.builds(criteria, *[st.sampled_from([0.0, 0.5, 1.0])] * 2)
FINDINGS = st.lists(
    st.builds(error, st.sampled_from(["minor", "major"]), st.sampled_from(["pitfall", "error"])), max_size=5
)


@given(POINTS, CRITERIA, FINDINGS)
def test_the_score_is_bounded_has_one_decimal_and_its_sum_can_be_checked(
    points: list[PointGrade], criteria: list[CriterionGrade], findings: list[Finding]
):
    counted = score(DEFAULT, points, criteria, findings)
    if counted is None:
        return
    assert 0 <= counted.value <= 10
    assert counted.value == round(counted.value, 1)
    left, right = counted.sum.split(" = ")
    with_decimals = re.sub(r"[\d.]+", r'Decimal("\g<0>")', left.replace("×", "*"))
    computed = eval(with_decimals, {"Decimal": Decimal})
    assert computed.quantize(Decimal("0.1"), ROUND_HALF_UP) == Decimal(right) == Decimal(repr(counted.value))


@given(POINTS, CRITERIA, FINDINGS, st.randoms())
def test_the_order_does_not_matter(points, criteria, findings, random):
    mixed = [list(points), list(criteria), list(findings)]
    for one in mixed:
        random.shuffle(one)
    assert score(DEFAULT, *mixed) == score(DEFAULT, points, criteria, findings)


@given(POINTS, CRITERIA, FINDINGS, st.data())
def test_a_better_verdict_never_lowers_the_score(points, criteria, findings, data):
    before = score(DEFAULT, points, criteria, findings)
    judged = [index for index, one in enumerate(points) if one.verdict in BY_CREDIT]
    if before is None or not judged:
        return
    index = data.draw(st.sampled_from(judged))
    better = data.draw(st.sampled_from(BY_CREDIT[BY_CREDIT.index(points[index].verdict) :]))
    raised = [*points[:index], points[index].model_copy(update={"verdict": better}), *points[index + 1 :]]
    after = score(DEFAULT, raised, criteria, findings)
    assert after is not None
    assert after.value >= before.value


@given(POINTS, CRITERIA, FINDINGS)
def test_an_error_never_raises_the_score(points, criteria, findings):
    before, after = (score(DEFAULT, points, criteria, more) for more in (findings, [*findings, error()]))
    assert (before is None) == (after is None)
    assert before is None or after is None or after.value <= before.value


# --- share, score and band are one rule --------------------------------------------------------------------------

CREDITS = st.lists(st.decimals(0, 1, places=2), min_size=3, max_size=3).map(lambda found: sorted(found, reverse=True))
LIMITS = st.lists(st.integers(1, 99), max_size=6, unique=True).map(lambda found: [*sorted(found, reverse=True), 0])
WEIGHED = st.lists(st.tuples(st.sampled_from(BY_CREDIT), st.integers(1, 5)), min_size=1, max_size=6)


@st.composite
def rubrics(draw: st.DrawFn) -> Rubric:
    """A rubric of any credits, bands and maximum, without criteria."""
    credits = [1.0, *map(float, draw(CREDITS))]
    bands = [{"id": f"b{n}", "at_least": limit / 100} for n, limit in enumerate(draw(LIMITS))]
    changes = {"credit": dict(zip(CREDITED, credits, strict=True)), "bands": bands}
    return Rubric.model_validate(POINTS_ONLY.model_dump() | changes | {"max_score": draw(st.integers(1, 100))})


@given(rubrics(), WEIGHED)
def test_share_score_and_band_say_the_same(rubric: Rubric, weighed: list[tuple[Verdict, int]]):
    judged = [point(verdict, weight) for verdict, weight in weighed]
    share = some(earned(rubric, judged)).share
    counted = some(score(rubric, judged, [], []))
    assert abs(counted.value - rubric.max_score * share) <= 0.05 + 1e-9
    assert counted.band == rubric.band(counted.value) == band_of_mean(rubric, on_scale(counted.value, rubric.max_score))


@given(rubrics(), WEIGHED, st.data())
def test_a_better_verdict_never_lowers_anything(
    rubric: Rubric, weighed: list[tuple[Verdict, int]], data: st.DataObject
):
    order = list(reversed(CREDITED))
    place = data.draw(st.integers(0, len(weighed) - 1))
    better = [point(verdict, weight) for verdict, weight in weighed]
    raised = data.draw(st.sampled_from(order[order.index(weighed[place][0]) :]))
    better[place] = point(raised, weighed[place][1])
    before, after = ([point(*one) for one in weighed], better)

    def measured(points: list[PointGrade]) -> tuple[float, float, int, int, int]:
        counted, share = some(score(rubric, points, [], [])), some(earned(rubric, points)).share
        ids = [band.id for band in rubric.bands]
        tones = USUAL_BANDS[::-1].index(tone(rubric, counted.band)) if len(ids) > 1 else 0
        return share, counted.value, -ids.index(counted.band), tones, suggested_rating(share, "unaided", 0)

    for lower, higher in zip(measured(before), measured(after), strict=True):
        assert lower <= higher + 1e-12


def test_what_could_not_be_assessed_and_bonus_points_leave_the_share():
    judged = [point("covered"), point("partial"), point("cannot_assess", 9), point("covered", 9, "bonus")]
    made = some(earned(DEFAULT, judged))
    in_part = DEFAULT.credit["partial"]
    assert (made.weight, made.of, made.share) == (1 + in_part, 2, (1 + in_part) / 2)
    assert some(earned(DEFAULT, [point("partial", kind="bonus")])).share == in_part
    assert earned(DEFAULT, [point("cannot_assess")]) is None
    assert earned(None, judged) is None


@pytest.mark.parametrize(
    ("bands", "tones", "solid"),
    [
        ({"strong": 0.8, "good": 0.6, "fair": 0.4, "weak": 0}, "strong good fair weak", 6),
        ({"a": 0.8, "b": 0.6, "c": 0.4, "d": 0}, "strong good fair weak", 6),
        ({"pass": 0.5, "fail": 0}, "strong weak", 5),
        ({"a": 0.7, "b": 0.3, "c": 0}, "strong fair weak", 7),
        ({"a": 0.9, "b": 0.7, "c": 0.5, "d": 0.3, "e": 0}, "strong good fair fair weak", 7),
        ({"good": 0.4, "weak": 0}, "good weak", 4),
        ({"all": 0}, "all", 0),
    ],
)
def test_a_band_of_another_name_has_the_colour_of_its_rank(bands: dict[str, float], tones: str, solid: float):
    changes = {"bands": [{"id": name, "at_least": limit} for name, limit in bands.items()], "max_score": 40}
    rubric = Rubric.model_validate(DEFAULT.model_dump() | changes)
    assert [tone(rubric, name) for name in bands] == tones.split()
    assert solid_from(rubric) == solid
