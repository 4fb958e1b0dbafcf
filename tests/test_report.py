"""What a session comes to: positions, sections, points, time, help, confidence, and what to study next."""

from datetime import timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from interview.models import Answer, Graded, Outcome, Session, Turn, Verdict
from interview.models.reports import ENOUGH
from interview.ui import views
from tests import view_samples as made
from tests.made_up import RUBRIC, report


def grade(*verdicts: Verdict, score: float = 5.0, estimate: bool = False) -> Graded:
    points = tuple(made.point(f"k{n}", f"point {n}", verdict, "") for n, verdict in enumerate(verdicts, 1))
    return (made.estimated if estimate else made.judged)(key_points=points, score=score)


def turn(position: int, outcome: Outcome | None = None, *, attempt: int = 1, seconds: float = 60, **changes) -> Turn:
    """An answered Turn, unless `state` says otherwise."""
    name = f"t{position}.{attempt}"
    at = made.NOW + timedelta(hours=position, minutes=attempt)
    answered = changes.setdefault("state", "answered") == "answered"
    gradings = (made.grading(outcome),) if outcome and answered else ()
    answer = None
    if answered:
        answer = Answer(id=name, turn_id=name, text="text", created_at=at + timedelta(seconds=seconds))
    asked = made.turn(position, *gradings, id=name, attempt=attempt, asked_at=at, **changes)
    return asked.model_copy(update={"answer": answer})


def test_time_is_counted_from_asking_to_answering_over_all_attempts():
    first = turn(0, grade("covered"), seconds=60)
    again = turn(0, grade("covered"), attempt=2, seconds=30)
    skipped = turn(1, state="skipped")
    whole = report(made.session(first, again, skipped, created_at=made.NOW))
    assert [one.seconds for one in whole.questions] == [90.0, None]
    assert whole.answering_seconds == 90.0
    assert whole.elapsed_seconds == timedelta(minutes=2, seconds=30).total_seconds()


def test_a_mean_is_the_same_in_whatever_order_the_answers_came():
    scores = (6.3, 7.7, 6.3, 7.1)  # a plain sum comes to 6.85 or a hair above, and so to 6.8 or 6.9
    means = {
        report(made.session(*(turn(n, grade("covered", score=score)) for n, score in enumerate(order)))).mean
        for order in permutations(scores)
    }
    assert len(means) == 1


def test_a_clock_that_was_set_back_leaves_the_time_unknown():
    whole = report(made.session(turn(0, grade("covered"), seconds=-5)))
    assert whole.questions[0].seconds is None
    assert whole.answering_seconds is None


def test_how_each_answer_was_reached():
    turns = (
        turn(0, grade("covered")),
        turn(1, grade("covered"), hints_shown=1),
        turn(2, grade("covered"), hints_shown=1, revealed=True),
        turn(3, state="skipped"),
        turn(4, state="open"),
    )
    whole = report(made.session(*turns))
    assert [one.reached for one in whole.questions] == ["unaided", "hinted", "revealed", "skipped", None]
    card = views.report_card(whole, made.session(*turns), RUBRIC, "en")
    assert card["facts"][2:] == ["unaided 1", "with a hint 1", "after the answer 1"]


def test_a_follow_up_never_stands_for_the_whole_question_but_makes_up_for_its_points():
    first = turn(0, grade("covered", "missing", "contradicted", score=3.0))
    asked = turn(0, grade("missing", "covered", "covered", score=1.0), attempt=2, follow_up="and?", parent=first.id)
    whole = report(made.session(first, asked))
    assert whole.mean == 3.0
    assert (whole.questions[0].attempts, whole.questions[0].follow_ups) == (1, 1)
    # The contradiction stays; only what was missing is made up for.
    assert [(weak.point.id, weak.point.verdict) for weak in whole.weakest] == [("k3", "contradicted")]
    assert [strong.point.id for strong in whole.strongest] == ["k1", "k2"]


def test_what_to_study_next_is_where_most_was_lost_and_leaves_failures_out():
    turns = (
        turn(0, grade("covered", "covered", "missing")),
        turn(1, made.failed()),
        turn(2, grade("missing", "missing", "missing")),
        turn(3, grade("covered", "covered", "covered")),
        turn(4, state="skipped"),
        turn(5, grade("partial", "covered", "covered")),
        turn(6, grade("missing", "missing", estimate=True)),
    )
    study = report(made.session(*turns)).study
    assert [(item.position, item.why, item.points) for item in study] == [
        (2, "missing", 3),
        (4, "skipped", 0),
        (0, "missing", 1),
    ]


def test_estimates_are_studied_last_and_say_that_they_are_estimates():
    turns = (turn(0, grade("missing", estimate=True)), turn(1, grade("covered", "partial")))
    session = made.session(*turns)
    whole = report(session)
    assert [(item.position, item.estimated) for item in whole.study] == [(1, False), (0, True)]
    assert views.report_card(whole, session, RUBRIC, "en")["study"][1]["why"] == "estimate: 1 point not fully found"


def test_a_section_below_three_answers_says_too_few():
    few = made.session(*(turn(n, grade("covered", score=9.0)) for n in range(ENOUGH - 1)))
    card = views.report_card(report(few), few, RUBRIC, "zh")
    assert card["sections"][0]["text"] == ""
    assert card["sections"][0]["count"] == "还太少，说不准（n = 2）"
    enough = made.session(*(turn(n, grade("covered", score=9.0)) for n in range(ENOUGH)))
    assert views.report_card(report(enough), enough, RUBRIC, "zh")["sections"][0]["text"] == "9.0"


def test_confidence_stands_beside_the_score_where_it_was_told():
    turns = [turn(n, grade("covered", score=score), confidence=3) for n, score in enumerate((2.0, 4.0, 6.0))]
    session = made.session(*turns, turn(3, grade("covered", score=8.0)), turn(4, made.failed(), confidence=1))
    whole = report(session)
    assert [(one.level, one.judged, one.mean) for one in whole.confidence] == [(3, 3, 4.0)]
    assert views.report_card(whole, session, RUBRIC, "en")["confidence"][0]["name"] == "certain"


OUTCOMES = st.sampled_from(
    [None, made.failed(), grade("covered", "missing", score=7.0), grade("partial", estimate=True)]
)
TURNS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(1, 3), OUTCOMES, st.sampled_from(["answered", "skipped", "open"])),
    unique_by=lambda made: made[:2],
    max_size=10,
)


@given(TURNS)
def test_every_position_counts_once_and_the_kinds_add_up(drawn: list[tuple[int, int, Outcome | None, str]]):
    turns = [turn(position, outcome, attempt=attempt, state=state) for position, attempt, outcome, state in drawn]
    session: Session = made.session(*turns)
    whole = report(session)
    assert len(whole.questions) == whole.asked == len({position for position, *_ in drawn})
    assert whole.answered == whole.judged + whole.estimated + whole.ungraded + whole.pending
    assert sum(section.judged for section in whole.sections) == whole.judged
    assert sum(one.score is not None for one in whole.questions) == whole.judged
    assert (whole.mean is None) == (whole.judged == 0)
    assert len(whole.study) <= 3
    assert {item.turn_id for item in whole.study} <= {turn.id for turn in turns}
    views.report_card(whole, session, RUBRIC, "zh")
