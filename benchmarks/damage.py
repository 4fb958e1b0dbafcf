"""Damage the database file at many offsets and report what notices it: the start, a reader of rows, or nothing.

`python -m benchmarks.damage --offsets 200`: a byte is inverted at that many places of a database, and the database is
opened as at a start. It may not be opened where SQLite's own full check, or reading every row, finds the damage.
"""

import argparse
import random
import sqlite3
import sys
import tempfile
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from interview.errors import StoreError
from interview.jobs import Jobs
from interview.models import SessionPlan
from interview.service.archive import Archive
from interview.store.engine import DATABASE
from interview.store.remarks import RemarkStore
from interview.store.store import Store
from tests.made_up import graded, make_question

LENGTHS = (0, 1, 15, 16, 99, 100, 4095, 4096, 4097, 8192, 40960)  # bytes that are left of a truncated file


@dataclass
class Figures:
    """`outcomes` of single bytes; `silent` starts that should not have been; `changed` originals."""

    outcomes: Counter[str] = field(default_factory=Counter[str])
    silent: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {outcome}" for outcome, count in self.outcomes.most_common())
        return f"{counts}; silent starts {len(self.silent)}, originals changed {len(self.changed)}"


def run(offsets: int, folder: Path, seed: int = 11) -> Figures:
    """Damage one database again and again."""
    figures = Figures()
    whole = make(folder / "whole")
    chance = random.Random(seed)
    for place in sorted(chance.sample(range(len(whole)), offsets)):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        figures.outcomes[_open(folder / "damaged", bytes(damaged), f"byte {place}", figures)] += 1
    for length in (*LENGTHS, len(whole) // 2, len(whole) - 1):
        outcome = _open(folder / "damaged", whole[:length], f"cut to {length} bytes", figures)
        if outcome != "refused":
            figures.silent.append(f"cut to {length} bytes")
    return figures


def make(folder: Path) -> bytes:
    """A database with graded answers, remarks and notes, as one file."""
    with closing(Store.open(folder)) as store:
        remarks = RemarkStore(store)
        for number in range(20):
            questions = [make_question(2 * number + place, tags=("a", "b")) for place in (0, 1)]
            session = store.create_session(f"session {number}", SessionPlan(lang="en"), questions)
            for position in (0, 1):
                turn = store.ask(session.id, position)
                store.submit(turn.id, f"answer {number} {position} " * 20, "judge", "default")
                store.finish_grading(store.claim("me", 1, timedelta(seconds=60))[0], graded(feedback="well " * 40))
                remarks.note(turn.id, f"note {number}")
                remarks.add(turn.id, "discussion", "candidate", f"remark {number}")
    return (folder / DATABASE).read_bytes()


def _open(folder: Path, content: bytes, what: str, figures: Figures) -> str:
    """Open a data folder with that database and return what noticed the damage."""
    folder.mkdir(exist_ok=True)
    path = folder / DATABASE
    for left in folder.iterdir():
        left.unlink()
    path.write_bytes(content)
    shown = _shows(path)
    try:
        store = Store.open(folder)
    except StoreError:
        if path.read_bytes() != content:
            figures.changed.append(what)
        return "refused"
    with closing(store):
        if shown:
            figures.silent.append(f"{what}: {shown}")
        try:
            archive = Archive(store, Jobs())
            damaged = [lost for one in store.summaries(1000) for lost in archive.transcript(one.id).damaged]
        except StoreError:
            return "named when it is read"
    return "named when it is read" if damaged else "no check can see"


def _shows(path: Path) -> str:
    """What SQLite itself finds, by its full check and by reading every row of every table."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            connection.text_factory = bytes
            found = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
            if found not in ("ok", "b'ok'"):
                return found
            for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                connection.execute(f'SELECT * FROM "{table.decode()}"').fetchall()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return str(error)
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--offsets", type=int, default=200)
    parser.add_argument("--seed", type=int, default=11)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = run(arguments.offsets, Path(folder), arguments.seed)
    print(figures)
    for one in (*figures.silent, *figures.changed):
        print(f"    {one}")
    sys.exit(bool(figures.silent or figures.changed))


if __name__ == "__main__":
    main()
