"""Images of the notes: what a reference answer calls one, and which file beside the notes it means."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt

from interview.errors import ContentError
from interview.formulas import SEGMENT

SIZE_LIMIT = 5_000_000  # bytes
# Code and formulas too, so that what looks like an image inside them is none. `<` before one would open a tag with
# it, and `\` takes it back. Every repetition is bounded, so that no text makes the page wait.
SEGMENT_OR_IMAGE = re.compile(
    rf"{SEGMENT.pattern}|(?P<image>(?<![\\<])!\[[^\[\]\n]{{0,500}}\]\((?:[^()\n]|\([^()\n]{{0,200}}\)){{1,1000}}\))",
    SEGMENT.flags,
)
_SIGNATURES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp"),
)
_SIGNATURE_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Reference:
    """An image as the notes write it: its alternative text, and its source, percent-encoded."""

    alt: str
    source: str


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A file that may be shown; `media_type` is what its first bytes say, whatever its name."""

    path: Path
    media_type: str


@lru_cache(maxsize=512)  # building the parser takes longer than all that it does here
def read_reference(written: str) -> Reference | None:
    """What an `image` of SEGMENT_OR_IMAGE refers to; None where Markdown reads no image in it."""
    children = MarkdownIt("commonmark").parseInline(written)[0].children or []
    if len(children) != 1 or children[0].type != "image":
        return None
    return Reference(alt=children[0].content, source=str(children[0].attrs["src"]))


@lru_cache(maxsize=4096)  # all references of large notes: a lookup goes through them
def sources_of(text: str) -> frozenset[str]:
    """The sources of all images in a text."""
    written = (found["image"] for found in SEGMENT_OR_IMAGE.finditer(text))
    references = (read_reference(image) for image in written if image is not None)
    return frozenset(reference.source for reference in references if reference is not None)


def is_remote(source: str) -> bool:
    """Whether a source has a scheme or a host, so that it names no file beside the notes."""
    address = urlsplit(source)
    return bool(address.scheme or address.netloc)


def find_image(source: str, folder: Path) -> ImageFile:
    """The file that a source means in a notes file of `folder`: an image in that folder, or in one below it.

    ContentError says what is wrong with it, to go on after its name.
    """
    try:
        if is_remote(source):
            raise ContentError("is not shown: it is no file beside the notes")
        path = _inside(unquote(urlsplit(source).path), folder)
        if not path.is_file():  # opening a pipe would wait for its writer
            raise ContentError("does not exist")
        if path.stat().st_size > SIZE_LIMIT:
            raise ContentError(f"is not shown: it is larger than {SIZE_LIMIT // 1_000_000} MB")
        with path.open("rb") as file:
            head = file.read(_SIGNATURE_LENGTH)
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle; no possible name of a file
        raise ContentError("does not exist") from error
    for signature, media_type in _SIGNATURES:
        if signature.match(head):
            return ImageFile(path, media_type)
    raise ContentError("is not shown: it is no PNG, JPEG, GIF or WebP")


def _inside(name: str, folder: Path) -> Path:
    # An absolute name may lead to another machine: it is not even looked at.
    path = None if Path(name).anchor else (folder / name).resolve(strict=True)
    if path is None or not path.is_relative_to(folder.resolve()):
        raise ContentError("is not shown: it is outside the folder of the notes")
    return path
