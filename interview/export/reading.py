"""Reads transcripts back from JSON and JSON Lines: each is checked before anything of it is kept."""

import io
import itertools
import json
import math
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from pydantic import ValidationError

from interview.errors import ContentError
from interview.export.json_form import FORMAT, VERSION
from interview.models import Graded, Grading, Transcript, Turn, Value
from interview.rubrics import Rubric
from interview.verify import false_quotes

PROBLEMS_NAMED = 100
_GIVEN_UP = 10_000
# Of lists and objects in one document. A transcript of 100 questions has some 10,000; what has more is built to fill
# the memory, since an empty object takes 64 bytes there and 3 in the file.
_PARTS_LIMIT = 200_000
_TOO_MANY = f"it has more than {_PARTS_LIMIT:,} lists and objects, which no transcript has"
_NO_OBJECT = ValueError("expected an object in braces")
_LEFT_OUT = {"format", "version", "chain"}
_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


class Reading(Value):
    """What a file holds.

    `problems` name the first lines or entries that cannot be used, and why, up to PROBLEMS_NAMED; `unusable` is the
    number of all. Nothing is read after the first _GIVEN_UP of them.
    """

    transcripts: tuple[Transcript, ...]
    problems: tuple[str, ...] = ()
    unusable: int = 0


def read_transcripts(raw: bytes, name: str) -> Reading:
    """Read the transcripts of a file, JSON or JSON Lines. `name` is what the file is called in messages.

    ContentError: the file is no text in UTF-8, holds no transcript, or was made by a newer version of Viva.
    """
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as fault:
        line = raw.count(b"\n", 0, fault.start) + 1
        raise ContentError(f"{name}:{line}: not UTF-8 text (byte {fault.start}).") from fault
    found: list[Transcript] = []
    problems: list[str] = []
    unusable = 0
    for place, document in _documents(text, name):
        try:
            found.append(_transcript(document, place))
        except _Unusable as fault:
            unusable += 1
            if unusable <= PROBLEMS_NAMED:
                problems.append(f"{place}: {fault}")
            if unusable == _GIVEN_UP:
                break
    if not found and not unusable:
        raise ContentError(f"{name}: there is no transcript in it.")
    return Reading(transcripts=tuple(found), problems=tuple(problems), unusable=unusable)


class _Unusable(Exception):
    """One document cannot be used; the rest of the file may."""


def _documents(text: str, name: str) -> Iterator[tuple[str, Any]]:
    """Each document with its place; what is not JSON comes as the exception that says so."""
    start = _past_blanks(text, 0)
    if text.startswith("[", start):
        yield from _entries(text, start + 1, name)
        return
    whole = _parsed(text)
    if not isinstance(whole, Exception) or text.startswith(("{\n", "{\r"), start):
        yield f"{name}:{getattr(whole, 'lineno', 1)}", whole
        return
    for number, line in enumerate(io.StringIO(text, newline="\n"), 1):  # one at a time: millions may be empty
        if line.startswith("{") or (line := line.strip()).startswith("{"):
            yield f"{name}:{number}", _parsed(line)
        elif line:
            yield f"{name}:{number}", _NO_OBJECT


def _entries(text: str, at: int, name: str) -> Iterator[tuple[str, Any]]:
    """The entries of an array, one at a time: together they may take far more memory than the file."""
    if _parts(text) > 5 * _PARTS_LIMIT:
        yield f"{name}:1", ValueError("it has far more lists and objects than transcripts of this size have")
        return
    for number in itertools.count(1):
        at = _past_blanks(text, at)
        if number == 1 and text.startswith("]", at):
            break
        start = at
        try:
            document, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as fault:
            yield f"{name}, entry {number}", fault
            return
        if text.count("{", start, at) + text.count("[", start, at) > _PARTS_LIMIT:
            document = ValueError(_TOO_MANY)
        yield f"{name}, entry {number}", document
        at = _past_blanks(text, at)
        if not text.startswith(",", at):
            break
        at += 1
    if text[at:].strip() != "]":
        yield f"{name}: {len(text)}", ValueError("the list has no end, or something follows it")


def _parts(text: str) -> int:
    return text.count("{") + text.count("[")


def _past_blanks(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _parsed(text: str) -> Any:
    if _parts(text) > _PARTS_LIMIT:
        return ValueError(_TOO_MANY)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as fault:
        return fault


def _transcript(document: Any, place: str) -> Transcript:
    if isinstance(document, Exception):
        raise _Unusable(f"not valid JSON: {document}")
    if not isinstance(document, dict):
        raise _Unusable(f'expected an object with "format": "{FORMAT}"')
    fields = cast("dict[str, Any]", document)
    if fields.get("format") != FORMAT:
        raise _Unusable(f'expected "format": "{FORMAT}"')
    version = fields.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise _Unusable('expected "version", a whole number from 1 on')
    if version > VERSION:
        raise ContentError(
            f"{place}: made by a newer version of Viva (its form is version {version}; this program reads up to "
            f"{VERSION}). Nothing was imported: update the program."
        )
    try:
        transcript = Transcript.model_validate({key: value for key, value in fields.items() if key not in _LEFT_OUT})
        for ref, content in transcript.rubrics.items():
            if Rubric.model_validate(content).ref != ref:
                raise _Unusable(f"the rubric {ref} has another name or digest")
    except (ValidationError, RecursionError) as fault:
        raise _Unusable(_first(fault)) from fault
    for problem in _problems(transcript):
        raise _Unusable(problem)
    return transcript


def _first(fault: Exception) -> str:
    if not isinstance(fault, ValidationError):
        return "nested too deeply"
    error = fault.errors()[0]
    return f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"


def _problems(transcript: Transcript) -> Iterator[str]:
    """What a transcript says that cannot be so."""
    session = transcript.session
    ids = [turn.id for turn in session.turns]
    if not session.questions:
        yield "the session asks no question"
    if len(set(ids)) < len(ids) or len({(turn.position, turn.attempt) for turn in session.turns}) < len(ids):
        yield "two turns of the session are the same"
    if not {*transcript.marks, *(remark.turn_id for remark in transcript.remarks)} <= set(ids):
        yield "a note or a remark belongs to no turn of the session"
    if any(moment.tzinfo is None for moment in _moments(transcript)):
        yield "a time has no zone"
    for turn in session.turns:
        place = f"turn {turn.position + 1}, attempt {turn.attempt}"
        if not 0 <= turn.position < len(session.questions) or session.questions[turn.position] != turn.question:
            yield f"{place}: its question is not the one of the session"
        if (turn.state == "answered") != (turn.answer is not None) or (turn.gradings and turn.answer is None):
            yield f"{place}: answered without an answer, or graded without one"
        for grading in turn.gradings:
            yield from (f"{place}: {problem}" for problem in _of_grading(turn, grading))


def _moments(transcript: Transcript) -> Iterator[datetime]:
    session = transcript.session
    yield session.created_at
    yield from (moment for moment in (session.finished_at,) if moment is not None)
    yield from (remark.created_at for remark in transcript.remarks)
    for turn in session.turns:
        yield turn.asked_at
        yield from (turn.answer.created_at for _ in range(turn.answer is not None) if turn.answer)
        for grading in turn.gradings:
            yield grading.created_at
            yield from (moment for moment in (grading.finished_at,) if moment is not None)


def _of_grading(turn: Turn, grading: Grading) -> Iterator[str]:
    outcome = grading.outcome
    if not isinstance(outcome, Graded):
        return
    if not (math.isfinite(outcome.max_score) and 0 <= outcome.score <= outcome.max_score):
        yield f"the score {outcome.score} is not between 0 and {outcome.max_score}"
    for _, quote in false_quotes(outcome.model_dump(), turn.answer.text if turn.answer else ""):
        yield f"a quote that is not in the answer at its place: “{quote[:60]}”"
