"""What somebody types about a backend, how backends are listed, and what a draft has to do with what is written."""

from pydantic import SecretStr

from interview.backends.endpoint import Endpoint
from interview.backends.presets import load_presets
from interview.backends.probe import ProbeReport
from interview.models import Value
from interview.settings import ConfiguredBackend


class Draft(Value):
    """What somebody types into the form. `service` is the name of a preset, `generic` for an address of their own.

    `key` empty: the one that is kept already, else the one in the environment. `changes` is the name of the backend
    that is changed; empty: one more.
    """

    service: str
    base_url: str = ""
    key: SecretStr = SecretStr("")
    model: str = ""
    changes: str = ""


class Listed(Value):
    """One backend as it is listed. `mine`: it stands in `backends.toml`, so it can be changed and removed here."""

    endpoint: Endpoint
    offered: tuple[str, ...]
    origin: str
    mine: bool
    report: ProbeReport | None


def other_models(before: ConfiguredBackend | None, model: str, *, changed: bool) -> tuple[str, ...]:
    """What stays offered beside `model`: all there was, but for the one that it replaces."""
    if before is None:
        return ()
    models = before.models if changed else (*([before.model] if before.model else []), *before.models)
    return tuple(name for name in dict.fromkeys(models) if name != model)


def _address(entry: ConfiguredBackend) -> str:
    preset = load_presets().get(entry.preset or entry.name)
    return (entry.base_url or (preset.base_url if preset else "")).rstrip("/")


def same_address(entry: ConfiguredBackend, base_url: str) -> bool:
    """Whether a backend that is written stands at that address."""
    return _address(entry) == base_url


def same_host(entry: ConfiguredBackend, base_url: str) -> bool:
    """Whether a key that is kept may go to that address: it belongs to its host."""
    return _address(entry).split("/")[:3] == base_url.split("/")[:3]
