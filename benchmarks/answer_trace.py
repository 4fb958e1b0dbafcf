"""One answer from the click to the drawn grade: which of Viva's files and functions it enters, and its transactions.

The app runs in this process as `serve` starts it, with a scripted backend whose replies arrive in a few pieces, and the
page is a client without a browser that redraws whenever it is asked to. Every thread is traced. Answers are given one
after another; the first warms what is made once, and is not counted.

Run it as `python -m benchmarks.answer_trace [--answers 5] [--functions]`.
"""

import argparse
import json
import os
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from unittest.mock import patch

import httpx
import sqlalchemy as sa
from sqlalchemy import event

from benchmarks.constant_judge import reply_of
from benchmarks.headless_page import HeadlessPage
from interview import __file__ as package_file
from interview.backends.backend import CompletionRequest
from interview.backends.endpoint import Endpoint
from interview.backends.pipeline import Handler
from interview.backends.scripted import ScriptedBackend
from tests.browser import free_port

PACKAGE = Path(str(package_file)).parent
FEEDBACK = "Feedback-that-ends-the-trace."
PATIENCE_SECONDS = 60.0
_PIECE, _PAUSE_SECONDS = 250, 0.5  # of a reply of about 550 characters
_ENVIRONMENT = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": "", "VIVA_MODEL": "scripted"}
_QUESTION = """#### {n}. What does self-attention compute, in variant {n}?

Each token looks at every other token, and takes a weighted mean of their values.

##### Key points
- every token looks at every other token
- the values are averaged by their weights

"""
_ANSWER = "In variant {n} every token looks at every other token. Then the values are averaged by their weights."
_QUOTES = {"k1": "every token looks at every other token", "k2": "the values are averaged by their weights"}


class ScriptedJudge(ScriptedBackend):
    """Credits every key point. Pieces are so far apart that the page can be drawn in between, as with a real model."""

    def __init__(self, endpoint: Endpoint, **_: object) -> None:
        def reply(request: CompletionRequest) -> str:
            return reply_of(request.json_schema or {}, _QUOTES, FEEDBACK)

        super().__init__(
            reply, name=endpoint.name, model=endpoint.model, host=endpoint.host, chunk=_PIECE, pause=_PAUSE_SECONDS
        )

    def start(self, request: CompletionRequest) -> Handler:
        """Return the handler of the scripted reply, as the client of a pipeline does."""
        return self.complete


class Tracer:
    """Collects the code objects below `package` that any thread enters, and counts transactions, while it records.

    Threads that were started before `install` are not seen.
    """

    def __init__(self, package: Path) -> None:
        self._prefix = str(package) + os.sep
        self._recording = False
        self._codes: set[CodeType] = set()
        self._begun = 0
        self._lock = threading.Lock()

    def install(self) -> None:
        """Trace this thread and every later one, and every engine of SQLAlchemy."""
        event.listen(sa.Engine, "begin", self._on_begin)
        threading.setprofile(self._on_call)
        sys.setprofile(self._on_call)

    def uninstall(self) -> None:
        """Undo `install`, for this thread and later ones."""
        sys.setprofile(None)
        threading.setprofile(None)  # pyright: ignore[reportArgumentType]
        event.remove(sa.Engine, "begin", self._on_begin)

    def start(self) -> None:
        """Record from now on, from nothing."""
        with self._lock:
            self._codes, self._begun = set(), 0
        self._recording = True

    def stop(self) -> None:
        """Record no more."""
        self._recording = False

    @property
    def seen(self) -> "Trace":
        """The functions and transactions recorded so far."""
        codes = [code for code in list(self._codes) if code.co_filename.startswith(self._prefix)]
        # A module's body and the frame of a comprehension are no functions.
        functions = {
            f"{code.co_filename.removeprefix(self._prefix)}:{code.co_firstlineno} {code.co_qualname}"
            for code in codes
            if not code.co_name.startswith("<") or code.co_name == "<lambda>"
        }
        return Trace(frozenset(functions), self._begun)

    def _on_call(self, frame: FrameType, kind: str, arg: object) -> None:
        if kind == "call" and self._recording:
            self._codes.add(frame.f_code)

    def _on_begin(self, connection: sa.Connection) -> None:
        if self._recording:
            with self._lock:
                self._begun += 1


@dataclass(frozen=True)
class Trace:
    """`functions` as `file:line name`; `transactions` is how many were begun."""

    functions: frozenset[str] = frozenset()
    transactions: int = 0

    @property
    def files(self) -> frozenset[str]:
        """The files that hold the functions."""
        return frozenset(name.partition(":")[0] for name in self.functions)


@dataclass
class Candidate:
    """Opens a page, starts a session, and gives answers until `answers` were traced; then ends the server."""

    url: str
    tracer: Tracer
    answers: int
    traces: list[Trace] = field(default_factory=list)
    problem: str = ""

    def run(self) -> None:
        """Everything, in a thread beside the server."""
        try:
            self._interview()
        except Exception as fault:  # the server has to end, whatever happened here
            self.problem = repr(fault)
        os.kill(os.getpid(), signal.SIGTERM)

    def _interview(self) -> None:
        with httpx.Client(base_url=self.url, timeout=PATIENCE_SECONDS, trust_env=False) as client:
            _wait_for(client)
            page = HeadlessPage(client, self._seen)
            page.fire("start", "click")
            for number in range(self.answers + 1):
                page.fill("composer", _ANSWER.format(n=number + 1))
                self.tracer.start()
                self._drawn = False
                page.fire("composer", "submit")
                self.tracer.stop()
                if not self._drawn:
                    raise RuntimeError("the grade was not drawn")
                self.traces.append(self.tracer.seen)
                page.fire("next", "click")

    def _seen(self, reply: str) -> None:
        if FEEDBACK in reply:
            self.tracer.stop()
            self._drawn = True


def _wait_for(client: httpx.Client) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        try:
            client.get("/healthz").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"the app did not answer within {PATIENCE_SECONDS:.0f} s")


def trace_answers(answers: int) -> list[Trace]:
    """Serve the app in this thread, and return one trace per answer, without the first. Ends by SIGTERM to itself."""
    tracer = Tracer(PACKAGE)
    # Before the first import of what builds backends, so that it finds the scripted one under the name it imports.
    with (
        tempfile.TemporaryDirectory() as folder,
        patch("interview.backends.openai_compatible.OpenAICompatibleClient", ScriptedJudge),
        patch.dict(os.environ, _ENVIRONMENT),
    ):
        from interview.cli import main as command_line

        notes, data, port = Path(folder, "notes.md"), Path(folder, "data"), free_port()
        notes.write_text("## Attention\n\n" + "".join(_QUESTION.format(n=n + 1) for n in range(answers + 2)), "utf-8")
        data.mkdir()
        (data / "backends.toml").touch()
        tracer.install()
        candidate = Candidate(f"http://127.0.0.1:{port}", tracer, answers)
        thread = threading.Thread(target=candidate.run)
        thread.start()
        options = ["--port", str(port), "--data-dir", str(data), "--notes", str(notes), "--lang", "en"]
        try:
            with suppress(SystemExit):
                command_line(["serve", *options])
        finally:
            thread.join()
            tracer.uninstall()
    if candidate.problem:
        raise RuntimeError(candidate.problem)
    return candidate.traces[1:]


def middle(traces: Sequence[Trace]) -> dict[str, int]:
    """Return the medians over the answers."""
    return {
        "files": round(statistics.median(len(one.files) for one in traces)),
        "functions": round(statistics.median(len(one.functions) for one in traces)),
        "transactions": round(statistics.median(one.transactions for one in traces)),
        "least_transactions": min(one.transactions for one in traces),
        "most_transactions": max(one.transactions for one in traces),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=5)
    parser.add_argument("--functions", action="store_true", help="list what the last answer entered")
    chosen = parser.parse_args()
    traces = trace_answers(chosen.answers)
    if chosen.functions:
        print("\n".join(sorted(traces[-1].functions)), file=sys.stderr)
    print(json.dumps(middle(traces)))


if __name__ == "__main__":
    main()
