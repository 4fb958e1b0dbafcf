"""The bank that ships with Viva: its form, its two languages, its code, and the answers of known coverage."""

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest

from interview.models import Language, Question, Verdict
from interview.notes.bank import QuestionBank
from interview.notes.library import PROJECT, built_in
from interview.rubrics import load_rubrics

# The sections that the users' notes have, then those of 2026.
GROWN_FROM_NOTES = {
    **{"transformer": 18, "nlp": 5, "preprocessing": 4, "llm": 7, "other-nlp": 4, "business": 3, "python": 6},
}
OF_2026 = {
    **{"arch": 6, "train": 6, "align": 6, "serve": 5, "rag": 2},
    **{"agent": 3, "eval": 2, "safety": 2, "mm": 1, "code": 3},
}
LANGUAGES: tuple[Language, ...] = get_args(Language)
BANKS: dict[Language, QuestionBank] = {lang: built_in(lang) for lang in LANGUAGES}
SECTIONS = GROWN_FROM_NOTES | OF_2026
GOLDEN = PROJECT / "interview" / "calibration" / "suites" / "golden"
KINDS = {"zh": {"full", "half", "wrong", "beyond", "evasive", "short"}, "en": {"full", "half", "wrong", "short"}}

each_language = pytest.mark.parametrize("lang", LANGUAGES)
each_question = pytest.mark.parametrize(
    ("lang", "question"),
    [
        pytest.param(lang, question, id=f"{question.id}-{lang}")
        for lang in LANGUAGES
        for question in BANKS[lang].questions
    ],
)


@cache
def golden(lang: Language) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for file in sorted(GOLDEN.glob(f"*.{lang}.jsonl"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]


@each_language
def test_all_questions_are_there_by_their_ids_and_the_check_of_notes_finds_nothing(lang: Language):
    bank = BANKS[lang]
    assert {question.id for question in bank.questions} == {
        f"{section}-{number:02}" for section, count in SECTIONS.items() for number in range(1, count + 1)
    }
    assert sum(GROWN_FROM_NOTES.values()) == 47
    assert sum(OF_2026.values()) == 36
    assert bank.problems == ()
    assert list(dict.fromkeys(Path(question.file).stem for question in bank.questions)) == list(SECTIONS)
    for question in bank.questions:
        assert question.id == f"{Path(question.file).stem}-{question.number:02}"


@each_question
def test_every_entry_is_in_full_form(lang: Language, question: Question):
    def length(text: str) -> int:
        return len("".join(text.split())) if lang == "zh" else len(text.split())

    shortest, longest = (150, 700) if lang == "zh" else (90, 400)
    assert shortest <= length(question.reference)
    assert length(re.sub(r"```.*?```", "", question.reference, flags=re.DOTALL)) <= longest
    assert 3 <= len(question.key_points) <= 7
    assert any(point.kind == "required" for point in question.key_points)
    assert 1 <= len(question.pitfalls) <= 3
    assert 1 <= len(question.follow_ups) <= 3
    assert 2 <= len(question.hints) <= 3
    assert question.difficulty
    assert 2 <= len(question.tags) <= 4
    assert all(tag.isascii() for tag in question.tags)
    # A year, or the version of a documentation.
    assert question.sources
    assert all(re.search(r"\d", source) for source in question.sources)
    assert question.rubric is None or question.rubric in load_rubrics(PROJECT / "rubrics")


def test_both_languages_have_the_same_questions():
    def form(question: Question) -> tuple[object, ...]:
        points = tuple((point.id, point.weight, point.kind) for point in question.key_points)
        counts = (len(question.pitfalls), len(question.follow_ups), len(question.hints))
        return question.number, question.difficulty, question.tags, question.rubric, question.sources, points, counts

    zh, en = ({question.id: form(question) for question in BANKS[lang].questions} for lang in LANGUAGES)
    assert zh == en


def test_half_of_the_questions_have_a_bonus_point():
    bonus = [any(point.kind == "bonus" for point in question.key_points) for question in BANKS["zh"].questions]
    assert sum(bonus) >= len(bonus) / 2


@each_language
def test_the_code_of_every_entry_runs_and_shows_what_the_text_says(lang: Language):
    blocks = [
        (question.id, block)
        for question in BANKS[lang].questions
        for block in re.findall(r"^```python\n(.*?)^```", question.reference, re.MULTILINE | re.DOTALL)
    ]
    assert len(blocks) >= 5
    assert any("assert" in block for _, block in blocks)
    for name, block in blocks:
        exec(compile(block, name, "exec"), {"__name__": name})


@each_language
def test_every_answer_of_known_coverage_is_in_form(lang: Language):
    for row in golden(lang):
        assert row.keys() == {"id", "question_id", "lang", "kind", "answer", "expected"}
        assert row["id"] == f"{row['question_id']}.{lang}.{row['kind']}"
        assert row["lang"] == lang
        points = BANKS[lang].find(row["question_id"]).key_points
        assert row["expected"].keys() == {point.id for point in points}, row["id"]
        assert set(row["expected"].values()) <= set(get_args(Verdict)) - {"cannot_assess"}


@each_question
def test_every_question_has_its_answers_of_known_coverage(lang: Language, question: Question):
    kinds = [row["kind"] for row in golden(lang) if row["question_id"] == question.id]
    assert Counter(kinds) == Counter(KINDS[lang])


@each_language
def test_the_kinds_mean_what_they_say(lang: Language):
    for row in golden(lang):
        points = {point.id: point for point in BANKS[lang].find(row["question_id"]).key_points}
        required = [verdict for name, verdict in row["expected"].items() if points[name].kind == "required"]
        match row["kind"]:
            case "full":
                assert set(required) == {"covered"}, row["id"]
            case "short":
                # What an expert says in two or three sentences earns nearly all of what is asked.
                assert set(required) <= {"covered", "partial"}, row["id"]
                assert required.count("partial") <= 1, row["id"]
                assert len(re.findall(r"[。！？]|[.!?](?=\s|$)", row["answer"])) <= 5, row["id"]
            case "half":
                assert {"covered", "missing"} <= set(row["expected"].values()), row["id"]
            case "wrong":
                assert "covered" not in required or "contradicted" in row["expected"].values(), row["id"]
            case "evasive":
                assert set(row["expected"].values()) == {"missing"}, row["id"]
            case _:
                assert required.count("missing") < len(required), row["id"]


@each_language
def test_no_answer_copies_a_sentence_of_the_reference(lang: Language):
    def sentences(text: str) -> set[str]:
        return {"".join(part.split()) for part in re.split(r"[。！？；\n]|[.!?;](?=\s|$)", text)}

    longest = 15 if lang == "zh" else 60
    for row in golden(lang):
        theirs = sentences(BANKS[lang].find(row["question_id"]).reference)
        copied = {one for one in sentences(row["answer"]) & theirs if len(one) > longest}
        assert not copied, (row["id"], copied)


@pytest.mark.shared
def test_the_bank_shows_no_sentence_of_the_users_notes(shared: Path):
    def runs(text: str) -> set[str]:
        prose = re.sub(r"```.*?```|`[^`]*`|\$[^$]*\$", "|", text, flags=re.DOTALL)
        prose = re.sub(r"[\s，。、：；！？（）“”,.:;!?()*-]", "", prose)
        return {run[i : i + 12] for run in re.findall(r"[\u4e00-\u9fff]{12,}", prose) for i in range(len(run) - 11)}

    theirs = runs((shared / "notes" / "nlp-interview-notes.md").read_text(encoding="utf-8"))
    assert len(theirs) > 1000
    ours = [*(PROJECT / "notes" / "zh").glob("*.md"), *GOLDEN.glob("*.zh.jsonl"), PROJECT / "docs" / "errata.md"]
    for file in ours:
        assert not runs(file.read_text(encoding="utf-8")) & theirs, file.name
