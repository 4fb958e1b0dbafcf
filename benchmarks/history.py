"""A long history, made quickly: sessions with answers and judged grades, written straight into the tables of a Store.

The rows are those that the Store itself writes for the same events; only the time of each is chosen. Text is made of
the words of the questions' own references.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from interview.models import Evidence, Graded, KeyPoint, PointGrade, Provenance, Question, SessionPlan, Verdict
from interview.notes.bank import QuestionBank
from interview.store import rows
from interview.store.schema import answers, gradings, papers, question_versions, sessions, turns
from interview.store.store import Store, utc_now

MARKER = "zirconium"  # stands in one answer only, the first of all
_VERDICTS: tuple[Verdict, ...] = ("covered", "covered", "covered", "partial", "missing", "contradicted")
_VALUE = {"covered": 1.0, "partial": 0.5}
_BANDS = ((8.5, "strong"), (6.5, "good"), (4.0, "fair"), (0.0, "weak"))


class History:
    """Fills the empty database of a folder. The same seed makes the same history, but for ids by number."""

    def __init__(self, bank: QuestionBank, seed: int = 1) -> None:
        """`bank` has at least one question."""
        self._questions = [one for one in bank.questions if one.has_reference]
        self._random = random.Random(seed)
        self._ids = count(1)
        self._is_marked = False

    def fill(self, folder: Path, turn_count: int, per_session: int = 20, days: int = 182, last: int = 0) -> None:
        """Write `turn_count` answered turns over the last `days` days, then a session of `last` turns, if any."""
        store = Store.open(folder)
        try:
            now = utc_now()
            sizes = [per_session] * (turn_count // per_session) + [last] * bool(last)
            with store.writing() as connection:
                versions = [rows.write_question(question) for question in self._questions]
                connection.execute(sa.insert(question_versions), versions)
                for number, size in enumerate(sizes):
                    age = timedelta(days=days * (1 - (number + 1) / (len(sizes) + 1)))
                    self._session(connection, f"{number + 1:04d} · {size}", now - age, size)
        finally:
            store.close()

    def _session(self, connection: sa.Connection, title: str, at: datetime, size: int) -> None:
        asked = [self._random.choice(self._questions) for _ in range(size)]
        session = self._id()
        plan = SessionPlan(lang="en").model_dump_json()
        end = at + timedelta(minutes=2 * size)
        row = {"id": session, "title": title, "plan": plan, "created_at": at, "finished_at": end}
        connection.execute(sa.insert(sessions), row)
        written: dict[sa.Table, list[dict[str, Any]]] = {papers: [], turns: [], answers: [], gradings: []}
        for position, question in enumerate(asked):
            for table, fields in self._turn(session, position, question, at + timedelta(minutes=2 * position)):
                written[table].append(fields)
        for table, fields in written.items():
            connection.execute(sa.insert(table), fields)

    def _turn(
        self, session: str, position: int, question: Question, at: datetime
    ) -> Iterator[tuple[sa.Table, dict[str, Any]]]:
        turn, answer = self._id(), self._id()
        place = {"session_id": session, "position": position}
        yield papers, place | {"version": rows.write_question(question)["version"]}
        yield (
            turns,
            place | {"id": turn, "attempt": 1, "asked_at": at, "confidence": self._random.choice((None, 1, 2, 3))},
        )
        text = self._answer(question)
        later = at + timedelta(seconds=self._random.randint(20, 110))
        yield answers, {"id": answer, "turn_id": turn, "text": text, "created_at": later}
        asked = {"id": self._id(), "answer_id": answer, "grader": "made-up", "rubric": "default", "created_at": later}
        outcome = rows.write_outcome(self._grade(question, text))
        yield gradings, asked | {"state": "done", "attempt": 1, "finished_at": later} | outcome

    def _answer(self, question: Question) -> str:
        words = question.reference.split()
        text = " ".join(words[: self._random.randint(10, 80)]) or question.text
        if not self._is_marked:
            self._is_marked = True
            text = f"{MARKER} {text}"
        return text

    def _grade(self, question: Question, text: str) -> Graded:
        known = question.key_points or tuple(KeyPoint(id=f"k{n}", text=f"{question.text} {n}") for n in (1, 2, 3))
        points = tuple(self._point(point, text) for point in known)
        score = round(10 * sum(_VALUE.get(point.verdict, 0.0) for point in points) / len(points), 1)
        return Graded(
            score=score,
            max_score=10.0,
            band=next(band for least, band in _BANDS if score >= least),
            label="judgement",
            key_points=points,
            feedback=text[:200],
            sum=f"10 × {score / 10:.2f}",
            provenance=Provenance(
                grader="made-up", kind="judge", rubric="default@0", question_digest="0", reference_digest="0"
            ),
        )

    def _point(self, point: KeyPoint, text: str) -> PointGrade:
        verdict = self._random.choice(_VERDICTS)
        end = min(len(text), 12)
        proof: Sequence[Evidence] = () if verdict == "missing" else (Evidence(quote=text[:end], start=0, end=end),)
        return PointGrade(
            id=point.id,
            text=point.text,
            weight=point.weight,
            kind=point.kind,
            verdict=verdict,
            verified=True,
            evidence=tuple(proof),
        )

    def _id(self) -> str:
        return f"{next(self._ids):032x}"
