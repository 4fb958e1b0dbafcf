"""A loopback HTTP server that plays scripted faults, one play per request, and records what it was asked.

Its last play is repeated for as long as somebody asks. Everything that waits ends when the server is stopped.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

STEP = 0.02  # seconds between the bytes of a drip
BOUND = 10.0  # seconds after which a stall ends, whatever happens


@dataclass(frozen=True)
class Asked:
    """One request as it arrived; header names in lower case."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def rung(self) -> str:
        return self.body.get("response_format", {}).get("type", "text")


@dataclass(frozen=True)
class Play:
    """One reply. `cut_at` ends it after so many bytes of the body: `abrupt` breaks HTTP, else the end looks clean.

    `pause` comes after every byte (a drip); `stall` stops for good after the body has been sent.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    kind: str = "application/json"
    cut_at: int | None = None
    abrupt: bool = False
    pause: float = 0.0
    stall: bool = False
    hang_up: bool = False


Script = Play | Callable[[Asked], Play]


# --- plays -------------------------------------------------------------------------------------------------------


def whole(text: str | None, *, finish: str | None = "stop", usage: bool = True, **message: Any) -> Play:
    """A completion that comes at once."""
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}
    body: dict[str, Any] = {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "served",
        "choices": [choice],
    }
    if usage:
        body["usage"] = USAGE
    return plain(body)


USAGE = {
    "prompt_tokens": 11,
    "completion_tokens": 7,
    "total_tokens": 18,
    "prompt_tokens_details": {"cached_tokens": 3},
}


def streamed(
    text: str,
    *,
    finish: str | None = "stop",
    usage: bool = True,
    done: bool = True,
    chunk: int = 5,
    comments: bool = False,
) -> Play:
    """A completion as server-sent events."""
    parts = [{"role": "assistant", "content": None}, {"reasoning_content": "let me think {"}]
    parts += [{"content": text[start : start + chunk]} for start in range(0, len(text), chunk)]
    events = [_event(choices=[{"index": 0, "delta": part, "finish_reason": None}]) for part in parts]
    if finish is not None:
        events.append(_event(choices=[{"index": 0, "delta": {}, "finish_reason": finish}]))
    if usage:
        events.append(_event(choices=[], usage=USAGE))
    if done:
        events.append(b"data: [DONE]\n\n")
    return Play(body=(b": ping\n\n" if comments else b"").join(events), kind="text/event-stream")


def _event(**fields: Any) -> bytes:
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "served", **fields}
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode()


def good(text: str) -> Callable[[Asked], Play]:
    """The reply in the form that was asked for."""
    return lambda asked: streamed(text) if asked.body.get("stream") else whole(text)


def plain(body: Any, status: int = 200, **headers: str) -> Play:
    """Any JSON."""
    return Play(status=status, body=json.dumps(body).encode(), headers=headers)


def refusal(status: int, message: str = "", headers: dict[str, str] | None = None, **fields: Any) -> Play:
    """An error in the usual shape: an object with message, type, param and code."""
    error = {"message": message, "type": "error", "param": None, "code": status, **fields}
    return replace(plain({"error": error}, status), headers=headers or {})


def html(status: int = 200) -> Play:
    return Play(status=status, body=b"<html><body>It works!</body></html>", kind="text/html")


def event_error(error: Any, before: str = "") -> Play:
    """A stream that ends in an error event."""
    start = streamed(before, finish=None, usage=False, done=False).body if before else b""
    return Play(body=start + f"data: {json.dumps({'error': error})}\n\n".encode(), kind="text/event-stream")


# --- the server --------------------------------------------------------------------------------------------------


class _Player(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        owner = cast(_HTTPServer, self.server).owner
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        play = owner.next_play(Asked(self.path, headers, json.loads(raw)))
        self.close_connection = True
        with suppress(BrokenPipeError, ConnectionResetError):  # the client has had enough
            self._play(play, owner.stopping)

    def do_GET(self) -> None:
        """The list of models; it does not count as asked."""
        self.close_connection = True
        with suppress(BrokenPipeError, ConnectionResetError):
            owner = cast(_HTTPServer, self.server).owner
            self._play(owner.models, owner.stopping)

    def _play(self, play: Play, stopping: threading.Event) -> None:
        if play.hang_up:
            return
        self.send_response_only(play.status)  # without the date, which plays may set
        for name, value in {"Content-Type": play.kind, "Connection": "close", **play.headers}.items():
            self.send_header(name, value)
        if play.cut_at is None or play.abrupt:
            self.send_header("Content-Length", str(len(play.body) + (1 if play.stall else 0)))
        self.end_headers()
        body = play.body[: play.cut_at]
        step = 1 if play.pause else max(1, len(body))
        for start in range(0, len(body), step):
            self.wfile.write(body[start : start + step])
            self.wfile.flush()
            if play.pause and stopping.wait(play.pause):
                return
        if play.stall:
            stopping.wait(BOUND)

    def log_message(self, format: str, *args: object) -> None:
        return


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, owner: "FaultServer", port: int) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", port), _Player)


class FaultServer:
    """Plays `script`, one entry per request; `asked` is what came in. `models` answers a request for the list."""

    def __init__(self, *script: Script, port: int = 0) -> None:
        self.script = list(script)
        self.asked: list[Asked] = []
        self.models = plain({"object": "list", "data": [{"id": "served", "object": "model"}]})
        self._lock = threading.Lock()
        self.stopping = threading.Event()
        self._server = _HTTPServer(self, port)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def base_url(self) -> str:
        return f"{self.root}/v1"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def next_play(self, asked: Asked) -> Play:
        with self._lock:
            self.asked.append(asked)
            script = self.script[min(len(self.asked), len(self.script)) - 1]
        return script(asked) if callable(script) else script


@contextmanager
def fault_server(*script: Script) -> Iterator[FaultServer]:
    """A server that is running."""
    server = FaultServer(*script)
    server.start()
    try:
        yield server
    finally:
        server.stop()
