"""A whole session graded anew: beside what is there, nothing twice, taken back when stopped, gone on with later."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from interview.cli import app
from interview.errors import ContentError, NotFound
from interview.jobs import Job
from interview.models import Graded, Grading, KeyPoint, SessionPlan
from interview.settings import Settings, read_settings
from interview.store.schedule import Cards
from interview.store.store import Store
from interview.wiring import Viva, build
from tests.command_line import refusal
from tests.conftest import REPO
from tests.fake_judge import FakeJudge
from tests.made_up import grade_of, make_question

ANSWERS = 5
PATIENCE = 60


@pytest.fixture
def judges() -> Iterator[tuple[FakeJudge, FakeJudge]]:
    with ExitStack() as stack:
        pair = FakeJudge(("missing",)), FakeJudge(("covered",))
        for judge in pair:
            stack.enter_context(judge.serving())
        yield pair


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judges: tuple[FakeJudge, FakeJudge]) -> Settings:
    """Two judges, `strict` (with a price) and `kind`."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "VIVA_MODEL"):
        monkeypatch.setenv(name, "")
    strict, kind = judges
    (tmp_path / "data").mkdir()
    tables = f'[strict]\nbase_url = "{strict.url}"\nprice_prompt = 1\nprice_completion = 2\n'
    tables += f'[kind]\nbase_url = "{kind.url}"\n'
    (tmp_path / "data" / "backends.toml").write_text(tables, encoding="utf-8")
    return read_settings(data_dir=tmp_path / "data", lang="en")


@pytest.fixture
def viva(settings: Settings) -> Iterator[Viva]:
    with closing((built := build(settings)).store):
        yield built


def answered(viva: Viva, answers: int = ANSWERS, **plan) -> str:
    """Id of a session whose every answer is graded by the coverage estimate."""
    points = (KeyPoint(id="k1", text="it converges"),)
    questions = [make_question(n, key_points=points, reference="It converges.") for n in range(1, answers + 1)]
    session = viva.store.create_session("Some", SessionPlan(lang="en", **plan), questions)
    for position in range(answers):
        turn = viva.store.ask(session.id, position)
        viva.store.submit(turn.id, f"I think that it converges in {position + 2} steps.", "coverage", "default")
    asyncio.run(viva.worker.run_once())
    return session.id


@asynccontextmanager
async def serving(viva: Viva) -> AsyncIterator[None]:
    """What the server runs; at the end as on SIGTERM."""
    worker = asyncio.create_task(viva.worker.run())
    try:
        async with viva.jobs.running():
            viva.regrading.resume()
            yield
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        await viva.shelf.close()


async def go_nowhere(viva: Viva, session_id: str) -> None:
    """A start of the program that finds nothing to go on with."""
    async with serving(viva):
        assert viva.regrading.running(session_id) == ""


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - states of the store, of threads and of jobs
            await asyncio.sleep(0.02)


def over(viva: Viva, job: Job) -> Callable[[], bool]:
    return lambda: viva.jobs.find(job.id).over


def begun(viva: Viva, session_id: str) -> Callable[[], bool]:
    """Whether the first two gradings run, which are held."""
    return lambda: [grading.state for grading in by(viva, session_id, "strict")] == ["running", "running"]


def by(viva: Viva, session_id: str, grader: str) -> list[Grading]:
    turns = viva.store.session(session_id).turns
    return [grading for turn in turns for grading in turn.gradings if grading.grader == grader]


def test_every_answer_is_graded_beside_what_is_there(viva: Viva):
    session_id = answered(viva)
    before = by(viva, session_id, "coverage")
    told: list[tuple[int, int]] = []

    async def regrade() -> Job:
        async with serving(viva):
            job = viva.regrading.start(session_id, "strict")
            while not viva.jobs.find(job.id).over:
                now = viva.jobs.find(job.id)
                done = sum(grading.state == "done" for grading in by(viva, session_id, "strict"))
                assert now.done <= done, "it told of gradings that the store does not have"
                told.append((now.done, now.total))
                await asyncio.sleep(0.01)
            return viva.jobs.find(job.id)

    job = asyncio.run(asyncio.wait_for(regrade(), PATIENCE))
    assert (job.state, job.done, job.total) == ("done", ANSWERS, ANSWERS)
    assert told == sorted(told)
    made = by(viva, session_id, "strict")
    assert [grade_of(grading).label for grading in made] == ["judgement"] * ANSWERS
    assert by(viva, session_id, "coverage") == before
    come = viva.regrading.came(job)
    assert (come.total, come.done, come.failed) == (ANSWERS, ANSWERS, 0)
    assert Cards(viva.store).known() == frozenset()


def test_an_interview_that_goes_on_meanwhile_keeps_its_place(viva: Viva, judges: tuple[FakeJudge, FakeJudge]):
    session_id = answered(viva)
    judges[0].hold()

    async def regrade() -> None:
        async with serving(viva):
            viva.regrading.start(session_id, "strict")
            await until(begun(viva, session_id))
            other = viva.store.create_session("Other", SessionPlan(lang="en"), [make_question(9)])
            viva.interviewer.submit(other.turns[0].id, "Answer 9 it is, and nothing else.", "kind")
            await until(lambda: all(grading.state == "done" for grading in by(viva, other.id, "kind")))
            assert len(by(viva, session_id, "strict")) == 2

    asyncio.run(regrade())


def test_what_is_graded_or_on_its_way_is_left_out_and_said(viva: Viva, judges: tuple[FakeJudge, FakeJudge]):
    session_id = answered(viva)
    first, second, *_ = viva.store.session(session_id).turns
    assert first.answer
    assert second.answer
    viva.interviewer.regrade(first.answer.id, "strict")
    asyncio.run(viva.worker.run_once())
    viva.interviewer.regrade(second.answer.id, "strict")

    plan = viva.regrading.foretell(session_id, "strict")
    assert (plan.answers, plan.known, plan.waiting, plan.estimate.gradings) == (ANSWERS, 1, 1, ANSWERS - 2)
    assert plan.estimate.cost
    assert plan.estimate.prompt_tokens
    assert viva.regrading.foretell(session_id, "coverage").known == ANSWERS
    with pytest.raises(ContentError, match="has not graded"):
        viva.regrading.start(session_id, "coverage")

    async def regrade() -> None:
        async with serving(viva):
            twice = {viva.regrading.start(session_id, "strict").id for _ in range(2)}
            await until(lambda: all(viva.jobs.find(one).over for one in twice))
            assert len(twice) == 1

    asyncio.run(regrade())
    turns = viva.store.session(session_id).turns
    assert [sum(one.grader == "strict" for one in turn.gradings) for turn in turns] == [1] * ANSWERS
    assert viva.regrading.foretell(session_id, "strict").known == ANSWERS


def test_another_model_behind_the_same_name_has_graded_nothing_yet(settings: Settings):
    with closing((viva := build(settings)).store):
        session_id = answered(viva, 2)
        asyncio.run(_to_the_end(viva, session_id, "kind"))
        assert viva.regrading.foretell(session_id, "kind").known == 2
    file = settings.data_dir / "backends.toml"
    file.write_text(file.read_text("utf-8") + 'model = "fake-judge-2"\n', encoding="utf-8")
    with closing((viva := build(settings)).store):
        assert viva.regrading.foretell(session_id, "kind").known == 0


async def _to_the_end(viva: Viva, session_id: str, grader: str) -> None:
    async with serving(viva):
        await until(over(viva, viva.regrading.start(session_id, grader)))


def test_what_code_settles_without_the_model_is_not_settled_again(viva: Viva):
    session = viva.store.create_session("Short", SessionPlan(lang="en"), [make_question(1)])
    viva.interviewer.submit(session.turns[0].id, "I don't know", "strict")
    asyncio.run(viva.worker.run_once())
    assert grade_of(by(viva, session.id, "strict")[0]).provenance.kind == "guard"
    assert viva.regrading.foretell(session.id, "strict").known == 1


def test_stopped_it_takes_back_what_has_not_begun(viva: Viva, judges: tuple[FakeJudge, FakeJudge]):
    session_id = answered(viva)
    judges[0].hold()

    async def regrade() -> Job:
        async with serving(viva):
            job = viva.regrading.start(session_id, "strict")
            await until(begun(viva, session_id))
            viva.regrading.stop(job.id)
            await until(over(viva, job))
            judges[0].release()
            await until(lambda: all(one.outcome or one.waiting_for for one in by(viva, session_id, "strict")))
            return viva.jobs.find(job.id)

    assert asyncio.run(regrade()).state == "stopped"
    made = by(viva, session_id, "strict")
    assert [type(grading.outcome) for grading in made] == [Graded, Graded], "what had begun is graded, and that is all"

    asyncio.run(go_nowhere(viva, session_id))
    plan = viva.regrading.foretell(session_id, "strict")
    assert (plan.known, plan.waiting, plan.estimate.gradings) == (2, 0, ANSWERS - 2)
    assert Cards(viva.store).known() == frozenset()


def test_a_restart_goes_on_where_it_was(settings: Settings, judges: tuple[FakeJudge, FakeJudge]):
    judges[0].hold()

    async def begin(viva: Viva, session_id: str) -> None:
        async with serving(viva):
            viva.regrading.start(session_id, "strict")
            await until(begun(viva, session_id))

    async def go_on(viva: Viva, session_id: str) -> None:
        async with serving(viva):
            assert viva.regrading.running(session_id) == "strict"
            job = viva.regrading.job(session_id, "strict")
            assert job
            await until(over(viva, job))
            assert (viva.jobs.find(job.id).done, viva.jobs.find(job.id).total) == (ANSWERS, ANSWERS)

    with closing((viva := build(settings)).store):
        session_id = answered(viva)
        asyncio.run(begin(viva, session_id))
        assert len(by(viva, session_id, "strict")) == 2
    judges[0].release()
    with closing((viva := build(settings)).store):
        asyncio.run(go_on(viva, session_id))
        turns = viva.store.session(session_id).turns
        assert [sum(one.grader == "strict" for one in turn.gradings) for turn in turns] == [1] * ANSWERS
        assert all(isinstance(grading.outcome, Graded) for grading in by(viva, session_id, "strict"))
        asyncio.run(go_nowhere(viva, session_id))


def test_a_grader_that_is_gone_at_the_restart_fails_once(settings: Settings, judges: tuple[FakeJudge, FakeJudge]):
    judges[0].hold()

    async def begin(viva: Viva, session_id: str) -> None:
        async with serving(viva):
            viva.regrading.start(session_id, "strict")
            await until(begun(viva, session_id))

    async def find_it_gone(viva: Viva, session_id: str) -> str:
        async with serving(viva):
            job = viva.regrading.job(session_id, "strict")
            assert job
            await until(over(viva, job))
            return viva.jobs.find(job.id).problem

    with closing((viva := build(settings)).store):
        session_id = answered(viva)
        asyncio.run(begin(viva, session_id))
    (settings.data_dir / "backends.toml").write_text("", encoding="utf-8")
    with closing((viva := build(settings)).store):
        assert "No grader is called" in asyncio.run(find_it_gone(viva, session_id))
    with closing((viva := build(settings)).store):
        asyncio.run(go_nowhere(viva, session_id))


def test_it_ends_early_where_every_answer_would_meet_the_same_fault(settings: Settings):
    file = settings.data_dir / "backends.toml"
    file.write_text(file.read_text("utf-8") + "[budget]\nday_tokens = 1\n", encoding="utf-8")

    async def regrade(viva: Viva, session_id: str) -> Job:
        async with serving(viva):
            job = viva.regrading.start(session_id, "strict")
            await until(over(viva, job))
            await until(lambda: all(one.outcome or one.waiting_for for one in by(viva, session_id, "strict")))
            return viva.jobs.find(job.id)

    with closing((viva := build(settings)).store):
        session_id = answered(viva)
        job = asyncio.run(regrade(viva, session_id))
        assert (job.state, "budget" in job.problem) == ("failed", True)
        assert 0 < len(by(viva, session_id, "strict")) < ANSWERS
        asyncio.run(go_nowhere(viva, session_id))


def test_a_mock_interview_that_runs_tells_nothing(viva: Viva):
    session_id = answered(viva, 2, mode="mock")
    for ask in (viva.regrading.foretell, viva.regrading.start):
        with pytest.raises(ContentError, match="tells nothing"):
            ask(session_id, "strict")
    viva.interviewer.finish(session_id)
    assert viva.regrading.foretell(session_id, "strict").estimate.gradings == 2


def test_unknown_names_are_refused(viva: Viva):
    session_id = answered(viva, 1)
    with pytest.raises(NotFound):
        viva.regrading.start(session_id, "nobody")
    with pytest.raises(NotFound):
        viva.regrading.start("nowhere", "strict")
    with pytest.raises(NotFound):
        viva.regrading.stop("nothing")


# --- the command --------------------------------------------------------------------------------------------------


@pytest.fixture
def session_id(settings: Settings) -> str:
    with closing((viva := build(settings)).store):
        return answered(viva)


def command(settings: Settings, session_id: str, *options: str, answer: str = "") -> Result:
    given = ["sessions", "regrade", session_id, "--data-dir", str(settings.data_dir), *options]
    return CliRunner().invoke(app, given, prog_name="viva", input=answer)


def graders(settings: Settings, session_id: str) -> list[str]:
    with closing(Store.open(settings.data_dir, read_only=True)) as store:
        turns = store.session(session_id).turns
        return [one.grader for turn in turns for one in turn.gradings if isinstance(one.outcome, Graded)]


def test_the_command_tells_what_it_takes_then_asks_then_grades(
    settings: Settings, session_id: str, judges: tuple[FakeJudge, FakeJudge]
):
    only_told = command(settings, session_id, "--grader", "strict", "--estimate")
    assert only_told.exit_code == 0
    assert only_told.stdout == ""
    assert "5 answers: 0 graded so already, 0 on their way." in only_told.stderr
    assert "strict: 5 gradings, about" in only_told.stderr
    assert "USD" in only_told.stderr

    refused = command(settings, session_id, "--grader", "strict", answer="n\n")
    assert refused.exit_code == 1
    assert "Go on?" in refused.stderr
    assert (judges[0].calls, graders(settings, session_id)) == (0, ["coverage"] * ANSWERS)

    done = command(settings, session_id, "--grader", "strict", answer="y\n")
    assert done.exit_code == 0
    assert done.stdout.endswith("5 answers graded, 0 came to no grade.\n")
    assert graders(settings, session_id) == ["coverage", "strict"] * ANSWERS

    again = command(settings, session_id, "--grader", "strict", "--yes")
    assert (again.exit_code, again.stdout) == (0, "")
    assert "5 answers: 5 graded so already" in again.stderr
    assert graders(settings, session_id) == ["coverage", "strict"] * ANSWERS


def test_a_command_that_is_interrupted_takes_back_what_has_not_begun(
    settings: Settings, session_id: str, judges: tuple[FakeJudge, FakeJudge]
):
    judges[0].hold()
    arguments = ["sessions", "regrade", session_id, "--grader", "strict", "--yes", "--data-dir", str(settings.data_dir)]
    command = subprocess.Popen(
        [sys.executable, "-m", "interview", *arguments],
        cwd=REPO,
        stderr=subprocess.PIPE,
        text=True,
        # A run in the background of a shell has its interrupts ignored, and would hand that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        end = time.monotonic() + PATIENCE
        while judges[0].calls < 1:  # one at a time until a first reply has come
            assert time.monotonic() < end
            assert command.poll() is None
            time.sleep(0.02)
        command.send_signal(signal.SIGINT)
        _, said = command.communicate(timeout=PATIENCE)
    finally:
        command.kill()
        command.communicate()
        judges[0].release()
    assert command.returncode == 1
    assert "Stopped." in said
    with closing((viva := build(settings)).store):
        asyncio.run(go_nowhere(viva, session_id))
        asyncio.run(viva.worker.run_once())
        assert len(by(viva, session_id, "strict")) == 2


def test_mistakes_of_the_command_are_sentences(settings: Settings, session_id: str):
    for outcome, sentence in (
        (command(settings, session_id, "--grader", "nobody"), "No grader is called 'nobody'"),
        (command(settings, "nowhere", "--grader", "strict"), "session nowhere"),
    ):
        assert sentence in refusal(outcome)
