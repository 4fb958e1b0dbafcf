"""The documents are true: what they name exists."""

import re
from pathlib import Path

import pytest

from benchmarks import backends_page
from interview.backends.presets import GENERIC, load_presets
from tests.conftest import REPO

PAGES = sorted([REPO / "README.md", *(REPO / "docs").rglob("*.md")])
_TEST = re.compile(r"`(test_\w+\.py)(?:::(test_\w+))?`")
_LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path):
    for target, _ in _LINK.findall(page.read_text(encoding="utf-8")):
        assert target.startswith("http") or (page.parent / target).exists(), f"{page}: {target}"


def test_the_tests_that_hold_the_promises_exist():
    named = _TEST.findall((REPO / "docs" / "architecture.md").read_text(encoding="utf-8"))
    assert len(named) >= 7
    for file, test in named:
        assert f"def {test}" in (REPO / "tests" / file).read_text(encoding="utf-8")


def test_every_part_of_the_package_stands_on_the_map():
    page = (REPO / "docs" / "architecture.md").read_text(encoding="utf-8")
    picture = page.split("```")[1]
    for part in (REPO / "interview").iterdir():
        if part.name.startswith("__") or (part.is_dir() and not (part / "__init__.py").exists()):
            continue
        assert re.search(rf"\b{part.stem}(\.py|/)", picture), f"{part.name} is not on the map"


def test_decision_records_are_short():
    for record in (REPO / "docs" / "decisions").glob("*.md"):
        assert len(record.read_text(encoding="utf-8").splitlines()) <= 32, record.name


def test_the_table_of_backends_is_in_step_with_the_presets():
    page = backends_page.PAGE.read_text(encoding="utf-8")
    assert page == backends_page.in_step(page), "run `python -m benchmarks.backends_page`"
    for preset in load_presets().values():
        assert preset.name == GENERIC or f"`{preset.name}`" in page
