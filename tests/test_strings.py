"""The string table: both languages, every key used and every key there, every word of a closed vocabulary."""

import ast
import re
import string
from pathlib import Path
from typing import get_args

import pytest

import interview.errors as errors
from interview.grading import guard
from interview.models import UngradedReason, Verdict
from interview.rubrics import RESERVED_BANDS, load_rubrics
from interview.ui.strings import TABLE, TABLES, t
from interview.ui.theme import SCRIPTS, STYLES
from tests.conftest import REPO

UI = REPO / "interview" / "ui"
SOURCES = [path for path in sorted(UI.rglob("*.py")) if path.parent.name != "strings"]


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def family(node: ast.JoinedStr) -> str | None:
    """The pattern of the keys that an f-string can name; None where it does not start with fixed text."""
    first = node.values[0] if node.values else None
    if not isinstance(first, ast.Constant) or not re.fullmatch(r"[a-z_]+\.[a-z_.]*", str(first.value)):
        return None
    return "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in node.values)


def used(source: str) -> tuple[set[str], set[str]]:
    """Keys that a module names in full, and patterns of those that it puts together."""
    tree = ast.parse(source)
    keys, families = set[str](), set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and (pattern := family(node)):
            families.add(pattern)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            keys.add(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "worded":
            first = node.args[0]
            assert isinstance(first, ast.Constant)
            families.add(re.escape(f"{first.value}.") + ".+")
    return keys, families


def asked(source: str) -> set[str]:
    """Keys that stand as the first argument of `t` in full."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    firsts = [call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "t" and call.args]
    return {str(node.value) for first in firsts for node in ast.walk(first) if isinstance(node, ast.Constant)} & {
        str(node.value)
        for first in firsts
        for node in ([first.body, first.orelse] if isinstance(first, ast.IfExp) else [first])
        if isinstance(node, ast.Constant)
    }


@pytest.mark.parametrize("key", TABLE)
def test_both_languages_have_words_and_the_same_blanks(key: str):
    chinese, english = TABLE[key]
    assert chinese.strip()
    assert english.strip()
    assert fields(chinese) == fields(english)


def test_chinese_is_chinese_and_english_is_english():
    han = re.compile(r"[\u4e00-\u9fff]")
    alike = {
        "brand.name",
        "top.language",
        "login.other_language",
        "top.dark",
        "list.comma",
        "ring.of",
        "grade.tokens",
        "notes.questions",
    }
    for key, (chinese, english) in TABLE.items():
        if key not in alike:
            assert han.search(chinese), key
            assert not han.search(english), key


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(UI)))
def test_every_key_that_a_module_asks_for_is_there(path: Path):
    source = path.read_text(encoding="utf-8")
    assert asked(source) <= set(TABLE)
    for pattern in used(source)[1]:
        assert any(re.fullmatch(pattern, key) for key in TABLE), pattern


def test_every_key_is_used():
    found = [used(path.read_text(encoding="utf-8")) for path in SOURCES]
    keys = set().union(*(keys for keys, _ in found))
    patterns = set().union(*(families for _, families in found))
    unused = [key for key in TABLE if key not in keys and not any(re.fullmatch(pattern, key) for pattern in patterns)]
    assert unused == []


def test_the_script_has_no_words_of_its_own():
    for script in (UI / "script").glob("*.js"):
        code = re.sub(r"//[^\n]*", "", script.read_text(encoding="utf-8"))
        assert not re.search(r"[\u4e00-\u9fff]", code), script.name


def test_no_key_stands_in_two_tables():
    assert len(TABLE) == sum(len(table) for table in TABLES)


def test_every_part_of_style_and_script_is_on_the_page():
    for folder, names, ending in (("style", STYLES, "css"), ("script", SCRIPTS, "js")):
        assert {path.name for path in (UI / folder).iterdir()} == {f"{name}.{ending}" for name in names}


def names_of_errors() -> list[str]:
    classes = [thing for thing in vars(errors).values() if isinstance(thing, type)]
    own = [thing for thing in classes if issubclass(thing, errors.VivaError)]
    return [thing.__name__ for thing in own if not issubclass(thing, errors.BackendError)]


@pytest.mark.parametrize(
    ("prefix", "names"),
    [
        ("verdict", get_args(Verdict)),
        ("found", get_args(Verdict)),
        ("reason", get_args(UngradedReason)),
        ("ungraded", get_args(UngradedReason)),
        ("error", names_of_errors()),
        ("ungraded", get_args(errors.FaultClass)),
        ("mark", sorted(RESERVED_BANDS)),
        ("flag", [f"guard_{rule}" for rule in get_args(guard.GuardRule)]),
        ("finding", ["pitfall_minor", "pitfall_major", "error_minor", "error_major"]),
        ("help", ["unaided", "hinted", "revealed", "skipped"]),
        ("doubt", ["disputed", "unsure"]),
        ("difficulty", ["1", "2", "3", "4", "5"]),
        ("state", ["none", "pending", "waiting", "graded", "estimate", "ungraded", "self"]),
    ],
)
def test_every_word_of_a_closed_vocabulary_is_there(prefix: str, names: list[str]):
    assert [name for name in names if f"{prefix}.{name}" not in TABLE] == []


def test_the_rubrics_that_ship_need_no_foreign_word():
    for rubric in load_rubrics(REPO / "rubrics").values():
        assert [band.id for band in rubric.bands if f"band.{band.id}" not in TABLE] == []


def test_english_counts_one_and_many():
    assert t("setup.start", "en", n=1) == "Start · 1 question"
    assert t("setup.start", "en", n=2) == "Start · 2 questions"
    assert t("setup.start", "zh", n=1) == "开始 · 1 题"


def test_values_are_filled_in_and_an_unknown_key_is_an_error():
    assert t("question.position", "zh", n=4, m=8) == "第 4 / 8 题"
    assert t("question.position", "en", n=4, m=8) == "Question 4 of 8"
    with pytest.raises(KeyError):
        t("no.such.key", "en")
