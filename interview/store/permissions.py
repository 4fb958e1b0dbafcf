"""The data folder is its owner's alone: nobody else on this machine lists or reads it."""

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

_log = logging.getLogger(__name__)
# What versions before the umask made in the folder. Nothing else is touched: the folder may hold other things too.
_FILES = ("viva.*", "backends.toml", "*.key")
_FOLDERS = ("notes", "backups", "comparisons", "evaluations")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_private(folder: Path) -> None:
    """Take the data folder, and what Viva made in it, away from other users. Links are left as they are.

    New files are made private by the umask of the command line. A file that belongs to somebody else is logged.
    """
    if os.name != "posix":
        return
    for path in (folder, *_own_files(folder)):
        try:
            mode = path.lstat().st_mode
            # A sticky folder, such as /tmp, is shared on purpose.
            if mode & _OTHERS and not stat.S_ISLNK(mode) and not mode & stat.S_ISVTX:
                path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
        except OSError as fault:
            _log.warning("%s may be readable by other users of this machine: %s", path, fault.strerror)


def _own_files(folder: Path) -> Iterator[Path]:
    for pattern in _FILES:
        yield from folder.glob(pattern)
    for name in _FOLDERS:
        below = folder / name
        if below.is_dir() and not below.is_symlink():
            yield below
            yield from below.rglob("*")
