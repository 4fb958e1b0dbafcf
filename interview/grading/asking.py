"""Asks a model for one value of a known form: the reply is read strictly, repaired once, and else refused.

For everything that a model is asked besides judging an answer, which has a form per question and streams (`judge.py`).
"""

import json
from collections.abc import Callable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import ValidationError

from interview.backends.backend import Backend, Completion, CompletionRequest, Message, Purpose
from interview.backends.calls import CallLog
from interview.errors import LastingFault
from interview.grading.json_text import NotJson, objects
from interview.grading.wire import BadReply, Wire, explained, schema_of
from interview.models import FailedAttempt
from interview.prompts import Part, Prompts

W = TypeVar("W", bound=Wire)
_LONGEST_ECHO = 20_000
_LONGEST_DETAIL = 500


def unusable(backend: Backend, log: CallLog, problem: str) -> bool:
    """Note a reply that came whole and did not fit its form; returns whether it was the last one to ask for."""
    log.note(
        FailedAttempt(
            started_at=datetime.now(UTC),
            seconds=0.0,
            backend=backend.name,
            model=backend.model,
            host=backend.host,
            fault="bad_reply",
            detail=f"The reply did not fit its form: {problem}"[:_LONGEST_DETAIL],
        )
    )
    return log.ends_with("bad_reply")


async def complete(backend: Backend, request: CompletionRequest) -> Completion:
    """Return the whole reply. Raises PassingFault or LastingFault."""
    async with aclosing(backend.complete(request)) as events:
        async for event in events:
            if isinstance(event, Completion):
                return event
    raise LastingFault(f"Backend {backend.name} ended without a reply.", fault="bad_reply")


async def ask(
    backend: Backend,
    prompts: Prompts,
    parts: Sequence[Part],
    form: type[W],
    *,
    purpose: Purpose,
    session_id: str = "",
    max_tokens: int = 4000,
    check: Callable[[W], str] = lambda value: "",
    log: CallLog | None = None,
) -> W:
    """Return what the model says to `parts` as a value of `form`; `session_id` is where its cost is counted.

    `check` returns what is wrong with a value that has the form, empty where nothing is. A reply that does not fit is
    sent back once with the reason, unless `log` (None: a new one) allows no more bad replies. Raises LastingFault
    (bad_reply) when it stays unusable, and what the backend raises.
    """
    messages = tuple(Message(role=part.role, content=part.text) for part in parts)
    problem = ""
    log = log or CallLog()
    for _ in range(2):
        request = CompletionRequest(
            messages=messages,
            schema_name=form.__name__.lower(),
            json_schema=schema_of(form),
            max_tokens=max_tokens,
            purpose=purpose,
            session_id=session_id,
            log=log,
        )
        reply = (await complete(backend, request)).text
        try:
            value = read_last(reply, form)
            problem = check(value)
            if not problem:
                return value
        except BadReply as fault:
            problem = str(fault)
        if unusable(backend, log, problem):
            break
        repair = prompts.repair.parts(problem=problem)
        echo = Message(role="assistant", content=reply[:_LONGEST_ECHO])
        messages = (*messages, echo, *(Message(role=part.role, content=part.text) for part in repair))
    raise LastingFault(f"The reply of {backend.model} at {backend.host} stayed unusable: {problem}", fault="bad_reply")


def read_last(text: str, form: type[W]) -> W:
    """Return the last JSON object of the text as a value of `form`. Raises BadReply."""
    try:
        found = objects(text)
    except NotJson as fault:
        raise BadReply(str(fault)) from None
    if not found:
        raise BadReply("there is no valid JSON object in the reply")
    try:
        return form.model_validate_json(json.dumps(found[-1].content))
    except ValidationError as fault:
        raise BadReply(explained(fault)) from None
