"""What the heading of a question says: number, text and attributes."""

import re
from dataclasses import dataclass, field
from typing import Literal

PartKind = Literal["key_points", "pitfalls", "follow_ups", "hints", "sources"]

_NAMES: tuple[tuple[PartKind, str, str], ...] = (
    ("key_points", "要点", "key points"),
    ("pitfalls", "误区", "pitfalls"),
    ("follow_ups", "追问", "follow-ups"),
    ("hints", "提示", "hints"),
    ("sources", "来源", "sources"),
)
_KINDS: dict[str, PartKind] = {
    name: kind for kind, zh, en in _NAMES for name in (zh, en, f"{zh} / {en}", f"{en} / {zh}")
}
# "1. text", "1、text", "1) text"; but "3.5 的区别" has no number.
_NUMBER = re.compile(r"(\d{1,4})\s*[.．、)）](?!\d)\s*")
# The group must not belong to a formula: \frac{n} and x_{i} are text.
_GROUP = re.compile(r"(?:(?<![A-Za-z0-9_^\\])|(?=\{#))\{([^{}]*)\}\s*$")
_MOST_GROUPS = 4  # each look for a group reads the whole heading
_ATTRIBUTES = {
    "id": (re.compile(r"\w[\w.:-]{0,99}"), "letters, digits and . : - _"),
    "difficulty": (re.compile(r"[1-5]"), "a number from 1 to 5"),
    "tags": (re.compile(r"[^\s,]+(,[^\s,]+)*"), "words separated by commas, without blanks"),
    "rubric": (re.compile(r"\w[\w-]*"), "the name of a rubric"),
}


@dataclass(slots=True)
class Title:
    """The heading of a question, read. `faults` names what looks like an attribute and is none; it stays in `text`."""

    number: int | None
    text: str
    attributes: dict[str, str]
    faults: list[str] = field(default_factory=list[str])

    @property
    def difficulty(self) -> int | None:
        """1 (easy) to 5, None where the heading does not say."""
        given = self.attributes.get("difficulty")
        return int(given) if given else None

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of the heading, in its order."""
        given = self.attributes.get("tags")
        return tuple(given.split(",")) if given else ()


def part_kind(text: str) -> PartKind | None:
    """Return which of the five understood sub-headings this is; None unless the text is exactly one of their names."""
    return _KINDS.get(text.casefold())


def is_numbered(text: str) -> bool:
    """Whether the heading starts with a number such as `7.`."""
    return _NUMBER.match(text) is not None


def read_title(text: str) -> Title:
    """Read `7. Question text {#id} {difficulty=2 tags=a,b rubric=coding}`; number and groups are optional."""
    body, attributes, faults = _cut_groups(text)
    number = _NUMBER.match(body)
    if number is None:
        return Title(None, body, attributes, faults)
    return Title(int(number[1]), body[number.end() :], attributes, faults)


def _cut_groups(text: str) -> tuple[str, dict[str, str], list[str]]:
    attributes: dict[str, str] = {}
    faults: list[str] = []
    kept = ""
    for _ in range(_MOST_GROUPS):
        group = _GROUP.search(text)
        if group is None or not group[1].strip():
            break
        given, wrong = _read_group(group[1], attributes)
        if wrong:
            faults.extend(wrong)
            kept = text[group.start() :] + kept
        else:
            attributes.update(given)
        text = text[: group.start()]
    return (text + kept).strip(), attributes, faults


def _read_group(words: str, known: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    given: dict[str, str] = {}
    faults: list[str] = []
    for word in words.split():
        name, _, value = ("id", "=", word[1:]) if word.startswith("#") else word.partition("=")
        if name not in _ATTRIBUTES or (name == "id" and not word.startswith("#")):
            faults.append(f"unknown attribute '{word}' (known: #id, difficulty=, tags=, rubric=)")
            continue
        form, expected = _ATTRIBUTES[name]
        if name in given or name in known:
            faults.append(f"attribute '{word}' is given twice")
        elif not form.fullmatch(value):
            faults.append(f"attribute '{word}' should be {expected}")
        else:
            given[name] = value
    return given, faults
