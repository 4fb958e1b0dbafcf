"""A broken `backends.toml`: what cannot be used is left out and named, Viva starts with the rest, the file stays."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import cast

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from interview.backends.tariff import Tariff
from interview.errors import ContentError, GraderLeftOut, LastingFault, NotFound
from interview.grading.grader import GradingRequest
from interview.models import Graded, Question, SessionPlan
from interview.service.drafts import Draft
from interview.settings import read_settings
from interview.ui.views import left_out
from interview.wiring import Viva, build, build_bench
from tests.browser import NOTES
from tests.command_line import Run, data_dir, refusal, run
from tests.fake_judge import FakeJudge
from tests.test_cli_serve import lines

__all__ = ["data_dir", "run"]

GOOD = '[good]\nbase_url = "http://127.0.0.1:9/v1"\nmodel = "m"\n'
OTHER = '[other]\nbase_url = "http://127.0.0.1:8/v1"\nmodel = "m"\n'
BAD = "[bad]\nbase_url = 3\n"
DRAFT = Draft(service="generic", base_url="http://127.0.0.1:7/v1", model="m", key=SecretStr("k"))


@pytest.fixture
def opened(data_dir: Path, tmp_path: Path) -> Iterator[Callable[[str | bytes], Viva]]:
    """Start Viva on a `backends.toml` with this content."""
    (tmp_path / "notes.md").write_text(NOTES, encoding="utf-8")
    started: list[Viva] = []

    def start(content: str | bytes) -> Viva:
        file = data_dir / "backends.toml"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        started.append(build(read_settings(data_dir=data_dir, notes=(tmp_path / "notes.md",), lang="en")))
        return started[-1]

    yield start
    for viva in started:
        viva.store.close()


def offered(viva: Viva) -> list[str]:
    return [choice.name for choice in viva.interviewer.choices()]


# --- the start

WHOLE_FILE = {
    "no TOML": (b"[good]\nmodel = \n", ":2: not TOML"),
    "binary": (bytes(range(256)), ":1: not UTF-8"),
    "another coding": ("[好]\n".encode("gbk"), ":1: not UTF-8"),
    "nested too deeply": (b"a = " + b"[" * 50_000, ":1: not TOML"),
    "a number too long": (b"a = " + b"1" * 5_000, ":1: not TOML"),
    "too large": (b"#" * 2_000_001, "larger than 2 MB"),
}


@pytest.mark.parametrize(("content", "expected"), WHOLE_FILE.values(), ids=WHOLE_FILE)
def test_of_a_file_that_cannot_be_read_nothing_is_used(opened, data_dir: Path, content: bytes, expected: str):
    viva = opened(content)
    (problem,) = viva.shelf.problems
    assert problem.text.startswith(f"{data_dir / 'backends.toml'}:")
    assert expected in problem.text
    assert (offered(viva), viva.interviewer.default_grader) == (["coverage"], "coverage")


def test_the_backend_of_the_environment_is_left_but_takes_nobodys_place(opened, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    viva = opened("no TOML")
    assert (offered(viva), viva.interviewer.default_grader) == (["openai", "coverage"], "coverage")


def test_an_empty_file_is_no_problem(opened, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    viva = opened("")
    assert (viva.shelf.problems, viva.interviewer.default_grader) == ((), "openai")


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_is_named_and_not_waited_for(data_dir: Path, make: Callable[[Path], object]):
    file = data_dir / "backends.toml"
    file.unlink()
    make(file)
    with closing(build(read_settings(data_dir=data_dir)).store) as store:
        assert store.session_count() == 0
    (problem,) = build_bench(read_settings(data_dir=data_dir)).shelf.problems
    assert problem.text.startswith(str(file))


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (BAD, "[bad] base_url: Input should be a valid string"),
        ("[Bad]\n", "'Bad' is not a usable name"),
        ('["b.ad"]\n', "'b.ad' is not a usable name"),
        ('["本地"]\n', "'本地' is not a usable name"),
        (f"[{'x' * 41}]\n", "is not a usable name"),
        ("[bad]\n", "expected a base_url, or the name of a preset"),
        ('[bad]\nbase_url = "http://h.invalid:99999/v1"\nmodel = "m"\n', "backends.toml:4: The base URL"),
        ('[bad]\npreset = "openai"\n', "needs a key"),
        ('[bad]\nbase_url = "http://127.0.0.1:9/v1"\nprice_prompt = 1\n', "belong together"),
        ('[bad]\nkey_file = "/dev/zero"\n', "is not a regular file"),
        ('[bad]\nkey_file = "~nobody-is-called-so/key"\n', "key_file ~nobody"),
        ('[bad]\nkey_file = "a\\u0000b"\n', "key_file"),
        ("[[bad]]\n", "expected `default` or a table"),
    ],
)
def test_a_bad_table_is_left_out_and_the_others_are_used(opened, table: str, expected: str):
    viva = opened(GOOD + table + OTHER)
    (problem,) = viva.shelf.problems
    assert expected in problem.text
    assert (offered(viva), viva.interviewer.default_grader) == (["good:m", "other:m", "coverage"], "good:m")


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        (BAD + GOOD, 1),  # the first one would have been used
        ('default = "bad"\n' + GOOD + BAD, 2),
        ('default = "bad:x@careful"\n' + GOOD + BAD, 2),
        ("default = 3\n" + GOOD, 1),
        (GOOD + BAD + '[roles]\njudge = ["bad", "good"]\n', 2),
        (GOOD + BAD + '[roles]\njudge = ["panel=bad,good", "good"]\n', 2),
        (GOOD + '[roles]\njudge = ["good", "good"]\n', 1),
        (GOOD + "[[roles]]\n", 1),
    ],
)
def test_no_judge_takes_the_place_of_one_that_is_left_out(opened, content: str, problems: int):
    viva = opened(content)
    assert len(viva.shelf.problems) == problems
    assert (offered(viva), viva.interviewer.default_grader) == (["good:m", "coverage"], "coverage")


def test_roles_and_budget_keep_what_is_right_in_them(opened, data_dir: Path):
    viva = opened(
        GOOD + BAD + '[roles]\njudge = ["good", "bad"]\ninterviewer = ["bad"]\n[budget]\nday = 0\nmonth = 2.0\nx = 1\n'
    )
    assert [problem.name for problem in viva.shelf.problems] == ["budget", "budget", "bad", "roles", "roles"]
    assert (viva.shelf.roles.judge, viva.shelf.roles.interviewer) == (("good",), ())
    assert viva.interviewer.default_grader == "good"
    assert [limit.limit for limit in viva.spending.limits()] == [2.0]


@pytest.mark.parametrize("broken", ["[budget]\nday = 0\nmonth = 2.0\n", "[budget\n[budget]\nday = 1\n", "budget = 1\n"])
def test_nothing_with_a_price_is_sent_while_a_limit_cannot_be_read(opened, broken: str):
    spending = opened(broken).spending
    with pytest.raises(LastingFault, match="budget cannot be read"):
        spending.admit("good", None)
    spending.admit("local", Tariff(prompt=0, completion=0, currency="USD"))


def test_a_broken_file_without_a_budget_limits_nothing(opened):
    opened("[good\n").spending.admit("good", None)


NAMES = st.sampled_from(["a", "b", "openai", "ollama", "Ü", "default", "roles", "budget", "coverage", "x.y"])
VALUES = st.recursive(
    st.sampled_from(["a", "b:m", "panel=a,b", "a@vote=2", "http://127.0.0.1:9/v1", "http://[", "openai", "~x/k", ""])
    | st.integers(-2, 2)
    | st.floats()
    | st.booleans()
    | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
FIELDS = st.sampled_from(
    [
        *("preset", "base_url", "model", "models", "key_variable", "key_file", "idle_seconds", "price_prompt"),
        *("price_completion", "currency", "judge", "interviewer", "estimate", "day", "month_tokens"),
        *("origin", "in_file", "name", "key"),
    ]
)


def toml_of(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(toml_of, cast(list[object], value)))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if isinstance(value, str) else repr(value)


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """TOML with the right words in wrong places."""
    written = [f"default = {toml_of(draw(VALUES))}\n"] if draw(st.booleans()) else []
    for name in draw(st.lists(NAMES, unique=True, max_size=4)):
        fields = draw(st.dictionaries(FIELDS, VALUES, max_size=4))
        written += [f'["{name}"]\n', *(f"{field} = {toml_of(value)}\n" for field, value in fields.items())]
    return "".join(written).encode()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200) | tables())
@example(content=b'[roles]\njudge = ["coverage@careful"]\n')
@example(content=b'default = "panel="\n')
def test_whatever_stands_in_the_file_coverage_can_grade(data_dir: Path, content: bytes):
    (data_dir / "backends.toml").write_bytes(content)
    bench = build_bench(read_settings(data_dir=data_dir))
    question = Question(
        id="q", section="", number=None, text="Why?", file="n.md", line=1, reference="Because it is so.\n"
    )
    request = GradingRequest(question=question, answer="Because it is so.", rubric=bench.rubrics["default"], lang="en")

    async def graded() -> object:
        return [event async for event in bench.shelf.get("coverage").grade(request)][-1]

    assert isinstance(asyncio.run(graded()), Graded)
    assert bench.shelf.default in [choice.name for choice in bench.shelf.choices()]
    assert (data_dir / "backends.toml").read_bytes() == content


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200) | tables())
def test_whatever_stands_in_the_file_the_whole_starts(data_dir: Path, content: bytes):
    with tempfile.TemporaryDirectory(dir=data_dir) as folder:
        (Path(folder) / "backends.toml").write_bytes(content)
        viva = build(read_settings(data_dir=Path(folder)))
        viva.store.close()


# --- while it runs


@pytest.mark.parametrize(
    "content", [b"[good\n", b"\xff\xfe", (GOOD + BAD).encode(), ('default = "no"\n' + GOOD).encode()]
)
def test_a_file_that_is_broken_is_not_written(opened, data_dir: Path, content: bytes):
    viva = opened(content)
    before = sorted(data_dir.iterdir())
    for change in (
        lambda: viva.endpoints.save(DRAFT),
        lambda: viva.endpoints.save(DRAFT.model_copy(update={"changes": "good"})),
        lambda: viva.endpoints.remove("good"),
        lambda: viva.roster.give("judge", ("good",)),
        lambda: viva.roster.allow_estimate(True),
    ):
        with pytest.raises((ContentError, NotFound), match=r"backends\.toml"):
            change()
    assert (data_dir / "backends.toml").read_bytes() == content
    assert sorted(data_dir.iterdir()) == before


def test_a_mistake_takes_away_nothing_that_is_in_force_and_a_correction_counts_at_once(opened, data_dir: Path):
    viva = opened(BAD + GOOD)
    file = data_dir / "backends.toml"
    for broken in ("[", BAD + GOOD.replace('"m"', "1"), 'default = "no"\n' + GOOD):
        file.write_text(broken)
        with pytest.raises(ContentError, match="stays in force"):
            viva.endpoints.reload()
        assert offered(viva) == ["good:m", "coverage"]
    file.write_text(BAD + GOOD + OTHER)
    viva.endpoints.reload()
    assert offered(viva) == ["good:m", "other:m", "coverage"]
    file.write_text(GOOD)
    viva.endpoints.reload()
    assert (viva.shelf.problems, viva.interviewer.default_grader) == ((), "good:m")
    viva.endpoints.save(DRAFT)


def test_an_answer_for_a_judge_that_is_left_out_waits_for_the_correction(opened, data_dir: Path):
    with FakeJudge().serving() as judge:
        right = f'[mine]\nbase_url = "{judge.url}"\nmodel = "m"\n'
        viva = opened(right)
        session = viva.interviewer.start(SessionPlan(lang="en", count=1))
        viva.interviewer.submit(session.turns[-1].id, "What the notes say about it.", "mine:other")
        viva.store.close()
        viva = opened(right.replace('"m"', "1"))
        asyncio.run(viva.worker.run_once())
        assert viva.waiting.summary().count == 1
        assert "backends.toml:3: [mine] model" in viva.waiting.summary().detail
        (data_dir / "backends.toml").write_text(right)
        viva.endpoints.reload()
        asyncio.run(viva.worker.run_once())
        (grading,) = viva.store.session(session.id).turns[-1].gradings
        assert (grading.state, grading.grader) == ("done", "mine:other")
        assert judge.calls > 0


# --- what is said


def test_serve_says_on_standard_error_what_is_left_out(run: Run, data_dir: Path, monkeypatch: pytest.MonkeyPatch):
    served: list[str] = []

    def serve(viva: Viva, *_: object, **__: object) -> None:
        served.append(viva.interviewer.default_grader)
        viva.store.close()

    monkeypatch.setitem(sys.modules, "interview.ui.server", cast(ModuleType, SimpleNamespace(serve=serve)))
    (data_dir / "backends.toml").write_text(GOOD + BAD)
    outcome = run("serve")
    assert (outcome.exit_code, served) == (0, ["good:m"])
    assert f"{data_dir / 'backends.toml'}:5: [bad] base_url" in outcome.stderr


def test_doctor_lists_what_is_left_out_beside_what_is_well(run: Run, data_dir: Path):
    (data_dir / "backends.toml").write_text(GOOD + BAD)
    outcome = run("doctor")
    assert outcome.exit_code == 1
    assert (lines(outcome)["backends"], lines(outcome)["backend good"]) == ("fail", "ok")
    assert "backends.toml:5: [bad] base_url" in outcome.stdout
    assert "same name" not in outcome.stdout


@pytest.mark.parametrize("name", ["bad", "bad:x@careful", "panel=good,bad"])
def test_a_command_says_why_the_grader_it_names_is_not_there(run: Run, data_dir: Path, tmp_path: Path, name: str):
    (data_dir / "backends.toml").write_text(GOOD + BAD)
    (tmp_path / "answer").write_text("An answer.")
    command = ("grade", "--question", "Why?", "--answer-file", tmp_path / "answer", "--grader", name)
    assert "backends.toml:5: [bad] base_url" in refusal(run(*command)).splitlines()[-1]


def test_a_grader_that_is_in_no_file_is_merely_unknown(opened):
    viva = opened(GOOD + BAD)
    with pytest.raises(GraderLeftOut):
        viva.shelf.get("bad:m")
    with pytest.raises(NotFound) as raised:
        viva.shelf.get("nobody")
    assert not isinstance(raised.value, GraderLeftOut)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_screen_counts_and_lists_them(opened, lang):
    viva = opened(GOOD + BAD + "[Worse]\n")
    shown = left_out(viva.interviewer.grader_problems, lang)
    assert "2" in shown["text"]
    assert len(shown["detail"].splitlines()) == 2
    assert left_out((), lang) == {}
