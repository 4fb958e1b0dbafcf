"""From what the user wrote to endpoints: each configured backend is completed from its preset."""

from collections.abc import Callable

from pydantic import SecretStr

from interview.backends.endpoint import Endpoint, check_base_url
from interview.backends.presets import BOUNDS, GENERIC, Preset, load_presets, preset_for
from interview.backends.tariff import Tariff, tariff_of
from interview.errors import ContentError, EndpointMistake
from interview.models import Value
from interview.settings import BackendTable, ConfiguredBackend, ConfiguredBackends, Problem
from interview.settings.backends_file import left_out

CUSTOM = "custom"  # the backend at a host that no preset knows, where the user gave it no name
_ANY_MODEL = "default"  # a server of one's own with one model takes any name; others say that they do not know it


class ShelvedBackend(Value):
    """A backend ready to be built: `endpoint` with its default model, and the grader names offered for it.

    `entry` is what the user wrote of it.
    """

    endpoint: Endpoint
    offered: tuple[str, ...]
    origin: str
    entry: ConfiguredBackend

    def tariff_of(self, model: str) -> Tariff | None:
        """What a model of this backend costs; None where that is unknown."""
        return tariff_of(self.entry, self.endpoint, model)


def completed_all(
    configured: ConfiguredBackends, secret: Callable[[str], SecretStr | None]
) -> tuple[tuple[ShelvedBackend, ...], tuple[Problem, ...]]:
    """Complete what the user configured; of two backends with one name the first counts.

    A table of `backends.toml` that cannot be completed is left out, with a problem. `secret` returns the key in an
    environment variable. Raises ContentError for a mistake in what the environment configures.
    """
    found: dict[str, ShelvedBackend] = {}
    problems: list[Problem] = []
    for entry in configured.backends:
        try:
            backend = completed(entry, secret)
        except ContentError as fault:
            if not entry.in_file:
                raise
            problems.append(left_out(entry.name, fault))
        else:
            found.setdefault(backend.endpoint.name, backend)
    return tuple(found.values()), tuple(problems)


def completed(entry: ConfiguredBackend, secret: Callable[[str], SecretStr | None]) -> ShelvedBackend:
    """Complete one backend from its preset. Raises ContentError saying where the mistake stands."""
    try:
        preset = _preset(entry)
        base_url = check_base_url(entry.base_url or preset.base_url)
        own_host = preset_for(base_url).name == preset.name  # a preset's key goes to that preset's hosts alone
        key = entry.key or (secret(preset.key_variable) if own_host and preset.key_variable else None)
        name = entry.name or (CUSTOM if preset.name == GENERIC else preset.name)
        any_model = _ANY_MODEL if preset.name == GENERIC and preset.local else ""
        endpoint = Endpoint(
            name=name,
            base_url=base_url,
            model=entry.model or preset.default_model or any_model,
            api_key=key,
            preset=preset,
            parallel=entry.parallel,
            **bounds_of(preset, entry),
        )
    except EndpointMistake as fault:
        raise EndpointMistake(f"{entry.origin}: {fault}", fault.mistake, **fault.names) from fault
    except ContentError as fault:
        raise ContentError(f"{entry.origin}: {fault}") from fault
    models = dict.fromkeys(([entry.model] if entry.model else []) + list(entry.models))
    offered = tuple(f"{name}:{model}" for model in models) if entry.model else (name, *(f"{name}:{m}" for m in models))
    tariff_of(entry, endpoint, endpoint.model)  # half of a price is refused here, not at the first call
    return ShelvedBackend(endpoint=endpoint, offered=offered, origin=entry.origin, entry=entry)


def bounds_of(preset: Preset, written: BackendTable | None = None) -> dict[str, float]:
    """Return the bounds of calls in seconds, by their names: what is written, else the preset's."""
    return {name: getattr(written, name, None) or getattr(preset, name) for name in BOUNDS}


def _preset(entry: ConfiguredBackend) -> Preset:
    presets = load_presets()
    if entry.preset is None and entry.base_url is not None:
        return preset_for(check_base_url(entry.base_url))
    wanted = entry.preset or entry.name
    if wanted not in presets or (wanted == GENERIC and entry.base_url is None):
        known = ", ".join(sorted(set(presets) - {GENERIC}))
        raise ContentError(f"[{entry.name}]: expected a base_url, or the name of a preset: {known}")
    return presets[wanted]
