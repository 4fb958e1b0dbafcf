"""One attempt at one grading: finds its rubric, its grader and its key points, and runs the grader."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Protocol

from interview.backends.calls import CallLog
from interview.errors import GraderLeftOut, NotFound
from interview.grading.grader import Grader, GradingRequest, VerdictReady, VerdictsCleared
from interview.grading.key_points import from_notes
from interview.grading.provenance import Named, provenance
from interview.grading.run import GradingOutcome, run
from interview.live import LiveFeed
from interview.models import Checklist, Ungraded, UngradedReason
from interview.rubrics import Rubric, find_rubric
from interview.store.rows import Claim


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

    The stored question stays as it is; the grade names the checklist that it was compared with. See `run` for `limit`.
    Raises PassingFault.
    """
    reason: UngradedReason = "internal_error"
    rubric_ref = claim.rubric
    try:
        # Never another rubric in its place: the grade would not be the one that was asked for.
        rubric = find_rubric(rubrics, claim.rubric)
        reason, rubric_ref = "grader_unknown", rubric.ref
        grader = graders.get(claim.grader)
    except NotFound as error:
        if isinstance(error, GraderLeftOut):
            reason = "address_wrong"  # so that the grading waits until somebody corrects `backends.toml`
        made = provenance(Named(claim.grader, "judge"), claim.question, rubric_ref)
        return Ungraded(reason=reason, detail=str(error), provenance=made)

    def observe(event: VerdictReady | VerdictsCleared) -> None:
        if isinstance(event, VerdictReady):
            live.publish(claim.session_id, claim.grading_id, event.point)
        else:
            live.clear(claim.session_id, claim.grading_id)

    request = GradingRequest(
        question=claim.question,
        answer=claim.answer,
        follow_up=claim.follow_up,
        contested=claim.contested,
        rubric=rubric,
        lang=claim.lang,
        session_id=claim.session_id,
        patient=claim.faults == 0,  # a fault that is still there after the first wait lasts
        log=log,
    )
    # An appeal is about the points of the contested grade, whatever the checklist is now.
    checklist = None if claim.contested else partial(checklists.prepare, claim, grader, log)
    return await run(grader, request, limit=limit.total_seconds(), retries=True, observe=observe, checklist=checklist)
