"""An endpoint: one model at one address, with the key that belongs to it."""

from urllib.parse import SplitResult, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from interview.backends.presets import Preset, is_loopback, preset_for
from interview.errors import ContentError
from interview.models import Value

KEYLESS = "no-key"  # the SDK refuses to start without a key; a server without keys ignores it
_EXAMPLE = "expected something like http://localhost:8080/v1"
_ROUTES = ("/chat/completions", "/completions", "/responses", "/models", "/embeddings")


class Endpoint(Value):
    """One model at one address. `deadline_seconds` is wall-clock time per call.

    Raises ContentError, in words for the user, when the base URL or the key cannot be right.
    """

    name: str
    base_url: str
    model: str
    api_key: SecretStr | None = None
    preset: Preset
    deadline_seconds: float = Field(default=120.0, gt=0)

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
            raise ContentError(
                "The API key contains a space, a line break or a character that no key has. "
                "Copy it again, without quotes or anything around it."
            )
        return SecretStr(text)

    @model_validator(mode="after")
    def _complete(self) -> "Endpoint":
        if not self.model.strip():
            raise ContentError(f"Backend {self.name}: no model is named for {self.host}. Set VIVA_MODEL or `model`.")
        if self.preset.needs_key and self.api_key is None:
            raise ContentError(f"Backend {self.name}: {self.host} needs a key. Set {self.preset.key_variable}.")
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
    """Return the URL without blanks and a final slash; raise ContentError naming the mistake and the likely fix."""
    url = base_url.strip().rstrip("/")
    if "@" in url:
        # Without the URL: it holds a password.
        raise ContentError("The base URL contains a user name or password. Leave them out and set the API key instead.")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as fault:
        raise ContentError(f"The base URL {url!r} cannot be read; {_EXAMPLE}.") from fault
    _check_form(url, parts)
    return url


def _check_form(url: str, parts: SplitResult) -> None:
    if parts.scheme not in {"http", "https"}:
        likely = "http" if url.startswith(("localhost", "127.", "[::1]")) else "https"
        raise ContentError(f"The base URL {url!r} does not begin with http:// or https://. Perhaps: {likely}://{url}")
    if "<" in url:
        raise ContentError(f"The base URL {url!r} has a part in <> to fill in. Set `base_url` to your own address.")
    if not parts.hostname or not url.isascii() or not url.isprintable() or " " in url:
        raise ContentError(f"The base URL {url!r} names no usable host; {_EXAMPLE}.")
    if parts.query or parts.fragment:
        bare = f"{parts.scheme}://{parts.netloc}{parts.path}"
        raise ContentError(f"The base URL {url!r} goes on after `?` or `#`. Perhaps: {bare}")
    for route in _ROUTES:
        if parts.path.endswith(route):
            raise ContentError(
                f"The base URL {url!r} ends in {route}, which Viva adds itself. Use: {url.removesuffix(route)}"
            )
    known = urlsplit(preset_for(url).base_url)
    if not parts.path and known.path:
        raise ContentError(f"The base URL {url!r} lacks {known.path}. Use: {url}{known.path}")
