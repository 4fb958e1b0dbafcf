"""`verify`: an unchanged export passes, whatever was changed in it is named, and the script runs without Viva."""

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import verify as benchmark
from interview import verify
from interview.export import transcript_head, transcript_json, transcript_lines
from interview.jobs import Jobs
from interview.models import Transcript
from interview.service.archive import Archive
from tests.test_export import ANYTHING, grade, whole
from tests.whole_history import RUBRICS, fill


@pytest.fixture(scope="module")
def transcript(tmp_path_factory: pytest.TempPathFactory) -> Transcript:
    """One session with a grade, a failure, an appeal, an own verdict and a corrected grade of its first answer."""
    with closing(fill(tmp_path_factory.mktemp("verify") / "data")) as store:
        archive = Archive(store, Jobs(), RUBRICS.values())
        return next(
            archive.exported(one.id) for shelf in ("active",) for one in archive.sessions(shelf) if one.answered
        )


def checked(tmp_path: Path, content: str | bytes, head: str = "") -> tuple[int, str]:
    file = tmp_path / "export"
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    said: list[str] = []
    return verify.verify(file, head, said.append), "\n".join(said)


def test_an_unchanged_transcript_passes_and_says_what_was_checked(tmp_path: Path, transcript: Transcript):
    code, said = checked(tmp_path, transcript_json(transcript))
    assert code == 0, said
    for part in ("4 turns", "2 answers", "3 grades", "3 scores computed again", "3 without a computed score"):
        assert part in said, said
    assert f"Head: {transcript_head([transcript])}" in said
    for form in (
        transcript_lines([transcript]),
        transcript_lines([transcript] * 3),
        transcript_json(*[transcript] * 2),
    ):
        assert checked(tmp_path, form)[0] == 0
    assert checked(tmp_path, json.dumps(json.loads(transcript_json(transcript)), indent=7))[0] == 0


def test_the_noted_head_is_compared(tmp_path: Path, transcript: Transcript):
    content, head = transcript_json(transcript), transcript_head([transcript])
    assert [checked(tmp_path, content, given)[0] for given in (head, head[:16], head.upper())] == [0, 0, 0]
    assert [checked(tmp_path, content, given)[0] for given in (head[:15], "0" * 64)] == [1, 1]


@given(ANYTHING)
def test_whatever_stands_in_a_transcript_it_is_the_same_after_reading(text: str):
    document = json.loads(transcript_json(whole(text, question=text, outcomes=[grade(text)])))
    report = verify.Report()
    verify.check_transcript(verify.parse(json.dumps(document)), report)
    assert [problem for problem in report.problems if problem.kind == "digest"] == []


@pytest.mark.parametrize("end", ["\u2028", "\x85", "\x0b", "\r", "\x1c"])
def test_what_some_take_for_the_end_of_a_line_stays_in_its_answer(tmp_path: Path, transcript: Transcript, end: str):
    title = transcript.session.model_copy(update={"title": f"one{end}line"})
    content = transcript_lines([transcript.model_copy(update={"session": title})] * 2)
    assert checked(tmp_path, content)[0] == 0


@pytest.mark.parametrize("depth", [100, 900, 990, 1_000, 5_000, 100_000])
def test_a_deep_value_is_refused_in_words(tmp_path: Path, transcript: Transcript, depth: int):
    content = transcript_json(transcript).replace('"marks": {', '"deep": ' + "[" * depth + "]" * depth + ', "marks": {')
    assert checked(tmp_path, content)[0] in (1, 2)


# --- changes


def turn(document: dict[str, Any]) -> dict[str, Any]:
    return document["session"]["turns"][0]


def outcome(document: dict[str, Any], number: int = 0) -> dict[str, Any]:
    return turn(document)["gradings"][number]["outcome"]


CHANGES: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda it: turn(it)["answer"].update(text="other words"), "turn 1, attempt 1, answer"),
    (lambda it: turn(it)["answer"].update(created_at="2020-01-01T00:00:00Z"), "turn 1, attempt 1, answer"),
    (lambda it: outcome(it).update(score=9.9), "turn 1, attempt 1, answer, grading"),
    (lambda it: outcome(it)["key_points"][1].update(verdict="contradicted"), "grading"),
    (lambda it: outcome(it).update(feedback="Well done."), "grading"),
    (lambda it: outcome(it, 1).update(reason="timed_out"), "grading"),
    (lambda it: turn(it)["gradings"].pop(0), "chain"),
    (lambda it: turn(it)["gradings"].reverse(), "grading"),
    (lambda it: turn(it).update(hints_shown=3), "turn 1, attempt 1"),
    (lambda it: it["session"]["turns"].pop(), "chain"),
    (lambda it: turn(it).update(id=[]), "turn"),
    (lambda it: turn(it)["answer"].update(turn_id={}), "a turn that is not there"),
    (lambda it: turn(it)["gradings"][0].update(answer_id=[]), "an answer that is not there"),
    (lambda it: it["session"].update(title="Another"), "session Another"),
    (lambda it: it["remarks"].clear(), "remarks"),
    (lambda it: next(iter(it["rubrics"].values())).update(base=0.5), "rubrics"),
    (lambda it: it["damaged"].append({}), "damaged"),
    (lambda it: it["chain"].update(head="0" * 64), "chain"),
    (lambda it: it["chain"]["links"].reverse(), "it is not what was exported"),
    (lambda it: it.pop("chain"), "chain"),
    (lambda it: it.update(chain=[1]), "chain"),
    (lambda it: it.update(more=1), "chain"),
]


@pytest.mark.parametrize(("change", "named"), CHANGES)
def test_a_change_is_named_with_its_turn(tmp_path: Path, transcript: Transcript, change, named: str):
    document = json.loads(transcript_json(transcript))
    change(document)
    code, said = checked(tmp_path, json.dumps(document))
    assert code == 1
    assert any(line.startswith("CHANGED ") and named in line for line in said.splitlines()), said


def forged(document: dict[str, Any]) -> str:
    """The document with digests that fit it, as anybody can compute them."""
    del document["chain"]
    links = verify.chain_of(verify.transcript_records(document))
    return json.dumps({**document, "chain": {"head": links[-1], "links": links}})


FORGERIES: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda it: outcome(it).update(score=9.9), "score: it is 9.9; the verdicts give"),
    (lambda it: outcome(it).update(band="strong"), "band: it is 'strong'; the verdicts give"),
    (lambda it: outcome(it).update(max_score=100.0), "max_score"),
    (lambda it: outcome(it).update(sum="10 × 1 = 10"), "sum"),
    (lambda it: outcome(it)["alternative"].update(score=10.0), "alternative, score"),
    (lambda it: outcome(it)["criteria"][0].update(value=1.0), "is not worth 1.0"),
    (lambda it: outcome(it)["criteria"].pop(), "no level for"),
    (lambda it: outcome(it)["key_points"][1].update(verdict="covered"), "covered without a quote"),
    (
        lambda it: outcome(it)["key_points"][0]["evidence"][0].update(quote="layer norm"),
        "k1: the quote is not",
    ),
    (lambda it: outcome(it)["key_points"][0]["evidence"][0].update(start=-60), "k1: the quote is not"),
    (lambda it: outcome(it)["findings"][0]["evidence"].update(end=9), "findings: the quote is not"),
    (lambda it: outcome(it)["findings"].clear(), "score: it is"),
    (lambda it: outcome(it, -1)["flags"].clear(), "score: it is"),  # the corrected grade
    (lambda it: turn(it)["answer"].update(text="other words"), "the quote is not in the answer"),
]


@pytest.mark.parametrize(("change", "named"), FORGERIES)
def test_with_digests_made_anew_quotes_and_scores_still_tell(
    tmp_path: Path, transcript: Transcript, change, named: str
):
    document = json.loads(transcript_json(transcript))
    change(document)
    code, said = checked(tmp_path, forged(document))
    assert code == 1
    assert named in said
    assert "it is not what was exported" not in said


def test_only_a_noted_head_shows_a_forgery_that_is_consistent(tmp_path: Path, transcript: Transcript):
    """What a chain without a signature cannot show, and what shows it."""
    document = json.loads(transcript_json(transcript))
    document["session"]["title"] = "Another"
    made = forged(document)
    assert checked(tmp_path, made)[0] == 0
    assert checked(tmp_path, made, transcript_head([transcript]))[0] == 1


@pytest.mark.parametrize("spelling", ["1e1", "10.00", "100e-1"])
def test_another_spelling_of_a_number_is_a_change(tmp_path: Path, transcript: Transcript, spelling: str):
    content = transcript_json(transcript)
    assert '"max_score": 10.0' in content
    code, said = checked(tmp_path, content.replace('"max_score": 10.0', f'"max_score": {spelling}', 1))
    assert code == 1, said


def test_100_random_changes_of_one_byte_are_all_seen():
    assert benchmark.run(100, lambda text: None) == 0


# --- files of other kinds


def older(transcript: Transcript, version: int) -> dict[str, Any]:
    document = {**json.loads(transcript_json(transcript)), "version": version}
    return {name: content for name, content in document.items() if name not in ("chain", "rubrics", "damaged")}


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_older_file_is_checked_as_far_as_it_goes(tmp_path: Path, transcript: Transcript, version: int):
    document = older(transcript, version)
    code, said = checked(tmp_path, json.dumps(document))
    assert (code, "Head: none" in said) == (0, True)
    assert "without rubrics and digests: only quotes were checked" in said
    outcome(document)["key_points"][0]["evidence"][0]["quote"] = "forged"
    assert checked(tmp_path, json.dumps(document))[0] == 1
    assert checked(tmp_path, json.dumps(older(transcript, version)), "0" * 64)[0] == 1


def test_a_score_whose_rubric_is_not_there_is_named_as_not_checked(tmp_path: Path, transcript: Transcript):
    document = json.loads(transcript_json(transcript.model_copy(update={"rubrics": {}})))
    code, said = checked(tmp_path, json.dumps(document))
    assert code == 0
    assert "The rubric default@" in said
    assert "not in the file" in said


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"7", b"null", b"[]", b"[7]", b"\xff\xfe", b"[" * 100_000, b"9" * 10_000),
        *(b'{"format": "other"}', b'{"format": "viva-transcript"}', b'{"format": "viva-transcript", "version": 4}'),
        *(b'{"format": "viva-transcript", "format": "viva-transcript"}', b'{"a": NaN}', b"PK\x03\x04"),
    ],
)
def test_what_is_no_export_cannot_be_checked(tmp_path: Path, content: bytes):
    code, said = checked(tmp_path, content)
    assert (code, said.count("\n")) == (2, 0)
    assert "cannot be checked" in said


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
def test_whatever_replaces_a_part_of_a_transcript_the_check_ends_in_words(transcript: Transcript, data: st.DataObject):
    document = json.loads(transcript_json(transcript))
    place: Any = document
    while True:
        steps = list(place) if isinstance(place, dict) else list(range(len(place)))
        step = data.draw(st.sampled_from(steps))
        inner = place[step]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            break
        place = inner
    other = data.draw(JSON.filter(lambda value: verify.canonical(value) != verify.canonical(place[step])))
    place[step] = other
    report = verify.Report()
    try:
        verify.check_transcript(document, report)
    except verify.Unreadable:
        return
    # Only the version can claim that the file is too old to have digests.
    assert report.problems or (step == "version" and "older version" in "".join(report.notes))


# --- without Viva


def test_the_script_runs_by_itself_with_the_standard_library_alone(tmp_path: Path, transcript: Transcript):
    script = tmp_path / "verify.py"
    script.write_bytes(Path(verify.__file__).read_bytes())
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(transcript_json(transcript), encoding="utf-8")
    bad.write_text(transcript_json(transcript).replace("layer norm", "layer n0rm"), encoding="utf-8")

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        isolated = [sys.executable, "-I", "-S", str(script), *map(str, arguments)]
        return subprocess.run(isolated, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=60)

    assert run(good).returncode == 0, run(good)
    assert run(good, "--head", transcript_head([transcript])).returncode == 0
    assert run(bad).returncode == 1
    assert "turn 1, attempt 1, answer" in run(bad).stdout
    assert run(tmp_path / "nowhere").returncode == 2
    assert "Traceback" not in run(tmp_path / "nowhere").stderr
