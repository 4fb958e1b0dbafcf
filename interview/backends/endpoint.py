"""An endpoint: one model at one address, with the key that belongs to it."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from interview.backends.presets import Preset, is_loopback, owner_of, preset_for
from interview.errors import EndpointMistake
from interview.models import Value

KEYLESS = "no-key"  # the SDK refuses to start without a key; a server without keys ignores it
_EXAMPLE = "expected something like http://localhost:8080/v1"
_ROUTES = ("/chat/completions", "/completions", "/responses", "/models", "/embeddings")
_NO_CHAT = re.compile(r"embed|rerank|\bbge\b|whisper|\btts\b|transcribe|moderation|dall-?e", re.IGNORECASE)
_OWN_NETWORK = (".local", ".lan", ".internal", ".home", ".home.arpa", ".test", ".invalid")


class Endpoint(Value):
    """One model at one address. For the bounds in seconds see Preset; `parallel` None: as many calls as the preset's.

    Raises ContentError, in words for the user, when the base URL or the key cannot be right.
    """

    name: str
    base_url: str
    model: str
    api_key: SecretStr | None = None
    preset: Preset
    connect_seconds: float = Field(default=10.0, gt=0)
    first_byte_seconds: float = Field(default=300.0, gt=0)
    idle_seconds: float = Field(default=120.0, gt=0)
    deadline_seconds: float = Field(default=1800.0, gt=0)
    parallel: int | None = Field(default=None, ge=1)

    @field_validator("base_url")
    @classmethod
    def _usable(cls, base_url: str) -> str:
        return check_base_url(base_url)

    @field_validator("api_key")
    @classmethod
    def _sendable(cls, key: SecretStr | None) -> SecretStr | None:
        text = key.get_secret_value().strip() if key else ""
        if not text:
            return None
        if not (text.isascii() and text.isprintable()) or " " in text:
            # Never quote it: the text of an error is shown and logged.
            raise EndpointMistake(
                "The API key contains a space, a line break or a character that no key has. "
                "Copy it again, without quotes or anything around it.",
                "key_characters",
            )
        return SecretStr(text)

    @model_validator(mode="after")
    def _complete(self) -> "Endpoint":
        if not self.model.strip():
            text = f"Backend {self.name}: no model is named for {self.host}. Set VIVA_MODEL or `model`."
            raise EndpointMistake(text, "model_missing", host=self.host)
        if self.preset.needs_key and self.api_key is None:
            variable = self.preset.key_variable
            text = f"Backend {self.name}: {self.host} needs a key. Set {variable}."
            raise EndpointMistake(text, "key_missing", host=self.host, variable=variable)
        return self

    @property
    def host(self) -> str:
        """Host that prompts are sent to, with the port where the URL names one."""
        parts = urlsplit(self.base_url)
        name = parts.hostname or ""
        name = f"[{name}]" if ":" in name else name
        return f"{name}:{parts.port}" if parts.port else name

    @property
    def is_loopback(self) -> bool:
        """Whether the endpoint is on this machine."""
        return is_loopback(self.base_url)

    @property
    def key(self) -> str:
        """The key to send; a placeholder where there is none."""
        return self.api_key.get_secret_value() if self.api_key else KEYLESS


def check_base_url(base_url: str) -> str:
    """Return the URL without blanks and a final slash. Raises EndpointMistake naming the mistake and the likely fix."""
    url = base_url.strip().rstrip("/")
    if "@" in url:
        # Without the URL: it holds a password.
        text = "The base URL contains a user name or password. Leave them out and set the API key instead."
        raise EndpointMistake(text, "credentials")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as fault:
        raise EndpointMistake(f"The base URL {url!r} cannot be read; {_EXAMPLE}.", "unreadable", url=url) from fault
    _check_form(url, parts)
    _check_path(url, parts)
    return url


def _check_form(url: str, parts: SplitResult) -> None:
    if parts.scheme not in {"http", "https"}:
        likely = "http" if url.startswith(("localhost", "127.", "[::1]")) else "https"
        text = f"The base URL {url!r} does not begin with http:// or https://. Perhaps: {likely}://{url}"
        raise EndpointMistake(text, "scheme", url=url, fix=f"{likely}://{url}")
    if "<" in url:
        text = f"The base URL {url!r} has a part in <> to fill in. Set `base_url` to your own address."
        raise EndpointMistake(text, "placeholder", url=url)
    if not parts.hostname or not url.isascii() or not url.isprintable() or " " in url:
        raise EndpointMistake(f"The base URL {url!r} names no usable host; {_EXAMPLE}.", "no_host", url=url)
    if parts.query or parts.fragment:
        bare = f"{parts.scheme}://{parts.netloc}{parts.path}"
        text = f"The base URL {url!r} goes on after `?` or `#`. Perhaps: {bare}"
        raise EndpointMistake(text, "query", url=url, fix=bare)


def _check_path(url: str, parts: SplitResult) -> None:
    for route in _ROUTES:
        if parts.path.endswith(route):
            fix = url.removesuffix(route)
            text = f"The base URL {url!r} ends in {route}, which Viva adds itself. Use: {fix}"
            raise EndpointMistake(text, "route", url=url, fix=fix)
    known = urlsplit(preset_for(url).base_url)
    if not parts.path and known.path:
        fix = f"{url}{known.path}"
        raise EndpointMistake(f"The base URL {url!r} lacks {known.path}. Use: {fix}", "path", url=url, fix=fix)


def is_chat_model(name: str) -> bool:
    """Whether the name of a model leaves open that it can chat; those for embeddings, speech and the like tell."""
    return not _NO_CHAT.search(name)


def check_likely(endpoint: Endpoint) -> None:
    """Refuse what is possible and yet a mistake, before anything is sent. Raises EndpointMistake.

    For what somebody types into a form; a file may say so on purpose.
    """
    host = endpoint.host
    if urlsplit(endpoint.base_url).scheme == "http" and not _is_near(endpoint.base_url):
        fix = endpoint.base_url.replace("http://", "https://", 1)
        text = f"{host} is not on your own network, and http:// sends key and answers readable for all. Use: {fix}"
        raise EndpointMistake(text, "plain_http", host=host, fix=fix)
    owner = owner_of(endpoint.key)
    if owner is not None and endpoint.preset.needs_key and owner.name != endpoint.preset.name:
        text = f"This looks like a key of {owner.title}, so it was not sent to {host}. Take a key of {host}."
        raise EndpointMistake(text, "key_of_other", host=host, service=owner.title)
    if not is_chat_model(endpoint.model):
        text = f"{endpoint.model} is no chat model by its name; it cannot judge answers. Take a chat model of {host}."
        raise EndpointMistake(text, "no_chat_model", host=host, model=endpoint.model)


def _is_near(base_url: str) -> bool:
    """Whether the host is this machine or, as far as its name or number tells, on the user's own network."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return is_loopback(base_url) or "." not in host or host.endswith(_OWN_NETWORK)
