"""Presets: what is known about the endpoints of each provider, read from `presets.toml`."""

import functools
import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError

from interview.backends.backend import Rung
from interview.errors import ContentError
from interview.models import Value
from interview.settings import hosts
from interview.toml_file import read_toml

TokenParameter = Literal["max_tokens", "max_completion_tokens"]
Verified = Literal["real server", "fault server", "not verified"]
Sampling = Literal["temperature", "top_p", "seed"]
GENERIC = "generic"
Seconds = Annotated[float, Field(gt=0, le=86_400)]
BOUNDS = ("connect_seconds", "first_byte_seconds", "idle_seconds", "deadline_seconds")
_SNAPSHOT = re.compile(r"([-@]\d{4}-?\d\d-?\d\d)?")  # the day of a model, behind its name
PRESETS_FILE = Path(__file__).with_name("presets.toml")


class Price(Value):
    """What a million tokens of `model`, and of its dated snapshots, cost by a list that was read on `date`.

    `cached_input` None: cached tokens cost as much as others. `source` says where the list stands.
    """

    model: str
    input: float = Field(ge=0)
    cached_input: float | None = Field(default=None, ge=0)
    output: float = Field(ge=0)
    currency: Literal["USD", "CNY", "EUR"]
    date: str = Field(pattern=r"^20\d\d-\d\d-\d\d$")
    source: str = Field(min_length=1)

    def holds_for(self, model: str) -> bool:
        """Whether this is the price of `model`: what `gpt-5` costs says nothing about `gpt-5-pro`."""
        return model.startswith(self.model) and bool(_SNAPSHOT.fullmatch(model[len(self.model) :]))


class SlowBounds(Value):
    """Other bounds of a preset, for this machine."""

    first_byte_seconds: Seconds
    idle_seconds: Seconds
    deadline_seconds: Seconds


class Preset(Value):
    """How to talk to one kind of endpoint.

    `hosts` are host names (`*.example.com` for all below one); on this machine `localhost:port`. `first_rung` is the
    highest rung of the ladder worth trying. `spare_tokens` is added to the token limit of every request, for
    reasoning that counts against it. `parallel` bounds the calls in flight, unless somebody asks for more; 1: always.
    `extra_body` goes into every request body. `needs_key`: without a key no call can succeed. `quirks` are sentences
    for the user. In `base_url` a part in `<>` is the user's to fill in. `verified` says against what Viva has run: the
    real server, a local one that plays what is documented, or nothing.

    A call may take `connect_seconds` to connect, and be silent for `first_byte_seconds` before its reply begins and for
    `idle_seconds` from then on; after `deadline_seconds` it ends in any case. `loopback` are other bounds, for the
    generic preset on this machine, where a server without a graphics card reads a prompt for minutes.

    Known of some: `key_prefixes` begin the keys of this service and of no other; `context_tokens` is the context that
    is documented for the service as a whole (0: none is); `sampling` are the parameters that no model there is known
    to refuse (Viva sends none by itself); in `reasoning_fields` thinking comes beside the reply, and is left out;
    `prices`; and for a server of one's own the `program` that serves, the command that starts it with a sensible
    model, and how much that downloads.
    """

    name: str
    title: str = Field(min_length=1)
    base_url: str
    hosts: tuple[str, ...]
    key_variable: str
    needs_key: bool
    default_model: str
    first_rung: Rung
    token_parameter: TokenParameter
    spare_tokens: int = Field(ge=0, le=100_000)
    local: bool
    connect_seconds: Seconds
    first_byte_seconds: Seconds
    idle_seconds: Seconds
    deadline_seconds: Seconds
    parallel: int = Field(ge=1, le=64)
    extra_body: dict[str, Any]
    quirks: tuple[str, ...]
    verified: Verified
    docs: str
    key_prefixes: tuple[str, ...] = ()
    context_tokens: int = Field(default=0, ge=0)
    sampling: tuple[Sampling, ...] = ("temperature", "top_p", "seed")
    reasoning_fields: tuple[str, ...] = ()
    prices: tuple[Price, ...] = ()
    loopback: SlowBounds | None = None
    program: str = ""
    start: str = ""
    download_gb: float = Field(default=0.0, ge=0)


@functools.cache
def load_presets(path: Path = PRESETS_FILE) -> dict[str, Preset]:
    """Read the presets of a TOML file, by name. Raises ContentError naming file, preset and field."""
    _, tables = read_toml(path)
    presets = {name: _preset(path, name, table) for name, table in tables.items()}
    if GENERIC not in presets:
        raise ContentError(f"{path}: expected a table [{GENERIC}] for the hosts that no other preset names")
    _refuse_shared_hosts(path, presets)
    return presets


def _preset(path: Path, name: str, table: object) -> Preset:
    if not isinstance(table, dict) or "name" in table:
        raise ContentError(f"{path}: [{name}]: expected a table without `name`; a preset is named after its table")
    try:
        # By way of JSON: strict types, and still lists become tuples.
        return Preset.model_validate_json(json.dumps({**table, "name": name}, default=str), strict=True)
    except ValidationError as fault:
        faults = [
            f"{path}: [{name}] {'.'.join(map(str, e['loc']))}: {_expected(e['type'], e['msg'])}" for e in fault.errors()
        ]
        raise ContentError("\n".join(faults)) from fault


def _expected(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return f"unknown field; expected one of: {', '.join(sorted(set(Preset.model_fields) - {'name'}))}"
    return "the field is missing" if kind == "missing" else message


def _refuse_shared_hosts(path: Path, presets: dict[str, Preset]) -> None:
    owners: dict[str, str] = {}
    for preset in presets.values():
        for host in preset.hosts:
            owner = owners.setdefault(host, preset.name)
            if owner != preset.name:
                raise ContentError(f"{path}: [{preset.name}] hosts: {host} belongs to [{owner}] already")


def owner_of(key: str) -> Preset | None:
    """Return the preset whose service gives out keys that begin like this one; None where keys do not tell."""
    presets = load_presets().values()
    return next((preset for preset in presets if any(map(key.startswith, preset.key_prefixes))), None)


def preset_for(base_url: str) -> Preset:
    """Return the preset that knows the host of `base_url`, else the generic one (`local` where it is this machine)."""
    presets = load_presets()
    place = known_as(base_url)
    for preset in presets.values():
        if any(_covers(host, place) for host in preset.hosts):
            return preset
    generic = presets[GENERIC]
    if not is_loopback(base_url):
        return generic
    return generic.model_copy(update={"local": True, **(generic.loopback.model_dump() if generic.loopback else {})})


def _covers(pattern: str, place: str) -> bool:
    return place.endswith(pattern[1:]) if pattern.startswith("*.") else place == pattern


def known_as(base_url: str) -> str:
    """Return the host of a URL as presets name it: the bare host name, or `localhost:port` on this machine."""
    parts = urlsplit(base_url)
    if not is_loopback(base_url):
        return parts.hostname or ""
    return f"localhost:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def is_loopback(base_url: str) -> bool:
    """Whether the URL points to this machine, so that nothing sent to it leaves the machine."""
    host = hosts.parse_host(urlsplit(base_url).hostname or "") or ""
    # Resolvers map `*.localhost` to loopback (RFC 6761), and a connection to an unspecified address stays here too.
    return hosts.is_loopback(host) or host.endswith(".localhost") or host in ("0.0.0.0", "::")
