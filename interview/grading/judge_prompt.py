"""The prompt of a judge about one answer: the checklist, the form of the reply, and the messages."""

from dataclasses import dataclass, replace
from functools import cached_property, partial

from interview.backends.backend import Message
from interview.grading.asking import Form, messages_of
from interview.grading.grader import GradingRequest
from interview.grading.key_points import split_reference
from interview.grading.reply import Judgement, ReplyForm, reply_form
from interview.models import KeyPoint, Language
from interview.prompts import LANGUAGE_NAMES, Prompt, nonce_of, prompt_json

_WHOLE_ANSWER: dict[Language, str] = {
    "zh": "正确而完整地回答了问题",
    "en": "Answers the question correctly and completely",
}
_GROUP = 3  # key points per call of the careful mode: few enough to weigh each, and a third of the calls


@dataclass(frozen=True)
class Part:
    """The subject of one call: ids of key points and of criteria; `rest`: errors, pitfalls, doubts and feedback."""

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
        """The code on the marker lines around the answer."""
        return nonce_of(self.request.answer, self.secret)

    @cached_property
    def points(self) -> tuple[KeyPoint, ...]:
        """The key points that this call asks about."""
        return tuple(point for point in checklist(self.request) if self.part is None or point.id in self.part.points)

    @property
    def parts(self) -> tuple["JudgePrompt", ...]:
        """The prompts of the careful mode: each key point and each criterion is in exactly one."""
        points = [point.id for point in checklist(self.request)]
        groups = [Part(points=tuple(points[start : start + _GROUP])) for start in range(0, len(points), _GROUP)]
        criteria = [Part(criteria=(criterion.id,)) for criterion in self.request.rubric.criteria]
        return tuple(replace(self, part=part) for part in (*groups, *criteria, Part(rest=True)))

    @property
    def without_checklist(self) -> bool:
        """Whether the notes hold nothing to check against, so that the checklist is not theirs."""
        return not split_reference(self.request.question)

    @cached_property
    def reply(self) -> ReplyForm:
        """The ids that the reply is about."""
        part = self.part
        return reply_form(
            tuple(point.id for point in self.points),
            tuple(
                (one.id, tuple(level.id for level in one.levels))
                for one in self.request.rubric.criteria
                if part is None or one.id in part.criteria
            ),
            tuple(pitfall.id for pitfall in self.request.question.pitfalls),
            part is None or part.rest,
        )

    @property
    def form(self) -> Form[Judgement]:
        """The form of the reply."""
        return Form("judgement", self.reply.schema, partial(self.reply.read, answer=self.request.answer))

    @property
    def max_tokens(self) -> int:
        """The room for a reply; it grows with the checklist."""
        return max(4000, 2000 + 300 * len(self.points))

    @cached_property
    def messages(self) -> tuple[Message, ...]:
        """The messages. The part that every answer to the question shares comes first, byte for byte the same."""
        question, rubric = self.request.question, self.request.rubric
        points = [{"id": one.id, "text": one.text, "kind": one.kind} for one in checklist(self.request)]
        criteria = [
            {
                "id": criterion.id,
                "title": criterion.title["en"],
                "levels": [{"id": level.id, "anchor": level.anchor} for level in criterion.levels],
            }
            for criterion in rubric.criteria
        ]
        parts = self.prompt.parts(
            leniency=rubric.leniency.strip(),
            criteria=prompt_json(criteria),
            feedback_language=LANGUAGE_NAMES[self.request.lang],
            question=prompt_json(question.text),
            reference=prompt_json(question.reference.strip()),
            key_points=prompt_json(points),
            pitfalls=prompt_json([{"id": one.id, "text": one.text} for one in question.pitfalls]),
            reply_shape=self.reply.shape,
            follow_up=prompt_json(self.request.follow_up) if self.request.follow_up else "",
            nonce=self.nonce,
            answer=prompt_json(self.request.answer),
        )
        return messages_of(parts)
