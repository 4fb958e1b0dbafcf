"""Key points found by a model: taken from a reference, each anchored to a span of it, or made where there is none."""

import asyncio
from collections.abc import Sequence
from typing import Literal

from interview.backends.backend import Backend
from interview.backends.calls import CallLog
from interview.errors import BackendError, LastingFault
from interview.grading.asking import Asker, Wire, bounded, form_of
from interview.grading.evidence import find_evidence
from interview.grading.key_points import MOST_POINTS, from_notes
from interview.grading.words import word_set
from interview.models import Checklist, ChecklistPoint, Question
from interview.prompts import Prompts, prompt_json
from interview.text import clean, judge_copy

RUNS = 3  # how often points are made up where there is no reference
_LEAST_RUNS = 2  # in how many of them a point has to be found
_LEAST_LIKENESS = 0.5
_LONGEST_POINT = 300

Kind = Literal["required", "bonus"]


class AnchoredReply(Wire):
    """One key point with the words of the reference that say it."""

    quote: str = bounded(600)
    text: str = bounded(_LONGEST_POINT)
    kind: Kind


class AnchoredReplies(Wire):
    """What a model takes from a reference."""

    key_points: list[AnchoredReply]


class MadeReply(Wire):
    """One key point of a question without a reference."""

    text: str = bounded(_LONGEST_POINT)
    kind: Kind


class MadeReplies(Wire):
    """What a model expects of a full answer."""

    key_points: list[MadeReply]


async def extract(
    backend: Backend,
    prompts: Prompts,
    question: Question,
    *,
    by: str = "",
    session_id: str = "",
    log: CallLog | None = None,
) -> Checklist:
    """Return the key points of a reference as one call finds them, in the order of the text, each with its span.

    A point whose quote is not in the reference is refused, and so is a second point on the same span. Where fewer
    than half of the points hold, or none that is required, the split of the reference stands instead (origin
    `split`). `by` names the grader whose model is asked; `log` as in `ask`. Raises PassingFault and LastingFault.
    """
    asked = prompts["key_points"].parts(
        question=prompt_json(question.text.strip()),
        reference=prompt_json(question.reference.strip()),
        most=str(MOST_POINTS),
    )
    asker = Asker(backend, prompts, purpose="key_points", session_id=session_id, log=log)
    reply = await asker.ask(asked, form_of(AnchoredReplies))
    points = anchored(question.reference, reply.key_points)
    found = from_notes(question).model_copy(update={"by": by})
    if 2 * len(points) < len(reply.key_points) or not any(point.kind == "required" for point in points):
        return found
    return found.model_copy(update={"origin": "extracted", "points": points})


def anchored(reference: str, replies: Sequence[AnchoredReply]) -> tuple[ChecklistPoint, ...]:
    """Return the points whose quote stands in the reference, k1, k2 … in the order of their spans; at most 12."""
    spans: dict[tuple[int, int], AnchoredReply] = {}
    for reply in replies[: 2 * MOST_POINTS]:
        evidence = find_evidence(reply.quote, reference, "")
        if evidence is not None and _line(reply.text):
            spans.setdefault((evidence.start, evidence.end), reply)
    return tuple(
        ChecklistPoint(id=f"k{number}", text=_line(reply.text), kind=reply.kind, start=start, end=end)
        for number, ((start, end), reply) in enumerate(sorted(spans.items(), key=lambda item: item[0])[:MOST_POINTS], 1)
    )


async def generate(
    backend: Backend,
    prompts: Prompts,
    question: Question,
    *,
    by: str = "",
    session_id: str = "",
    log: CallLog | None = None,
) -> Checklist:
    """Return the key points of a question without a reference: those that at least 2 of 3 calls come to.

    One call may fail. LastingFault (bad_reply): the calls have no required point in common. Raises PassingFault and
    LastingFault.
    """
    asked = prompts["key_points_without_reference"].parts(
        question=prompt_json(question.text.strip()), most=str(MOST_POINTS // 2)
    )
    asker = Asker(backend, prompts, purpose="key_points", session_id=session_id, log=log)
    asking = (asker.ask(asked, form_of(MadeReplies)) for _ in range(RUNS))
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    runs = [outcome.key_points for outcome in outcomes if isinstance(outcome, MadeReplies)]
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and (len(runs) < _LEAST_RUNS or not isinstance(outcome, BackendError)):
            raise outcome
    points = agreed(runs)
    if not any(point.kind == "required" for point in points):
        raise LastingFault(f"The runs of {backend.model} have no key point in common.", fault="bad_reply")
    return from_notes(question).model_copy(update={"origin": "generated", "points": points, "by": by})


def agreed(runs: Sequence[Sequence[MadeReply]]) -> tuple[ChecklistPoint, ...]:
    """Return the points that at least two runs have, in the words of the first; two are one when they share words.

    Likeness is 2·|A∩B| / (|A|+|B|) of their content words, at least a half; a run counts once for a point.
    """
    groups: list[tuple[MadeReply, set[int]]] = []
    for run, replies in enumerate(runs):
        for reply in replies[:MOST_POINTS]:
            near = [group for group in groups if run not in group[1]]
            best = max(near, key=lambda group: _likeness(group[0].text, reply.text), default=None)
            if best is not None and _likeness(best[0].text, reply.text) >= _LEAST_LIKENESS:
                best[1].add(run)
            elif _line(reply.text):
                groups.append((reply, {run}))
    kept = [reply for reply, found in groups if len(found) >= _LEAST_RUNS][:MOST_POINTS]
    return tuple(
        ChecklistPoint(id=f"k{number}", text=_line(reply.text), kind=reply.kind) for number, reply in enumerate(kept, 1)
    )


def _likeness(one: str, other: str) -> float:
    first, second = word_set(one), word_set(other)
    return 2 * len(first & second) / (len(first) + len(second)) if first and second else 0.0


def _line(text: str) -> str:
    """A model's words as a key point: one line, nothing hidden, at most 300 characters."""
    line = " ".join(clean(judge_copy(text)).split())
    return line if len(line) <= _LONGEST_POINT else line[: _LONGEST_POINT - 1].rstrip() + "…"
