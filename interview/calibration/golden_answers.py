"""Answers of known coverage, key point by key point, to the questions that come with Viva."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from interview.calibration.rows import Row, read_suite
from interview.calibration.trials import Trial
from interview.errors import NotFound
from interview.grading.grader import GradingRequest
from interview.grading.key_points import split_reference
from interview.grading.scoring import score
from interview.models import Language, PointGrade, Question, Value, Verdict
from interview.notes.bank import QuestionBank
from interview.notes.library import built_in
from interview.rubrics import CREDITED, Rubric

SUITES = Path(__file__).parent / "suites"


class GoldenAnswer(Value):
    """An answer with the verdict that each key point of its question should get. `kind` says how good it is."""

    row: int
    id: str
    question: Question
    lang: Language
    kind: str
    answer: str
    expected: dict[str, Verdict]


def read_golden(
    path: Path | None = None, bank: Callable[[Language], QuestionBank] = built_in
) -> tuple[GoldenAnswer, ...]:
    """Read a file of golden answers, or all files of a folder; None: those that come with Viva.

    Columns: id, question_id, lang, kind, answer, expected (verdict per key point of that question in the bank of that
    language). Raises ContentError naming the row.
    """
    banks = lru_cache(bank)
    return tuple(_read(row, banks) for row in read_suite(path or SUITES / "golden"))


def golden_trial(answer: GoldenAnswer, rubric: Rubric) -> Trial:
    """Return the grading of one golden answer."""
    request = GradingRequest(question=answer.question, answer=answer.answer, rubric=rubric, lang=answer.lang)
    return Trial(name=answer.id, requests=(request,))


def expected_share(answer: GoldenAnswer, rubric: Rubric) -> float:
    """Return what the expected verdicts are worth (0-1) by the rubric's formula, its criteria left out."""
    points = [
        PointGrade(**point.model_dump(), verdict=answer.expected[point.id], verified=True)
        for point in split_reference(answer.question)
    ]
    worth = score(rubric.model_copy(update={"criteria": (), "base": 1.0}), points, (), ())
    assert worth is not None  # the reader takes no cannot_assess
    return worth.value / worth.max_score


def _read(row: Row, bank: Callable[[Language], QuestionBank]) -> GoldenAnswer:
    lang = row.language()
    if lang is None:
        raise row.wrong("the column 'lang' is missing; expected zh or en")
    try:
        question = bank(lang).find(row.text("question_id"))
    except NotFound as fault:
        raise row.wrong(f"question_id: the {lang} bank has no question {row.text('question_id')!r}") from fault
    return GoldenAnswer(
        row=row.number,
        id=row.text("id"),
        question=question,
        lang=lang,
        kind=row.text("kind"),
        answer=row.text("answer"),
        expected=_expected(row, [point.id for point in split_reference(question)]),
    )


def _expected(row: Row, ids: Sequence[str]) -> dict[str, Verdict]:
    found = row.fields.get("expected")
    expected = cast(dict[str, Any], found) if isinstance(found, dict) else {}
    if not ids or set(expected) != set(ids):
        raise row.wrong(f"expected: expected a verdict for each of {', '.join(ids)}, and for nothing else")
    for name, verdict in expected.items():
        if verdict not in CREDITED:
            raise row.wrong(f"expected.{name}: expected one of {', '.join(CREDITED)}, found {verdict!r}")
    return expected
