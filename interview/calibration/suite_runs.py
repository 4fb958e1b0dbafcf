"""One run of a suite: which of its answers are graded, and what came of it, every figure at the top."""

import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, cast

from interview.calibration.attacks import Case, read_injection
from interview.calibration.costs import Prices
from interview.calibration.golden import GoldenReport, measure_golden
from interview.calibration.golden_answers import GoldenAnswer, read_golden
from interview.calibration.injection import InjectionReport, measure_injection
from interview.calibration.probes import FULL, ProbesReport, made_from, measure_probes
from interview.calibration.trials import Trials
from interview.models import Language, Value, digest
from interview.rubrics import Rubric

SuiteName = Literal["golden", "injection", "probes"]
SuiteReport = GoldenReport | InjectionReport | ProbesReport


class SuiteRun(Value):
    """What is run. `sample` is so many questions, of `injection` so many attacks; None: all. `lang` None: both."""

    suite: SuiteName
    sample: int | None = None
    seed: int = 0
    lang: Language | None = None


class Drawn(Value):
    """The answers of one run: golden ones, or attacks with their baselines and controls."""

    run: SuiteRun
    answers: tuple[GoldenAnswer, ...] = ()
    cases: tuple[Case, ...] = ()

    @property
    def version(self) -> str:
        """Digest of all that is asked: figures of equal versions can be compared."""
        golden = [(one.id, one.question.content_digest, one.answer, one.expected) for one in self.answers]
        attacks = [(one.id, one.question.content_digest, one.answer, one.base) for one in self.cases]
        return digest(json.dumps([self.run.suite, self.run.seed, golden, attacks], ensure_ascii=False))

    def gradings(self, rubric: Rubric) -> int:
        """How many answers will be graded."""
        if self.run.suite != "probes":
            return len(self.answers) + len(self.cases)
        full = [answer for answer in self.answers if answer.kind == FULL]
        return len(full) + sum(1 for answer in full for _ in made_from(answer, full, rubric, self.run.seed))


def drawn(run: SuiteRun, path: Path | None = None) -> Drawn:
    """Read the suite, or another file or folder of its kind, and draw the sample. Raises ContentError."""
    if run.suite == "injection":
        return Drawn(run=run, cases=_of_attacks(read_injection(path), run))
    return Drawn(run=run, answers=_of_questions(read_golden(path), run))


async def measure(trials: Trials, chosen: Drawn, rubric: Rubric, prices: Prices | None = None) -> SuiteReport:
    """Grade what was drawn. Raises StoreError."""
    match chosen.run.suite:
        case "golden":
            return await measure_golden(trials, chosen.answers, rubric, prices)
        case "injection":
            return await measure_injection(trials, chosen.cases, rubric, prices)
        case "probes":
            return await measure_probes(trials, chosen.answers, rubric, chosen.run.seed, prices)


def suite_figures(report: SuiteReport, chosen: Drawn, grader: str, rubric: Rubric) -> dict[str, Any]:
    """Return the report as JSON with every key at the top; `version` says which answers it is about."""
    beside = {"sample": chosen.run.sample, "seed": chosen.run.seed, "lang": chosen.run.lang, "version": chosen.version}
    return {"suite": chosen.run.suite, **flat(report.model_dump(mode="json"), grader, rubric), **beside}


def flat(fields: dict[str, Any], grader: str, rubric: Rubric) -> dict[str, Any]:
    """Every key at the top: what was spent, and which grader it was."""
    failed: list[dict[str, Any]] = fields.pop("failed")
    spent: dict[str, Any] = fields.pop("spent")
    reasons = dict(Counter(one["reason"] for one in failed).most_common())
    about = {"grader": grader, "rubric": rubric.ref}
    return fields | spent | about | {"failure_reasons": reasons, "failed": failed}


def rounded(content: Any) -> Any:
    """Numbers to nine decimals, so that one computed in two ways is the same number in both places."""
    if isinstance(content, float):
        return round(content, 9)
    if isinstance(content, dict):
        return {name: rounded(found) for name, found in cast(dict[str, Any], content).items()}
    if isinstance(content, list | tuple):
        return [rounded(found) for found in cast(Sequence[Any], content)]
    return content


def _of_questions(answers: Sequence[GoldenAnswer], run: SuiteRun) -> tuple[GoldenAnswer, ...]:
    """The answers in that language to so many questions, all answers of each."""
    kept = [answer for answer in answers if run.lang in (None, answer.lang)]
    questions = list(dict.fromkeys(answer.question.id for answer in kept))
    if run.sample is not None and run.sample < len(questions):
        questions = random.Random(run.seed).sample(questions, run.sample)
    return tuple(answer for answer in kept if answer.question.id in questions)


def _of_attacks(every: Sequence[Case], run: SuiteRun) -> tuple[Case, ...]:
    """So many attacks in that language, with every baseline and control."""
    cases = [case for case in every if run.lang in (None, case.lang)]
    attacks = [case.id for case in cases if case.kind == "attack"]
    if run.sample is not None and run.sample < len(attacks):
        left_out = set(attacks) - set(random.Random(run.seed).sample(attacks, run.sample))
        cases = [case for case in cases if case.id not in left_out]
    return tuple(cases)
