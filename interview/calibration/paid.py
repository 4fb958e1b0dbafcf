"""Gradings that are paid for are kept: a run that broke off goes on where it ended, without asking twice."""

import json
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from interview.errors import StoreError
from interview.grading.grader import GradingRequest
from interview.models import Graded, Ungraded, UngradedReason, Value, digest

# What asking again may change: the line, the key, the settings, or a fault of ours. Such a failure is not kept.
_MAY_PASS: tuple[UngradedReason, ...] = (
    *("unreachable", "timed_out", "rate_limited", "server_fault", "key_refused", "model_unknown", "quota_exhausted"),
    *("address_wrong", "prompt_cut", "request_refused", "grader_unknown", "internal_error"),
)


class Kept(Value):
    """One line of the file: which grading (`key`), what came of it, and the wall-clock seconds that it took."""

    key: str
    seconds: float
    outcome: Annotated[Graded | Ungraded, Field(discriminator="status")]


class PaidGradings:
    """The kept gradings of one grader as it is now: its model, prompts, rubric and code are in the file's name.

    Lines are only ever added, each in one write, so that a process which dies leaves at most its last line torn;
    torn lines are passed over.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        """`identity`: everything besides the answer that a grading depends on. Raises StoreError."""
        self._path = folder / f"{digest(identity)}.jsonl"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            raw = self._path.read_bytes() if self._path.exists() else b""
        except OSError as fault:
            raise StoreError(f"{self._path}: cannot be used: {fault.strerror}. Choose another --data-dir.") from fault
        self._torn = bool(raw) and not raw.endswith(b"\n")
        self._kept = {kept.key: kept for kept in map(_read, raw.splitlines()) if kept}

    def find(self, key: str) -> Kept | None:
        """Return what is kept under `key`."""
        return self._kept.get(key)

    def keep(self, kept: Kept) -> None:
        """Add one grading to the file, unless asking again may change what came of it. Raises StoreError."""
        if isinstance(kept.outcome, Ungraded) and kept.outcome.reason in _MAY_PASS:
            return
        self._kept[kept.key] = kept
        line = json.dumps(kept.model_dump(mode="json"), ensure_ascii=True) + "\n"
        try:
            with self._path.open("ab", buffering=0) as file:
                file.write((b"\n" if self._torn else b"") + line.encode("ascii"))
        except OSError as fault:
            raise StoreError(
                f"{self._path}: cannot be written: {fault.strerror}. Choose another --data-dir."
            ) from fault
        self._torn = False


def grading_key(name: str, request: GradingRequest, repeat: int) -> str:
    """Return what a grading is kept under: the row and its content, and which of the repeats it is."""
    content = digest(f"{request.question.content_digest} {request.lang} {request.answer}")
    return f"{name_digest(name)}-{content}-{repeat}"


def name_digest(name: str) -> str:
    """Return the part of the keys of a row's gradings that tells them from those of other rows."""
    return digest(name)


def _read(line: bytes) -> Kept | None:
    try:
        return Kept.model_validate_json(line)
    except ValidationError:
        return None
