"""`notes list` and `notes check`: what Viva reads in Markdown notes, and what looks wrong in them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from interview.cli.options import AsJson
from interview.cli.output import complain, counted, say, say_json
from interview.errors import ContentError
from interview.models import Question
from interview.notes.bank import QuestionBank
from interview.notes.library import read_notes
from interview.rubrics import load_rubrics
from interview.settings import read_settings

NOTHING_TO_ASK = 1
_FIELDS = (
    *("id", "section", "number", "text", "line", "reference", "has_reference"),
    *("key_points", "pitfalls", "follow_ups", "hints", "sources", "difficulty", "tags", "rubric"),
)

app = typer.Typer(help="What Viva reads in Markdown notes.", no_args_is_help=True, rich_markup_mode=None)
Paths = Annotated[list[Path], typer.Argument(metavar="PATH...", help="Markdown files or folders.")]


@app.command("list")
def list_questions(paths: Paths, as_json: AsJson = False) -> None:
    """List every question with its id."""
    bank = read_notes(paths)
    if as_json:
        say_json([_row(question) for question in bank.questions])
        return
    for question in bank.questions:
        missing = "" if question.has_reference else "  (no reference answer)"
        say(f"{question.id}  {question.section}: {question.text}{missing}")


@app.command()
def check(paths: Paths) -> None:
    """Print problems as `file:line: what`, and a count per section. Exits with 1 only when nothing can be asked."""
    known = load_rubrics(read_settings().rubrics)
    try:
        bank = read_notes(paths).checked_for_rubrics(known)
    except ContentError as error:
        if not all(path.exists() for path in paths):
            raise
        complain(str(error))
        raise typer.Exit(NOTHING_TO_ASK) from error
    for problem in bank.problems:
        say(str(problem))
    _say_sections(bank)
    try:
        bank.require_questions()
    except ContentError as error:
        complain(str(error))
        raise typer.Exit(NOTHING_TO_ASK) from error


def _say_sections(bank: QuestionBank) -> None:
    for section in bank.sections:
        say(f"{section.name}: {_told(section.count, section.without_reference)}")
    bare = sum(section.without_reference for section in bank.sections)
    sections, problems = counted(len(bank.sections), "section"), counted(len(bank.problems), "problem")
    say(f"In all: {_told(len(bank.questions), bare)}, {sections}, {problems}")


def _told(count: int, bare: int) -> str:
    return f"{counted(count, 'question')}, {bare} without a reference answer"


def _row(question: Question) -> dict[str, Any]:
    fields = {**question.model_dump(mode="json"), "has_reference": question.has_reference}
    return {name: fields[name] for name in _FIELDS}
