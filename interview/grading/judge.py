"""The judge: asks a model for verdicts with quotes, checks every quote, and lets code count."""

import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

from interview.backends.backend import Backend, Purpose
from interview.errors import BackendError, PassingFault
from interview.grading.appeal import hear
from interview.grading.careful import judge_carefully
from interview.grading.feedback import safe_feedback
from interview.grading.grader import GradingEvent, GradingRequest
from interview.grading.guard import settle
from interview.grading.judge_prompt import JudgePrompt
from interview.grading.judging import LONGEST_RAW_REPLY, Calls, Judged, Unusable, judge_once
from interview.grading.reply import Judgement
from interview.grading.scoring import Score, score
from interview.grading.second_look import SecondLook
from interview.grading.verdicts import Proof
from interview.models import Graded, PointGrade, Provenance, Ungraded, UngradedReason
from interview.prompts import Prompts


class JudgeGrader:
    """Judges with a model. `name` is `<backend>` or `<backend>:<model>`, as the user chose it, with its mode."""

    kind: Literal["judge"] = "judge"

    def __init__(
        self,
        backend: Backend,
        prompts: Prompts,
        *,
        name: str,
        mode: Literal["single", "careful"] = "single",
        purpose: Purpose = "grading",
        secret: bytes | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`purpose` is what its calls are counted for.

        `secret` makes the markers around answers unguessable; None: a new one for this process.

        `careful`: one call per small group of key points and per criterion, instead of one for everything.
        """
        self.name = name
        self._backend = backend
        self._prompts = prompts
        self.mode = mode
        self._purpose: Purpose = purpose
        self._secret = secret or secrets.token_bytes(32)
        self._monotonic = monotonic

    @property
    def host(self) -> str:
        """The host that the answer is sent to."""
        return self._backend.host

    @property
    def model(self) -> str:
        """The model that is asked."""
        return self._backend.model

    async def grade(self, request: GradingRequest) -> AsyncIterator[GradingEvent]:
        """Grade one answer: verdicts as they arrive, each with its quote checked, then Graded or Ungraded.

        A reply that does not fit its form is sent back once with the reason; then Ungraded(bad_reply) keeps it.
        Raises PassingFault; a lasting fault of the backend is an Ungraded with its reason.
        """
        if request.contested is not None:
            calls = Calls(self._backend, request, self._purpose)
            yield await hear(request, request.contested, calls, self._prompts, name=self.name, secret=self._secret)
            return
        settled = settle(request)
        if settled is not None:
            yield settled
            return
        calls = Calls(self._backend, request, self._purpose)
        work = _Grading(
            grader=self,
            asked=JudgePrompt(request, self._prompts.judge, self._secret),
            calls=calls,
            looks=SecondLook(request, calls, self._prompts, self._secret),
            monotonic=self._monotonic,
            started=self._monotonic(),
        )
        judge = judge_carefully if self.mode == "careful" else judge_once
        try:
            async with aclosing(judge(work.asked, calls, self._prompts.repair)) as events:
                async for event in events:
                    yield await work.counted(event.judgement) if isinstance(event, Judged) else event
        except PassingFault:
            raise
        except BackendError as fault:
            yield work.ungraded(fault.fault, str(fault), calls.last_text)
        except Unusable as fault:
            yield work.ungraded("bad_reply", str(fault), fault.raw_reply)


@dataclass(frozen=True)
class _Grading:
    """One answer being graded: what is asked, and what it has used since `started`."""

    grader: JudgeGrader
    asked: JudgePrompt
    calls: Calls
    looks: SecondLook
    monotonic: Callable[[], float]
    started: float

    async def counted(self, judgement: Judgement) -> Graded | Ungraded:
        """Check every claim of the judgement, look again where a check says so, and count."""
        request, proof = self.asked.request, Proof(self.asked.request, self.asked.nonce)
        points = tuple(proof.point(point, judgement.key_points[point.id]) for point in self.asked.points)
        criteria = proof.criteria(judgement)
        findings, dropped = proof.findings(judgement, points)
        flags = _flags(self.asked, points)
        first = score(request.rubric, points, criteria, findings)
        if first is not None:
            points, looked = await self._looked_again(points, first)
            flags += looked
        doubt = proof.doubt(judgement)
        flags += ("unverified_finding",) if dropped else ()
        flags += ("reference_disputed",) if doubt and doubt.status == "disputed" else ()
        flags += self.calls.fallback(self.grader.name)
        counted = score(request.rubric, points, criteria, findings)
        if counted is None:
            detail = "The model could not assess too large a part of the key points."
            return self.ungraded("abstained", detail, self.calls.last_text, flags)
        return Graded(
            score=counted.value,
            max_score=counted.max_score,
            band=counted.band,
            label="judgement",
            provisional=not request.question.has_reference,
            key_points=points,
            criteria=criteria,
            findings=findings,
            doubt=doubt,
            flags=flags,
            feedback=safe_feedback(judgement.feedback, self.asked.nonce),
            sum=counted.sum,
            provenance=self._provenance(),
        )

    async def _looked_again(
        self, points: tuple[PointGrade, ...], counted: Score
    ) -> tuple[tuple[PointGrade, ...], tuple[str, ...]]:
        # Without a checklist there is no statement that a quote could be compared with.
        if not counted.value or self.asked.without_checklist:
            return points, ()
        return await self.looks.at(points, counted.value / counted.max_score)

    def ungraded(self, reason: UngradedReason, detail: str, raw_reply: str, flags: tuple[str, ...] = ()) -> Ungraded:
        """No grade, with what the model said last."""
        return Ungraded(
            reason=reason,
            detail=detail,
            flags=flags,
            raw_reply=raw_reply[:LONGEST_RAW_REPLY],
            provenance=self._provenance(),
        )

    def _provenance(self) -> Provenance:
        seconds = self.monotonic() - self.started
        return self.calls.provenance(
            self.asked.request, self.grader.name, self.asked.prompt.ref, seconds, self.grader.mode
        )


def _flags(asked: JudgePrompt, points: tuple[PointGrade, ...]) -> tuple[str, ...]:
    unproven = tuple(f"unverified_quote:{point.id}" for point in points if not point.verified)
    return (("no_reference",) if asked.without_checklist else ()) + unproven
