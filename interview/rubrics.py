"""Rubrics: how verdicts become a score. Strict loader of the TOML files in `rubrics/`."""

import itertools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator

from interview.errors import ContentError, NotFound
from interview.models import Language, Value, Verdict, digest
from interview.toml_file import read_toml
from interview.verify import band_of

DEFAULT_RUBRIC = "default"  # of every question that names no other
# Marks of a transcript row that are not bands; a band of the same name could not be told from them.
RESERVED_BANDS = frozenset({"own", "estimate", "ungraded", "pending", "skipped", "open"})
CREDITED: tuple[Verdict, ...] = ("covered", "partial", "missing", "contradicted")


def _in_both_languages(texts: dict[Language, str]) -> dict[Language, str]:
    if set(texts) != {"zh", "en"} or not all(text.strip() for text in texts.values()):
        raise ValueError("expected a text for zh and one for en")
    return texts


def _no_repeats(ids: list[str]) -> None:
    for name in ids:
        if ids.count(name) > 1:
            raise ValueError(f"the id `{name}` stands here twice; expected every id once")


Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Texts = Annotated[dict[Language, str], AfterValidator(_in_both_languages)]
Share = Annotated[float, Field(ge=0, le=1)]


class Level(Value):
    """One rung of a criterion, `value` 0-1: a word for it, and what such an answer looks like, in each language."""

    id: Identifier
    value: Share
    title: Texts
    anchor: Texts


class Criterion(Value):
    """One dimension besides the key points. `weight` is its share of the multiplier (0-1); lowest level first."""

    id: Identifier
    title: Texts
    weight: float = Field(gt=0, le=1)
    levels: tuple[Level, ...]

    @field_validator("levels")
    @classmethod
    def _three_rising_levels(cls, levels: tuple[Level, ...]) -> tuple[Level, ...]:
        if len(levels) != 3:
            raise ValueError(f"expected three levels, found {len(levels)}")
        _no_repeats([level.id for level in levels])
        if not levels[0].value < levels[1].value < levels[2].value:
            raise ValueError("expected the values of the levels to rise, lowest first")
        return levels


class Band(Value):
    """A range of scores: from `at_least` (0-1 of the maximum) upwards. The screen has words for the usual ids."""

    id: Identifier
    at_least: Share


class Rubric(Value):
    """How verdicts become a score; the formula is in `interview/grading/scoring.py`.

    `credit` maps each verdict but cannot_assess to 0-1; `base` plus all criteria weights is 1; `error_penalty` is
    taken off per error (at most `max_errors` of them) before the criteria multiply; above `abstain_above` (0-1) of
    the required weight unassessed there is no score. `leniency` is told to the judge as it stands.
    """

    name: str
    digest: str
    title: Texts
    max_score: float = Field(gt=0, le=1000)
    credit: dict[Verdict, Share]
    error_penalty: Share
    max_errors: int = Field(ge=0, le=100)
    base: Share
    criteria: tuple[Criterion, ...]
    bands: tuple[Band, ...]
    abstain_above: Share
    leniency: str = Field(max_length=1000)

    @property
    def ref(self) -> str:
        """`name@digest`, as stored with every grade."""
        return f"{self.name}@{self.digest}"

    def band(self, score: float) -> str:
        """Return the id of the band of `score` (0 to `max_score`)."""
        return band_of(self.model_dump(include={"bands", "max_score"}), score)

    @field_validator("credit")
    @classmethod
    def _credit_for_each_verdict(cls, credit: dict[Verdict, float]) -> dict[Verdict, float]:
        if set(credit) != set(CREDITED):
            raise ValueError(f"expected exactly {', '.join(CREDITED)}")
        values = [credit[verdict] for verdict in CREDITED]
        if values[0] != 1 or values != sorted(values, reverse=True):
            raise ValueError("expected covered = 1 and no credit above the one before it: " + ", ".join(CREDITED))
        return credit

    @field_validator("criteria")
    @classmethod
    def _shares_make_one(cls, criteria: tuple[Criterion, ...], info: ValidationInfo) -> tuple[Criterion, ...]:
        _no_repeats([criterion.id for criterion in criteria])
        base = info.data.get("base")
        if base is not None:  # else `base` itself is wrong, and is reported
            total = base + sum(criterion.weight for criterion in criteria)
            if abs(total - 1) > 1e-6:
                raise ValueError(f"expected base and the weights of the criteria to sum to 1, they sum to {total:g}")
        return criteria

    @field_validator("bands")
    @classmethod
    def _bands_fall_to_zero(cls, bands: tuple[Band, ...]) -> tuple[Band, ...]:
        _no_repeats([band.id for band in bands])
        limits = [band.at_least for band in bands]
        if not limits or limits[-1] != 0 or any(a <= b for a, b in itertools.pairwise(limits)):
            raise ValueError("expected bands from the highest to the lowest, the last with at_least = 0")
        if reserved := RESERVED_BANDS & {band.id for band in bands}:
            raise ValueError(f"a band cannot be called {', '.join(sorted(reserved))}; expected another id")
        return bands


def find_rubric(rubrics: Mapping[str, Rubric], name: str) -> Rubric:
    """Return the rubric of that name. Raises NotFound, which names the known ones."""
    if name not in rubrics:
        raise NotFound(f"No rubric is called {name!r} here. Known: {', '.join(sorted(rubrics))}.")
    return rubrics[name]


def rubric_for(rubrics: Mapping[str, Rubric], name: str | None) -> Rubric:
    """Return the rubric that a question names, or the default one where it names none or one that is not here."""
    return rubrics.get(name or DEFAULT_RUBRIC) or rubrics[DEFAULT_RUBRIC]


def load_rubrics(folder: Path) -> dict[str, Rubric]:
    """Read every `*.toml` of the folder; a rubric is named after its file.

    Raises ContentError with one line `file:line: what was wrong and what was expected` per mistake; also when the
    folder holds no `default.toml`, which is the rubric of every question that names no other.
    """
    paths = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    if folder / "default.toml" not in paths:
        raise ContentError(f"{folder}: expected a folder with rubrics, among them default.toml")
    return {path.stem: _load(path) for path in paths}


def _load(path: Path) -> Rubric:
    text, content = read_toml(path)
    lines = _lines_of_keys(text)
    for taken in sorted({"name", "digest"} & set(content)):
        raise ContentError(f"{path}:{lines[(taken,)]}: unknown field `{taken}`; a rubric is named after its file")
    content |= {"name": path.stem, "digest": digest(text)}
    try:
        # By way of JSON: strict types, and still lists become tuples.
        return Rubric.model_validate_json(json.dumps(content, default=str), strict=True)
    except ValidationError as fault:
        found = [
            (_line_of(error["loc"], lines), _what(error["loc"], error["type"], error["msg"]))
            for error in fault.errors()
        ]
        raise ContentError("\n".join(f"{path}:{line}: {what}" for line, what in sorted(found))) from fault


def _what(where: tuple[int | str, ...], kind: str, message: str) -> str:
    names = [part for part in where if isinstance(part, str) and part != "[key]"]
    models: dict[str, type[Value]] = {"criteria": Criterion, "levels": Level, "bands": Band}
    if kind == "extra_forbidden":
        known = models.get(names[-2], Rubric) if len(names) > 1 else Rubric
        expected = ", ".join(sorted(set(known.model_fields) - {"name", "digest"}))
        return f"unknown field `{names[-1]}`; expected one of: {expected}"
    if kind == "missing":
        return f"the field `{names[-1]}` is missing"
    return f"{'.'.join(names)}: {message.removeprefix('Value error, ')}"


def _line_of(where: tuple[int | str, ...], lines: dict[tuple[int | str, ...], int]) -> int:
    while where and where not in lines:
        where = where[:-1]
    return lines.get(where, 1)


def _lines_of_keys(text: str) -> dict[tuple[int | str, ...], int]:
    """Map the path of each table and key to its line; tomllib does not tell. The text is valid TOML."""
    lines: dict[tuple[int | str, ...], int] = {}
    counts: dict[tuple[int | str, ...], int] = {}
    table: tuple[int | str, ...] = ()
    quotes = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if quotes:  # inside a string of several lines
            quotes = "" if quotes in line else quotes
            continue
        if header := re.match(r"\s*(\[\[?)\s*([\w.-]+)\s*\]", line):
            table = _opened(tuple(header[2].split(".")), header[1] == "[[", counts)
            lines[table] = number
            if len(table) > 1:
                lines.setdefault(table[:-1], number)
        elif key := re.match(r"\s*([\w.-]+)\s*=", line):
            lines[(*table, *key[1].split("."))] = number
        opened = re.search(r"=\s*('''|\"\"\")", line)
        if opened and line.count(opened[1]) == 1:
            quotes = opened[1]
    return lines


def _opened(names: tuple[str, ...], repeated: bool, counts: dict[tuple[int | str, ...], int]) -> tuple[int | str, ...]:
    """Return the path of a table header, with the index of each array of tables in it; `counts` keeps their lengths."""
    path: tuple[int | str, ...] = ()
    for name in names[:-1]:
        path = (*path, name)
        if path in counts:
            path = (*path, counts[path] - 1)
    path = (*path, names[-1])
    if repeated:
        counts[path] = counts.get(path, 0) + 1
        path = (*path, counts[path] - 1)
    return path
