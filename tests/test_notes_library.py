"""Notes on disk: files, folders, banks put together, and the bank that ships with Viva."""

import os
import re
from pathlib import Path

import pytest

from interview.errors import ContentError, NotFound
from interview.notes.bank import QuestionBank
from interview.notes.folder import Deadline, list_notes
from interview.notes.library import built_in, read_notes
from interview.notes.markdown import read_markdown

ONE = "## S\n#### 1. a\nanswer\n"
TWO = "## T\n#### 1. b\n"


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def texts(bank: QuestionBank) -> list[str]:
    return [question.text for question in bank.questions]


def test_a_folder_is_read_in_order_of_names_without_hidden_and_other_files(tmp_path: Path):
    write(tmp_path / "b.md", TWO)
    write(tmp_path / "a.md", ONE)
    write(tmp_path / "deep" / "c.MD", "## U\n#### c\nd\n")
    write(tmp_path / ".trash" / "d.md", "## U\n#### hidden\n")
    write(tmp_path / ".e.md", "## U\n#### hidden\n")
    write(tmp_path / "f.txt", "## U\n#### other\n")
    (tmp_path / "g.md").mkdir()
    bank = read_notes([tmp_path])
    assert texts(bank) == ["a", "b", "c"]
    assert bank.files == tuple(str(tmp_path / name) for name in ("a.md", "b.md", "deep/c.MD"))
    assert bank.questions[2].file == str(tmp_path / "deep" / "c.MD")


def test_files_and_folders_together_each_file_once(tmp_path: Path):
    other = write(tmp_path / "x" / "notes.txt", ONE)
    write(tmp_path / "y" / "b.md", TWO)
    assert texts(read_notes([tmp_path / "y", other, tmp_path / "y" / "b.md", other])) == ["b", "a"]


def test_equal_questions_of_two_files_get_two_ids_and_a_problem(tmp_path: Path):
    first = write(tmp_path / "a.md", ONE)
    second = write(tmp_path / "b.md", "\n" + ONE)
    bank = read_notes([first, second])
    ids = [question.id for question in bank.questions]
    assert ids == [ids[0], f"{ids[0]}-2"]
    assert [str(problem) for problem in bank.problems] == [
        f"{second}:3: the same question or id stands in {first}:2; this one is kept under the id {ids[1]}"
    ]
    assert bank.find(ids[1]).file == str(second)


def test_an_id_that_somebody_wrote_is_never_given_to_another():
    def bank(file: str, *ids: str) -> QuestionBank:
        return read_markdown("".join(f"#### {file} {i} {{#{i}}}\nx\n" for i in ids).encode(), file)

    merged = bank("one", "k").merged(bank("two", "k", "k-2"))
    assert [question.id for question in merged.questions] == ["k", "k-3", "k-2"]
    assert merged.files == ("one", "two")


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b"\xff\xfe#"])
def test_a_bad_file_is_refused_by_name_and_skipped_in_a_folder(tmp_path: Path, content: bytes):
    bad = write(tmp_path / "bad.md", content)
    write(tmp_path / "good.md", ONE)
    with pytest.raises(ContentError, match=re.escape(str(bad))):
        read_notes([bad])
    bank = read_notes([tmp_path])
    assert texts(bank) == ["a"]
    assert [(problem.file, problem.line) for problem in bank.problems] == [(str(bad), 1)]
    assert not bank.problems[0].what[0].isdigit()  # the line is told once


def test_paths_that_cannot_be_read(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    for path, words in [
        (tmp_path / "gone.md", "does not exist"),
        (tmp_path / "pipe", "neither a file nor a folder"),
        (tmp_path / ("x" * 300), "cannot be reached"),
        (Path("~nobody-with-this-name/notes.md"), "cannot be reached"),
        (tmp_path / "zero\0byte", "does not exist"),
    ]:
        with pytest.raises(ContentError, match=words) as caught:
            read_notes([path])
        assert str(path) in str(caught.value)


def test_a_read_that_fails_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = write(tmp_path / "a.md", ONE)

    def refuse(opened: Path, flags: int) -> int:
        raise PermissionError(13, "Permission denied", str(opened))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(ContentError, match=r"a\.md.*Permission denied.*permissions"):
        read_notes([path])


def test_a_pipe_a_device_and_links_in_circles_are_passed_over(tmp_path: Path):
    write(tmp_path / "a.md", ONE)
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "zero.md").symlink_to("/dev/zero")
    (tmp_path / "circle.md").symlink_to(tmp_path / "circle.md")
    (tmp_path / "deep").symlink_to(tmp_path)
    assert texts(read_notes([tmp_path])) == ["a"]


@pytest.mark.parametrize("folder", ["/", "/usr/share"])
def test_a_folder_of_the_system_is_refused_before_it_is_all_listed(folder: str):
    listed: list[int] = []
    monotonic = iter(range(100_000))
    with pytest.raises(ContentError, match=r"has more than|cannot be read"):
        list_notes(Path(folder), Deadline(lambda: listed.append(1) or next(monotonic) / 100_000))
    assert len(listed) <= 10_001  # one look at the clock a folder


def test_a_folder_with_too_much_is_refused_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for number in range(6):
        write(tmp_path / f"{number}.md", ONE)
    for limit, value, words in [
        ("folder.FILES_LIMIT", 5, "more than 5 Markdown files"),
        ("folder.ENTRIES_LIMIT", 5, "more than 5 entries"),
        ("library.TOTAL_LIMIT", 5 * len(ONE), "have more than 0 MB"),
        ("folder.SECONDS_LIMIT", -1, "takes longer than"),
    ]:
        with monkeypatch.context() as patch:
            patch.setattr(f"interview.notes.{limit}", value)
            with pytest.raises(ContentError, match=words):
                read_notes([tmp_path])
    assert len(read_notes([tmp_path]).files) == 6
    large = write(tmp_path / "large.md", ONE + "x" * 10_000_000)
    with pytest.raises(ContentError, match=r"large\.md: is larger than 10 MB"):
        read_notes([large])


def test_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path / "a.md", ONE)
    assert texts(read_notes([Path("~/a.md")])) == ["a"]


def test_nothing_to_ask_names_files_and_problems(tmp_path: Path):
    plain = write(tmp_path / "a.md", "# Title\n\ntext\n")
    empty = write(tmp_path / "b.md", "")
    with pytest.raises(ContentError) as caught:
        read_notes([tmp_path]).require_questions()
    for words in (str(plain), str(empty), "is empty", "#### 1. Question"):
        assert words in str(caught.value)
    (tmp_path / "none").mkdir()
    with pytest.raises(ContentError, match=r"none:1: no Markdown file"):
        read_notes([tmp_path / "none"]).require_questions()
    bank = read_markdown(ONE.encode(), "n.md")
    assert bank.require_questions() is bank


def test_an_unknown_question():
    with pytest.raises(NotFound, match="'nope'"):
        read_markdown(ONE.encode(), "n.md").find("nope")


def test_the_digest_follows_the_content_not_the_place():
    bank = read_markdown(ONE.encode(), "n.md")
    assert read_markdown(b"\n\n" + ONE.replace("1.", "7.").encode(), "other.md").digest == bank.digest
    for old, new in [("answer", "Answer"), ("a\n", "b\n"), ("## S", "## T"), ("answer\n", "answer\n##### Hints\nx\n")]:
        assert read_markdown(ONE.replace(old, new).encode(), "n.md").digest != bank.digest


@pytest.mark.shared
def test_the_users_notes(shared: Path):
    file = shared / "notes" / "nlp-interview-notes.md"
    bank = read_notes([file])
    assert [section.count for section in bank.sections] == [18, 5, 4, 7, 4, 3, 6]
    assert [section.without_reference for section in bank.sections] == [6, 3, 1, 3, 1, 2, 0]
    assert len(bank.questions) == 47
    raw = file.read_bytes()
    lines = raw.split(b"\n")
    for question in bank.questions:
        assert lines[question.line - 1].decode().startswith(f"#### {question.number}. {question.text}")
        assert question.reference.encode() in raw
        assert "\n#### " not in question.reference
        assert "\n## " not in question.reference
    # Nothing but headings and blank lines is left when every reference is taken out.
    rest = raw.decode()
    for question in bank.questions:
        rest = rest.replace(question.reference, "", 1)
    assert all(not line.strip() or line.startswith(("## ", "#### ")) for line in rest.split("\n"))
    found = [problem.what.partition(":")[0] for problem in bank.problems]
    assert sorted(found) == ["an empty answer"] * 16 + ["the image '1.png' does not exist"]


def test_the_bank_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert built_in("zh").questions
