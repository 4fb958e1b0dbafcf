"""The first tables: questions as asked, sessions, turns, answers, gradings, preferences."""

import sqlalchemy as sa
from alembic import op

from interview.store.schema import Utc

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# What was submitted and how it was graded is a record. The database itself refuses to change it, so that no later
# mistake of ours can.
_RECORDS = (
    ("answers", "UPDATE", "", "an answer is never changed"),
    ("answers", "DELETE", "", "an answer is never deleted"),
    ("gradings", "UPDATE", "WHEN OLD.state = 'done'", "a finished grading is never changed"),
    ("gradings", "DELETE", "", "a grading is never deleted"),
    ("question_versions", "UPDATE", "", "a question that was asked is never changed"),
    ("question_versions", "DELETE", "", "a question that was asked is never deleted"),
)


def upgrade() -> None:
    """Create everything in an empty database."""
    _create_sessions()
    _create_answers()
    op.create_table(
        "preferences",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_preferences"),
    )
    for table, action, condition, words in _RECORDS:
        op.execute(
            f"CREATE TRIGGER keep_{table}_{action.lower()} BEFORE {action} ON {table} {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
        )


def _create_sessions() -> None:
    op.create_table(
        "question_versions",
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("question_id", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_question_versions"),
    )
    op.create_index("ix_question_versions_question_id", "question_versions", ["question_id"])
    op.create_table(
        "sessions",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("created_at", Utc, nullable=False),
        sa.Column("finished_at", Utc, nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_sessions"),
        sa.UniqueConstraint("id", name="uq_sessions_id"),
    )
    op.create_table(
        "papers",
        sa.Column("session_id", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "position", name="pk_papers"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_papers_session_id"),
        sa.ForeignKeyConstraint(["version"], ["question_versions.version"], name="fk_papers_version"),
    )
    op.create_table(
        "turns",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("session_id", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("asked_at", Utc, nullable=False),
        sa.Column("skipped_at", Utc, nullable=True),
        sa.Column("hints_shown", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("revealed", sa.Boolean(create_constraint=False), nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("seq", name="pk_turns"),
        sa.UniqueConstraint("id", name="uq_turns_id"),
        sa.UniqueConstraint("session_id", "position", "attempt", name="uq_turns_session_id_position_attempt"),
        sa.ForeignKeyConstraint(
            ["session_id", "position"], ["papers.session_id", "papers.position"], name="fk_turns_session_id_position"
        ),
    )


def _create_answers() -> None:
    op.create_table(
        "answers",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("turn_id", sa.String(32), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("created_at", Utc, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_answers"),
        sa.UniqueConstraint("id", name="uq_answers_id"),
        sa.UniqueConstraint("turn_id", name="uq_answers_turn_id"),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name="fk_answers_turn_id"),
    )
    op.create_table(
        "gradings",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("answer_id", sa.String(32), nullable=False),
        sa.Column("grader", sa.Text, nullable=False),
        sa.Column("rubric", sa.Text, nullable=False),
        sa.Column("created_at", Utc, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("faults", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("owner", sa.Text, nullable=True),
        sa.Column("lease_until", Utc, nullable=True),
        sa.Column("retry_at", Utc, nullable=True),
        sa.Column("waiting_for", sa.Text, nullable=True),
        sa.Column("finished_at", Utc, nullable=True),
        sa.Column("outcome", sa.Text, nullable=True),
        sa.Column("label", sa.Text, nullable=True),
        sa.Column("score", sa.Float, nullable=True),
        sa.Column("max_score", sa.Float, nullable=True),
        sa.Column("band", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_gradings"),
        sa.UniqueConstraint("id", name="uq_gradings_id"),
        sa.ForeignKeyConstraint(["answer_id"], ["answers.id"], name="fk_gradings_answer_id"),
        sa.CheckConstraint("state IN ('pending', 'running', 'done')", name=op.f("ck_gradings_state")),
        sa.CheckConstraint("(state = 'done') = (outcome IS NOT NULL)", name=op.f("ck_gradings_outcome")),
        sa.CheckConstraint("(state = 'running') = (owner IS NOT NULL)", name=op.f("ck_gradings_owner")),
    )
    op.create_index("ix_gradings_answer_id", "gradings", ["answer_id"])
    op.create_index("ix_gradings_waiting", "gradings", ["state"], sqlite_where=sa.text("state <> 'done'"))
