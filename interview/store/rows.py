"""Rows of the database as values, and values as rows. What was stored once never changes, so parsing is cached."""

import hashlib
import json
from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import TypeAdapter

from interview.errors import DamagedRow
from interview.models import (
    Answer,
    Appeal,
    Contested,
    FailedAttempt,
    Graded,
    Grading,
    Language,
    Outcome,
    Question,
    SelfGraded,
    Session,
    SessionPlan,
    Turn,
    Ungraded,
    UngradedReason,
    Value,
)

TurnState = Literal["open", "answered", "skipped"]
_OUTCOME: TypeAdapter[Outcome] = TypeAdapter(Outcome)


class Claim(Value):
    """A grading that one worker may run until its lease ends. `attempt` and `owner` are the fence.

    `faults` counts the earlier claims after which it was put off, `waiting_for` is the fault of the last one, and
    `bad_replies` counts those of all of them. `contested` is the grade that an appeal is about.
    `follow_up`: what the answer replies to in place of the question, if not empty.
    """

    grading_id: str
    attempt: int
    owner: str
    faults: int
    waiting_for: UngradedReason | None = None
    bad_replies: int = 0
    session_id: str
    turn_id: str
    question: Question
    answer: str
    lang: Language
    grader: str
    rubric: str
    contested: Contested | None = None
    follow_up: str = ""


@lru_cache(maxsize=2048)
def read_question(content: str) -> Question:
    """Question of its stored JSON."""
    return Question.model_validate_json(content)


@lru_cache(maxsize=512)
def read_outcome(content: str) -> Outcome:
    """Outcome of its stored JSON."""
    return _OUTCOME.validate_json(content)


def forget() -> None:
    """Forget the values that were read: rows were deleted."""
    read_question.cache_clear()
    read_outcome.cache_clear()


def write_question(question: Question) -> dict[str, str]:
    """Row of `question_versions`; its key is the SHA-256 of everything in the question, its place included."""
    content = json.dumps(question.model_dump(mode="json"), ensure_ascii=False, sort_keys=True)
    version = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
    return {"version": version, "question_id": question.id, "content": content}


def write_outcome(outcome: Outcome) -> dict[str, Any]:
    """Columns of a finished grading.

    ValueError: the outcome cannot be read back as it is (a number that is not finite, half of a surrogate pair): it
    must not become a row that nobody can open.
    """
    content = outcome.model_dump_json()
    if read_outcome(content) != outcome:
        raise ValueError("the outcome changes when it is stored")
    graded = outcome if isinstance(outcome, Graded) else None
    scored = None if isinstance(outcome, Ungraded) else outcome
    return {
        "outcome": content,
        "label": "own" if isinstance(outcome, SelfGraded) else graded and graded.label,
        "score": scored and scored.score,
        "max_score": scored and scored.max_score,
        "band": graded and graded.band,
    }


def read_appeal(row: sa.RowMapping) -> Appeal | None:
    """Appeal of a row of `gradings`; None where the grading was not asked for by one."""
    return None if row["appeal"] is None else Appeal.model_validate_json(row["appeal"])


def read_attempt(row: sa.RowMapping) -> FailedAttempt:
    """FailedAttempt of a row of `attempts`."""
    return FailedAttempt.model_validate({name: row[name] for name in FailedAttempt.model_fields})


@contextmanager
def naming(table: str, row_id: str) -> Generator[None]:
    """Turn what a row that is not as it was written raises into a DamagedRow that names it."""
    try:
        yield
    except ValueError as error:  # of pydantic, of json
        which = row_id or "(its id is not known)"
        raise DamagedRow(
            f"The row {which} of the table {table} is damaged ({type(error).__name__}). The rest can be used: an "
            "export leaves this row out; a backup has it as it was."
        ) from error


def read_grading(row: sa.RowMapping, failed: tuple[FailedAttempt, ...] = ()) -> Grading:
    """Grading of a row of `gradings`, with what failed on the way. DamagedRow."""
    with naming("gradings", row["id"]):
        return _read_grading(row, failed)


def _read_grading(row: sa.RowMapping, failed: tuple[FailedAttempt, ...]) -> Grading:
    outcome: str | None = row["outcome"]
    return Grading(
        id=row["id"],
        answer_id=row["answer_id"],
        grader=row["grader"],
        rubric=row["rubric"],
        state=row["state"],
        attempt=row["attempt"],
        created_at=row["created_at"],
        retry_at=row["retry_at"],
        waiting_for=row["waiting_for"],
        waiting_detail=row["waiting_detail"] or "",
        failed=failed,
        finished_at=row["finished_at"],
        outcome=None if outcome is None else read_outcome(outcome),
        appeal=read_appeal(row),
    )


def read_answer(row: sa.RowMapping) -> Answer:
    """Answer of a row of `answers`."""
    return Answer(id=row["id"], turn_id=row["turn_id"], text=row["text"], created_at=row["created_at"])


def state_of(row: sa.RowMapping, *, is_answered: bool) -> TurnState:
    """State of a row of `turns`; one whose answer was deleted counts as skipped."""
    if is_answered:
        return "answered"
    return "open" if row["skipped_at"] is None and row["deleted_at"] is None else "skipped"


def read_turn(row: sa.RowMapping, answer: Answer | None, gradings: tuple[Grading, ...]) -> Turn:
    """Turn of a row of `turns` with the question's `content`. An answer outweighs a skip that raced with it.

    DamagedRow.
    """
    with naming("question_versions", row["version"]):
        question = read_question(row["content"])
    return Turn(
        id=row["id"],
        session_id=row["session_id"],
        position=row["position"],
        attempt=row["attempt"],
        question=question,
        state=state_of(row, is_answered=answer is not None),
        asked_at=row["asked_at"],
        hints_shown=row["hints_shown"],
        written_hints=tuple(row["written_hints"]),
        revealed=row["revealed"],
        confidence=row["confidence"],
        follow_up=row["follow_up"],
        parent=row["parent"],
        stuck_at=row["stuck_at"],
        answer=answer,
        gradings=gradings,
    )


def read_session(row: sa.RowMapping, questions: tuple[Question, ...], turns: tuple[Turn, ...]) -> Session:
    """Session of a row of `sessions`. DamagedRow."""
    with naming("sessions", row["id"]):
        plan = SessionPlan.model_validate_json(row["plan"])
    return Session(
        id=row["id"],
        title=row["title"],
        plan=plan,
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        questions=questions,
        turns=turns,
    )
