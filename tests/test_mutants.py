"""The mutation run: its harness can tell a mutant that is noticed from one that is not, and its list is true."""

from pathlib import Path

import pytest

from benchmarks.mutants import HAND, REPO, Mutant, automatic, main


def test_a_changed_rule_is_killed_and_an_equal_one_survives(capsys: pytest.CaptureFixture[str]):
    assert main(["--short"]) == 0
    told = capsys.readouterr().out
    assert "1 of 2 mutants survive" in told


def test_every_hand_mutant_is_found_and_names_tests_that_are_there():
    assert len(HAND) == len({mutant.name for mutant in HAND}) == 24
    for mutant in HAND:
        assert mutant.text(REPO) != (REPO / mutant.file).read_text(encoding="utf-8")
        assert all((REPO / test).is_file() for test in mutant.tests), mutant.name


def test_a_mutant_whose_text_is_gone_is_an_error(tmp_path: Path):
    (tmp_path / "rule.py").write_text("x = 1\n", encoding="utf-8")
    with pytest.raises(ValueError, match="expected once"):
        Mutant("gone", "rule.py", "x = 2", "x = 3", ()).text(tmp_path)


def test_automatic_mutants_change_operators_numbers_and_bounds():
    names = {mutant.name.split(": ")[1] for mutant in automatic(REPO)}
    assert {"* -> /", "/ -> *", "- -> +", "> -> >=", "min -> max", "max -> min"} <= names
    assert any(name.split(" -> ")[0].isdigit() for name in names)
