"""Comparing: the stored answers of sessions, graded by several graders side by side, without touching a transcript."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from interview.calibration.comparison import ComparedAnswer, Comparison, compare
from interview.calibration.paid import PaidGradings, grading_key
from interview.calibration.trials import Trial, Trials, Tried, code_digest, paid_gradings
from interview.errors import ContentError
from interview.grading.grader import Grader, GradingRequest
from interview.grading.shelf import GraderShelf
from interview.jobs import Job, Jobs, Progress
from interview.models import Checklist, Question, Value, digest
from interview.prompts import Prompts
from interview.rubrics import Rubric
from interview.service.spending import Estimate, Spending
from interview.service.stored_answers import StoredAnswer, StoredAnswers
from interview.store.store import Store

KIND = "comparison"
_AT_ONCE = 2  # gradings per grader: an interview that goes on meanwhile keeps its place in line


class Foretold(Value):
    """What a comparison would take: `answers` times graders, less what is there already."""

    answers: int
    known: int
    estimates: tuple[Estimate, ...]


class _Earlier:
    """What one grader has said before, in transcripts and in comparisons."""

    def __init__(self, grader: Grader, answers: StoredAnswers, model: str, folder: Path, prompts: Prompts) -> None:
        self.grader = grader
        self._answers = answers
        self._model = model
        self._folder = folder
        self._prompts = prompts
        self._files: dict[str, PaidGradings] = {}

    def kept(self, rubric: Rubric) -> PaidGradings:
        """Where its gradings for comparisons are kept. Raises StoreError."""
        if rubric.ref not in self._files:
            paid = paid_gradings(self._folder, self.grader, self._model, rubric, self._prompts)
            free = json.dumps({"grader": self.grader.name, "rubric": rubric.ref, "code": code_digest()})
            self._files[rubric.ref] = paid or PaidGradings(self._folder, free)
        return self._files[rubric.ref]

    def find(self, one: StoredAnswer) -> Tried | None:
        """What it has said about this answer, if it was asked as it would be now."""
        name = one.answer.id
        told = self._answers.grade_as_now(one, self.grader)
        if told is not None:
            return Tried(name=name, outcome=told, seconds=told.provenance.seconds, kept=True)
        kept = self.kept(one.request.rubric).find(grading_key(name, one.request, 0))
        return Tried(name=name, outcome=kept.outcome, seconds=kept.seconds, kept=True) if kept else None


class Comparing:
    """Grades stored answers by several graders; what they say is kept beside the transcripts, never in them.

    A grading that a transcript or an earlier comparison has from the same grader, with the same prompt, rubric and
    version of the question, is taken from there: so a comparison that broke off goes on where it ended. Graders are
    alone here: nobody takes over from one that fails. NotFound: no such session or grader.
    """

    def __init__(
        self,
        store: Store,
        shelf: GraderShelf,
        prompts: Prompts,
        rubrics: Mapping[str, Rubric],
        spending: Spending,
        jobs: Jobs,
        folder: Path,
        checklist: Callable[[Question], Checklist],
    ) -> None:
        """`folder` is where the gradings of comparisons are kept; `checklist` tells the key points that count."""
        self._store = store
        self._answers = StoredAnswers(store, prompts, rubrics)
        self._shelf = shelf
        self._prompts = prompts
        self._rubrics = rubrics
        self._spending = spending
        self._jobs = jobs
        self._folder = folder
        self._checklist = checklist

    def foretell(self, sessions: Sequence[str], graders: Sequence[str]) -> Foretold:
        """Say what it would take, with no call. ContentError: fewer than two graders, or no answer."""
        material = self._material(sessions, graders)
        missing: dict[str, list[GradingRequest]] = {}
        for name in graders:
            earlier = self._earlier(name)
            missing[name] = [one.request for one in material if earlier.find(one) is None]
        known = sum(len(material) - len(requests) for requests in missing.values())
        estimates = tuple(self._spending.estimate(name, requests) for name, requests in missing.items())
        return Foretold(answers=len(material), known=known, estimates=estimates)

    def start(self, sessions: Sequence[str], graders: Sequence[str]) -> Job:
        """Begin in the background; the same comparison that still runs is returned instead. Raises as `foretell`."""
        self._material(sessions, graders)

        async def work(progress: Progress) -> None:
            await self.run(sessions, graders, progress)

        return self._jobs.start(KIND, comparison_key(sessions, graders), work)

    def job(self, sessions: Sequence[str], graders: Sequence[str]) -> Job | None:
        """The newest run of this comparison in this process, if there was one."""
        return self._jobs.latest(comparison_key(sessions, graders), KIND)

    def session_of(self, turn_id: str) -> str:
        """The session that a turn belongs to. NotFound."""
        return self._store.turn(turn_id).session_id

    def stop(self, job_id: str) -> None:
        """End a run; what it has graded stays. NotFound."""
        self._jobs.stop(job_id)

    async def run(self, sessions: Sequence[str], graders: Sequence[str], progress: Progress) -> Comparison:
        """Grade what is missing and compare; `progress` counts gradings. Raises as `foretell`, and StoreError."""
        material = await asyncio.to_thread(self._material, sessions, graders)
        total, done = len(material) * len(graders), 0
        progress(0, total)

        def step() -> None:
            nonlocal done
            done += 1
            progress(done, total)

        tried = await asyncio.gather(*(self._tried(name, material, step) for name in graders))
        return _compared(material, dict(zip(graders, tried, strict=True)), graders)

    def known(self, sessions: Sequence[str], graders: Sequence[str]) -> Comparison:
        """Compare what is there already, with no call. Raises as `foretell`."""
        material = self._material(sessions, graders)
        found: dict[str, list[Tried | None]] = {}
        for name in graders:
            earlier = self._earlier(name)
            found[name] = [earlier.find(one) for one in material]
        return _compared(material, found, graders)

    async def _tried(self, name: str, material: Sequence[StoredAnswer], step: Callable[[], None]) -> list[Tried | None]:
        earlier = self._earlier(name)
        found: dict[str, Tried] = {}
        missing: defaultdict[str, list[StoredAnswer]] = defaultdict(list)
        for one in material:
            if (known := earlier.find(one)) is not None:
                found[one.answer.id] = known
                step()
            else:
                missing[one.request.rubric.name].append(one)
        for rubric, waiting in missing.items():
            trials = Trials(earlier.grader, earlier.kept(self._rubrics[rubric]), _AT_ONCE, lambda done, of: step())
            made = await trials.run([Trial(name=one.answer.id, requests=(one.request,)) for one in waiting])
            found |= {one.name: one for one in made}
        return [found.get(one.answer.id) for one in material]

    def _earlier(self, name: str) -> _Earlier:
        endpoint = self._shelf.endpoint_of(name)
        model = endpoint.model if endpoint else ""
        return _Earlier(self._shelf.alone(name, KIND), self._answers, model, self._folder, self._prompts)

    def _material(self, sessions: Sequence[str], graders: Sequence[str]) -> tuple[StoredAnswer, ...]:
        if len(set(graders)) < 2:
            raise ContentError("A comparison needs two graders or more.")
        for name in graders:
            self._shelf.endpoint_of(name)
        material = self._answers.of(sessions, self._checklist)
        if not material:
            raise ContentError("There is no answer in these sessions yet.")
        return material


def comparison_key(sessions: Sequence[str], graders: Sequence[str]) -> str:
    """Return what tells one comparison from another, whatever the order."""
    return digest("\n".join([*sorted(set(sessions)), "", *sorted(set(graders))]))


def _compared(
    material: Sequence[StoredAnswer], tried: Mapping[str, Sequence[Tried | None]], graders: Sequence[str]
) -> Comparison:
    answers = [
        ComparedAnswer(
            answer_id=one.answer.id,
            turn_id=one.turn.id,
            session_id=one.turn.session_id,
            question=one.turn.question.text,
            tried={name: found for name in graders if (found := tried[name][at]) is not None},
        )
        for at, one in enumerate(material)
    ]
    return compare(answers, graders)
