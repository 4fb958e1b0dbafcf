"""Answers that people have graded: what graders are compared with."""

import random
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from interview.calibration.metrics import levels_of
from interview.calibration.rows import Row, read_table, require_unique
from interview.models import Language, Question, Value
from interview.text import cjk_share

_COLUMNS = ("id", "question_id", "question", "reference", "answer", "score", "max_score")
# Chinese notes may be full of English terms, English ones may quote a Chinese word.
_NO_CHINESE, _CHINESE = 0.1, 0.4


class HumanGrade(Value):
    """One answer with the grade that a person gave it. Grades are shares (0-1) of their maximum.

    `references` are all good answers that the row names, the first one first; none where it has none. `rater_a` and
    `rater_b` are the grades of two people, where both are given.
    """

    row: int
    id: str
    question: Question
    references: tuple[str, ...]
    answer: str
    lang: Language
    grade: float
    rater_a: float | None = None
    rater_b: float | None = None


class HumanGrades(Value):
    """The rows of one file, or a sample of them. `levels` (0-1, rising) are those of the whole file."""

    file: str
    digest: str
    levels: tuple[float, ...]
    rows: tuple[HumanGrade, ...]

    @cached_property
    def questions(self) -> int:
        """How many questions the rows belong to."""
        return len({row.question.id for row in self.rows})

    def sample(self, size: int, seed: int) -> "HumanGrades":
        """Return `size` rows drawn without replacement, in the order of the file; all where there are no more."""
        drawn = sorted(random.Random(seed).sample(range(len(self.rows)), min(size, len(self.rows))))
        return self.model_copy(update={"rows": tuple(self.rows[index] for index in drawn)})


def read_human_grades(path: Path) -> HumanGrades:
    """Read human-graded answers from JSONL or CSV.

    Columns: id, question_id, question, reference, answer, score, max_score; and where there are any references (a
    list), score_a and score_b (two raters), lang. Raises ContentError naming the row and what was expected, also where
    rows are in different languages: figures over both would describe neither.
    """
    table = read_table(path)
    for row in table.rows:
        row.require(_COLUMNS)
    known: list[Language] = [found for row in table.rows if (found := _language(row))]
    lang = known[0] if known else "en"
    rows = tuple(_read(row, lang) for row in table.rows)
    require_unique(table.rows)
    _require_one_language(table.rows)
    return HumanGrades(file=table.file, digest=table.digest, levels=levels_of([row.grade for row in rows]), rows=rows)


def _require_one_language(rows: Sequence[Row]) -> None:
    known = [(row, lang) for row in rows if (lang := _language(row))]
    for row, lang in known:
        first, expected = known[0]
        if lang != expected:
            raise row.wrong(
                f"mixed languages: this row is {lang}, row {first.number} is {expected}. Evaluate one language at a "
                "time; where a row is taken for another language than it is, name it in a column `lang`"
            )


def _read(row: Row, lang: Language) -> HumanGrade:
    maximum = row.number_in("max_score")
    if maximum <= 0:
        raise row.wrong(f"max_score: expected a number above 0, found {maximum:g}")
    reference = row.text("reference", empty=True)
    given = (reference, *row.texts("references"))
    references = tuple(dict.fromkeys(text for text in given if text.strip()))
    if row.has("score_a") != row.has("score_b"):
        raise row.wrong("expected both score_a and score_b, or neither")
    raters = row.has("score_a")
    return HumanGrade(
        row=row.number,
        id=row.text("id"),
        question=Question(
            id=row.text("question_id"),
            section="",
            number=None,
            text=row.text("question"),
            file=Path(row.file).name,
            line=row.number,
            reference=references[0] if references else "",
        ),
        references=references,
        answer=row.text("answer", empty=True),
        lang=lang,
        grade=row.share("score", maximum),
        rater_a=row.share("score_a", maximum) if raters else None,
        rater_b=row.share("score_b", maximum) if raters else None,
    )


def _language(row: Row) -> Language | None:
    """The language that the row names, else that of question and reference; None where these leave it open."""
    named = row.language()
    if named is not None:
        return named
    share = cjk_share(f"{row.text('question')}\n{row.text('reference', empty=True)}")
    if share is None or _NO_CHINESE <= share < _CHINESE:
        return None
    return "zh" if share >= _CHINESE else "en"
