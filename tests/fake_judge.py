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
FOLLOW_UP = '{"question": "…"}'  # the shape that prompts/follow_up.md asks for
HINT = '{"hint": "…"}'  # that of prompts/hint.md
_SHAPE = re.compile(r"^\{\"(?:key_points|criteria|pitfalls|errors)\".*\}$", re.MULTILINE)
_ANSWER = re.compile(r"^<<<ANSWER \S+\n(.*)\nANSWER ", re.MULTILINE)

_STATEMENTS = re.compile(r"^The two statements \(JSON\):\n\n(\{.*\})$", re.MULTILINE)


def confirmed(prompt: str) -> str:
    """The reply to a second look: the quote says the key point, and not the statement beside it."""
    line = next(line for line in prompt.split("\n") if line.startswith('{"a": "'))
    return json.dumps(
        {
            name: {"reason": "by rote", "stated": "no" if text in DECOYS.values() else "yes"}
            for name, text in json.loads(line).items()
        }
    )


class FakeJudge:
    """`url` is what OPENAI_BASE_URL takes. `calls` counts requests; `feedback` goes into every reply.

    Asked for anything but a judgement it replies with `text`."""

    def __init__(self, verdicts: tuple[str, ...] = VERDICTS) -> None:
        self.verdicts = verdicts
        self.feedback = "Clear. Next time, add what is missing."
        self.follow_up = "And what happens after that?"
        self.hint = "Imagine three people in one room."
        self.words = "Here is what I would say."
        self.on_appeal: tuple[str, str] = ("", "missing")  # quote and verdict
        self.calls = 0
        self.held_after = 1
        # What is replied where something else than a judgement is asked for, by the name of its form.
        self.forms: dict[str, dict] = {"anchoredreplies": {"key_points": []}, "madereplies": {"key_points": []}}
        self._learned: dict[str, tuple[Sequence[tuple[str, str, str]], str]] = {}
        self._go = threading.Event()
        self._go.set()
        judge = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                listed = json.dumps({"object": "list", "data": [{"id": "fake-judge", "object": "model"}]}).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.end_headers()
                self.wfile.write(listed)

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

    def text(self, messages: list[dict]) -> str:
        """The whole reply to a prompt, for a server that has ways of its own."""
        return "".join(self._pieces(messages))

    def reply(self, body: dict, write) -> None:
        form = body.get("response_format", {}).get("json_schema", {}).get("name")
        other = self.forms.get(form)
        pieces = list(self._pieces(body["messages"])) if other is None else [json.dumps(other, ensure_ascii=False)]
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
        if FOLLOW_UP in messages[0]["content"]:
            yield json.dumps({"question": self.follow_up})
            return
        if HINT in messages[0]["content"]:
            yield json.dumps({"hint": self.hint})
            return
        user = "\n".join(message["content"] for message in messages if message["role"] == "user")
        if "<<<CLAIM" in user:
            quote, verdict = self.on_appeal
            yield json.dumps({"quote": quote, "reason": "looked again", "verdict": verdict}, ensure_ascii=False)
            return
        shapes = _SHAPE.findall(user)
        if not shapes:  # a second look; else not asked to judge, but to write
            yield confirmed(user) if '{"a": "' in user else self.words
            return
        shape = json.loads(shapes[-1])
        answer = json.loads(_ANSWER.findall(user)[-1])
        said, feedback = self._learned.get(answer, ((), self.feedback))
        points = {}
        for number, name in enumerate(shape.get("key_points", {})):
            quote, reason, verdict = said[number] if number < len(said) else self._by_rote(number, answer)
            points[name] = {"quote": quote, "reason": reason, "verdict": verdict}
        levels = {name: form["level"].split("|")[1] for name, form in shape.get("criteria", {}).items()}
        every = {
            "criteria": {name: {"quote": "", "reason": "by rote", "level": level} for name, level in levels.items()},
            "pitfalls": [],
            "errors": [],
            "reference_check": {"quote": "", "reason": "", "status": "ok"},
            "feedback": feedback,
        }
        rest = json.dumps({name: every[name] for name in shape if name in every}, ensure_ascii=False)
        if not points:
            yield rest
            return
        separator = '{"key_points": {'
        for name, point in points.items():
            yield f"{separator}{json.dumps(name)}: {json.dumps(point, ensure_ascii=False)}"
            separator = ", "
        yield "}}" if rest == "{}" else "}, " + rest[1:]

    def _by_rote(self, number: int, answer: str) -> tuple[str, str, str]:
        verdict = self.verdicts[number % len(self.verdicts)]
        if verdict not in ("covered", "partial", "contradicted"):
            return "", "by rote", verdict
        quotes = [part.strip() for part in re.split(r"[。；;.!?\n]", answer) if len(part.strip()) >= 6] or [answer]
        return quotes[number % len(quotes)][:120], "by rote", verdict


_ENVELOPE = {"id": "reply-1", "object": "chat.completion.chunk", "created": 0, "model": "fake-judge"}
_USAGE = {"prompt_tokens": 9000, "completion_tokens": 240, "total_tokens": 1140}


def _choice(kind: str, text: str, finish: str | None = "stop") -> dict:
    return {"index": 0, kind: {"role": "assistant", "content": text}, "finish_reason": finish}


def _event(content: dict) -> bytes:
    return f"data: {json.dumps(content, ensure_ascii=False)}\n\n".encode()
