"""What gradings cost: calls, tokens, seconds, money."""

from collections.abc import Sequence
from typing import Any

from interview.calibration import metrics
from interview.calibration.trials import Tried
from interview.models import Graded, Value


class Prices(Value):
    """What a million tokens costs; cached prompt tokens are counted at the full price."""

    prompt: float
    completion: float


class Tokens(Value):
    """Tokens as the endpoint told them; None where it told nothing."""

    prompt: int | None
    completion: int | None
    cached: int | None


class Latency(Value):
    """Seconds that one grading took; None where none was made."""

    mean: float | None
    p50: float | None
    p95: float | None


class Spent(Value):
    """What all gradings came to, those kept from earlier runs included (`kept` of them).

    `second_looks` is the share (0-1) of the gradings by a model in which a check asked for one; None without any.
    """

    calls: int
    tokens: Tokens
    latency: Latency
    cost: float | None
    kept: int
    second_looks: float | None = None


def spent(tried: Sequence[Tried], prices: Prices | None) -> Spent:
    """Add up calls, tokens and seconds; the cost is None without prices, or where an endpoint told no tokens."""
    provenances = [one.outcome.provenance for one in tried]
    paid = [provenance for provenance in provenances if provenance.calls]

    def total(field: str) -> int | None:
        counts: list[Any] = [getattr(provenance, field) for provenance in paid]
        return sum(counts) if counts and None not in counts else None

    tokens = Tokens(prompt=total("prompt_tokens"), completion=total("completion_tokens"), cached=total("cached_tokens"))
    cost = None
    if prices and tokens.prompt is not None and tokens.completion is not None:
        cost = (prices.prompt * tokens.prompt + prices.completion * tokens.completion) / 1_000_000
    seconds = [one.seconds for one in tried]
    return Spent(
        calls=sum(provenance.calls for provenance in provenances),
        tokens=tokens,
        latency=Latency(
            mean=metrics.mean(seconds),
            p50=metrics.percentile(seconds, 0.5) if seconds else None,
            p95=metrics.percentile(seconds, 0.95) if seconds else None,
        ),
        cost=cost,
        kept=sum(one.kept for one in tried),
        second_looks=metrics.mean(
            [
                float(any(flag.startswith("second_look:") for flag in one.outcome.flags))
                for one in tried
                if isinstance(one.outcome, Graded) and one.outcome.provenance.kind == "judge"
            ]
        ),
    )
