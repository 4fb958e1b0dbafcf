"""One attempt at one grading: whatever its grader does, it comes to one outcome, or to a wait for better times."""

import asyncio
import logging
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from interview.backends.calls import CallLog
from interview.errors import BackendError, GraderLeftOut, NotFound, PassingFault
from interview.grading.disputed import stamped
from interview.grading.grader import Grader, GradingRequest, VerdictReady, VerdictsCleared, model_of
from interview.grading.key_points import from_notes, with_checklist
from interview.live import LiveFeed
from interview.models import Checklist, Graded, Provenance, Ungraded, UngradedReason
from interview.rubrics import Rubric
from interview.store.rows import Claim

_log = logging.getLogger(__name__)
GradingOutcome = Graded | Ungraded


class Graders(Protocol):
    """Where graders are found by name."""

    def get(self, name: str) -> Grader:
        """The grader of that name. NotFound lists the known ones."""
        ...


class Checklists(Protocol):
    """Where the key points of a question come from."""

    async def prepare(self, claim: Claim, grader: Grader, log: CallLog) -> Checklist:
        """The key points that `grader` compares the claim's answer with; calls for them are noted in `log`.

        It fails no grading, and blocks none.
        """
        ...


class NotesAlone:
    """The key points that stand in the notes, or follow from them."""

    async def prepare(self, claim: Claim, grader: Grader, log: CallLog) -> Checklist:
        """See Checklists."""
        return from_notes(claim.question)


async def attempt(
    claim: Claim,
    graders: Graders,
    rubrics: Mapping[str, Rubric],
    live: LiveFeed,
    limit: timedelta,
    checklists: Checklists,
    log: CallLog,
) -> GradingOutcome:
    """Run the claim's grader with the claim's rubric; its verdicts go to `live` on the way, failed calls into `log`.

    A grader that does nothing for `limit` is ended. While a call of its own is in flight that is bounded by its
    backend, not by `limit`: a slow server that still sends is not cut off.

    The question that is stored stays as it is; the grade says which checklist it was compared with.

    PassingFault: it may work later. Every other failure is an Ungraded.
    """
    rubric = rubrics.get(claim.rubric)
    if rubric is None:
        # Never another rubric in its place: the grade would not be what was asked for.
        return failed(claim, "internal_error", f"The rubric {claim.rubric!r} is not loaded here.")
    reason: UngradedReason
    try:
        grader = graders.get(claim.grader)
    except NotFound as error:
        # Where its address cannot be read from `backends.toml`, the grading waits until somebody corrects the file.
        reason = "address_wrong" if isinstance(error, GraderLeftOut) else "grader_unknown"
        return failed(claim, reason, str(error), rubric=rubric)
    started = time.monotonic()
    deadline: asyncio.Timeout | None = None
    reason = "internal_error"
    try:
        async with log.bounded(limit.total_seconds()) as deadline:
            request = GradingRequest(
                question=claim.question,
                answer=claim.answer,
                follow_up=claim.follow_up,
                rubric=rubric,
                lang=claim.lang,
                session_id=claim.session_id,
                patient=claim.faults == 0,  # a fault that is still there after the first wait lasts
                log=log,
            )
            if claim.contested is not None:  # an appeal is about the points of the contested grade, whatever came since
                return await _follow(grader, request.model_copy(update={"contested": claim.contested}), claim, live)
            checklist = await checklists.prepare(claim, grader, log)
            request = request.model_copy(update={"question": with_checklist(claim.question, checklist)})
            return stamped(await _follow(grader, request, claim, live), claim.question, checklist, rubric)
    except PassingFault:
        raise
    except BackendError as fault:
        reason, detail = fault.fault, str(fault)
    except asyncio.CancelledError:
        if (task := asyncio.current_task()) is not None and task.cancelling():
            raise
        detail = "The grader cancelled itself."
    except Exception as error:
        if deadline is not None and deadline.expired():
            reason, detail = "timed_out", f"The grader did nothing for {limit.total_seconds():.0f} s."
        else:
            _log.exception("Grader %s failed on grading %s", claim.grader, claim.grading_id)
            detail = f"The grader failed ({type(error).__name__})."
    return failed(claim, reason, detail, grader=grader, rubric=rubric, seconds=time.monotonic() - started)


async def _follow(grader: Grader, request: GradingRequest, claim: Claim, live: LiveFeed) -> GradingOutcome:
    outcome: GradingOutcome | None = None
    async for event in grader.grade(request):
        match event:
            case VerdictReady(point=point):
                live.publish(claim.session_id, claim.grading_id, point)
            case VerdictsCleared():
                live.clear(claim.session_id, claim.grading_id)
            case Graded() | Ungraded():
                outcome = outcome or event
    if outcome is None:
        raise RuntimeError("the grader ended without an outcome")
    return outcome


def failed(
    claim: Claim,
    reason: UngradedReason,
    detail: str,
    *,
    grader: Grader | None = None,
    rubric: Rubric | None = None,
    seconds: float = 0.0,
) -> Ungraded:
    """The Ungraded of an attempt that came to no grade; `grader` and `rubric` as far as they were found."""
    return Ungraded(
        reason=reason,
        detail=detail,
        provenance=Provenance(
            grader=claim.grader,
            kind="judge" if grader is None else grader.kind,
            host="" if grader is None else grader.host,
            model="" if grader is None else model_of(grader),
            rubric=claim.rubric if rubric is None else rubric.ref,
            question_digest=claim.question.content_digest,
            reference_digest=claim.question.reference_digest,
            seconds=round(seconds, 3),
        ),
    )
