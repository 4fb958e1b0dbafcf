"""Golden files of each export of one session in which nearly everything happens."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from interview.export import WRITERS, Form
from interview.grading.scoring import score
from interview.models import (
    Appeal,
    FailedAttempt,
    Finding,
    Graded,
    Grading,
    Language,
    Outcome,
    PointGrade,
    Question,
    Remark,
    SelfGraded,
    Session,
    SessionPlan,
    Transcript,
    Turn,
    TurnMarks,
)
from interview.rubrics import Rubric
from interview.verify import Report, check_transcript
from tests import view_samples as made
from tests.golden_files import check_golden, check_no_other

# Its own credit and bands, so that a number that comes from another rubric shows.
RUBRIC = Rubric.model_validate(
    {
        "name": "strict",
        "digest": "0123456789ab",
        "title": {"zh": "严格", "en": "Strict"},
        "max_score": 10,
        "credit": {"covered": 1, "partial": 0.2, "missing": 0, "contradicted": 0},
        "error_penalty": 0.1,
        "max_errors": 2,
        "base": 0.8,
        "criteria": [
            {
                "id": "depth",
                "title": {"zh": "深度", "en": "Depth"},
                "weight": 0.2,
                "levels": [
                    {
                        "id": name,
                        "value": value,
                        "title": {"zh": name, "en": name},
                        "anchor": {"zh": name, "en": name},
                    }
                    for name, value in (("recited", 0.0), ("explained", 0.5), ("reasoned", 1.0))
                ],
            }
        ],
        "bands": [{"id": "strong", "at_least": 0.9}, {"id": "fair", "at_least": 0.3}, {"id": "weak", "at_least": 0}],
        "abstain_above": 0.3,
        "leniency": "Be strict.",
    }
)
REFERENCE = (
    "It is created **atomically**: $p = \\frac{1}{n}$ for each of $n$ processes.\n\n"
    "```python\nos.open(path, os.O_CREAT | os.O_EXCL)\n```\n\n![The race](img/race.png)\n\n$$\\sum_i p_i = 1$$"
)


def question(number: int, text: str, **changes: Any) -> Question:
    return made.question(number, text=text, **{"reference": REFERENCE, **changes})


def judged(*points: PointGrade, findings: tuple[Finding, ...] = (), **changes: Any) -> Graded:
    """A judgement whose number follows from its verdicts by RUBRIC."""
    criteria = made.judged().criteria[:1]
    counted = score(RUBRIC, points, criteria, findings)
    assert counted is not None
    return made.judged(
        **{"score": counted.value, "band": counted.band, "sum": counted.sum, "criteria": criteria},
        **{"key_points": points, "findings": findings, "provenance": made.provenance(rubric=RUBRIC.ref), **changes},
    )


def grading(number: int, outcome: Outcome | None, **changes: Any) -> Grading:
    done = {"finished_at": made.NOW + timedelta(minutes=number)} if outcome else {}
    return made.grading(outcome, number, rubric="strict", **{**done, **changes})


def turn(number: int, asked: Question, position: int, *gradings: Grading, **changes: Any) -> Turn:
    at = made.NOW + timedelta(minutes=10 * number)
    fields: dict[str, Any] = {"id": f"t{number}", "question": asked, "asked_at": at - timedelta(seconds=95)}
    turn = made.turn(position, *gradings, **fields | changes)
    if turn.answer is None:
        return turn
    answer = turn.answer.model_copy(update={"id": f"a{number}", "turn_id": turn.id, "created_at": at})
    ours = tuple(one.model_copy(update={"answer_id": answer.id}) for one in turn.gradings)
    return turn.model_copy(update={"answer": answer, "gradings": ours})


def appealed() -> tuple[Grading, Grading]:
    """A judgement with an unproven quote, and the appeal that won its fourth point."""
    points = list(made.points())
    points[3] = points[3].model_copy(
        update={"verified": False, "claimed": "covered", "claimed_quote": "asks the holder", "downgraded_by": "quote"}
    )
    finding = made.doubted().findings[0]
    first = judged(*points, findings=(finding,), doubt=made.doubted().doubt, flags=("unverified_quote:k4",))
    points[3] = made.point("k4", points[3].text, "covered", "a plain file stays behind")
    appeal = Appeal(grading_id="g1", point_id="k4", reason="I said that it stays behind.")
    return grading(1, first), grading(2, judged(*points, findings=(finding,)), appeal=appeal)


def failed_attempt(number: int) -> FailedAttempt:
    return FailedAttempt(
        **{"number": number, "started_at": made.NOW, "seconds": 2.5, "backend": "openai", "model": "small"},
        **{"host": "api.example.invalid", "fault": "rate_limited", "detail": "Too many requests.", "status": 429},
    )


def transcript(lang: Language) -> Transcript:
    first = question(1, "How does a `lock file` keep two processes apart, for $n \\ge 2$?")
    second = question(2, "什么是文件锁？")
    third, fourth = question(3, "What is an inode?", points=False), question(4, "What does fsync promise?")
    fifth, sixth = question(5, "What is a race?"), question(6, "Which project are you proud of?", reference="")
    unclear = made.point("k2", "The holder is named", "cannot_assess", "")
    bonus = made.point("k1", "Bonus: it costs $O(1)$", "covered", "only one process").model_copy(
        update={"kind": "bonus"}
    )
    covered = [made.point(f"k{number}", "It is atomic", "covered", "created with O_EXCL") for number in (3, 4, 5)]
    own = SelfGraded(score=7.5, max_score=10, note="I *did* say that.", over="")
    turns = (
        turn(1, first, 0, *appealed(), hints_shown=1, confidence=3),
        turn(
            2,
            first,
            0,
            grading(3, judged(bonus, unclear, *covered, provisional=True)),
            attempt=2,
            follow_up="And if the holder dies at $t_0$?",
            parent="t1",
        ),
        turn(3, second, 1, grading(4, made.failed(), failed=(failed_attempt(1),)), grading(5, own, grader="self")),
        turn(4, third, 2, grading(6, made.estimated(), grader="coverage"), revealed=True, confidence=1),
        turn(5, fourth, 3, grading(7, made.failed("bad_reply", raw_reply="8/10", detail="Not JSON."))),
        turn(6, fifth, 4, answer=None, state="skipped"),
        turn(7, sixth, 5, grading(8, None, state="pending"), answer="My lock.\n\nIt costs $5 & <b>more</b>."),
    )
    remarks = (
        Remark(id="r1", turn_id="t1", kind="discussion", author="candidate", text="Why?", created_at=made.NOW),
        Remark(
            id="r2", turn_id="t1", kind="discussion", author="openai:small", text="As $p > 0$.", created_at=made.NOW
        ),
        Remark(
            id="r3", turn_id="t1", kind="improved_answer", author="openai:small", text="Say so.", created_at=made.NOW
        ),
    )
    session = Session(
        **{"id": "s1", "title": "Files · 6", "plan": SessionPlan(lang=lang, follow_ups=1), "created_at": made.NOW},
        **{"finished_at": made.NOW + timedelta(hours=2), "questions": (first, second, third, fourth, fifth, sixth)},
        turns=turns,
    )
    return Transcript(
        session=session,
        marks={"t1": TurnMarks(starred=True, note="Ask about *NFS*.")},
        remarks=remarks,
        rubrics={RUBRIC.ref: RUBRIC.model_dump(mode="json")},
    )


# JSON has no words of a language.
FILES: dict[str, tuple[Form, Language]] = {
    "zh.html": ("html", "zh"),
    "en.html": ("html", "en"),
    "zh.md": ("markdown", "zh"),
    "en.md": ("markdown", "en"),
    "en.json": ("json", "en"),
}


def written(form: Form, lang: Language) -> str:
    """The export; of HTML without its style sheet, with a line for each block."""
    text = WRITERS[form]([transcript(lang)])
    if form != "html":
        return text
    text = re.sub(r"<style>.*</style>", "<style></style>", text, flags=re.DOTALL)
    return re.sub(r"(?<=>)(?=<(?:section|article|li|h2|h3|ol|p|div|small)\b)", "\n", text)


@pytest.mark.parametrize("name", FILES)
def test_the_export_is_the_golden_one(name: str):
    check_golden(f"exports/{name}", written(*FILES[name]))


def test_the_golden_json_can_be_verified_and_is_what_json_lines_have():
    (line,) = WRITERS["jsonl"]([transcript("en")]).splitlines()
    assert json.loads(line) == json.loads(written("json", "en"))
    report = Report()
    check_transcript(json.loads(written("json", "en")), report)
    assert report.problems == []
    assert report.counts["scores computed again"] == 3


def test_no_golden_file_is_left_over():
    check_no_other("exports", FILES)
