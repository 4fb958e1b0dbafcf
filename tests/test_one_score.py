"""Every number that is shown of a grade follows the rubric that the grade was computed with."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from interview import verify
from interview.export import WRITERS
from interview.grading.grader import GradingRequest
from interview.models import ArchiveFilter, KeyPoint, Question, Session, SessionPlan
from interview.report import report
from interview.settings import read_settings
from interview.ui import views
from interview.ui.views import progress as progress_views
from interview.ui.views.found import hit_rows
from interview.wiring import Viva, build
from tests.command_line import Run, data_dir, run
from tests.conftest import REPO
from tests.made_up import some
from tests.test_judge import ANSWER, QUESTION, grade, reply, said

__all__ = ["data_dir", "run"]

USUAL = (REPO / "rubrics" / "points_only.toml").read_text(encoding="utf-8")
# In part is worth a fifth, the best is 20, and four bands have other names and limits.
OWN_BANDS = {"excellent": 0.9, "sound": 0.55, "shaky": 0.15, "poor": 0.0}
OWN = (
    USUAL[: USUAL.index("[[bands]]")]
    .replace("max_score = 10", "max_score = 20")
    .replace("partial = 0.5", "partial = 0.2")
) + "".join(f'[[bands]]\nid = "{name}"\nat_least = {least}\n\n' for name, least in OWN_BANDS.items())
IN_PART = said("partial", "weights that sum to one"), said("partial", "because it saturates")
QUESTIONS = (
    # Of the whole: three tenths, whatever «in part» is worth.
    QUESTION.model_copy(
        update={
            "id": "q1",
            "key_points": (
                KeyPoint(id="k1", text="The weights of one query sum to one", weight=3),
                KeyPoint(id="k2", text="Large scores saturate the softmax", weight=7),
            ),
        }
    ),
    QUESTION.model_copy(update={"id": "q2", "key_points": QUESTION.key_points[:2]}),
    QUESTION.model_copy(update={"id": "q3", "key_points": QUESTION.key_points[:2]}),
)
VERDICTS = (
    (said("covered", "weights that sum to one"), said("missing")),
    IN_PART,
    (said("covered", "weights that sum to one"), IN_PART[1]),
)
Open = Callable[[str], Viva]


@pytest.fixture
def open_with(tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Start on the same data folder with a default rubric; the one before ends first."""
    folder = tmp_path / "rubrics"
    folder.mkdir()
    monkeypatch.setenv("VIVA_RUBRICS", str(folder))
    running: list[Viva] = []

    def start(rubric: str) -> Viva:
        for viva in running:
            viva.store.close()
        (folder / "default.toml").write_text(rubric, encoding="utf-8")
        running.append(build(read_settings(data_dir=data_dir, lang="en")))
        return running[-1]

    yield start
    running[-1].store.close()


def practise(viva: Viva) -> Session:
    """A session whose three answers a judge graded, each told as certain."""
    session = viva.store.create_session("s", SessionPlan(lang="en"), list(QUESTIONS))
    for position, (question, verdicts) in enumerate(zip(QUESTIONS, VERDICTS, strict=True)):
        turn = session.turns[0] if position == 0 else viva.store.ask(session.id, position)
        viva.store.submit(turn.id, ANSWER, "scripted", "default", confidence=3)
        (claim,) = viva.store.claim("me", 1, timedelta(minutes=1))
        assert viva.store.finish_grading(claim, judged(viva, question, *verdicts))
    return viva.store.session(session.id)


def judged(viva: Viva, question: Question, *verdicts: dict[str, str]):
    points = {f"k{number}": verdict for number, verdict in enumerate(verdicts, 1)}
    asked = GradingRequest(question=question, answer=ANSWER, rubric=viva.rubrics["default"], lang="en")
    content = reply(key_points=points)
    del content["criteria"]  # this rubric has none
    return grade(content, asked)


def of_grades(viva: Viva, session_id: str, run: Run) -> dict[str, Any]:
    """Every number that comes from a grade and its own rubric, from each place that shows it."""
    session = viva.store.session(session_id)
    cards = [
        views.grade_card(
            *(session, turn, some(turn.current_grading), (), "en"),
            viva.rubric_history.of(some(turn.current_grading).outcome.provenance.rubric),  # type: ignore[union-attr]
        )
        for turn in session.turns
    ]
    tones = viva.rubric_history.tones()
    transcript = viva.archive.exported(session_id)
    written = {name: WRITERS[name]([transcript]) for name in ("html", "markdown", "json")}
    nav = views.room_nav(session, None, "en", tones)
    command = json.loads(run("sessions", "report", session_id, "--json").stdout)
    return {
        "rings": [(card["ring"]["text"], card["ring"]["below"], card["ring"]["share"]) for card in cards],
        "tones": [tones.get(card["ring"]["tone"], card["ring"]["tone"]) for card in cards],
        "bands": [card["title"] for card in cards],
        "bars": [(round(card["bars"][0]["share"], 4), card["bars"][0]["text"]) for card in cards],
        "ratings": [some(viva.schedule.suggestion(session, turn)).suggested for turn in session.turns],
        "study": [item.position for item in report(session, viva.rubric_history.of).study],
        "report": [question.score for question in report(session, viva.rubric_history.of).questions],
        "mean": report(session, viva.rubric_history.of).mean,
        "listed": viva.archive.sessions()[0].mean,
        "marks": viva.archive.sessions()[0].marks,
        "nav": [item["score"] for item in nav["items"]],
        "counters": [counter["count"] for counter in nav["counters"]],
        "found": [row["score"] for row in hit_rows(viva.archive.find(ArchiveFilter(mark="sound")), "", "en")["rows"]],
        "progress": sorted(question.score for question in viva.progress.read().questions),
        "html": re.findall(r"<h3><b>([\d.]+ / \d+)</b> (\w+)", written["html"]),
        "markdown": re.findall(r"### Grade: ([\d.]+ / \d+) · (\w+)", written["markdown"]),
        "means": [re.findall(r"([\d.]+) / 10\b", written[name]) for name in ("html", "markdown")],
        "json": [
            (outcome["score"], outcome["max_score"], outcome["band"])
            for turn in json.loads(written["json"])["session"]["turns"]
            for outcome in (turn["gradings"][0]["outcome"],)
        ],
        "changed": [problem.what for problem in checked(written["json"]).problems],
        "command": (command["mean"], [item["position"] for item in command["study"]]),
        "told": "mean 3.7 of 10 (n = 3)" in run("sessions", "report", session_id).stdout,
    }


def checked(document: str) -> verify.Report:
    found = verify.Report()
    verify.check_transcript(json.loads(document), found)
    return found


EXPECTED: dict[str, Any] = {
    "rings": [("6.0", "/ 20", 0.3), ("4.0", "/ 20", 0.2), ("12.0", "/ 20", 0.6)],
    "tones": ["fair", "fair", "good"],
    "bands": ["shaky", "shaky", "sound"],
    "bars": [(0.3, "3 / 10"), (0.2, "0.4 / 2"), (0.6, "1.2 / 2")],
    "ratings": [1, 1, 2],
    "study": [1, 0, 2],
    "report": [3.0, 2.0, 6.0],
    "mean": 3.7,
    "listed": 3.7,
    "marks": ("shaky", "shaky", "sound"),
    "nav": ["3.0", "2.0", "6.0"],
    "counters": [1, 2, 0, 0],
    "found": ["6"],
    "progress": [2.0, 3.0, 6.0],
    "html": [("6.0 / 20", "shaky"), ("4.0 / 20", "shaky"), ("12.0 / 20", "sound")],
    "markdown": [("6.0 / 20", "shaky"), ("4.0 / 20", "shaky"), ("12.0 / 20", "sound")],
    "means": [["3.7"], ["3.7"]],
    "json": [(6.0, 20.0, "shaky"), (4.0, 20.0, "shaky"), (12.0, 20.0, "sound")],
    "changed": [],
    "command": (3.7, [1, 0, 2]),
    "told": True,
}


def test_a_rubric_changes_every_number_together(open_with: Open, run: Run):
    viva = open_with(OWN)
    session = practise(viva)
    assert of_grades(viva, session.id, run) == EXPECTED
    # A mean has no rubric of its own; the bands of the default one are its colours, and say what is solid.
    default, tones = viva.rubric_history.default, viva.rubric_history.tones()
    progress = viva.progress.read()
    assert (progress.solid, progress.tried) == (1, 3)
    told = progress_views.questions(progress, default, "en")
    assert told["sentence"].startswith("1 of 3 questions scored 5.5 or more the last time.")
    assert [tones[row["tone"]] for row in told["rows"]] == ["fair", "fair", "good"]
    assert [one.score for one in progress.sure_but_wrong] == [2.0, 3.0]
    (row,) = views.session_rows(viva.archive.sessions(), default, "en")["rows"]
    assert (row["ring"]["text"], tones[row["ring"]["tone"]]) == ("3.7", "fair")
    assert "in part 0.2" in views.how_card(default, "en")["parts"][0]["text"]


def test_old_grades_keep_their_numbers_when_the_file_changes(open_with: Open, run: Run):
    session = practise(open_with(OWN))
    viva = open_with(USUAL)
    assert of_grades(viva, session.id, run) == EXPECTED
    assert viva.progress.read().solid_from == 6.5
    # A new grade goes by the new file, also where the same answer has an old one.
    fresh = judged(viva, QUESTIONS[1], *IN_PART)
    assert (fresh.score, fresh.max_score, fresh.band) == (5.0, 10.0, "fair")
    viva.store.add_grading(some(session.turns[1].answer).id, "scripted", "default")
    (claim,) = viva.store.claim("me", 1, timedelta(minutes=1))
    assert viva.store.finish_grading(claim, fresh)
    after = viva.store.session(session.id)
    assert [some(viva.schedule.suggestion(after, turn)).suggested for turn in after.turns] == [1, 2, 2]
    assert views.grades_list(after.turns[1], "en")["pairs"][0]["text"].startswith("3.0 points apart")


def test_a_grade_of_an_unknown_rubric_is_read_by_the_one_in_use(open_with: Open):
    history = open_with(OWN).rubric_history
    assert history.of("default@000000000000") is history.default
    assert history.of("gone@000000000000") is history.default
    assert history.of(history.default.ref) is history.default
