"""Reading a TOML file that a user edits: a mistake is named with its file and line."""

import re
import tomllib
from pathlib import Path
from typing import Any

from interview.errors import ContentError
from interview.files import read_regular

TOML_LIMIT = 2_000_000  # bytes


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """Return the file's text and what it holds. Raises ContentError: not a regular file, not UTF-8, or not TOML."""
    try:
        text = read_regular(path, TOML_LIMIT).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        place = re.search(r"at line (\d+)", str(fault))
        raise ContentError(f"{path}:{place[1] if place else 1}: not TOML: {fault}") from fault
    except UnicodeDecodeError as fault:
        raise ContentError(f"{path}:1: not UTF-8 text") from fault
    except (ValueError, RecursionError) as fault:  # a number of thousands of digits; lists nested thousands deep
        raise ContentError(f"{path}:1: not TOML that can be read: {fault}") from fault
    except OSError as fault:
        raise ContentError(f"{path}: cannot be read: {fault.strerror}") from fault
