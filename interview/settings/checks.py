"""What a key and a line of a settings file must look like."""

import re

from pydantic import SecretStr


def checked_key(key: str) -> SecretStr:
    """Return the key without blanks around it. Raises ValueError, which never repeats the key."""
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError("expected a key of printable ASCII characters without blanks")
    return SecretStr(key)


def line_of(text: str, name: str, *, after: int = 0) -> int:
    """Return the line (from 1) that sets `name`, looking below line `after`; `after` or 1 where none does."""
    setting = re.compile(rf"\s*(export\s+)?[\"']?{re.escape(name)}[\"']?\s*=", re.IGNORECASE)
    lines = text.splitlines()
    return next((at for at, line in enumerate(lines, start=1) if at > after and setting.match(line)), after or 1)


def line_of_table(text: str, name: str) -> int:
    """Return the line (from 1) of the table [name]; 1 where there is none."""
    header = re.compile(rf"\s*\[\s*[\"']?{re.escape(name)}[\"']?\s*\]")
    return next((at for at, row in enumerate(text.splitlines(), start=1) if header.match(row)), 1)


def said(message: str) -> str:
    """Return what a validator said, without the words that pydantic puts before it."""
    return message.removeprefix("Value error, ")
