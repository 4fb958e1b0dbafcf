"""What `notes check` tells the author of a file."""

from pathlib import Path

import pytest

from interview.notes.library import read_notes
from interview.notes.markdown import read_markdown
from tests.made_up import PNG

OK = "## S\n#### 1. a\nanswer\n"


def told(text: str, folder: Path | None = None) -> list[tuple[int, str]]:
    return [(problem.line, problem.what) for problem in read_markdown(text.encode(), "n.md", folder).problems]


PROBLEMS = {
    "nothing wrong": (OK, []),
    "the same number": (OK + "#### 1. b\nc\n", [(4, "number 1 is used twice (first on line 2)")]),
    "a gap": (OK + "#### 3. b\nc\n", [(4, "a gap in the numbering: 2 is missing before 3")]),
    "a wide gap": (OK + "#### 9. b\nc\n", [(4, "a gap in the numbering: 2 to 8 is missing before 9")]),
    "starts late": ("## S\n#### 2. b\nc\n", [(2, "a gap in the numbering: 1 is missing before 2")]),
    "starts at 0": ("## S\n#### 0. b\nc\n#### 1. d\ne\n", []),
    "numbers start again in a new section": (OK + "## T\n#### 1. b\nc\n", []),
    "numbers go on in a new section": (OK + "## R\n#### x\ny\n## T\n#### 2. d\ne\n#### 3. f\ng\n", []),
    "a gap where they go on": (
        OK + "## T\n#### 2. b\nc\n#### 4. d\ne\n",
        [(7, "a gap in the numbering: 3 is missing before 4")],
    ),
    "numbers neither begin nor go on": (
        OK + "## T\n#### 3. b\nc\n",
        [(5, "a gap in the numbering: 1 to 2 is missing before 3")],
    ),
    "unnumbered between": (OK + "#### b\nc\n#### 2. d\ne\n", []),
    "out of order": (
        "## S\n#### 2. a\nx\n#### 1. b\nx\n#### 3. c\nx\n",
        [(4, "number 1 comes after 2: out of order")],
    ),
    "the same question": (OK + "#### 2.  A\nc\n", [(4, "the same question stands on line 2")]),
    "the same id": (
        "## S\n#### a {#x}\nb\n#### c {#x}\nd\n",
        [(4, "the id 'x' is used twice; this question is kept under 'x-2'")],
    ),
    "the same section": (
        OK + "## T\n#### 1. b\nc\n## S\n#### 1. d\ne\n",
        [(7, "the section 'S' appears again (first on line 1); both are read as one")],
    ),
    "numbers start again in the same section": (
        OK + "## S\n#### 1. d\ne\n",
        [(4, "the section 'S' appears again (first on line 1); both are read as one")],
    ),
    "in the order of the lines": (
        "## S\n#### 1. a\n####\n#### 2. b {x=1}\nc\n",
        [(2, "an empty answer"), (3, "an empty heading"), (4, "unknown attribute 'x=1'")],
    ),
    "an empty answer": ("## S\n#### 1. a\n\n##### 提示\n- b\n", [(2, "an empty answer")]),
    "an empty heading": (OK + "####\n", [(4, "an empty heading")]),
    "a number without a question": (OK + "#### 2.\n", [(4, "the heading '2.' has no question in it")]),
    "an open fence": (OK + "```\n#### 2. b\n", [(4, "a code fence that is never closed")]),
    "an open fence at the very end": (OK + "~~~", [(4, "a code fence that is never closed")]),
    "an open fence, text without line end": (OK + "```\nx", [(4, "a code fence that is never closed")]),
    "closed by the wrong fence": (OK + "````\nx\n```\n", [(4, "a code fence that is never closed")]),
    "an open fence in a quote": (OK + "> ```\n> x\n\nb\n", [(4, "a code fence that is never closed")]),
    "closed fences": (OK + "```\n```\n\n~~~\nx\n\n\n~~~\n\n- ```\n  x\n  ```", []),
    "an open comment": (OK + "<!-- x\n#### 2. b\n", [(4, "a comment that is never closed")]),
    "a closed comment": (OK + "<!-- x\n-->\n", []),
    "a heading in a formula": (
        OK + "$$\n#### 2. b\n$$\n#### 3. c\nd $$x$$\n#### 4. e\nf\n",
        [(5, "a heading inside a formula ($$ opened on line 3)")],
    ),
    "a stray $$ is told once": (OK + "$$\n#### 2. b\nx\n#### 3. c\nx\n", [(5, "a heading inside a formula")]),
    "$$ in code": (OK + "The shell's `$$` is a number.\n#### 2. b\nx\n", []),
    "a level between": (OK + "### Group\nlost\n#### 2. b\nc\n", [(4, "the heading 'Group' (level 3) is neither")]),
    "below no question": ("## S\n##### x\n#### 1. a\nb\n", [(2, "the heading 'x' stands below no question")]),
    "after the end of the answer": (
        OK + "##### Hints\n- x\n##### More\nlost\n",
        [(6, "the heading 'More' stands after the end of the answer")],
    ),
    "a list on the question's level": (
        OK + "#### 要点\n- x\n",
        [(4, "'要点' is read as a question; to be a list of the question above it needs one more #")],
    ),
    "no list": (OK + "##### 要点\n\n##### Hints\n- x\n", [(4, "there is no list below this heading")]),
    "a weight of 0": (OK + "##### 要点\n- x (0)\n", [(5, "a weight of 0 would count for nothing")]),
    "nothing to ask": ("# T\n\ntext\n", [(1, "no question was found in this file. A question is a line '#### 1.")]),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_problems(case: str):
    text, expected = PROBLEMS[case]
    found = told(text)
    assert [line for line, _ in found] == [line for line, _ in expected], found
    for (_, what), (_, words) in zip(found, expected, strict=True):
        assert what.startswith(words)


@pytest.mark.parametrize(
    ("image", "there"),
    [
        ("![x](there.png)", True),
        ("![x](<a b.png> 'title')", True),
        ("![x](a%20b.png)", True),
        ("![x](sub/../there.png?raw=1#f)", True),
        ("![x](gone.png)", False),
        ("text ![x](gone.png) text", False),
        ("![x](.)", False),
        ("![x](http://[)", True),
        (f"![x]({'long' * 200}.png)", False),
        ("![x](https://example.org/a.png)", True),
        ("![x](//example.org/a.png)", True),
        ("![x](data:image/png;base64,AAAA)", True),
        ("`![x](gone.png)`", True),
        ("```\n![x](gone.png)\n```", True),
        ("[x](gone.png)", True),
    ],
)
def test_images(tmp_path: Path, image: str, there: bool):
    for name in ("there.png", "a b.png"):
        (tmp_path / name).write_bytes(PNG)
    (tmp_path / "sub").mkdir()
    found = told(f"{OK}\n{image}\n", tmp_path)
    assert [(line, what.endswith("does not exist")) for line, what in found] == ([] if there else [(5, True)])


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("a.svg", "the image 'a.svg' is not shown: it is no PNG, JPEG, GIF or WebP"),
        ("../图.png", "the image '../图.png' is not shown: it is outside the folder of the notes"),
        ("large.png", "the image 'large.png' is not shown: it is larger than 5 MB"),
    ],
)
def test_an_image_that_will_not_be_shown_is_told(tmp_path: Path, source: str, why: str):
    (tmp_path / "图.png").write_bytes(PNG)
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.svg").write_text("<svg/>")
    (folder / "large.png").write_bytes(PNG + bytes(5_000_000))
    assert told(f"{OK}![x]({source})\n", folder) == [(3, why)]


def test_a_problem_is_one_line_with_file_and_line(tmp_path: Path):
    file = tmp_path / "notes.md"
    file.write_text("## S\n#### 1. a\n", encoding="utf-8")
    assert [str(problem) for problem in read_notes([file]).problems] == [
        f"{file}:2: an empty answer: without one only a model can grade this question, provisionally"
    ]
