"""The tables: what is kept, and which of it may never change."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa


class Utc(sa.types.TypeDecorator[datetime]):
    """A moment, stored in UTC and given back with its zone (SQLite itself forgets the zone)."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Convert to UTC; a moment without a zone is a mistake of the caller (ValueError)."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a stored time needs a zone: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Put the zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


def _column(name: str, kind: Any, *constraints: Any, null: bool = False, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, *constraints, nullable=null, **options)


def _seq() -> sa.Column[Any]:
    return sa.Column("seq", sa.Integer, primary_key=True)  # the order in which rows came, whatever the clock did


METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# A question as it was asked, so that a transcript stays readable when the notes change or are gone.
question_versions = sa.Table(
    "question_versions",
    METADATA,
    _column("version", sa.String(64), primary_key=True),  # SHA-256 of `content`
    _column("question_id", sa.Text),
    _column("content", sa.Text),  # Question as JSON
    sa.Index(None, "question_id"),
)

sessions = sa.Table(
    "sessions",
    METADATA,
    _seq(),
    _column("id", sa.String(32), unique=True),
    _column("title", sa.Text),
    _column("plan", sa.Text),  # SessionPlan as JSON
    _column("created_at", Utc),
    _column("finished_at", Utc, null=True),
    _column("archived_at", Utc, null=True),
    _column("deleted_at", Utc, null=True),  # hidden everywhere until it is purged or brought back
)

papers = sa.Table(
    "papers",
    METADATA,
    _column("session_id", sa.String(32), sa.ForeignKey("sessions.id"), primary_key=True),
    _column("position", sa.Integer, primary_key=True),
    _column("version", sa.String(64), sa.ForeignKey("question_versions.version")),
)

turns = sa.Table(
    "turns",
    METADATA,
    _seq(),
    _column("id", sa.String(32), unique=True),
    _column("session_id", sa.String(32)),
    _column("position", sa.Integer),
    _column("attempt", sa.Integer),
    _column("asked_at", Utc),
    _column("skipped_at", Utc, null=True),
    _column("hints_shown", sa.Integer, server_default=sa.text("0")),
    _column("revealed", sa.Boolean(create_constraint=False), server_default=sa.text("0")),
    _column("confidence", sa.Integer, null=True),  # 1 guessing, 2 fairly, 3 certain; told before the grade
    _column("follow_up", sa.Text, null=True),  # what was asked in place of the question itself
    _column("parent", sa.String(32), null=True),  # the turn that a follow-up goes on from
    _column("stuck_at", Utc, null=True),  # when the candidate said that nothing comes to mind
    _column("written_hints", sa.JSON, server_default=sa.text("'[]'")),  # by a model, where the notes have none
    _column("deleted_at", Utc, null=True),  # its answer is hidden; stays when it is purged, so that none comes back
    sa.ForeignKeyConstraint(["session_id", "position"], ["papers.session_id", "papers.position"]),
    sa.UniqueConstraint("session_id", "position", "attempt"),
)

# Append-only: triggers refuse UPDATE, and DELETE of what was not marked as deleted before.
answers = sa.Table(
    "answers",
    METADATA,
    _seq(),
    _column("id", sa.String(32), unique=True),
    _column("turn_id", sa.String(32), sa.ForeignKey("turns.id"), unique=True),
    _column("text", sa.Text),
    _column("created_at", Utc),
)

# A pending grading is a row; its outcome is written once, then triggers refuse UPDATE; DELETE as of answers.
gradings = sa.Table(
    "gradings",
    METADATA,
    _seq(),
    _column("id", sa.String(32), unique=True),
    _column("answer_id", sa.String(32), sa.ForeignKey("answers.id")),
    _column("grader", sa.Text),
    _column("rubric", sa.Text),
    _column("created_at", Utc),
    _column("state", sa.String(8)),
    _column("attempt", sa.Integer, server_default=sa.text("0")),  # claims so far; part of the fence
    _column("faults", sa.Integer, server_default=sa.text("0")),  # claims that ended in a passing fault
    _column("owner", sa.Text, null=True),
    _column("lease_until", Utc, null=True),
    _column("retry_at", Utc, null=True),
    _column("waiting_for", sa.Text, null=True),
    _column("waiting_detail", sa.Text, null=True),  # the sentence of that fault
    _column("put_off_at", Utc, null=True),  # when it was put off to `retry_at`; after now: the clock was set back
    _column("bad_replies", sa.Integer, server_default=sa.text("0")),  # so far; limited over all attempts
    _column("finished_at", Utc, null=True),
    _column("outcome", sa.Text, null=True),  # Outcome as JSON; the columns below repeat what lists need
    _column("label", sa.Text, null=True),
    _column("score", sa.Float, null=True),
    _column("max_score", sa.Float, null=True),
    _column("band", sa.Text, null=True),
    _column("appeal", sa.Text, null=True),  # Appeal as JSON, where the candidate asked for this grading by one
    sa.CheckConstraint("state IN ('pending', 'running', 'done')", name="state"),
    sa.CheckConstraint("(state = 'done') = (outcome IS NOT NULL)", name="outcome"),
    sa.CheckConstraint("(state = 'running') = (owner IS NOT NULL)", name="owner"),
    sa.Index(None, "answer_id"),
    sa.Index("ix_gradings_waiting", "state", sqlite_where=sa.text("state <> 'done'")),
)

# What failed on the way to an outcome: the first and the last failures of each grading, numbered through.
attempts = sa.Table(
    "attempts",
    METADATA,
    _seq(),
    _column("grading_id", sa.String(32), sa.ForeignKey("gradings.id")),
    _column("number", sa.Integer),
    _column("started_at", Utc),
    _column("seconds", sa.Float),
    _column("backend", sa.Text),
    _column("model", sa.Text),
    _column("host", sa.Text),
    _column("fault", sa.Text),
    _column("detail", sa.Text),
    _column("status", sa.Integer, null=True),
    _column("code", sa.Text),
    sa.UniqueConstraint("grading_id", "number"),
)

preferences = sa.Table(
    "preferences",
    METADATA,
    _column("key", sa.Text, primary_key=True),
    _column("content", sa.Text),  # JSON
)

# What was deleted and can still be brought back: one row until it is purged or undone.
deletions = sa.Table(
    "deletions",
    METADATA,
    _column("id", sa.String(32), primary_key=True),  # of the session or the answer; `all`
    _column("kind", sa.String(8)),
    _column("requested_at", Utc),
    _column("due_at", Utc),
    _column("purged_at", Utc, null=True),  # the rows are gone; the row goes when their traces are, too
    _column("with_notes", sa.Boolean(create_constraint=False), server_default=sa.text("0")),
    _column("with_backups", sa.Boolean(create_constraint=False), server_default=sa.text("0")),
    sa.CheckConstraint("kind IN ('session', 'answer', 'all')", name="kind"),
)

# --- checklists: key points by version, and doubts about references

# Append-only; the newest of a basis counts.
checklists = sa.Table(
    "checklists",
    METADATA,
    _seq(),
    _column("id", sa.String(32), unique=True),
    _column("question_id", sa.Text),
    _column("basis", sa.String(12)),  # digest of the question's text and its reference
    _column("origin", sa.Text),
    _column("content", sa.Text),  # Checklist as JSON
    _column("created_at", Utc),
    sa.Index(None, "question_id"),
    sa.Index(None, "basis"),
)

disputes = sa.Table(
    "disputes",
    METADATA,
    _seq(),
    _column("id", sa.String(32), unique=True),
    _column("question_id", sa.Text),
    _column("basis", sa.String(12)),
    _column("content", sa.Text),  # Dispute as JSON
    _column("state", sa.String(8)),
    _column("created_at", Utc),
    _column("decided_at", Utc, null=True),
    sa.CheckConstraint("state IN ('open', 'accepted', 'rejected')", name="state"),
    sa.Index(None, "question_id"),
)

# --- lists and search: what other tables say, repeated where one index query finds it

# One row per Turn, written in the transaction that changes what it repeats (`store/search.py`), with the same `seq`.
# The full-text table `search` beside it has a row of the same number; SQLAlchemy does not know virtual tables.
turn_facts = sa.Table(
    "turn_facts",
    METADATA,
    sa.Column("seq", sa.Integer, sa.ForeignKey("turns.seq"), primary_key=True),
    _column("session_id", sa.String(32)),
    _column("section", sa.Text),
    _column("tags", sa.Text),  # each between two line ends, and so are the graders
    _column("mode", sa.Text),
    _column("mark", sa.Text),  # a band, or `estimate`, `ungraded`, `pending`, `skipped`, `open`
    _column("score", sa.Float, null=True),  # of the grade that counts, 0-10; none for an estimate
    _column("graders", sa.Text),
    _column("starred", sa.Boolean(create_constraint=False)),
    _column("asked_at", Utc),
    sa.Index(None, "session_id"),
    sa.Index(None, "section"),
    sa.Index(None, "mark"),
    sa.Index(None, "mode"),
    sa.Index(None, "tags"),
    sa.Index(None, "graders"),
    sa.Index(None, "starred"),
    sa.Index(None, "asked_at"),
)

# --- what stands beside turns

turn_marks = sa.Table(
    "turn_marks",
    METADATA,
    _column("turn_id", sa.String(32), sa.ForeignKey("turns.id"), primary_key=True),
    _column("starred", sa.Boolean(create_constraint=False), server_default=sa.text("0")),
    _column("note", sa.Text, server_default=sa.text("''")),
    _column("changed_at", Utc),
)

# Discussion of a question, and answers that a model improved. Append-only; never graded.
remarks = sa.Table(
    "remarks",
    METADATA,
    _seq(),
    _column("id", sa.String(32), unique=True),
    _column("turn_id", sa.String(32), sa.ForeignKey("turns.id")),
    _column("kind", sa.Text),
    _column("author", sa.Text),  # `candidate`, or the name of a backend
    _column("text", sa.Text),
    _column("created_at", Utc),
    sa.Index(None, "turn_id"),
)

# --- scheduling

cards = sa.Table(
    "cards",
    METADATA,
    _column("question_id", sa.Text, primary_key=True),
    _column("content", sa.Text),  # the card of py-fsrs as JSON
    _column("due", Utc),  # its due moment, moved where an interview is near
    _column("changed_at", Utc),
    sa.Index(None, "due"),
)

reviews = sa.Table(
    "reviews",
    METADATA,
    _seq(),
    _column("id", sa.String(32), unique=True),
    _column("question_id", sa.Text),
    _column("turn_id", sa.String(32), sa.ForeignKey("turns.id")),
    _column("suggested", sa.Integer),
    _column("rating", sa.Integer),
    _column("reviewed_at", Utc),
    _column("before", sa.Text, null=True),  # the card before it as JSON, for undoing
    _column("undone_at", Utc, null=True),
    sa.Index(None, "question_id"),
    sa.Index("ix_reviews_standing", "turn_id", unique=True, sqlite_where=sa.text("undone_at IS NULL")),
    sa.Index(None, "reviewed_at"),
)

# --- measuring graders, and what models cost

measurements = sa.Table(
    "measurements",
    METADATA,
    _seq(),
    _column("id", sa.String(32), unique=True),
    _column("grader", sa.Text),
    _column("suite", sa.Text),
    _column("options", sa.Text),  # JSON
    _column("state", sa.String(8)),
    _column("created_at", Utc),
    _column("finished_at", Utc, null=True),
    _column("report", sa.Text, null=True),  # JSON
    sa.CheckConstraint("state IN ('running', 'done', 'failed', 'stopped')", name="state"),
    sa.Index(None, "grader"),
)

spending = sa.Table(
    "spending",
    METADATA,
    _seq(),
    _column("at", Utc),
    _column("purpose", sa.Text),
    _column("backend", sa.Text),
    _column("model", sa.Text),
    _column("session_id", sa.String(32), null=True),
    _column("prompt_tokens", sa.Integer, null=True),
    _column("completion_tokens", sa.Integer, null=True),
    _column("cached_tokens", sa.Integer, null=True),
    _column("calls", sa.Integer),
    _column("cost", sa.Float, null=True),
    _column("currency", sa.Text, null=True),
    sa.Index(None, "at"),
)
