"""Change one byte of an exported answer, verdict, quote or score at random, and count what `verify` does not see.

`python -m benchmarks.verify [--n 1000]`
"""

import argparse
import io
import random
import re
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from interview import verify
from interview.export import transcript_json, transcript_lines
from interview.jobs import Jobs
from interview.service.archive import Archive
from interview.service.everything import NOTES, Everything
from interview.service.rubric_history import RubricHistory
from tests.whole_history import RUBRICS, fill

# Where the value stands in the JSON of a transcript; in an archive outcomes are JSON inside a string of JSON.
VALUES = {
    "answer": re.compile(rb'"text": ?"(?P<value>(?:[^"\\]|\\.)+)"(?=,\s*"(?:created_at|turn_id)")'),
    "verdict": re.compile(rb'\\?"verdict\\?": ?\\?"(?P<value>\w+)'),
    "quote": re.compile(rb'\\?"quote\\?": ?\\?"(?P<value>[^"\\]+)'),
    "score": re.compile(rb'\\?"score\\?": ?(?P<value>[0-9.]+)'),
}

_WRITABLE = b"0123456789.eE+-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ,_"


def exports(folder: Path) -> dict[str, bytes]:
    """Return one export of each form."""
    with closing(fill(folder)) as store:
        archive = Archive(store, Jobs(), RUBRICS.values())
        transcripts = [archive.exported(session.id) for session in archive.sessions()]
        file = io.BytesIO()
        Everything(store, RubricHistory(store, RUBRICS.values()), folder / NOTES).write(file)
    return {
        "json": transcript_json(*transcripts).encode(),
        "jsonl": transcript_lines(transcripts * 2).encode(),
        "zip": file.getvalue(),
    }


def changes(raw: dict[str, bytes], n: int, seed: int = 1) -> Iterator[tuple[str, str, bytes]]:
    """Yield (form, what was changed, the file) n times."""
    dice = random.Random(seed)
    while n:
        form, what = dice.choice(list(raw)), dice.choice(list(VALUES))
        if form == "zip":
            member = "answers.jsonl" if what == "answer" else "gradings.jsonl"
            changed = _rezipped(raw[form], member, lambda content, what=what: _changed(content, what, dice))
        else:
            changed = _changed(raw[form], what, dice)
        n -= 1
        yield form, what, changed


def _changed(content: bytes, what: str, dice: random.Random) -> bytes:
    place = dice.choice([found.span("value") for found in VALUES[what].finditer(content)])
    at = dice.randrange(*place)
    among = dice.choice((range(256), _WRITABLE))  # most of all bytes break the file, so half are such as one types
    byte = dice.choice([byte for byte in among if byte != content[at]])
    return content[:at] + bytes([byte]) + content[at + 1 :]


def _rezipped(raw: bytes, member: str, change: Callable[[bytes], bytes]) -> bytes:
    """Change a member and pack it as an editor of zip files would, with a checksum that fits."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as source, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, change(content) if name == member else content)
    return file.getvalue()


def run(n: int, say: Callable[[str], None] = print) -> int:
    """Make n changes and return how many went unseen."""
    with tempfile.TemporaryDirectory() as folder:
        raw = exports(Path(folder) / "data")
        file = Path(folder) / "export"
        for form, content in raw.items():
            file.write_bytes(content)
            if code := verify.verify(file, "", lambda text: None):
                raise SystemExit(f"the unchanged {form} gives exit code {code}")
        codes: Counter[tuple[str, int]] = Counter()
        for _, what, changed in changes(raw, n):
            file.write_bytes(changed)
            codes[what, verify.verify(file, "", lambda text: None)] += 1
    for (what, code), count in sorted(codes.items()):
        say(f"{what:8} exit {code}: {count}")
    unseen = sum(count for (_, code), count in codes.items() if code == 0)
    say(f"{n} changes of one byte: {unseen} undetected")
    return unseen


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1000)
    sys.exit(1 if run(parser.parse_args().n) else 0)
