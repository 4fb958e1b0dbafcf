"""Rubrics by reference: those in use, and those that stored grades were computed with."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from interview.models import Graded, Session
from interview.rubrics import Rubric
from interview.store.kept import KeptTexts
from interview.store.store import Store

FAMILY = "rubric"  # of the preferences that keep them


class RubricHistory:
    """Keeps each rubric that was ever in use, so that an old grade can be computed again after the file has changed."""

    def __init__(self, store: Store, rubrics: Iterable[Rubric]) -> None:
        """`rubrics` are those in use; `keep` stores them."""
        self._kept = KeptTexts(store, FAMILY)
        self._in_use = {rubric.ref: rubric for rubric in rubrics}

    def keep(self) -> None:
        """Store the rubrics in use."""
        self.add({ref: rubric.model_dump(mode="json") for ref, rubric in self._in_use.items()})

    def add(self, rubrics: Mapping[str, Mapping[str, Any]]) -> None:
        """Store rubrics of an import; one that is known stays as it is."""
        for ref, content in rubrics.items():
            if ref not in self._kept:
                self._kept[ref] = json.dumps(content, ensure_ascii=False, sort_keys=True)

    def find(self, ref: str) -> dict[str, Any] | None:
        """Return a rubric as JSON; None where it is not known."""
        if ref in self._in_use:
            return self._in_use[ref].model_dump(mode="json")
        kept = self._kept.get(ref)
        return None if kept is None else json.loads(kept)

    def all(self) -> dict[str, dict[str, Any]]:
        """Return every known rubric as JSON, by reference."""
        found = {ref: self.find(ref) for ref in sorted({*self._kept, *self._in_use})}
        return {ref: content for ref, content in found.items() if content is not None}

    def of_session(self, session: Session) -> dict[str, dict[str, Any]]:
        """Return the known rubrics that the grades of a session were computed with, by reference."""
        outcomes = (grading.outcome for turn in session.turns for grading in turn.gradings)
        refs = sorted({outcome.provenance.rubric for outcome in outcomes if isinstance(outcome, Graded)})
        return {ref: content for ref in refs if (content := self.find(ref)) is not None}
