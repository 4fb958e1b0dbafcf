"""All settings and where each comes from.

Precedence: command line, environment, `.env` in the project folder, default. A relative path on the command line
counts from the current directory, one in the environment or in `.env` from the project folder. Secrets are SecretStr
and no message repeats them.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from interview.errors import ContentError
from interview.models import Language
from interview.settings.backends_file import ConfiguredBackend, ConfiguredBackends, read_backends
from interview.settings.checks import checked_key, line_of, said

PROJECT = Path(__file__).resolve().parents[2]
_SECRETS = frozenset({"openai_api_key", "password"})  # never repeated in a message


class Settings(BaseSettings):
    """Everything that can be set. Made by `read_settings`; `port` 0 means any free port."""

    model_config = SettingsConfigDict(
        env_prefix="VIVA_", env_file_encoding="utf-8", frozen=True, extra="ignore", populate_by_name=True
    )
    project: Path = PROJECT
    data_dir: Path = Field(default_factory=lambda known: known["project"] / "data")
    rubrics: Path = Field(default_factory=lambda known: known["project"] / "rubrics")
    prompts: Path = Field(default_factory=lambda known: known["project"] / "prompts")
    notes: Annotated[tuple[Path, ...], NoDecode] = ()
    with_bank: bool = False
    lang: Language = "zh"
    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=7860, ge=0, le=65535)
    password: SecretStr | None = None
    password_file: Path | None = None
    no_login: bool = False
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    model: str | None = None
    openai_base_url: str | None = Field(default=None, validation_alias="OPENAI_BASE_URL")
    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")

    _origins: dict[str, str] = PrivateAttr(default_factory=dict[str, str])
    _variables: dict[str, str] = PrivateAttr(default_factory=dict[str, str])

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read what the command line gave, the environment and `.env`; no secrets folder."""
        return init_settings, env_settings, dotenv_settings

    @field_validator("notes", mode="before")
    @classmethod
    def _several_paths(cls, given: object) -> object:
        return tuple(part for part in given.split(os.pathsep) if part) if isinstance(given, str) else given

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _several_hosts(cls, given: object) -> object:
        """Split the variable at commas; colons are part of an address."""
        return tuple(part.strip() for part in given.split(",") if part.strip()) if isinstance(given, str) else given

    @field_validator("password", "password_file", mode="before")
    @classmethod
    def _no_password_is_unset(cls, given: object) -> object:
        """`VIVA_PASSWORD=` in the environment switches off the one in `.env`; blanks may be part of a password."""
        return given or None

    @field_validator("model", "openai_base_url", "openai_api_key", mode="before")
    @classmethod
    def _blank_is_unset(cls, given: object) -> object:
        """`OPENAI_API_KEY=` in the environment switches off the one in `.env`."""
        return given.strip() or None if isinstance(given, str) else given

    @field_validator("openai_api_key")
    @classmethod
    def _api_key(cls, key: SecretStr | None) -> SecretStr | None:
        return None if key is None else checked_key(key.get_secret_value())

    def origin(self, field: str) -> str:
        """Where the value of a field comes from: `command line`, `environment`, `.env:3` or `default`."""
        return self._origins.get(field, "default")

    def secret(self, variable: str) -> SecretStr | None:
        """Return the key in a variable of the environment or of `.env`. Raises ContentError when it cannot be one."""
        text = self._variables.get(variable.lower(), "").strip()
        try:
            return checked_key(text) if text else None
        except ValueError as fault:
            raise ContentError(f"{variable}: {fault}") from fault

    @property
    def backends_file(self) -> Path | None:
        """The `backends.toml` in use: the one in the data folder, else the one in the project folder."""
        candidates = (self.data_dir / "backends.toml", self.project / "backends.toml")
        # Whatever is there counts: what is no file is a problem to name, not a reason to read the other one.
        return next((path for path in candidates if os.path.lexists(path)), None)

    def configured_backends(self) -> ConfiguredBackends:
        """Return the backends that the user named, the most deliberate first: base URL, `backends.toml`, a mere key.

        A key alone means OpenAI itself, unless `backends.toml` has a table [openai], which then uses it. What cannot
        be used of that file is left out and named in `problems`.
        """
        path = self.backends_file
        found = ConfiguredBackends(backends=()) if path is None else read_backends(path, self.secret)
        own = self._environment_backend()
        if own is None:
            return found
        if self.openai_base_url is not None:
            return found.model_copy(update={"backends": (own, *found.backends)})
        named = any(backend.name == own.name for backend in found.backends)
        return found if named else found.model_copy(update={"backends": (*found.backends, own)})

    def _environment_backend(self) -> ConfiguredBackend | None:
        if self.openai_base_url is None and self.openai_api_key is None:
            return None
        alone = self.openai_base_url is None  # a key alone means OpenAI itself
        return ConfiguredBackend(
            name="openai" if alone else "",
            preset="openai" if alone else None,
            base_url=self.openai_base_url,
            model=self.model,
            key=self.openai_api_key,
            origin=self.origin("openai_api_key" if alone else "openai_base_url"),
        )


def read_settings(*, project: Path = PROJECT, **given: Any) -> Settings:
    """Return the settings; `given` are the options of the command line, None where an option was not used.

    Raises ContentError naming the variable or the line of `.env`, and what was expected.
    """
    dotenv = project / ".env"
    options = {name: option for name, option in given.items() if option is not None}
    try:
        from_file = _present(DotEnvSettingsSource(Settings, env_file=dotenv).env_vars)
        from_environment = _present(EnvSettingsSource(Settings).env_vars)
    except UnicodeDecodeError as fault:
        raise ContentError(f"{dotenv}: not UTF-8 text") from fault
    except OSError as fault:
        raise ContentError(f"{dotenv}: cannot be read: {fault.strerror}") from fault
    origins: dict[str, str] = {}
    for field in Settings.model_fields:
        variable = variable_of(field).lower()
        if field in options:
            origins[field] = "command line"
        elif variable in from_environment:
            origins[field] = "environment"
        elif variable in from_file:
            origins[field] = f".env:{line_of(dotenv.read_text(encoding='utf-8'), variable)}"
    try:
        settings = Settings(_env_file=dotenv, project=project, **options)  # pyright: ignore[reportCallIssue]
    except ValidationError as fault:
        raise ContentError(_explained(fault, origins)) from fault
    settings = settings.model_copy(update=_anchored(settings, origins))
    settings._origins.update(origins)  # pyright: ignore[reportPrivateUsage]
    settings._variables.update({**from_file, **from_environment})  # pyright: ignore[reportPrivateUsage]
    return settings


def variable_of(field: str) -> str:
    """Return the environment variable of a field."""
    return field.upper() if field.startswith("openai_") else f"VIVA_{field.upper()}"


def _present(variables: Mapping[str, str | None]) -> dict[str, str]:
    return {name: text for name, text in variables.items() if text is not None}


def _anchored(settings: Settings, origins: dict[str, str]) -> dict[str, Any]:
    """Make every path absolute; see the module's docstring for what a relative one counts from."""

    def absolute(path: Path, field: str) -> Path:
        base = Path.cwd() if origins.get(field) == "command line" else settings.project
        return base / path.expanduser()

    folders = ("data_dir", "rubrics", "prompts", "password_file")
    single = {field: absolute(path, field) for field in folders if (path := getattr(settings, field)) is not None}
    return {**single, "notes": tuple(absolute(path, "notes") for path in settings.notes)}


def _explained(fault: ValidationError, origins: dict[str, str]) -> str:
    lines: list[str] = []
    for error in fault.errors():
        field = str(error["loc"][0]).lower()
        instead = "" if field in _SECRETS else f" (it is {error['input']!r})"
        lines.append(f"{variable_of(field)} ({origins.get(field, 'default')}): {said(error['msg'])}{instead}")
    return "\n".join(lines)
