"""Rubrics by reference: those in use, and those that stored grades were computed with."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from interview.grading.scoring import USUAL_BANDS, tone
from interview.models import Graded, Session
from interview.rubrics import DEFAULT_RUBRIC, Rubric
from interview.store.kept import KeptTexts
from interview.store.store import Store

FAMILY = "rubric"  # of the preferences that keep them


class RubricHistory:
    """Keeps each rubric that was ever in use, so that an old grade can be computed again after the file has changed."""

    def __init__(self, store: Store, rubrics: Iterable[Rubric]) -> None:
        """`rubrics` are those in use; `keep` stores them."""
        self._kept = KeptTexts(store, FAMILY)
        self._in_use = {rubric.ref: rubric for rubric in rubrics}
        self._by_name = {rubric.name: rubric for rubric in self._in_use.values()}
        self._read: dict[str, Rubric] = {}

    def keep(self) -> None:
        """Store the rubrics in use."""
        self.add({ref: rubric.model_dump(mode="json") for ref, rubric in self._in_use.items()})

    def add(self, rubrics: Mapping[str, Mapping[str, Any]]) -> None:
        """Store rubrics of an import; one that is known stays as it is."""
        for ref, content in rubrics.items():
            if ref not in self._kept:
                self._kept[ref] = json.dumps(content, ensure_ascii=False, sort_keys=True)

    @property
    def default(self) -> Rubric:
        """The default rubric in use: its bands are those of means. KeyError where none is in use."""
        return self._by_name[DEFAULT_RUBRIC]

    def of(self, ref: str) -> Rubric | None:
        """Return the rubric that a grade was computed with.

        Grades from before rubrics were kept may name one that is not known: the one `in_use` is the nearest to it.
        """
        return self._known(ref) or self.in_use(ref.partition("@")[0])

    def in_use(self, name: str) -> Rubric | None:
        """Return the rubric in use of that name, else the default one; None where no rubric is in use."""
        return self._by_name.get(name) or self._by_name.get(DEFAULT_RUBRIC)

    def tones(self) -> dict[str, str]:
        """Return the usual band whose colour each other band of the known rubrics has.

        Lists know a grade's band, but not its rubric: where two rubrics rank a name differently, those in use decide.
        """
        rubrics = [*(known for ref in self._kept if (known := self._known(ref))), *self._in_use.values()]
        bands = [(rubric, band.id) for rubric in rubrics for band in rubric.bands]
        return {band: tone(rubric, band) for rubric, band in bands if band not in USUAL_BANDS}

    def _known(self, ref: str) -> Rubric | None:
        """Return a rubric by its reference alone; None where it is unknown, or is no rubric of this version."""
        known = self._in_use.get(ref) or self._read.get(ref)
        kept = None if known else self._kept.get(ref)
        if kept is not None:
            try:
                known = self._read[ref] = Rubric.model_validate_json(kept)
            except ValidationError:
                return None
        return known

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
