"""An OpenAI-compatible server on loopback whose model judges by rote: every reply is valid, and quotes the answer.

It answers in the shape that the prompt asks for and streams verdict by verdict. While it is `held`, a reply stops after
its first verdict, so that a test or a screenshot can look at a grading that is under way.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERDICTS = ("covered", "covered", "partial", "missing", "contradicted")
_SHAPE = re.compile(r"^\{\"key_points\".*\}$", re.MULTILINE)
_ANSWER = re.compile(r"^<<<ANSWER \S+\n(.*)\nANSWER ", re.MULTILINE)


class FakeJudge:
    """`url` is what OPENAI_BASE_URL takes. `calls` counts requests; `feedback` goes into every reply."""

    def __init__(self, verdicts: tuple[str, ...] = VERDICTS) -> None:
        self.verdicts = verdicts
        self.feedback = "Clear. Next time, add what is missing."
        self.calls = 0
        self._go = threading.Event()
        self._go.set()
        judge = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                judge.calls += 1
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.send_header("content-type", "text/event-stream" if body.get("stream") else "application/json")
                self.end_headers()
                with suppress(BrokenPipeError, ConnectionResetError):
                    judge.reply(body, self.wfile.write)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def hold(self) -> None:
        """Let replies stop after their first verdict until `release`."""
        self._go.clear()

    def release(self) -> None:
        self._go.set()

    @contextmanager
    def serving(self) -> Iterator["FakeJudge"]:
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.release()
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def reply(self, body: dict, write) -> None:
        pieces = list(self._pieces(body["messages"]))
        if not body.get("stream"):
            self._go.wait()
            write(json.dumps({**_ENVELOPE, "choices": [_choice("message", "".join(pieces))]}).encode())
            return
        for number, piece in enumerate(pieces):
            if number == 1:
                self._go.wait()
            write(_event({**_ENVELOPE, "choices": [_choice("delta", piece, finish=None)]}))
        write(_event({**_ENVELOPE, "choices": [_choice("delta", "")]}))
        write(_event({**_ENVELOPE, "choices": [], "usage": _USAGE}))
        write(b"data: [DONE]\n\n")

    def _pieces(self, messages: list[dict]) -> Iterator[str]:
        """The reply, cut after each key point."""
        user = "\n".join(message["content"] for message in messages if message["role"] == "user")
        shape = json.loads(_SHAPE.findall(user)[-1])
        answer = json.loads(_ANSWER.findall(user)[-1])
        quotes = [part.strip() for part in re.split(r"[。；;.!?\n]", answer) if len(part.strip()) >= 6] or [answer]
        points = {}
        for number, name in enumerate(shape["key_points"]):
            verdict = self.verdicts[number % len(self.verdicts)]
            proven = verdict in ("covered", "partial", "contradicted")
            quote = quotes[number % len(quotes)][:120] if proven else ""
            points[name] = {"quote": quote, "reason": "by rote", "verdict": verdict}
        rest = {"errors": [], "reference_check": {"quote": "", "reason": "", "status": "ok"}, "feedback": self.feedback}
        levels = {name: form["level"].split("|")[1] for name, form in shape.get("criteria", {}).items()}
        if levels:
            words = {name: {"quote": "", "reason": "by rote", "level": level} for name, level in levels.items()}
            rest = {"criteria": words, **rest}
        if "pitfalls" in shape:
            rest["pitfalls"] = []
        separator = '{"key_points": {'
        for name, point in points.items():
            yield f"{separator}{json.dumps(name)}: {json.dumps(point, ensure_ascii=False)}"
            separator = ", "
        yield "}, " + json.dumps(rest, ensure_ascii=False)[1:]


_ENVELOPE = {"id": "reply-1", "object": "chat.completion.chunk", "created": 0, "model": "fake-judge"}
_USAGE = {"prompt_tokens": 900, "completion_tokens": 240, "total_tokens": 1140}


def _choice(kind: str, text: str, finish: str | None = "stop") -> dict:
    return {"index": 0, kind: {"role": "assistant", "content": text}, "finish_reason": finish}


def _event(content: dict) -> bytes:
    return f"data: {json.dumps(content, ensure_ascii=False)}\n\n".encode()
