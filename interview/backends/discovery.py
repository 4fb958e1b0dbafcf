"""Looks for model servers on this machine, when somebody asks: nothing is sent anywhere else."""

import asyncio
import shutil
from contextlib import suppress
from pathlib import Path

from interview.backends.endpoint import Endpoint, is_chat_model
from interview.backends.openai_compatible import OpenAICompatibleClient
from interview.backends.presets import Preset, known_as, load_presets
from interview.errors import BackendError
from interview.models import Value

_KNOCK_SECONDS = 0.3
_ANSWER_SECONDS = 2.0


class LocalServer(Value):
    """A server that runs on this machine and lists its models; `models` are those that can chat, by name."""

    preset: str
    title: str
    base_url: str
    models: tuple[str, ...]


class StartCommand(Value):
    """How to start a server that is installed and does not run. Sizes in GB; `free_gb` is in the user's folder."""

    program: str
    command: str
    download_gb: float
    free_gb: float


async def find_servers(known: tuple[Preset, ...] | None = None) -> tuple[LocalServer, ...]:
    """Ask every port of a local preset that listens on loopback for its models; about two seconds at most."""
    presets = [preset for preset in load_presets().values() if preset.local] if known is None else known
    found = await asyncio.gather(*(_ask(preset) for preset in presets if preset.base_url))
    return tuple(server for server in found if server is not None)


async def _ask(preset: Preset) -> LocalServer | None:
    port = int(known_as(preset.base_url).partition(":")[2])
    if not await _listens(port):
        return None
    endpoint = Endpoint(
        name=preset.name,
        base_url=preset.base_url,
        model=preset.default_model or "any",
        preset=preset,
        deadline_seconds=_ANSWER_SECONDS,
    )
    client = OpenAICompatibleClient(endpoint)
    try:
        models = await client.models()
    except BackendError:
        return None  # another program, or a server that wants a key: the form is the way to that one
    finally:
        await client.close()
    chat = tuple(filter(is_chat_model, models))
    return LocalServer(preset=preset.name, title=preset.title, base_url=preset.base_url, models=chat) if chat else None


async def _listens(port: int) -> bool:
    try:
        async with asyncio.timeout(_KNOCK_SECONDS):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


def start_commands(running: tuple[LocalServer, ...]) -> tuple[StartCommand, ...]:
    """The commands for servers that are installed here and not among those that run."""
    answering = {server.preset for server in running}
    free = shutil.disk_usage(Path.home()).free / 1e9
    return tuple(
        StartCommand(program=preset.program, command=preset.start, download_gb=preset.download_gb, free_gb=free)
        for preset in load_presets().values()
        if preset.program and preset.name not in answering and shutil.which(preset.program)
    )
