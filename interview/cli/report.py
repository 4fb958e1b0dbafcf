"""`sessions report`: what one session comes to, as the screen shows it at the end."""

from collections.abc import Iterator
from contextlib import closing

from interview.cli.options import AsJson, DataDir, SessionId
from interview.cli.output import counted, say, say_json
from interview.cli.rubrics import usable_rubrics
from interview.grading.scoring import SCALE
from interview.models import Session
from interview.models.reports import ENOUGH, SessionReport, StudyItem
from interview.report import report
from interview.service.rubric_history import RubricHistory
from interview.settings import read_settings
from interview.store.store import Store


def report_session(session_id: SessionId, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show what one session comes to: sections, time, points, and what to study next."""
    settings = read_settings(data_dir=data_dir)
    with closing(Store.open(settings.data_dir, read_only=True)) as store:
        session = store.session(session_id)
        whole = report(session, RubricHistory(store, usable_rubrics(settings)).of)
    if as_json:
        say_json({"session": session.id, "title": session.title} | whole.model_dump(mode="json"))
        return
    for line in _lines(session, whole):
        say(line)


def _lines(session: Session, whole: SessionReport) -> Iterator[str]:
    yield f"{session.title}  {session.created_at:%Y-%m-%d %H:%M}"
    yield (
        f"{whole.answered} of {counted(whole.count, 'question')} answered: {whole.judged} judged, "
        f"{whole.own} graded by yourself, {whole.estimated} estimated, {whole.ungraded} not graded, "
        f"{whole.pending} being graded; {whole.skipped} skipped"
    )
    yield f"mean {_mean(whole.mean, whole.judged)}"
    if whole.answering_seconds is not None:
        yield f"time answering {_minutes(whole.answering_seconds)}, in all {_minutes(whole.elapsed_seconds)}"
    for section in whole.sections:
        if section.answered:
            yield f"  {section.name}: {_mean(section.mean, section.judged)}"
    if whole.study:
        yield "study next:"
        yield from (f"  {item.position + 1}. {item.question} ({_why(item)})" for item in whole.study)


def _mean(mean: float | None, n: int) -> str:
    if mean is None or n < ENOUGH:
        return f"too few answers to say (n = {n})"
    return f"{mean:.1f} of {SCALE} (n = {n})"


def _minutes(seconds: float | None) -> str:
    return "unknown" if seconds is None else f"{seconds / 60:.1f} min"


def _why(item: StudyItem) -> str:
    if item.why in ("skipped", "revealed"):
        return {"skipped": "skipped", "revealed": "answered after seeing the answer"}[item.why]
    words = f"{counted(item.points, 'point')} {item.why}"
    return f"coverage estimate: {words}" if item.estimated else words
