"""The values that Viva passes around: frozen, validated, and named by the vocabulary of the project."""

from interview.models.base import Language, Value, digest
from interview.models.checklists import Checklist, ChecklistPoint, Dispute, basis_of, notes_digest
from interview.models.grades import (
    Alternative,
    CriterionGrade,
    Evidence,
    Finding,
    Graded,
    Label,
    Outcome,
    PointGrade,
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
    "Alternative",
    "Answer",
    "Checklist",
    "ChecklistPoint",
    "CriterionGrade",
    "Dispute",
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
    "basis_of",
    "counting",
    "digest",
    "notes_digest",
]
