"""`evaluate` on a fast endpoint: its wall time against the least that is possible, its CPU against the bare SDK.

A server in a process of its own answers each request after a fixed time, always with the same valid judgement. Two
fresh processes ask it, one after the other: `python -m interview evaluate` over N different answers to one question,
and a client of the openai SDK that streams the very bodies which the first one sent. Both are measured whole, with
their imports. The limit is N / in flight x latency.

Run it as `python -m benchmarks.batch [--n 500] [--in-flight 32] [--latency 0.05] [--rounds 3]`. With `--profile FILE`
it runs `evaluate` once under a profiler that writes there. `--check` exits with 1 where a limit is missed.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import httpx

PROJECT = Path(__file__).resolve().parent.parent
WALL_LIMIT, WALL_AIM = 5.0, 2.5
CPU_LIMIT, CPU_AIM = 2.5, 1.6
_MOST_SECONDS = 600.0
_QUESTION = "How does a B-tree keep its searches short, and what happens when a node is full?"
_POINTS = (
    "All leaves of a B-tree are at the same depth, so every search visits few nodes.",
    "A node holds many keys, which matches the size of a disk page.",
    "When a node is full it is split, and its middle key moves up into the parent.",
)
_ANSWER = (
    "All leaves are at the same depth, so a search visits few nodes. A node holds many keys, about a disk page. "
    "When a node is full it is split and the middle key moves up. In my project number {n} we used one with {n} keys."
)
_QUOTES = {
    "k1": "All leaves are at the same depth, so a search visits few nodes",
    "k2": "A node holds many keys, about a disk page",
    "k3": "When a node is full it is split and the middle key moves up",
}


@dataclass(frozen=True)
class Run:
    """One process: its wall-clock and CPU seconds (user and system)."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Round:
    """`evaluate` and the bare client once each, and what the server saw of `evaluate`.

    `grading_seconds` lie between its first request and the last reply: the rest of its wall time is start and end.
    """

    n: int
    limit: float
    evaluate: Run
    bare: Run
    graded: int
    calls: int
    connections: int
    most_in_flight: int
    bytes_per_answer: float
    grading_seconds: float

    @property
    def wall_ratio(self) -> float:
        """Wall time of the process, over the limit."""
        return self.evaluate.wall / self.limit

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds per answer."""
        return 1000 * self.evaluate.cpu / self.n

    @property
    def bare_cpu_ms(self) -> float:
        """The same of the bare client."""
        return 1000 * self.bare.cpu / self.n

    @property
    def cpu_ratio(self) -> float:
        """CPU per answer, over that of the bare client."""
        return self.cpu_ms / self.bare_cpu_ms


def write_answers(file: Path, n: int) -> None:
    """Write `n` different answers to one question, with grades that differ."""
    known = {"question_id": "q", "question": _QUESTION, "reference": "\n".join(_POINTS), "max_score": 5, "lang": "en"}
    rows = [{"id": f"a{at}", **known, "answer": _ANSWER.format(n=at), "score": at % 6} for at in range(n)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@contextmanager
def judging(latency: float) -> Iterator[str]:
    """Run the server in a process of its own; yields its address."""
    quotes = json.dumps(_QUOTES)
    command = [sys.executable, "-m", "benchmarks.constant_judge", "--latency", str(latency), "--quotes", quotes]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.stdin.close()


def run_process(command: Sequence[str], environment: Mapping[str, str], output: Path) -> Run:
    """Run a command to its end, with its standard output in a file. Raises RuntimeError where it fails."""
    errors = output.with_suffix(".err")
    began = time.monotonic()
    with output.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=out, stderr=err)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - began
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{errors.read_text(encoding='utf-8')}")
    return Run(wall, used.ru_utime + used.ru_stime)


def environment(url: str) -> dict[str, str]:
    """Return this process's environment with the server for the only backend, and without proxies."""
    kept = {name: text for name, text in os.environ.items() if not name.lower().endswith("_proxy")}
    return {**kept, "OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_KEY": "", "VIVA_MODEL": "constant"}


def evaluate_command(folder: Path, in_flight: int, profile: Path | None = None) -> list[str]:
    """Return the command that evaluates `answers.jsonl` of the folder, with a data folder that is new."""
    data = folder / "data"
    data.mkdir()
    (data / "backends.toml").touch()  # ignore the developer's own configuration
    program = ["interview"] if profile is None else ["benchmarks.profiled", str(profile)]
    options = ["--concurrency", str(in_flight), "--data-dir", str(data), "--json"]
    return [sys.executable, "-m", *program, "evaluate", str(folder / "answers.jsonl"), *options]


def one_round(n: int, in_flight: int, latency: float) -> Round:
    """Run `evaluate`, then the bare client with the same bodies."""
    with tempfile.TemporaryDirectory() as name, judging(latency) as url:
        folder = Path(name)
        write_answers(folder / "answers.jsonl", n)
        evaluated = run_process(evaluate_command(folder, in_flight), environment(url), folder / "report.json")
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        with httpx.Client(base_url=url, trust_env=False, timeout=_MOST_SECONDS) as client:
            counts = client.get("/counts").json()
            bodies = folder / "bodies.jsonl"
            bodies.write_bytes(client.get("/bodies").content)
        client_command = [sys.executable, "-m", "benchmarks.bare_client", f"{url}/v1", str(bodies), str(in_flight)]
        bare = run_process(client_command, environment(url), folder / "bare.txt")
    return Round(
        n=n,
        limit=n / in_flight * latency,
        evaluate=evaluated,
        bare=bare,
        graded=report["n"],
        calls=counts["requests"],
        connections=counts["connections"],
        most_in_flight=counts["most_in_flight"],
        bytes_per_answer=counts["sent_bytes"] / n,
        grading_seconds=counts["last"] - counts["first"],
    )


def profile_evaluate(n: int, in_flight: int, latency: float, target: Path) -> None:
    """Run `evaluate` once under a profiler; see `profiled`."""
    with tempfile.TemporaryDirectory() as name, judging(latency) as url:
        folder = Path(name)
        write_answers(folder / "answers.jsonl", n)
        run_process(evaluate_command(folder, in_flight, target), environment(url), folder / "report.json")


def median_of(rounds: Sequence[Round]) -> Round:
    """Return a round whose every number is the median of the rounds' numbers."""

    def runs(every: Sequence[Run]) -> Run:
        return Run(statistics.median(run.wall for run in every), statistics.median(run.cpu for run in every))

    numbers = {
        one.name: statistics.median(getattr(round_, one.name) for round_ in rounds)
        for one in fields(Round)
        if one.name not in ("evaluate", "bare")
    }
    return Round(**numbers, evaluate=runs([one.evaluate for one in rounds]), bare=runs([one.bare for one in rounds]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=500, help="answers")
    parser.add_argument("--in-flight", type=int, default=32, help="gradings at a time")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds before each reply")
    parser.add_argument("--rounds", type=int, default=3, help="medians over so many")
    parser.add_argument("--profile", type=Path, metavar="FILE", help="only profile `evaluate`, into this file")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a limit is missed")
    chosen = parser.parse_args()
    if chosen.profile is not None:
        profile_evaluate(chosen.n, chosen.in_flight, chosen.latency, chosen.profile.resolve())
        return 0
    rounds: list[Round] = []
    for number in range(chosen.rounds):
        rounds.append(one_round(chosen.n, chosen.in_flight, chosen.latency))
        last = rounds[-1]
        print(
            f"round {number + 1}: wall {last.evaluate.wall:.2f} s, "
            f"CPU {last.cpu_ms:.1f} ms, bare {last.bare_cpu_ms:.1f} ms",
            flush=True,
        )
    found = median_of(rounds)
    print(
        f"{found.n:g} answers, {found.graded:g} graded, {found.calls:g} calls, {found.bytes_per_answer:,.0f} bytes each"
    )
    print(f"in flight: {found.most_in_flight:g} at most, of {chosen.in_flight}; {found.connections:g} connections")
    print(
        f"wall {found.evaluate.wall:.2f} s, of it {found.grading_seconds:.2f} s between the first request and the last "
        f"reply; limit {found.limit:.2f} s; bare SDK {found.bare.wall:.2f} s"
    )
    print(f"process wall / limit:      {found.wall_ratio:5.1f}  (limit {WALL_LIMIT}, aim {WALL_AIM})")
    print(f"CPU per answer / bare SDK: {found.cpu_ratio:5.1f}  (limit {CPU_LIMIT}, aim {CPU_AIM}); ", end="")
    print(f"{found.cpu_ms:.1f} ms against {found.bare_cpu_ms:.1f} ms")
    return int(chosen.check and (found.wall_ratio > WALL_LIMIT or found.cpu_ratio > CPU_LIMIT))


if __name__ == "__main__":
    sys.exit(main())
