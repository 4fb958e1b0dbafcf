"""Checklists, marks and remarks, scheduling, measurements, spending; and what sessions and turns learnt since."""

import sqlalchemy as sa
from alembic import op

from interview.store import search
from interview.store.schema import Utc

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_RECORDS = (
    ("checklists", "UPDATE", "", "a version of key points is never changed"),
    ("checklists", "DELETE", "", "a version of key points is never deleted"),
    ("remarks", "UPDATE", "", "a remark is never changed"),
    ("remarks", "DELETE", "", "a remark is never deleted"),
)


def upgrade() -> None:
    """Add to a database of 0001; nothing that is there changes."""
    _extend_sessions()
    _create_checklists()
    _create_remarks()
    _create_scheduling()
    _create_measuring()
    _create_search()
    for table, action, condition, words in _RECORDS:
        op.execute(
            f"CREATE TRIGGER keep_{table}_{action.lower()} BEFORE {action} ON {table} {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
        )


def _extend_sessions() -> None:
    op.add_column("sessions", sa.Column("archived_at", Utc, nullable=True))
    op.add_column("sessions", sa.Column("deleted_at", Utc, nullable=True))
    op.add_column("turns", sa.Column("confidence", sa.Integer, nullable=True))
    op.add_column("turns", sa.Column("follow_up", sa.Text, nullable=True))
    op.add_column("turns", sa.Column("parent", sa.String(32), nullable=True))
    op.add_column("turns", sa.Column("stuck_at", Utc, nullable=True))
    op.add_column("gradings", sa.Column("appeal", sa.Text, nullable=True))


def _create_checklists() -> None:
    op.create_table(
        "checklists",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("question_id", sa.Text, nullable=False),
        sa.Column("basis", sa.String(12), nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("created_at", Utc, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_checklists"),
        sa.UniqueConstraint("id", name="uq_checklists_id"),
    )
    op.create_index("ix_checklists_question_id", "checklists", ["question_id"])
    op.create_index("ix_checklists_basis", "checklists", ["basis"])
    op.create_table(
        "disputes",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("question_id", sa.Text, nullable=False),
        sa.Column("basis", sa.String(12), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("created_at", Utc, nullable=False),
        sa.Column("decided_at", Utc, nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_disputes"),
        sa.UniqueConstraint("id", name="uq_disputes_id"),
        sa.CheckConstraint("state IN ('open', 'accepted', 'rejected')", name=op.f("ck_disputes_state")),
    )
    op.create_index("ix_disputes_question_id", "disputes", ["question_id"])


def _create_remarks() -> None:
    op.create_table(
        "turn_marks",
        sa.Column("turn_id", sa.String(32), nullable=False),
        sa.Column("starred", sa.Boolean(create_constraint=False), nullable=False, server_default=sa.text("0")),
        sa.Column("note", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("changed_at", Utc, nullable=False),
        sa.PrimaryKeyConstraint("turn_id", name="pk_turn_marks"),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name="fk_turn_marks_turn_id"),
    )
    op.create_table(
        "remarks",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("turn_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("created_at", Utc, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_remarks"),
        sa.UniqueConstraint("id", name="uq_remarks_id"),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name="fk_remarks_turn_id"),
    )
    op.create_index("ix_remarks_turn_id", "remarks", ["turn_id"])


def _create_scheduling() -> None:
    op.create_table(
        "cards",
        sa.Column("question_id", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("due", Utc, nullable=False),
        sa.Column("changed_at", Utc, nullable=False),
        sa.PrimaryKeyConstraint("question_id", name="pk_cards"),
    )
    op.create_index("ix_cards_due", "cards", ["due"])
    op.create_table(
        "reviews",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("question_id", sa.Text, nullable=False),
        sa.Column("turn_id", sa.String(32), nullable=False),
        sa.Column("suggested", sa.Integer, nullable=False),
        sa.Column("rating", sa.Integer, nullable=False),
        sa.Column("reviewed_at", Utc, nullable=False),
        sa.Column("before", sa.Text, nullable=True),
        sa.Column("undone_at", Utc, nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_reviews"),
        sa.UniqueConstraint("id", name="uq_reviews_id"),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name="fk_reviews_turn_id"),
    )
    op.create_index("ix_reviews_question_id", "reviews", ["question_id"])
    standing = sa.text("undone_at IS NULL")
    op.create_index("ix_reviews_standing", "reviews", ["turn_id"], unique=True, sqlite_where=standing)
    op.create_index("ix_reviews_reviewed_at", "reviews", ["reviewed_at"])


def _create_measuring() -> None:
    op.create_table(
        "measurements",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("grader", sa.Text, nullable=False),
        sa.Column("suite", sa.Text, nullable=False),
        sa.Column("options", sa.Text, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("created_at", Utc, nullable=False),
        sa.Column("finished_at", Utc, nullable=True),
        sa.Column("report", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_measurements"),
        sa.UniqueConstraint("id", name="uq_measurements_id"),
        sa.CheckConstraint("state IN ('running', 'done', 'failed', 'stopped')", name=op.f("ck_measurements_state")),
    )
    op.create_index("ix_measurements_grader", "measurements", ["grader"])
    op.create_table(
        "spending",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at", Utc, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("backend", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("session_id", sa.String(32), nullable=True),
        sa.Column("prompt_tokens", sa.Integer, nullable=True),
        sa.Column("completion_tokens", sa.Integer, nullable=True),
        sa.Column("cached_tokens", sa.Integer, nullable=True),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.Column("cost", sa.Float, nullable=True),
        sa.Column("currency", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_spending"),
    )
    op.create_index("ix_spending_at", "spending", ["at"])


def _create_search() -> None:
    op.create_table(
        "turn_facts",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("session_id", sa.String(32), nullable=False),
        sa.Column("section", sa.Text, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("mark", sa.Text, nullable=False),
        sa.Column("score", sa.Float, nullable=True),
        sa.Column("graders", sa.Text, nullable=False),
        sa.Column("starred", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("asked_at", Utc, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_turn_facts"),
        sa.ForeignKeyConstraint(["seq"], ["turns.seq"], name="fk_turn_facts_seq"),
    )
    for column in ("session_id", "section", "mark", "mode", "tags", "graders", "starred", "asked_at"):
        op.create_index(f"ix_turn_facts_{column}", "turn_facts", [column])
    op.execute(
        "CREATE VIRTUAL TABLE search USING fts5(question, answer, feedback, note, "
        "tokenize='unicode61 remove_diacritics 0', prefix='1')"
    )
    search.index_all(op.get_bind())  # what was answered before this revision is found, too
