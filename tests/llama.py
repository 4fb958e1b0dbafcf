"""A real llama-server with a random model, for tests that want the true protocol."""

import os
import secrets
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

START_SECONDS = 60


@dataclass(frozen=True)
class LlamaServer:
    """Where it listens; any model name is accepted, and `model` is its own."""

    base_url: str
    key: str
    model: str


class NotSetUp(Exception):
    """There is no llama-server on this machine."""


@contextmanager
def running_llama(shared: Path) -> Iterator[LlamaServer]:
    """Start a llama-server on a free port and stop it afterwards. Raises NotSetUp."""
    script = shared / "tools" / "llama-server" / "serve.sh"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "viva-llama-server"
    if not script.is_file() or not (cache / "deb" / "root" / "usr" / "bin" / "llama-server.patched").is_file():
        raise NotSetUp(f"run `{script} setup`")
    port, key = _free_port(), f"sk-{secrets.token_hex(8)}"
    environment = {**os.environ, "PORT": str(port), "KEY": key, "CTX": "65536", "D": str(cache), "MODEL": "tiny-random"}
    started = subprocess.run(
        [str(script), "start"], env=environment, capture_output=True, text=True, timeout=START_SECONDS, check=False
    )
    try:
        if started.returncode != 0:
            raise NotSetUp(f"`{script} start` failed: {started.stdout[-500:]}{started.stderr[-500:]}")
        yield LlamaServer(f"http://127.0.0.1:{port}/v1", key, "tiny-random")
    finally:
        # `stop` ends the process whose number `start` wrote down for this port, and nothing else.
        subprocess.run([str(script), "stop"], env=environment, capture_output=True, timeout=START_SECONDS, check=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def llama_server(shared: Path) -> Iterator[LlamaServer]:
    """One llama-server for the whole run."""
    from tests.conftest import missing

    try:
        with running_llama(shared) as server:
            yield server
    except NotSetUp as fault:
        missing("llama-server", str(fault))
