"""SIGKILL at random moments between submit and grade: no acknowledged answer may be lost, each is graded once.

A process of store, service and worker (no screen) submits and grades as fast as it can and acknowledges on its output
after each commit. It is killed again and again; a last start grades what is left. Exits with 1 on a loss.
"""

import argparse
import asyncio
import hashlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import Literal

from interview.grading.grader import Grader, GradingEvent, GradingRequest, VerdictReady
from interview.grading.shelf import GraderChoice
from interview.live import LiveFeed
from interview.models import Graded, PointGrade, Provenance, Question, SessionPlan
from interview.notebook import Notebook
from interview.notes.bank import QuestionBank
from interview.rubrics import load_rubrics
from interview.service.interviewer import Interviewer
from interview.settings import Problem
from interview.store.store import Store, new_id
from interview.worker import Worker

PROJECT = Path(__file__).resolve().parent.parent

QUESTIONS = 8
CONCURRENCY = 4
LONGEST_LIFE = 0.8  # seconds from the first acknowledgement to the kill
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Figures:
    """What came of it. `lost`: acknowledged and not there, or with another text; `ungraded`, `doubled`: answers."""

    kills: int
    acknowledged: int
    answers: int
    lost: int
    ungraded: int
    doubled: int
    extra_calls: int
    integrity: str
    seconds: float

    @property
    def clean(self) -> bool:
        """Whether the promise held, and anything was tried at all."""
        return not (self.lost or self.ungraded or self.doubled) and self.integrity == "ok" and self.acknowledged > 0

    def __str__(self) -> str:
        return ", ".join(f"{field.name} {getattr(self, field.name)}" for field in fields(self))


def bank(lang: str) -> QuestionBank:
    questions = [
        Question(id=f"q{n}", section="S", number=n, text=f"Question {n}?", file="-", line=n, reference=f"Answer {n}.")
        for n in range(QUESTIONS)
    ]
    return QuestionBank(questions=tuple(questions), problems=())


class SlowGrader:
    """Takes up to 20 ms, tells a verdict on the way, and writes each call down."""

    name: str = "slow"
    kind: Literal["coverage", "judge"] = "judge"
    host: str = ""

    def __init__(self, calls: Path) -> None:
        self._calls = calls

    async def grade(self, request: GradingRequest) -> AsyncIterator[GradingEvent]:
        """Give every answer the same grade, and its digest as feedback."""
        with self._calls.open("ab") as calls:
            calls.write(b".")
        point = PointGrade(id="k1", text="point", weight=1, kind="required", verdict="covered", verified=True)
        await asyncio.sleep(random.uniform(0, 0.01))
        yield VerdictReady(point=point)
        await asyncio.sleep(random.uniform(0, 0.01))
        provenance = Provenance(
            grader=self.name,
            kind="judge",
            rubric=request.rubric.ref,
            question_digest=request.question.content_digest,
            reference_digest=request.question.reference_digest,
        )
        yield Graded(
            score=7.0,
            max_score=10.0,
            band="good",
            label="judgement",
            key_points=(point,),
            feedback=hashlib.sha256(request.answer.encode()).hexdigest(),
            provenance=provenance,
        )


class OneGrader:
    """A shelf with nothing else on it."""

    default: str = SlowGrader.name
    problems: tuple[Problem, ...] = ()

    def __init__(self, grader: Grader) -> None:
        self._grader = grader

    def get(self, name: str) -> Grader:
        """The one grader."""
        return self._grader

    def choices(self) -> tuple[GraderChoice, ...]:
        """Nobody chooses here."""
        return ()


def answer_to(turn_id: str) -> str:
    return f"The answer to {turn_id}. 回答。" * 20


class Process:
    """Store, worker and service as in the real thing."""

    def __init__(self, folder: Path) -> None:
        self.store = Store.open(folder)
        shelf, live, rubrics = OneGrader(SlowGrader(folder / "calls")), LiveFeed(), load_rubrics(PROJECT / "rubrics")
        owner, lease = new_id(), timedelta(seconds=30)
        self.worker = Worker(self.store, shelf, rubrics, live, owner=owner, concurrency=CONCURRENCY, lease=lease)
        notebook = Notebook(self.store, folder / "notes", read_built_in=bank)
        self.interviewer = Interviewer(self.store, notebook, shelf, rubrics, live, self.worker.wake)

    async def live(self) -> None:
        """Submit and grade until killed."""
        await asyncio.gather(self.worker.run(), asyncio.to_thread(self.submit_for_ever))

    def submit_for_ever(self) -> None:
        """Answer one paper after the other, and say so after each commit."""
        while True:
            unfinished = self.interviewer.unfinished()
            session_id = unfinished.id if unfinished else self.interviewer.start(SessionPlan(lang="en")).id
            while turn := self.interviewer.ask_next(session_id):
                self.interviewer.submit(turn.id, answer_to(turn.id), "")
                print(turn.id, flush=True)
                time.sleep(random.uniform(0, 0.01))
            self.interviewer.finish(session_id)


def live_and_die(folder: Path, life: float) -> list[str]:
    """Start the process, kill it `life` seconds after its first acknowledgement; returns the turns acknowledged."""
    command = [sys.executable, "-m", "benchmarks.kill", "--child", str(folder)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT)
    assert child.stdout is not None
    watchdog = threading.Timer(PATIENCE_SECONDS, child.kill)
    watchdog.start()
    try:
        lines = [child.stdout.readline()]
        killer = threading.Timer(life, child.kill)
        killer.start()
        lines.extend(child.stdout)
        killer.join()
    finally:
        watchdog.cancel()
        child.kill()
        child.wait()
        child.stdout.close()
    return [line.strip() for line in lines if line.endswith("\n")]


def run(rounds: int, folder: Path, seed: int = 0) -> Figures:
    """Kill `rounds` times, then let everything be graded, then look."""
    began, moments = time.monotonic(), random.Random(seed)
    acknowledged: list[str] = []
    for _ in range(rounds):
        acknowledged += live_and_die(folder, moments.uniform(0, LONGEST_LIFE))
    last = Process(folder)
    asyncio.run(last.worker.run_once())
    figures = look(last.store, folder, rounds, acknowledged, began)
    last.store.close()
    return figures


def look(store: Store, folder: Path, rounds: int, acknowledged: list[str], began: float) -> Figures:
    turns = {turn.id: turn for summary in store.summaries(10**6) for turn in store.session(summary.id).turns}
    answered = [turn for turn in turns.values() if turn.answer is not None]
    kept = {turn.id for turn in answered if turn.answer is not None and turn.answer.text == answer_to(turn.id)}
    right = 0
    for turn in answered:
        digest = hashlib.sha256(answer_to(turn.id).encode()).hexdigest()
        outcomes = [grading.outcome for grading in turn.gradings]
        right += len(outcomes) == 1 and isinstance(outcomes[0], Graded) and outcomes[0].feedback == digest
    with closing(sqlite3.connect(store.path)) as connection:
        integrity = str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    return Figures(
        kills=rounds,
        acknowledged=len(acknowledged),
        answers=len(answered),
        lost=len(set(acknowledged) - kept),
        ungraded=len(answered) - right,
        doubled=sum(len(turn.gradings) > 1 for turn in answered) + len(acknowledged) - len(set(acknowledged)),
        extra_calls=(folder / "calls").stat().st_size - len(answered),  # one byte a call
        integrity=integrity,
        seconds=round(time.monotonic() - began, 1),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rounds", nargs="?", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child is not None:
        asyncio.run(Process(options.child).live())
        return 0
    with tempfile.TemporaryDirectory() as folder:
        figures = run(options.rounds, Path(folder), options.seed)
    print(figures)
    return 0 if figures.clean else 1


if __name__ == "__main__":
    sys.exit(main())
