"""The Markdown reader: one file of notes in, its questions and its problems out."""

from collections.abc import Iterable
from pathlib import Path

from interview.models import KeyPoint, Pitfall, Question
from interview.notes.bank import Problem, QuestionBank
from interview.notes.document import Document, open_document
from interview.notes.headings import PartKind
from interview.notes.ids import IdPool, question_id
from interview.notes.items import read_items, read_key_point
from interview.notes.lint import find_problems
from interview.notes.outline import Entry, outline


def read_markdown(raw: bytes, file: str, folder: Path | None = None) -> QuestionBank:
    """Read one file in the native form. Every reference answer is a slice of `raw`, byte for byte.

    `file` names the file in questions and problems; `folder` is where its images are looked for (None: not looked
    for). Raises ContentError when the file is empty, binary or not UTF-8; a file without a question is an empty bank.
    """
    document = open_document(raw, file)
    found = outline(document)
    faults: list[tuple[int, str]] = []
    ids = _give_ids(found.entries, faults)
    questions = tuple(
        _question(document, entry, entry_id, faults) for entry, entry_id in zip(found.entries, ids, strict=True)
    )
    faults.extend(find_problems(document, found, questions, folder))
    problems = tuple(Problem(file=file, line=line, what=what) for line, what in sorted(faults))
    return QuestionBank(questions=questions, problems=problems, files=(file,))


def _give_ids(entries: Iterable[Entry], faults: list[tuple[int, str]]) -> list[str]:
    explicit = {entry.title.attributes["id"] for entry in entries if "id" in entry.title.attributes}
    pool = IdPool(reserved=explicit)
    ids: list[str] = []
    for entry in entries:
        own = entry.title.attributes.get("id")
        given = pool.take(own or question_id(entry.section, entry.title.text), owned=own is not None)
        if own and given != own:
            faults.append((entry.line, f"the id '{own}' is used twice; this question is kept under '{given}'"))
        ids.append(given)
    return ids


def _question(document: Document, entry: Entry, entry_id: str, faults: list[tuple[int, str]]) -> Question:
    title = entry.title
    faults.extend((entry.line, fault) for fault in title.faults)
    lists: dict[PartKind, list[tuple[int, str]]] = {}
    for part in entry.parts:
        items = read_items(document, part.first_token, part.last_token)
        if not any(text for _, text in items):
            faults.append((part.line, "there is no list below this heading"))
        lists.setdefault(part.kind, []).extend((line, text) for line, text in items if text)
    return Question(
        id=entry_id,
        section=entry.section,
        number=title.number,
        text=title.text,
        file=document.file,
        line=entry.line,
        reference=document.passage(entry.reference_first, entry.reference_last),
        key_points=_key_points(lists.get("key_points", []), faults),
        pitfalls=tuple(Pitfall(id=f"p{n}", text=text) for n, text in enumerate(_texts(lists, "pitfalls"), start=1)),
        follow_ups=_texts(lists, "follow_ups"),
        hints=_texts(lists, "hints"),
        sources=_texts(lists, "sources"),
        difficulty=title.difficulty,
        tags=title.tags,
        rubric=title.attributes.get("rubric"),
    )


def _texts(lists: dict[PartKind, list[tuple[int, str]]], kind: PartKind) -> tuple[str, ...]:
    return tuple(text for _, text in lists.get(kind, []))


def _key_points(items: Iterable[tuple[int, str]], faults: list[tuple[int, str]]) -> tuple[KeyPoint, ...]:
    points: list[KeyPoint] = []
    for number, (line, text) in enumerate(items, start=1):
        point = read_key_point(f"k{number}", text)
        if point is None:
            faults.append((line, "a weight of 0 would count for nothing; the text is kept as written, with weight 1"))
            point = KeyPoint(id=f"k{number}", text=text)
        points.append(point)
    return tuple(points)
