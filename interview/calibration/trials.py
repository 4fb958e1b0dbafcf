"""Run a grader over many answers, several at a time, to one outcome each."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from interview import grading
from interview.backends.calls import CallLog
from interview.calibration.paid import Kept, PaidGradings, grading_key
from interview.errors import StoreError
from interview.grading.grader import Grader, GradingRequest
from interview.grading.run import run
from interview.models import Graded, Ungraded, UngradedReason, Value, digest
from interview.prompts import Prompts
from interview.rubrics import Rubric

Progress = Callable[[int, int], None]


class Trial(Value):
    """One grading to make. `name` is unique in its set; of several `requests` the best grade counts."""

    name: str
    requests: tuple[GradingRequest, ...]
    repeat: int = 0


class Tried(Value):
    """What came of a trial. `seconds` is wall-clock; `kept`: it was paid for in an earlier run."""

    name: str
    outcome: Graded | Ungraded
    seconds: float
    kept: bool = False

    @property
    def share(self) -> float | None:
        """The score as a share (0-1) of its maximum; None where there is no grade."""
        return self.outcome.score / self.outcome.max_score if isinstance(self.outcome, Graded) else None


class Failed(Value):
    """An answer without a grade, and why. `row` is its line in the file; None where it has none."""

    row: int | None
    id: str
    reason: UngradedReason
    detail: str


@dataclass(frozen=True)
class Trials:
    """A grader with everything that its gradings depend on. `progress` is told how many are done, of how many.

    `before` is told, first of all, what is going to be asked: everything but what is kept from earlier.
    """

    grader: Grader
    paid: PaidGradings | None
    concurrency: int = 4
    progress: Progress = lambda done, of: None
    monotonic: Callable[[], float] = time.monotonic
    before: Callable[[Sequence[GradingRequest]], None] = lambda requests: None

    async def run(self, trials: Sequence[Trial]) -> tuple[Tried, ...]:
        """Make every grading that is not kept from earlier; outcomes in the order of `trials`. Raises StoreError."""
        self.before([request for trial in trials if not self._kept(trial) for request in trial.requests])
        queue = iter(enumerate(trials))
        found: dict[int, Tried] = {}

        async def work() -> None:
            for index, trial in queue:
                found[index] = self._kept(trial) or await self._made(trial)
                self.progress(len(found), len(trials))
                await asyncio.sleep(0)  # a grader that waits for nothing must not hold up everybody else

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self.concurrency, len(trials))):
                    group.create_task(work())
        except* StoreError as faults:
            raise faults.exceptions[0] from None
        return tuple(found[index] for index in range(len(trials)))

    def _kept(self, trial: Trial) -> Tried | None:
        kept = self.paid and self.paid.find(grading_key(trial.name, trial.requests[0], trial.repeat))
        return Tried(name=trial.name, outcome=kept.outcome, seconds=kept.seconds, kept=True) if kept else None

    async def _made(self, trial: Trial) -> Tried:
        started = self.monotonic()
        # A request that is repeated has its bad replies anew.
        requests = [request.model_copy(update={"log": CallLog()}) for request in trial.requests]
        outcomes = [await run(self.grader, request) for request in requests]
        graded = [outcome for outcome in outcomes if isinstance(outcome, Graded)]
        outcome = max(graded, key=lambda grade: grade.score) if graded else outcomes[0]
        seconds = round(self.monotonic() - started, 4)
        if self.paid:
            key = grading_key(trial.name, trial.requests[0], trial.repeat)
            self.paid.keep(Kept(key=key, seconds=seconds, outcome=outcome))
        return Tried(name=trial.name, outcome=outcome, seconds=seconds)


def failures(tried: Sequence[Tried], rows: dict[str, int]) -> list[Failed]:
    """Return the answers without a grade, in order; `rows` are their lines by name."""
    return [
        Failed(row=rows.get(one.name), id=one.name, reason=one.outcome.reason, detail=one.outcome.detail)
        for one in tried
        if isinstance(one.outcome, Ungraded)
    ]


def reasons_of(failed: Sequence[Failed]) -> dict[str, int]:
    """Return how many answers failed for each reason, the most frequent first."""
    return dict(Counter(one.reason for one in failed).most_common())


def paid_gradings(folder: Path, grader: Grader, model: str, rubric: Rubric, prompts: Prompts) -> PaidGradings | None:
    """Return where the gradings of a judge are kept, below `folder`; None for a grader that costs nothing.

    The code of the grading layer is part of the identity: figures must never be those of code that is gone.
    Raises StoreError.
    """
    if grader.kind == "coverage":
        return None
    identity = {
        "grader": grader.name,
        "host": grader.host,
        "model": model,
        "rubric": rubric.ref,
        "prompts": [prompts.judge.ref, prompts.repair.ref, prompts["second_look"].ref],
        "code": code_digest(),
    }
    return PaidGradings(folder, json.dumps(identity, sort_keys=True))


def code_digest() -> str:
    """Return the digest of the modules of the grading layer."""
    folder = Path(str(grading.__file__)).parent
    return digest("\0".join(file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.py"))))
