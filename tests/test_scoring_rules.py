"""What a rubric credits and where its bands begin, as every number shows it that a person sees after a grade."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from interview.models import Session, SessionPlan, Turn, Verdict
from interview.settings import read_settings
from interview.ui.views import progress as progress_views
from interview.ui.views.grade import grade_card
from interview.wiring import Viva, build
from tests import view_samples as made
from tests.command_line import Run, data_dir, run
from tests.made_up import make_question, some

__all__ = ["data_dir", "run"]

# (verdict, weight) of each required point
Points = tuple[tuple[Verdict, float], ...]

FULL: Points = (("covered", 1),)


@pytest.fixture
def viva(data_dir: Path) -> Iterator[Viva]:
    built = build(read_settings(data_dir=data_dir))
    with closing(built.store):
        yield built


def graded_session(viva: Viva, *answers: Points, scores: tuple[float, ...] = ()) -> Session:
    """A session with a judged answer to each question."""
    questions = [make_question(number) for number in range(1, len(answers) + 1)]
    session = viva.store.create_session("s", SessionPlan(lang="en"), questions)
    for position, points in enumerate(answers):
        graded = made.judged(
            score=scores[position] if scores else 5.0,
            key_points=tuple(
                made.point(f"k{n}", f"point {n}", verdict, "").model_copy(update={"weight": weight})
                for n, (verdict, weight) in enumerate(points, 1)
            ),
            provenance=made.provenance(rubric=viva.rubrics["default"].ref),
        )
        turn = viva.store.ask(session.id, position, 1) if position else session.turns[0]
        viva.store.submit(turn.id, f"answer {position}", "judge", "default")
        (claim,) = viva.store.claim("me", 1, timedelta(minutes=1))
        assert viva.store.finish_grading(claim, graded)
    return viva.store.session(session.id)


def answered(viva: Viva, points: Points) -> tuple[Session, Turn]:
    session = graded_session(viva, points)
    return session, session.turns[0]


RATINGS: dict[Points, int] = {
    (("covered", 100),): 4,
    (("covered", 99), ("partial", 1)): 3,
    (("covered", 40), ("partial", 60)): 3,  # 0.7 of the weight
    (("covered", 39), ("partial", 61)): 2,
    (("covered", 69), ("contradicted", 31)): 2,  # a contradiction earns nothing
    (("partial", 70), ("missing", 30)): 2,  # 0.35
    (("partial", 69), ("missing", 31)): 1,
}


def test_a_partial_point_earns_half_its_weight_towards_the_rating(viva: Viva):
    suggested = {points: some(viva.schedule.suggestion(*answered(viva, points))).suggested for points in RATINGS}
    assert suggested == RATINGS


def test_a_partial_point_loses_half_its_weight_in_what_to_study_next(viva: Viva, run: Run):
    half: Points = (("partial", 1),)
    more_lost: Points = (("covered", 49), ("missing", 51))
    less_lost: Points = (("covered", 51), ("missing", 49))
    session = graded_session(viva, less_lost, half, more_lost)
    viva.store.close()
    report = run("sessions", "report", session.id, "--json")
    assert [item["position"] for item in json.loads(report.stdout)["study"]] == [2, 1, 0]


def test_a_partial_point_is_half_a_point_in_the_bar_of_the_card(viva: Viva):
    session, turn = answered(viva, (("covered", 1), ("partial", 1), ("missing", 1), ("contradicted", 1)))
    bar = grade_card(session, turn, turn.gradings[0], (), "en", viva.rubrics["default"])["bars"][0]
    assert (bar["text"], bar["share"]) == ("1.5 / 4", 0.375)


def test_the_bands_of_the_default_rubric_colour_means_and_tell_what_is_solid(viva: Viva):
    tones = {3.9: "weak", 4.0: "fair", 6.4: "fair", 6.5: "good", 8.4: "good", 8.5: "strong"}
    graded_session(viva, *[FULL] * len(tones), scores=tuple(tones))
    progress = viva.progress.read()
    assert (progress.tried, progress.solid) == (6, 3)
    card = progress_views.questions(progress, viva.rubrics["default"], "en")
    assert {float(row["figure"]): row["tone"] for row in card["rows"]} == tones
    assert card["sentence"] == "3 of 6 questions scored 6.5 or more the last time. The weakest come first."
    assert (
        "6 题里，3 题最近一次在 6.5 分以上"
        in progress_views.questions(progress, viva.rubrics["default"], "zh")["sentence"]
    )


def test_certain_answers_below_half_were_wrong_and_the_page_says_so(viva: Viva):
    graded_session(viva, FULL, FULL, scores=(4.9, 5.0))
    with viva.store.writing() as connection:
        connection.exec_driver_sql("UPDATE turns SET confidence = 3")
    card = progress_views.sure_but_wrong(viva.progress.read(), "en")
    assert [row["figure"] for row in card["rows"]] == ["4.9"]
    assert card["sentence"].endswith("below 5.")
