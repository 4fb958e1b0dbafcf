"""What every test relies on: no keys, no network beyond loopback, and honest skips.

`VIVA_REQUIRE_ALL=1` (set by `.ci/run`) turns every skip for want of a browser, llama-server or the shared folder into
a failure.
"""

import ipaddress
import os
import shutil
import socket
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes is a matter of the machine.
settings.register_profile("viva", deadline=None)
settings.load_profile("viva")

pytest_plugins = ["tests.llama"]
REPO = Path(__file__).resolve().parent.parent
REQUIRE_ALL = os.environ.get("VIVA_REQUIRE_ALL") == "1"
_OUTSIDE: list[str] = []


def missing(what: str, how: str) -> None:
    """Skip because `what` is not on this machine; under VIVA_REQUIRE_ALL fail instead."""
    text = f"{what} is not here: {how}"
    if REQUIRE_ALL:
        pytest.fail(text)
    pytest.skip(text)


def _is_local(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # Unix sockets
    host = str(address[0])
    if host in {"localhost", "", "testserver"}:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host.endswith(".invalid")


@pytest.fixture(autouse=True)
def no_outside_connection(monkeypatch: pytest.MonkeyPatch):
    """Fail the test when it connects to, or looks up, anything but this machine."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def refuse(address: object) -> None:
        _OUTSIDE.append(repr(address))
        raise OSError(f"a test tried to reach {address!r}")

    def guarded_connect(self: socket.socket, address):
        if not _is_local(address):
            refuse(address)
        return connect(self, address)

    def guarded_connect_ex(self: socket.socket, address):
        if not _is_local(address):
            refuse(address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host, *args, **kwargs):
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and not _is_local((name,)):
            refuse((name,))
        return getaddrinfo(host, *args, **kwargs)

    _OUTSIDE.clear()
    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
    yield
    assert not _OUTSIDE, f"outside connections: {_OUTSIDE}"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take keys, proxies and Viva's own variables of the developer's shell away."""
    kept = {"VIVA_SHARED", "VIVA_REQUIRE_ALL"}
    for name in set(os.environ) - kept:
        ours = name.startswith("VIVA_") or name in {"OPENAI_BASE_URL", "DATABASE_URL"}
        if ours or name.endswith("_API_KEY") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the user's notes, the human-graded answers and the llama-server tool."""
    folder = Path(os.environ.get("VIVA_SHARED", REPO.parent / "shared"))
    if not (folder / "notes").is_dir():
        missing("the shared folder", f"set VIVA_SHARED (looked in {folder})")
    return folder


def find_chromium() -> str | None:
    """Return the path of an installed Chromium."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium binary for Playwright."""
    path = find_chromium()
    if path is None:
        missing("Chromium", "install it with the system's package manager")
    assert path is not None
    return path
