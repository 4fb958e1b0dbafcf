"""The judge: asks a model for verdicts with quotes, checks every quote, and lets code count."""

import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Literal

from interview.backends.backend import Backend, Completion, Delta, Message, Purpose, Restarted
from interview.errors import BackendError, PassingFault
from interview.grading.feedback import safe_feedback
from interview.grading.grader import GradingEvent, GradingRequest, VerdictReady, VerdictsCleared
from interview.grading.guard import settle
from interview.grading.judge_prompt import JudgePrompt
from interview.grading.reply import Judgement
from interview.grading.scoring import score
from interview.grading.verdicts import Proof
from interview.grading.wire import BadReply
from interview.models import Graded, PointGrade, Provenance, Ungraded, UngradedReason
from interview.prompts import Prompts

LONGEST_RAW_REPLY = 20_000


@dataclass
class _Calls:
    """What the calls for one answer came to."""

    started: float
    completions: list[Completion] = field(default_factory=lambda: list[Completion]())

    @property
    def last_text(self) -> str:
        return self.completions[-1].text if self.completions else ""

    def tokens(self, name: Literal["prompt_tokens", "completion_tokens", "cached_tokens"]) -> int | None:
        known = [count for one in self.completions if (count := getattr(one.usage, name)) is not None]
        return sum(known) if known else None

    @property
    def cost(self) -> float | None:
        """What all of them cost; None where that of one is unknown."""
        costs = [one.cost for one in self.completions if one.cost is not None]
        return sum(costs) if costs and len(costs) == len(self.completions) else None


class JudgeGrader:
    """Judges with a model. `name` is `<backend>` or `<backend>:<model>`, as the user chose it."""

    kind: Literal["judge"] = "judge"

    def __init__(
        self,
        backend: Backend,
        prompts: Prompts,
        *,
        name: str,
        purpose: Purpose = "grading",
        secret: bytes | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`purpose` is what its calls are counted for.

        `secret` makes the markers around answers unguessable; None: a new one for this process.
        """
        self.name = name
        self._backend = backend
        self._prompts = prompts
        self._purpose: Purpose = purpose
        self._secret = secret or secrets.token_bytes(32)
        self._monotonic = monotonic

    @property
    def host(self) -> str:
        """The host that the answer is sent to."""
        return self._backend.host

    async def grade(self, request: GradingRequest) -> AsyncIterator[GradingEvent]:
        """Grade one answer: verdicts as they arrive, each with its quote checked, then Graded or Ungraded.

        A reply that does not fit its form is sent back once with the reason; then Ungraded(bad_reply) keeps it.
        Raises PassingFault; a lasting fault of the backend is an Ungraded with its reason.
        """
        settled = settle(request)
        if settled is not None:
            yield settled
            return
        asked = JudgePrompt(request, self._prompts.judge, self._secret)
        calls = _Calls(self._monotonic())
        try:
            async with aclosing(self._judged(asked, calls)) as events:
                async for event in events:
                    yield event
        except PassingFault:
            raise
        except BackendError as fault:
            yield self._ungraded(asked, calls, fault.fault, str(fault))

    async def _judged(self, asked: JudgePrompt, calls: _Calls) -> AsyncGenerator[GradingEvent]:
        messages = asked.messages
        for repaired in (False, True):
            async with aclosing(self._told(asked, messages, calls)) as verdicts:
                async for event in verdicts:
                    yield event
            try:
                judgement = asked.form.read(calls.last_text, answer=asked.request.answer)
            except BadReply as fault:
                if repaired:
                    detail = f"The model's reply stayed unusable after one repair turn: {fault}"
                    yield self._ungraded(asked, calls, "bad_reply", detail)
                    return
                yield VerdictsCleared(why="The reply did not fit its form; the model is asked to repair it.")
                messages = self._with_repair(messages, calls.last_text, fault)
            else:
                yield self._counted(asked, calls, judgement)
                return

    async def _told(
        self, asked: JudgePrompt, messages: tuple[Message, ...], calls: _Calls
    ) -> AsyncGenerator[VerdictReady | VerdictsCleared]:
        """Make one call; tell each verdict when it is complete and checked, keep the Completion in `calls`."""
        proof = Proof(asked.request, asked.nonce)
        points = {point.id: point for point in asked.points}
        verdicts = asked.form.stream()
        # Closed at once, not whenever the collector comes by: an abandoned grading must not go on paying for tokens.
        async with aclosing(self._backend.complete(asked.completion(messages, self._purpose))) as stream:
            async for event in stream:
                match event:
                    case Delta():
                        for name, reply in verdicts.feed(event.text):
                            yield VerdictReady(point=proof.point(points[name], reply))
                    case Restarted():
                        verdicts = asked.form.stream()
                        yield VerdictsCleared(why=event.why)
                    case Completion():
                        calls.completions.append(event)

    def _with_repair(self, messages: tuple[Message, ...], reply: str, fault: BadReply) -> tuple[Message, ...]:
        repair = self._prompts.repair.parts(problem=str(fault))
        return (
            *messages,
            Message(role="assistant", content=reply[:LONGEST_RAW_REPLY]),
            *(Message(role=part.role, content=part.text) for part in repair),
        )

    def _counted(self, asked: JudgePrompt, calls: _Calls, judgement: Judgement) -> Graded | Ungraded:
        request, proof = asked.request, Proof(asked.request, asked.nonce)
        points = tuple(proof.point(point, judgement.key_points[point.id]) for point in asked.points)
        criteria = proof.criteria(judgement)
        findings, dropped = proof.findings(judgement, points)
        doubt = proof.doubt(judgement)
        flags = _flags(asked, points)
        flags += ("unverified_finding",) if dropped else ()
        flags += ("reference_disputed",) if doubt and doubt.status == "disputed" else ()
        flags += self._fallback(calls)
        counted = score(request.rubric, points, criteria, findings)
        if counted is None:
            detail = "The model could not assess too large a part of the key points."
            return self._ungraded(asked, calls, "abstained", detail, flags)
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
            provenance=self._provenance(asked, calls),
        )

    def _ungraded(
        self, asked: JudgePrompt, calls: _Calls, reason: UngradedReason, detail: str, flags: tuple[str, ...] = ()
    ) -> Ungraded:
        return Ungraded(
            reason=reason,
            detail=detail,
            flags=tuple(dict.fromkeys(flags + self._fallback(calls))),
            raw_reply=calls.last_text[:LONGEST_RAW_REPLY],
            provenance=self._provenance(asked, calls),
        )

    def _fallback(self, calls: _Calls) -> tuple[str, ...]:
        """The flag that another backend than the one asked for has judged."""
        replaced = bool(calls.completions) and calls.completions[-1].stand_in is not None
        return (f"fallback:{self.name}",) if replaced else ()

    def _provenance(self, asked: JudgePrompt, calls: _Calls) -> Provenance:
        last = calls.completions[-1] if calls.completions else None
        stand_in = last.stand_in if last else None
        return Provenance(
            grader=stand_in.name if stand_in else self.name,
            kind="judge",
            host=stand_in.host if stand_in else self.host,
            model=stand_in.model if stand_in else self._backend.model,
            returned_model=last.model if last else "",
            rung=last.rung if last else None,
            prompt=self._prompts.judge.ref,
            rubric=asked.request.rubric.ref,
            question_digest=asked.request.question.content_digest,
            reference_digest=asked.request.question.reference_digest,
            seconds=round(self._monotonic() - calls.started, 3),
            calls=sum(completion.calls for completion in calls.completions),
            prompt_tokens=calls.tokens("prompt_tokens"),
            completion_tokens=calls.tokens("completion_tokens"),
            cached_tokens=calls.tokens("cached_tokens"),
            cost=calls.cost,
            currency=last.currency if last else "",
        )


def _flags(asked: JudgePrompt, points: tuple[PointGrade, ...]) -> tuple[str, ...]:
    unproven = tuple(f"unverified_quote:{point.id}" for point in points if not point.verified)
    return (("no_reference",) if asked.without_checklist else ()) + unproven
