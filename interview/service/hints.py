"""Hints: shows the author's one by one; where the notes have none, a model writes one for each of a few key points."""

import asyncio
from collections.abc import Callable

from interview.backends.backend import Backend
from interview.conversation import make_hint, points_to_hint
from interview.jobs import Job, Jobs, Progress
from interview.models import Checklist, KeyPoint, Question, Session, Turn
from interview.prompts import Prompts
from interview.service.interviewer import Interviewer

HINT = "hint"  # the kind of its jobs; their key is the id of the Turn


class Hints:
    """Gives hints to the question of an open Turn. May be called from any thread. NotFound: no such Turn."""

    def __init__(
        self,
        interviewer: Interviewer,
        backend: Callable[[str], Backend | None],
        checklist: Callable[[Question], Checklist],
        prompts: Prompts,
        jobs: Jobs,
        touch: Callable[[str], None],
    ) -> None:
        """`backend` finds the model behind a grader's name, None where there is none; `checklist` the points in force.

        `touch` is told of the session when a model has written, or failed to.
        """
        self._interviewer = interviewer
        self._backend = backend
        self._checklist = checklist
        self._prompts = prompts
        self._jobs = jobs
        self._touch = touch

    def ask(self, turn_id: str, grader: str) -> Turn:
        """Show one more hint, if there is one. A model's comes later, unless the Turn is not open any more by then.

        While a model writes one, that one is what is asked for.
        """
        turn = self._interviewer.turn(turn_id)
        if turn.hints_shown < len(turn.hints):
            return self._interviewer.hint(turn_id)
        session = self._interviewer.session(turn.session_id)
        points, number = self._points(session, turn, grader), turn.hints_shown + 1
        if turn.state != "open" or number > len(points):
            return turn

        async def work(progress: Progress) -> None:
            backend = self._backend(grader)
            if backend is not None:
                text = await make_hint(turn, points[number - 1], backend, self._prompts, session.plan.lang)
                await asyncio.to_thread(self._interviewer.write_hint, turn_id, number, text)

        self._jobs.start(HINT, turn_id, work, lambda: self._touch(session.id))
        return turn

    def most(self, session: Session, turn: Turn, grader: str) -> int:
        """How many hints a Turn can have: the author's, else one for each point that the grader's model can lead to.

        0 for a follow-up, and in a mock interview. Those that are there stay, whichever grader is chosen.
        """
        if session.plan.mode == "mock":
            return 0
        return max(len(turn.hints), len(self._points(session, turn, grader)))

    def is_thinking(self, turn_id: str) -> bool:
        """Whether a model is at work on a hint for this Turn."""
        job = self._job(turn_id)
        return job is not None and not job.over

    def problem(self, turn_id: str) -> str:
        """Why no hint came of it when one was asked for last; empty where none was, or one came."""
        job = self._job(turn_id)
        return job.problem if job is not None else ""

    def _job(self, turn_id: str) -> Job | None:
        return self._jobs.latest(turn_id, HINT)

    def _points(self, session: Session, turn: Turn, grader: str) -> tuple[KeyPoint, ...]:
        """What a model can lead to in this Turn, in order; nothing where it may not, or need not."""
        silent = session.plan.mode == "mock" or turn.follow_up is not None
        if silent or turn.question.hints or self._backend(grader) is None:
            return ()
        return points_to_hint(self._checklist(turn.question))
