"""Typed wishes by closed rules, and follow-ups and hints that lead to a point without naming it."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interview.backends.backend import Completion, CompletionRequest
from interview.conversation import (
    NEUTRAL,
    authors_follow_up,
    gives_away,
    make_follow_up,
    make_hint,
    missing_point,
    wants_follow_up,
    wish_of,
)
from interview.errors import LastingFault
from interview.models import (
    Answer,
    Graded,
    Grading,
    KeyPoint,
    Language,
    PointGrade,
    Session,
    SessionPlan,
    Turn,
    Verdict,
)
from interview.prompts import load_prompts
from tests.conftest import REPO
from tests.made_up import Clock, graded, make_question

PROMPTS = load_prompts(REPO / "prompts")
NOW = Clock().now
QUESTION = make_question(reference="Self-attention compares every token with every other token.")


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        *(
            (text, "hint")
            for text in (
                "给点提示",
                "提示",
                "提示一下吧",
                "再给一个提示",
                "请给我一点提示。",
                "Hint, please!",
                "give me a hint",
                "Can I have another hint?",
            )
        ),
        *(
            (text, "reveal")
            for text in (
                "看答案",
                "参考答案",
                "直接看答案吧",
                "答案是什么？",
                "show me the answer",
                "What is the answer?",
            )
        ),
        *(
            (text, "skip")
            for text in ("跳过", "跳过这题吧", "下一题", "过", "skip", "Skip this one, please", "next question")
        ),
        *(
            (text, "repeat")
            for text in (
                "重复一遍问题",
                "再说一遍",
                "题目是什么？",
                "repeat the question",
                "Could you repeat the question?",
                "say that again",
            )
        ),
        *((text, "source") for text in ("来源", "看看原文", "show me the source", "Where is this from?")),
        *((text, "stuck") for text in ("不知道", "我不太清楚。", "I don't know", "no idea")),
    ],
)
def test_a_message_that_is_a_wish_as_a_whole(text: str, wish: str):
    assert wish_of(text, QUESTION) == wish


@pytest.mark.parametrize(
    "text",
    [
        "提示学习用模板把任务变成填空。",
        "答案是注意力权重",
        "跳过连接让梯度直接流过",
        "skip connections carry the gradient",
        "the answer is softmax",
        "A hint token",
        "我不知道怎么推导，但是权重来自查询和键",
        "next token prediction",
        "重复惩罚会降低已经出现的词的概率",
        "",
    ],
)
def test_an_answer_that_contains_such_words_is_an_answer(text: str):
    assert wish_of(text, QUESTION) is None


def test_a_bare_word_that_the_notes_have_is_an_answer():
    assert wish_of("pass", make_question(reference="`pass` does nothing.")) is None
    assert wish_of("pass", QUESTION) == "skip"


@given(st.text(alphabet="我想请给点提示跳过pleasecn i,。？", max_size=70))
def test_no_text_makes_the_rules_wait(text: str):
    wish_of(text, QUESTION)


def points(*verdicts: Verdict, weights: tuple[float, ...] = ()) -> tuple[PointGrade, ...]:
    texts = ("tokens are compared pairwise", "weights pass through softmax", "values are averaged")
    return tuple(
        PointGrade(
            id=f"k{n}",
            text=texts[n - 1],
            weight=weights[n - 1] if weights else 1,
            kind="required",
            verdict=verdict,
            verified=True,
        )
        for n, verdict in enumerate(verdicts, start=1)
    )


def turn(n: int, grade: Graded | None, **fields) -> Turn:
    answer = Answer(id=f"a{n}", turn_id=f"t{n}", text="It compares tokens somehow.", created_at=NOW)
    grading = Grading(
        id=f"g{n}",
        answer_id=answer.id,
        grader="judge",
        rubric="default",
        state="done" if grade else "pending",
        attempt=1,
        created_at=NOW,
        outcome=grade,
    )
    known = {"id": f"t{n}", "session_id": "s", "position": 0, "attempt": n, "question": QUESTION, "state": "answered"}
    return Turn(**{**known, "asked_at": NOW, "answer": answer, "gradings": (grading,), **fields})


def session(*turns: Turn, **plan) -> Session:
    made = SessionPlan(**{"lang": "en", "follow_ups": 1, **plan})
    return Session(id="s", title="t", plan=made, created_at=NOW, questions=(QUESTION,), turns=turns)


def test_only_an_answer_with_missing_points_is_followed_up_and_only_so_often():
    lacking, full = (
        turn(1, graded(key_points=points("covered", "missing"))),
        turn(1, graded(key_points=points("covered"))),
    )
    assert wants_follow_up(session(lacking), lacking)
    assert not wants_follow_up(session(full), full)
    assert not wants_follow_up(session(lacking, follow_ups=0), lacking)
    assert not wants_follow_up(session(lacking, mode="mock"), lacking)
    again = turn(2, graded(key_points=points("missing", "missing")), follow_up="And?", parent="t1")
    assert not wants_follow_up(session(lacking, again), again)
    assert wants_follow_up(session(lacking, again, follow_ups=2), again)
    assert not wants_follow_up(session(lacking, again, follow_ups=2), lacking)  # no longer the newest
    pending = turn(1, None)
    assert not wants_follow_up(session(pending), pending)


def test_what_is_asked_for_is_the_most_valuable_point_that_no_turn_made():
    first = turn(1, graded(key_points=points("missing", "missing", "covered", weights=(1, 3, 9))))
    assert missing_point([first]).id == "k2"  # type: ignore[union-attr]
    then = turn(2, graded(key_points=points("missing", "covered", "missing", weights=(1, 3, 9))), follow_up="And?")
    assert missing_point([first, then]).id == "k1"  # type: ignore[union-attr]


def test_a_follow_up_that_names_the_point_gives_it_away():
    assert gives_away("Do the weights pass through softmax?", "weights pass through softmax", "")
    assert not gives_away("How do the scores become weights?", "weights pass through softmax", "the weights")
    assert not gives_away("What happens to the scores?", "weights pass through softmax", "")


class Says:
    """A backend that says what it is told to, and keeps what it was asked."""

    name, host, model = "says", "127.0.0.1", "says"

    def __init__(self, *replies: str, field: str = "question") -> None:
        self.replies = list(replies)
        self.field = field
        self.asked: list[CompletionRequest] = []

    async def complete(self, request: CompletionRequest):
        self.asked.append(request)
        if not self.replies:
            raise LastingFault("refused", fault="key_refused")
        yield Completion(text=json.dumps({self.field: self.replies.pop(0)}), rung="json_schema", model="says")

    async def close(self) -> None:
        pass


LACKING = turn(1, graded(key_points=points("covered", "missing")))


def made(backend: Says | None, *turns: Turn) -> str | None:
    return asyncio.run(make_follow_up(turns or (LACKING,), backend, PROMPTS, "en"))  # type: ignore[arg-type]


def test_a_models_follow_up_is_checked_and_asked_for_again_once():
    backend = Says("Is it softmax that the weights pass through?", "What happens to the scores before they are used?")
    assert made(backend) == "What happens to the scores before they are used?"
    assert [request.purpose for request in backend.asked] == ["follow_up", "follow_up"]
    assert "names what" in backend.asked[1].messages[-1].content
    assert backend.asked[0].session_id == "s"


def test_where_no_model_helps_a_neutral_one_names_nothing_and_is_asked_once():
    assert made(Says("softmax weights pass?", "weights pass softmax?")) == NEUTRAL["en"]
    assert made(Says()) == NEUTRAL["en"]
    again = turn(2, graded(key_points=points("missing", "missing")), follow_up=NEUTRAL["en"])
    assert made(Says("What else?"), LACKING, again) is None


def test_the_authors_follow_up_comes_first_and_needs_no_model():
    question = QUESTION.model_copy(update={"follow_ups": ("Why scaled?", "At what cost?")})
    first = LACKING.model_copy(update={"question": question})
    backend = Says("never asked")
    assert made(backend, first) == "Why scaled?"
    assert not backend.asked
    assert authors_follow_up([first, first.model_copy(update={"follow_up": "Why scaled?"})]) == "At what cost?"
    assert made(None) is None


SOFTMAX = KeyPoint(id="k2", text="weights pass through softmax")


def hinted(backend: Says, lang: Language = "en", point: KeyPoint = SOFTMAX, **fields) -> str:
    asked = turn(1, None, state="open", answer=None, gradings=(), **fields)
    return asyncio.run(make_hint(asked, point, backend, PROMPTS, lang))  # type: ignore[arg-type]


def test_a_hint_that_names_its_point_is_asked_for_again_once():
    backend = Says("Think of softmax for the weights.", "  How do scores come to add up to one?\n", field="hint")
    assert hinted(backend) == "How do scores come to add up to one?"
    assert [request.purpose for request in backend.asked] == ["hint", "hint"]
    assert "names what" in backend.asked[1].messages[-1].content
    with pytest.raises(LastingFault, match="names what"):
        hinted(Says("softmax weights pass", "weights pass softmax", field="hint"))


def test_what_the_question_says_already_gives_nothing_away():
    point = KeyPoint(id="k1", text="every token attends to every token at once")
    with pytest.raises(LastingFault, match="names what"):
        hinted(Says(*["Which token attends to which?"] * 2, field="hint"), point=point)
    asked = QUESTION.model_copy(update={"text": "What does a token that attends look at?"})
    assert hinted(Says("Which token attends to which?", field="hint"), point=point, question=asked)


def test_a_hint_of_one_language_is_checked_by_its_characters_and_the_model_is_told_the_language():
    point = KeyPoint(id="k1", text="除以维度的平方根防止梯度消失")
    backend = Says("想一想除以平方根的作用", "数值很大的时候，归一化会怎样？", field="hint")
    assert hinted(backend, "zh", point) == "数值很大的时候，归一化会怎样？"
    assert "简体中文" in backend.asked[0].messages[0].content
    english = Says("Which step turns scores into shares?", field="hint")
    hinted(english)
    assert "Write in English" in english.asked[0].messages[0].content


@pytest.mark.parametrize("text", ["", "  ", "so " * 101])
def test_a_hint_that_is_empty_or_too_long_is_none(text: str):
    with pytest.raises(LastingFault, match="at most 300 characters"):
        hinted(Says(text, text, field="hint"))


def test_a_model_is_told_the_hints_before_and_no_text_leaves_its_place():
    backend = Says("Which step turns scores into shares?", field="hint")
    before = ('Mind\nthe "scale".',)
    hinted(backend, written_hints=before, hints_shown=1)
    prompt = backend.asked[0].messages[-1].content
    assert f"before: {json.dumps(before)}\n" in prompt
