"""What is said around an answer: wishes that are typed in its place, hints before it, follow-ups to what it lacks."""

import re
from collections.abc import Sequence
from typing import Literal

from interview.backends.backend import Backend
from interview.errors import BackendError
from interview.grading.asking import Asker, Wire, form_of
from interview.grading.guard import guard_rule
from interview.grading.words import word_set
from interview.models import Checklist, KeyPoint, Language, PointGrade, Question, Session, Turn
from interview.prompts import LANGUAGE_NAMES, Prompts, prompt_json
from interview.text import fold
from interview.turns import coverage_of, grade_of, turns_at

Wish = Literal["hint", "reveal", "source", "skip", "repeat", "stuck"]

# --- typed wishes: folded text (no spaces, no punctuation, lower case), matched as a whole. What merely contains such
# words is an answer.

_LONGEST_WISH = 60
_LONGEST_TYPED = 1000  # with all that folding takes away; folding a long answer takes as long as reading it
_ALSO_ANSWERS = frozenset({"pass", "next", "help", "source", "repeat", "reveal"})
_PLEASE = (
    "请|麻烦|能不能|可不可以|可以|能|我想|我要|想|我|please|can i|could i|can you|could you|may i|i want|i would like"
    "|id like|i need|lets"
)
_AFTER = "吧|吗|呢|啊|呀|了|谢谢|一下|please|thanks|thank you|now"
_WISHES: dict[Wish, tuple[str, ...]] = {
    "hint": (
        "(给我?|来|要|看)?(一?[点个条]|一些)?(小)?提示|提示(一?下)?我?|(再|多)(给|来)?(我)?(一?[点个条]|一些)?提示|下一[个条]提示",
        "(to)?(give me|get|have|show me|see)?(a|an|another|one more|the|some|next)?(small)?(hints?|clue)|help|help me",
    ),
    "reveal": (
        "(直接)?(给我|告诉我)?(看看|看|显示|公布)?(一下)?(参考|标准|正确)?答案|答案是什么",
        "(to)?(show|reveal|tell|give|see)(me)?(the|an)?(reference|model|right|correct)?answer|reveal|reveal it"
        "|(whats|what is) the answer",
    ),
    "source": (
        "(给我)?(看看|看|显示)?(一下)?(来源|出处|原文|笔记原文|笔记)|在笔记的?哪里|出自哪里",
        "(to)?(show|see)(me)?(the|my)?(source|sources|notes|passage)|source|where is (this|it) from",
    ),
    "skip": (
        "(先)?跳过(这一?[题道]题?|本题|这个(问题)?)?|(先)?(过|下一[题个道]题?|换一?[题个道]题?)",
        "(to)?(skip|pass)(this|it|this one|this question|the question)?|next|next one|next question|move on",
    ),
    "repeat": (
        "(再)?(重复|重说|再说|再读|再念|再问|复述)(一?[遍下次])?(问题|题目|这[道个]?题)?|(问题|题目)是什么"
        "|(再)?(看|读)(一?[遍下])?(问题|题目)",
        "(to)?(repeat|say|read|show)(me)?(the|that|this)?(question|again|it again|that again)|repeat"
        "|(what was|whats|what is) the question(again)?|come again|pardon",
    ),
}


def _pattern(forms: tuple[str, ...]) -> re.Pattern[str]:
    """The forms as folded text has them, without spaces, with what politeness puts around them."""
    joined = f"({_PLEASE}){{0,3}}({'|'.join(forms)})({_AFTER}){{0,3}}"
    return re.compile(joined.replace(" ", "").replace("(", "(?:"))


_PATTERNS: dict[Wish, re.Pattern[str]] = {wish: _pattern(forms) for wish, forms in _WISHES.items()}


def wish_of(text: str, question: Question) -> Wish | None:
    """What a message asks for, where the whole of it is a wish of the closed list; None for an answer.

    A bare word such as `pass` is an answer where the notes have it in their reference. `stuck` is a non-answer such as
    «不知道» or "I don't know".
    """
    folded = fold(text).text if len(text) <= _LONGEST_TYPED else ""
    if not folded or len(folded) > _LONGEST_WISH:
        return None
    if folded in _ALSO_ANSWERS and re.search(rf"\b{folded}\b", question.reference, re.IGNORECASE):
        return None
    for wish, pattern in _PATTERNS.items():
        if pattern.fullmatch(folded):
            return wish
    return "stuck" if guard_rule(question, text) == "non_answer" else None


# --- follow-ups

_MOST_TOLD = 0.25
_LONGEST = 300  # characters of a follow-up or a hint
_MOST_TOKENS = 600
NEUTRAL: dict[Language, str] = {
    "zh": "还有什么可以补充的吗？",
    "en": "Is there anything you would add to that?",
}


class FollowUp(Wire):
    """What a model replies: one question."""

    question: str


def wants_follow_up(session: Session, turn: Turn) -> bool:
    """Whether the newest Turn of a session has an answer with missing points that may still be followed up."""
    if session.plan.mode == "mock" or session.finished_at is not None or session.turns[-1].id != turn.id:
        return False
    turns = turns_at(session, turn.position)
    asked = sum(other.follow_up is not None for other in turns)
    grade = grade_of(turn)
    if turn.answer is None or grade is None or asked >= session.plan.follow_ups:
        return False
    return guard_rule(turn.question, turn.answer.text) is None and missing_point(turns) is not None


def missing_point(turns: Sequence[Turn]) -> PointGrade | None:
    """The most valuable required point that the turns of a question have not made; the first of equal ones."""
    coverage = coverage_of(turns)
    if coverage is None:
        return None
    lacking = [point for point in coverage.required if point.verdict not in ("covered", "cannot_assess")]
    return max(lacking, key=lambda point: (point.weight, point.verdict == "missing"), default=None)


def gives_away(text: str, point: str, known: str) -> bool:
    """Whether a follow-up or a hint names what it leads to.

    That is more than a quarter of the point's content words, those aside that stand in `known` (the question and what
    the candidate said) already.
    """
    secret = word_set(point) - word_set(known)
    return len(secret & word_set(text)) > _MOST_TOLD * len(secret) if secret else False


def authors_follow_up(turns: Sequence[Turn]) -> str | None:
    """The author's next follow-up to a question that was not asked in these turns."""
    asked = {turn.follow_up for turn in turns}
    return next((text for text in turns[0].question.follow_ups if text not in asked), None)


async def make_follow_up(
    turns: Sequence[Turn], backend: Backend | None, prompts: Prompts, lang: Language
) -> str | None:
    """What to ask next about a question; None where there is nothing to ask.

    The author's own follow-up comes first; then a model's, aimed at the most valuable missing point without naming
    it; where that fails, or names it twice, a neutral one that names nothing. Without a model only the author's.
    """
    own = authors_follow_up(turns)
    point = missing_point(turns)
    if own is not None or backend is None or point is None:
        return own
    if any(turn.follow_up == NEUTRAL[lang] for turn in turns):
        return None
    said = "\n".join(turn.answer.text for turn in turns if turn.answer is not None)
    try:
        return await _asked(turns[-1], point, said, backend, prompts, lang)
    except BackendError:
        return NEUTRAL[lang]


async def _asked(turn: Turn, point: PointGrade, said: str, backend: Backend, prompts: Prompts, lang: Language) -> str:
    question: Question = turn.question
    parts = prompts["follow_up"].parts(
        language=LANGUAGE_NAMES[lang],
        question=prompt_json(question.text),
        point=prompt_json(point.text),
        answer=prompt_json(said),
    )
    known = f"{question.text}\n{said}"

    def check(reply: FollowUp) -> str:
        return _objection("question", reply.question.strip(), point.text, known)

    asker = Asker(backend, prompts, purpose="follow_up", session_id=turn.session_id)
    reply = await asker.ask(parts, form_of(FollowUp, check), max_tokens=_MOST_TOKENS)
    return reply.question.strip()


def _objection(field: str, text: str, point: str, known: str) -> str:
    """What is wrong with a model's words, in words for that model; empty where nothing is."""
    if not text or len(text) > _LONGEST:
        return f"{field}: expected one sentence of at most {_LONGEST} characters"
    if gives_away(text, point, known):
        return f"{field}: it names what the candidate should find; lead there without the words of the point"
    return ""


# --- hints

MOST_HINTS = 3


class Hint(Wire):
    """What a model replies: one hint."""

    hint: str


def points_to_hint(checklist: Checklist) -> tuple[KeyPoint, ...]:
    """What a model's hints lead to, one after the other, at most MOST_HINTS.

    Required points come before others, of these the weightier first; equal ones in their order.
    """
    ranked = sorted(checklist.points, key=lambda point: (point.kind != "required", -point.weight))
    return tuple(ranked[:MOST_HINTS])


async def make_hint(turn: Turn, point: KeyPoint, backend: Backend, prompts: Prompts, lang: Language) -> str:
    """A model's hint that leads to `point` without naming it. BackendError: there is none."""
    question = turn.question
    parts = prompts["hint"].parts(
        language=LANGUAGE_NAMES[lang],
        question=prompt_json(question.text),
        given=prompt_json(turn.hints),
        point=prompt_json(point.text),
    )

    def check(reply: Hint) -> str:
        return _objection("hint", reply.hint.strip(), point.text, question.text)

    asker = Asker(backend, prompts, purpose="hint", session_id=turn.session_id)
    reply = await asker.ask(parts, form_of(Hint, check), max_tokens=_MOST_TOKENS)
    return reply.hint.strip()
