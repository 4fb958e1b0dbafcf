"""The size and wording of `interview/`, and how much code one answer enters; each figure with its limit and its aim.

Run it as `python -m benchmarks.house [--check] [--no-trace]`. `--where tell` (or stand, come, what, "any what") lists
the places of a wording, `--where background` the mechanisms of background work. `--tests` also counts the test items
that there are once per row of a dictionary (collecting takes a minute). `--check` exits with 1 where a limit is missed.
"""

import argparse
import ast
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import wording

PROJECT = Path(__file__).resolve().parent.parent
PACKAGE = PROJECT / "interview"
_TRACE_SECONDS = 600
_STARTS = frozenset({"create_task", "ensure_future", "run_coroutine_threadsafe", "Thread", "Timer"})
# The parameter of a test that is the key of a dictionary, such as `[talk.chat]`, and how many make it one per row.
_ROW = re.compile(r"^(.*)\[[A-Za-z_]+(?:\.\w+)*\]$")
_MANY_ROWS = 100


@dataclass(frozen=True)
class Figure:
    """One line of the table; `limit` None: shown without a judgement."""

    name: str
    found: float
    limit: float | None = None
    aim: float | None = None
    note: str = ""

    @property
    def missed(self) -> bool:
        """Whether the limit is missed."""
        return self.limit is not None and self.found > self.limit

    def __str__(self) -> str:
        limit, aim = ("" if one is None else f"{one:,g}" for one in (self.limit, self.aim))
        found = f"{self.found:,.1f}" if isinstance(self.found, float) else f"{self.found:,}"
        return f"{self.name:46} {found:>9} {limit:>9} {aim:>9}  {'MISSED ' if self.missed else ''}{self.note}".rstrip()


def lines(folder: Path) -> tuple[int, int]:
    """Return the lines (blank ones included) of the Python and of the JavaScript below `folder`.

    JavaScript below a folder named `vendor` is not ours.
    """

    def total(suffix: str) -> int:
        files = [file for file in folder.rglob(f"*.{suffix}") if "vendor" not in file.relative_to(folder).parts]
        return sum(file.read_bytes().count(b"\n") for file in files)

    return total("py"), total("js")


def background(folder: Path) -> list[str]:
    """Return the mechanisms of background work: `file:line` of each task or thread that outlives its function.

    That is one which a method starts and keeps in an attribute of its object, directly or by way of a variable. Tasks
    that are awaited where they are started, those of a TaskGroup, and the tasks of the server's lifespan are none.
    One mechanism may start work in several places of a module, so modules are counted.
    """
    found: dict[str, str] = {}
    for file in sorted(folder.rglob("*.py")):
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for line in _kept_tasks(function):
                    name = str(file.relative_to(folder))
                    found.setdefault(name, f"{name}:{line} in {function.name}")
    return list(found.values())


def _kept_tasks(function: ast.AST) -> Iterator[int]:
    started: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _starts(node.value):
            started |= {one.id for one in _targets(node) if isinstance(one, ast.Name)}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            value, kept = node.value, any(_of_self(target) for target in _targets(node))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            value, kept = ast.Tuple([*node.args]), _of_self(node.func) and node.func.attr in {"add", "append"}
        else:
            continue
        if kept and value is not None and (_starts(value) or _names(value) & started):
            yield node.lineno


def _targets(node: ast.Assign | ast.AnnAssign) -> Sequence[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def _starts(value: ast.expr) -> bool:
    """Whether a task or a thread is started in the expression, other than that of a TaskGroup."""
    for call in ast.walk(value):
        if isinstance(call, ast.Call):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            of_group = isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "").endswith("group")
            of_gradio = isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "gr"
            if name in _STARTS and not of_group and not of_gradio:
                return True
    return False


def _names(value: ast.expr) -> set[str]:
    """The variables in a value or in a tuple of values, not those that are merely passed to a call."""
    parts = value.elts if isinstance(value, ast.Tuple) else [value]
    return {part.id for part in parts if isinstance(part, ast.Name)}


def _of_self(target: ast.expr) -> bool:
    while isinstance(target, ast.Attribute | ast.Subscript):
        target = target.value
    return isinstance(target, ast.Name) and target.id == "self"


def traced() -> dict[str, int]:
    """Trace some answers in a process of their own; see `answer_trace`."""
    command = [sys.executable, "-m", "benchmarks.answer_trace"]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=_TRACE_SECONDS)
    if run.returncode:
        raise RuntimeError(run.stderr)
    return json.loads(run.stdout.splitlines()[-1])


def rows_tested() -> int:
    """Return how many test items there are once per row of a dictionary."""
    command = [sys.executable, "-m", "pytest", "-o", "addopts=", "--collect-only", "-q"]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=_TRACE_SECONDS)
    if run.returncode:
        raise RuntimeError(run.stdout[-2000:])
    return count_rows(run.stdout.splitlines())


def count_rows(items: Iterable[str]) -> int:
    """Count the test items that have a key for a parameter, of the tests that have at least `_MANY_ROWS` of them."""
    per_test = Counter(match[1] for item in items if (match := _ROW.match(item)))
    return sum(count for count in per_test.values() if count >= _MANY_ROWS)


def figures(folder: Path, *, with_trace: bool = True) -> Iterator[Figure]:
    """Yield the lines of the table."""
    python, script = lines(folder)
    yield Figure("lines of Python and JavaScript", python + script, 25_500, 22_000, f"{python:,} + {script:,}")
    if with_trace:
        trace = traced()
        yield Figure("one answer: files entered", trace["files"], 45, 35)
        yield Figure("one answer: functions entered", trace["functions"], 230, 180)
        spread = f"from {trace['least_transactions']} to {trace['most_transactions']}"
        yield Figure("one answer: transactions", trace["transactions"], 20, 12, spread)
    mechanisms = background(folder)
    yield Figure("mechanisms of background work", len(mechanisms), 1, 1, ", ".join(mechanisms))
    found = wording.count(folder)
    rows = {"tell": ("tell, told", 1, 0.3), "stand": ("stand(s)", 0.5, 0.1), "come": ("come to, come of", 0.3, 0.0)}
    for name, (title, limit, aim) in {**rows, "what": ("what … clauses", 3, 1.3)}.items():
        note = f"{found.found[name]} in {found.words:,} words"
        yield Figure(f"per 1,000 words of prose: {title}", found.per_thousand(name), limit, aim, note)
    every = f"{found.found['any what']}; no limit"
    yield Figure("per 1,000 words of prose: every what", found.per_thousand("any what"), note=every)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="exit with 1 where a limit is missed")
    parser.add_argument("--no-trace", action="store_true", help="without the figures of one answer")
    parser.add_argument("--tests", action="store_true", help="count the test items per row of a dictionary, too")
    parser.add_argument("--where", choices=[*wording.PATTERNS, "background"], help="list places and do nothing else")
    chosen = parser.parse_args()
    if chosen.where:
        every = background(PACKAGE) if chosen.where == "background" else wording.places(PACKAGE, chosen.where)
        print("\n".join(one.removeprefix(f"{PROJECT}/") for one in every))
        return 0
    print(f"{'':46} {'found':>9} {'limit':>9} {'aim':>9}")
    missed = False
    for figure in figures(PACKAGE, with_trace=not chosen.no_trace):
        print(figure, flush=True)
        missed |= figure.missed
    if chosen.tests:
        items = Figure("test items per row of a dictionary", rows_tested(), 0, 0)
        print(items)
        missed |= items.missed
    return int(chosen.check and missed)


if __name__ == "__main__":
    sys.exit(main())
