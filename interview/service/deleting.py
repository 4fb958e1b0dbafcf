"""Deleting: sessions, answers or everything, hidden at once and removed from rows and files when the time to undo ends.

What is removed is in `docs/reliability.md`; backups are removed only when that is asked for.
"""

import shutil
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from interview.calibration.paid import name_digest
from interview.errors import NotFound, StoreError
from interview.models import Extent, PendingDeletion
from interview.store.backup import backups
from interview.store.deletions import Deletions
from interview.store.store import Store

COMPARISONS = "comparisons"
_OF_NO_SESSION = (COMPARISONS, "evaluations")  # folders with what graders said
_NOTES = "notes"


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class DeletionHooks:
    """What the rest of the process does: before a deletion, before uploaded notes go, and when a session changed."""

    stop_comparisons: Callable[[], None] = _nothing
    release_notes: Callable[[], None] = _nothing
    touch: Callable[[str], None] = lambda session_id: None


class Deleting:
    """Orders, undoes and carries out deletions. Synchronous; from any thread. NotFound: no such id. StoreError."""

    def __init__(self, store: Store, folder: Path, hooks: DeletionHooks | None = None) -> None:
        """`folder` is the data folder."""
        self._deletions = Deletions(store)
        self._store = store
        self._folder = folder
        self._hooks = hooks or DeletionHooks()
        self._purging = threading.Lock()
        self.clear_uploads: Callable[[], None] = _nothing  # set by the screen: it keeps copies of uploaded files

    # --- ordering and undoing

    def order_session(self, session_id: str) -> PendingDeletion:
        """Hide a session; it is purged after 15 minutes."""
        self._hooks.stop_comparisons()
        ordered = self._deletions.order_session(session_id)
        self._hooks.touch(session_id)
        return ordered

    def order_answer(self, answer_id: str) -> PendingDeletion:
        """Hide an answer with its grades and the follow-ups that were asked about it; purged after 15 minutes."""
        self._hooks.stop_comparisons()
        session_id = self._store.turn(self._store.answer(answer_id).turn_id).session_id
        ordered = self._deletions.order_answer(answer_id)
        self._hooks.touch(session_id)
        return ordered

    def order_all(self, *, with_notes: bool, with_backups: bool) -> PendingDeletion:
        """Hide every session; everything that is there now is purged after 15 minutes."""
        self._hooks.stop_comparisons()
        return self._deletions.order_all(with_notes=with_notes, with_backups=with_backups)

    def pending(self) -> tuple[PendingDeletion, ...]:
        """What can still be undone, the earliest first."""
        return self._deletions.pending()

    def undo(self, deletion_id: str) -> None:
        """Bring back what was deleted. NotFound: it is purged."""
        self._deletions.undo(deletion_id)
        self._hooks.touch(deletion_id)

    def extent(self, kind: str, target: str) -> Extent:
        """How much would be deleted."""
        return self._deletions.extent(kind, target)

    def copies(self) -> tuple[Path, ...]:
        """Backups, and folders that a restore moved aside: they hold what was deleted after they were made."""
        aside = sorted(path for path in self._folder.glob("replaced-*") if path.is_dir())
        return (*(one.path for one in backups(self._folder)), *aside)

    # --- carrying out

    def purge(self, deletion_id: str) -> None:
        """Remove for good what a pending deletion names. NotFound: it was undone or is purged.

        StoreError: something of it is in use. The rows are gone then; `finish` goes on with the rest.
        """
        with self._purging:
            ordered = next((one for one in self.pending() if one.id == deletion_id), None)
            if ordered is None:
                raise NotFound(f"No deletion {deletion_id} is pending; it was undone or has been carried out.")
            self._clear_files(ordered)
            self._deletions.purge(deletion_id)
            if ordered.with_backups:
                self.remove_copies()
            self._deletions.finish([deletion_id])

    def finish(self) -> None:
        """Go on with purges that were broken off after their rows were deleted."""
        with self._purging:
            if left := self._deletions.unfinished():
                self._deletions.finish(left)

    def remove_copies(self) -> None:
        """Delete every backup, and what restores moved aside. StoreError: one cannot be deleted."""
        for copy in self.copies():
            _remove(copy)

    def _clear_files(self, ordered: PendingDeletion) -> None:
        if ordered.kind != "all":
            self._forget_compared(self._deletions.answers_of(ordered.id))
            return
        for name in _OF_NO_SESSION:
            _remove(self._folder / name)
        self.clear_uploads()
        if ordered.with_notes:
            self._hooks.release_notes()
            _remove(self._folder / _NOTES)

    def _forget_compared(self, answer_ids: Collection[str]) -> None:
        """Take the lines of these answers out of the gradings that comparisons keep."""
        doomed = tuple(f'{{"key": "{name_digest(answer_id)}-' for answer_id in answer_ids)
        if not doomed:
            return
        for path in (self._folder / COMPARISONS).glob("*.jsonl"):
            lines = path.read_text(encoding="ascii", errors="replace").splitlines(keepends=True)
            kept = [line for line in lines if not line.startswith(doomed)]
            if kept != lines:
                written = path.with_name(f".{path.name}.new")
                written.write_text("".join(kept), encoding="ascii", errors="replace")
                written.replace(path)


def _remove(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path} cannot be deleted ({error.strerror or error}); delete it yourself.") from error
