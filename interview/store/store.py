"""The Store: everything that is kept, in one SQLite file, behind methods that each are one transaction."""

import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from interview.errors import BackendError, DamagedDatabase, StoreError
from interview.models import (
    Answer,
    FailedAttempt,
    Graded,
    Grading,
    Question,
    Session,
    SessionPlan,
    SessionSummary,
    Turn,
    Ungraded,
    Waiting,
)
from interview.store import gradings, migrate, search, sessions, summaries
from interview.store.backup import make_backup, newest_good, prune
from interview.store.engine import DATABASE, busy, make_engine, new_deadline, said_plainly
from interview.store.lock import FolderLock
from interview.store.permissions import make_private
from interview.store.rows import Claim, write_outcome, write_question
from interview.store.schema import preferences

_log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The present moment, with its zone."""
    return datetime.now(UTC)


def new_id() -> str:
    """A random id of 128 bits: 32 hex digits."""
    return uuid4().hex


def _way_out(folder: Path) -> str:
    """What to do about a damaged database."""
    good = newest_good(folder)
    if good is None:
        return "No good backup of it is in the folder backups. Move the file away to start anew."
    return (
        f"The newest good backup is {good}. To go back to it: python -m interview restore {good} --data-dir {folder} "
        "(the damaged file is kept beside it)."
    )


class Store:
    """What is kept. Every method is one transaction, may be called from any thread, and raises StoreError.

    NotFound: an id that is not there. Nothing submitted or graded is ever changed; the database refuses it.
    """

    def __init__(self, path: Path, engine: sa.Engine, lock: FolderLock | None, clock: Callable[[], datetime]) -> None:
        """Use `Store.open`. `lock` is None for a reader; `clock` gives the present moment with its zone."""
        self.path = path
        self.backup: Path | None = None  # the one made before a migration, if there was one
        self.backup_problem = ""
        self._engine = engine
        self._reader = engine.execution_options(read=True)
        self._lock = lock
        self.clock = clock
        self.changes = 0  # transactions that wrote, since it was opened: equal numbers, equal content
        self.purges = 0  # how often rows were deleted: what is kept in memory by their numbers is void then
        self._writing = threading.Lock()  # SQLite's own waiting fails with 200 threads; this never does

    @classmethod
    def open(cls, folder: Path, *, read_only: bool = False, clock: Callable[[], datetime] = utc_now) -> "Store":
        """Open `folder`/viva.db, make or migrate it, and put gradings of a dead process back to pending.

        A database of an earlier release is backed up first; `backup_problem` says why it could not be, if so.
        StoreHeld: another process writes to the folder. StoreError: the folder cannot be written, the file is newer
        than this program, damaged, empty, or of another program; it is untouched. `read_only` needs no lock.
        """
        try:
            return cls._open(folder, clock, read_only=read_only)
        except DamagedDatabase as error:
            raise DamagedDatabase(f"{error} {_way_out(folder)}") from error

    @classmethod
    def _open(cls, folder: Path, clock: Callable[[], datetime], *, read_only: bool) -> "Store":
        path = folder / DATABASE
        if read_only:
            migrate.refuse_other(path, migrate.current_revision(path))
            return cls(path, make_engine(path, read_only=True), None, clock)
        lock = FolderLock(folder, clock)
        lock.take()
        store = cls(path, make_engine(path), lock, clock)
        try:
            make_private(folder)
            store._prepare()
            with store.writing() as connection:
                gradings.let_all_go(connection)  # the lock says that no other process can be running them
        except BaseException:
            store.close()
            raise
        return store

    def _prepare(self) -> None:
        """Make the database, or check it and migrate it."""
        revision = migrate.current_revision(self.path)
        if revision is None:
            with said_plainly(self.path):
                migrate.create(self.path)
            return
        migrate.refuse_damaged(self.path)
        if revision == migrate.HEAD:
            return
        migrate.refuse_newer(self.path, revision)
        try:
            self.backup = make_backup(self.path.parent, "before", self.clock())
            prune(self.path.parent)
        except StoreError as error:  # a full disk must not keep anybody from his transcripts; a migration is atomic
            self.backup_problem = str(error)
            _log.warning("No backup before the update of the database: %s", error)
        migrate.upgrade(self._engine, self.path)

    def close(self) -> None:
        """Close the file and give the folder back."""
        self._engine.dispose()
        if self._lock is not None:
            self._lock.release()

    @property
    def read_only(self) -> bool:
        """Whether this Store can only be read."""
        return self._lock is None

    @contextmanager
    def writing(self) -> Generator[sa.Connection]:
        """One transaction that may write, for the subjects of this package. StoreError: it cannot be; rolled back.

        StoreBusy: other writers, of this process and others together, took longer than the deadline.
        """
        if self._lock is None:
            raise StoreError(f"The database {self.path} was opened for reading only; another process writes to it.")
        deadline = new_deadline()
        with self._writer(deadline), self._engine.connect() as connection:
            with connection.execution_options(deadline=deadline).begin():
                yield connection
            self.changes += 1

    @contextmanager
    def _writer(self, deadline: float) -> Generator[None]:
        """Be the one writer of this process. StoreBusy: others write until the deadline."""
        if not self._writing.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise busy(self.path)
        try:
            with said_plainly(self.path):
                yield
        finally:
            self._writing.release()

    @contextmanager
    def reading(self) -> Generator[sa.Connection]:
        """One transaction that only reads, for the subjects of this package."""
        with said_plainly(self.path), self._reader.begin() as connection:
            yield connection

    def compact(self) -> None:
        """Write the database anew, so that nothing of deleted rows is left in it, and empty its log.

        StoreBusy: a reader still needs the log; to be tried again. Writers wait meanwhile (0.1 s for 10 MB).
        """
        with self.writing() as connection:
            search.compact(connection)
        with self._writer(new_deadline()):
            connection = self._engine.raw_connection()
            try:
                connection.execute("VACUUM")
                is_read = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                connection.close()
        if is_read:
            raise busy(self.path)

    # --- sessions and turns

    def create_session(self, title: str, plan: SessionPlan, questions: Sequence[Question]) -> Session:
        """Store a paper of at least one question, and ask its first."""
        now, session_id = self.clock(), new_id()
        row = {"id": session_id, "title": title, "plan": plan.model_dump_json(), "created_at": now}
        with self.writing() as connection:
            sessions.add_session(connection, row, [write_question(question) for question in questions])
            sessions.add_turn(connection, self._turn_row(session_id, 0, 1))
            return sessions.read_session(connection, session_id)

    def session(self, session_id: str) -> Session:
        """One session with everything in it."""
        with self.reading() as connection:
            return sessions.read_session(connection, session_id)

    def summaries(
        self, limit: int = 50, before: str | None = None, *, unfinished: bool = False
    ) -> tuple[SessionSummary, ...]:
        """Up to `limit` sessions, newest first, older than the session `before`."""
        with self.reading() as connection:
            return summaries.read_summaries(connection, limit, before, unfinished=unfinished)

    def session_count(self) -> int:
        """How many sessions there are."""
        with self.reading() as connection:
            return summaries.count(connection)

    def finish(self, session_id: str) -> Session:
        """Mark the session as finished; the first time counts."""
        with self.writing() as connection:
            sessions.finish(connection, session_id, self.clock())
            return sessions.read_session(connection, session_id)

    def turn(self, turn_id: str) -> Turn:
        """One turn with its answer and gradings."""
        with self.reading() as connection:
            return sessions.read_turn(connection, turn_id)

    def answer(self, answer_id: str) -> Answer:
        """One answer."""
        with self.reading() as connection:
            return sessions.read_answer(connection, answer_id)

    def ask(self, session_id: str, position: int, attempt: int = 1) -> Turn:
        """The turn of this attempt at this position of the paper; asked now, unless it was before."""
        with self.writing() as connection:
            sessions.add_turn(connection, self._turn_row(session_id, position, attempt))
            return sessions.find_turn(connection, session_id, position, attempt)

    def ask_again(self, turn_id: str) -> Turn:
        """The question of a turn once more; for the same turn again, the turn that was asked the first time."""
        with self.writing() as connection:
            turn = sessions.read_turn(connection, turn_id)
            known = sessions.find_successor(connection, turn, is_follow_up=False)
            return known or self._add_attempt(connection, turn)

    def follow_up(self, turn_id: str, text: str) -> Turn | None:
        """Another question about the newest turn, once; None where a newer one was asked: its candidate went on."""
        with self.writing() as connection:
            turn = sessions.read_turn(connection, turn_id)
            sessions.refuse_deleted(connection, turn_id)
            known = sessions.find_successor(connection, turn, is_follow_up=True)
            if known is not None or not sessions.is_newest(connection, turn):
                return known
            return self._add_attempt(connection, turn, follow_up=text, parent=turn_id)

    def _add_attempt(self, connection: sa.Connection, turn: Turn, **more: str) -> Turn:
        row = self._turn_row(turn.session_id, turn.position, sessions.last_attempt(connection, turn) + 1)
        sessions.add_turn(connection, row | more)
        return sessions.read_turn(connection, row["id"])

    def say_stuck(self, turn_id: str) -> Turn:
        """Note that nothing comes to the candidate's mind; only while the turn is open."""
        with self.writing() as connection:
            return sessions.change_open_turn(connection, turn_id, stuck_at=self.clock())

    def tell_confidence(self, turn_id: str, confidence: int | None) -> Turn:
        """Note how sure the candidate is; only while the turn is open."""
        with self.writing() as connection:
            return sessions.change_open_turn(connection, turn_id, confidence=confidence)

    def show_hint(self, turn_id: str) -> Turn:
        """Count one more hint as shown, up to those there are; only while the turn is open."""
        with self.writing() as connection:
            turn = sessions.read_turn(connection, turn_id)
            shown = min(turn.hints_shown + 1, len(turn.hints))
            return sessions.change_open_turn(connection, turn_id, hints_shown=shown)

    def write_hint(self, turn_id: str, number: int, text: str) -> Turn:
        """Keep what a model wrote as hint `number` (from 1), and count it as shown; only while the turn is open.

        Nothing changes either where the turn does not lack just that hint: it was asked for twice.
        """
        with self.writing() as connection:
            turn = sessions.read_turn(connection, turn_id)
            if len(turn.hints) + 1 != number:
                return turn
            return sessions.change_open_turn(
                connection, turn_id, hints_shown=number, written_hints=[*turn.written_hints, text]
            )

    def reveal(self, turn_id: str) -> Turn:
        """Note that the reference answer was shown; only while the turn is not answered."""
        with self.writing() as connection:
            return sessions.change_open_turn(connection, turn_id, or_skipped=True, revealed=True)

    def skip(self, turn_id: str) -> Turn:
        """Note that the candidate passes; only while the turn is open. An answer that comes later still counts."""
        with self.writing() as connection:
            return sessions.change_open_turn(connection, turn_id, skipped_at=self.clock())

    def _turn_row(self, session_id: str, position: int, attempt: int) -> dict[str, Any]:
        asked = {"session_id": session_id, "position": position, "attempt": attempt}
        return {"id": new_id(), "asked_at": self.clock(), **asked}

    # --- answers and gradings

    def submit(
        self, turn_id: str, text: str, grader: str, rubric: str, confidence: int | None = None
    ) -> tuple[Answer, str, bool]:
        """Store the answer and ask for its grading, together; returns answer, grading id, whether it is new.

        `confidence` is noted before the answer, None leaves what was told. The same text again returns what is there.
        AlreadyAnswered: the turn has another text. Deleted: its session or its answer was deleted.
        """
        row = {"id": new_id(), "turn_id": turn_id, "text": text, "created_at": self.clock()}
        with self.writing() as connection:
            sessions.read_turn(connection, turn_id)
            sessions.refuse_deleted(connection, turn_id)
            if confidence is not None:
                sessions.change_open_turn(connection, turn_id, confidence=confidence)
            answer, created = gradings.add_answer(connection, row)
            if not created:
                return answer, gradings.first_grading(connection, answer.id), False
            return answer, self._add_grading(connection, answer.id, grader, rubric), True

    def add_grading(self, answer_id: str, grader: str, rubric: str) -> Grading:
        """Ask for another grading of an answer; the one that still waits for the same grader is returned again."""
        with self.writing() as connection:
            sessions.read_answer(connection, answer_id)
            return gradings.read(connection, self._add_grading(connection, answer_id, grader, rubric))

    def _add_grading(self, connection: sa.Connection, answer_id: str, grader: str, rubric: str) -> str:
        asked = {"answer_id": answer_id, "grader": grader, "rubric": rubric}
        grading_id = gradings.add_grading(connection, {"id": new_id(), "created_at": self.clock(), **asked})
        search.index_answer(connection, answer_id)
        return grading_id

    def claim(
        self,
        owner: str,
        limit: int,
        lease: timedelta,
        held: Collection[str] = (),
        ready: Collection[str] = (),
    ) -> tuple[Claim, ...]:
        """Lease up to `limit` due gradings, oldest first; never one of `held`, the ids that the caller runs already.

        Due is what waits for nothing, whose retry time has come, or whose lease has ended, and what is `ready`, as the
        caller knows by a better clock. A retry time that was set in the future, or a lease twice as long as `lease`,
        can only come of a clock that was set back: both are over.
        """
        now = self.clock()
        with self.writing() as connection:
            return gradings.claim(connection, owner, limit, now, lease, held, ready)

    def extend(self, claims: Collection[Claim], lease: timedelta) -> None:
        """Lengthen the leases that are still held."""
        with self.writing() as connection:
            gradings.extend(connection, claims, self.clock() + lease)

    def finish_grading(self, claim: Claim, outcome: Graded | Ungraded, failed: Sequence[FailedAttempt] = ()) -> bool:
        """Write the outcome, once, and what `failed` before it; False where the lease went to somebody else.

        ValueError: the outcome could not be read back (a number that is not finite, half a surrogate pair).
        """
        columns = write_outcome(outcome)
        with self.writing() as connection:
            stored = gradings.finish(connection, claim, columns, failed, self.clock())
            if stored:  # else the turn itself may be gone: its answer was deleted meanwhile
                search.index_turn(connection, claim.turn_id)
            return stored

    def release(self, claim: Claim) -> bool:
        """Give a claim back, to be claimed at once; False where it was no longer held."""
        with self.writing() as connection:
            return gradings.let_go(connection, claim)

    def put_off(
        self,
        claim: Claim,
        wait: timedelta,
        fault: BackendError,
        failed: Sequence[FailedAttempt] = (),
        *,
        bad_replies: int = 0,
    ) -> bool:
        """Give a claim back, to be claimed again after `wait`, with why and what `failed`; False: it was not held."""
        now = self.clock()
        with self.writing() as connection:
            return gradings.put_off(connection, claim, now + wait, fault, failed, bad_replies=bad_replies, now=now)

    def waiting(self) -> tuple[Waiting, ...]:
        """The gradings that were put off, old ones first."""
        with self.reading() as connection:
            return gradings.read_waiting(connection)

    def retry(self, graders: Mapping[str, str]) -> None:
        """Make gradings that were put off due at once; `graders`: whom to ask, by the id of the grading."""
        with self.writing() as connection:
            for grading_id, grader in graders.items():
                gradings.retry(connection, grading_id, grader)

    def release_owned(self, owner: str) -> int:
        """Give back every claim of `owner`; returns how many there were."""
        with self.writing() as connection:
            return gradings.let_all_go(connection, owner)

    def next_due(self, held: Collection[str] = ()) -> datetime | None:
        """When the next grading but those `held` can be claimed (it may have passed); None where none waits."""
        with self.reading() as connection:
            return gradings.next_due(connection, held, self.clock())

    # --- preferences

    def preference(self, key: str) -> Any:
        """What was remembered under `key` (of JSON); None where nothing was."""
        with self.reading() as connection:
            content = connection.scalar(sa.select(preferences.c.content).where(preferences.c.key == key))
        return None if content is None else json.loads(content)

    def remember(self, key: str, content: Any) -> None:
        """Remember something that JSON can hold, in place of what was there."""
        stored = {"content": json.dumps(content, ensure_ascii=False)}
        statement = insert(preferences).values(key=key, **stored)
        with self.writing() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=stored))
