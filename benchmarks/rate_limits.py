"""Many rate-limited endpoints at once: every Retry-After is to be kept, and all used that the limits allow.

Each endpoint is a path of one loopback server that lets so many calls through per window and answers the others with
429 and the seconds until the next window. Time is virtual: it moves when everybody sleeps, so the run takes seconds.
Run it as `python -m benchmarks.rate_limits [--endpoints 20] [--calls 60]`. Exits with 1 when a call came inside a
window that its endpoint had told, or when less than 90 % of a limit was used.
"""

import argparse
import asyncio
import heapq
import itertools
import json
import math
import sys
import threading
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from interview.backends.backend import CompletionRequest, Message
from interview.backends.circuit_breaker import Circuit, CircuitBreaker
from interview.errors import PassingFault
from interview.worker import planned_wait
from tests.endpoints import backend_at, endpoint_at

ASK = CompletionRequest(messages=(Message(role="user", content="?"),))
REPLY = {
    "id": "r",
    "object": "chat.completion",
    "created": 0,
    "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "ok"}}],
}


class VirtualTime:
    """A clock that jumps to the next waking as soon as all of `tasks` sleep; each task says when it is over."""

    def __init__(self, tasks: int) -> None:
        self.now = 0.0
        self._awake = tasks
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._numbers = itertools.count()

    def __call__(self) -> float:
        """Return the seconds since the start."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Sleep for so many virtual seconds."""
        woken = asyncio.Event()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._numbers), woken))
        self.over()
        await woken.wait()

    def over(self) -> None:
        """One task fewer is awake."""
        self._awake -= 1
        if not self._awake and self._sleepers:
            self.now = self._sleepers[0][0]
            while self._sleepers and self._sleepers[0][0] <= self.now:
                heapq.heappop(self._sleepers)[2].set()
                self._awake += 1


@dataclass
class Limit:
    """`calls` per `window` seconds, and what came in: how many were served, refused, and inside a told wait."""

    calls: int
    window: float
    served: int = 0
    refused: int = 0
    inside: int = 0
    last: float = 0.0
    opens_at: float = 0.0
    by_window: dict[int, int] = field(default_factory=dict)

    def ask(self, now: float, told_at: float) -> int:
        """Return 0 where the call passes, else the whole seconds to wait. `told_at`: when the last wait was told."""
        if told_at < now < self.opens_at:
            self.inside += 1
        number = int(now // self.window)
        if self.by_window.get(number, 0) < self.calls:
            self.by_window[number] = self.by_window.get(number, 0) + 1
            self.served, self.last = self.served + 1, now
            return 0
        self.refused += 1
        wait = max(1, math.ceil((number + 1) * self.window - now))
        self.opens_at = now + wait
        return wait

    @property
    def used(self) -> float:
        """What part of the limit was used, up to the last call served; at best 1."""
        least = (math.ceil(self.served / self.calls) - 1) * self.window
        return min(1.0, least / self.last) if self.last else 1.0


class LimitedServer:
    """Serves the limits at `/0/v1`, `/1/v1`, and so on."""

    def __init__(self, limits: list[Limit], time: VirtualTime) -> None:
        self._limits = limits
        self._told = [-1.0] * len(limits)
        self._lock = threading.Lock()
        self._time = time
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                wait = owner.ask(int(self.path.split("/")[1]))
                body = json.dumps({"error": {"message": "slow down"}} if wait else REPLY).encode()
                self.send_response(429 if wait else 200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                if wait:
                    self.send_header("retry-after", str(wait))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.root = f"http://127.0.0.1:{self._server.server_address[1]}"

    def ask(self, number: int) -> int:
        """Return the seconds that a call to this endpoint has to wait; 0: it is served."""
        with self._lock:
            wait = self._limits[number].ask(self._time.now, self._told[number])
            if wait:
                self._told[number] = self._time.now
            return wait

    @contextmanager
    def serving(self) -> Iterator["LimitedServer"]:
        """Serve until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


async def drain(base_url: str, calls: int, tasks: int, time: VirtualTime) -> None:
    """Make the calls, `tasks` at a time; one that is put off is made again as the worker would."""
    endpoint = endpoint_at(base_url, model="m", parallel=tasks)
    breaker = CircuitBreaker(Circuit(clock=time), model="m", host=endpoint.host)
    backend = backend_at(endpoint, stages=[breaker], clock=time, sleep=time.sleep)
    waiting = iter(range(calls))

    async def work() -> None:
        for _ in waiting:
            for pause in map(planned_wait, itertools.count()):
                try:
                    async with aclosing(backend.complete(ASK)) as events:
                        async for _event in events:
                            pass
                    break
                except PassingFault as fault:
                    await time.sleep(max(pause, fault.retry_after or 0.0))
        time.over()

    await asyncio.gather(*(work() for _ in range(tasks)))
    await backend.close()


def run(limits: list[Limit], calls: int, tasks: int = 4) -> None:
    """Let every endpoint serve so many calls; what happened stands in `limits`."""
    time = VirtualTime(len(limits) * tasks)

    async def everything(root: str) -> None:
        await asyncio.gather(*(drain(f"{root}/{at}/v1", calls, tasks, time) for at in range(len(limits))))

    with LimitedServer(limits, time).serving() as server:
        asyncio.run(everything(server.root))


def limits_of(count: int) -> list[Limit]:
    """Limits as providers have them: from 2 calls in 10 s to 20 in a minute."""
    kinds = ((2, 10.0), (5, 20.0), (10, 30.0), (20, 60.0))
    return [Limit(*kinds[at % len(kinds)]) for at in range(count)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoints", type=int, default=20)
    parser.add_argument("--calls", type=int, default=60)
    chosen = parser.parse_args()
    limits = limits_of(chosen.endpoints)
    run(limits, chosen.calls)
    for limit in limits[:4]:
        print(
            f"{limit.calls:3} per {limit.window:g} s: {limit.served} served, {limit.refused} refused, {limit.used:.1%}"
        )
    inside, least = sum(limit.inside for limit in limits), min(limit.used for limit in limits)
    refused = sum(limit.refused for limit in limits)
    print(f"{len(limits)} endpoints, {sum(limit.served for limit in limits)} calls served, {refused} refused (429)")
    print(f"calls inside a told wait: {inside}; least share of a limit used: {least:.1%}")
    sys.exit(bool(inside) or least < 0.9)


if __name__ == "__main__":
    main()
