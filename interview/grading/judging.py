"""One judgement: the call, the verdicts while they arrive, one repair turn, and what all of it used."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

from interview.backends.backend import Backend, Completion, CompletionRequest, Delta, Message, Purpose, Restarted
from interview.grading.asking import unusable
from interview.grading.grader import GradingRequest, VerdictReady, VerdictsCleared
from interview.grading.judge_prompt import JudgePrompt
from interview.grading.reply import Judgement
from interview.grading.verdicts import Proof
from interview.grading.wire import BadReply
from interview.models import Provenance
from interview.prompts import Prompt

LONGEST_RAW_REPLY = 20_000


class Calls:
    """The backend for one answer: says what its calls are for, and keeps every Completion that came of them."""

    def __init__(self, backend: Backend, request: GradingRequest, purpose: Purpose = "grading") -> None:
        self._backend = backend
        self.log = request.log
        self._about = {
            "purpose": purpose,
            "session_id": request.session_id,
            "patient": request.patient,
            "log": request.log,
        }
        self.name, self.model, self.host = backend.name, backend.model, backend.host
        self.completions: list[Completion] = []

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Delta | Restarted | Completion, None]:
        """Pass the request on; see the protocol."""
        # Closed at once, not whenever the collector comes by: an abandoned grading must not go on paying for tokens.
        with self.log.calling():
            async with aclosing(self._backend.complete(request.model_copy(update=self._about))) as stream:
                async for event in stream:
                    if isinstance(event, Completion):
                        self.completions.append(event)
                    if isinstance(event, Delta):
                        self.log.arrived(len(event.text))
                    yield event

    async def close(self) -> None:
        """Close nothing: the backend belongs to others too."""

    @property
    def last(self) -> Completion | None:
        """The reply that came last."""
        return self.completions[-1] if self.completions else None

    @property
    def last_text(self) -> str:
        """What the model said last; empty before its first reply."""
        return self.last.text if self.last else ""

    def tokens(self, name: Literal["prompt_tokens", "completion_tokens", "cached_tokens"]) -> int | None:
        """The tokens of all calls, as far as the endpoint told them."""
        known = [count for one in self.completions if (count := getattr(one.usage, name)) is not None]
        return sum(known) if known else None

    @property
    def cost(self) -> float | None:
        """What all of them cost; None where that of one is unknown."""
        costs = [one.cost for one in self.completions if one.cost is not None]
        return sum(costs) if costs and len(costs) == len(self.completions) else None

    def fallback(self, name: str) -> tuple[str, ...]:
        """The flag that another backend than that of the grader `name` has replied."""
        return (f"fallback:{name}",) if self.last and self.last.stand_in else ()

    def provenance(self, request: GradingRequest, name: str, prompt: str, seconds: float, mode: str = "") -> Provenance:
        """What is known about a grading by the grader `name`, with the prompt `name@digest`, in so many seconds."""
        stand_in = self.last.stand_in if self.last else None
        return Provenance(
            grader=stand_in.name if stand_in else name,
            kind="judge",
            mode=mode,
            host=stand_in.host if stand_in else self.host,
            model=stand_in.model if stand_in else self.model,
            returned_model=self.last.model if self.last else "",
            rung=self.last.rung if self.last else None,
            prompt=prompt,
            rubric=request.rubric.ref,
            question_digest=request.question.content_digest,
            reference_digest=request.question.reference_digest,
            seconds=round(seconds, 3),
            calls=sum(one.calls for one in self.completions),
            prompt_tokens=self.tokens("prompt_tokens"),
            completion_tokens=self.tokens("completion_tokens"),
            cached_tokens=self.tokens("cached_tokens"),
            cost=self.cost,
            currency=self.last.currency if self.last else "",
            list_date=self.last.list_date if self.last else "",
            fingerprint=self.last.fingerprint if self.last else "",
            parameters=self.last.parameters if self.last else (),
        )


@dataclass(frozen=True)
class Judged:
    """The whole reply was read."""

    judgement: Judgement


class Unusable(Exception):
    """The reply stayed unusable after its repair turn; `raw_reply` is what the model said."""

    def __init__(self, detail: str, raw_reply: str) -> None:
        super().__init__(detail)
        self.raw_reply = raw_reply


async def judge_once(
    asked: JudgePrompt, calls: Calls, repair: Prompt
) -> AsyncGenerator[VerdictReady | VerdictsCleared | Judged, None]:
    """Ask for one judgement: verdicts as they arrive, each with its quote checked, then Judged.

    A reply that does not fit its form is sent back once with the reason. Raises Unusable, and what the backend raises.
    """
    messages = asked.messages
    for repaired in (False, True):
        text = ""
        async with aclosing(_told(asked, messages, calls)) as events:
            async for event in events:
                if isinstance(event, Completion):
                    text = event.text
                else:
                    yield event
        try:
            judgement = asked.form.read(text, answer=asked.request.answer)
        except BadReply as fault:
            if unusable(calls, calls.log, str(fault)) or repaired:
                detail = f"The model's reply stayed unusable{' after one repair turn' if repaired else ''}: {fault}"
                raise Unusable(detail, text[:LONGEST_RAW_REPLY]) from None
            yield VerdictsCleared(why="The reply did not fit its form; the model is asked to repair it.")
            messages = _with_repair(messages, text, fault, repair)
        else:
            yield Judged(judgement)
            return


async def _told(
    asked: JudgePrompt, messages: tuple[Message, ...], backend: Backend
) -> AsyncGenerator[VerdictReady | VerdictsCleared | Completion, None]:
    """Make one call; tell each verdict when it is complete and checked."""
    proof = Proof(asked.request, asked.nonce)
    points = {point.id: point for point in asked.points}
    verdicts = asked.form.stream()
    async with aclosing(backend.complete(asked.completion(messages))) as stream:
        async for event in stream:
            match event:
                case Delta():
                    for name, reply in verdicts.feed(event.text):
                        yield VerdictReady(point=proof.point(points[name], reply))
                case Restarted():
                    verdicts = asked.form.stream()
                    yield VerdictsCleared(why=event.why)
                case Completion():
                    yield event


def _with_repair(messages: tuple[Message, ...], reply: str, fault: BadReply, repair: Prompt) -> tuple[Message, ...]:
    return (
        *messages,
        Message(role="assistant", content=reply[:LONGEST_RAW_REPLY]),
        *(Message(role=part.role, content=part.text) for part in repair.parts(problem=str(fault))),
    )
