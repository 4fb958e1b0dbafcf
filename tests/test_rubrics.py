"""Rubrics: those that ship, and what the loader says about a mistake."""

import shutil
from pathlib import Path

import pytest

from interview.errors import ContentError
from interview.rubrics import load_rubrics

SHIPPED = Path(__file__).resolve().parent.parent / "rubrics"
LOWEST_OF_CLARITY = '[[criteria.levels]]\nid = "unclear"'
DEFAULT = (SHIPPED / "default.toml").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(SHIPPED, tmp_path / "rubrics")
    return tmp_path / "rubrics"


def refusal(folder: Path, text: str) -> str:
    (folder / "default.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ContentError) as refused:
        load_rubrics(folder)
    return str(refused.value)


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_the_shipped_rubrics_hold_the_formula_of_the_design():
    rubrics = load_rubrics(SHIPPED)
    default, points_only = rubrics["default"], rubrics["points_only"]
    assert {one.id: one.weight for one in default.criteria} == {"depth": 0.15, "clarity": 0.10}
    assert [[level.value for level in one.levels] for one in default.criteria] == [[0, 0.5, 1], [0, 0.5, 1]]
    assert (default.base, default.max_score, default.error_penalty, default.max_errors) == (0.75, 10, 0.1, 3)
    assert default.credit == {"covered": 1, "partial": 0.5, "missing": 0, "contradicted": 0}
    assert default.abstain_above == 0.3
    assert [band.id for band in default.bands] == ["strong", "good", "fair", "weak"]
    assert (points_only.base, points_only.criteria) == (1, ())
    assert all(one.leniency for one in rubrics.values())


def test_the_rubrics_for_kinds_of_questions_differ_from_the_default_in_their_criteria_alone():
    rubrics = load_rubrics(SHIPPED)
    assert set(rubrics) == {"default", "points_only", "coding", "comparison", "system_design"}
    default = rubrics["default"]
    for name, criteria in {
        "coding": ["behaviour", "exactness"],
        "comparison": ["contrast", "clarity"],
        "system_design": ["trade_offs", "completeness"],
    }.items():
        rubric = rubrics[name]
        assert [one.id for one in rubric.criteria] == criteria
        assert [[level.value for level in one.levels] for one in rubric.criteria] == [[0, 0.5, 1], [0, 0.5, 1]]
        same = ("credit", "max_score", "error_penalty", "max_errors", "abstain_above", "bands")
        assert [getattr(rubric, field) for field in same] == [getattr(default, field) for field in same]
        assert rubric.leniency.startswith(default.leniency)


@pytest.mark.parametrize(
    ("score", "band"),
    [(10, "strong"), (8.5, "strong"), (8.4, "good"), (6.5, "good"), (4.0, "fair"), (3.9, "weak"), (0, "weak")],
)
def test_a_band_begins_at_its_limit(score: float, band: str):
    assert load_rubrics(SHIPPED)["default"].band(score) == band


def test_the_limit_of_a_band_is_no_victim_of_binary_fractions(folder: Path):
    text = DEFAULT.replace("max_score = 10", "max_score = 100").replace("at_least = 0.4", "at_least = 0.07")
    (folder / "default.toml").write_text(text, encoding="utf-8")
    assert load_rubrics(folder)["default"].band(7.0) == "fair"  # 100 × 0.07 is a little more than 7 in floats


def test_the_digest_follows_the_content_but_not_the_line_ends(folder: Path):
    before = load_rubrics(folder)["default"]
    path = folder / "default.toml"
    path.write_bytes(DEFAULT.replace("\n", "\r\n").encode())
    assert load_rubrics(folder)["default"].digest == before.digest
    path.write_text(DEFAULT.replace("max_errors = 3", "max_errors = 2"), encoding="utf-8")
    after = load_rubrics(folder)["default"]
    assert after.digest != before.digest
    assert after.ref == f"default@{after.digest}"


def test_a_rubric_is_named_after_its_file(folder: Path):
    shutil.copy(folder / "default.toml", folder / "strict.toml")
    assert load_rubrics(folder)["strict"].name == "strict"


@pytest.mark.parametrize(
    ("old", "new", "at", "expected"),
    [
        ("max_errors = 3", "max_erors = 3", "max_erors", "unknown field `max_erors`; expected one of: "),
        ("weight = 0.10", "wieght = 0.10", "wieght", "unknown field `wieght`; expected one of: id, levels, "),
        ('at_least = 0.4\n', "at_least = 0.4\ncolour = 1\n", "colour", "unknown field `colour`; expected one of: "),
        ("weight = 0.10", "weight = 0.20", "[[criteria]]", "sum to 1, they sum to 1.1"),
        ("weight = 0.10", "weight = 0", "weight = 0\n", "greater than 0"),
        ("value = 0.5\nanchor.zh = \"能", "value = 1.5\nanchor.zh = \"能", "value = 1.5", "less than or equal to 1"),
        ("value = 0.5\nanchor.zh = \"能", "value = 1.0\nanchor.zh = \"能", LOWEST_OF_CLARITY, "rise"),
        ('id = "explained"', 'id = "recited"', '[[criteria.levels]]\nid = "recited"', "`recited` stands here twice"),
        ('id = "clarity"', 'id = "depth"', "[[criteria]]", "`depth` stands here twice"),
        ("at_least = 0.0", "at_least = 0.1", "[[bands]]", "the last with at_least = 0"),
        ("at_least = 0.65", "at_least = 0.9", "[[bands]]", "from the highest to the lowest"),
        ('id = "weak"', 'id = "pending"', "[[bands]]", "a band cannot be called pending"),
        ('id = "weak"', 'id = "Weak!"', 'id = "Weak!"', "match pattern"),
        ("partial = 0.5", "partial = -0.5", "partial = -0.5", "greater than or equal to 0"),
        ("partial = 0.5\n", "", "[credit]", "expected exactly covered, partial, missing, contradicted"),
        ("missing = 0.0", "missing = 0.7", "[credit]", "no credit above the one before it"),
        ("max_score = 10", 'max_score = "10"', 'max_score = "10"', "valid number"),
        ("max_errors = 3", "max_errors = 2.5", "max_errors = 2.5", "integer"),
        ("abstain_above = 0.3 ", "abstain_above = nan ", "abstain_above", "abstain_above"),
        ('{ zh = "深度", en = "Depth" }', '{ zh = "深度" }', '{ zh = "深度" }', "a text for zh and one for en"),
        ("max_score = 10\n", "", "# How", "the field `max_score` is missing"),
        ("max_score = 10\n", "max_score = 10\nname = \"x\"\n", 'name = "x"', "named after its file"),
        ("max_score = 10\n", "max_score = = 10\n", "max_score = =", "not TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_with_file_line_and_what_was_expected(
    folder: Path, old: str, new: str, at: str, expected: str
):
    assert old in DEFAULT
    text = DEFAULT.replace(old, new, 1)
    said = refusal(folder, text)
    assert f"default.toml:{line_of(text, at)}: " in said
    assert expected in said


def test_weights_that_sum_to_nothing_are_refused(folder: Path):
    text = (SHIPPED / "points_only.toml").read_text(encoding="utf-8").replace("base = 1.0", "base = 0.0")
    said = refusal(folder, text)
    assert f"default.toml:{line_of(text, 'criteria = []')}: " in said
    assert "they sum to 0" in said


def test_two_levels_are_refused(folder: Path):
    start = DEFAULT.index('[[criteria.levels]]\nid = "reasoned"')
    end = DEFAULT.index('[[criteria]]\nid = "clarity"')
    assert "expected three levels, found 2" in refusal(folder, DEFAULT[:start] + DEFAULT[end:])


def test_all_mistakes_of_a_file_are_told_at_once(folder: Path):
    said = refusal(
        folder, DEFAULT.replace("max_errors = 3", "max_errors = -1").replace("at_least = 0.4", "at_least = 4")
    )
    assert len(said.splitlines()) == 2


def test_a_text_that_looks_like_keys_does_not_shift_the_line(folder: Path):
    start, end = DEFAULT.index('leniency = """'), DEFAULT.index("[credit]")
    rest = DEFAULT[:start] + DEFAULT[end:]
    text = 'leniency = """\n[credit]\nmax_errors = 1\n"""\n' + rest.replace("max_errors = 3", "max_errors = -3")
    assert f"default.toml:{line_of(text, 'max_errors = -3')}: " in refusal(folder, text)


def test_a_folder_without_the_default_rubric_is_refused(tmp_path: Path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ContentError, match=r"default\.toml"):
            load_rubrics(folder)


def test_bytes_that_are_not_text_are_refused(folder: Path):
    (folder / "default.toml").write_bytes(b"title = \xff")
    with pytest.raises(ContentError, match=r"default\.toml:1: not UTF-8"):
        load_rubrics(folder)
