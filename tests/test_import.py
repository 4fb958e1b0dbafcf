"""Transcripts in: what was exported comes back as it was, twice is once, and what cannot be used is named."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from interview.errors import ContentError
from interview.export import read_transcripts, transcript_json, transcript_lines
from interview.jobs import Jobs
from interview.models import ArchiveFilter, Evidence, Imported, PointGrade, SessionPlan, Transcript
from interview.service.archive import Archive
from interview.store.deletions import Deletions
from interview.store.remarks import RemarkStore
from interview.store.store import Store
from tests.command_line import Run, data_dir, refusal, run
from tests.conftest import REPO
from tests.made_up import Clock, graded, make_question

__all__ = ["data_dir", "run"]
LEASE = timedelta(seconds=60)


def opened(folder: Path) -> Store:
    folder.mkdir(exist_ok=True)
    return Store.open(folder, clock=Clock())


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Store]:
    with closing(opened(tmp_path / "here")) as store:
        yield store


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Store]:
    with closing(opened(tmp_path / "elsewhere")) as store:
        yield store


def filled(store: Store, text: str = "layer norm first") -> Transcript:
    session = store.create_session("Sitting", SessionPlan(lang="en"), [make_question(1), make_question(2)])
    point = PointGrade(
        id="k1",
        text="point",
        weight=1,
        kind="required",
        verdict="covered",
        verified=True,
        evidence=(Evidence(quote=text[:5], start=0, end=5),),
    )
    turn_id = session.turns[0].id
    store.submit(turn_id, text, "work:big", "default")
    store.finish_grading(store.claim("me", 1, LEASE)[0], graded(7.5, key_points=(point,)))
    store.skip(store.write_hint(store.ask(session.id, 1).id, 1, "Mind the order.").id)
    archive, remarks = Archive(store, Jobs()), RemarkStore(store)
    archive.star(turn_id, True)
    archive.note(turn_id, "mind the norm")
    remarks.add(turn_id, "discussion", "candidate", "Why?")
    return archive.transcript(session.id)


def reading(text: str):
    return read_transcripts(text.encode(), "file.json")


def without_ids(transcript: Transcript) -> str:
    """Everything but ids, and the times that a transcript does not tell."""
    content = json.loads(transcript.model_dump_json())
    order = [turn["id"] for turn in content["session"]["turns"]]

    def bare(value):
        if isinstance(value, dict):
            return {
                key: bare(one) for key, one in value.items() if key not in {"id", "turn_id", "session_id", "answer_id"}
            }
        return [bare(one) for one in value] if isinstance(value, list) else value

    marks = [[order.index(turn_id), mark] for turn_id, mark in sorted(content["marks"].items())]
    remarks = [[order.index(remark["turn_id"]), bare(remark)] for remark in content["remarks"]]
    questions = [question["id"] for question in content["session"]["questions"]]
    return json.dumps([bare(content["session"]), marks, remarks, questions], sort_keys=True)


@pytest.mark.parametrize("write", [transcript_json, lambda one: transcript_lines([one])])
def test_what_was_exported_comes_back_as_it_was_under_ids_of_its_own(here: Store, elsewhere: Store, write):
    original = filled(elsewhere)
    archive = Archive(here, Jobs())
    (read,) = reading(write(original)).transcripts
    assert read == original
    assert archive.take_in(read) == Imported(added=1)
    (summary,) = archive.sessions()
    copy = archive.transcript(summary.id)
    assert copy.session.turns[1].hints == ("Mind the order.",)
    assert without_ids(copy) == without_ids(original)
    ids = {turn.id for turn in original.session.turns} | {original.session.id}
    assert not ids & ({turn.id for turn in copy.session.turns} | {copy.session.id})
    assert [hit.session_id for hit in archive.find(ArchiveFilter(words="norm", starred=True))] == [summary.id]


def test_the_same_twice_is_once_and_so_is_what_came_from_here(here: Store, elsewhere: Store):
    foreign, own = filled(elsewhere), filled(here, "my own words")
    archive = Archive(here, Jobs())
    assert archive.take_in(foreign) == Imported(added=1)
    assert archive.take_in(foreign) == Imported(known=1)
    assert archive.take_in(own) == Imported(known=1)
    copy = next(one for one in archive.sessions() if one.id != own.session.id)
    assert Archive(elsewhere, Jobs()).take_in(archive.transcript(copy.id)) == Imported(known=1)
    Deletions(here).order_session(own.session.id)
    assert archive.take_in(own) == Imported(restored=1)
    assert archive.shelf_of(own.session.id) == "active"


def test_an_id_that_is_here_already_joins_nothing(here: Store, elsewhere: Store):
    """A foreign session under our own session's id, with another answer: both stay, each with its own."""
    own, foreign = filled(here, "my own words"), filled(elsewhere, "other words")
    forged = foreign.model_copy(update={"session": foreign.session.model_copy(update={"id": own.session.id})})
    archive = Archive(here, Jobs())
    assert archive.take_in(forged) == Imported(added=1)
    assert here.session(own.session.id) == own.session
    assert len(archive.sessions()) == 2


def test_a_grading_that_came_to_nothing_yet_is_not_run_here(here: Store, elsewhere: Store):
    session = elsewhere.create_session("t", SessionPlan(lang="en"), [make_question(1)])
    elsewhere.submit(session.turns[0].id, "text", "work:big", "default")
    Archive(here, Jobs()).take_in(Transcript(session=elsewhere.session(session.id)))
    assert here.claim("me", 9, LEASE) == ()


@pytest.mark.parametrize(("version", "gone"), [(1, ("marks", "remarks")), (2, ())])
def test_the_forms_of_earlier_versions_are_still_read(elsewhere: Store, version: int, gone: tuple[str, ...]):
    document = {**json.loads(transcript_json(filled(elsewhere))), "version": version}
    old = {name: content for name, content in document.items() if name not in gone}
    for turn in old["session"]["turns"]:
        del turn["written_hints"]
    session = reading(json.dumps(old)).transcripts[0].session
    assert [(turn.hints, turn.hints_shown) for turn in session.turns] == [((), 0), ((), 1)]


def test_a_newer_version_is_refused_by_its_number(elsewhere: Store):
    good = transcript_lines([filled(elsewhere)])
    newer = json.dumps({**json.loads(good), "version": 99, "what": "ever"})
    with pytest.raises(ContentError, match=r"file\.json:2: made by a newer version .* version 99"):
        reading(good + newer)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda session: session["turns"][0].update(position=7), "not the one of the session"),
        (lambda session: session["turns"][0]["question"].update(text="Another?"), "not the one of the session"),
        (lambda session: session["turns"].append(session["turns"][0]), "are the same"),
        (lambda session: session["turns"][0].update(answer=None), "without an answer"),
        (lambda session: grade_in(session).update(score=11), "not between 0 and"),
        (lambda session: grade_in(session).update(score=float("nan")), "not between 0 and"),
        (lambda session: grade_in(session)["key_points"][0]["evidence"][0].update(quote="forged"), "forged"),
        (lambda session: session.update(created_at="2026-01-01T00:00:00"), "zone"),
        (lambda session: session.update(turns="none"), "turns"),
    ],
)
def test_a_line_that_cannot_be_so_is_named_by_its_number(elsewhere: Store, change, words: str):
    good = transcript_lines([filled(elsewhere)])
    document = json.loads(good)
    change(document["session"])
    read = reading(good + json.dumps(document) + "\n" + good)
    assert len(read.transcripts) == 2
    (problem,) = read.problems
    assert problem.startswith("file.json:2: ")
    assert words in problem


def grade_in(session: dict) -> dict:
    return session["turns"][0]["gradings"][0]["outcome"]


@pytest.mark.parametrize("text", ["", "[]", "\n\n"])
def test_a_file_without_a_transcript_says_so(text: str):
    with pytest.raises(ContentError, match="no transcript"):
        reading(text)


@pytest.mark.parametrize("text", ["7", "{}", '{"format": "other"}', "[" * 100_000, '{\n  "format": "viva-', "null"])
def test_what_is_no_transcript_is_one_problem(text: str):
    assert len(reading(text).problems) == 1


LARGE = {
    "lines": "raw = b'x\\n' * 5_000_000",
    "blank lines": "raw = b'\\n' * 9_999_999 + b'x'",
    "empty objects": "raw = b'[' + b'{},' * 3_300_000 + b'{}]'",
    "empty turns": "raw = HEAD + b'{},' * 3_300_000 + b'{}]}}'",
    "numbers for turns": "raw = HEAD + b'0,' * 150_000 + b'0]}}'",
}


@pytest.mark.parametrize("shape", LARGE)
def test_ten_megabytes_of_nothing_take_little_memory_and_name_few_problems(shape: str):
    """In a process of its own, whose peak is its own."""
    script = f"""
from pathlib import Path
from interview.export import read_transcripts
HEAD = b'{{"format":"viva-transcript","version":1,"session":{{"turns":['
{LARGE[shape]}
reading = read_transcripts(raw, "file.json")
# Not ru_maxrss: a child starts with the peak of the process that made it.
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
print(len(reading.problems), reading.unusable, int(peak.split()[1]) // 1024)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=REPO, timeout=300)
    named, unusable, megabytes = map(int, done.stdout.split())
    assert 1 <= named <= min(100, unusable)
    assert megabytes < 300


def test_an_array_may_have_bad_entries_and_must_end(elsewhere: Store):
    good = transcript_json(filled(elsewhere))
    read = reading(f" [{good}, 7 ,{good}]\n")
    assert (len(read.transcripts), read.unusable) == (2, 1)
    assert read.problems[0].startswith("file.json, entry 2: ")
    for broken in (f"[{good}", f"[{good}] x", f"[{good},]", f"[{good} {good}]"):
        read = reading(broken)
        assert (len(read.transcripts), read.unusable) == (1, 1), broken[-5:]


def test_the_command_imports_after_the_users_word(run: Run, data_dir: Path, elsewhere: Store, tmp_path: Path):
    file = tmp_path / "out.jsonl"
    file.write_text(transcript_lines([filled(elsewhere)]) + "{broken\n", encoding="utf-8")
    said = refusal(run("sessions", "import", file))
    assert "out.jsonl:2: not valid JSON" in said
    assert "Nothing was imported" in said
    outcome = run("sessions", "import", file, "--skip-broken")
    assert (outcome.exit_code, outcome.stdout) == (0, "1 session added, 0 here already, 0 brought back.\n")
    assert "0 sessions added, 1 here already" in run("sessions", "import", file, "--skip-broken").stdout
    assert len(json.loads(run("sessions", "list", "--json").stdout)) == 1
    again = run("export", "--all", "--format", "jsonl").stdout
    assert json.loads(again)["session"]["title"] == "Sitting"
    assert "cannot be read" in refusal(run("sessions", "import", tmp_path / "nowhere"))
