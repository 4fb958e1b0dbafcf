"""Who is asked first in each role, and who takes over: changed while everything goes on, and nothing else with it."""

import asyncio
import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from interview.errors import ContentError, NotFound, OrderChanged, VivaError
from interview.models import Graded, Grading, SessionPlan
from interview.settings import Role, Roles, backends_edit, read_settings
from interview.settings.backends_edit import put_roles
from interview.wiring import Viva, build
from tests.browser import NOTES
from tests.command_line import data_dir
from tests.fake_judge import FakeJudge
from tests.fault_server import FaultServer, fault_server, refusal

__all__ = ["data_dir"]

WRITTEN = """# mine
default = "one"
[one]  # at home
base_url = "http://127.0.0.1:1/v1"
model = "m"
models = ["n"]

[roles]
# the order of May
judge = ["one", "two"]  # two is slow
interviewer = [
    'two',  # the "patient" # one
]

# [unused]
[two]
base_url = "http://127.0.0.1:2/v1"
[budget]
day = 1.0
"""


@pytest.fixture
def file(data_dir: Path) -> Path:
    path = data_dir / "backends.toml"
    path.write_text(WRITTEN, encoding="utf-8")
    return path


@pytest.fixture
def viva(file: Path, tmp_path: Path) -> Iterator[Viva]:
    (tmp_path / "notes.md").write_text(NOTES, encoding="utf-8")
    built = build(read_settings(data_dir=file.parent, notes=(tmp_path / "notes.md",), lang="en"))
    yield built
    built.store.close()


# --- the file


def test_an_order_is_written_in_its_place_and_every_note_stays(viva: Viva, file: Path):
    viva.roster.give("judge", ("two", "one:n", "one"))
    assert file.read_text() == WRITTEN.replace('["one", "two"]', '["two", "one:n", "one"]')
    viva.roster.give("interviewer", ())
    viva.roster.allow_estimate(True)
    changed = file.read_text()
    for note in ("# mine", "# at home", "# the order of May", "# two is slow", '# the "patient" # one', "# [unused]"):
        assert changed.count(note) == 1
    assert viva.roster.roles == Roles(judge=("two", "one:n", "one"), estimate=True, origin=viva.roster.roles.origin)
    assert read_settings(data_dir=file.parent).configured_backends().budget.day == 1.0


def test_what_is_so_already_is_not_written(viva: Viva, file: Path):
    viva.roster.give("judge", ("one", "two"))
    viva.roster.allow_estimate(False)
    assert file.read_text() == WRITTEN


def test_a_table_is_made_where_there_is_none(file: Path):
    for before in ("", '[one]\nbase_url = "http://127.0.0.1:1/v1"', "# nothing\n"):
        file.write_text(before)
        put_roles(file, Roles(judge=("one",)))
        assert file.read_text().startswith(before)
        assert read_settings(data_dir=file.parent).configured_backends().roles.judge == ("one",)


@pytest.mark.parametrize("roles", ['roles = { judge = ["one"] }\n', 'roles.judge = ["one"]\n'])
def test_other_forms_of_the_table_are_changed_in_their_place(file: Path, roles: str):
    file.write_text(before := roles + WRITTEN.partition("[roles]")[0])
    put_roles(file, Roles(judge=("two",)))
    assert file.read_text() == before.replace('["one"]', '["two"]', 1)


@pytest.mark.parametrize(
    ("role", "names", "error", "told"),
    [
        ("judge", ("one", "three"), NotFound, "'three'"),
        ("interviewer", ("three",), NotFound, "'three'"),
        ("judge", ("two", "two"), ContentError, "twice"),
        ("judge", ("one", "one:m"), ContentError, "one:m is a model that stands in the order already"),
        ("judge", ("one", "coverage"), ContentError, "judges nothing"),
        ("interviewer", ("coverage",), ContentError, "judges nothing"),
    ],
)
def test_what_cannot_be_an_order_changes_nothing(
    viva: Viva, file: Path, role: Role, names: tuple[str, ...], error: type[VivaError], told: str
):
    before = viva.roster.roles
    with pytest.raises(error, match=told):
        viva.roster.give(role, names)
    assert file.read_text() == WRITTEN
    assert viva.roster.roles == before


def test_an_order_that_was_changed_meanwhile_is_not_written_over(viva: Viva, file: Path):
    seen = viva.roster.roles
    file.write_text(theirs := WRITTEN.replace('["one", "two"]', '["two"]'))
    with pytest.raises(OrderChanged, match=r"judge two; interviewer two; estimate no"):
        viva.roster.give("judge", ("two", "one"), seen)
    with pytest.raises(OrderChanged):
        viva.roster.allow_estimate(True, seen)
    assert file.read_text() == theirs
    assert viva.roster.roles.judge == ("two",), "what the other one wrote is in force"
    viva.roster.give("judge", ("two", "one"), viva.roster.roles)
    assert viva.roster.roles.judge == ("two", "one")


def test_a_file_that_is_broken_meanwhile_stays_as_it_is_and_what_was_read_goes_on(viva: Viva, file: Path):
    file.write_text(broken := WRITTEN + "[three\n")
    with pytest.raises(ContentError, match=r"backends\.toml:20"):
        viva.roster.give("judge", ("two",))
    assert file.read_text() == broken
    assert viva.roster.roles.judge == ("one", "two")


def test_a_backend_that_is_removed_leaves_its_places(viva: Viva, file: Path):
    viva.roster.give("judge", ("panel=one,two@careful", "one:n", "two"))
    viva.endpoints.remove("one")
    assert (viva.roster.roles.judge, viva.roster.roles.interviewer) == (("two",), ("two",))
    viva.endpoints.remove("two")
    assert (viva.roster.roles.judge, viva.roster.roles.interviewer) == ((), ())
    assert viva.shelf.default == "coverage"


def test_a_backend_goes_together_with_its_places_or_not_at_all(viva: Viva, file: Path, monkeypatch: pytest.MonkeyPatch):
    def full(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(backends_edit, "replace_file", full)
        with pytest.raises(ContentError, match="No space left"):
            viva.endpoints.remove("two")
    assert file.read_text() == WRITTEN
    viva.endpoints.remove("two")
    assert file.with_name("backends.toml.bak").read_text() == WRITTEN, "one write for both"


# --- what is in force


def test_the_order_is_in_force_at_once(viva: Viva):
    assert viva.roster.chain("one") == ("one", "two")
    assert viva.roster.left("judge") == ("one:n",)
    viva.roster.give("judge", ("two", "one:n", "one"))
    assert viva.roster.chain("two@careful") == ("two", "one:n", "one")
    assert viva.roster.chain("one:m") == ("one:m",), "the model that `one` stands for"
    assert viva.roster.chain("coverage") == ()
    assert viva.roster.left("judge") == ()
    assert viva.roster.left("interviewer") == ("one:m", "one:n")


def test_a_model_has_its_place_under_either_of_its_names(viva: Viva):
    assert viva.roster.chain("one:m") == ("one:m", "two")


def graded(viva: Viva, grader: str) -> Grading:
    session = viva.interviewer.start(SessionPlan(lang="en"))
    turn = session.turns[0].id
    viva.interviewer.submit(turn, "Every token looks at every other token.", grader)

    async def work() -> None:
        await viva.worker.run_once()
        await viva.shelf.close()

    asyncio.run(work())
    return viva.store.turn(turn).gradings[-1]


def with_servers(file: Path, one: str, two: str) -> None:
    file.write_text(f'[one]\nbase_url = "{one}"\nmodel = "m"\n[two]\nbase_url = "{two}"\nmodel = "m"\n')


def asked_for_a_grade(server: FaultServer) -> int:
    return len([asked for asked in server.asked if "<<<ANSWER" in str(asked.body.get("messages"))])


def test_after_a_new_order_the_second_takes_over_from_the_first_and_is_named(viva: Viva, file: Path):
    with fault_server(refusal(401)) as broken, FakeJudge(("covered",)).serving() as sound:
        with_servers(file, sound.url, broken.base_url)
        viva.roster.give("judge", ("one:m", "two:m"))
        first = graded(viva, "one:m")
        assert (first.graded_by, asked_for_a_grade(broken)) == ("one:m", 0)
        viva.roster.give("judge", ("two:m", "one:m"))
        second = graded(viva, "two:m")
        assert asked_for_a_grade(broken) == 1
    assert isinstance(second.outcome, Graded)
    assert (second.grader, second.graded_by) == ("two:m", "one:m"), "asked for one, graded by the other"
    assert second.outcome.provenance.host == sound.url.split("/")[2]
    assert "fallback:two:m" in second.outcome.flags


def test_the_estimate_steps_in_from_the_yes_on_and_not_before(viva: Viva, file: Path):
    with fault_server(refusal(401)) as broken:
        with_servers(file, broken.base_url, broken.base_url)
        viva.roster.give("judge", ("one:m", "two:m"))
        assert graded(viva, "one:m").waiting_for == "key_refused"
        viva.roster.allow_estimate(True)
        allowed = graded(viva, "one:m").outcome
        assert isinstance(allowed, Graded)
        assert (allowed.label, allowed.provenance.grader) == ("coverage_estimate", "coverage")
        assert "fallback:one:m" in allowed.flags
        viva.roster.allow_estimate(False)
        assert graded(viva, "one:m").waiting_for == "key_refused"
