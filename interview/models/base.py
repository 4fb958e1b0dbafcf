"""What every value is built on."""

import hashlib
from typing import Literal

from pydantic import BaseModel, ConfigDict

Language = Literal["zh", "en"]


def digest(text: str) -> str:
    """First 12 hex digits of the SHA-256 of the text's UTF-8 bytes; identifies content, resists no attacker."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


class Value(BaseModel):
    """Base of all values: immutable, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
