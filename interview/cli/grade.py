"""`grade`: one answer, graded once; nothing but its cost is stored."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from interview.cli.counting import counting
from interview.cli.options import AsJson, DataDir, LangOption, Mode, PromptsDir, RubricsDir
from interview.cli.output import complain, decoded, say, say_json, say_left_out
from interview.errors import AnswerRefused, ContentError
from interview.grading.grader import GradingRequest
from interview.grading.modes import in_mode
from interview.grading.run import run
from interview.grading.shelf import GraderShelf
from interview.models import FailedAttempt, Graded, Question, Ungraded
from interview.rubrics import DEFAULT_RUBRIC, Rubric, find_rubric
from interview.service.interviewer import accepted
from interview.settings import read_settings
from interview.text import clean
from interview.wiring import build_bench

_LABELS = {
    "judgement": "judged by a model, quotes checked by code",
    "coverage_estimate": "coverage estimate, not a judgement of correctness",
}


def grade(
    question: Annotated[str, typer.Option("--question", metavar="TEXT", help="The question.")],
    answer_file: Annotated[Path, typer.Option("--answer-file", metavar="F", help="The answer, UTF-8.")],
    reference_file: Annotated[
        Path | None, typer.Option("--reference-file", metavar="F", help="The reference answer, UTF-8.")
    ] = None,
    grader: Annotated[str | None, typer.Option(metavar="NAME", help="Else what is used at start.")] = None,
    mode: Mode = None,
    rubric: Annotated[str, typer.Option(metavar="NAME", help="Name of a rubric.")] = DEFAULT_RUBRIC,
    as_json: AsJson = False,
    lang: LangOption = None,
    data_dir: DataDir = None,
    rubrics: RubricsDir = None,
    prompts: PromptsDir = None,
) -> None:
    """Grade one answer. Exits with 0 also when there is no grade; the reason is told."""
    settings = read_settings(lang=lang, data_dir=data_dir, rubrics=rubrics, prompts=prompts)
    bench = build_bench(settings)
    say_left_out(bench.shelf.problems)
    request = GradingRequest(
        question=_question(question, reference_file),
        answer=_answer(answer_file),
        rubric=find_rubric(bench.rubrics, rubric),
        lang=settings.lang,
    )
    name = in_mode(grader, mode, bench.shelf.default)
    with nullcontext() if bench.shelf.endpoint_of(name) is None else counting(bench, settings):
        outcome = asyncio.run(_outcome(bench.shelf, name, request))
    if isinstance(outcome, Ungraded) and outcome.detail:
        complain(outcome.detail)
    if as_json:
        say_json(_row(outcome, request.rubric) | _made(outcome, request.log.failed))
    else:
        _say_grade(outcome)


def _question(text: str, reference_file: Path | None) -> Question:
    text = clean(text).strip()
    if not text:
        raise ContentError("--question: expected the text of a question")
    reference = "" if reference_file is None else _read(reference_file)
    name = "" if reference_file is None else reference_file.name
    return Question(id="question", section="", number=None, text=text, file=name, line=1, reference=reference)


def _answer(path: Path) -> str:
    try:
        return accepted(_read(path))
    except AnswerRefused as refusal:
        raise AnswerRefused(f"{path}: {refusal}") from refusal


def _read(path: Path) -> str:
    try:
        return decoded(path.read_bytes(), str(path))
    except OSError as fault:
        raise ContentError(f"{path}: cannot be read: {fault.strerror}") from fault


async def _outcome(shelf: GraderShelf, name: str, request: GradingRequest) -> Graded | Ungraded:
    try:
        return await run(shelf.get(name), request)
    finally:
        await shelf.close()


def _row(outcome: Graded | Ungraded, rubric: Rubric) -> dict[str, Any]:
    graded = outcome if isinstance(outcome, Graded) else None
    points = graded.key_points if graded else ()
    return {
        "status": outcome.status,
        "score": graded.score if graded else None,
        "max_score": graded.max_score if graded else rubric.max_score,
        "band": graded.band if graded else None,
        "grader": outcome.provenance.grader,
        "label": graded.label if graded else None,
        "reason": None if isinstance(outcome, Graded) else outcome.reason,
        "key_points": [
            point.model_dump(mode="json", include={"id", "text", "verdict", "verified", "evidence"}) for point in points
        ],
        "criteria": [
            criterion.model_dump(mode="json", include={"id", "level", "evidence"})
            for criterion in (graded.criteria if graded else ())
        ],
        "flags": list(outcome.flags),
        "feedback": graded.feedback if graded else "",
        **(_votes(graded) if graded and graded.ballots else {}),
    }


def _made(outcome: Graded | Ungraded, failed: Sequence[FailedAttempt]) -> dict[str, Any]:
    """What served the last call, what it sent, and the calls that failed before."""
    numbered = [one.model_copy(update={"number": number}) for number, one in enumerate(failed, 1)]
    return {
        "fingerprint": outcome.provenance.fingerprint,
        "parameters": {name: json.loads(value) for name, value in outcome.provenance.parameters},
        "failed": [one.model_dump(mode="json") for one in numbered],
    }


def _votes(graded: Graded) -> dict[str, Any]:
    """What is told beside the grade where several voted."""
    return {
        "agreement": graded.agreement,
        "median_score": graded.median_score,
        "ballots": [ballot.model_dump(mode="json") for ballot in graded.ballots],
        "votes": {point.id: {vote.by: vote.verdict for vote in point.votes} for point in graded.key_points},
    }


def _say_grade(outcome: Graded | Ungraded) -> None:
    if isinstance(outcome, Ungraded):
        say(f"Not graded: {outcome.reason} ({outcome.provenance.grader})")
        return
    say(f"{outcome.score:.1f} / {outcome.max_score:g}  {outcome.band}  {_LABELS[outcome.label]}")
    say(f"by {outcome.provenance.grader}: {outcome.sum}")
    if outcome.agreement is not None:
        votes = ", ".join(f"{one.by} {one.failure or one.score}" for one in outcome.ballots)
        say(f"votes: {votes}; median {outcome.median_score}, agreement {100 * outcome.agreement:.0f} %")
    for point in outcome.key_points:
        quotes = "".join(f" “{found.quote}”" for found in point.evidence)
        say(f"  {point.verdict}  {point.id} {point.text}{quotes}")
    for criterion in outcome.criteria:
        say(f"  {criterion.id}: {criterion.level}")
    if outcome.flags:
        say(f"flags: {', '.join(outcome.flags)}")
    if outcome.feedback:
        say(outcome.feedback)
