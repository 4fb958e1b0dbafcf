from pathlib import Path

from benchmarks.kill import run


def test_five_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    figures = run(5, tmp_path, seed=5)
    assert figures.clean, str(figures)
    assert figures.acknowledged <= figures.answers <= figures.acknowledged + figures.kills
    assert figures.extra_calls <= 4 * figures.kills
