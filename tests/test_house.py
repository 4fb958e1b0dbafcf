"""The commands that measure the house count right, on a tiny package and on replies made up for it."""

import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from benchmarks import wording
from benchmarks.answer_trace import Tracer
from benchmarks.house import Figure, background, count_rows, lines

PROSE = '''"""The module tells what it is; three words."""

# This comment stands here, and what
# the next line says comes to nothing.


def told():  # noqa: D103
    """Return what was told.

    What is this? A question.
    """
    return "what a string stands for is no prose"
'''
WORK = """import asyncio, threading


class Kept:
    async def begin(self):
        task = asyncio.create_task(self.work())
        self.tasks["one"] = (1, task)

    async def awaited(self):
        task = asyncio.create_task(self.work())
        result = await task
        self.result = result
"""
GROUPED = """import asyncio


class Grouped:
    async def grouped(self):
        async with asyncio.TaskGroup() as group:
            self.tasks = [group.create_task(self.work())]
"""
ADDED = """import asyncio


class Added:
    def begin(self):
        task = asyncio.ensure_future(self.work())
        self.tasks.add(task)

    def again(self):
        self.thread = threading.Thread(target=self.work)
"""
CALLED = """import sqlalchemy as sa


def entered(engine):
    with engine.begin() as connection:
        connection.execute(sa.text("select 1"))
    return [inner() for _ in range(3)]


def inner():
    return (lambda: 1)()


def never():
    return 2
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "made"
    for name, text in {
        "prose.py": PROSE,
        "sub/work.py": WORK,
        "sub/grouped.py": GROUPED,
        "sub/added.py": ADDED,
        "called.py": CALLED,
    }.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def test_lines_are_those_of_python_and_of_our_javascript(package: Path):
    python = sum(text.count("\n") for text in (PROSE, WORK, GROUPED, ADDED, CALLED))
    (package / "own.js").write_text("one;\n\ntwo;\n", encoding="utf-8")
    (package / "vendor").mkdir()
    (package / "vendor" / "other.js").write_text("three;\n" * 50, encoding="utf-8")
    assert lines(package) == (python, 3)


def test_wordings_are_counted_in_docstrings_and_comments_alone(package: Path):
    found = wording.count(package)
    # "tells", "told" of the docstring; "stands", "comes to" of the comment; "what it", "what the" (broken), "what was".
    assert found.found == {"tell": 2, "stand": 1, "come": 1, "what": 3, "any what": 4}
    assert found.words == 8 + (6 + 7) + 4 + 5
    assert found.per_thousand("what") == pytest.approx(3000 / 30)
    assert wording.Wordings(0, {"tell": 0}).per_thousand("tell") == 0.0


def test_places_name_file_and_line(package: Path):
    def at(name: str) -> list[str]:
        return [place.removeprefix(f"{package}/") for place in wording.places(package, name)]

    assert at("stand") == ["prose.py:3: This comment stands here, and what"]
    assert at("tell") == ["prose.py:1: The module tells what it is; three words.", "prose.py:8: Return what was told."]


def test_background_work_is_a_task_or_thread_that_an_object_keeps(package: Path):
    assert background(package) == ["sub/added.py:7 in begin", "sub/work.py:7 in begin"]


def test_a_trace_has_the_functions_of_the_package_and_the_transactions(package: Path):
    engine = sa.create_engine("sqlite://")
    code = compile(CALLED, str(package / "called.py"), "exec")
    made: dict[str, Any] = {}
    exec(code, made)
    tracer = Tracer(package)
    tracer.install()
    try:
        tracer.start()
        thread = threading.Thread(target=made["entered"], args=[engine])
        thread.start()
        thread.join()
        tracer.stop()
        made["never"]()
        engine.connect().execute(sa.text("select 1"))
    finally:
        tracer.uninstall()
    trace = tracer.seen
    assert {name.partition(" ")[2] for name in trace.functions} == {"entered", "inner", "inner.<locals>.<lambda>"}
    assert (trace.files, trace.transactions) == ({"called.py"}, 1)
    engine.dispose()


def test_items_per_row_are_those_of_a_test_with_a_hundred_keys():
    rows = [f"tests/test_w.py::test_words[tab.word_{n}]" for n in range(100)]
    few = [f"tests/test_w.py::test_few[tab.word_{n}]" for n in range(99)]
    assert count_rows([*rows, *few, "tests/test_w.py::test_other[1-two]", "tests/test_w.py::test_plain"]) == 100


def test_a_figure_above_its_limit_is_missed():
    assert [Figure("x", found, 2).missed for found in (1, 2, 2.5)] == [False, False, True]
    assert not Figure("x", 9).missed
    assert "MISSED" in str(Figure("x", 3, 2))
