"""A quote counts only where code finds exactly these words in the answer."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from interview.grading.evidence import find_evidence
from interview.text import fold

QUESTION = "BERT 的预训练任务是什么？"
ANSWER = "MLM 遮住 15% 的词（[MASK]），\n让模型用上下文预测；NSP 判断两句话是否相邻。学习率 3.5e-5。"
WORDS = st.text(st.sampled_from("自注意力机制梯度消失abcXYZ0123，。 .-\n（）\u200b*éﬁ≠"), min_size=1, max_size=80)


def found(quote: str, answer: str = ANSWER, question: str = QUESTION) -> str | None:
    evidence = find_evidence(quote, answer, question)
    if evidence is None:
        return None
    assert answer[evidence.start : evidence.end] == evidence.quote
    return evidence.quote


@pytest.mark.parametrize(
    ("quote", "words"),
    [
        ("让模型用上下文预测", "让模型用上下文预测"),
        ("mlm遮住15%的词", "MLM 遮住 15% 的词"),
        ("遮住１５％的词([mask])", "遮住 15% 的词（[MASK"),
        ("的词([mask])让模型用", "的词（[MASK]），\n让模型用"),
        ("判断两句话是否相邻。", "判断两句话是否相邻"),
    ],
)
def test_case_width_space_and_punctuation_do_not_matter(quote: str, words: str):
    assert found(quote) == words


@pytest.mark.parametrize(
    "quote",
    [
        "遮住 50% 的词让模型",
        "判断两句话是否相同",
        "让模型用下文预测",
        "判断两句话是否相邻且连贯",
        "遮住 15% 的词，让模型用上下文预测",  # leaves words out
        "学习率 35e-5",
        "学习率 3.5e5",
        "score: 10",
        "",
        "。，！",
        "\u200b\u200b",
    ],
)
def test_other_words_are_no_evidence(quote: str):
    assert found(quote) is None


def test_a_span_counts_in_the_stored_answer_with_its_hidden_characters():
    answer = "前言。注意\u200b力机\u202e制的公式"
    assert found("注意力机制的公式", answer) == "注意\u200b力机\u202e制的公式"


def test_a_quote_of_the_question_proves_nothing():
    assert found("预训练任务是什么", "预训练任务是什么？我认为是 MLM 和 NSP，先遮词再预测") is None
    assert found("预训练任务是什么？我认为是", "预训练任务是什么？我认为是 MLM 和 NSP，先遮词再预测") is not None


@pytest.mark.parametrize("quote", ["上下文", "MLM", "15", "模型", "[MASK]让"])
def test_a_quote_too_short_to_prove_anything(quote: str):
    assert found(quote) is None


@pytest.mark.parametrize("quote", ["用上下文", "NSP 判断", "15% 的词"])
def test_four_characters_or_two_words_are_enough_alone_or_together(quote: str):
    assert found(quote) == quote


def test_short_quotes_count_where_the_whole_answer_is_short():
    assert found("MLM", "MLM和NSP") == "MLM"
    assert found("softmax", "softmax over scores", "Which function normalises?") == "softmax"


@settings(deadline=None)
@given(WORDS, WORDS, WORDS, WORDS)
def test_any_long_enough_part_of_an_answer_verifies(before: str, left: str, right: str, after: str):
    quote = left + "注意力机" + right
    words = found(quote, before + quote + after, "")
    assert words is not None
    assert fold(words).text == fold(quote).text


@settings(deadline=None)
@given(WORDS, st.data())
def test_one_changed_character_never_verifies(answer: str, data: st.DataObject):
    places = [i for i, c in enumerate(answer) if c.isalnum()]
    assume(places)
    place = data.draw(st.sampled_from(places))
    changed = answer[:place] + "词" + answer[place + 1 :]
    assert found(changed, answer, "") is None


def test_a_long_answer_is_searched_in_one_pass():
    answer = "注意力机制" * 3999 + "的梯度消失"
    evidence = find_evidence("注意力机制的梯度消失", answer, QUESTION)
    assert evidence is not None
    assert (evidence.start, evidence.end) == (19990, 20000)
