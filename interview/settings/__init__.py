"""What the user has set, and where: the only package that reads the environment, `.env` and `backends.toml`."""

from interview.settings.access import Access, read_access
from interview.settings.backends_file import (
    PRICES,
    BackendTable,
    ConfiguredBackend,
    ConfiguredBackends,
    Problem,
)
from interview.settings.roles import Budget, Role, Roles
from interview.settings.settings import PROJECT, Settings, read_settings

__all__ = [
    "PRICES",
    "PROJECT",
    "Access",
    "BackendTable",
    "Budget",
    "ConfiguredBackend",
    "ConfiguredBackends",
    "Problem",
    "Role",
    "Roles",
    "Settings",
    "read_access",
    "read_settings",
]
