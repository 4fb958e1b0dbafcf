"""Checks a reference: a model answers the question without seeing it, then compares; what several runs find counts."""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from interview.backends.backend import Backend
from interview.grading.asking import Asker, Wire, bounded, form_of
from interview.grading.evidence import find_evidence
from interview.grading.feedback import LONGEST_REASON, safe_feedback
from interview.models import Question, Value
from interview.prompts import Prompts, prompt_json

RUNS = 3
LEAST_VOTES = 2
_MOST_STATEMENTS = 20


class BlindAnswer(Wire):
    """An answer by a model that has not seen the reference."""

    answer: str = bounded(4000)


class StatementReply(Wire):
    """A statement of the reference that one run holds to be wrong."""

    quote: str = bounded(600)
    correction: str = bounded(600)
    reason: str = bounded(LONGEST_REASON)
    certainty: Literal["wrong", "unsure"]


class Comparison(Wire):
    """What one run found."""

    statements: list[StatementReply]


class Found(Value):
    """A statement that at least two of `of` runs dispute; `quote == reference[start:end]` (code points)."""

    quote: str
    start: int
    end: int
    correction: str
    reason: str
    votes: int
    of: int = RUNS


class _Claim(NamedTuple):
    start: int
    end: int
    correction: str
    reason: str


async def audit(
    backend: Backend, prompts: Prompts, question: Question, *, ran: Callable[[int], None] = lambda run: None
) -> tuple[Found, ...]:
    """Return the statements of the reference that at least 2 of 3 runs dispute; nothing where there is no reference.

    Each run answers blind and then compares, so 6 calls; 4 where the first two find nothing, for the third could not
    change it. No candidate's answer is part of it. `ran` is told how many runs are over. Raises
    PassingFault and LastingFault.
    """
    if not question.has_reference:
        return ()
    runs: list[list[_Claim]] = []
    asker = Asker(backend, prompts, purpose="audit")
    for run in range(RUNS):
        if run == LEAST_VOTES and not any(runs):
            break
        runs.append(await _run(asker, prompts, question))
        ran(len(runs))
    return voted(question.reference, runs)


def voted(reference: str, runs: Sequence[Sequence[_Claim]]) -> tuple[Found, ...]:
    """Return what at least two runs claim of the same words, in the order of the reference.

    Two spans are about the same words when they share at least half of the shorter one; a run votes once for them.
    """
    groups: list[tuple[_Claim, set[int]]] = []
    for run, claims in enumerate(runs):
        for claim in claims:
            group = next((group for group in groups if _same(group[0], claim)), None)
            if group is None:
                groups.append((claim, {run}))
            else:
                group[1].add(run)
    return tuple(
        Found(
            quote=reference[claim.start : claim.end],
            start=claim.start,
            end=claim.end,
            correction=claim.correction,
            reason=claim.reason,
            votes=len(votes),
        )
        for claim, votes in sorted(groups, key=lambda group: group[0].start)
        if len(votes) >= LEAST_VOTES
    )


def same_words(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two spans share at least half of the shorter one."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared > 0 and 2 * shared >= min(one[1] - one[0], other[1] - other[0])


async def _run(asker: Asker, prompts: Prompts, question: Question) -> list[_Claim]:
    text = prompt_json(question.text.strip())
    blind = await asker.ask(prompts["audit_answer"].parts(question=text), form_of(BlindAnswer))
    reference, answer = prompt_json(question.reference.strip()), prompt_json(blind.answer.strip())
    asked = prompts["audit_compare"].parts(question=text, reference=reference, answer=answer)
    reply = await asker.ask(asked, form_of(Comparison))
    claims: list[_Claim] = []
    for statement in reply.statements[:_MOST_STATEMENTS]:
        evidence = find_evidence(statement.quote, question.reference, "")
        if evidence is not None and statement.certainty == "wrong":
            told = (safe_feedback(text, "", 2 * LONGEST_REASON) for text in (statement.correction, statement.reason))
            claims.append(_Claim(evidence.start, evidence.end, *told))
    return claims


def _same(one: _Claim, other: _Claim) -> bool:
    return same_words((one.start, one.end), (other.start, other.end))
