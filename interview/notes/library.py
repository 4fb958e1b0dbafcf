"""Notes on disk: files and folders that the user names, and the bank that comes with Viva."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from interview.errors import ContentError
from interview.files import read_regular
from interview.models import Language
from interview.notes.bank import Problem, QuestionBank, joined
from interview.notes.folder import FILE_LIMIT, TOTAL_LIMIT, Deadline, list_notes
from interview.notes.markdown import read_markdown

PROJECT = Path(__file__).resolve().parents[2]
# The order of an interview that goes through the whole bank; a file that is not named here comes after these.
_SECTIONS = (
    *("transformer", "nlp", "preprocessing", "llm", "other-nlp", "business", "python"),
    *("arch", "train", "align", "serve", "rag", "agent", "eval", "safety", "mm", "code"),
)
_PLACE = re.compile(r"^(?::\d+)?: ")  # what stands between a file's name and what is wrong with it


def read_notes(paths: Sequence[Path]) -> QuestionBank:
    """Read files, and folders with all Markdown files below them, into one bank with unique ids.

    Raises ContentError when a path does not exist or cannot be read, or when a file named in `paths` is empty, binary
    or not UTF-8, and when there is more than the limits of `notes/folder.py` allow. A file in a folder that cannot be
    read is a problem at its first line, and the others are read.
    """
    banks: list[QuestionBank] = []
    seen: set[Path] = set()
    deadline = Deadline()
    room = TOTAL_LIMIT
    for path in paths:
        start = _existing(path)
        files = list_notes(start, deadline).files if start.is_dir() else [start]
        if not files:
            banks.append(_empty_bank(str(start), "no Markdown file (*.md) is in this folder"))
        for file in files:
            if file.resolve() not in seen:
                seen.add(file.resolve())
                deadline.check(start)
                room -= file.stat().st_size if file.is_file() else 0
                if room < 0:
                    raise ContentError(f"The notes in {start} have more than {TOTAL_LIMIT // 1_000_000} MB. Name fewer.")
                banks.append(_read_file(file, str(file), in_folder=file != start))
    return joined(banks)


def built_in(lang: Language) -> QuestionBank:
    """Read the bank that comes with Viva in one language. Raises ContentError when its folder is damaged or gone."""
    folder = _existing(PROJECT / "notes" / lang)
    files = sorted(list_notes(folder).files, key=_place_in_the_bank)
    return joined([_read_file(file, file.relative_to(PROJECT).as_posix(), in_folder=False) for file in files])


def is_gone(label: str) -> bool:
    """Whether the file that a question names, of one's own notes or of the bank that comes with Viva, is not there.

    A name that would lead to another machine is not followed; nothing is said of it.
    """
    return not label.startswith(("//", "\\\\")) and not os.path.exists(PROJECT / label)


def _place_in_the_bank(file: Path) -> tuple[int, str]:
    return _SECTIONS.index(file.stem) if file.stem in _SECTIONS else len(_SECTIONS), file.name


def _existing(path: Path) -> Path:
    try:
        found = path.expanduser()
        if found.is_dir() or found.is_file():
            return found
        what = "is neither a file nor a folder" if found.exists() else "does not exist"
    except (OSError, RuntimeError) as error:  # RuntimeError: a home folder that nobody has
        raise ContentError(f"The notes {path} cannot be reached ({error}). Check the path.") from error
    raise ContentError(f"The notes {path} cannot be read: the path {what}. Check it (looked from {Path.cwd()}).")


def _read_file(path: Path, label: str, *, in_folder: bool) -> QuestionBank:
    try:
        return read_markdown(_bytes(path), label, path.parent)
    except ContentError as error:
        if not in_folder:
            raise
        what = _PLACE.sub("", str(error).removeprefix(label))
        return _empty_bank(label, what)


def _empty_bank(label: str, what: str) -> QuestionBank:
    return QuestionBank(questions=(), problems=(Problem(file=label, line=1, what=what),), files=(label,))


def _bytes(path: Path) -> bytes:
    try:
        return read_regular(path, FILE_LIMIT)
    except OSError as error:
        raise ContentError(f"{path}: cannot be read ({error.strerror}). Check its permissions.") from error
