"""Endpoints for tests and benchmarks, described by their address alone."""

from pydantic import SecretStr

from interview.backends.configured import bounds_of
from interview.backends.endpoint import Endpoint, check_base_url
from interview.backends.presets import preset_for


def endpoint_at(base_url: str, *, name: str = "", model: str = "", key: str | None = None, **bounds: float) -> Endpoint:
    """What is left out comes from the preset of the host."""
    preset = preset_for(check_base_url(base_url))
    return Endpoint(
        name=name or preset.name,
        base_url=base_url,
        model=model or preset.default_model,
        api_key=None if key is None else SecretStr(key),
        preset=preset,
        **{**bounds_of(preset), **bounds},
    )
