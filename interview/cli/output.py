"""What reaches the terminal: text that cannot command it, and JSON."""

import json
import re
from collections.abc import Iterable

import typer

from interview.errors import ContentError
from interview.settings import Problem

# C0 and C1 controls but tab and newline, and the characters that reorder or break a line on screen.
_COMMANDING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""Return the text with every character that a terminal would obey written as its escape: ESC as `\x1b`."""
    return _COMMANDING.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def say(text: str = "") -> None:
    """Print one text to standard output."""
    typer.echo(printable(text))


def complain(text: str) -> None:
    """Print one text to standard error."""
    typer.echo(printable(text), err=True)


def say_left_out(problems: Iterable[Problem]) -> None:
    """Print on standard error which parts of `backends.toml` are left out."""
    for problem in problems:
        complain(f"Left out: {problem.text}")


def say_json(content: object) -> None:
    """Print JSON; what a terminal would obey stands as an escape inside its strings, so the values are unchanged."""
    say_json_text(json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False))


def say_json_text(text: str) -> None:
    """Print a text that is JSON already."""
    typer.echo(_COMMANDING.sub(lambda found: f"\\u{ord(found[0]):04x}", text.rstrip("\n")))


def decoded(raw: bytes, name: str) -> str:
    """Return strict UTF-8 text without a byte order mark. Raises ContentError naming the file and the place."""
    try:
        return raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as fault:
        line = raw.count(b"\n", 0, fault.start) + 1
        raise ContentError(f"{name}:{line}: not UTF-8 text (byte {fault.start}). Save the file as UTF-8.") from fault


def counted(number: int, noun: str) -> str:
    """Return `1 section`, `2 sections`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
