"""Who may use the screen: this machine alone, who knows the password, or everybody."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from interview.errors import ContentError
from interview.settings.hosts import is_loopback, parse_host
from interview.settings.settings import Settings

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 1024
_FILE_LIMIT = 8192
_WAYS_OUT = "Set a password with --password-file FILE or VIVA_PASSWORD, or let everybody in with --no-login."


@dataclass(frozen=True)
class Access:
    """How the screen can be reached, checked by `read_access`."""

    host: str = "127.0.0.1"
    """Where the server listens."""
    allowed_hosts: tuple[str, ...] = ()
    """Names under which a reverse proxy, or a name server, makes Viva known; as `parse_host` returns them."""
    password: SecretStr | None = None
    is_exposed: bool = False
    """Other machines can reach the screen."""
    is_owner_only: bool = True
    """Everybody who gets in is the owner: it is this machine's user, or knows the password."""


def read_access(settings: Settings) -> Access:
    """Return how the screen is reached, and by whom.

    Raises:
        ContentError: Other machines could reach it and neither a password nor `--no-login` is given, the two
            contradict each other, or the password cannot be used.
    """
    hosts = _checked_hosts(settings.allowed_hosts)
    password = _password(settings)
    open_names = [name for name in hosts if not is_loopback(name)]
    listens_here = is_loopback(parse_host(settings.host) or "")
    is_exposed = not listens_here or bool(open_names)
    if settings.no_login and password is not None:
        raise ContentError("A password and --no-login contradict each other. Leave one of them out.")
    if is_exposed and password is None and not settings.no_login:
        where = f"on {settings.host}" if not listens_here else f"as {open_names[0]}"
        raise ContentError(
            f"Serving {where} would let everybody who can reach this address read and answer. {_WAYS_OUT}"
        )
    return Access(
        host=settings.host,
        allowed_hosts=hosts,
        password=password,
        is_exposed=is_exposed,
        is_owner_only=password is not None or not (is_exposed or settings.no_login),
    )


def _checked_hosts(names: Sequence[str]) -> tuple[str, ...]:
    for name in names:
        if parse_host(name) is None:
            raise ContentError(
                f"--allowed-host {name}: expected the name or the address in the browser's address bar, "
                "without http:// and without a port."
            )
    return tuple(parse_host(name) or "" for name in names)


def _password(settings: Settings) -> SecretStr | None:
    if settings.password_file is None:
        given, origin = settings.password, "VIVA_PASSWORD"
    elif settings.password is None:
        given, origin = _read_password_file(settings.password_file), str(settings.password_file)
    else:
        raise ContentError("VIVA_PASSWORD and a password file are both set. Leave one of them out.")
    if given is None:
        return None
    text = given.get_secret_value()
    if not SHORTEST_PASSWORD <= len(text) <= LONGEST_PASSWORD or not text.isprintable():
        raise ContentError(
            f"{origin}: expected a password of {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} printable characters "
            "on one line."
        )
    return given


def _read_password_file(path: Path) -> SecretStr:
    try:
        # Opened without waiting, so that a pipe in its place cannot hold the start up.
        with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise ContentError(f"{path}: expected a file with the password in it.")
            if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise ContentError(f"{path}: other users of this machine can read the password. Run: chmod 600 {path}")
            return SecretStr(file.read(_FILE_LIMIT).decode("utf-8-sig").rstrip("\r\n"))
    except OSError as fault:
        raise ContentError(f"{path}: the password cannot be read: {fault.strerror}.") from fault
    except UnicodeDecodeError as fault:
        raise ContentError(f"{path}: the password is not UTF-8 text.") from fault
