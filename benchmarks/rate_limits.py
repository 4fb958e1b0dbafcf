"""Twenty endpoints that limit their calls and say for how long: who calls too early, how much gets through.

Each endpoint is a server on loopback that answers so many calls in a window of time and refuses the others with a
Retry-After until the window ends. Prints the calls that began inside such a time, once it was told, and the throughput
as a share of what the limits allow. Exit code 1: a call came too early, or less than 90 % got through.
"""

import argparse
import asyncio
import math
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from interview.backends.backend import Completion, CompletionRequest, Message
from interview.backends.gate import Gate
from interview.backends.openai_compatible import OpenAICompatibleBackend
from tests.endpoints import endpoint_at
from tests.fault_server import Asked, FaultServer, Play, refusal, whole

REQUEST = CompletionRequest(messages=(Message(role="user", content="ready?"),), max_tokens=10)
EARLY_SECONDS = 0.002  # the clock's own grain


@dataclass
class Limit:
    """So many calls per window, in seconds."""

    calls: int
    window: float
    began: float = 0.0
    used: int = 0
    refused: int = 0

    def play(self, _: Asked) -> Play:
        """Answer, or say how long it takes until the next window."""
        now = time.monotonic()
        if now - self.began >= self.window:
            self.began, self.used = now, 0
        self.used += 1
        if self.used <= self.calls:
            return whole("ready")
        self.refused += 1
        left = self.began + self.window - now
        return refusal(429, "Rate limit reached", {"retry-after-ms": str(math.ceil(left * 1000))})


class WatchedGate(Gate):
    """A gate that counts who passes although it was told to be shut."""

    shut_until = 0.0
    early = 0

    def close_for(self, seconds: float) -> None:
        """As the gate does, and note until when."""
        self.shut_until = max(self.shut_until, time.monotonic() + seconds)
        super().close_for(seconds)

    @asynccontextmanager
    async def passage(self, patience: float, line: float) -> AsyncGenerator[None, None]:
        """As the gate does, and look at the clock."""
        async with super().passage(patience, line):
            self.early += time.monotonic() < self.shut_until - EARLY_SECONDS
            yield


async def drain(server: FaultServer, limit: Limit, calls: int) -> tuple[float, int]:
    """Make that many calls, eight at a time; the seconds that they take, and how many began too early.

    Connecting for the first time costs this machine more than a call, so one call goes before and does not count.
    """
    gate = WatchedGate(8)
    endpoint = endpoint_at(server.base_url, model="m")
    backend = OpenAICompatibleBackend(endpoint, gate=gate, attempts=100, patience_seconds=600)
    left = iter(range(calls))

    async def call() -> None:
        events = [event async for event in backend.complete(REQUEST)]
        assert isinstance(events[-1], Completion)

    async def work() -> None:
        for _ in left:
            await call()

    await call()
    limit.began = limit.used = 0
    began = time.monotonic()
    await asyncio.gather(*(work() for _ in range(8)))
    seconds = time.monotonic() - began
    await backend.close()
    return seconds, gate.early


async def run(endpoints: int, limit: int, window: float, windows: int) -> int:
    limits = [Limit(limit, window) for _ in range(endpoints)]
    servers = [FaultServer(one.play) for one in limits]
    for server in servers:
        server.start()
    try:
        came = await asyncio.gather(*(drain(*pair, limit * windows) for pair in zip(servers, limits, strict=True)))
    finally:
        for server in servers:
            server.stop()
    ideal = window * (windows - 1)
    slowest = max(seconds for seconds, _ in came)
    share = ideal / slowest
    early = sum(early for _, early in came)
    print(f"{endpoints} endpoints, {limit} calls per {window:g} s, {limit * windows} calls each")
    print(f"calls refused: {sum(one.refused for one in limits)}; calls that began inside a time told before: {early}")
    print(f"slowest endpoint: {slowest:.1f} s; the limit allows {ideal:.1f} s: {share:.0%} of it")
    return int(early > 0 or share < 0.9)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoints", type=int, default=20)
    parser.add_argument("--limit", type=int, default=10)
    parser.add_argument("--window", type=float, default=20.0, help="seconds")
    parser.add_argument("--windows", type=int, default=5)
    given = parser.parse_args()
    return asyncio.run(run(given.endpoints, given.limit, given.window, given.windows))


if __name__ == "__main__":
    sys.exit(main())
