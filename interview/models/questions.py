"""Questions, with everything that the author of the notes wrote below them."""

import json
from typing import Literal

from pydantic import Field

from interview.models.base import Value, digest


class KeyPoint(Value):
    """One checkable statement of a full answer. `weight` > 0; a bonus point can only add."""

    id: str
    text: str
    weight: float = Field(default=1.0, gt=0)
    kind: Literal["required", "bonus"] = "required"


class Pitfall(Value):
    """A common wrong statement, given by the author of the notes."""

    id: str
    text: str


class Question(Value):
    """One question of the notes with everything that its author wrote below it.

    `reference` is a byte-exact slice of `file`; empty where the notes have no answer. `line` counts from 1.
    """

    id: str
    section: str
    number: int | None
    text: str
    file: str
    line: int
    reference: str
    key_points: tuple[KeyPoint, ...] = ()
    pitfalls: tuple[Pitfall, ...] = ()
    follow_ups: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    difficulty: int | None = Field(default=None, ge=1, le=5)
    tags: tuple[str, ...] = ()
    rubric: str | None = None

    @property
    def has_reference(self) -> bool:
        """Whether there is anything to compare an answer with."""
        return bool(self.reference.strip())

    @property
    def reference_digest(self) -> str:
        """Digest of the reference answer; stored with every grade."""
        return digest(self.reference)

    @property
    def content_digest(self) -> str:
        """Digest of everything a grade can depend on; where the question stands (file, line, number) is left out."""
        content = self.model_dump(mode="json", exclude={"file", "line", "number"})
        return digest(json.dumps(content, ensure_ascii=False, sort_keys=True))
