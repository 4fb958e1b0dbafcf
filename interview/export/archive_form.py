"""Everything in one zip file: rows as JSON Lines with a chain of digests, files, a manifest, and `verify.py`.

The same content gives the same bytes. Reading is `interview.verify.Archive`.
"""

import hashlib
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

from interview import verify
from interview.models import Damaged

_SCRIPT = "verify.py"


class ArchiveWriter:
    """Writes members one after the other, with as much in memory as one row. `close` writes the manifest."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self._members: list[dict[str, Any]] = []
        self._last = ""
        self.size = 0  # of all members, unpacked

    def add_rows(self, name: str, rows: Iterable[dict[str, Any]]) -> int:
        """Write `<name>.jsonl`, each row with its digest, and return the number of rows."""
        count = 0

        def lines() -> Iterable[bytes]:
            nonlocal count
            for row in rows:
                count += 1
                self._last = verify.link(self._last, name, row)
                yield verify.canonical({"digest": self._last, "row": row}) + b"\n"

        entry = self._write(f"{name}.jsonl", lines())
        entry["rows"] = count
        return count

    def add_file(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write a member that is no table."""
        self._write(name, chunks)

    def close(self, damaged: Sequence[Damaged]) -> str:
        """Write the script and the manifest, and return the head of the archive."""
        self.add_file(_SCRIPT, [Path(verify.__file__).read_bytes()])
        manifest: dict[str, Any] = {
            "format": verify.ARCHIVE,
            "version": verify.ARCHIVE_VERSION,
            "members": self._members,
            "damaged": [one.model_dump() for one in damaged],
        }
        head = verify.link(self._last, "manifest", manifest)
        with self._zip.open(_entry(verify.MANIFEST), "w") as stream:
            stream.write(verify.canonical({**manifest, "head": head}))
        self._zip.close()
        return head

    def _write(self, name: str, chunks: Iterable[bytes]) -> dict[str, Any]:
        digest, size = hashlib.sha256(), 0
        with self._zip.open(_entry(name), "w", force_zip64=True) as stream:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                stream.write(chunk)
        entry: dict[str, Any] = {"name": name, "bytes": size, "sha256": digest.hexdigest(), "rows": None}
        self._members.append(entry)
        self.size += size
        return entry


def _entry(name: str) -> zipfile.ZipInfo:
    """Return an entry that says nothing about when and on what system it was written."""
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = 0o600 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
