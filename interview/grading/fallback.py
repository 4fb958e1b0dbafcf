"""A judge behind which the coverage estimate may step in, because the user said so; labelled as the estimate it is."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Literal, cast, get_args

from interview.errors import FaultClass, PassingFault
from interview.grading.coverage import CoverageGrader
from interview.grading.grader import Grader, GradingEvent, GradingRequest, VerdictsCleared
from interview.grading.provenance import model_of
from interview.models import Graded, Ungraded

_FAULTS = frozenset(get_args(FaultClass)) - {"bad_reply"}  # a judge that replied in the wrong form has judged


class EstimateBehind:
    """Follows the Grader protocol: the judge's outcome, and where no backend of its could reply, the estimate.

    An answer that the estimate cannot read either keeps the judge's reason.
    """

    kind: Literal["judge"] = "judge"

    def __init__(self, judge: Grader) -> None:
        """Named after `judge`."""
        self._judge = judge
        self._estimate = CoverageGrader()

    @property
    def name(self) -> str:
        """As the judge."""
        return self._judge.name

    @property
    def host(self) -> str:
        """The host that the answer is sent to."""
        return self._judge.host

    @property
    def model(self) -> str:
        """The model that the judge asks."""
        return model_of(self._judge)

    async def grade(self, request: GradingRequest) -> AsyncIterator[GradingEvent]:
        """Judge, else estimate; a passing fault of a patient request is raised as ever."""
        try:
            async with aclosing(cast("Any", self._judge.grade(request))) as events:
                async for event in events:
                    if not (isinstance(event, Ungraded) and event.reason in _FAULTS):
                        yield event
                        continue
                    yield await self._estimated(request) or event
        except PassingFault:
            estimated = None if request.patient else await self._estimated(request)
            if estimated is None:
                raise
            yield VerdictsCleared(why="No backend replied; the coverage estimate steps in.")
            yield estimated

    async def _estimated(self, request: GradingRequest) -> Graded | None:
        async for event in self._estimate.grade(request):
            if isinstance(event, Graded):
                return event.model_copy(update={"flags": (*event.flags, f"fallback:{self.name}")})
        return None
