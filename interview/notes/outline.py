"""Which headings of a file are sections, questions and understood sub-headings: one walk from top to bottom."""

from dataclasses import dataclass, field
from pathlib import PurePath

from interview.notes.document import Document, Heading
from interview.notes.headings import PartKind, Title, is_numbered, part_kind, read_title

SECTION_LEVEL = 2


@dataclass(frozen=True, slots=True)
class Part:
    """One understood sub-heading and the tokens [first_token, last_token) below it."""

    kind: PartKind
    line: int
    first_token: int
    last_token: int


@dataclass(slots=True)
class Entry:
    """One question. Its reference is the lines [reference_first, reference_last), counted from 0."""

    section: str
    title: Title
    line: int
    reference_first: int
    reference_last: int
    parts: list[Part] = field(default_factory=list[Part])


@dataclass(slots=True)
class Outline:
    """What a file consists of.

    `sections` are (line, name) of its section headings; `unread` are (line, what) of headings that the native form
    has no place for.
    """

    sections: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    entries: list[Entry] = field(default_factory=list[Entry])
    unread: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])


def outline(document: Document) -> Outline:
    """Walk the headings once.

    Level 2 is a section and level 4 a question. In a file that numbers its level-3 headings and none of its level-4
    headings, the questions are at level 3. Before the first section the section is named by the file's `#` title,
    else by its name.
    """
    question_level = _question_level(document)
    found = Outline()
    title = section = PurePath(document.file).stem
    entry: Entry | None = None
    for index, heading in enumerate(document.headings):
        following = document.headings[index + 1] if index + 1 < len(document.headings) else None
        if heading.level > question_level:
            _below_question(document, heading, following, entry, found)
            continue
        entry = None
        if heading.level <= SECTION_LEVEL:
            section = heading.text or title
            if heading.level == 1:
                title = section
            else:
                found.sections.append((heading.first + 1, section))
        elif heading.level == question_level:
            entry = _question(document, heading, following, section, found)
        else:
            found.unread.append((heading.first + 1, _between(heading, question_level)))
    return found


def _question_level(document: Document) -> int:
    numbered = {heading.level for heading in document.headings if is_numbered(heading.text)}
    return 3 if 3 in numbered and 4 not in numbered else 4


def _question(
    document: Document, heading: Heading, following: Heading | None, section: str, found: Outline
) -> Entry | None:
    title = read_title(heading.text)
    if not title.text:
        if heading.text:
            found.unread.append((heading.first + 1, f"the heading '{heading.text}' has no question in it"))
        return None
    if part_kind(heading.text):
        what = f"'{heading.text}' is read as a question; to be a list of the question above it needs one more #"
        found.unread.append((heading.first + 1, what))
    end = following.first if following else document.line_count
    entry = Entry(section, title, heading.first + 1, heading.last, end)
    found.entries.append(entry)
    return entry


def _below_question(
    document: Document, heading: Heading, following: Heading | None, entry: Entry | None, found: Outline
) -> None:
    kind = part_kind(heading.text)
    if entry is None:
        found.unread.append(
            (heading.first + 1, f"the heading '{heading.text}' stands below no question; it is not read")
        )
    elif kind:
        end = following.token if following else len(document.tokens)
        entry.parts.append(Part(kind, heading.first + 1, heading.body, end))
    elif entry.parts:
        what = f"the heading '{heading.text}' stands after the end of the answer; the text below it is not read"
        found.unread.append((heading.first + 1, what))
    else:
        entry.reference_last = following.first if following else document.line_count


def _between(heading: Heading, question_level: int) -> str:
    return (
        f"the heading '{heading.text}' (level {heading.level}) is neither a section (level {SECTION_LEVEL}) nor a "
        f"question (level {question_level}); the text below it is not read"
    )
