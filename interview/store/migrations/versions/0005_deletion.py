"""Deletion that can be undone for a while and then removes every row; records can be deleted by no other way."""

import sqlalchemy as sa
from alembic import op

from interview.store.schema import Utc

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# A row is deleted only after its session or its turn was marked as deleted, whatever statement asks for it.
_UNMARKED = (
    "WHEN NOT EXISTS (SELECT 1 FROM turns JOIN sessions ON sessions.id = turns.session_id WHERE turns.id = {turn} "
    "AND (turns.deleted_at IS NOT NULL OR sessions.deleted_at IS NOT NULL))"
)
_TURN_OF_ANSWER = "(SELECT turn_id FROM answers WHERE answers.id = OLD.answer_id)"
_RECORDS = (
    ("answers", _UNMARKED.format(turn="OLD.turn_id"), "an answer is never deleted"),
    ("gradings", _UNMARKED.format(turn=_TURN_OF_ANSWER), "a grading is never deleted"),
    ("remarks", _UNMARKED.format(turn="OLD.turn_id"), "a remark is never deleted"),
    (
        "question_versions",
        "WHEN EXISTS (SELECT 1 FROM papers WHERE papers.version = OLD.version)",
        "a question that was asked is never deleted",
    ),
    (
        "checklists",
        "WHEN NOT EXISTS (SELECT 1 FROM deletions WHERE kind = 'all')",
        "a version of key points is never deleted",
    ),
)


def upgrade() -> None:
    """Add to an older database. Sessions that were hidden before stay hidden, and are not purged by themselves."""
    op.add_column("turns", sa.Column("deleted_at", Utc, nullable=True))
    op.create_table(
        "deletions",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("requested_at", Utc, nullable=False),
        sa.Column("due_at", Utc, nullable=False),
        sa.Column("purged_at", Utc, nullable=True),
        sa.Column("with_notes", sa.Boolean(create_constraint=False), nullable=False, server_default=sa.text("0")),
        sa.Column("with_backups", sa.Boolean(create_constraint=False), nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("id", name="pk_deletions"),
        sa.CheckConstraint("kind IN ('session', 'answer', 'all')", name=op.f("ck_deletions_kind")),
    )
    for table, condition, words in _RECORDS:
        op.execute(f"DROP TRIGGER keep_{table}_delete")
        op.execute(
            f"CREATE TRIGGER keep_{table}_delete BEFORE DELETE ON {table} {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
        )
