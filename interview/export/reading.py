"""Reads transcripts back from JSON and JSON Lines: each is checked before anything of it is kept."""

import json
import math
from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from pydantic import ValidationError

from interview.errors import ContentError
from interview.export.json_form import FORMAT, VERSION
from interview.models import Graded, Grading, Transcript, Turn, Value
from interview.rubrics import Rubric
from interview.verify import false_quotes

_LEFT_OUT = {"format", "version", "chain"}


class Reading(Value):
    """What a file holds. `problems` name each line or entry that cannot be used, and why."""

    transcripts: tuple[Transcript, ...]
    problems: tuple[str, ...] = ()


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
    for place, document in _documents(text, name):
        try:
            found.append(_transcript(document, place))
        except _Unusable as fault:
            problems.append(f"{place}: {fault}")
    if not found and not problems:
        raise ContentError(f"{name}: there is no transcript in it.")
    return Reading(transcripts=tuple(found), problems=tuple(problems))


class _Unusable(Exception):
    """One document cannot be used; the rest of the file may."""


def _documents(text: str, name: str) -> Iterator[tuple[str, Any]]:
    """Each document with its place; what is not JSON comes as the exception that says so."""
    whole = _parsed(text)
    if isinstance(whole, list):
        for number, document in enumerate(cast("list[Any]", whole), 1):
            yield f"{name}, entry {number}", document
    elif not isinstance(whole, Exception) or text.lstrip().startswith(("[", "{\n", "{\r")):
        yield f"{name}:{getattr(whole, 'lineno', 1)}", whole
    else:
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                yield f"{name}:{number}", _parsed(line)


def _parsed(text: str) -> Any:
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
