"""A clock to turn by hand, and made-up questions and grades, for the tests of store, worker and service."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeVar

from interview import report as reports
from interview.models import Graded, Grading, PointGrade, Provenance, Question, Session
from interview.models.reports import SessionReport
from interview.rubrics import Rubric, load_rubrics
from tests.conftest import REPO

T = TypeVar("T")
RUBRIC = load_rubrics(REPO / "rubrics")["default"]
# 3 × 2 pixels of grey.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAEElEQVR4nGNgaPjP8L+BAQAMAAL/qg5+vgAAAABJRU5ErkJggg=="
)


def some(found: T | None) -> T:
    """What must be there."""
    assert found is not None
    return found


def grade_of(grading: Grading) -> Graded:
    """The grade that a grading must have come to."""
    assert isinstance(grading.outcome, Graded)
    return grading.outcome


def by_default(_: str) -> Rubric:
    """The default rubric, whatever a made-up grade says."""
    return RUBRIC


def report(session: Session) -> SessionReport:
    """The report of a session whose grades are by the default rubric."""
    return reports.report(session, by_default)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def make_question(number: int = 1, **fields) -> Question:
    known = {"id": f"s/q{number}", "section": "S", "number": number, "text": f"Question {number}?", "file": "n.md"}
    return Question(**{**known, "line": number, "reference": f"Answer {number}.", **fields})


def provenance(grader: str = "coverage", kind: Literal["coverage", "judge"] = "coverage") -> Provenance:
    return Provenance(grader=grader, kind=kind, rubric="default@1", question_digest="q", reference_digest="r")


def graded(score: float = 6.0, label: str = "judgement", **fields) -> Graded:
    points = (PointGrade(id="k1", text="point", weight=1, kind="required", verdict="missing", verified=True),)
    known = {"score": score, "max_score": 10, "band": "fair", "label": label, "key_points": points}
    return Graded(**{**known, "provenance": provenance(), **fields})
