"""Hints that a model wrote, for questions whose notes have none."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add to a database of 0002; a turn of then has no such hints."""
    op.add_column("turns", sa.Column("written_hints", sa.JSON, nullable=False, server_default=sa.text("'[]'")))
