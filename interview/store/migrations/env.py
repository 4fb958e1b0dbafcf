"""Run by alembic: migrate over the connection that interview/store/migrate.py hands in."""

from alembic import context

from interview.store.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite cannot alter a column in place
)
with context.begin_transaction():
    context.run_migrations()
