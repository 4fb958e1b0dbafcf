"""Backends at run time: added, tested, changed and removed; where keys lie; what is found out, and kept."""

import asyncio
import json
import stat
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from interview.backends.presets import GENERIC
from interview.errors import ContentError, EndpointMistake, NotFound
from interview.jobs import Job
from interview.models import Graded, SessionPlan, Ungraded
from interview.service.drafts import Draft
from interview.settings import Roles, read_settings
from interview.settings.backends_edit import drop_backend, put_backend
from interview.wiring import Viva, build
from tests.browser import NOTES
from tests.fake_judge import FakeJudge
from tests.fault_server import Asked, FaultServer, Play, fault_server, good, plain, refusal, whole

KEY = "sk-canary-0f8e"


@pytest.fixture(scope="module")
def judge() -> Iterator[FakeJudge]:
    with FakeJudge().serving() as serving:
        yield serving


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "VIVA_MODEL"):
        monkeypatch.setenv(name, "")
    (tmp_path / "notes.md").write_text(NOTES, encoding="utf-8")
    return tmp_path


def opened(folder: Path) -> Viva:
    data = folder / "data"
    data.mkdir(exist_ok=True)
    (data / "backends.toml").touch()
    return build(read_settings(data_dir=data, notes=(folder / "notes.md",), lang="en"))


@pytest.fixture
def viva(folder: Path) -> Iterator[Viva]:
    built = opened(folder)
    yield built
    built.store.close()


def finished(viva: Viva, job: Job) -> Job:
    """Run the jobs until this one is over, as the server's lifespan does."""

    async def run() -> None:
        async with viva.jobs.running():
            while not viva.jobs.find(job.id).over:  # noqa: ASYNC110  jobs tell nobody when they end
                await asyncio.sleep(0.01)

    asyncio.run(run())
    return viva.jobs.find(job.id)


def draft_at(url: str, key: str = KEY, model: str = "fake-judge", **more: str) -> Draft:
    return Draft(service=GENERIC, base_url=url, key=SecretStr(key), model=model, **more)


def added(viva: Viva, draft: Draft) -> str:
    job = finished(viva, viva.endpoints.test_and_save(draft))
    assert (job.state, job.problem) == ("done", "")
    return viva.endpoints.saved(job)


def answer(viva: Viva, grader: str) -> str:
    """Submit an answer and grade what is due; the id of its turn."""
    session = viva.interviewer.start(SessionPlan(lang="en"))
    turn = session.turns[0]
    viva.interviewer.submit(turn.id, "Every token looks at every other token. The values are averaged.", grader)
    return turn.id


def graded(viva: Viva, turn_id: str):
    asyncio.run(viva.worker.run_once())
    asyncio.run(viva.shelf.close())
    outcome = viva.store.turn(turn_id).gradings[-1].outcome
    assert isinstance(outcome, Graded | Ungraded)
    return outcome


def test_a_backend_is_added_tested_and_in_use_without_a_restart(viva: Viva, judge: FakeJudge, folder: Path):
    assert viva.shelf.default == "coverage"
    name = added(viva, draft_at(judge.url))
    assert viva.shelf.default == name
    assert [choice.name for choice in viva.interviewer.choices()] == [name, "coverage"]
    assert graded(viva, answer(viva, "")).provenance.grader == name
    report = viva.endpoints.report(judge.url, "fake-judge")
    assert report is not None
    assert report.usable
    assert [step.state for step in report.steps][:4] == ["ok"] * 4


def test_the_key_lies_in_a_file_of_its_own_and_nowhere_else(viva: Viva, judge: FakeJudge, folder: Path):
    name = added(viva, draft_at(judge.url))
    path = folder / "data" / f"{name.partition(':')[0]}.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().strip() == KEY
    graded(viva, answer(viva, name))
    holders = [file for file in folder.rglob("*") if file.is_file() and KEY.encode() in file.read_bytes()]
    assert holders == [path]
    viva.endpoints.remove(name.partition(":")[0])
    assert not path.exists()
    assert viva.shelf.default == "coverage"


def test_what_waits_for_a_removed_backend_ends_without_a_grade(viva: Viva, judge: FakeJudge):
    name = added(viva, draft_at(judge.url))
    turn_id = answer(viva, name)
    viva.endpoints.remove(name.partition(":")[0])
    outcome = graded(viva, turn_id)
    assert isinstance(outcome, Ungraded)
    assert outcome.reason == "grader_unknown"


def test_a_backend_that_cannot_be_used_is_not_saved_and_says_why(viva: Viva, folder: Path):
    with fault_server(refusal(401, "no")) as server:
        job = finished(viva, viva.endpoints.test_and_save(draft_at(server.base_url)))
        assert viva.endpoints.saved(job) == ""
        report = viva.endpoints.report(server.base_url, "fake-judge")
    assert report is not None
    assert report.trouble is not None
    assert (report.usable, report.trouble.fault) == (False, "key_refused")
    assert [step.state for step in report.steps][2:] == ["skipped"] * 3
    assert (folder / "data" / "backends.toml").read_text() == ""
    assert not list((folder / "data").glob("*.key"))


def test_another_model_stands_beside_the_first_and_a_change_replaces_it(viva: Viva, judge: FakeJudge):
    first = viva.endpoints.save(draft_at(judge.url))
    backend = first.partition(":")[0]
    assert viva.endpoints.save(draft_at(judge.url, model="other")) == f"{backend}:other"
    assert [one.offered for one in viva.endpoints.listed()] == [(f"{backend}:other", first)]
    # The key that is kept goes on being used when none is typed.
    assert viva.endpoints.save(draft_at(judge.url, key="", model="third", changes=backend)) == f"{backend}:third"
    assert [one.offered for one in viva.endpoints.listed()] == [(f"{backend}:third", first)]
    assert viva.endpoints.find(backend).key == KEY


def test_ones_own_prices_stay_with_their_model(viva: Viva, judge: FakeJudge, folder: Path):
    backend = viva.endpoints.save(draft_at(judge.url)).partition(":")[0]
    file = folder / "data" / "backends.toml"
    file.write_text(f'{file.read_text()}price_prompt = 1.0\nprice_completion = 4.0\ncurrency = "CNY"\n')
    file.write_text(file.read_text().replace("[", "# mine\n[", 1) + "idle_seconds = 7.0  # slow\nparallel = 2\n")
    before = file.read_text()
    viva.endpoints.save(draft_at(judge.url, changes=backend))
    assert file.read_text() == before, "what the form does not show stays as it was written"
    tariff = viva.shelf.tariff(backend)
    assert tariff is not None
    assert (tariff.prompt, tariff.completion, tariff.currency) == (1, 4, "CNY")
    viva.endpoints.save(draft_at(judge.url, model="other", changes=backend))
    assert viva.shelf.tariff(backend) is None, "of another model nothing is known"


def test_a_key_that_is_kept_does_not_go_to_another_host(viva: Viva, judge: FakeJudge):
    backend = viva.endpoints.save(draft_at(judge.url)).partition(":")[0]
    viva.endpoints.save(draft_at("http://127.0.0.1:9/v1", key="", changes=backend))
    assert viva.endpoints.find(backend).api_key is None


def test_what_the_command_line_has_changed_is_there_after_a_reload(viva: Viva, folder: Path):
    file = folder / "data" / "backends.toml"
    file.write_text('[mine]\nbase_url = "http://127.0.0.1:9/v1"\n')
    viva.endpoints.reload()
    assert viva.shelf.default == "mine"
    file.write_text("[mine]\nbase_url = 1\n")
    with pytest.raises(ContentError, match=r"backends\.toml:2"):
        viva.endpoints.reload()
    assert viva.shelf.default == "mine"


def test_a_backend_of_the_environment_cannot_be_removed(viva: Viva):
    with pytest.raises(NotFound):
        viva.endpoints.remove("openai")


# --- what is found out ---------------------------------------------------------------------------------------------


@pytest.fixture
def picky(judge: FakeJudge) -> Callable[[Asked], Play]:
    """No schemas, and another name for the token limit; else by rote."""

    def play(asked: Asked) -> Play:
        if "max_tokens" in asked.body:
            return refusal(400, "Unsupported parameter: 'max_tokens'", param="max_tokens")
        if asked.rung == "json_schema":
            return refusal(400, "This response_format type is unavailable now")
        return good(judge.text(asked.body["messages"]))(asked)

    return play


def judgings(server: FaultServer) -> list[Asked]:
    """The requests for a judgement; what a second look asks is another matter."""
    return [asked for asked in server.asked if "<<<ANSWER" in str(asked.body.get("messages"))]


def test_the_form_that_works_is_found_once_and_known_after_a_restart(folder: Path, picky):
    with fault_server(picky) as server:
        (folder / "data").mkdir()
        (folder / "data" / "backends.toml").write_text(f'[mine]\nbase_url = "{server.base_url}"\nmodel = "m"\n')
        counts: list[int] = []
        for _ in range(2):
            viva = opened(folder)
            for _ in range(2):
                before = len(judgings(server))
                assert not isinstance(graded(viva, answer(viva, "mine:m")), Ungraded)
                counts.append(len(judgings(server)) - before)
            viva.store.close()
    assert counts[0] <= 1 + 3
    assert counts[1:] == [1, 1, 1]


def test_a_judge_uses_at_once_what_a_test_has_found(folder: Path, picky):
    with fault_server(picky) as server:
        (folder / "data").mkdir()
        (folder / "data" / "backends.toml").write_text(f'[mine]\nbase_url = "{server.base_url}"\nmodel = "m"\n')
        viva = opened(folder)
        finished(viva, viva.endpoints.test(viva.endpoints.find("mine")))
        before = len(judgings(server))
        assert not isinstance(graded(viva, answer(viva, "mine:m")), Ungraded)
        assert len(judgings(server)) == before + 1
        assert judgings(server)[-1].rung == "json_object"
        viva.store.close()


def test_a_prompt_that_is_cut_without_a_word_is_seen(viva: Viva, judge: FakeJudge):
    def cuts(asked: Asked) -> Play:
        body = json.loads(whole(judge.text(asked.body["messages"])).body)
        body["usage"]["prompt_tokens"] = min(4096, len(str(asked.body["messages"])) // 2)
        return plain(body)

    with fault_server(cuts) as server:
        job = finished(viva, viva.endpoints.test_and_save(draft_at(server.base_url)))
        assert viva.endpoints.saved(job) == ""
        report = viva.endpoints.report(server.base_url, "fake-judge")
    assert report is not None
    assert report.trouble is not None
    assert (report.trouble.name, report.trouble.fault) == ("long_prompt", "prompt_cut")
    assert "4096" in report.trouble.text


# --- the file ------------------------------------------------------------------------------------------------------

WRITTEN = """# mine
default = "b:x"

# about a
[a]
base_url = "http://localhost:1/v1" # here
models = [
  "one",
]

# about b
["b"]
base_url = "http://localhost:2/v1"
"""


def test_everything_else_in_the_file_stays_as_it_was_written(tmp_path: Path):
    path = tmp_path / "backends.toml"
    path.write_text(WRITTEN)
    put_backend(path, "c", {"model": 'a "quoted" 模型'})
    assert path.read_text() == WRITTEN + '\n[c]\nmodel = "a \\"quoted\\" 模型"\n'
    drop_backend(path, "c", Roles())
    assert path.read_text().rstrip() == WRITTEN.rstrip()
    put_backend(path, "a", {"model": "m", "models": None, "base_url": None})
    assert path.read_text().startswith('# mine\ndefault = "b:x"\n\n# about a\n[a]\nmodel = "m"\n\n# about b\n["b"]\n')
    drop_backend(path, "b", Roles())
    assert path.read_text().split() == ["#", "mine", "#", "about", "a", "[a]", "model", "=", '"m"', "#", "about", "b"]


@pytest.mark.parametrize("text", ['a.base_url = "x"\n', 'a = { base_url = "x" }\n'])
def test_a_table_written_in_another_way_is_changed_and_removed_too(tmp_path: Path, text: str):
    path = tmp_path / "backends.toml"
    path.write_text(f"# mine\n{text}[b]\nmodel = 'n'  # here\n")
    put_backend(path, "a", {"model": "m", "base_url": None})
    assert tomllib.loads(path.read_text()) == {"a": {"model": "m"}, "b": {"model": "n"}}
    drop_backend(path, "a", Roles())
    assert path.read_text() == "# mine\n[b]\nmodel = 'n'  # here\n"


def test_a_table_in_several_parts_is_left_alone(tmp_path: Path):
    path = tmp_path / "backends.toml"
    path.write_text(text := "[a]\nmodel = 'n'\n[b]\nmodel = 'n'\n[a.more]\nx = 1\n")
    with pytest.raises(ContentError, match="only you can change"):
        put_backend(path, "a", {"model": "m"})
    assert path.read_text() == text
    assert not path.with_name("backends.toml.bak").exists()


def test_the_comments_behind_a_table_stay_where_it_goes_and_where_it_grows(tmp_path: Path):
    path = tmp_path / "backends.toml"
    path.write_text(WRITTEN)
    drop_backend(path, "a", Roles())
    assert path.read_text() == WRITTEN.partition("[a]")[0] + "\n# about b" + WRITTEN.partition("# about b")[2]
    path.write_text(WRITTEN)
    put_backend(path, "a", {"base_url": "http://localhost:1/v1", "models": ["two"], "model": "m"})
    assert (
        path.read_text()
        .partition("[a]")[2]
        .startswith('\nbase_url = "http://localhost:1/v1" # here\nmodels = ["two"]\nmodel = "m"\n\n# about b\n')
    )
    assert path.with_name("backends.toml.bak").read_text() == WRITTEN


def test_a_likely_mistake_is_told_before_anything_is_sent(viva: Viva):
    with pytest.raises(EndpointMistake) as raised:
        viva.endpoints.test_and_save(Draft(service="deepseek", key=SecretStr("sk-or-v1-x"), model="m"))
    assert raised.value.mistake == "key_of_other"
    assert "sk-or" not in str(raised.value)
