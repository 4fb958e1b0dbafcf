"""Endpoints for tests and benchmarks, described by their address alone."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from pydantic import SecretStr

from interview.backends.configured import bounds_of
from interview.backends.endpoint import Endpoint, check_base_url
from interview.backends.openai_compatible import OpenAICompatibleClient
from interview.backends.pipeline import Pipeline, Stage
from interview.backends.presets import preset_for
from interview.backends.rate_limit import Clock, RateLimit, Sleep
from interview.backends.retry import RetryPolicy


def endpoint_at(
    base_url: str,
    *,
    name: str = "",
    model: str = "",
    key: str | None = None,
    parallel: int | None = None,
    **bounds: float,
) -> Endpoint:
    """What is left out comes from the preset of the host."""
    preset = preset_for(check_base_url(base_url))
    return Endpoint(
        name=name or preset.name,
        base_url=base_url,
        model=model or preset.default_model,
        api_key=None if key is None else SecretStr(key),
        preset=preset,
        parallel=parallel,
        **{**bounds_of(preset), **bounds},
    )


def backend_at(
    endpoint: Endpoint,
    *,
    stages: Sequence[Stage] = (),
    limit: RateLimit | None = None,
    clock: Clock = time.monotonic,
    sleep: Sleep = asyncio.sleep,
    attempts: int | None = None,
    patience_seconds: float | None = None,
    **options: Any,
) -> Pipeline:
    """A backend for one endpoint: `stages`, then retries. The client takes the other `options`."""
    limit = limit or RateLimit(endpoint, clock=clock, sleep=sleep)
    given: dict[str, Any] = {"attempts": attempts, "patience_seconds": patience_seconds}
    retry = RetryPolicy(limit, **{name: value for name, value in given.items() if value is not None})
    return Pipeline(OpenAICompatibleClient(endpoint, clock=clock, **options), [*stages, retry])
