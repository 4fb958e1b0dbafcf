"""Several graders on the same answers: where they agree, how far they lie apart, what they cost. Pure arithmetic."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

from interview.calibration import metrics
from interview.calibration.intervals import RESAMPLES, Interval
from interview.calibration.trials import Tried
from interview.grading.scoring import SCALE, on_scale
from interview.models import Graded, PointGrade, Ungraded, Value, Verdict

# How far verdicts lie apart, on a scale of its own: graders are compared over rubrics whose credits differ.
# A contradiction lies farther from «covered» than silence, though both earn nothing.
_PLACE: dict[Verdict, float] = {"covered": 1.0, "partial": 0.5, "missing": 0.0, "contradicted": -0.5}


class ComparedAnswer(Value):
    """One answer and what came of it, by grader. `question` is its text."""

    answer_id: str
    turn_id: str
    session_id: str
    question: str
    tried: dict[str, Tried]


class GraderFigures(Value):
    """What one grader made of the answers.

    `mean` is of its scores (0-10). `seconds` are the median and the 95th percentile per grading. Tokens and `cost` are
    sums over its gradings, None where one is unknown; `reused` gradings were there before and cost nothing now.
    `flags` counts the kinds of flags, `failures` the reasons for no grade.
    """

    grader: str
    estimate: bool
    graded: int
    failures: dict[str, int]
    mean: float | None
    verdicts: dict[str, int]
    flags: dict[str, int]
    seconds: tuple[float, float] | None
    prompt_tokens: int | None
    completion_tokens: int | None
    cached_tokens: int | None
    cost: float | None
    currency: str
    reused: int


class PairFigures(Value):
    """Two graders on the `n` answers that both graded.

    `agreement` (0-1) and Cohen's `kappa` (at most 1) are over the verdicts on their `points` common key points.
    `difference` is the mean of `one` - `other` on 0-10, `ci95` its interval over answers. None: there is no figure.
    """

    one: str
    other: str
    n: int
    points: int
    agreement: float | None
    kappa: float | None
    difference: float | None
    ci95: Interval | None


class PointFigures(Value):
    """One key point of one answer: the verdict of each grader that gave one."""

    id: str
    text: str
    verdicts: dict[str, Verdict]

    @property
    def agreed(self) -> bool:
        """Whether all say the same."""
        return len(set(self.verdicts.values())) <= 1


class Disagreement(Value):
    """An answer on which graders differ. `weight` (0-1.5) ranks it: the larger of how far scores and verdicts differ.

    `scores` (0-10) by grader; None where there is no grade.
    """

    answer_id: str
    turn_id: str
    session_id: str
    question: str
    weight: float
    scores: dict[str, float | None]
    points: tuple[PointFigures, ...]


class Comparison(Value):
    """Everything that was found. `disagreements` has the one to look at first in front; `agreed` answers have none."""

    answers: int
    graders: tuple[GraderFigures, ...]
    pairs: tuple[PairFigures, ...]
    disagreements: tuple[Disagreement, ...]
    agreed: int


def compare(answers: Sequence[ComparedAnswer], graders: Sequence[str], *, seed: int = 0) -> Comparison:
    """Compare `graders` on the answers; one that has not tried an answer does not count there."""
    differing = [found for answer in answers if (found := _disagreement(answer, graders)).weight > 0]
    return Comparison(
        answers=len(answers),
        graders=tuple(_grader(name, [one.tried[name] for one in answers if name in one.tried]) for name in graders),
        pairs=tuple(_pair(answers, one, other, seed) for one, other in combinations(graders, 2)),
        disagreements=tuple(sorted(differing, key=lambda found: (-found.weight, found.answer_id))),
        agreed=len(answers) - len(differing),
    )


def _grader(name: str, tried: Sequence[Tried]) -> GraderFigures:
    graded = [one.outcome for one in tried if isinstance(one.outcome, Graded)]
    made_by = [one.outcome.provenance for one in tried if one.outcome.provenance.calls]
    seconds = [one.seconds for one in tried]

    def total(counts: Sequence[float | None]) -> float | None:
        known = [count for count in counts if count is not None]
        return sum(known) if counts and len(known) == len(counts) else None

    def tokens(field: str) -> int | None:
        found = total([getattr(one, field) for one in made_by])
        return None if found is None else int(found)

    currencies = {one.currency for one in made_by}
    return GraderFigures(
        grader=name,
        estimate=any(grade.label == "coverage_estimate" for grade in graded),
        graded=len(graded),
        failures=dict(Counter(one.outcome.reason for one in tried if isinstance(one.outcome, Ungraded)).most_common()),
        mean=metrics.mean([round(on_scale(grade.score, grade.max_score), 9) for grade in graded]),
        verdicts=dict(Counter(point.verdict for grade in graded for point in grade.key_points).most_common()),
        flags=dict(Counter(flag.partition(":")[0] for one in tried for flag in one.outcome.flags).most_common()),
        seconds=(metrics.percentile(seconds, 0.5), metrics.percentile(seconds, 0.95)) if seconds else None,
        prompt_tokens=tokens("prompt_tokens"),
        completion_tokens=tokens("completion_tokens"),
        cached_tokens=tokens("cached_tokens"),
        cost=total([one.cost for one in made_by]) if len(currencies) == 1 else None,
        currency=next(iter(currencies), "") if len(currencies) == 1 else "",
        reused=sum(one.kept for one in tried),
    )


def _pair(answers: Sequence[ComparedAnswer], one: str, other: str, seed: int) -> PairFigures:
    both = [
        (first.outcome, second.outcome, first.share or 0.0, second.share or 0.0)
        for answer in answers
        if (first := answer.tried.get(one)) and (second := answer.tried.get(other))
        if first.share is not None and second.share is not None
    ]
    verdicts = [pair for first, second, *_ in both for pair in _common(_points(first), _points(second))]
    differences = [round(SCALE * (a - b), 9) for *_, a, b in both]
    return PairFigures(
        one=one,
        other=other,
        n=len(both),
        points=len(verdicts),
        agreement=metrics.mean([float(a == b) for a, b in verdicts]),
        kappa=metrics.cohens_kappa(verdicts),
        difference=metrics.mean(differences),
        ci95=interval_of_mean(differences, seed),
    )


def interval_of_mean(numbers: Sequence[float], seed: int, resamples: int = RESAMPLES) -> Interval | None:
    """Return the 95 % bootstrap interval of the mean, drawing whole answers anew; None of fewer than two."""
    if len(numbers) < 2:
        return None
    chance = random.Random(seed)
    means = [sum(chance.choices(numbers, k=len(numbers))) / len(numbers) for _ in range(resamples)]
    return metrics.percentile(means, 0.025), metrics.percentile(means, 0.975)


_Points = Mapping[tuple[str, str], PointGrade]


def _points(outcome: Graded | Ungraded) -> _Points:
    """By id and text: two graders may have cut a reference differently, and then there is nothing to compare."""
    return {(point.id, point.text): point for point in outcome.key_points} if isinstance(outcome, Graded) else {}


def _common(first: _Points, second: _Points) -> list[tuple[Verdict, Verdict]]:
    return [(point.verdict, second[key].verdict) for key, point in first.items() if key in second]


def _disagreement(answer: ComparedAnswer, graders: Sequence[str]) -> Disagreement:
    shares = {name: answer.tried[name].share for name in graders if name in answer.tried}
    known = [share for share in shares.values() if share is not None]
    checklists = {name: _points(answer.tried[name].outcome) for name in shares}
    keys = list(dict.fromkeys(key for checklist in checklists.values() for key in checklist))
    points = tuple(
        PointFigures(
            id=key[0],
            text=key[1],
            verdicts={name: found[key].verdict for name, found in checklists.items() if key in found},
        )
        for key in keys
    )
    apart = max(known) - min(known) if len(known) > 1 else 0.0
    return Disagreement(
        answer_id=answer.answer_id,
        turn_id=answer.turn_id,
        session_id=answer.session_id,
        question=answer.question,
        weight=round(max(apart, _verdicts_apart(points, checklists)), 6),
        scores={name: None if share is None else round(SCALE * share, 6) for name, share in shares.items()},
        points=points,
    )


def _verdicts_apart(points: Sequence[PointFigures], checklists: Mapping[str, _Points]) -> float:
    """The mean distance of the farthest verdicts on a point, by the points' weights."""
    total = far = 0.0
    for point in points:
        places = [_PLACE[verdict] for verdict in point.verdicts.values() if verdict in _PLACE]
        if len(places) > 1:
            key = (point.id, point.text)
            weight = max(found[key].weight for found in checklists.values() if key in found)
            total, far = total + weight, far + weight * (max(places) - min(places))
    return far / total if total else 0.0
