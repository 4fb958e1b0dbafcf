"""What is kept about key points and references: versions of checklists, disputes, and the history of a question."""

import sqlalchemy as sa

from interview.errors import ChecklistChanged, NotFound
from interview.models import Checklist, Dispute, Graded, Turn
from interview.models.checklists import DisputeState
from interview.store import gradings as statements
from interview.store import sessions as session_rows
from interview.store.rows import read_outcome
from interview.store.schema import answers, checklists, disputes, gradings, papers, question_versions, sessions, turns
from interview.store.store import Store, new_id
from interview.store.summaries import NOT_DELETED, TELLS_NOTHING_YET


class ChecklistStore:
    """Versions of key points, append-only; the newest of a basis counts. Each method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def versions(self, basis: str) -> tuple[Checklist, ...]:
        """Every stored version of a basis, old ones first."""
        wanted = sa.select(checklists.c.content).where(checklists.c.basis == basis).order_by(checklists.c.seq)
        with self._store.reading() as connection:
            return tuple(Checklist.model_validate_json(content) for content in connection.scalars(wanted))

    def add(self, checklist: Checklist, *, seen: str | None = None) -> Checklist:
        """Store a new version. With `seen`, the id of the version that it is made from (empty: none was stored).

        ChecklistChanged: `seen` is given and is not the newest any more; nothing is stored.
        """
        made = checklist.model_copy(update={"id": new_id(), "created_at": self._store.clock()})
        newest = sa.select(checklists.c.id).where(checklists.c.basis == made.basis).order_by(checklists.c.seq.desc())
        row = made.model_dump(include={"id", "question_id", "basis", "origin", "created_at"})
        with self._store.writing() as connection:
            if seen is not None and (connection.scalar(newest.limit(1)) or "") != seen:
                raise ChecklistChanged(
                    "The key points have a newer version, from another tab or a model. Yours are still in the box: "
                    "compare them with the newer version and save again."
                )
            connection.execute(sa.insert(checklists), {**row, "content": made.model_dump_json()})
        return made


class DisputeStore:
    """Disputes about references. Their state changes when a person decides; what was found never does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of_basis(self, basis: str) -> tuple[Dispute, ...]:
        """The disputes of a basis, in the order in which they came."""
        with self._store.reading() as connection:
            return _disputes(connection, disputes.c.basis == basis)

    def find(self, dispute_id: str) -> Dispute:
        """One dispute. NotFound."""
        with self._store.reading() as connection:
            found = _disputes(connection, disputes.c.id == dispute_id)
        if not found:
            raise NotFound("This dispute is not known here.")
        return found[0]

    def add(self, dispute: Dispute) -> Dispute:
        """Store a dispute under a new id."""
        made = dispute.model_copy(update={"id": new_id(), "created_at": self._store.clock()})
        row = made.model_dump(include={"id", "question_id", "basis", "state", "created_at", "decided_at"})
        with self._store.writing() as connection:
            connection.execute(sa.insert(disputes), {**row, "content": made.model_dump_json()})
        return made

    def confirm(self, dispute: Dispute) -> None:
        """Note what an audit found out about a dispute that was there; its state stays."""
        with self._store.writing() as connection:
            changed = sa.update(disputes).where(disputes.c.id == dispute.id)
            connection.execute(changed.values(content=dispute.model_dump_json()))

    def decide(self, dispute_id: str, state: DisputeState) -> Dispute:
        """Accept or reject, or open again. NotFound."""
        when = None if state == "open" else self._store.clock()
        with self._store.writing() as connection:
            changed = sa.update(disputes).where(disputes.c.id == dispute_id)
            connection.execute(changed.values(state=state, decided_at=when))
        return self.find(dispute_id)


class QuestionHistory:
    """How a question was answered so far, in whatever version it was asked; deleted sessions are left out."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def turns(self, question_id: str) -> tuple[Turn, ...]:
        """Every Turn of a question, answered or not and follow-ups too, old ones first."""
        with self._store.reading() as connection:
            return session_rows.read_turns_of(connection, _asked.where(question_versions.c.question_id == question_id))

    def silent_sessions(self) -> frozenset[str]:
        """Ids of the sessions that tell nothing yet."""
        with self._store.reading() as connection:
            return frozenset(connection.scalars(sa.select(sessions.c.id).where(TELLS_NOTHING_YET)))

    def newest_grades(self) -> dict[str, tuple[int, Graded | None]]:
        """For each question that was answered: how often, and its newest judgement, else its newest estimate.

        Grades that are not told yet count as none.
        """
        of_question = (
            sa.select(question_versions.c.question_id, turns.c.id.label("turn_id"), gradings.c.seq)
            .add_columns(sa.case((~TELLS_NOTHING_YET, gradings.c.label)).label("label"))
            .select_from(turns)
            .join(answers, answers.c.turn_id == turns.c.id)
            .join(sessions, sessions.c.id == turns.c.session_id)
            .join(papers, sa.and_(papers.c.session_id == turns.c.session_id, papers.c.position == turns.c.position))
            .join(question_versions, question_versions.c.version == papers.c.version)
            .outerjoin(gradings, gradings.c.answer_id == answers.c.id)
            .where(NOT_DELETED, turns.c.follow_up.is_(None))
            .subquery()
        )

        def newest(label: str) -> sa.ColumnElement[int]:
            return sa.func.max(sa.case((of_question.c.label == label, of_question.c.seq)))

        counted = (
            sa.select(
                of_question.c.question_id,
                sa.func.count(of_question.c.turn_id.distinct()).label("tries"),
                sa.func.coalesce(newest("judgement"), newest("coverage_estimate")).label("seq"),
            )
            .group_by(of_question.c.question_id)
            .subquery()
        )
        wanted = sa.select(counted, gradings.c.outcome).outerjoin(gradings, gradings.c.seq == counted.c.seq)
        with self._store.reading() as connection:
            rows = connection.execute(wanted).mappings().all()
        return {row["question_id"]: (row["tries"], _graded(row["outcome"])) for row in rows}

    def add_corrected(self, answer_id: str, grader: str, rubric: str, outcome: Graded) -> None:
        """Store a grade that code counted anew, beside the ones that are there."""
        row = {"id": new_id(), "answer_id": answer_id, "grader": grader, "rubric": rubric}
        with self._store.writing() as connection:
            statements.add_done(connection, row, outcome, self._store.clock())


_asked = (
    sa.select(turns.c.id)
    .join(sessions, sessions.c.id == turns.c.session_id)
    .join(papers, sa.and_(papers.c.session_id == turns.c.session_id, papers.c.position == turns.c.position))
    .join(question_versions, question_versions.c.version == papers.c.version)
    .where(NOT_DELETED)
)


def _graded(content: str | None) -> Graded | None:
    outcome = None if content is None else read_outcome(content)
    return outcome if isinstance(outcome, Graded) else None


def _disputes(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> tuple[Dispute, ...]:
    wanted = sa.select(disputes).where(condition).order_by(disputes.c.seq)
    return tuple(
        Dispute.model_validate_json(row["content"]).model_copy(
            update={"state": row["state"], "decided_at": row["decided_at"]}
        )
        for row in connection.execute(wanted).mappings()
    )
