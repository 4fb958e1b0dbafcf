"""The Markdown files below a folder, and the limits that keep a folder which is too large from being read."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from interview.errors import ContentError

SUFFIXES = (".md", ".markdown")
FILE_LIMIT = 10_000_000  # bytes of one file
TOTAL_LIMIT = 50_000_000  # bytes of all files
FILES_LIMIT = 2_000
ENTRIES_LIMIT = 10_000  # whatever lies in the folders; `/` and `/usr/share` have many more
SECONDS_LIMIT = 20.0  # for listing and reading; a slow network drive may need some
_INSTEAD = "Name a smaller folder, or single files."
Clock = Callable[[], float]
Stamp = tuple[tuple[str, int, int], ...]


class Deadline:
    """Raises ContentError once SECONDS_LIMIT is over."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        """Begins now."""
        self._clock = clock
        self._end = clock() + SECONDS_LIMIT

    def check(self, folder: Path) -> None:
        """Raise ContentError if the time is over."""
        if self._clock() > self._end:
            raise ContentError(f"Reading the notes in {folder} takes longer than {SECONDS_LIMIT:g} s. {_INSTEAD}")


@dataclass
class Listing:
    """The Markdown files below a folder in their order, and every folder that was looked into."""

    files: list[Path] = field(default_factory=list[Path])
    folders: list[Path] = field(default_factory=list[Path])
    entries: int = 0

    def add(self, folder: Path) -> list[Path]:
        """Add what lies in one folder, and return the folders in it. Raises ContentError, also for too much."""
        self.folders.append(folder)
        below: list[str] = []
        names: list[str] = []
        try:
            with os.scandir(folder) as found:
                for entry in found:
                    self.entries += 1
                    if self.entries > ENTRIES_LIMIT:
                        raise ContentError(f"{self.folders[0]} has more than {ENTRIES_LIMIT:,} entries. {_INSTEAD}")
                    if entry.name.startswith("."):  # note-taking programs keep their own files in hidden folders
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        below.append(entry.name)
                    elif entry.name.lower().endswith(SUFFIXES) and os.path.isfile(entry.path):
                        names.append(entry.name)
        except OSError as error:
            raise ContentError(f"The folder {folder} cannot be read ({error.strerror}). Check its permissions.") from error
        self.files += [folder / name for name in sorted(names)]
        if len(self.files) > FILES_LIMIT:
            raise ContentError(f"{self.folders[0]} has more than {FILES_LIMIT:,} Markdown files. {_INSTEAD}")
        return [folder / name for name in sorted(below)]


def list_notes(folder: Path, deadline: Deadline | None = None) -> Listing:
    """List a folder. Raises ContentError: it cannot be read, or is too large. Links to folders are not followed."""
    listing, deadline = Listing(), deadline or Deadline()
    waiting = [folder]
    while waiting:
        deadline.check(folder)
        waiting += reversed(listing.add(waiting.pop()))
    return listing


def watched(paths: Sequence[Path]) -> tuple[Path, ...]:
    """The files and folders whose stamp changes when a file of these notes is edited, added or removed.

    Raises ContentError as `list_notes` does.
    """
    found: list[Path] = []
    for path in paths:
        listing = list_notes(path) if path.is_dir() else Listing([path])
        found += [*listing.folders, *listing.files]
    return tuple(found)


def stamp_of(watched: Sequence[Path]) -> Stamp:
    """Name, time and size of each of these files and folders that is there; nothing is listed."""
    found: list[tuple[str, int, int]] = []
    for path in watched:
        try:
            facts = path.stat()
        except OSError:
            continue
        found.append((str(path), facts.st_mtime_ns, facts.st_size))
    return tuple(found)
