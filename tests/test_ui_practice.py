"""The three modes below the screen: what each action stores, and what the page then shows, hides and offers."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from interview.backends.backend import Completion, CompletionRequest
from interview.backends.scripted import ScriptedBackend
from interview.models import Graded, Session, SessionPlan, Turn
from interview.settings import read_settings
from interview.turns import help_used
from interview.ui.frame import Frame
from interview.ui.messages import conversation
from interview.ui.page import Page, Updates, kept_session, read_session
from interview.ui.practice import PracticeTab
from interview.ui.setup_wishes import Wishes
from interview.ui.talk import SUMMARY
from interview.wiring import Viva, build
from tests.made_up import graded, make_question, report, some
from tests.test_conversation import points
from tests.test_hints import thought

pytestmark = pytest.mark.filterwarnings("default")
PAGE = Page(lang="en", grader="coverage")
QUESTION = """#### {n}. Question number {n} of the paper?

Reference {n}: tokens are compared, weights are made, values are averaged.

##### Key points
- tokens are compared
- weights are made

##### Hints
- Think of three projections.

##### Follow-ups
- And at what cost, number {n}?

"""
NOTES = "## One\n\n" + "".join(QUESTION.format(n=n) for n in (1, 2)) + "## Two\n\n" + QUESTION.format(n=3)
HALF = graded(key_points=points("covered", "missing"))


class World:
    """A page and what is behind it; it remembers its session as a browser does."""

    def __init__(self, viva: Viva, tab: PracticeTab) -> None:
        self.viva = viva
        self.tab = tab
        self.page = PAGE

    def start(self, **wishes: Any) -> Session:
        made = Wishes(**{"number": 0, **wishes})
        updates = self.tab._start(self.page, *(getattr(made, name) for name in Wishes.model_fields))
        self.page = self.page.model_copy(update={"session": read_session(updates[self.tab._frame.session])})
        return self.session

    @property
    def session(self) -> Session:
        return self.viva.interviewer.session(self.page.session)

    def send(self, text: str, sure: int | None = None) -> Updates:
        turns = [turn for turn in self.session.turns if turn.state == "open"]
        return self.tab.actions.submit(self.page, turns[-1].id if turns else "", text, sure, "")

    def grade(self, outcome: Graded = HALF) -> None:
        for claim in self.viva.store.claim("w", 9, timedelta(minutes=1)):
            assert self.viva.store.finish_grading(claim, outcome)

    def follow_up(self) -> None:
        asyncio.run(self.viva.follow_ups.ask(self.page.session, "coverage"))

    def drawn(self, shown: str = "") -> dict[str, Any]:
        updates = self.tab.talk.render(self.page, self.session, shown)
        return {component.elem_id or "": update for component, update in updates.items()}

    def visible(self, shown: str = "") -> set[str]:
        return {name for name, props in self.drawn(shown).items() if isinstance(props, dict) and props.get("visible")}

    def said(self) -> list[str]:
        messages = conversation(self.session, "", lambda _: (), "en")
        return [message["content"] for message in messages if isinstance(message["content"], str)]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "VIVA_MODEL"):
        monkeypatch.setenv(name, "")
    notes, data = tmp_path / "notes.md", tmp_path / "data"
    notes.write_text(NOTES, encoding="utf-8")
    data.mkdir()
    (data / "backends.toml").touch()
    viva = build(read_settings(data_dir=data, notes=(notes,), lang="en"))

    async def built() -> PracticeTab:
        with gr.Blocks():
            frame = Frame(viva.interviewer, viva.waiting, PAGE)
            return PracticeTab(viva, frame, PAGE)

    yield World(viva, asyncio.run(built()))
    viva.store.close()


def notice_of(world: World, updates: Updates) -> str:
    return updates[world.tab.talk.foot.notice]["value"]["text"]


def test_enter_on_an_empty_box_accepts_leaves_the_follow_up_and_goes_on(world: World):
    world.start()
    assert world.send("  ") == {}  # a question that is open is not skipped by accident
    world.send("tokens are compared", 3)
    world.grade()
    assert world.drawn()["rate"]["value"]["text"] == "Suggested: Hard"
    world.follow_up()
    assert world.session.turns[-1].follow_up == "And at what cost, number 1?"
    assert {"next", "rate", "g-card", "practice-source"} <= world.visible() | {"rate"}
    assert "sure" not in world.visible()
    world.send("")
    first, follow_up, second = world.session.turns
    assert (first.confidence, follow_up.state, second.position) == (3, "skipped", 1)
    assert some(world.viva.schedule.rating(world.session, first)).rating == 2


def test_who_goes_on_at_the_moment_when_a_follow_up_is_asked_gets_the_next_question(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    world.start()
    world.send("tokens are compared")
    world.grade()
    rate = world.viva.schedule.rate

    def rate_while_it_is_asked(session: Session, turn: Turn) -> None:
        rate(session, turn)
        world.follow_up()

    monkeypatch.setattr(world.viva.schedule, "rate", rate_while_it_is_asked)
    world.send("")
    assert [(turn.position, turn.state) for turn in world.session.turns] == [
        (0, "answered"),
        (0, "skipped"),
        (1, "open"),
    ]
    assert world.viva.interviewer.follow_up(world.session.turns[0].id, "What else?") is not None  # the one there is
    assert len(world.session.turns) == 3


def test_nothing_is_asked_about_an_answer_that_was_left(world: World):
    world.start()
    world.send("tokens are compared")
    world.grade()
    world.send("")
    assert world.viva.interviewer.follow_up(world.session.turns[0].id, "What else?") is None
    assert len(world.session.turns) == 2


class Slow:
    """A model that thinks until it is let go."""

    name = model = host = "slow"

    def __init__(self) -> None:
        self.asked, self.done = asyncio.Event(), asyncio.Event()

    async def complete(self, request: CompletionRequest) -> AsyncIterator[Completion]:
        self.asked.set()
        await self.done.wait()
        text = json.dumps({"question": "And what follows from that?"})
        yield Completion(text=text, model="slow", rung="text")


def test_while_a_model_thinks_of_a_follow_up_it_is_said_and_the_way_on_is_open(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    session = world.start()
    world.send("tokens are compared")
    world.grade()
    monkeypatch.setattr("interview.conversation.authors_follow_up", lambda turns: None)
    thinks = "The interviewer is thinking of a follow-up"

    async def think() -> list[str]:
        slow = Slow()
        monkeypatch.setattr(world.viva.follow_ups, "_backend", lambda name: slow)
        asking = world.tab._ask_follow_up(kept_session(world.page.session), world.page.wishes(), "slow")
        assert await anext(asking) == f"{session.id}:thinking"
        await slow.asked.wait()
        drawn = world.drawn()
        assert thinks in drawn["chat"]["value"][-1]["content"]
        assert drawn["next"]["visible"]
        before = drawn["practice-stamp"]
        slow.done.set()
        beats = [beat async for beat in asking]
        assert world.drawn()["practice-stamp"] != before
        return beats

    (beat,) = asyncio.run(think())
    asked = world.session.turns[-1]
    assert (beat, asked.follow_up) == (asked.id, "And what follows from that?")
    assert thinks not in str(world.drawn()["chat"]["value"])


def test_a_follow_up_adds_to_the_coverage_and_not_to_the_score(world: World):
    world.start()
    world.send("tokens are compared")
    world.grade()
    world.follow_up()
    world.send("weights are made, at quadratic cost")
    world.grade(graded(9.0, key_points=points("missing", "covered")))
    assert world.drawn()["q-head"]["value"]["points"] == "2 of 2"
    whole = report(world.session)
    assert (whole.answered, whole.mean) == (1, 6.0)
    world.follow_up()
    assert len(world.session.turns) == 2  # no more than one
    assert world.viva.interviewer.retry(world.session.turns[0].id).follow_up is None
    assert world.drawn()["q-head"]["value"]["position"].endswith("attempt 2")


def test_answering_again_leaves_the_follow_up_and_counts_against_the_rating(world: World):
    world.start()
    world.send("tokens are compared")
    world.grade(graded(key_points=points("covered", "covered")))
    world.send("")
    world.send("weights are made")
    world.grade()
    world.follow_up()
    assert "practice-retry" in world.visible()
    world.tab.actions.retry(world.page, "")
    assert [turn.state for turn in world.session.turns[1:]] == ["answered", "skipped", "open"]
    assert world.session.turns[-1].follow_up is None
    assert "sure" in world.visible()


def test_wishes_are_granted_and_a_non_answer_is_not_taken_at_once(world: World):
    world.start()
    world.send("give me a hint")
    assert world.session.turns[0].hints_shown == 1
    assert notice_of(world, world.send("another hint please")) == "There are no (more) hints for this question."
    assert notice_of(world, world.send("Repeat the question")) == "Question number 1 of the paper?"
    assert "answer in it" in notice_of(world, world.send("show me the source"))
    world.send("不知道")
    assert world.session.turns[0].answer is None
    assert "leave it at that" in world.said()[-1]
    world.send("show me the answer")
    assert world.session.turns[0].revealed
    world.send("I don't know")
    assert some(world.session.turns[0].answer).text == "I don't know"
    world.tab.actions.go_on(world.page)
    world.send("skip this one")
    assert [turn.state for turn in world.session.turns] == ["answered", "skipped", "open"]
    assert world.session.turns[0].revealed


@pytest.fixture
def plain(world: World) -> World:
    """A question without the author's hints; a model, once the page chooses it, writes one and then fails."""
    reference = "Tokens are compared. Weights are made."
    session = world.viva.store.create_session("t", SessionPlan(lang="en"), [make_question(reference=reference)])
    world.page = world.page.model_copy(update={"session": session.id})
    model = ScriptedBackend([json.dumps({"hint": "Who meets *whom*?"})])
    world.viva.hints._backend = lambda name: model if name == "model" else None
    return world


def think(world: World) -> None:
    async def until_thought() -> None:
        async with world.viva.jobs.running():
            await thought(world.viva.hints, world.session.turns[-1].id)

    asyncio.run(until_thought())


def test_without_a_model_and_without_the_authors_hints_there_is_no_button_and_a_sentence(plain: World):
    assert "practice-hint" not in plain.visible()
    assert notice_of(plain, plain.send("hint, please")) == "There are no (more) hints for this question."
    assert help_used([], plain.session.turns[0]) == "unaided"


@pytest.mark.parametrize("typed", [True, False])
def test_a_models_hint_is_awaited_in_the_open_and_told_as_the_models(plain: World, typed: bool):
    plain.page = plain.page.model_copy(update={"grader": "model"})
    (turn,) = plain.session.turns

    def ask() -> None:
        if typed:
            plain.send("hint, please")
        else:
            plain.tab.actions.hint(plain.page, turn.id)

    assert "practice-hint" in plain.visible()
    assert (plain.drawn()["practice-hint"]["value"], plain.tab._awaits_hint(plain.session)) == ("Hint 1/2", False)
    ask()
    drawn = plain.drawn()
    assert drawn["chat"]["value"][-1]["content"].startswith("Thinking of a hint")
    assert (drawn["practice-hint"]["interactive"], drawn["composer"]["interactive"]) == (False, True)
    assert plain.tab._awaits_hint(plain.session)
    think(plain)
    thought = plain.drawn()
    assert thought["practice-stamp"] != drawn["practice-stamp"]
    assert plain.said()[-1] == "> **Hint 1 · written by a model** Who meets *whom*?"
    assert thought["practice-hint"] == gr.update(value="Hint 2/2", visible=True, interactive=True)
    assert "Thinking" not in str(thought["chat"]["value"])
    ask()
    think(plain)
    assert "No hint could be made this time: The script of backend" in plain.drawn()["chat"]["value"][-1]["content"]
    assert len(plain.session.turns[0].hints) == 1
    plain.send("tokens are compared")
    assert "No hint could be made" not in str(plain.drawn()["chat"]["value"])
    assert help_used([], plain.session.turns[0]) == "hinted"


def test_the_shelf_has_no_model_for_the_estimate_and_for_a_name_that_is_gone(world: World):
    world.start()
    assert world.viva.shelf.backend_if_any("coverage") is world.viva.shelf.backend_if_any("gone") is None
    assert "practice-hint" in world.visible()  # the author's need none


def test_a_mock_interview_says_nothing_before_its_end_and_then_reports(world: World):
    session = world.start(mode="mock", question_minutes=2, total_minutes=20)
    assert (session.plan.question_seconds, session.plan.total_seconds, session.plan.follow_ups) == (120, 1200, 0)
    timers = world.drawn()["q-head"]["value"]["timers"]
    assert [timer["label"] for timer in timers] == ["Question", "Session"]
    for wish in ("hint", "show me the answer", "source"):
        assert "mock interview" in notice_of(world, world.send(wish))
    first = session.turns[0]
    world.viva.interviewer.hint(first.id)
    assert not world.viva.interviewer.reveal(first.id).revealed
    world.send("tokens are compared")  # the next question comes at once
    world.grade()
    assert [turn.position for turn in world.session.turns] == [0, 1]
    hidden = {"practice-hint", "practice-reveal", "practice-source", "practice-retry", "g-card", "next"}
    for shown in ("", first.id, SUMMARY):
        assert not hidden & world.visible(shown)
        drawn = world.drawn(shown)
        assert drawn["grade"]["value"] == drawn["report-card"]["value"] == drawn["rate"]["value"] == {}
        assert drawn["q-head"]["value"]["points"] == ""
        assert {dot["tone"] for dot in drawn["q-head"]["value"]["dots"]} == {"answered", "open", "unasked"}
    assert world.said()[3].startswith("Saved · 0:0")
    world.send("不知道")  # as in a real interview, that is an answer
    world.send("tokens are compared")
    assert world.session.finished_at is not None
    world.grade()
    assert world.drawn()["report-card"]["value"] != {}
    assert world.drawn()["practice-rate-all"]["visible"]
    world.tab.actions.rate_all(world.page)
    assert not world.drawn()["practice-rate-all"]["visible"]
    assert len(world.viva.schedule.rated(world.session)) == 3


def test_an_answer_after_the_time_is_taken_and_the_overrun_noted(world: World, monkeypatch: pytest.MonkeyPatch):
    world.start(mode="mock", question_minutes=2)
    clock = world.viva.store.clock
    monkeypatch.setattr(world.viva.store, "clock", lambda: clock() + timedelta(seconds=150))
    world.send("too late, and still here")
    assert "over" in world.said()[3]
    assert world.session.turns[0].answer is not None


def test_a_mock_paper_takes_so_many_of_each_section_and_the_same_for_the_same_seed(world: World):
    wishes = Wishes(mode="mock", number=0, per_section=1)
    plan = world.tab.setup.plan(PAGE, wishes).model_copy(update={"seed": 7})
    papers = [world.viva.interviewer.paper(plan) for _ in range(2)]
    assert papers[0] == papers[1]
    assert sorted(question.section for question in papers[0]) == ["One", "Two"]


def test_what_is_due_is_asked_and_the_set_up_counts_it(world: World):
    world.viva.schedule.wish(world.viva.schedule.wishes.model_copy(update={"fresh_a_day": 1}))
    assert world.tab.setup.labels(PAGE)[world.tab.setup.wishes.mode]["choices"][2][0].startswith("Due today · 1")
    session = world.start(mode="due")
    assert [question.number for question in session.questions] == [1]
    world.send("tokens are compared")
    world.grade()
    world.send("")
    assert world.session.finished_at is not None
    label = world.tab.setup.start_label(PAGE, Wishes(mode="due"))[world.tab.setup.start]
    assert label == gr.update(value="Nothing to ask", interactive=False)


def test_ratings_by_key_and_undo(world: World):
    world.start()
    world.send("tokens are compared")
    world.grade()
    world.tab.actions.rate(world.page, 4, "")
    assert world.drawn()["rate"]["value"]["undo"] == "Undo"
    assert [row["chosen"] for row in world.drawn()["rate"]["value"]["ratings"]] == [False, False, False, True]
    for nonsense in (9, "4", None):
        world.tab.actions.rate(world.page, nonsense, "")
    world.tab.actions.rate(world.page, 0, "")
    assert world.viva.schedule.rating(world.session, world.session.turns[0]) is None


def test_the_day_of_the_interview_is_kept_or_refused(world: World):
    setup = world.tab.setup
    setup.wish_schedule(PAGE, "2031-03-15", 5)
    assert world.viva.schedule.wishes.model_dump() == {"interview": date(2031, 3, 15), "fresh_a_day": 5}
    assert "no date" in setup.wish_schedule(PAGE, "soon", 5)[setup.notice]["value"]["text"]
    setup.wish_schedule(PAGE, "", 20)
    assert world.viva.schedule.wishes.interview is None


def test_the_passage_of_the_notes_stands_as_it_was_written(world: World):
    world.start()
    world.viva.interviewer.reveal(world.session.turns[0].id)
    drawn = world.drawn()
    assert drawn["practice-passage"]["label"].endswith("notes.md, line 3")
    assert "Reference 1: tokens are compared" in drawn["practice-passage-text"]["value"]
