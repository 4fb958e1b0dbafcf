"""`audit`: which statements of references a model disputes; `key-points`: what answers are compared with."""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from interview.cli.options import AsJson, DataDir, Lang, LangOption, NotesPaths, PromptsDir, WithBank
from interview.cli.output import complain, counted, say, say_json
from interview.errors import ContentError
from interview.grading.written_points import write_points
from interview.models import Checklist, Dispute, Question
from interview.settings import read_settings
from interview.wiring import Viva, build

Questions = Annotated[
    list[str] | None,
    typer.Argument(metavar="[QUESTION]...", help="Ids, as `notes list` shows them; none: all.", show_default=False),
]
GraderName = Annotated[str | None, typer.Option(metavar="NAME", help="Whose model is asked; else that of the default.")]
T = TypeVar("T")


def audit(
    questions: Questions = None,
    grader: GraderName = None,
    notes: NotesPaths = None,
    with_bank: WithBank = None,
    as_json: AsJson = False,
    lang: LangOption = None,
    data_dir: DataDir = None,
    prompts: PromptsDir = None,
) -> None:
    """Check reference answers: a model answers without seeing them, compares, and votes.

    What is disputed waits for you in the Questions tab. An audit that is stopped keeps what it has found.
    """
    with _opened(notes, data_dir, prompts, lang, with_bank=with_bank) as viva:
        name = grader or viva.shelf.default
        chosen = [question for question in _chosen(viva, questions) if question.has_reference]
        if not chosen:
            raise ContentError("There is no reference answer to check.")
        found = _each(viva, chosen, lambda question: viva.disputes.audit(question, name))
    if as_json:
        say_json([dispute.model_dump(mode="json") for _, disputes in found for dispute in disputes])
        return
    for question, disputes in found:
        for dispute in disputes:
            _say_dispute(question, dispute)
    disputed = sum(bool(disputes) for _, disputes in found)
    say(f"{counted(len(found), 'reference')} checked, {disputed} with something disputed.")


def key_points(
    questions: Questions = None,
    extract: Annotated[bool, typer.Option("--extract", help="Let a model look where the notes give none.")] = False,
    grader: GraderName = None,
    notes: NotesPaths = None,
    with_bank: WithBank = None,
    as_json: AsJson = False,
    lang: LangOption = None,
    data_dir: DataDir = None,
    prompts: PromptsDir = None,
) -> None:
    """Show the key points that answers are compared with, and where they come from."""
    with _opened(notes, data_dir, prompts, lang, with_bank=with_bank) as viva:
        name = grader or viva.shelf.default

        async def points_of(question: Question) -> Checklist:
            present = viva.checklists.in_force(question)
            if extract and not question.key_points and not present.locked:
                return await viva.checklists.look(question, name)
            return present

        found = _each(viva, _chosen(viva, questions), points_of, quiet=not extract)
    if as_json:
        say_json([checklist.model_dump(mode="json") for _, checklist in found])
        return
    for question, checklist in found:
        say(f"{question.id}  {question.text}")
        say(f"  {checklist.ref}{' locked' if checklist.locked else ''}")
        for line in write_points(checklist.points).splitlines():
            say(f"  {line}")


@contextmanager
def _opened(
    notes: Sequence[Path] | None,
    data_dir: Path | None,
    prompts: Path | None,
    lang: Lang | None,
    *,
    with_bank: bool | None,
) -> Generator[Viva]:
    given = tuple(notes) if notes else None
    viva = build(read_settings(notes=given, with_bank=with_bank, data_dir=data_dir, prompts=prompts, lang=lang))
    try:
        yield viva
    finally:
        viva.store.close()


def _chosen(viva: Viva, ids: Sequence[str] | None) -> list[Question]:
    bank = viva.interviewer.bank(viva.settings.lang)
    return [bank.find(question_id) for question_id in ids] if ids else list(bank.questions)


def _each(
    viva: Viva, questions: Sequence[Question], act: Callable[[Question], Awaitable[T]], *, quiet: bool = False
) -> list[tuple[Question, T]]:
    """Do something with each question in turn, telling how far it is."""

    async def run() -> list[tuple[Question, T]]:
        found: list[tuple[Question, T]] = []
        try:
            for number, question in enumerate(questions, 1):
                if not quiet:
                    complain(f"{number}/{len(questions)}  {question.id}")
                found.append((question, await act(question)))
        finally:
            await viva.shelf.close()
        return found

    return asyncio.run(run())


def _say_dispute(question: Question, dispute: Dispute) -> None:
    say(f"{question.file}:{question.line}: {question.id}: “{dispute.quote}”")
    say(f"  {dispute.source}, {dispute.votes} of {dispute.of}, {dispute.state}")
    for text in (dispute.correction, dispute.reason):
        if text:
            say(f"  {text}")
