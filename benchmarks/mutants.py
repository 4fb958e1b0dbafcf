"""Change one rule constant at a time, and see whether a test notices.

`python -m benchmarks.mutants [--automatic] [--only WORD] [--short]`

The default is the list of hand mutants. `--automatic` mutates operators, numbers, `min` and `max` of the scoring
formula instead. `--only` takes those with this word in their name or file. `--short` runs the harness on a tiny module:
one mutant that has to be killed and one that changes nothing and has to survive.

Every mutant is applied to a temporary copy of the checkout, and only the test files that it names are run. Exits with
1 if one survives. A mutant whose text is not in its file exactly once is an error, so that the list stays true.
"""

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
_TIMEOUT_SECONDS = 600
_NOT_COPIED = "docs/screenshots/"


@dataclass(frozen=True)
class Mutant:
    """One change of a file: `old` occurs exactly once in `file`, and one of `tests` must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def text(self, folder: Path) -> str:
        """Return the whole text of the changed file. Raises ValueError where `old` is not there exactly once."""
        text = (folder / self.file).read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: {self.file} has {self.old!r} {text.count(self.old)} times; expected once")
        return text.replace(self.old, self.new)


_RULES = ("tests/test_scoring_rules.py",)
_SCORING = ("tests/test_scoring.py",)
_DEFAULT = "rubrics/default.toml"
HAND = (
    # Credit, share, scale and band, as every number shows them.
    Mutant("earned credit", "interview/verify.py", "weight * _exact(share)", "weight * _exact(share) / 2", _RULES),
    Mutant("scale of means", "interview/grading/scoring.py", "SCALE = 10 ", "SCALE = 9 ", _RULES),
    Mutant("solid bands", "interview/grading/scoring.py", "USUAL_BANDS[:2]", "USUAL_BANDS[:1]", _RULES),
    Mutant("colour by rank", "interview/grading/scoring.py", "round(ids.index", "int(ids.index", _SCORING),
    Mutant(
        "sure but wrong", "interview/service/mastery.py", "WRONG_BELOW = SCALE / 2", "WRONG_BELOW = SCALE / 3", _RULES
    ),
    Mutant("band of a mean", _DEFAULT, "at_least = 0.65", "at_least = 0.6", _RULES),
    # The rubric and its formula.
    Mutant("credit of partial", _DEFAULT, "partial = 0.5", "partial = 0.4", _SCORING),
    Mutant("error penalty", _DEFAULT, "error_penalty = 0.1", "error_penalty = 0.2", _SCORING),
    Mutant("most errors", _DEFAULT, "max_errors = 3", "max_errors = 4", _SCORING),
    Mutant("abstain limit", _DEFAULT, "abstain_above = 0.3", "abstain_above = 0.35", _SCORING),
    Mutant("band of a grade", _DEFAULT, "at_least = 0.85", "at_least = 0.8", ("tests/test_rubrics.py",)),
    Mutant(
        *("rounding", "interview/verify.py", "number.quantize(_TENTH, ROUND_HALF_UP)"),
        *('number.quantize(_TENTH, "ROUND_HALF_EVEN")', _SCORING),
    ),
    # Twelve more.
    Mutant("level of depth", _DEFAULT, 'value = 0.5\nanchor.zh = "至少', 'value = 0.6\nanchor.zh = "至少', _SCORING),
    Mutant(
        *("rating thresholds", "interview/scheduling.py", "= 0.7, 0.35, 0.999", "= 0.7, 0.4, 0.999"),
        ("tests/test_scheduling.py", *_RULES),
    ),
    Mutant(
        *("coverage thresholds", "interview/grading/coverage.py", "PARTIAL = 0.75, 0.4", "PARTIAL = 0.75, 0.45"),
        ("tests/test_coverage.py",),
    ),
    Mutant(
        *("coverage ramp", "interview/grading/coverage_formula.py", "_FULL_COVERAGE = 0.8", "_FULL_COVERAGE = 0.85"),
        ("tests/test_coverage.py",),
    ),
    Mutant(
        *("second look", "interview/grading/second_look.py", "WIDEST_GAP = 0.5", "WIDEST_GAP = 0.6"),
        ("tests/test_second_look.py",),
    ),
    Mutant(
        *("least quote", "interview/grading/evidence.py", "unspaced / 4 +", "unspaced / 3 +"),
        ("tests/test_evidence.py",),
    ),
    Mutant(
        *("guard's words", "interview/grading/guard.py", "_FEWEST_WORDS = 3", "_FEWEST_WORDS = 4"),
        ("tests/test_guard.py",),
    ),
    Mutant(
        *("repair turns", "interview/grading/asking.py", "in (False, True):", "in (False, False, True):"),
        ("tests/test_judge.py",),
    ),
    Mutant(
        *("bad replies", "interview/backends/calls.py", "MOST_BAD_REPLIES = 5", "MOST_BAD_REPLIES = 6"),
        ("tests/test_backend_faults.py",),
    ),
    Mutant(
        *("retries", "interview/backends/retry.py", "attempts: int = 4", "attempts: int = 5"),
        ("tests/test_backend_faults.py",),
    ),
    Mutant(
        *("longest wait", "interview/worker.py", "LONGEST_WAIT = 10.0, 600.0", "LONGEST_WAIT = 10.0, 900.0"),
        ("tests/test_worker.py",),
    ),
    Mutant(
        *("depth of formulas", "interview/formulas.py", "FORMULA_DEPTH = 32", "FORMULA_DEPTH = 40"),
        ("tests/test_formulas.py",),
    ),
)

# --- automatic mutants

_OPERATORS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
}
# File, the lines between which it is mutated (None: all), and the tests.
_TARGETS: tuple[tuple[str, tuple[str, str] | None, tuple[str, ...]], ...] = (
    ("interview/grading/scoring.py", None, ("tests/test_scoring.py", "tests/test_checklists.py")),
    ("interview/verify.py", ("# --- the formula", "# --- evidence"), (*_SCORING, "tests/test_rubrics.py")),
)


def automatic(folder: Path) -> Iterator[Mutant]:
    """Yield a mutant for each operator, number, `min` and `max` of the targets."""
    for file, between, tests in _TARGETS:
        source = (folder / file).read_text(encoding="utf-8")
        lines = source.splitlines()
        first, last = (lines.index(mark) + 1 for mark in between) if between else (1, len(lines))
        for start, end, new in sorted(_changes(source)):
            line = source.count("\n", 0, start) + 1
            if first <= line <= last:
                mutated = source[:start] + new + source[end:]
                name = f"line {line}: {source[start:end].strip()} -> {new.strip()}"
                yield Mutant(name, file, source, mutated, tests)


def _changes(source: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, new text) of each change in characters."""
    place = _Places(source)
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Compare():
                operands = [node.left, *node.comparators]
                for number, operator in enumerate(node.ops):
                    yield from place.operator(operands[number], operator, operands[number + 1])
            case ast.BinOp():
                yield from place.operator(node.left, node.op, node.right)
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                yield *place.span(node), repr(number + 1)
            case ast.Name(id="min" | "max"):
                yield *place.span(node), "max" if node.id == "min" else "min"
            case _:
                pass


class _Places:
    """Finds the characters of nodes; `ast` counts in lines, and in bytes of UTF-8."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines = source.splitlines(keepends=True)
        self._starts = [0, *accumulate(len(line) for line in self._lines)]

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Return where the node starts and ends."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._at(node.lineno, node.col_offset), self._at(node.end_lineno, node.end_col_offset)

    def operator(self, left: ast.expr, operator: ast.AST, right: ast.expr) -> Iterator[tuple[int, int, str]]:
        """Yield the change of the operator between two operands; nothing for one that is not in the table."""
        old, new = _OPERATORS.get(type(operator), ("", ""))
        start = self._source.find(old, self.span(left)[1], self.span(right)[0]) if old else -1
        if start >= 0:
            yield start, start + len(old), new

    def _at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())


# --- running


def copied(source: Path, target: Path) -> None:
    """Copy what belongs to the checkout; of a folder without git, everything."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if not (source / ".git").exists():
        shutil.copytree(source, target, dirs_exist_ok=True)
        return
    names = subprocess.run(listed, cwd=source, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if (source / name).is_file() and not name.startswith(_NOT_COPIED):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, target / name)


def is_killed(copy: Path, tests: Sequence[str]) -> bool:
    """Whether one of the test files fails in the copy; a run without an end counts as a failure.

    Raises RuntimeError where pytest could not run them at all.
    """
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider"]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [*command, "-m", "not browser and not llama", *tests],
            cwd=copy,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return True
    if done.returncode not in (0, 1, 2):  # 2: a file could not be imported, which a mutant may cause
        raise RuntimeError(f"pytest {' '.join(tests)}: {done.stdout}{done.stderr}")
    return done.returncode != 0


def survivors(mutants: Sequence[Mutant], source: Path = REPO) -> list[Mutant]:
    """Run every mutant, print a line for each, and return those that no test noticed.

    Raises ValueError for a mutant whose text is not there, RuntimeError where the tests fail without any mutant.
    """
    texts = [mutant.text(source) for mutant in mutants]
    survived: list[Mutant] = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        copied(source, copy)
        passing: set[str] = set()
        for mutant, text in zip(mutants, texts, strict=True):
            if (tests := {*mutant.tests} - passing) and is_killed(copy, sorted(tests)):
                raise RuntimeError(f"These tests fail without any mutant: {', '.join(sorted(tests))}")
            passing |= tests
            path = copy / mutant.file
            plain = path.read_text(encoding="utf-8")
            path.write_text(text, encoding="utf-8")
            began = time.monotonic()
            killed = is_killed(copy, mutant.tests)
            path.write_text(plain, encoding="utf-8")
            survived += [] if killed else [mutant]
            word = "killed" if killed else "SURVIVED"
            print(f"{word:8}  {mutant.file:42}  {mutant.name}  ({time.monotonic() - began:.0f} s)", flush=True)
    print(f"{len(survived)} of {len(mutants)} mutants survive")
    return survived


_TINY = 'def half(number):\n    """Return half of it."""\n    return number * 0.5\n'
_TINY_TEST = "from rule import half\n\n\ndef test_half():\n    assert half(4) == 2\n"


def check_harness(folder: Path) -> bool:
    """Whether a mutant that changes a rule is killed and one that changes nothing survives, on a module of 3 lines."""
    (folder / "rule.py").write_text(_TINY, encoding="utf-8")
    (folder / "test_rule.py").write_text(_TINY_TEST, encoding="utf-8")
    changed = Mutant("another share", "rule.py", "* 0.5", "* 0.4", ("test_rule.py",))
    equal = Mutant("the same share", "rule.py", "* 0.5", "/ 2", ("test_rule.py",))
    return survivors([changed, equal], folder) == [equal]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Change one rule at a time, and see whether a test notices.")
    parser.add_argument("--automatic", action="store_true", help="mutate the operators and numbers of the formula")
    parser.add_argument("--only", default="", help="only those with this word in their name or file")
    parser.add_argument("--short", action="store_true", help="check the harness alone, on a tiny module")
    given = parser.parse_args(arguments)
    if given.short:
        with tempfile.TemporaryDirectory() as folder:
            return 0 if check_harness(Path(folder)) else 1
    mutants = automatic(REPO) if given.automatic else HAND
    return 1 if survivors([one for one in mutants if given.only in f"{one.name} {one.file}"]) else 0


if __name__ == "__main__":
    sys.exit(main())
