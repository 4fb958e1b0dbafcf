"""What a judge is told about one answer: the checklist, the form of the reply, and the messages."""

import hmac
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from interview.backends.backend import CompletionRequest, Message
from interview.grading.grader import GradingRequest
from interview.grading.key_points import split_reference
from interview.grading.reply import ReplyForm
from interview.models import KeyPoint, Language
from interview.prompts import Prompt
from interview.text import judge_copy

FEEDBACK_LANGUAGE: dict[Language, str] = {"zh": "Simplified Chinese (简体中文)", "en": "English"}
_WHOLE_ANSWER: dict[Language, str] = {
    "zh": "正确而完整地回答了问题",
    "en": "Answers the question correctly and completely",
}


@dataclass(frozen=True)
class Part:
    """What one call asks about: ids of key points and of criteria; `rest`: errors, pitfalls, doubts and feedback."""

    points: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()
    rest: bool = False


def checklist(request: GradingRequest) -> tuple[KeyPoint, ...]:
    """Return the author's key points, else the split reference, else one point for the whole answer."""
    return split_reference(request.question) or (KeyPoint(id="k1", text=_WHOLE_ANSWER[request.lang]),)


@dataclass(frozen=True)
class JudgePrompt:
    """Everything that is asked of a judge about one answer in one call; `secret` makes the nonce unguessable.

    `part` None: about everything. The parts of one answer differ in the form of the reply alone.
    """

    request: GradingRequest
    prompt: Prompt
    secret: bytes
    part: Part | None = None

    @cached_property
    def nonce(self) -> str:
        """The code on the marker lines around the answer: 16 hex digits, the same for the same answer."""
        return hmac.digest(self.secret, self.request.answer.encode(), "sha256").hex()[:16]

    @cached_property
    def points(self) -> tuple[KeyPoint, ...]:
        """The key points that this call asks about."""
        return tuple(point for point in checklist(self.request) if self.part is None or point.id in self.part.points)

    @property
    def without_checklist(self) -> bool:
        """Whether the notes hold nothing to check against, so that the checklist is not theirs."""
        return not split_reference(self.request.question)

    @cached_property
    def form(self) -> ReplyForm:
        """The form of the reply."""
        part = self.part
        return ReplyForm(
            points=tuple(point.id for point in self.points),
            criteria={
                one.id: [level.id for level in one.levels]
                for one in self.request.rubric.criteria
                if part is None or one.id in part.criteria
            },
            pitfalls=tuple(pitfall.id for pitfall in self.request.question.pitfalls),
            rest=part is None or part.rest,
        )

    @cached_property
    def messages(self) -> tuple[Message, ...]:
        """The messages. What every answer to the question shares comes first, byte for byte the same."""
        parts = self.prompt.parts(**self._values())
        return tuple(Message(role=part.role, content=part.text) for part in parts)

    def completion(self, messages: tuple[Message, ...]) -> CompletionRequest:
        """Ask for a reply in the form; room for it grows with the checklist."""
        return CompletionRequest(
            messages=messages,
            schema_name="judgement",
            json_schema=self.form.schema,
            max_tokens=max(4000, 2000 + 300 * len(self.points)),
        )

    def _values(self) -> dict[str, str]:
        question, rubric = self.request.question, self.request.rubric
        points = [
            {"id": point.id, "text": judge_copy(point.text), "kind": point.kind} for point in checklist(self.request)
        ]
        pitfalls = [{"id": pitfall.id, "text": judge_copy(pitfall.text)} for pitfall in question.pitfalls]
        criteria = [
            {
                "id": criterion.id,
                "title": criterion.title["en"],
                "levels": [{"id": level.id, "anchor": level.anchor} for level in criterion.levels],
            }
            for criterion in rubric.criteria
        ]
        return {
            "leniency": rubric.leniency.strip(),
            "criteria": _encoded(criteria),
            "feedback_language": FEEDBACK_LANGUAGE[self.request.lang],
            "question": _encoded(judge_copy(question.text)),
            "reference": _encoded(judge_copy(question.reference).strip()),
            "key_points": _encoded(points),
            "pitfalls": _encoded(pitfalls),
            "reply_shape": self.form.shape,
            "follow_up": _encoded(judge_copy(self.request.follow_up)) if self.request.follow_up else "",
            "nonce": self.nonce,
            "answer": _encoded(judge_copy(self.request.answer)),
        }


def _encoded(content: Any) -> str:
    """JSON on one line: no text in it can end its own string or look like a marker line."""
    return json.dumps(content, ensure_ascii=False)
