"""Reading a session of which some rows are damaged: what can be read, and the names of the rows that cannot."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc

from interview.errors import DamagedRow
from interview.models import Answer, Grading, Question, Session, SessionPlan, Transcript, Turn, TurnMarks, Value
from interview.store import rows
from interview.store.remarks import RemarkStore, read_remark
from interview.store.schema import answers, gradings, papers, question_versions, remarks, sessions, turn_marks, turns
from interview.store.store import Store

T = TypeVar("T")
_LOST = "[this question is damaged in the database]"


class SoundTranscript(Value):
    """A transcript without its damaged rows. `transcript` is None where the session itself is damaged.

    `damaged` has a sentence for each row that was left out.
    """

    transcript: Transcript | None
    damaged: tuple[str, ...] = ()


def read_sound(store: Store, session_id: str) -> SoundTranscript:
    """Read a session with everything beside it, leaving damaged rows out. NotFound: no such session."""
    marks = RemarkStore(store)
    try:
        whole = store.session(session_id)
        said = marks.remarks(session_id)
        return SoundTranscript(transcript=Transcript(session=whole, marks=marks.marks(session_id), remarks=said))
    except DamagedRow:
        with store.reading() as connection:
            return _Reader(connection, session_id).read()


class _Reader:
    """Reads every row of one session by itself."""

    def __init__(self, connection: sa.Connection, session_id: str) -> None:
        self._connection = connection
        self._session_id = session_id
        self._damaged: list[str] = []

    def read(self) -> SoundTranscript:
        paper = self._paper()
        found = self._turns(paper)
        kept = sa.select(turns.c.id).where(turns.c.session_id == self._session_id, turns.c.deleted_at.is_(None))
        marks = dict(self._each(turn_marks, turn_marks.c.turn_id, turn_marks.c.turn_id.in_(kept), _read_mark))
        said = tuple(self._each(remarks, remarks.c.id, remarks.c.turn_id.in_(kept), read_remark))
        row = next(iter(self._each(sessions, sessions.c.id, sessions.c.id == self._session_id, dict)), None)
        transcript = None
        if row is not None:
            session = self._session(row, tuple(paper), tuple(found))
            transcript = Transcript(session=session, marks=marks, remarks=said)
        return SoundTranscript(transcript=transcript, damaged=tuple(self._damaged))

    def _session(self, row: Any, paper: tuple[Question, ...], found: tuple[Turn, ...]) -> Session:
        try:
            return rows.read_session(row, paper, found)
        except DamagedRow as error:
            self._damaged.append(str(error))
            plan = SessionPlan(lang="zh").model_dump_json()  # all that is lost is what was chosen at set-up
            whole: Any = {**row, "plan": plan}
            return rows.read_session(whole, paper, found)

    def _paper(self) -> list[Question]:
        wanted = sa.select(papers.c.position, papers.c.version).where(papers.c.session_id == self._session_id)
        questions: list[Question] = []
        for position, version in self._connection.execute(wanted.order_by(papers.c.position)).all():
            found = self._each(
                question_versions,
                question_versions.c.version,
                question_versions.c.version == version,
                lambda row: rows.read_question(row["content"]),
            )
            lost = Question(id=version, section="", number=position + 1, text=_LOST, file="", line=1, reference="")
            questions.append(next(iter(found), lost))
        return questions

    def _turns(self, paper: list[Question]) -> list[Turn]:
        mine = turns.c.session_id == self._session_id
        kept = sa.select(turns.c.id).where(mine, turns.c.deleted_at.is_(None))
        given = self._each(answers, answers.c.id, answers.c.turn_id.in_(kept), rows.read_answer)
        answered: dict[str, Answer] = {answer.turn_id: answer for answer in given}
        graded: defaultdict[str, list[Grading]] = defaultdict(list)
        of_kept = gradings.c.answer_id.in_(sa.select(answers.c.id).where(answers.c.turn_id.in_(kept)))
        for grading in self._each(gradings, gradings.c.id, of_kept, rows.read_grading):
            graded[grading.answer_id].append(grading)

        def read(row: Any) -> Turn:
            answer = answered.get(row["id"])
            content = paper[int(row["position"])].model_dump_json()
            whole: Any = {**row, "version": "", "content": content}
            return rows.read_turn(whole, answer, tuple(graded[answer.id]) if answer else ())

        shown = sa.or_(turns.c.deleted_at.is_(None), turns.c.follow_up.is_(None))
        return self._each(turns, turns.c.id, sa.and_(mine, shown), read)

    def _each(
        self, table: sa.Table, key: sa.Column[Any], condition: sa.ColumnElement[bool], read: Callable[[Any], T]
    ) -> list[T]:
        """Read the rows of a table that fit one by one; a damaged one is named and left out."""
        found: list[T] = []
        order = table.c.seq if "seq" in table.c else key
        for name in self._connection.scalars(sa.select(key).where(condition).order_by(order)).all():
            try:
                with rows.naming(table.name, name):
                    found.append(read(self._connection.execute(sa.select(table).where(key == name)).mappings().one()))
            except DamagedRow as error:
                self._damaged.append(str(error))
            except exc.DBAPIError as error:
                self._damaged.append(f"The row {name} of the table {table.name} is damaged ({error.orig}).")
        return found


def _read_mark(row: Any) -> tuple[str, TurnMarks]:
    return row["turn_id"], TurnMarks(starred=row["starred"], note=row["note"])
