"""Run a grader on one request, to exactly one outcome."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, nullcontext
from typing import cast

from interview.errors import BackendError, PassingFault
from interview.grading.disputed import stamped
from interview.grading.grader import Grader, GradingEvent, GradingRequest, VerdictReady, VerdictsCleared
from interview.grading.key_points import with_checklist
from interview.grading.provenance import provenance
from interview.models import Checklist, Graded, Ungraded, UngradedReason

GradingOutcome = Graded | Ungraded
LONGEST_SILENCE = 900.0  # seconds without a call; backends bound their calls, this ends a grader that hangs
_log = logging.getLogger(__name__)


async def run(
    grader: Grader,
    request: GradingRequest,
    *,
    limit: float | None = LONGEST_SILENCE,
    retries: bool = False,
    observe: Callable[[VerdictReady | VerdictsCleared], None] = lambda event: None,
    checklist: Callable[[], Awaitable[Checklist]] | None = None,
) -> GradingOutcome:
    """Return the outcome of a grader, whatever it does: raises, hangs, cancels itself, or ends without a word.

    Args:
        grader: Its first outcome counts; it is closed then.
        request: Its log takes the failed calls.
        limit: Seconds without a call in flight after which the grader is ended. Calls are bounded by their backends,
            so a slow server that still sends is not cut off. None: a grader that runs this one has a limit.
        retries: Whether the caller tries again later.
        observe: Receives the verdicts on the way.
        checklist: Finds the key points that the answer is compared with; the outcome names them. The digest of the
            outcome stays that of the question in `request`. None: those of the question itself.

    Raises:
        PassingFault: The caller `retries`, and it may work later. Every other failure is an Ungraded.
    """
    started = time.monotonic()
    deadline: asyncio.Timeout | None = None
    reason: UngradedReason = "internal_error"
    try:
        async with nullcontext() if limit is None else request.log.bounded(limit) as deadline:
            if checklist is None:
                return await _first_outcome(grader, request, observe)
            found = await checklist()
            asked = request.model_copy(update={"question": with_checklist(request.question, found)})
            outcome = await _first_outcome(grader, asked, observe)
            return stamped(outcome, request.question, found, request.rubric)
    except BackendError as fault:
        if retries and isinstance(fault, PassingFault):
            raise
        reason, detail = fault.fault, str(fault)
    except asyncio.CancelledError:
        if (task := asyncio.current_task()) is not None and task.cancelling():
            raise
        detail = "The grader cancelled itself."
    except Exception as fault:
        if deadline is not None and deadline.expired():
            reason, detail = "timed_out", f"The grader did nothing for {limit:.0f} s."
        else:
            _log.exception("Grader %s failed", grader.name)
            detail = f"The grader failed ({type(fault).__name__})."
    made = provenance(grader, request.question, request.rubric.ref, seconds=time.monotonic() - started)
    return Ungraded(reason=reason, detail=detail, provenance=made)


async def _first_outcome(
    grader: Grader, request: GradingRequest, observe: Callable[[VerdictReady | VerdictsCleared], None]
) -> GradingOutcome:
    # The protocol says that `grade` is an async generator.
    async with aclosing(cast("AsyncGenerator[GradingEvent, None]", grader.grade(request))) as events:
        async for event in events:
            if isinstance(event, Graded | Ungraded):
                return event
            observe(event)
    raise RuntimeError("the grader ended without an outcome")
