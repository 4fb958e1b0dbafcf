"""What a model costs: prices per million tokens, from the user or from the preset."""

from pydantic import Field

from interview.backends.backend import Usage
from interview.backends.endpoint import Endpoint
from interview.errors import ContentError
from interview.models import Value
from interview.settings import ConfiguredBackend

_MILLION = 1_000_000
_CURRENCY = "USD"  # of prices that the user gives without one


class Tariff(Value):
    """What a million tokens of a model cost. `cached`: of prompt tokens read from the cache; None: as others.

    `list_date`: the day of the list that the preset has this from; empty for the user's own price.
    """

    prompt: float = Field(ge=0)
    completion: float = Field(ge=0)
    cached: float | None = Field(default=None, ge=0)
    currency: str
    list_date: str = ""

    @property
    def is_free(self) -> bool:
        """Whether nothing is ever charged."""
        return not (self.prompt or self.completion or self.cached)

    def cost(self, usage: Usage) -> float | None:
        """What a call costs; None where the endpoint told too little. Cached tokens are part of the prompt's."""
        if self.is_free:
            return 0.0
        if usage.prompt_tokens is None or usage.completion_tokens is None:
            return None
        cached = min(usage.cached_tokens or 0, usage.prompt_tokens)
        reread = self.prompt if self.cached is None else self.cached
        fresh = usage.prompt_tokens - cached
        return (fresh * self.prompt + cached * reread + usage.completion_tokens * self.completion) / _MILLION


def tariff_of(entry: ConfiguredBackend, endpoint: Endpoint, model: str) -> Tariff | None:
    """Return what `model` costs: what the user says of the backend's own model, else what the preset has from a list.

    Raises ContentError where only half of a price is given.
    """
    if (entry.price_prompt is None) != (entry.price_completion is None):
        raise ContentError(f"{entry.origin}: [{entry.name}]: price_prompt and price_completion belong together")
    if entry.price_prompt is not None and entry.price_completion is not None and model == endpoint.model:
        return Tariff(
            prompt=entry.price_prompt,
            completion=entry.price_completion,
            cached=entry.price_cached,
            currency=entry.currency or _CURRENCY,
        )
    price = next((price for price in endpoint.preset.prices if price.holds_for(model)), None)
    if price is None:
        return None
    return Tariff(
        prompt=price.input,
        completion=price.output,
        cached=price.cached_input,
        currency=price.currency,
        list_date=price.date,
    )


def amount(cost: float, currency: str) -> str:
    """Return an amount of money with as many decimals as it takes to tell it from nothing."""
    decimals = 2 if cost >= 1 or not cost else 4 if cost >= 0.001 else 6
    return f"{cost:.{decimals}f} {currency}".strip()
