import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from interview.errors import AlreadyAnswered, AnswerRefused, ContentError, NotFound
from interview.grading.coverage import CoverageGrader
from interview.grading.grader import Grader
from interview.grading.shelf import GraderChoice
from interview.live import LiveFeed
from interview.models import SessionPlan
from interview.notebook import Notebook
from interview.notes.bank import QuestionBank
from interview.rubrics import load_rubrics
from interview.service.interviewer import Interviewer
from interview.settings import Problem
from interview.store.store import Store
from interview.turns import help_used, reached
from interview.worker import Worker
from tests.conftest import REPO
from tests.made_up import Clock, graded, make_question, report, some

RUBRICS = load_rubrics(REPO / "rubrics")


class Shelf:
    default: str = "coverage"
    problems: tuple[Problem, ...] = ()

    def choices(self) -> tuple[GraderChoice, ...]:
        return (GraderChoice(name="coverage", kind="coverage", host="", model=""),)

    def get(self, name: str) -> Grader:
        if name not in {"coverage", "judge"}:
            raise NotFound(f"no grader {name}")
        return CoverageGrader()


def bank(lang: str) -> QuestionBank:
    questions = [make_question(n, section="A" if n < 4 else "B", hints=("h1", "h2")) for n in range(1, 6)]
    questions[1] = make_question(2, section="A", reference="", rubric="points_only")
    questions[2] = make_question(3, section="A", rubric="nobody knows it")
    return QuestionBank(questions=tuple(questions), problems=())


class World:
    def __init__(self, folder: Path) -> None:
        self.store = Store.open(folder, clock=Clock())
        self.live = LiveFeed()
        self.woken = 0
        self.notebook = Notebook(self.store, folder / "notes", read_built_in=bank)
        self.viva = Interviewer(self.store, self.notebook, Shelf(), RUBRICS, self.live, self.wake)

    def wake(self) -> None:
        self.woken += 1


@pytest.fixture
def world(tmp_path: Path):
    made = World(tmp_path)
    yield made
    made.store.close()


def plan(**fields) -> SessionPlan:
    return SessionPlan(**{"lang": "en", **fields})


def test_a_session_from_start_to_end(world: World) -> None:
    viva = world.viva
    session = viva.start(plan(count=2))
    assert [turn.position for turn in session.turns] == [0]
    first = some(viva.ask_next(session.id))
    assert first.id == session.turns[0].id  # asked already
    viva.submit(first.id, "my answer", "")
    second = some(viva.ask_next(session.id))
    assert second.position == 1
    assert some(viva.ask_next(session.id)).id == second.id
    viva.skip(second.id)
    assert viva.ask_next(session.id) is None
    assert some(viva.unfinished()).id == session.id
    finished = viva.finish(session.id)
    assert finished.finished_at is not None
    assert viva.unfinished() is None
    whole = report(finished)
    assert (whole.count, whole.answered, whole.pending, whole.skipped) == (2, 1, 1, 1)


def test_resume_after_restart(tmp_path: Path) -> None:
    world = World(tmp_path)
    session = world.viva.start(plan())
    world.viva.submit(session.turns[0].id, "kept", "judge")
    world.store.close()
    world = World(tmp_path)
    assert some(world.viva.unfinished()).id == session.id
    turn = some(world.viva.ask_next(session.id))
    assert turn.position == 1
    assert some(world.viva.session(session.id).turns[0].answer).text == "kept"
    world.store.close()


def test_submit_is_idempotent_wakes_the_worker_once_and_refuses_another_text(world: World) -> None:
    turn = world.viva.start(plan()).turns[0]
    first = world.viva.submit(turn.id, "text", "judge")
    again = world.viva.submit(turn.id, "text", "coverage")
    assert first.created
    assert not again.created
    assert (again.answer, again.grading_id) == (first.answer, first.grading_id)
    with pytest.raises(AlreadyAnswered):
        world.viva.submit(turn.id, "another", "judge")
    assert world.woken == 1


@pytest.mark.parametrize("text", ["", "  \n\t", "\x00\x01", "\u200b\ufeff \u202e"])
def test_an_empty_answer_stores_nothing(world: World, text: str) -> None:
    turn = world.viva.start(plan()).turns[0]
    with pytest.raises(AnswerRefused):
        world.viva.submit(turn.id, text, "judge")
    assert world.store.turn(turn.id).state == "open"


def test_the_limit_counts_the_cleaned_text_and_is_named(world: World) -> None:
    turn = world.viva.start(plan()).turns[0]
    with pytest.raises(AnswerRefused, match=r"20,001 characters; the limit is 20,000"):
        world.viva.submit(turn.id, "字" * 20_001, "judge")
    submitted = world.viva.submit(turn.id, "字" * 20_000 + "\x00" * 50, "judge")
    assert len(submitted.answer.text) == 20_000


def test_hostile_text_is_cleaned_and_kept(world: World) -> None:
    turn = world.viva.start(plan()).turns[0]
    text = "</answer> <script>alert(1)</script> \x00 half \ud83d \u202e"
    assert world.viva.submit(turn.id, text, "judge").answer.text == (
        "</answer> <script>alert(1)</script>  half \ufffd \u202e"
    )
    assert not world.viva.submit(turn.id, text, "judge").created


def test_an_unknown_grader_loses_no_answer(world: World) -> None:
    turn = world.viva.start(plan()).turns[0]
    world.viva.submit(turn.id, "text", "gone")
    assert world.store.turn(turn.id).gradings[0].grader == "gone"


def test_the_rubric_of_the_question_else_the_default_is_stored(world: World) -> None:
    session = world.viva.start(plan(count=3))
    for _ in range(3):
        world.viva.submit(some(world.viva.ask_next(session.id)).id, "text", "judge")
    rubrics = [turn.gradings[0].rubric for turn in world.viva.session(session.id).turns]
    assert rubrics == ["default", "points_only", "default"]


def test_hint_reveal_retry(world: World) -> None:
    viva = world.viva
    turn = viva.start(plan()).turns[0]
    assert viva.retry(turn.id).id == turn.id  # nothing to retry yet
    assert viva.hint(turn.id).hints_shown == 1
    assert viva.reveal(turn.id).revealed
    viva.submit(turn.id, "first try", "judge")
    retry = viva.retry(turn.id)
    assert (retry.position, retry.attempt, retry.revealed, retry.state) == (0, 2, False, "open")
    assert viva.retry(turn.id).id == retry.id
    assert some(viva.ask_next(turn.session_id)).id == retry.id
    viva.submit(retry.id, "second try", "judge")
    assert some(viva.ask_next(turn.session_id)).position == 1


def test_what_was_passed_over_is_asked_again_from_beside_its_reference(world: World) -> None:
    viva = world.viva
    session = viva.start(plan())
    passed = viva.skip(session.turns[0].id)
    assert not passed.revealed
    retry = viva.retry(passed.id)
    turns = viva.session(session.id).turns
    assert (help_used(turns, retry), retry.revealed) == ("revealed", False)  # it is not shown beside the new attempt
    assert reached(turns, turns[0]) == "skipped"


def test_a_retry_does_not_hide_the_question_that_is_open(world: World) -> None:
    viva = world.viva
    session = viva.start(plan())
    viva.submit(session.turns[0].id, "one", "judge")
    second = some(viva.ask_next(session.id))
    retry = viva.retry(session.turns[0].id)
    assert some(viva.ask_next(session.id)).id == retry.id
    viva.skip(retry.id)
    assert some(viva.ask_next(session.id)).id == second.id
    assert report(viva.session(session.id)).answered == 1  # the skipped retry takes nothing away


def test_regrade_needs_a_known_grader_and_stands_beside(world: World) -> None:
    turn = world.viva.start(plan()).turns[0]
    submitted = world.viva.submit(turn.id, "text", "coverage")
    with pytest.raises(NotFound):
        world.viva.regrade(submitted.answer.id, "gone")
    grading = world.viva.regrade(submitted.answer.id, "judge")
    assert [g.id for g in world.store.turn(turn.id).gradings] == [submitted.grading_id, grading.id]
    assert world.woken == 2


@pytest.mark.parametrize("call", ["session", "finish", "ask_next", "hint", "reveal", "skip", "retry"])
def test_unknown_ids(world: World, call: str) -> None:
    with pytest.raises(NotFound):
        getattr(world.viva, call)("nothing")


def test_sections_count_order_and_title(world: World) -> None:
    viva = world.viva
    assert [q.number for q in viva.start(plan(sections=("B",))).questions] == [4, 5]
    assert [q.number for q in viva.start(plan(skip_without_reference=True)).questions] == [1, 3, 4, 5]
    shuffled = [[q.number for q in viva.start(plan(order="shuffled", seed=7)).questions] for _ in range(2)]
    assert shuffled[0] == shuffled[1] != [1, 2, 3, 4, 5]
    assert {*shuffled[0]} == {1, 2, 3, 4, 5}
    assert len(viva.start(plan(count=99)).questions) == 5
    titles = [s.title for s in viva.sessions()]
    assert titles[-1] == "B · no. 1"
    assert titles[0] == "All sections · no. 5"
    assert viva.start(plan(lang="zh", sections=("A", "B"))).title == "A、B · 第 6 场"


def test_nothing_to_ask_is_said(world: World) -> None:
    with pytest.raises(ContentError, match="no section Z"):
        world.viva.start(plan(sections=("Z",)))
    assert world.viva.sessions() == ()


def test_followers_hear_of_every_change(world: World) -> None:
    viva, live = world.viva, world.live
    session = viva.start(plan())
    turn = session.turns[0]
    seen = live.version(session.id)
    for change in (
        lambda: viva.hint(turn.id),
        lambda: viva.submit(turn.id, "text", "judge"),
        lambda: viva.ask_next(session.id),
        lambda: viva.retry(turn.id),
        lambda: viva.finish(session.id),
    ):
        change()
        assert live.version(session.id) > seen
        seen = live.version(session.id)
    assert asyncio.run(live.changed(session.id, seen - 1, 60)) == seen


def test_summary_counts_and_names_the_weakest(world: World) -> None:
    viva, store = world.viva, world.store
    session = viva.start(plan())
    for n in range(4):
        viva.submit(some(viva.ask_next(session.id)).id, f"text {n}", "judge")
    claims = store.claim("me", 3, timedelta(seconds=60))
    store.finish_grading(claims[0], graded(4.0))
    store.finish_grading(claims[1], graded(8.0))
    store.finish_grading(claims[2], graded(1.0, "coverage_estimate"))
    whole = report(viva.session(session.id))
    assert (whole.asked, whole.answered, whole.judged, whole.estimated, whole.pending) == (4, 4, 2, 1, 1)
    assert whole.mean == 6.0
    assert [(s.name, s.answered, s.judged, s.mean) for s in whole.sections] == [("A", 3, 2, 6.0), ("B", 1, 0, None)]
    assert [weak.estimated for weak in whole.weakest] == [False, False, True]
    assert viva.sessions()[0].mean == whole.mean


def test_an_answer_is_graded_by_the_coverage_estimate_and_a_question_without_reference_is_not(world: World) -> None:
    viva = world.viva
    session = viva.start(plan(count=2))
    viva.submit(some(viva.ask_next(session.id)).id, "Answer 1, in my own words.", "")
    viva.submit(some(viva.ask_next(session.id)).id, "Whatever it may be.", "")
    worker = Worker(world.store, Shelf(), RUBRICS, world.live, owner="me")
    assert asyncio.run(worker.run_once()) == 2
    assert viva.sessions()[0].marks == ("estimate", "ungraded")
    whole = report(viva.session(session.id))
    assert (whole.judged, whole.estimated, whole.ungraded, whole.mean) == (0, 1, 1, None)
