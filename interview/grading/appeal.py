"""Appeals: «I said that» on one key point. The model must quote the answer or hold; code checks, and code counts."""

from typing import Any, Literal

from interview.grading.asking import Asker, Wire, form_of
from interview.grading.evidence import Proof
from interview.grading.grader import GradingRequest
from interview.grading.reply import PointReply, Quote, Reason
from interview.grading.scoring import alternative, score
from interview.grading.second_look import doubtful_points
from interview.models import Contested, Graded, KeyPoint, PointGrade, Provenance, Ungraded
from interview.prompts import LANGUAGE_NAMES, Prompt, nonce_of, prompt_json

# The quote is in the answer, but no word of it belongs to the point: the earlier verdict is held.
UNRELATED = "appeal_unrelated"


class AppealReply(Wire):  # noqa: D101  docstrings of wire models would be sent along as prompt text
    quote: Quote
    reason: Reason
    verdict: Literal["covered", "partial", "missing"]


async def hear(
    request: GradingRequest, contested: Contested, asker: Asker, prompt: Prompt, secret: bytes
) -> tuple[PointGrade, tuple[str, ...]]:
    """Ask the model about one verdict again.

    Returns:
        The point, and the flags that say why it was held. It can only rise, and only with words that are in the answer
        and share something with the point; else it is held, with the reason.

    Raises:
        BackendError: The model failed, which changes nothing.
    """
    nonce = nonce_of(request.answer, secret)
    parts = prompt.parts(
        leniency=request.rubric.leniency.strip(),
        feedback_language=LANGUAGE_NAMES[request.lang],
        question=prompt_json(request.question.text),
        key_point=prompt_json(contested.point.text),
        verdict=contested.point.verdict,
        nonce=nonce,
        claim=prompt_json(contested.appeal.reason),
        answer=prompt_json(request.answer),
    )
    reply = await asker.ask(parts, form_of(AppealReply))
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
    """Return the earlier verdict with its evidence, and the reason why it is held."""
    claimed = {"claimed": heard.claimed, "claimed_quote": heard.claimed_quote} if heard.claimed else {}
    proven = {"verified": before.verified and not (before.verdict == "missing" and heard.claimed)}
    return before.model_copy(update={"reason": heard.reason or before.reason, **claimed, **proven})


def recounted(
    request: GradingRequest, contested: Contested, point: PointGrade, flags: tuple[str, ...], made: Provenance
) -> Graded | Ungraded:
    """Return the contested grade, counted anew with the point as it was heard; every other verdict stays."""
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
