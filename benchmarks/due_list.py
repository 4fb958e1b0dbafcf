"""How long the list of what is due takes with 10,000 scheduled questions, beside one indexed query of the same rows.

Both run in turn on one store, so that a busy moment meets both. The yardstick is the bare statement on the same engine,
with the same columns read into Python; `sqlite3` shows the same rows as text, without anything above it. Prints medians
and the ratio; exits with 1 above the limit. Run it as `python -m benchmarks.due_list`.
"""

import argparse
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from statistics import median

import sqlalchemy as sa

from interview.models import Question
from interview.notes.bank import QuestionBank
from interview.service.schedule import Schedule
from interview.store.schema import cards
from interview.store.store import Store

LIMIT = 2.0


def filled(folder: Path, count: int) -> Store:
    """A store in which `count` questions are due, each at a moment of its own."""
    store = Store.open(folder)
    now = store.clock()
    rows = [
        {"question_id": f"q{n}", "content": "{}", "due": now - timedelta(minutes=n * 7919 % 50_000), "changed_at": now}
        for n in range(count)
    ]
    with store.writing() as connection:
        connection.execute(sa.insert(cards), rows)
    return store


def milliseconds(run: Callable[[], object]) -> float:
    """Of one call."""
    began = time.perf_counter()
    run()
    return (time.perf_counter() - began) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=30)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        store = filled(Path(name), chosen.questions)
        schedule = Schedule(store, lambda _: None)
        bank = QuestionBank(
            questions=tuple(
                Question(id=f"q{n}", section="s", number=n + 1, text="t", file="f.md", line=1, reference="")
                for n in range(chosen.questions)
            ),
            problems=(),
        )
        tomorrow = store.clock() + timedelta(days=1)
        statement = sa.select(cards.c.question_id, cards.c.due).where(cards.c.due < tomorrow).order_by(cards.c.due)

        def bare() -> None:
            with store.reading() as connection:
                assert len(connection.execute(statement).all()) == chosen.questions

        def text() -> None:
            with closing(sqlite3.connect(store.path)) as connection:
                found = connection.execute("SELECT question_id, due FROM cards WHERE due > '' ORDER BY due").fetchall()
            assert len(found) == chosen.questions

        def due() -> None:
            assert len(schedule.due(bank)) == chosen.questions

        spent: dict[str, list[float]] = {"sqlite3": [], "one query": [], "due list": []}
        for number in range(chosen.rounds + 1):
            for what, run in (("sqlite3", text), ("one query", bare), ("due list", due)):
                taken = milliseconds(run)
                if number:  # the first round warms up
                    spent[what].append(taken)
        store.close()
    ratio = median(spent["due list"]) / median(spent["one query"])
    print(f"{chosen.questions:,} questions due, {chosen.rounds} rounds, Python {platform.python_version()}")
    for what, values in spent.items():
        print(f"{what:10} {median(values):7.1f} ms")
    print(f"due list / one query: x{ratio:.2f} (limit {LIMIT})")
    sys.exit(ratio > LIMIT)


if __name__ == "__main__":
    main()
