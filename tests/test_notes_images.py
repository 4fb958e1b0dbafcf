"""Which file beside the notes an image of theirs means: never one outside their folder, never one that is no image."""

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interview.errors import ContentError
from interview.notes.images import SIZE_LIMIT, find_image, sources_of
from tests.made_up import PNG

IMAGES = {
    "image/png": PNG,
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01",
    "image/gif": b"GIF89a\x01\x00\x01\x00\x00\x00",
    "image/webp": b"RIFF\x1a\x00\x00\x00WEBPVP8L",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "notes"
    (inside / "sub").mkdir(parents=True)
    for place in (inside / "a.png", inside / "图 1.png", inside / "sub" / "b.png", tmp_path / "secret.png"):
        place.write_bytes(PNG)
    return inside


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("a.png", "a.png"),
        ("./a.png?raw=1#f", "a.png"),
        ("%E5%9B%BE%201.png", "图 1.png"),
        ("sub/b.png", "sub/b.png"),
        ("sub/../a.png", "a.png"),
    ],
)
def test_an_image_in_the_folder_or_below_it_is_found(folder: Path, source: str, found: str):
    assert find_image(source, folder).path == folder.resolve() / found


@pytest.mark.parametrize("media_type", IMAGES)
def test_the_first_bytes_say_what_it_is(folder: Path, media_type: str):
    (folder / "a.txt").write_bytes(IMAGES[media_type])
    assert find_image("a.txt", folder).media_type == media_type


@pytest.mark.parametrize("content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html>", b" " + PNG, b"RIFF"])
def test_what_is_no_image_is_refused_whatever_its_name(folder: Path, content: bytes):
    (folder / "a.png").write_bytes(content)
    with pytest.raises(ContentError, match="PNG"):
        find_image("a.png", folder)


@pytest.mark.parametrize(
    "source", ["../secret.png", "sub/../../secret.png", "%2e%2e/secret.png", "link.png", "up/secret.png"]
)
def test_nothing_leads_out_of_the_folder(folder: Path, source: str):
    (folder / "link.png").symlink_to(folder.parent / "secret.png")
    (folder / "up").symlink_to(folder.parent)
    with pytest.raises(ContentError, match="outside"):
        find_image(source, folder)


def test_an_absolute_path_is_refused_even_inside(folder: Path):
    for source in (str(folder / "a.png"), "%2F" + str(folder / "a.png").lstrip("/")):
        with pytest.raises(ContentError, match="outside"):
            find_image(source, folder)


@pytest.mark.parametrize(
    "source", ["https://example.org/a.png", "//example.org/a.png", "file:a.png", "data:image/png,x"]
)
def test_a_remote_image_is_refused(folder: Path, source: str):
    with pytest.raises(ContentError, match="beside"):
        find_image(source, folder)


@pytest.mark.parametrize("source", ["", ".", "sub", "gone.png", "pipe", "loop", "a%00.png", "%ff" * 300, "\ud800"])
def test_what_is_no_file_is_not_there(folder: Path, source: str):
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to(folder / "loop")
    with pytest.raises(ContentError, match="does not exist"):
        find_image(source, folder)


def test_a_file_that_is_too_large_is_refused(folder: Path):
    with (folder / "a.png").open("ab") as file:
        file.truncate(SIZE_LIMIT)
        assert find_image("a.png", folder)
        file.truncate(SIZE_LIMIT + 1)
    with pytest.raises(ContentError, match="5 MB"):
        find_image("a.png", folder)


@given(st.text(alphabet="./%2eEfF\\a:#? \x00bpng", max_size=40))
def test_every_source_is_an_image_of_the_folder_or_refused(tmp_path_factory: pytest.TempPathFactory, source: str):
    folder = tmp_path_factory.getbasetemp() / "notes"
    folder.mkdir(exist_ok=True)
    (folder / "a").write_bytes(PNG)
    with suppress(ContentError):
        assert find_image(source, folder).path == folder.resolve() / "a"


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("![a](1.png) and ![](<b c.png> 'title')", {"1.png", "b%20c.png"}),
        ("![a](图(1).png)", {"%E5%9B%BE(1).png"}),
        ("![a](a\\_b.png)", {"a_b.png"}),
        ("`![a](1.png)` $![a](2.png)$", set()),
        ("```\n![a](1.png)\n```", set()),
        ("\\![a](1.png) [a](1.png) ![a] (1.png) ![a]()x", set()),
        ("![a](javascript:x)", set()),
    ],
)
def test_the_sources_of_a_text_are_those_of_its_images(text: str, sources: set[str]):
    assert sources_of(text) == sources
