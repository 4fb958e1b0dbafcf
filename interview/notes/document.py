"""One notes file as block tokens, with its headings and the byte offsets of its lines."""

import re
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

from interview.errors import ContentError
from interview.notes.bank import NATIVE_FORM

_BOM = b"\xef\xbb\xbf"
# Only these end a line in Markdown; `splitlines` would also split at form feeds and U+2028.
_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading outside lists and quotes. Its lines are [first, last), counted from 0, its tokens [token, body)."""

    level: int
    text: str
    first: int
    last: int
    token: int
    body: int


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file. `starts[i]` is the byte at which line i starts; the last entry is the file's length."""

    file: str
    raw: bytes
    starts: tuple[int, ...]
    tokens: tuple[Token, ...]
    headings: tuple[Heading, ...]

    @property
    def line_count(self) -> int:
        """How many lines the file has."""
        return len(self.starts) - 1

    def line(self, index: int) -> str:
        """Line `index`, counted from 0, without its line end."""
        return self.raw[self.starts[index] : self.starts[index + 1]].rstrip(b"\r\n").decode()

    def passage(self, first: int, last: int) -> str:
        """The lines [first, last) as they stand in the file, without blank lines and line end around them."""
        while first < last and not self.line(first).strip():
            first += 1
        while last > first and not self.line(last - 1).strip():
            last -= 1
        return self.raw[self.starts[first] : self.starts[last]].rstrip(b"\r\n").decode() if first < last else ""


def open_document(raw: bytes, file: str) -> Document:
    """Parse one file; ContentError when it is empty, binary or not UTF-8. `file` is its name for the reader."""
    text = _decoded(raw, file)
    starts = (0, *(end.end() for end in _LINE_END.finditer(raw)))
    if starts[-1] != len(raw):
        starts = (*starts, len(raw))
        text += "\n"  # so that a fence's content has one line end per line, on the last line too
    tokens = tuple(_block_parser().parse(text))
    return Document(file=file, raw=raw, starts=starts, tokens=tokens, headings=_headings(tokens))


def _decoded(raw: bytes, file: str) -> str:
    if b"\0" in raw:
        line = len(_LINE_END.findall(raw, 0, raw.index(b"\0"))) + 1
        raise ContentError(f"{file}:{line}: this is no text file (it has a zero byte). Give a Markdown file in UTF-8.")
    try:
        text = raw.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        line = len(_LINE_END.findall(error.object[: error.start])) + 1
        raise ContentError(f"{file}:{line}: the text is not UTF-8. Save the file as UTF-8 and try again.") from error
    if not text.strip():
        raise ContentError(f"{file}: the file is empty. {NATIVE_FORM}")
    return text


def _block_parser() -> MarkdownIt:
    # A line under text made of --- would turn the text into a heading (`lheading`), and front matter with it;
    # large tables take seconds (`table`). Neither can be part of the native form.
    parser = MarkdownIt("commonmark").disable(["lheading"])
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


def _headings(tokens: tuple[Token, ...]) -> tuple[Heading, ...]:
    found: list[Heading] = []
    for index, token in enumerate(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            first, last = token.map
            text = tokens[index + 1].content
            found.append(Heading(int(token.tag[1:]), text, first, last, token=index, body=index + 3))
    return tuple(found)
