"""FollowUps: asks about what is missing in the newest answer of a session, once its grade is there."""

import asyncio
from collections.abc import Callable

from interview.backends.backend import Backend
from interview.conversation import make_follow_up, wants_follow_up
from interview.models import Session, Turn
from interview.prompts import Prompts
from interview.service.interviewer import Interviewer
from interview.turns import turns_at


class FollowUps:
    """Asks follow-ups. Belongs to the event loop that runs the backends."""

    def __init__(self, interviewer: Interviewer, backend: Callable[[str], Backend | None], prompts: Prompts) -> None:
        """`backend` finds the model behind a grader's name; None where there is none."""
        self._interviewer = interviewer
        self._backend = backend
        self._prompts = prompts
        self._thinking: set[str] = set()  # two pages of one session ask a model once

    async def ask(self, session_id: str, grader: str) -> Turn | None:
        """Ask what the newest answer lacks, as a new Turn; None where nothing is lacking, or nothing more to be asked.

        Nothing is asked either where the candidate went on while a model was thinking.
        """
        turn = await self._lacking(session_id)
        if turn is None or turn.id in self._thinking:
            return None
        self._thinking.add(turn.id)
        try:
            session = await self._read(session_id)
            backend = self._backend(grader)
            text = await make_follow_up(turns_at(session, turn.position), backend, self._prompts, session.plan.lang)
            still = await self._lacking(session_id)
            if text is None or still is None or still.id != turn.id:
                return None
            return await asyncio.to_thread(self._interviewer.follow_up, turn.id, text)
        finally:
            self._thinking.discard(turn.id)

    def is_thinking(self, turn_id: str) -> bool:
        """Whether it is being thought about what to ask after this Turn."""
        return turn_id in self._thinking

    async def _lacking(self, session_id: str) -> Turn | None:
        session = await self._read(session_id)
        newest = session.turns[-1]
        return newest if wants_follow_up(session, newest) else None

    async def _read(self, session_id: str) -> Session:
        return await asyncio.to_thread(self._interviewer.session, session_id)
