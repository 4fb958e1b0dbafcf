"""Rubrics: how verdicts become a score. Strict loader of the TOML files in `rubrics/`."""

from interview.models import Language, Value, Verdict


class Level(Value):
    """One rung of a criterion. `value` is 0-1; `anchor` says in each language what such an answer looks like."""

    id: str
    value: float
    anchor: dict[Language, str]


class Criterion(Value):
    """One dimension besides the key points. `weight` is its share of the multiplier (0-1)."""

    id: str
    title: dict[Language, str]
    weight: float
    levels: tuple[Level, ...]


class Band(Value):
    """A word for a range of scores: from `at_least` (0-1 of the maximum) upwards."""

    id: str
    at_least: float
    title: dict[Language, str]


class Rubric(Value):
    """How verdicts become a score; the formula is in `interview/grading/scoring.py`.

    `credit` maps each verdict but cannot_assess to 0-1; `base` plus all criteria weights is 1.
    """

    name: str
    digest: str
    title: dict[Language, str]
    max_score: float
    credit: dict[Verdict, float]
    error_penalty: float
    max_errors: int
    base: float
    criteria: tuple[Criterion, ...]
    bands: tuple[Band, ...]
    abstain_above: float
    leniency: str

    @property
    def ref(self) -> str:
        """`name@digest`, as stored with every grade."""
        return f"{self.name}@{self.digest}"
