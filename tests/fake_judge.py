"""An OpenAI-compatible server on loopback whose model judges by rote: every reply is valid, and quotes the answer.

It answers in the shape that the prompt asks for and streams verdict by verdict. While it is on `hold`, a reply stops
after its first verdicts, so that a test or a screenshot can look at a grading that is under way. For screenshots,
`learn` gives it something sensible to say about one answer.
"""

import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from interview.grading.second_look import DECOYS

VERDICTS = ("covered", "covered", "partial", "missing", "contradicted")
_SHAPE = re.compile(r"^\{\"key_points\".*\}$", re.MULTILINE)
_ANSWER = re.compile(r"^<<<ANSWER \S+\n(.*)\nANSWER ", re.MULTILINE)

_STATEMENTS = re.compile(r"^The two statements \(JSON\):\n\n(\{.*\})$", re.MULTILINE)


class FakeJudge:
    """`url` is what OPENAI_BASE_URL takes. `calls` counts requests; `feedback` goes into every reply."""

    def __init__(self, verdicts: tuple[str, ...] = VERDICTS) -> None:
        self.verdicts = verdicts
        self.feedback = "Clear. Next time, add what is missing."
        self.on_appeal = ("", "missing")  # quote and verdict
        self.calls = 0
        self.held_after = 1
        self._learned: dict[str, tuple[Sequence[tuple[str, str, str]], str]] = {}
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

    def learn(self, answer: str, points: Sequence[tuple[str, str, str]], feedback: str) -> None:
        """What to reply to `answer`: (quote, reason, verdict) per key point in their order, and the feedback."""
        self._learned[answer] = (points, feedback)

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
            if number == self.held_after:
                self._go.wait()
            write(_event({**_ENVELOPE, "choices": [_choice("delta", piece, finish=None)]}))
        write(_event({**_ENVELOPE, "choices": [_choice("delta", "")]}))
        write(_event({**_ENVELOPE, "choices": [], "usage": _USAGE}))
        write(b"data: [DONE]\n\n")

    def _pieces(self, messages: list[dict]) -> Iterator[str]:
        """The reply, cut after each key point."""
        user = "\n".join(message["content"] for message in messages if message["role"] == "user")
        if "<<<CLAIM" in user:
            quote, verdict = self.on_appeal
            yield json.dumps({"quote": quote, "reason": "looked again", "verdict": verdict}, ensure_ascii=False)
            return
        if (statements := _STATEMENTS.findall(user)) and not _SHAPE.search(user):  # a second look, which always holds
            said = {name: text not in DECOYS.values() for name, text in json.loads(statements[-1]).items()}
            yield json.dumps(
                {name: {"reason": "by rote", "stated": "yes" if yes else "no"} for name, yes in said.items()}
            )
            return
        shape = json.loads(_SHAPE.findall(user)[-1])
        answer = json.loads(_ANSWER.findall(user)[-1])
        said, feedback = self._learned.get(answer, ((), self.feedback))
        points = {}
        for number, name in enumerate(shape["key_points"]):
            quote, reason, verdict = said[number] if number < len(said) else self._by_rote(number, answer)
            points[name] = {"quote": quote, "reason": reason, "verdict": verdict}
        rest = {"errors": [], "reference_check": {"quote": "", "reason": "", "status": "ok"}, "feedback": feedback}
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

    def _by_rote(self, number: int, answer: str) -> tuple[str, str, str]:
        verdict = self.verdicts[number % len(self.verdicts)]
        if verdict not in ("covered", "partial", "contradicted"):
            return "", "by rote", verdict
        quotes = [part.strip() for part in re.split(r"[。；;.!?\n]", answer) if len(part.strip()) >= 6] or [answer]
        return quotes[number % len(quotes)][:120], "by rote", verdict


_ENVELOPE = {"id": "reply-1", "object": "chat.completion.chunk", "created": 0, "model": "fake-judge"}
_USAGE = {"prompt_tokens": 900, "completion_tokens": 240, "total_tokens": 1140}


def _choice(kind: str, text: str, finish: str | None = "stop") -> dict:
    return {"index": 0, kind: {"role": "assistant", "content": text}, "finish_reason": finish}


def _event(content: dict) -> bytes:
    return f"data: {json.dumps(content, ensure_ascii=False)}\n\n".encode()
