"""The second look: where a named check fires, a model sees one key point and its quote alone, and says if it holds.

A quote that moves the model to find anything in it proves nothing. So a second statement stands beside the key point,
which no answer to it can make; only a quote in which the one is found and not the other holds.
"""

import asyncio
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from interview.errors import LastingFault, PassingFault
from interview.grading.asking import Asker, Wire, bounded, form_of
from interview.grading.coverage import estimate
from interview.grading.grader import GradingRequest
from interview.grading.words import closest, word_set
from interview.models import Graded, PointGrade
from interview.prompts import Prompt, prompt_json
from interview.text import CJK, script

# How far (of the whole scale) the judge may stand above the coverage estimate before somebody looks again.
WIDEST_GAP = 0.5
DECOYS = {
    "cjk": "修道院的屋顶在大火之后用铅板重新铺过。",
    "latin": "The roof of the abbey was laid again with lead after the great fire.",
}
_MOST_TOKENS = 1000
_CREDITED = frozenset({"covered", "partial"})
_CJK_CHARACTER = re.compile(f"[{CJK}]")


class _Statement(Wire):
    reason: Annotated[str, bounded(240)]
    stated: Literal["yes", "no"]


class SecondOpinion(Wire):
    """The model's opinion on the two statements."""

    a: _Statement
    b: _Statement


@dataclass(frozen=True)
class SecondLook:
    """Looks again at the verdicts about one answer. `secret` decides, unforeseeably, which statement comes first."""

    request: GradingRequest
    asker: Asker
    prompt: Prompt
    secret: bytes

    async def at(self, points: Sequence[PointGrade], share: float) -> tuple[tuple[PointGrade, ...], tuple[str, ...]]:
        """Return the points, those missing whose quote did not hold, and flags that tell where was looked again.

        `share` (0-1) is the score that the points came to. `second_look:<id>` is no blame; `second_look_refused:<id>`
        says that the quote did not hold, `second_look_failed:<id>` that no second opinion could be had: the verdict
        stands then. Raises PassingFault.
        """
        # Milliseconds for people's answers; a hostile 20,000 characters must not hold the loop either.
        named = await asyncio.to_thread(doubtful_points, self.request, points, share)
        doubtful = [point for point in points if point.id in named]
        try:
            async with asyncio.TaskGroup() as group:
                looks = {point.id: group.create_task(self._holds(point)) for point in doubtful}
        except* PassingFault as faults:
            raise faults.exceptions[0] from None
        flags: list[str] = []
        seen: list[PointGrade] = []
        for point in points:
            held = looks[point.id].result() if point.id in looks else True
            flags += [f"second_look:{point.id}"] if point.id in looks else []
            flags += [f"second_look_failed:{point.id}"] if held is None else []
            flags += [f"second_look_refused:{point.id}"] if held is False else []
            seen.append(_refused(point) if held is False else point)
        return tuple(seen), tuple(flags)

    async def _holds(self, point: PointGrade) -> bool | None:
        """Whether the quote says the key point, and not just anything; None: nobody could tell."""
        quote = point.evidence[0].quote
        decoy = DECOYS["cjk" if script(point.text) == "cjk" else "latin"]
        coin = hmac.digest(self.secret, f"{point.text}\n{quote}".encode(), "sha256")[0] % 2
        first, second = (point.text, decoy) if coin else (decoy, point.text)
        parts = self.prompt.parts(statements=prompt_json({"a": first, "b": second}), quote=prompt_json(quote))
        try:
            said = await self.asker.ask(parts, form_of(SecondOpinion), max_tokens=_MOST_TOKENS)
        except LastingFault:
            return None
        of_point, of_decoy = (said.a, said.b) if coin else (said.b, said.a)
        return of_point.stated == "yes" and of_decoy.stated == "no"


def doubtful_points(request: GradingRequest, points: Sequence[PointGrade], share: float) -> frozenset[str]:
    """Return the ids of the credited points that deserve a second look, by one of two checks.

    The quote shares no word with its key point; where they differ in script that says nothing. Or the judge stands far
    above the coverage estimate (`WIDEST_GAP`): then every credited point does, and also where answer and notes differ
    in script, so that there is no estimate to stand above.
    """
    credited = [point for point in points if point.verdict in _CREDITED and point.evidence]
    estimated = estimate(request) if credited else None
    if isinstance(estimated, Graded):
        far_above = share - estimated.score / estimated.max_score > WIDEST_GAP
    else:
        far_above = estimated is not None and estimated.reason == "language_mismatch"
    return frozenset(point.id for point in credited if far_above or _shares_nothing(point, request.question.text))


def _shares_nothing(point: PointGrade, question: str) -> bool:
    """Whether the quote has no word of the key point but such as the question gives away.

    One Chinese character may be chance, two are a word.
    """
    quote = point.evidence[0].quote
    if {script(quote), script(point.text)} == {"cjk", "latin"}:
        return False
    said, sought = word_set(quote), word_set(point.text)
    sought = sought - word_set(question) or sought
    others = sorted(said)
    common = [word for word in sought if word in said or closest(word, others)[0]]
    return sum(0.5 if _CJK_CHARACTER.match(word) else 1.0 for word in common) < min(1.0, len(sought))


def _refused(point: PointGrade) -> PointGrade:
    return point.model_copy(
        update={
            "verdict": "missing",
            "verified": False,
            "evidence": (),
            "claimed": point.verdict,
            "downgraded_by": "second_look",
            "claimed_quote": point.evidence[0].quote,
        }
    )
