"""The probes: full answers of the golden suite in another guise. Some should change no score, some should cost it."""

from collections.abc import Iterator, Sequence
from typing import Literal

from interview.calibration import metrics
from interview.calibration.costs import Prices, Spent, spent
from interview.calibration.golden_answers import GoldenAnswer, golden_trial
from interview.calibration.probe_texts import filled, negated, reordered, stuffed, with_synonyms
from interview.calibration.trials import Failed, Trial, Trials, failures
from interview.grading.grader import GradingRequest
from interview.grading.scoring import SCALE
from interview.models import Question, Value
from interview.rubrics import Rubric

FULL = "full"
Wish = Literal["same", "lower"]
# What a good grader's score does. `language_switch`: the full answer of the other language to this one's question.
PROBES: dict[str, Wish] = {
    "filler": "same",
    "order": "same",
    "synonyms": "same",
    "language_switch": "same",
    "negated": "lower",
    "stuffed": "lower",
    "reference_swapped": "lower",
}


class ProbeReport(Value):
    """What one probe did to `n` answers. Scores and `change` (probe - answer, mean) are on 0-10.

    `share`: mean score of the probe / mean score of the answers. `failures`: no grade, for the probe or the answer.
    """

    n: int
    failures: int
    wish: Wish
    score: float | None
    change: float | None
    share: float | None


class ProbesReport(Value):
    """What the probes did to a grader's scores; `n` and `failures` count probes."""

    n: int
    failures: int
    full_score: float | None
    probes: dict[str, ProbeReport]
    failed: tuple[Failed, ...]
    spent: Spent


async def measure_probes(
    trials: Trials, answers: Sequence[GoldenAnswer], rubric: Rubric, seed: int = 0, prices: Prices | None = None
) -> ProbesReport:
    """Grade the full answers among `answers`, and every probe made from them. Raises StoreError."""
    full = [answer for answer in answers if answer.kind == FULL]
    probes = [(name, answer, probe) for answer in full for name, probe in made_from(answer, full, rubric, seed)]
    tried = await trials.run([golden_trial(answer, rubric) for answer in full] + [probe for *_, probe in probes])
    own = {answer.id: one.share for answer, one in zip(full, tried, strict=False)}
    pairs: dict[str, list[tuple[float | None, float | None]]] = {name: [] for name in PROBES}
    for (name, answer, _), one in zip(probes, tried[len(full) :], strict=True):
        pairs[name].append((own[answer.id], one.share))
    reports = {name: _report(PROBES[name], found) for name, found in pairs.items() if found}
    return ProbesReport(
        n=sum(report.n for report in reports.values()),
        failures=sum(report.failures for report in reports.values()),
        full_score=metrics.mean([SCALE * share for share in own.values() if share is not None]),
        probes=reports,
        failed=tuple(failures(tried, {})),
        spent=spent(tried, prices),
    )


def made_from(
    answer: GoldenAnswer, full: Sequence[GoldenAnswer], rubric: Rubric, seed: int
) -> Iterator[tuple[str, Trial]]:
    """Yield every probe that can be made from a full answer, the same ones every time."""
    texts = {
        "filler": filled(answer.answer, answer.lang),
        "order": reordered(answer.answer),
        "synonyms": with_synonyms(answer.answer, answer.lang),
        "language_switch": _other_language(answer, full),
        "negated": negated(answer.answer, answer.lang),
        "stuffed": stuffed(answer.question, seed),
    }
    for name, text in texts.items():
        if text:
            yield name, _trial(name, answer, answer.question, text, rubric)
    other = _next_question(answer, full)
    if other is not None:
        yield "reference_swapped", _trial("reference_swapped", answer, other, answer.answer, rubric)


def _trial(name: str, answer: GoldenAnswer, question: Question, text: str, rubric: Rubric) -> Trial:
    request = GradingRequest(question=question, answer=text, rubric=rubric, lang=answer.lang)
    return Trial(name=f"{answer.id} {name}", requests=(request,))


def _other_language(answer: GoldenAnswer, full: Sequence[GoldenAnswer]) -> str | None:
    same = (other for other in full if other.question.id == answer.question.id and other.lang != answer.lang)
    return next((other.answer for other in same), None)


def _next_question(answer: GoldenAnswer, full: Sequence[GoldenAnswer]) -> Question | None:
    """The question as it stands, with reference, key points and pitfalls of the next one of that language."""
    others = [other.question for other in full if other.lang == answer.lang]
    place = others.index(answer.question)
    other = others[(place + 1) % len(others)]
    if other.id == answer.question.id:
        return None
    swapped = {"reference": other.reference, "key_points": other.key_points, "pitfalls": other.pitfalls}
    return answer.question.model_copy(update=swapped)


def _report(wish: Wish, pairs: Sequence[tuple[float | None, float | None]]) -> ProbeReport:
    graded = [(own, probe) for own, probe in pairs if own is not None and probe is not None]
    own, probe = metrics.mean([one for one, _ in graded]), metrics.mean([one for _, one in graded])
    return ProbeReport(
        n=len(graded),
        failures=len(pairs) - len(graded),
        wish=wish,
        score=None if probe is None else SCALE * probe,
        change=None if own is None or probe is None else SCALE * (probe - own),
        share=probe / own if own and probe is not None else None,
    )
