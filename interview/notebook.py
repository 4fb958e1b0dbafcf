"""Which notes are asked from: the user's own, an upload, or the bank that comes with Viva; the choice is remembered."""

import logging
import re
import threading
import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from interview.errors import ContentError
from interview.files import is_device, write_new
from interview.models import Language
from interview.notes.bank import QuestionBank
from interview.notes.folder import Clock, Stamp, stamp_of, watched
from interview.notes.images import ImageFile, find_image, sources_of
from interview.notes.library import built_in, is_gone, read_notes
from interview.notes.markdown import read_markdown
from interview.store.store import Store

PREFERENCE = "notes"  # its key in the store
_RECHECK_SECONDS = 1.0
_NAME_LIMIT = 60  # of up to 4 bytes each; file systems take 255
_UPLOADS_LIMIT = 100_000_000  # bytes of all uploads that are kept
_log = logging.getLogger(__name__)


class Notebook:
    """The notes in use. A choice is validated before it replaces the one before it. May be used from any thread."""

    def __init__(
        self,
        store: Store,
        uploads: Path,
        given: Sequence[Path] = (),
        *,
        with_bank: bool = False,
        read_built_in: Callable[[Language], QuestionBank] = built_in,
        clock: Clock = time.monotonic,
    ) -> None:
        """`given` are the notes of the command line: they win over what is remembered, for this process alone.

        `uploads` is the folder that keeps uploaded notes; `with_bank` keeps the built-in bank beside the notes.
        ContentError: the given notes cannot be read. Where remembered notes are gone, the built-in bank is used.
        """
        self.problem = ""  # why notes that were chosen are not in use as they stand on disk; empty where all is well
        self._store = store
        self._uploads = uploads
        self._with_bank = with_bank
        self._read_built_in = read_built_in
        self._lock = threading.Lock()
        self._built_in: dict[Language, QuestionBank] = {}
        self._paths: tuple[Path, ...] = ()
        self._lost: tuple[Path, ...] = ()  # remembered notes that were not there; the built-in bank is used
        self._own: QuestionBank | None = None
        self._clock = clock
        self._checked = 0.0  # when the stamp was compared last
        self._watched: tuple[Path, ...] = ()
        self._stamp: Stamp = ()
        if given:
            self._take(tuple(path.expanduser().absolute() for path in given))
        else:
            self._recall()

    @property
    def origin(self) -> tuple[str, ...]:
        """The paths in use as text; empty for the built-in bank."""
        return tuple(str(path) for path in self._paths)

    @property
    def missing(self) -> tuple[str, ...]:
        """Those of the chosen paths where there is neither a file nor a folder any more."""
        return tuple(str(path) for path in self._paths or self._lost if is_gone(str(path)))

    def bank(self, lang: Language) -> QuestionBank:
        """The questions to ask from. Files that changed on disk are read again; where that fails, see `problem`.

        Whether they changed is looked at once in _RECHECK_SECONDS: one click asks for the bank many times.

        Remembered notes that had vanished are used again once they are back.

        ContentError: the built-in bank is asked for and damaged.
        """
        with self._lock:
            if self._lost and not self.missing:
                self._recall()
            if self._own is None:
                return self._built_in_bank(lang)
            self._refresh()
            own = self._own
            return own.merged(self._built_in_bank(lang)) if self._with_bank else own

    def image(self, file: str, source: str) -> ImageFile | None:
        """The image that a reference answer in `file` of the notes in use, as last read, refers to by `source`.

        None where none does, or there is none to show. The built-in bank has no images.
        """
        own = self._own
        questions = own.questions if own is not None else ()
        if not any(question.file == file and source in sources_of(question.reference) for question in questions):
            return None
        try:
            return find_image(source, Path(file).parent)
        except ContentError:
            return None

    def use(self, paths: Sequence[str]) -> QuestionBank:
        """Ask from these files and folders, now and later. ContentError: they cannot be; the old ones stay."""
        # File programs copy a path with quotation marks around it.
        named = (path.strip().strip("\"'") for path in paths)
        chosen = tuple(Path(path).expanduser().absolute() for path in named if path)
        if not chosen:
            raise ContentError("No path was given. Name a Markdown file, or a folder with Markdown files.")
        with self._lock:
            taken = self._take(chosen)
            self._store.remember(PREFERENCE, {"paths": [str(path) for path in chosen]})
            return taken

    def use_upload(self, filename: str, raw: bytes) -> QuestionBank:
        """Keep an uploaded file and ask from it, now and later. ContentError: it cannot be; nothing is kept.

        A file that is kept under its name already stays, unless it is the same: then it is used again.
        """
        name = safe_name(filename)
        read_markdown(raw, name).require_questions()
        try:
            return self.use([str(self._kept(name, raw))])
        except OSError as error:
            raise ContentError(f"{name} could not be kept in {self._uploads} ({error.strerror or error}).") from error

    def _kept(self, name: str, raw: bytes) -> Path:
        """The file that holds an upload; a new one where none does. OSError; ContentError: there are too many."""
        self._uploads.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = [file for file in self._uploads.iterdir() if file.is_file()]
        if sum(file.stat().st_size for file in kept) + len(raw) > _UPLOADS_LIMIT:
            raise ContentError(
                f"The uploaded notes have {_UPLOADS_LIMIT // 1_000_000} MB already. Remove what you do not need any "
                f"more from {self._uploads}."
            )
        stem = name.removesuffix(".md")
        for number in count(1):
            path = self._uploads / (name if number == 1 else f"{stem}-{number}.md")
            try:
                write_new(path, raw)
            except FileExistsError:
                if path.is_symlink() or not path.is_file() or path.read_bytes() != raw:
                    continue
            return path
        raise AssertionError

    def use_built_in(self) -> None:
        """Ask from the bank that comes with Viva, now and later."""
        with self._lock:
            self._store.remember(PREFERENCE, None)
            self._paths, self._own, self._stamp, self.problem = (), None, (), ""
            self._lost = ()

    def release_uploads(self) -> None:
        """Ask from the built-in bank where uploaded notes are in use: their files are about to be deleted."""
        if any(path.is_relative_to(self._uploads) for path in (*self._paths, *self._lost)):
            self.use_built_in()

    def _take(self, paths: tuple[Path, ...]) -> QuestionBank:
        seen = watched(paths)
        stamp = stamp_of(seen)
        own = read_notes(paths).require_questions()
        self._paths, self._own, self._watched, self._stamp, self.problem = paths, own, seen, stamp, ""
        self._checked = self._clock()
        self._lost = ()
        return own

    def _refresh(self) -> None:
        now = self._clock()
        if now < self._checked + _RECHECK_SECONDS:
            return
        self._checked = now
        stamp = stamp_of(self._watched)
        if stamp == self._stamp:
            return
        try:
            self._take(self._paths)
        except ContentError as error:
            self._stamp = stamp  # what was read last stays in use, and is not tried again before the files change
            self.problem = str(error)

    def _recall(self) -> None:
        remembered = self._store.preference(PREFERENCE)
        if not remembered:
            return
        paths = tuple(Path(path) for path in remembered["paths"])
        try:
            self._take(paths)
        except ContentError as error:
            self.problem = str(error)
            self._lost = tuple(path for path in paths if is_gone(str(path)))
            _log.warning("The notes of the last session cannot be used; the built-in bank is. %s", error)

    def _built_in_bank(self, lang: Language) -> QuestionBank:
        if lang not in self._built_in:
            self._built_in[lang] = self._read_built_in(lang)
        return self._built_in[lang]


def safe_name(filename: str) -> str:
    """The last part of an uploaded file's name, with nothing in it that a file system could take otherwise.

    ContentError: it is not the name of a Markdown file.
    """
    last = re.split(r"[/\\]", filename)[-1]
    markdown = re.fullmatch(r"(.*)\.(?:md|markdown)", last, re.DOTALL | re.IGNORECASE)
    if markdown is None:
        raise ContentError(f"{last or 'The upload'} is not a Markdown file. Upload a file that ends in .md.")
    kept = re.sub(r"[^\w\- ]+", "_", markdown[1]).strip(" _-")[:_NAME_LIMIT].rstrip()
    return f"{f'notes-{kept}' if is_device(kept) else kept or 'notes'}.md"
