"""What somebody types about a backend, how backends are listed, and what a draft has to do with what is written."""

from collections.abc import Mapping

from pydantic import SecretStr

from interview.backends.endpoint import Endpoint, check_base_url
from interview.backends.presets import GENERIC, load_presets
from interview.backends.probe import ProbeReport
from interview.errors import NotFound
from interview.files import LONGEST_NAME, slug
from interview.grading.modes import taken_apart
from interview.models import Value
from interview.settings import ConfiguredBackend, Roles


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


def entry_of(draft: Draft, before: ConfiguredBackend | None) -> ConfiguredBackend:
    """What would stand in `backends.toml`; `before` is what the draft changes. Raises NotFound and EndpointMistake."""
    presets = load_presets()
    if draft.service not in presets:
        raise NotFound(f"No service is called {draft.service!r}. Known: {', '.join(presets)}.")
    base_url = check_base_url(draft.base_url or presets[draft.service].base_url)
    typed = draft.key.get_secret_value().strip()
    kept = before.key if before and same_host(before, base_url) else None
    own = draft.service if draft.service != GENERIC else None
    return ConfiguredBackend(
        name=draft.changes or own or "",
        preset=own,
        base_url=base_url,
        model=draft.model.strip() or None,
        key=SecretStr(typed) if typed else kept,
        origin="form",
    )


def name_of(draft: Draft, endpoint: Endpoint, written: Mapping[str, ConfiguredBackend]) -> str:
    """The name of the service or of the host; one of another address with that name gets a number behind it."""
    host = f"local-{endpoint.host.rpartition(':')[2]}" if endpoint.is_loopback else endpoint.host
    stem = slug(draft.service if draft.service != GENERIC else host, "backend")[: LONGEST_NAME - len("-99")]
    names = [stem, *(f"{stem}-{number}" for number in range(2, 100))]
    return next(name for name in names if (entry := written.get(name)) is None or _address(entry) == endpoint.base_url)


def other_models(before: ConfiguredBackend | None, model: str, *, changed: bool) -> tuple[str, ...]:
    """What stays offered beside `model`: all there was, but for the one that it replaces."""
    if before is None:
        return ()
    models = before.models if changed else (*([before.model] if before.model else []), *before.models)
    return tuple(name for name in dict.fromkeys(models) if name != model)


def without(roles: Roles, backend: str) -> Roles:
    """The roles where no model of that backend has a place any more, nor a panel that it sits on."""

    def stays(name: str) -> bool:
        way = taken_apart(name)
        bases = way.bases if way.mode == "panel" else (name,)
        return all(base.partition("@")[0].partition(":")[0] != backend for base in bases)

    judge, interviewer = (tuple(filter(stays, names)) for names in (roles.judge, roles.interviewer))
    return roles.model_copy(update={"judge": judge, "interviewer": interviewer})


def _address(entry: ConfiguredBackend) -> str:
    preset = load_presets().get(entry.preset or entry.name)
    return (entry.base_url or (preset.base_url if preset else "")).rstrip("/")


def same_host(entry: ConfiguredBackend, base_url: str) -> bool:
    """Whether a key that is kept may go to that address: it belongs to its host."""
    return _address(entry).split("/")[:3] == base_url.split("/")[:3]
