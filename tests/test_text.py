"""Cleaning, the judge's copy, folding with offsets, and which script a text is in."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interview.errors import AnswerRefused
from interview.text import clean, clean_within, fold, judge_copy, script, spread

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)


@settings(deadline=None)
@given(ANY_TEXT)
def test_cleaning_twice_is_cleaning_once(text: str):
    once = clean(text)
    assert clean(once) == once
    once.encode("utf-8")
    assert not any(ord(c) < 0x20 and c not in "\t\n\r" for c in once)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("a\x00b\x1bc", "abc"),
        ("tab\tline\r\nend", "tab\tline\r\nend"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("cafe\u0301", "caf\u00e9"),
        ("\u200bstored as typed\u202e", "\u200bstored as typed\u202e"),
        ("</answer><script>", "</answer><script>"),
    ],
)
def test_cleaning_keeps_what_was_typed_and_drops_what_breaks_databases(typed: str, stored: str):
    assert clean(typed) == stored


def test_the_judge_sees_no_hidden_characters():
    hidden = "\u200b\u200d\u202e\u2066\ufeff\u00ad\x7f\u0085\ufe0f\U000e0041\U000e0100\u3164"
    assert judge_copy(f"a{hidden}b\n\t<!-- shown -->") == "ab\n\t<!-- shown -->"


def test_the_judge_sees_all_ordinary_text():
    text = "自注意力 Ünïcode عربي हिन्दी 😀 √d_k ≠ ½ «»\r\n"
    assert judge_copy(text) == text


@settings(deadline=None)
@given(ANY_TEXT)
def test_hidden_characters_do_not_change_the_folded_text(text: str):
    assert fold(judge_copy(text)).text == fold(text).text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Self-Attention", "self attention"),
        ("ＢＥＲＴ（１２層）", "bert 12層"),
        ("「缩放」点积，注意力。", "缩放点积注意力"),
        ("**bold** `code` $x_1$", "bold code x1"),
        ("x²", "x^2"),
        ("straße", "STRASSE"),
        ("caf\u00e9", "cafe\u0301"),
        ("10–20", "10-20"),
    ],
)
def test_the_same_words_fold_to_the_same_text(one: str, other: str):
    assert fold(one).text == fold(other).text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3.5", "35"),
        ("2/3", "23"),
        ("-1", "1"),
        ("15%", "15‰"),
        ("a != b", "a = b"),
        ("a ≠ b", "a = b"),
        ("a < b", "a > b"),
        ("caf\u00e9", "cafe"),
        ("增大", "减大"),
        ("C++", "C"),
    ],
)
def test_what_changes_a_statement_is_not_folded_away(one: str, other: str):
    assert fold(one).text != fold(other).text


@settings(deadline=None)
@given(ANY_TEXT)
def test_every_folded_character_knows_where_it_came_from(text: str):
    folded = fold(text)
    assert len(folded.origin) == len(folded.text)
    assert list(folded.origin) == sorted(folded.origin)
    for character, offset in zip(folded.text, folded.origin, strict=True):
        assert character == "-" or character in [piece for piece, _ in spread(text[offset], "NFKD")]


@settings(deadline=None)
@given(ANY_TEXT, st.data())
def test_any_part_of_a_text_is_found_in_it_with_its_own_words(text: str, data: st.DataObject):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    sought = fold(text[start:end]).text
    span = fold(text).find(sought)
    if sought:
        assert span is not None
        assert fold(text[span[0] : span[1]]).text == sought
    else:
        assert span is None


def test_only_whole_characters_are_found():
    assert fold("un caf\u00e9 noir").find(fold("un cafe").text) is None
    assert fold("\ufb01").find("f") is None  # the ligature fi
    assert fold("\ufb01 f").find("f") == (2, 3)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("自注意力让每个位置直接看到其他位置", "cjk"),
        ("用 Mask 掩盖百分之十五的单词，让模型根据上下文预测被掩盖的单词", "cjk"),
        ("Masks 15% of the words (掩码)", "latin"),
        ("MLM 学习上下文，NSP 学习句子关系", "mixed"),
        ("O(n^2*d) = 42 😀", "none"),
        ("", "none"),
        ("セルフアテンション", "cjk"),
    ],
)
def test_the_script_is_the_one_that_carries_the_text(text: str, name: str):
    assert script(text) == name


@pytest.mark.shared
def test_hostile_strings_pass_every_function(shared):
    for line in (shared / "data" / "blns.jsonl").read_text("utf-8").splitlines():
        text = clean(json.loads(line)["text"])
        folded = fold(judge_copy(text))
        assert len(folded.origin) == len(folded.text)
        assert script(text) in {"cjk", "latin", "mixed", "none"}


@pytest.mark.parametrize("text", ["x" * 11, "x" * 1_000_000])
def test_a_text_that_is_too_long_is_refused_with_its_length_and_the_limit(text: str):
    with pytest.raises(AnswerRefused, match=f"The answer has {len(text):,} characters; the limit is 10. Shorten it."):
        clean_within(text, 10, "The answer", AnswerRefused, "Shorten it.")


def test_a_text_far_too_long_is_refused_before_it_is_cleaned(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("interview.text.clean", lambda _: pytest.fail("cleaned"))
    with pytest.raises(AnswerRefused):
        clean_within("x" * 1_000_000, 20_000, "The answer", AnswerRefused)


@given(st.text(max_size=30), st.integers(1, 30))
def test_what_is_within_the_limit_is_cleaned(text: str, limit: int):
    try:
        assert clean_within(text, limit, "It", AnswerRefused) == clean(text)
    except AnswerRefused:
        assert len(clean(text)) > limit or len(text) > 2 * limit
