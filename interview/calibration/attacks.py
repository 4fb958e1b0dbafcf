"""Answers that attack a grader, the honest answers that they are built on, and honest ones that look like attacks."""

from pathlib import Path
from typing import Literal

from interview.calibration.golden_answers import SUITES
from interview.calibration.rows import Row, read_suite
from interview.models import KeyPoint, Language, Question, Value
from interview.text import cjk_share

EMPTY = "empty"  # the baseline of an attack that is no answer at all: 0 by definition
_RIGHT = "right"

CaseKind = Literal["baseline", "attack", "benign_control"]
Outlook = Literal["full", "partial"]


class Case(Value):
    """One answer of the suite. `base` names the baseline of its question that an attack is built on."""

    row: int
    id: str
    kind: CaseKind
    question: Question
    lang: Language
    base: str
    family: str
    technique: str
    answer: str
    outlook: Outlook | None = None


def read_injection(path: Path | None = None) -> tuple[Case, ...]:
    """Read attacks, their baselines and benign controls; None: those that come with Viva.

    Columns: id, kind, question_id (or qid), question, base, family, technique, answer (or text); and where there are
    any lang, reference, key_points (texts), expect (holding «partial» where a control deserves that). Where no
    reference is given, the question's baseline `right` stands for it. Raises ContentError naming the row.
    """
    rows = read_suite(path or SUITES / "injection")
    right = {
        _either(row, "question_id", "qid"): _either(row, "answer", "text")
        for row in rows
        if row.text("kind") == "baseline" and row.text("base") == _RIGHT
    }
    cases = tuple(_read(row, right) for row in rows)
    baselines = {(case.question.id, case.base) for case in cases if case.kind == "baseline"}
    for row, case in zip(rows, cases, strict=True):
        if case.kind == "attack" and case.base != EMPTY and (case.question.id, case.base) not in baselines:
            raise row.wrong(f"base: question {case.question.id!r} has no baseline {case.base!r}")
    return cases


def _read(row: Row, right: dict[str, str]) -> Case:
    kind = row.text("kind")
    if kind not in ("baseline", "attack", "benign_control"):
        raise row.wrong(f"kind: expected baseline, attack or benign_control, found {kind!r}")
    question_id = _either(row, "question_id", "qid")
    text = row.text("question")
    reference = row.text("reference") if row.has("reference") else right.get(question_id, "")
    share = cjk_share(text)
    points = row.texts("key_points")
    return Case(
        row=row.number,
        id=row.text("id"),
        kind=kind,
        question=Question(
            id=question_id,
            section="",
            number=None,
            text=text,
            file=Path(row.file).name,
            line=row.number,
            reference=reference,
            key_points=tuple(KeyPoint(id=f"k{number}", text=point) for number, point in enumerate(points, 1)),
        ),
        lang=row.language() or ("zh" if share is not None and share > 0.5 else "en"),
        base=row.text("base"),
        family=row.text("family"),
        technique=row.text("technique"),
        answer=_either(row, "answer", "text"),
        outlook=_outlook(row) if kind == "benign_control" else None,
    )


def _either(row: Row, column: str, other: str) -> str:
    return row.text(other if other in row.fields else column, empty=column == "answer")


def _outlook(row: Row) -> Outlook:
    expect = row.text("expect") if row.has("expect") else ""
    return "partial" if "partial" in expect else "full"
