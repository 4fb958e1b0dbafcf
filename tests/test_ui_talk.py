"""What the interview shows for a stored session: messages, which buttons can be used, and when it is drawn again."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from interview.models import PointGrade, Session, SessionPlan
from interview.settings import read_settings
from interview.ui.frame import Frame
from interview.ui.messages import conversation, turn_at
from interview.ui.page import Page
from interview.ui.practice import PracticeTab
from interview.ui.setup_wishes import Wishes
from interview.ui.strings import t
from interview.ui.talk import SUMMARY
from interview.wiring import Viva, build
from tests.browser import NOTES

pytestmark = pytest.mark.filterwarnings("default")
PAGE = Page(lang="en", grader="coverage")
HOSTILE = "</answer> <img src=x onerror=alert(1)> ${HOME} ![x](https://example.invalid/p.png)"


@pytest.fixture
def viva(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Viva]:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "VIVA_MODEL"):
        monkeypatch.setenv(name, "")
    notes = tmp_path / "notes.md"
    notes.write_text(NOTES, encoding="utf-8")
    data = tmp_path / "data"
    data.mkdir()
    (data / "backends.toml").touch()
    built = build(read_settings(data_dir=data, notes=(notes,), lang="en"))
    yield built
    built.store.close()


@pytest.fixture
def session(viva: Viva) -> Session:
    return viva.interviewer.start(SessionPlan(lang="en"))


@pytest.fixture
def tab(viva: Viva) -> PracticeTab:
    # Gradio makes, and leaves open, an event loop where a page is built outside of one.
    async def built() -> PracticeTab:
        with gr.Blocks():
            frame = Frame(viva.interviewer, viva.waiting, PAGE)
            return PracticeTab(viva, frame, PAGE)

    return asyncio.run(built())


def shown(tab: PracticeTab, session: Session, turn: str = "") -> dict[str, Any]:
    """The props that change, by element id."""
    updates = tab.talk.render(PAGE, session, turn)
    return {component.elem_id or "": update for component, update in updates.items()}


def visible(tab: PracticeTab, session: Session, turn: str = "") -> set[str]:
    return {
        name for name, update in shown(tab, session, turn).items() if isinstance(update, dict) and update.get("visible")
    }


def test_messages_follow_the_session_and_lead_back_to_their_turns(viva: Viva, session: Session):
    first = session.turns[0]
    viva.interviewer.hint(first.id)
    viva.interviewer.submit(first.id, HOSTILE, "coverage")
    viva.interviewer.ask_next(session.id)
    session = viva.interviewer.session(session.id)
    messages = conversation(session, first.id, lambda _: (), "en")
    assert [message["role"] for message in messages] == ["assistant"] * 4 + ["user"] + ["assistant"] * 3
    assert messages[3]["content"].startswith("> ")
    turns = [turn_at(session, index) for index in range(len(messages))]
    assert turns == [None] + [first.id] * 5 + [session.turns[1].id] * 2
    assert turn_at(session, 99) is None
    assert turn_at(session, -1) is None


def test_a_candidates_text_can_open_no_tag_and_no_image(viva: Viva, session: Session):
    viva.interviewer.submit(session.turns[0].id, HOSTILE, "coverage")
    messages = conversation(viva.interviewer.session(session.id), "", lambda _: (), "en")
    text = messages[3]["content"]
    assert "<img" not in text
    assert "![" not in text
    assert text.replace("\u2060", "") == HOSTILE


def test_who_is_stuck_is_told_of_help_only_where_there_is_some(viva: Viva, session: Session):
    told: list[str] = []
    for turn in iter(lambda: viva.interviewer.ask_next(session.id), None):
        viva.interviewer.stuck(turn.id)
        told.append(conversation(viva.interviewer.session(session.id), "", lambda _: (), "en")[-1]["content"])
        viva.interviewer.skip(turn.id)
    # The last of the questions has neither a reference nor hints.
    assert ["buttons above help" in text for text in told] == [True, True, False]


def test_an_open_question_offers_hint_reference_and_skip(tab: PracticeTab, session: Session):
    offered = visible(tab, session)
    assert {"practice-hint", "practice-reveal", "practice-skip", "how-card"} <= offered
    assert not {"next", "practice-retry", "g-card", "practice-reference", "report-column"} & offered
    assert shown(tab, session)["composer"]["interactive"] is True
    assert shown(tab, session)["practice-turn"] == session.turns[0].id


def test_the_next_question_can_be_reached_while_the_answer_waits_for_its_grade(
    tab: PracticeTab, viva: Viva, session: Session
):
    viva.interviewer.submit(session.turns[0].id, "an answer of some length", "coverage")
    session = viva.interviewer.session(session.id)
    assert session.turns[0].gradings[0].state == "pending"
    offered = visible(tab, session)
    assert {"next", "practice-retry", "g-card", "practice-reference"} <= offered
    assert not {"practice-hint", "practice-skip", "how-card", "practice-regrade"} & offered
    assert shown(tab, session)["practice-turn"] == ""


def test_the_summary_can_be_seen_before_the_end_and_ending_takes_another_click(tab: PracticeTab, session: Session):
    offered = visible(tab, session, SUMMARY)
    assert "report-column" in offered
    assert not {"how-card", "g-card", "practice-new"} & offered
    assert tab.talk.render(PAGE, session, SUMMARY)[tab.talk.ending]["visible"] is True
    assert shown(tab, session, SUMMARY)["composer"]["interactive"] is True


def test_the_end_shows_the_summary_and_a_click_shows_a_grade_again(tab: PracticeTab, viva: Viva, session: Session):
    viva.interviewer.submit(session.turns[0].id, "an answer of some length", "coverage")
    viva.interviewer.ask_next(session.id)
    session = viva.interviewer.finish(session.id)
    assert {"report-column", "practice-new"} <= visible(tab, session)
    assert not {"composer", "next", "g-card", "practice-retry", "practice-skip", "practice-hint"} & visible(
        tab, session
    )
    assert tab.talk.render(PAGE, session)[tab.talk.ending]["visible"] is False
    assert {"g-card", "practice-summary"} <= visible(tab, session, session.turns[0].id)


def test_of_a_session_that_is_over_the_head_tells_what_is_looked_at(tab: PracticeTab, viva: Viva, session: Session):
    skipped = session.turns[0]
    viva.interviewer.skip(skipped.id)
    viva.interviewer.ask_next(session.id)
    finished = viva.interviewer.finish(session.id)
    props = shown(tab, finished, skipped.id)
    assert props["q-head"]["value"]["short"].startswith("1 / ")
    # What was passed on is there to be learnt, and to be answered after all.
    assert props["practice-reference"]["open"] is True
    assert "practice-retry" in visible(tab, finished, skipped.id)
    assert "practice-retry" not in visible(tab, finished)
    again = viva.interviewer.retry(skipped.id)
    other = viva.interviewer.session(session.id)
    props = shown(tab, other, finished.turns[1].id)
    assert props["q-head"]["value"]["turn"] == again.id == props["practice-turn"]  # the draft of what is answered


def test_of_two_questions_that_are_asked_again_the_open_one_is_shown(tab: PracticeTab, viva: Viva, session: Session):
    first = session.turns[0]
    viva.interviewer.skip(first.id)
    second = viva.interviewer.ask_next(session.id)
    assert second is not None
    viva.interviewer.skip(second.id)
    viva.interviewer.finish(session.id)
    waits = viva.interviewer.retry(first.id)
    viva.interviewer.skip(viva.interviewer.retry(second.id).id)
    props = shown(tab, viva.interviewer.session(session.id))
    assert props["q-head"]["value"]["turn"] == waits.id == props["practice-turn"]
    assert props["how-card"]["visible"] is True


def test_behind_the_last_question_the_box_speaks_of_no_next_one(tab: PracticeTab, viva: Viva, session: Session):
    placeholders: list[str] = []
    while (turn := viva.interviewer.ask_next(session.id)) is not None:
        viva.interviewer.skip(turn.id)
        placeholders.append(shown(tab, viva.interviewer.session(session.id))["composer"]["placeholder"])
    assert ["next question" in text for text in placeholders] == [True] * (len(placeholders) - 1) + [False]


def test_a_question_that_is_asked_again_after_the_end_takes_the_closing_words_away(viva: Viva, session: Session):
    def last(session: Session) -> str:
        return conversation(session, "", lambda _: (), "en")[-1]["content"]

    first = session.turns[0]
    viva.interviewer.submit(first.id, "an answer of some length", "coverage")
    viva.interviewer.ask_next(session.id)
    closing = t("talk.end", "en")
    assert last(viva.interviewer.session(session.id)) != closing
    assert last(viva.interviewer.finish(session.id)) == closing  # with a question that was left open
    again = viva.interviewer.retry(first.id)
    assert last(viva.interviewer.session(session.id)) == first.question.text
    viva.interviewer.submit(again.id, "a better answer of some length", "coverage")
    assert last(viva.interviewer.session(session.id)) == closing


def test_an_unchanged_session_is_not_drawn_again(tab: PracticeTab, viva: Viva, session: Session):
    page = PAGE.model_copy(update={"session": session.id})
    stamp = tab.talk.stamp_of(page, session, "")
    assert tab._refresh(page, "", stamp) == {}
    viva.interviewer.hint(session.turns[0].id)
    assert tab._refresh(page, "", stamp)[tab.talk.stamp] != stamp


def test_asking_a_grader_twice_while_it_is_at_work_is_asking_once(tab: PracticeTab, viva: Viva, session: Session):
    turn = session.turns[0]
    viva.interviewer.submit(turn.id, "an answer of some length", "coverage")
    page = PAGE.model_copy(update={"session": session.id})
    tab._regrade(page, turn.id)
    assert len(viva.interviewer.session(session.id).turns[0].gradings) == 1


def test_notes_that_became_unreadable_are_told_on_their_card(
    tab: PracticeTab, viva: Viva, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("interview.notebook._RECHECK_SECONDS", 0.0)
    Path(viva.interviewer.notes_origin[0]).write_bytes(b"\xff\xfe\x00")
    card = tab.setup.render(PAGE)[tab.setup.notes]["value"]
    assert "notes.md" in card["error"]["detail"]
    assert [section["name"] for section in card["sections"]] == ["Attention", "Practice"]


def test_a_verdict_that_arrives_while_the_page_is_drawn_is_drawn_by_the_next_refresh(
    tab: PracticeTab, viva: Viva, session: Session, monkeypatch: pytest.MonkeyPatch
):
    grading = viva.interviewer.submit(session.turns[0].id, "an answer of some length", "coverage").grading_id
    session = viva.interviewer.session(session.id)
    look = viva.live.verdicts

    def look_just_before_it_comes(grading_id: str) -> tuple[PointGrade, ...]:
        seen = look(grading_id)
        point = PointGrade(id="k1", text="point", weight=1, kind="required", verdict="missing", verified=True)
        viva.live.publish(session.id, grading, point)
        return seen

    monkeypatch.setattr(viva.live, "verdicts", look_just_before_it_comes)
    page = PAGE.model_copy(update={"session": session.id})
    drawn = tab.talk.render(page, session)
    monkeypatch.setattr(viva.live, "verdicts", look)
    assert tab._refresh(page, "", drawn[tab.talk.stamp]) != {}


def test_a_page_that_remembers_a_session_of_another_data_folder_gets_the_set_up(tab: PracticeTab):
    updates = tab.arrive(PAGE.model_copy(update={"session": "gone"}))
    assert updates[tab.setup.row]["visible"] is True
    assert updates[tab.talk.row]["visible"] is False


def test_the_plan_takes_what_was_chosen(tab: PracticeTab):
    plan = tab.setup.plan(PAGE, Wishes(sections=("Practice",), number=5, order="shuffled"))
    assert (plan.sections, plan.count, plan.order, plan.skip_without_reference) == (("Practice",), 5, "shuffled", True)
    everything = tab.setup.plan(PAGE, Wishes(number=0))
    assert (everything.order, everything.count, everything.mode, everything.follow_ups) == (
        "as_written",
        None,
        "practice",
        1,
    )


def test_the_sections_of_the_bank_are_chosen_or_left_out(tab: PracticeTab, viva: Viva):
    viva.interviewer.use_built_in()
    offered = tab.setup.render(PAGE)[tab.setup.wishes.sections]
    names = [name for _, name in offered["choices"]]
    bank = viva.interviewer.bank("en")
    assert names == [section.name for section in bank.sections]
    assert offered["value"] == []
    for chosen in (tuple(names[:7]), tuple(names[7:]), (names[-1],)):
        if not chosen:
            continue  # a bank without the later sections
        for mode in ("practice", "mock", "due"):
            wishes = Wishes(sections=chosen, number=0, mode=mode)
            asked = viva.interviewer.paper(tab.setup.plan(PAGE, wishes), tab.setup.due(PAGE, wishes))
            assert {question.section for question in asked} <= set(chosen)
            # New questions of the chosen sections are due too, as many as a day brings.
            there = sum(question.section in chosen for question in bank.questions)
            assert len(asked) == (min(there, 10) if mode == "due" else there)


def test_only_difficulties_that_the_notes_tell_can_be_chosen(tab: PracticeTab, viva: Viva, tmp_path: Path):
    chosen = tab.setup.render(PAGE, Wishes(difficulties=(2,)))[tab.setup.wishes.difficulties]
    assert (chosen["visible"], chosen["value"]) == (False, [])
    told = tmp_path / "told.md"
    told.write_text("#### 1. One? {difficulty=2}\nA.\n\n#### 2. Two? {difficulty=5}\nB.\n", encoding="utf-8")
    viva.interviewer.use_notes([str(told)])
    chosen = tab.setup.render(PAGE, Wishes(difficulties=(2, 3)))[tab.setup.wishes.difficulties]
    assert ([level for _, level in chosen["choices"]], chosen["value"], chosen["visible"]) == ([2, 5], [2], True)
