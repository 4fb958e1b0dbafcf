"""The Questions tab without a browser: what its events draw, and what they leave alone."""

from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest

from interview.errors import NotFound
from interview.settings import read_settings
from interview.ui.page import Page
from interview.ui.questions import QuestionsTab
from interview.wiring import Viva, build
from tests.test_questions_tab import NOTES
from tests.test_ui_app import gradios_event_loops

__all__ = ["gradios_event_loops"]
pytestmark = pytest.mark.filterwarnings("default")  # as in test_ui_app.py
PAGE = Page(lang="en", grader="coverage")


@pytest.fixture
def viva(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Viva]:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "VIVA_MODEL"):
        monkeypatch.setenv(name, "")
    (tmp_path / "notes.md").write_text(NOTES, encoding="utf-8")
    (tmp_path / "backends.toml").touch()
    built = build(read_settings(data_dir=tmp_path, notes=(tmp_path / "notes.md",), lang="en"))
    yield built
    built.store.close()


@pytest.fixture
def tab(viva: Viva) -> QuestionsTab:
    with gr.Blocks(analytics_enabled=False):
        return QuestionsTab(viva, PAGE)


def test_a_question_that_the_notes_do_not_have_any_more_is_closed(tab: QuestionsTab, viva: Viva):
    first = viva.interviewer.bank("en").questions[0].id
    assert tab.arrive(PAGE, "", "", first)[tab.opened] == first
    assert tab.arrive(PAGE, "", "", "gone")[tab.opened] == ""
    assert tab.arrive(PAGE, "", "Nowhere", "")[tab.section]["value"] == ""


def test_every_word_that_is_sought_has_to_be_there(tab: QuestionsTab):
    def found(sought: str, section: str = "") -> int:
        return len(tab.arrive(PAGE, sought, section)[tab.rows]["value"]["rows"])

    assert (found(""), found("QUICKSORT stable"), found("tree"), found("tree stable"), found("", "Other")) == (
        *(2, 1, 1, 0),
        1,
    )


def test_drawing_the_tab_again_leaves_an_open_editor_alone(tab: QuestionsTab, viva: Viva):
    updates = tab.arrive(PAGE, "", "", viva.interviewer.bank("en").questions[0].id)
    assert not {tab.card.editor, tab.card.seen} & set(updates)
    assert not any("value" in updates[typed] for typed in (tab.card.box, tab.card.lock))
    assert set(updates) <= set(tab.outputs)


def test_one_question_is_practised_alone(viva: Viva):
    asked = viva.interviewer.bank("en").questions[1]
    session = viva.interviewer.start_one("en", asked.id)
    assert session.questions == (asked,)
    assert session.turns[0].question == asked
    with pytest.raises(NotFound):
        viva.interviewer.start_one("en", "gone")
