"""Appeals: «I said that» on one key point. The model must quote the answer or hold; code checks, and code counts."""

import hmac
import json
import time
from collections.abc import Callable
from typing import Any, Literal

from interview.errors import BackendError, PassingFault
from interview.grading.asking import ask
from interview.grading.grader import GradingRequest
from interview.grading.judge_prompt import FEEDBACK_LANGUAGE
from interview.grading.judging import Calls
from interview.grading.reply import PointReply, Quote, Reason
from interview.grading.scoring import alternative, score
from interview.grading.second_look import doubtful_points
from interview.grading.verdicts import Proof
from interview.grading.wire import Wire
from interview.models import Contested, Graded, KeyPoint, PointGrade, Provenance, Ungraded, UngradedReason
from interview.prompts import Part, Prompts
from interview.text import judge_copy

# The quote stands in the answer, but no word of it belongs to the point: the earlier verdict stands.
UNRELATED = "appeal_unrelated"


class AppealReply(Wire):  # noqa: D101  docstrings of wire models would be sent along as prompt text
    quote: Quote
    reason: Reason
    verdict: Literal["covered", "partial", "missing"]


async def hear(
    request: GradingRequest,
    contested: Contested,
    calls: Calls,
    prompts: Prompts,
    *,
    name: str,
    secret: bytes,
    monotonic: Callable[[], float] = time.monotonic,
) -> Graded | Ungraded:
    """Ask the model behind the grader `name`, by way of `calls`, about one verdict again, and count the grade anew.

    Every other verdict stays as it was. The contested one can only rise, and only with words that stand in the answer
    and share something with the point; else it is held, with the reason. A failure of the model is an Ungraded, which
    changes nothing. Raises PassingFault.
    """
    started = monotonic()
    nonce = hmac.digest(secret, request.answer.encode(), "sha256").hex()[:16]

    def made() -> Provenance:
        seconds, mode = monotonic() - started, contested.grade.provenance.mode
        return calls.provenance(request, name, prompts["appeal"].ref, seconds, mode)

    try:
        parts = _parts(request, contested, prompts, nonce)
        reply = await ask(calls, prompts, parts, AppealReply, purpose="grading", log=request.log)
    except PassingFault:
        raise
    except BackendError as fault:
        reason: UngradedReason = fault.fault
        return Ungraded(reason=reason, detail=str(fault), provenance=made())
    point, flags = _decided(request, contested, reply, nonce)
    return _recounted(request, contested, point, flags + calls.fallback(name), made())


def _parts(request: GradingRequest, contested: Contested, prompts: Prompts, nonce: str) -> tuple[Part, ...]:
    return prompts["appeal"].parts(
        leniency=request.rubric.leniency.strip(),
        feedback_language=FEEDBACK_LANGUAGE[request.lang],
        question=_encoded(request.question.text),
        key_point=_encoded(contested.point.text),
        verdict=contested.point.verdict,
        nonce=nonce,
        claim=_encoded(contested.appeal.reason),
        answer=_encoded(request.answer),
    )


def _decided(
    request: GradingRequest, contested: Contested, reply: AppealReply, nonce: str
) -> tuple[PointGrade, tuple[str, ...]]:
    """The point after the appeal, and the flags that tell why it was held."""
    before = contested.point
    plain = KeyPoint(id=before.id, text=before.text, weight=before.weight, kind=before.kind)
    heard = Proof(request, nonce).point(plain, PointReply(**reply.model_dump()))
    if not heard.verified:
        return _held(before, heard), (f"unverified_quote:{before.id}",)
    if not contested.won_by(heard.verdict):
        return _held(before, heard), ()
    if before.id in doubtful_points(request, (heard,), 0.0):
        quote = heard.evidence[0].quote
        unproven = {"claimed": heard.verdict, "claimed_quote": quote, "verdict": "missing", "verified": False}
        return _held(before, heard.model_copy(update=unproven)), (f"{UNRELATED}:{before.id}",)
    return heard, ()


def _held(before: PointGrade, heard: PointGrade) -> PointGrade:
    """The earlier verdict with its evidence, and why it stands."""
    claimed = {"claimed": heard.claimed, "claimed_quote": heard.claimed_quote} if heard.claimed else {}
    proven = {"verified": before.verified and not (before.verdict == "missing" and heard.claimed)}
    return before.model_copy(update={"reason": heard.reason or before.reason, **claimed, **proven})


def _recounted(
    request: GradingRequest, contested: Contested, point: PointGrade, flags: tuple[str, ...], made: Provenance
) -> Graded | Ungraded:
    grade = contested.grade
    points = tuple(point if one.id == point.id else one for one in grade.key_points)
    counted = score(request.rubric, points, grade.criteria, grade.findings)
    if counted is None:
        return Ungraded(reason="abstained", provenance=made)
    ours = {f"unverified_quote:{point.id}", f"{UNRELATED}:{point.id}"}
    changed: dict[str, Any] = {
        "score": counted.value,
        "max_score": counted.max_score,
        "band": counted.band,
        "sum": counted.sum,
        "key_points": points,
        "flags": tuple(flag for flag in grade.flags if flag not in ours) + flags,
        "provenance": made.model_copy(update={"checklist": grade.provenance.checklist}),
    }
    heard = grade.model_copy(update=changed)
    disputed = grade.alternative.points if grade.alternative else ()
    return heard.model_copy(update={"alternative": alternative(heard, request.rubric, disputed)})


def _encoded(text: str) -> str:
    """JSON on one line: no text in it can end its own string or look like a marker line."""
    return json.dumps(judge_copy(text), ensure_ascii=False)
