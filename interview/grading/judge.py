"""The judge: asks a model for verdicts with quotes, checks every quote, and lets code count."""

import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

from interview.backends.backend import Backend, Purpose
from interview.errors import BackendError, PassingFault
from interview.grading.appeal import hear, recounted
from interview.grading.asking import LONGEST_RAW_REPLY, Asker, Read, UnusableReply
from interview.grading.evidence import Proof
from interview.grading.feedback import safe_feedback
from interview.grading.grader import GradingEvent, GradingRequest
from interview.grading.guard import settle
from interview.grading.judge_prompt import JudgePrompt
from interview.grading.judging import judge_carefully, judge_once
from interview.grading.provenance import provenance
from interview.grading.reply import Judgement
from interview.grading.scoring import score
from interview.grading.second_look import SecondLook
from interview.models import Graded, Provenance, Ungraded, UngradedReason
from interview.prompts import Prompt, Prompts


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
        """Count its calls for `purpose`.

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
        contested = request.contested
        if contested is None and (settled := settle(request)) is not None:
            yield settled
            return
        asker = Asker(
            self._backend,
            self._prompts,
            purpose=self._purpose,
            session_id=request.session_id,
            patient=request.patient,
            log=request.log,
        )
        prompt = self._prompts.judge if contested is None else self._prompts["appeal"]
        work = _Work(self, request, asker, prompt, self._monotonic, self._monotonic())
        try:
            if contested is not None:
                point, flags = await hear(request, contested, asker, prompt, self._secret)
                yield recounted(request, contested, point, flags + work.fallback, work.provenance)
                return
            asked = JudgePrompt(request, prompt, self._secret)
            looks = SecondLook(request, asker, self._prompts["second_look"], self._secret)
            judge = judge_carefully if self.mode == "careful" else judge_once
            async with aclosing(judge(asked, asker)) as events:
                async for event in events:
                    yield await work.counted(asked, event.value, looks) if isinstance(event, Read) else event
        except PassingFault:
            raise
        except BackendError as fault:
            yield work.ungraded(
                fault.fault, str(fault), fault.raw_reply if isinstance(fault, UnusableReply) else work.last_text
            )


@dataclass(frozen=True)
class _Work:
    """The work on one answer since `started`."""

    grader: JudgeGrader
    request: GradingRequest
    asker: Asker
    prompt: Prompt
    monotonic: Callable[[], float]
    started: float

    async def counted(self, asked: JudgePrompt, judgement: Judgement, looks: SecondLook) -> Graded | Ungraded:
        """Check every claim of the judgement, look again where a check says so, and count."""
        request, proof = self.request, Proof(self.request, asked.nonce)
        points = tuple(proof.point(point, judgement.key_points[point.id]) for point in asked.points)
        criteria = proof.criteria(judgement)
        findings, dropped = proof.findings(judgement, points)
        flags = ("no_reference",) if asked.without_checklist else ()
        flags += tuple(f"unverified_quote:{point.id}" for point in points if not point.verified)
        counted = score(request.rubric, points, criteria, findings)
        # Without a checklist there is no statement that a quote could be compared with.
        if counted is not None and counted.value and not asked.without_checklist:
            points, looked = await looks.at(points, counted.value / counted.max_score)
            flags += looked
            counted = score(request.rubric, points, criteria, findings)
        doubt = proof.doubt(judgement)
        flags += ("unverified_finding",) if dropped else ()
        flags += ("reference_disputed",) if doubt and doubt.status == "disputed" else ()
        flags += self.fallback
        if counted is None:
            detail = "The model could not assess too large a part of the key points."
            return self.ungraded("abstained", detail, self.last_text, flags)
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
            feedback=safe_feedback(judgement.feedback, asked.nonce),
            sum=counted.sum,
            provenance=self.provenance,
        )

    def ungraded(self, reason: UngradedReason, detail: str, raw_reply: str, flags: tuple[str, ...] = ()) -> Ungraded:
        """Return no grade, with the last reply of the model."""
        raw_reply = raw_reply[:LONGEST_RAW_REPLY]
        return Ungraded(reason=reason, detail=detail, flags=flags, raw_reply=raw_reply, provenance=self.provenance)

    @property
    def last_text(self) -> str:
        """The last reply of the model; empty before its first."""
        return self.asker.completions[-1].text if self.asker.completions else ""

    @property
    def fallback(self) -> tuple[str, ...]:
        """The flag that another backend than the grader's replied."""
        completions = self.asker.completions
        return (f"fallback:{self.grader.name}",) if completions and completions[-1].stand_in else ()

    @property
    def provenance(self) -> Provenance:
        """The provenance of an outcome that is made now."""
        return provenance(
            self.grader,
            self.request.question,
            self.request.rubric.ref,
            prompt=self.prompt.ref,
            seconds=self.monotonic() - self.started,
            completions=self.asker.completions,
        )
