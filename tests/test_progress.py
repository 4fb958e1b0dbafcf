"""Progress: what is counted, what is left out, and that few answers are never told as many."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from interview.models import Graded, SelfGraded, Session, SessionPlan, Ungraded, Verdict
from interview.models.progress import Progress
from interview.service.progress import ProgressReader, streaks
from interview.store import gradings
from interview.store.rows import write_outcome
from interview.store.schema import cards, sessions, turns
from interview.store.store import Store
from interview.ui.views import progress as views
from interview.ui.views.plotted import Plotted, axis_labels
from tests import view_samples as made
from tests.made_up import RUBRIC

PLAN = SessionPlan(lang="en")
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)  # a Monday


class Desk:
    """A store with a clock of its own, and a candidate who answers."""

    def __init__(self, folder: Path) -> None:
        self.now = START
        self.store = Store.open(folder, clock=lambda: self.now)
        self.reader = ProgressReader(self.store, RUBRIC)

    def read(self) -> Progress:
        return self.reader.read(UTC)

    def session(self, *sections: str) -> Session:
        asked = [
            made.question(n, id=f"{name}{n}", section=name, text=f"{name} {n}?") for n, name in enumerate(sections, 1)
        ]
        return self.store.create_session("s", PLAN, asked)

    def answer(
        self, session: Session, position: int, outcome: Graded | Ungraded | None, *, attempt: int = 1, **columns: object
    ) -> str:
        """Ask, answer a minute later, and grade; returns the id of the Turn."""
        turn = self.store.ask(session.id, position, attempt)
        if columns:
            with self.store.writing() as connection:
                connection.execute(sa.update(turns).where(turns.c.id == turn.id).values(**columns))
        self.now += timedelta(minutes=1)
        self.store.submit(turn.id, f"answer {position} {attempt}", "judge", "default")
        if outcome is not None:
            (claim,) = self.store.claim("me", 1, timedelta(minutes=1))
            assert self.store.finish_grading(claim, outcome)
        return turn.id


def grade(score: float, *verdicts: Verdict, estimate: bool = False) -> Graded:
    points = tuple(made.point(f"k{n}", f"point {n}", verdict, "") for n, verdict in enumerate(verdicts, 1))
    return (made.estimated if estimate else made.judged)(score=score, key_points=points)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(tmp_path)
    yield opened
    opened.store.close()


def test_nothing_at_all_is_said_plainly_and_draws_no_plot(desk: Desk):
    progress = desk.read()
    assert (progress.kinds.answers, progress.streak, progress.tried, progress.due) == (0, 0, 0, ())
    plots = (views.over_time, views.by_section, views.by_confidence, views.forecast)
    assert [plot(progress, "en").data("bar") for plot in plots] == [None] * 4
    assert all(plot(progress, "zh").head["sentence"] for plot in plots)


def test_the_same_answers_have_the_same_mean_wherever_it_is_told(desk: Desk):
    for day, scores in ((0, (8.75, 8.75, 5.25)), (1, (5.25, 5.45, 5.45, 8.75))):
        desk.now = START + timedelta(days=day)
        session = desk.session(*("BERT" for _ in scores))
        for position, score in enumerate(scores):
            desk.answer(session, position, grade(score, "covered"))
    progress = desk.read()
    told = f"{progress.recent.mean:.1f}"
    assert told == f"{(8.75 * 3 + 5.25 * 2 + 5.45 * 2) / 7:.1f}"
    weighted = sum((period.mean or 0.0) * period.n for period in progress.periods) / 7
    assert f"{weighted:.1f}" == told
    sentence = views.by_section(progress, "en").head["sentence"]
    assert sentence.startswith(f"BERT: {told} ")  # a lone section is not called the weakest


def test_only_judged_first_answers_enter_means_and_every_kind_is_counted(desk: Desk):
    session = desk.session(*["A"] * 8)
    desk.answer(session, 0, grade(4.0))
    desk.answer(session, 0, grade(9.0), attempt=2)  # a retry, after its grade was seen
    desk.answer(session, 0, grade(1.0), attempt=3, parent="t", follow_up="and?")
    desk.answer(session, 1, grade(10.0, estimate=True))
    desk.answer(session, 2, made.failed())
    desk.answer(session, 3, grade(10.0), revealed=True)
    desk.answer(session, 4, grade(6.0))
    desk.answer(session, 5, grade(8.0))
    desk.answer(session, 6, grade(1.0), parent="t", follow_up="and?")  # of a question that was skipped
    desk.answer(session, 7, None)
    progress = desk.read()
    assert progress.kinds.model_dump() == {
        **{"answers": 10, "judged": 7, "estimated": 1, "self_graded": 0, "ungraded": 1, "pending": 1},
        "silent": 0,
    }
    assert (progress.recent.n, progress.recent.mean) == (3, 6.0)
    assert [(one.name, one.n, one.mean) for one in progress.sections] == [("A", 3, 6.0)]
    assert (progress.solid, progress.tried) == (1, 3)


def test_a_first_answer_after_the_reference_was_shown_in_an_earlier_turn_is_none(desk: Desk):
    session = desk.session("A", "A")
    passed = desk.store.ask(session.id, 0)
    desk.store.reveal(passed.id)
    desk.store.skip(passed.id)
    desk.answer(session, 0, grade(10.0), attempt=2)
    desk.answer(session, 1, grade(4.0))
    retried = desk.store.ask_again(desk.store.session(session.id).turns[-1].id)
    desk.store.reveal(retried.id)  # after the first answer, which it does not touch
    assert (desk.read().recent.n, desk.read().recent.mean) == (1, 4.0)


def test_an_estimate_does_not_hide_a_judgement_and_a_second_opinion_replaces_it(desk: Desk):
    session = desk.session("A")
    turn = desk.answer(session, 0, grade(4.0))
    answer = desk.store.turn(turn).answer
    assert answer is not None
    for outcome, newest in ((grade(9.0, estimate=True), 4.0), (made.failed(), 4.0), (grade(7.0), 7.0)):
        desk.store.add_grading(answer.id, "other", "default")
        (claim,) = desk.store.claim("me", 1, timedelta(minutes=1))
        desk.store.finish_grading(claim, outcome)
        assert desk.read().questions[0].score == newest


def test_the_candidates_own_verdict_is_counted_apart_and_enters_no_mean(desk: Desk):
    session = desk.session("A")
    answer = desk.store.turn(desk.answer(session, 0, grade(4.0))).answer
    assert answer is not None
    desk.store.add_grading(answer.id, "own", "default")
    (claim,) = desk.store.claim("me", 1, timedelta(minutes=1))
    with desk.store.writing() as connection:
        columns = write_outcome(SelfGraded(score=9.0, max_score=10.0))
        assert gradings.finish(connection, claim, columns, (), desk.now)
    progress = desk.read()
    assert (progress.kinds.self_graded, progress.kinds.judged, progress.recent.n) == (1, 0, 0)


def test_few_answers_are_told_as_few(desk: Desk):
    session = desk.session("A", "A", "A", "B", "B")
    for position in range(5):
        desk.answer(session, position, grade(8.0), confidence=3)
        progress = desk.read()
        drawn = views.by_section(progress, "zh")
        told = dict(drawn.points)
        assert set(told) == ({"A"} if position >= 2 else set())
        if position == 1:
            assert drawn.head["sentence"] == "还太少，说不准（n = 2）"
            assert views.figures(progress, "zh")["figures"][2]["value"] == "–"
    rows = views.by_section(desk.read(), "en").table["rows"]
    assert rows == [["A", "8.0", "3"], ["B", "too few", "2"]]


def test_a_line_needs_two_periods_with_enough_answers_and_says_over_how_many(desk: Desk):
    for score in (5.0, 7.0):
        session = desk.session("A", "B", "C")
        for position in range(3):
            desk.answer(session, position, grade(score))
        sentence = views.over_time(desk.read(), "en").head["sentence"]
        assert ("A line needs" in sentence) == (score == 5.0)
        desk.now += timedelta(days=1)
    plotted = views.over_time(desk.read(), "en")
    assert plotted.points == [("11-02", 5.0), ("11-03", 7.0)]
    assert "from 5.0 to 7.0 (n = 3 and 3)" in plotted.head["sentence"]


def test_many_days_become_weeks_and_many_weeks_months(desk: Desk):
    steps: list[str] = []
    for _ in range(10):
        desk.answer(desk.session("A"), 0, grade(5.0))
        steps.append(desk.read().step)
        desk.now += timedelta(days=8)
    assert steps == ["day"] * 8 + ["month"] * 2
    assert sum(period.n for period in desk.read().periods) == 10


def test_a_point_missed_again_and_again_is_named_and_leads_to_its_last_answer(desk: Desk):
    ids = [desk.answer(desk.session("A"), 0, grade(5.0, "covered", "missing", "partial")) for _ in range(2)]
    assert desk.read().forgotten == ()  # twice says too little
    ids.append(desk.answer(desk.session("A"), 0, grade(5.0, "missing", "contradicted", "cannot_assess")))
    (point,) = desk.read().forgotten
    assert (point.text, point.missed, point.judged, point.turn_id) == ("point 2", 3, 3, ids[-1])
    desk.answer(desk.session("A"), 0, grade(5.0, "covered", "covered", "covered"))
    assert desk.read().forgotten == ()  # the last time it was there


def test_verdicts_that_come_late_are_read_too(desk: Desk):
    for _ in range(3):
        desk.answer(desk.session("A"), 0, None)
    desk.answer(desk.session("B"), 0, None)
    desk.read()
    claims = desk.store.claim("me", 4, timedelta(minutes=1))
    for claim in reversed(claims):
        desk.store.finish_grading(claim, grade(2.0, "missing"))
        desk.read()
    assert [point.judged for point in desk.read().forgotten] == [3]


def test_sure_but_wrong_and_the_mean_by_confidence(desk: Desk):
    session = desk.session(*["A"] * 5)
    wrong = desk.answer(session, 0, grade(2.0), confidence=3)
    desk.answer(session, 1, grade(9.0), confidence=3)
    desk.answer(session, 2, grade(4.0), confidence=3)
    desk.answer(session, 3, grade(1.0), confidence=1)
    desk.answer(session, 4, made.failed(), confidence=3)
    progress = desk.read()
    assert [(one.level, one.n, one.mean) for one in progress.confidence] == [(1, 1, 1.0), (3, 3, 5.0)]
    assert [one.score for one in progress.sure_but_wrong] == [4.0, 2.0]
    assert progress.sure_but_wrong[1].turn_id == wrong
    assert views.by_confidence(progress, "en").points == [("certain", 5.0)]


def test_days_are_days_of_the_candidates_zone(desk: Desk):
    desk.now = datetime(2026, 11, 2, 23, 30, tzinfo=UTC)
    desk.answer(desk.session("A"), 0, grade(5.0))
    there = timezone(timedelta(hours=8))
    counted = {day.day: day.count for day in desk.reader.read(there).days if day.count}
    assert counted == {date(2026, 11, 3): 1}
    assert {day.day for day in desk.read().days if day.count} == {date(2026, 11, 2)}


def test_the_calendar_has_whole_weeks_and_the_present_one_last(desk: Desk):
    days = desk.read().days
    assert len(days) == 26 * 7
    assert days[0].day.weekday() == 0
    assert days[-7].day == START.date()
    card = views.heat_map(desk.read(), "zh")
    assert [day["ahead"] for day in card["days"][-7:]] == [False] + [True] * 6


def test_what_is_overdue_is_due_today_and_nothing_scheduled_says_so(desk: Desk):
    assert views.forecast(desk.read(), "en").head["sentence"].startswith("Nothing is scheduled")
    with desk.store.writing() as connection:
        for name, days in (("a", -3), ("b", 0), ("c", 2), ("d", 30)):
            due = {"due": START + timedelta(days=days), "changed_at": START}
            connection.execute(sa.insert(cards).values(question_id=name, content="{}", **due))
    progress = desk.read()
    assert [day.count for day in progress.due] == [2, 0, 1, 0, 0, 0, 0]
    drawn = views.forecast(progress, "en")
    assert drawn.points[0] == ("today", 2.0)
    assert drawn.top == 4  # steps of one


def test_labels_of_an_axis_are_short_and_differ_and_the_tooltip_has_the_name():
    names = [
        "Retrieval-augmented generation and search",
        "Retrieval-augmented generation and agents",
        "预处理",
        "预处理",
    ]
    labels = axis_labels(names)
    assert labels == ["Retrieval-augmente…nd search", "Retrieval-augmente…nd agents", "预处理", "预处理 4"]
    plotted = Plotted({}, {}, [(label, 1.0) for label in labels], names=("Section", names))
    data = plotted.data("bar") or {}
    assert data["columns"] == ["x", "y", "Section"]
    assert data["data"][1] == [labels[1], 1.0, names[1]]


def test_a_deleted_session_counts_nowhere(desk: Desk):
    session = desk.session("A")
    desk.answer(session, 0, grade(5.0))
    with desk.store.writing() as connection:
        connection.execute(sa.update(sessions).values(deleted_at=desk.now))
    assert desk.read().kinds.answers == 0


def test_a_new_answer_is_counted_at_once_although_counts_are_kept(desk: Desk):
    session = desk.session("A", "A")
    desk.answer(session, 0, grade(5.0))
    first = desk.read()
    assert desk.read() is first is desk.reader.latest
    desk.answer(session, 1, grade(5.0))
    assert desk.read().kinds.answers == 2


@given(st.sets(st.integers(-40, 5)))
def test_a_streak_is_a_run_of_days_that_ends_today_or_yesterday(offsets: set[int]):
    today = date(2026, 11, 2)
    days = {today + timedelta(days=offset) for offset in offsets}
    current, longest = streaks(days, today)
    past = {offset for offset in offsets if offset <= 0}
    start = 0 if 0 in past else -1
    expected = 0
    while start - expected in past:
        expected += 1
    assert current == expected
    assert current <= longest <= len(past)
    assert (longest == 0) == (not past)
