"""A mock interview that still runs tells nothing of its grades, wherever one looks; after its end all is there."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from interview.models import ArchiveFilter, PointGrade, Session, SessionPlan
from interview.settings import read_settings
from interview.ui.comparing import ComparingPanel
from interview.ui.downloads import SUFFIXES, add_downloads, download_link, everything_link
from interview.ui.frame import Frame
from interview.ui.page import Page
from interview.ui.questions import QuestionsTab
from interview.ui.strings import t
from interview.ui.transcripts import TranscriptsTab
from interview.ui.views import session_rows
from interview.ui.views.found import hit_rows
from interview.wiring import Viva, build
from tests.made_up import RUBRIC, graded, make_question

pytestmark = pytest.mark.filterwarnings("default")
PAGE = Page(lang="en", grader="coverage")
MISSED = PointGrade(
    id="k1", text="names its holder", weight=1, kind="required", verdict="missing", verified=True, reason="no holder"
)
GRADE = graded(9.1, band="strong", feedback="You forgot the zebra.", key_points=(MISSED,))
# A score, a band, a word of the feedback, a missing point, the reference: none of it stands anywhere before the end.
TOLD = ("9.1", "strong", "zebra", "names its holder", "An flock dies with it.")


@pytest.fixture
def viva(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Viva]:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "VIVA_MODEL"):
        monkeypatch.setenv(name, "")
    notes = tmp_path / "notes.md"
    notes.write_text("## S\n\n#### 1. What is a lock?\n\nAn flock dies with it.\n", encoding="utf-8")
    with closing((built := build(read_settings(data_dir=tmp_path / "data", notes=(notes,), lang="en"))).store):
        yield built


@pytest.fixture
def mock(viva: Viva) -> Session:
    (asked,) = viva.interviewer.bank("en").questions
    plan = SessionPlan(lang="en", mode="mock")
    session = viva.store.create_session("A lock", plan, [asked, make_question(2)])
    viva.store.submit(session.turns[0].id, "the lock is atomic", "g", "default")
    (claim,) = viva.store.claim("me", 9, timedelta(seconds=60))
    assert viva.store.finish_grading(claim, GRADE)
    return viva.store.session(session.id)


ISO_TIME = re.compile(r"\d\d:\d\d:\d\d\.\d+|second=\d+|microsecond=\d+")
Draw = Callable[[], dict[str, str]]


@pytest.fixture
def draw(viva: Viva, mock: Session) -> Draw:
    """Everything that the tabs show of the session, as text; what is hidden is left out."""

    async def built() -> tuple[TranscriptsTab, QuestionsTab]:
        with gr.Blocks():
            return TranscriptsTab(viva, Frame(viva.interviewer, viva.waiting, PAGE)), QuestionsTab(viva, PAGE)

    room, questions = asyncio.run(built())

    def seen(updates: dict[Any, Any]) -> str:
        hidden = [block for block, update in updates.items() if _is_hidden(update)]
        return repr([update for block, update in updates.items() if not _within(block, hidden)])

    def shown() -> dict[str, str]:
        opened = mock.questions[0].id
        turn = viva.store.session(mock.id).turns[0].id
        return {
            "list": repr(session_rows(viva.archive.sessions(), RUBRIC, "en", choosable=True)),
            "hits": repr(hit_rows(viva.archive.find(ArchiveFilter(words="atomic")), "atomic", "en")),
            "room": seen({**room.show_room(PAGE, mock.id, turn), **room._refresh(PAGE, mock.id, turn, "")}),
            "history": repr(questions.arrive(PAGE, opened=opened)[questions.card.history]),
            "chips": repr(questions.arrive(PAGE, opened=opened)[questions.card.about]),
            "points": repr(questions.arrive(PAGE, opened=opened)[questions.card.points]),
            "rows": repr(questions.arrive(PAGE, opened=opened)[questions.rows]),
            "progress": repr(viva.progress.read(UTC)),
        }

    return shown


def _is_hidden(update: object) -> bool:
    return isinstance(update, dict) and not update.get("visible", True)


def _within(block: Any, columns: list[Any]) -> bool:
    return block in columns or (block.parent is not None and _within(block.parent, columns))


def test_nothing_is_told_before_the_end(draw: Draw):
    for place, text in draw().items():
        secret = TOLD[:-1] if place == "points" else TOLD  # those of the notes, which anybody may read
        timeless = ISO_TIME.sub("", text)  # seconds may read like the score
        assert not [word for word in secret if word in timeless], place
    assert "answered" in draw()["list"]
    for place in ("list", "hits", "history", "room"):
        assert t("untold.short", "en") in draw()[place]
    assert t("untold.room", "en") in draw()["room"]
    assert "silent=1" in draw()["progress"]


def test_no_comparison_of_graders_is_offered_for_it_before_the_end(viva: Viva, mock: Session):
    async def built() -> ComparingPanel:
        with gr.Blocks():
            return ComparingPanel(viva.comparing, viva.interviewer, PAGE)

    panel = asyncio.run(built())
    offered = panel.arrive(PAGE, [mock.id], ["coverage"])
    assert (offered[panel.sessions]["choices"], offered[panel.sessions]["value"]) == ([], [])
    viva.interviewer.finish(mock.id)
    assert [name for _, name in panel.arrive(PAGE)[panel.sessions]["choices"]] == [mock.id]


def test_the_room_names_a_notes_file_that_is_gone(viva: Viva, mock: Session, draw: Draw):
    file = Path(mock.questions[0].file)
    assert "is not there any more" not in draw()["room"]
    file.unlink()
    assert f"The notes file {file} is not there any more" in draw()["room"]


def test_neither_a_band_nor_a_word_of_the_feedback_finds_it(viva: Viva, mock: Session):
    for wanted in (ArchiveFilter(mark="strong"), ArchiveFilter(words="zebra")):
        assert viva.archive.find(wanted) == ()
    viva.interviewer.finish(mock.id)
    for wanted in (ArchiveFilter(mark="strong"), ArchiveFilter(words="zebra")):
        assert [hit.session_id for hit in viva.archive.find(wanted)] == [mock.id]


def test_after_the_end_everything_is_there(viva: Viva, mock: Session, draw: Draw):
    viva.interviewer.finish(mock.id)
    told = draw()
    assert [word for word in TOLD if word not in told["room"]] == []
    for place, word in (("list", "strong"), ("hits", "9.1"), ("history", "9.1")):
        assert word in told[place], place
    assert not [place for place, text in told.items() if t("untold.short", "en") in text]
    assert "judged=1" in told["progress"]


def test_a_file_of_it_is_made_only_at_the_end(viva: Viva, mock: Session):
    app = FastAPI()
    add_downloads(app, viva.archive, viva.archive_jobs)
    with TestClient(app) as client:
        for suffix in SUFFIXES:
            refused = client.get(download_link(mock.id, suffix))
            assert refused.status_code == 409
            assert not [word for word in TOLD if word in refused.text]
        viva.interviewer.finish(mock.id)
        assert all(client.get(download_link(mock.id, suffix)).status_code == 200 for suffix in SUFFIXES)


def test_an_archive_of_everything_is_made_only_at_the_end(viva: Viva, mock: Session):
    app = FastAPI()
    add_downloads(app, viva.archive, viva.archive_jobs)

    async def built() -> str:
        async with viva.jobs.running():
            job = viva.archive_jobs.start_export()
            for _ in range(6000):
                if viva.jobs.find(job.id).over:
                    break
                await asyncio.sleep(0.01)
        return job.id

    link = everything_link(asyncio.run(built()))
    with TestClient(app) as client:
        assert client.get(everything_link("0" * 32)).status_code == 404
        refused = client.get(link)
        assert refused.status_code == 409
        assert not [word for word in TOLD if word in refused.text]
        viva.interviewer.finish(mock.id)
        assert client.get(link).content.startswith(b"PK")
