"""Every failed attempt at a grade with its reason, and what a waiting grading waits for."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add to a database of 0003; of the failures of then nothing is known but their number."""
    moment = sa.DateTime(timezone=True)
    op.add_column("gradings", sa.Column("waiting_detail", sa.Text, nullable=True))
    op.add_column("gradings", sa.Column("put_off_at", moment, nullable=True))
    op.add_column("gradings", sa.Column("bad_replies", sa.Integer, nullable=False, server_default=sa.text("0")))
    op.create_table(
        "attempts",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("grading_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("backend", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("fault", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("status", sa.Integer, nullable=True),
        sa.Column("code", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["grading_id"], ["gradings.id"], name="fk_attempts_grading_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_attempts"),
        sa.UniqueConstraint("grading_id", "number", name="uq_attempts_grading_id_number"),
    )
