"""What the author of a notes file may want to correct. Each problem is (line, what), lines counted from 1."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

from interview.errors import ContentError
from interview.models import Question
from interview.notes.bank import NATIVE_FORM
from interview.notes.document import Document
from interview.notes.images import find_image, is_remote
from interview.notes.outline import Outline

Fault = tuple[int, str]
_CODE = re.compile(r"`[^`]*`")


def find_problems(
    document: Document, found: Outline, questions: Sequence[Question], folder: Path | None
) -> Iterator[Fault]:
    """Yield every problem of the file; images are looked for in `folder`, and not at all when it is None."""
    yield from found.unread
    yield from _empty_headings(document)
    yield from _repeated_sections(found)
    yield from _repeated_questions(questions)
    yield from _numbering(found, questions)
    yield from _empty_answers(questions)
    yield from _unclosed(document.tokens)
    yield from _headings_in_formulas(document)
    if folder is not None:
        yield from _unshown_images(document.tokens, folder)
    if not questions:
        yield 1, f"no question was found in this file. {NATIVE_FORM}"


def _empty_headings(document: Document) -> Iterator[Fault]:
    return ((heading.first + 1, "an empty heading") for heading in document.headings if not heading.text)


def _repeated_sections(found: Outline) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for line, name in found.sections:
        if name in seen:
            yield line, f"the section '{name}' appears again (first on line {seen[name]}); both are read as one"
        seen.setdefault(name, line)


def _repeated_questions(questions: Sequence[Question]) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for question in questions:
        text = " ".join(question.text.split()).casefold()
        if text in seen:
            yield question.line, f"the same question stands on line {seen[text]}"
        seen.setdefault(text, question.line)


def _numbering(found: Outline, questions: Sequence[Question]) -> Iterator[Fault]:
    """Check the numbers below each section heading by themselves: a section may be written in two places.

    A section begins at 1, or goes on from the end of the one before it.
    """
    starts = [line for line, _ in found.sections]

    def place(question: Question) -> tuple[str, int]:
        return question.section, bisect_left(starts, question.line)

    end = 0
    for _, group in groupby(questions, key=place):
        lines: dict[int, int] = {}
        last = 0
        for question in group:
            number = question.number
            if number is None:
                continue
            if number in lines:
                yield question.line, f"number {number} is used twice (first on line {lines[number]})"
            elif number < last:
                yield question.line, f"number {number} comes after {last}: out of order"
            lines.setdefault(number, question.line)
            last = max(last, number)
        begin = end if end + 1 in lines and min(lines) > end else 0
        for before, after in pairwise(sorted({begin, *lines})):
            if after - before > 1:
                gap = str(before + 1) if after - before == 2 else f"{before + 1} to {after - 1}"
                yield lines[after], f"a gap in the numbering: {gap} is missing before {after}"
        end = last or end


def _empty_answers(questions: Sequence[Question]) -> Iterator[Fault]:
    for question in questions:
        if not question.has_reference:
            yield question.line, "an empty answer: without one only a model can grade this question, provisionally"


def _unclosed(tokens: Sequence[Token]) -> Iterator[Fault]:
    for token in tokens:
        if not token.map:
            continue
        first, last = token.map
        # A closed fence has two lines more than its content.
        if token.type == "fence" and last - first < token.content.count("\n") + 2:
            yield first + 1, "a code fence that is never closed: everything below it is read as code"
        if token.type == "html_block" and token.content.lstrip().startswith("<!--") and "-->" not in token.content:
            yield first + 1, "a comment that is never closed: everything below it is left out"


def _headings_in_formulas(document: Document) -> Iterator[Fault]:
    """Warn at a heading with an odd number of `$$` in the text above it, back to the heading before it."""
    headings = {heading.token: heading for heading in document.headings}
    titles = {heading.token + 1 for heading in document.headings}
    opened: int | None = None
    carried = False
    for index, token in enumerate(document.tokens):
        if index in headings:
            # A formula that does not end below the heading either is a stray `$$`: it is told once, then forgotten.
            carried = opened is not None and not carried
            if carried:
                yield headings[index].first + 1, f"a heading inside a formula ($$ opened on line {opened})"
            else:
                opened = None
        elif token.type == "inline" and index not in titles and token.map and _has_odd_dollars(token.content):
            opened = None if opened is not None else token.map[0] + 1


def _has_odd_dollars(text: str) -> bool:
    return _CODE.sub("", text).count("$$") % 2 == 1


def _unshown_images(tokens: Sequence[Token], folder: Path) -> Iterator[Fault]:
    parser = MarkdownIt("commonmark")
    for token in tokens:
        if token.type != "inline" or "![" not in token.content or not token.map:
            continue
        for child in parser.parseInline(token.content)[0].children or []:
            source = str(child.attrs.get("src", "")) if child.type == "image" else ""
            if not source or is_remote(source):
                continue
            try:
                find_image(source, folder)
            except ContentError as error:
                yield token.map[0] + 1, f"the image '{unquote(source)}' {error}"
