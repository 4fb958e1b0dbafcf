"""The provenance of an outcome: one rule for each of its fields."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from interview.backends.backend import Completion
from interview.grading.grader import Grader
from interview.models import Provenance, Question

_OF_LAST_REPLY = {"rung", "currency", "list_date", "fingerprint", "parameters"}


@dataclass(frozen=True)
class Named:
    """A maker of outcomes of which only the name is known: code, or a grader that is not here."""

    name: str
    kind: Literal["judge", "guard"]
    host: str = ""


def model_of(maker: object) -> str:
    """Return the model that a grader asks, of a jury all of them; empty where it asks none."""
    return str(getattr(maker, "model", ""))


def provenance(
    maker: Grader | Named,
    question: Question,
    rubric: str,
    *,
    prompt: str = "",
    seconds: float = 0.0,
    completions: Sequence[Completion] = (),
) -> Provenance:
    """Return the provenance of an outcome.

    Args:
        maker: The grader that was asked. Where another backend replied in its place, that one is named instead.
        question: The question as the maker saw it.
        rubric: `name@digest`; the name alone where the rubric is not loaded.
        prompt: `name@digest`; empty where no model was asked.
        seconds: Wall-clock time.
        completions: The replies that the outcome needed, in order; the last one names what served it.
    """
    last = completions[-1] if completions else None
    stand_in = last.stand_in if last else None
    costs = [one.cost for one in completions]
    return Provenance(
        grader=stand_in.name if stand_in else maker.name,
        kind=maker.kind,
        mode=str(getattr(maker, "mode", "")),
        host=stand_in.host if stand_in else maker.host,
        model=stand_in.model if stand_in else model_of(maker),
        returned_model=last.model if last else "",
        prompt=prompt,
        rubric=rubric,
        question_digest=question.content_digest,
        reference_digest=question.reference_digest,
        seconds=round(seconds, 3),
        calls=sum(one.calls for one in completions),
        prompt_tokens=sum_of_known(one.usage.prompt_tokens for one in completions),
        completion_tokens=sum_of_known(one.usage.completion_tokens for one in completions),
        cached_tokens=sum_of_known(one.usage.cached_tokens for one in completions),
        cost=sum(cost for cost in costs if cost is not None) if costs and None not in costs else None,
        **(last.model_dump(include=_OF_LAST_REPLY) if last else {}),
    )


def sum_of_known(counts: Iterable[int | None]) -> int | None:
    """Return the sum of the counts that are known; None where none is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
