import os
import sys
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interview.errors import ContentError
from interview.notebook import Notebook, safe_name
from interview.notes.bank import QuestionBank
from interview.store.store import Store
from tests.made_up import PNG, make_question

ONE = "## Part\n#### 1. What is one?\nOne.\n"
TWO = "## Part\n#### 1. What is one?\nOne.\n#### 2. What is two?\nTwo.\n"


def built_in(lang: str) -> QuestionBank:
    return QuestionBank(questions=(make_question(1, text=f"built in, {lang}"),), problems=())


@pytest.fixture
def store(tmp_path: Path):
    opened = Store.open(tmp_path / "data")
    yield opened
    opened.close()


def notebook(store: Store, *given: Path, **options) -> Notebook:
    ticks = count()  # each look at the clock finds a second gone
    return Notebook(
        *(store, store.path.parent / "notes", given), read_built_in=built_in, clock=lambda: next(ticks), **options
    )


def texts(bank: QuestionBank) -> list[str]:
    return [question.text for question in bank.questions]


def test_the_built_in_bank_follows_the_language(store: Store) -> None:
    book = notebook(store)
    assert book.origin == ()
    assert texts(book.bank("zh")) == ["built in, zh"]
    assert texts(book.bank("en")) == ["built in, en"]


def test_chosen_notes_replace_the_bank_for_later_sessions_too(store: Store, tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text(ONE)
    book = notebook(store)
    assert texts(book.use([str(tmp_path / "mine.md")])) == ["What is one?"]
    for again in (book, notebook(store)):
        assert again.origin == (str(tmp_path / "mine.md"),)
        assert texts(again.bank("en")) == ["What is one?"]
        assert again.problem == ""
    book.use_built_in()
    assert texts(book.bank("en")) == ["built in, en"]
    assert notebook(store).origin == ()


def test_notes_of_the_command_line_win_and_are_not_remembered(store: Store, tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text(ONE)
    (tmp_path / "given.md").write_text(TWO)
    notebook(store).use([str(tmp_path / "mine.md")])
    assert len(notebook(store, tmp_path / "given.md").bank("en").questions) == 2
    assert len(notebook(store).bank("en").questions) == 1
    with pytest.raises(ContentError, match="nowhere"):
        notebook(store, tmp_path / "nowhere.md")


def test_the_bank_can_stay_beside_the_notes(store: Store, tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text(ONE)
    book = notebook(store, tmp_path / "mine.md", with_bank=True)
    assert texts(book.bank("zh")) == ["What is one?", "built in, zh"]


def test_only_images_that_the_notes_in_use_refer_to_are_found(store: Store, tmp_path: Path) -> None:
    for name in ("1.png", "other.png"):
        (tmp_path / name).write_bytes(PNG)
    mine, others = str(tmp_path / "mine.md"), str(tmp_path / "others.md")
    Path(mine).write_text(ONE + "![One](1.png) ![Gone](gone.png) `![Code](other.png)`\n")
    Path(others).write_text(TWO + "![Other](other.png)\n")
    book = notebook(store)
    assert book.image(mine, "1.png") is None  # the built-in bank is in use
    book.use([mine])
    found = book.image(mine, "1.png")
    assert found is not None
    assert (found.path, found.media_type) == (tmp_path / "1.png", "image/png")
    for source in ("gone.png", "other.png"):
        assert book.image(mine, source) is None, source
    for file in (others, "mine.md"):  # beside which it lies, too
        assert book.image(file, "1.png") is None, file
    book.use([others])
    assert book.image(mine, "1.png") is None
    assert book.image(others, "other.png")


def test_an_image_is_looked_for_beside_its_own_notes_also_next_to_the_bank(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "notes.md").write_text(ONE + "![One](1.png)\n")
    (tmp_path / "notes.md").write_text(TWO + "![One](1.png)\n")
    (tmp_path / "a" / "1.png").write_bytes(PNG)
    book = notebook(store, tmp_path, with_bank=True)
    assert book.image(str(tmp_path / "a" / "notes.md"), "1.png")
    assert book.image(str(tmp_path / "notes.md"), "1.png") is None


def test_an_upload_comes_without_its_images(store: Store) -> None:
    book = notebook(store)
    (question,) = book.use_upload("mine.md", f"{ONE}![One](1.png)\n".encode()).questions
    assert book.image(question.file, "1.png") is None


@pytest.mark.parametrize("content", [None, b"", b"\x00\x01\x02", b"\xff\xfe\xfa", b"no question in here\n"])
def test_notes_that_cannot_be_used_change_nothing(store: Store, tmp_path: Path, content: bytes | None) -> None:
    (tmp_path / "mine.md").write_text(ONE)
    book = notebook(store)
    book.use([str(tmp_path / "mine.md")])
    if content is not None:
        (tmp_path / "bad.md").write_bytes(content)
        with pytest.raises(ContentError, match="bad"):
            book.use_upload("bad.md", content)
    with pytest.raises(ContentError, match="bad"):
        book.use([str(tmp_path / "bad.md")])
    assert texts(book.bank("en")) == ["What is one?"]
    assert notebook(store).origin == (str(tmp_path / "mine.md"),)
    assert not (store.path.parent / "notes" / "bad.md").exists()


def test_a_path_may_stand_in_quotation_marks(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "mine.md"
    path.write_text("## S\n#### 1. Mine?\nYes.\n", encoding="utf-8")
    assert texts(notebook(store).use([f' "{path}" '])) == ["Mine?"]


def test_no_path_is_said(store: Store) -> None:
    with pytest.raises(ContentError, match="No path"):
        notebook(store).use(["  "])


def test_an_upload_is_kept_and_used_later(store: Store) -> None:
    book = notebook(store)
    assert len(book.use_upload("C:\\fakepath\\我的 笔记.md", TWO.encode()).questions) == 2
    kept = store.path.parent / "notes" / "我的 笔记.md"
    assert kept.read_text() == TWO
    assert notebook(store).origin == (str(kept),)
    for content, name in ((ONE, "我的 笔记-2.md"), (TWO, kept.name), (ONE, "我的 笔记-2.md")):
        book.use_upload("我的 笔记.md", content.encode())
        assert book.origin == (str(kept.with_name(name)),)
    assert kept.read_text() == TWO
    assert sorted(file.name for file in kept.parent.iterdir()) == ["我的 笔记-2.md", kept.name]


def test_an_upload_that_cannot_be_kept_is_said(store: Store) -> None:
    (store.path.parent / "notes").write_text("a file where the folder should be")
    with pytest.raises(ContentError, match="could not be kept"):
        notebook(store).use_upload("mine.md", ONE.encode())


def test_notes_edited_on_disk_are_read_again(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.md").write_text(ONE)
    book = notebook(store)
    book.use([str(folder)])
    (folder / "a.md").write_text(TWO)
    assert len(book.bank("en").questions) == 2
    (folder / "b.md").write_text("## Other\n#### 3. What is three?\n")
    assert len(book.bank("en").questions) == 3
    os.utime(folder / "a.md", ns=(1, 1))
    assert len(book.bank("en").questions) == 3


def test_notes_are_not_listed_again_while_nothing_changed(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "below").mkdir(parents=True)
    (folder / "a.md").write_text(ONE)
    book = notebook(store)
    book.use([str(folder)])
    listed: list[str] = []
    sys.addaudithook(lambda event, args: listed.append(event) if event in ("os.scandir", "os.listdir") else None)
    for _ in range(10):
        book.bank("en")
    assert listed == []
    (folder / "below" / "b.md").write_text("## Other\n#### 3. What is three?\n")
    assert len(book.bank("en").questions) == 2
    (folder / "below" / "b.md").unlink()
    assert len(book.bank("en").questions) == 1


def test_notes_that_vanish_stay_in_use_and_are_left_at_the_next_start(store: Store, tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text(ONE)
    book = notebook(store)
    book.use([str(tmp_path / "mine.md")])
    (tmp_path / "mine.md").unlink()
    assert texts(book.bank("en")) == ["What is one?"]
    assert "mine.md" in book.problem
    later = notebook(store)
    assert texts(later.bank("en")) == ["built in, en"]
    assert later.origin == ()
    assert "mine.md" in later.problem
    assert book.missing == later.missing == (str(tmp_path / "mine.md"),)
    (tmp_path / "mine.md").write_text(TWO)
    assert len(later.bank("en").questions) == 2  # back again without a new start
    assert (later.problem, later.missing) == ("", ())
    assert len(book.bank("en").questions) == 2
    assert book.problem == ""


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("notes.md", "notes.md"),
        ("Notes.MARKDOWN", "Notes.md"),
        ("../../etc/passwd.md", "passwd.md"),
        ("..\\..\\boot.md", "boot.md"),
        ("...md", "notes.md"),
        ("a/b\x00\u202ec?.md", "b_c.md"),
        ("~.md", "notes.md"),
        (".md", "notes.md"),
        ("-rf.md", "rf.md"),
        ("CON.md", "notes-CON.md"),
        ("nul .tar.md", "nul _tar.md"),
        ("\uff0e\uff0e\uff0f\u2215etc\u2024md.md", "etc_md.md"),
    ],
)
def test_names_of_uploads(name: str, kept: str) -> None:
    assert safe_name(name) == kept


@pytest.mark.parametrize("name", ["", "notes", "notes.txt", "notes.md/", "x.md\n", "notes.pdf"])
def test_what_is_no_markdown_file_is_refused(name: str) -> None:
    with pytest.raises(ContentError, match=r"\.md"):
        safe_name(name)


@given(st.text())
def test_every_name_stays_inside_the_folder(name: str) -> None:
    kept = safe_name(name + ".md")
    folder = Path("/data/notes")
    assert Path(os.path.normpath(folder / kept)).parent == folder
    assert not kept.startswith((".", "-", "~"))
    assert len(kept.encode()) <= 255
    assert kept.isprintable()


def test_a_link_in_the_place_of_an_upload_is_not_written_through(store: Store, tmp_path: Path) -> None:
    folder = store.path.parent / "notes"
    folder.mkdir()
    outside = tmp_path / "outside.md"
    outside.write_text("stays")
    (folder / "mine.md").symlink_to(outside)
    (folder / "mine-2.md").symlink_to(tmp_path / "nowhere.md")
    book = notebook(store)
    book.use_upload("mine.md", ONE.encode())
    assert book.origin == (str(folder / "mine-3.md"),)
    assert outside.read_text() == "stays"
    assert not (tmp_path / "nowhere.md").exists()


def test_kept_uploads_have_a_quota(store: Store) -> None:
    folder = store.path.parent / "notes"
    folder.mkdir()
    with (folder / "large.md").open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(ContentError, match=r"100 MB already.*notes"):
        notebook(store).use_upload("mine.md", ONE.encode())
    assert [file.name for file in folder.iterdir()] == ["large.md"]
