"""A judge that always replies the same, after a fixed time: a loopback server in a process of its own.

The reply is built from the JSON schema of the first request, so that it fits whatever form the product asks for; every
later request gets the same bytes. It is streamed in a few pieces, at once when its time is up.

Written on asyncio's protocols, because its CPU time must not count: about 0.1 ms a request.
`GET /bodies` returns the bodies of the requests so far, one a line, and `GET /counts` what was counted; both are
forgotten by `POST /forget`.

Run it as `python -m benchmarks.constant_judge --latency 0.05 --quotes '{"k1": "a quote"}'`; it prints its address, and
ends when its standard input is closed.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

PIECES = 8


def reply_of(schema: Mapping[str, Any], quotes: Mapping[str, str], feedback: str = "Clear.") -> str:
    """Return a reply that fits the schema: every key point has the first verdict, and the quote of its id."""
    definitions = schema.get("$defs", {})

    def filled(part: Mapping[str, Any], path: tuple[str, ...]) -> Any:
        if "$ref" in part:
            return filled(definitions[part["$ref"].rpartition("/")[2]], path)
        if "enum" in part or "const" in part:
            return part["const"] if "const" in part else part["enum"][0]
        match part.get("type"):
            case "object":
                return {name: filled(one, (*path, name)) for name, one in part["properties"].items()}
            case "array":
                return []
            case "string":
                return _text(path)
        raise ValueError(f"no reply to {part} at {'.'.join(path)}")

    def _text(path: tuple[str, ...]) -> str:
        if path[-1] == "quote":
            return quotes.get(path[-2], "") if path[0] == "key_points" else ""
        return feedback if path[-1] == "feedback" else "by rote"

    return json.dumps(filled(schema, ()), ensure_ascii=False)


@dataclass
class Counts:
    """Statistics of the requests received. `most_in_flight` waited at the same time; `sent_bytes` are their bodies.

    `first` and `last` are when the first request came and the last reply went, by a monotonic clock.
    """

    requests: int = 0
    connections: int = 0
    most_in_flight: int = 0
    sent_bytes: int = 0
    first: float = 0.0
    last: float = 0.0


class ConstantJudge:
    """What every connection shares."""

    def __init__(self, latency: float, quotes: Mapping[str, str]) -> None:
        self.latency = latency
        self._quotes = quotes
        self._reply = b""
        self.forget()

    def forget(self) -> None:
        """Count from nothing; the reply stays."""
        self.counts = Counts()
        self.bodies: list[bytes] = []
        self.in_flight = 0

    def arrived(self, body: bytes) -> bytes:
        """Count a request and return the bytes of the response to it."""
        if not self._reply:
            self._reply = _streamed(
                reply_of(json.loads(body)["response_format"]["json_schema"]["schema"], self._quotes)
            )
        self.bodies.append(body)
        self.in_flight += 1
        counts = self.counts
        counts.requests += 1
        counts.first = counts.first or time.monotonic()
        counts.sent_bytes += len(body)
        counts.most_in_flight = max(counts.most_in_flight, self.in_flight)
        return self._reply


class _Connection(asyncio.Protocol):
    """HTTP/1.1 with kept connections and one request at a time, as the SDK's client speaks it."""

    def __init__(self, judge: ConstantJudge) -> None:
        self._judge = judge
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._judge.counts.connections += 1

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._received[:end].decode("latin-1").split("\r\n")
        sizes = [int(line.partition(":")[2]) for line in head if line.lower().startswith("content-length:")]
        whole = end + 4 + sum(sizes)
        if len(self._received) < whole:
            return
        body = bytes(self._received[end + 4 : whole])
        del self._received[:whole]
        self._answer(head[0].split(" ")[1], body)

    def _answer(self, path: str, body: bytes) -> None:
        judge = self._judge
        if path.endswith("/chat/completions"):
            asyncio.get_running_loop().call_later(judge.latency, self._judged, judge.arrived(body))
            return
        found = {"/counts": json.dumps(asdict(judge.counts)).encode(), "/bodies": b"\n".join(judge.bodies)}
        if path == "/forget":
            judge.forget()
        self._transport.write(_response(found.get(path, b"{}"), "application/json"))

    def _judged(self, response: bytes) -> None:
        self._judge.in_flight -= 1
        self._judge.counts.last = time.monotonic()
        self._transport.write(response)


def _response(body: bytes, kind: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def _streamed(reply: str) -> bytes:
    size = -(-len(reply) // PIECES)
    deltas = [{"content": reply[at : at + size]} for at in range(0, len(reply), size)]
    choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    envelope = {"id": "r", "object": "chat.completion.chunk", "created": 0, "model": "constant"}
    usage = {"prompt_tokens": 1500, "completion_tokens": 150, "total_tokens": 1650}
    chunks = [*({**envelope, "choices": [choice]} for choice in choices), {**envelope, "choices": [], "usage": usage}]
    events = [f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode() for chunk in chunks]
    return _response(b"".join([*events, b"data: [DONE]\n\n"]), "text/event-stream")


async def serve(judge: ConstantJudge) -> None:
    """Print the address, then serve until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(judge), "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds before each reply")
    parser.add_argument("--quotes", type=json.loads, default={}, help="JSON: what is quoted for each key point")
    chosen = parser.parse_args()
    asyncio.run(serve(ConstantJudge(chosen.latency, chosen.quotes)))


if __name__ == "__main__":
    main()
