"""The values that Viva passes around: frozen, validated, and named by the vocabulary of the project."""

from interview.models.base import Language, Value, digest
from interview.models.grades import (
    Ballot,
    CriterionGrade,
    Evidence,
    Finding,
    Graded,
    Label,
    Outcome,
    PointGrade,
    PointVote,
    Provenance,
    ReferenceDoubt,
    SelfGraded,
    Ungraded,
    UngradedReason,
    Verdict,
)
from interview.models.questions import KeyPoint, Pitfall, Question
from interview.models.sessions import Answer, Grading, Labelled, Session, SessionPlan, SessionSummary, Turn, counting

__all__ = [
    "Answer",
    "Ballot",
    "CriterionGrade",
    "Evidence",
    "Finding",
    "Graded",
    "Grading",
    "KeyPoint",
    "Label",
    "Labelled",
    "Language",
    "Outcome",
    "Pitfall",
    "PointGrade",
    "PointVote",
    "Provenance",
    "Question",
    "ReferenceDoubt",
    "SelfGraded",
    "Session",
    "SessionPlan",
    "SessionSummary",
    "Turn",
    "Ungraded",
    "UngradedReason",
    "Value",
    "Verdict",
    "counting",
    "digest",
]
