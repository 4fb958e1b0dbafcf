"""Everything that is kept as one archive, and such an archive merged into what is here."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Literal
from uuid import uuid4

from pydantic import TypeAdapter

from interview.errors import ContentError
from interview.export.archive_form import ArchiveWriter
from interview.models import Damaged, Value
from interview.notebook import PREFERENCE as NOTES_PREFERENCE
from interview.notebook import safe_name
from interview.rubrics import Rubric
from interview.service.rubric_history import FAMILY, RubricHistory
from interview.store.store import Store
from interview.store.whole import TABLES, Merged, WholeStore
from interview.verify import MAX_BYTES, RUBRICS, Archive, Member, Report, Unreadable, check_archive

NOTES = "notes"
_UPLOADED = "upload:"  # before the name of an uploaded file, in place of the folder that it lies in here
# Preferences that are not the person's: rubrics have a member of their own, orders would begin work where they arrive.
_OWN_FAMILIES = (f"{FAMILY} ", "regrade ")
_PATHS = TypeAdapter(dict[Literal["paths"], list[str]])
_CHUNK = 65_536
_MOST_NAMED = 5
Rows = Iterator[dict[str, Any]]


class Exported(Value):
    """What an archive holds. `size` is that of its members unpacked; `head` stands for all of it."""

    head: str
    sessions: int
    answers: int
    size: int
    damaged: tuple[Damaged, ...]


class Everything:
    """Writes and reads archives. `uploads` is the folder with uploaded notes. No key is read or written. StoreError."""

    def __init__(self, store: Store, rubrics: RubricHistory, uploads: Path) -> None:
        self._store = WholeStore(store)
        self._rubrics = rubrics
        self._uploads = uploads

    # --- out

    def write(self, file: IO[bytes], progress: Callable[[int, int], None] = lambda done, total: None) -> Exported:
        """Write everything to a file, in one snapshot of the store; damaged rows are left out and named."""
        damaged: list[Damaged] = []
        writer = ArchiveWriter(file)
        counts: dict[str, int] = {}
        writer.add_rows(RUBRICS, ({"ref": ref, "content": content} for ref, content in self._rubrics.all().items()))
        with self._store.reading() as connection:
            for done, name in enumerate(TABLES):
                rows = self._store.rows(connection, name, damaged.append)
                counts[name] = writer.add_rows(name, self._portable(rows) if name == "preferences" else rows)
                progress(done + 1, len(TABLES))
        self._write_notes(writer)
        head = writer.close(damaged)
        return Exported(
            head=head,
            sessions=counts["sessions"],
            answers=counts["answers"],
            size=writer.size,
            damaged=tuple(damaged),
        )

    def _portable(self, rows: Rows) -> Rows:
        """Leave out what is not the person's, and name uploaded notes without the folder of this machine."""
        for row in rows:
            if not row["key"].startswith(_OWN_FAMILIES):
                yield _with_paths(row, self._named) or row

    def _named(self, path: str) -> str:
        return _UPLOADED + Path(path).name if Path(path).parent == self._uploads else path

    def _write_notes(self, writer: ArchiveWriter) -> None:
        files = _notes_of(self._uploads)
        members = [f"{NOTES}/{number:04}" for number in range(1, len(files) + 1)]
        named = zip(files, members, strict=True)
        writer.add_rows(NOTES, ({"name": file.name, "member": member} for file, member in named))
        for file, member in zip(files, members, strict=True):
            with file.open("rb") as content:
                writer.add_file(member, iter(lambda: content.read(_CHUNK), b""))

    # --- in

    def read(
        self,
        file: IO[bytes],
        progress: Callable[[int, int], None] = lambda done, total: None,
        max_bytes: int = MAX_BYTES,
    ) -> Merged:
        """Merge an archive into what is here. Nothing that is here changes, and what is known is not added again.

        Raises:
            ContentError: The file is no archive, was changed or damaged, or is too large; nothing was imported.
        """
        try:
            archive = Archive(file, max_bytes)
            _refuse_changed(archive)
            archive.rewind()
            return self._merge(archive, progress)
        except Unreadable as fault:
            raise ContentError(f"Nothing was imported: this archive cannot be used: {fault}.") from fault

    def _merge(self, archive: Archive, progress: Callable[[int, int], None]) -> Merged:
        tables = [member for member in archive.members if member.rows is not None]
        kinds = {member.name.removesuffix(".jsonl"): member for member in tables}
        total = sum(member.rows or 0 for member in tables)
        notes = [row for _, row in archive.rows(kinds[NOTES])] if NOTES in kinds else []
        names = {str(row.get("member")): safe_name(str(row.get("name"))) for row in notes}
        rubrics = _rubrics(archive.rows(kinds[RUBRICS])) if RUBRICS in kinds else {}

        def rows(name: str, member: Member) -> Rows:
            found = (row for _, row in archive.rows(member))
            return self._local(found) if name == "preferences" else found

        members = ((name, rows(name, member)) for name, member in kinds.items() if name not in (RUBRICS, NOTES))
        merged = self._store.merge(members, lambda done: progress(done, total))
        self._rubrics.add(rubrics)
        for member in archive.members:
            if member.name in names:
                self._keep_notes(archive, names[member.name], member)
        return merged

    def _local(self, rows: Rows) -> Rows:
        for row in rows:
            if not str(row.get("key")).startswith(_OWN_FAMILIES):
                local = _with_paths(row, self._place)
                if local is not None:
                    yield local

    def _place(self, path: str) -> str:
        name = path.removeprefix(_UPLOADED)
        return str(self._uploads / safe_name(name)) if path != name else path

    def _keep_notes(self, archive: Archive, name: str, member: Member) -> None:
        """Keep uploaded notes; another file of that name stays, and the new one goes beside it."""
        target = self._uploads / name
        if target.exists() and _digest(target) != member.sha256:
            target = target.with_name(f"{target.stem}-{member.sha256[:8]}.md")
        if target.exists():
            return
        self._uploads.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{uuid4().hex}.part")
        try:
            with partial.open("xb") as file:
                for chunk in archive.chunks(member.name):
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            partial.rename(target)
        except OSError as fault:
            raise ContentError(f"The notes {name} could not be kept in {self._uploads} ({fault.strerror}).") from fault
        finally:
            partial.unlink(missing_ok=True)


def _refuse_changed(archive: Archive) -> None:
    report = Report()
    check_archive(archive, report)
    changed = [f"{problem.place}: {problem.what}" for problem in report.problems if problem.kind == "digest"]
    if changed:
        named = "; ".join(changed[:_MOST_NAMED])
        raise ContentError(f"Nothing was imported: this archive was changed since it was exported ({named}).")


def _rubrics(rows: Iterator[tuple[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for _, row in rows:
        try:
            ref, content = str(row["ref"]), row["content"]
            if Rubric.model_validate(content).ref != ref:
                raise ValueError("it has another name or digest")
        except (ValueError, KeyError) as fault:
            raise ContentError(f"Nothing was imported: the rubric {row.get('ref')} cannot be used.") from fault
        found[ref] = content
    return found


def _with_paths(row: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any] | None:
    """Return a preference with each path of the notes in use replaced; None where they cannot be read."""
    if row.get("key") != NOTES_PREFERENCE or row.get("content") == "null":
        return row
    try:
        paths = [change(path) for path in _PATHS.validate_json(row["content"])["paths"]]
    except (ValueError, KeyError):
        return None
    return {**row, "content": json.dumps({"paths": paths}, ensure_ascii=False)}


def _notes_of(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    files = (path for path in folder.iterdir() if path.suffix == ".md" and not path.name.startswith("."))
    return sorted(path for path in files if path.is_file() and not path.is_symlink())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
