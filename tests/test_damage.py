from pathlib import Path

from benchmarks.damage import run


def test_no_start_is_silent_where_damage_shows_and_no_original_changes(tmp_path: Path) -> None:
    figures = run(12, tmp_path, seed=3)
    assert figures.silent == []
    assert figures.changed == []
    assert sum(figures.outcomes.values()) == 12
