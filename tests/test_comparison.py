"""Comparing graders: the arithmetic, and the same stored answers graded by several without touching a transcript."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interview.calibration.comparison import ComparedAnswer, compare, interval_of_mean
from interview.calibration.trials import Tried
from interview.models import Graded, PointGrade, Provenance, Question, SessionPlan, Ungraded, Verdict
from interview.store.store import Store
from tests.command_line import Run, data_dir, refusal, run
from tests.fake_judge import FakeJudge

__all__ = ["data_dir", "run"]

MADE = Provenance(
    grader="g", kind="judge", rubric="r@1", question_digest="q", reference_digest="a", calls=1, prompt_tokens=100,
    completion_tokens=10, cost=0.25, currency="USD",
)  # fmt: skip
VERDICTS: tuple[Verdict, ...] = ("covered", "partial", "missing", "contradicted", "cannot_assess")


def graded(score: float, *verdicts: Verdict, flags: tuple[str, ...] = ()) -> Tried:
    points = tuple(
        PointGrade(id=f"k{at}", text=f"point {at}", weight=1, kind="required", verdict=verdict, verified=True)
        for at, verdict in enumerate(verdicts, start=1)
    )
    outcome = Graded(
        score=score, max_score=10, band="good", label="judgement", key_points=points, flags=flags, provenance=MADE
    )
    return Tried(name="a", outcome=outcome, seconds=1.0)


def failed() -> Tried:
    return Tried(name="a", outcome=Ungraded(reason="unreachable", provenance=MADE), seconds=0.1)


def answers(*tried: dict[str, Tried]) -> list[ComparedAnswer]:
    return [
        ComparedAnswer(answer_id=f"a{at}", turn_id=f"t{at}", session_id="s", question=f"Q{at}", tried=one)
        for at, one in enumerate(tried)
    ]


def test_the_figures_of_a_pair_by_hand():
    found = compare(
        answers(
            {"x": graded(8, "covered", "partial"), "y": graded(6, "covered", "missing")},
            {"x": graded(4, "missing", "missing"), "y": graded(4, "missing", "covered")},
            {"x": graded(9, "covered", "covered"), "y": failed()},
        ),
        ["x", "y"],
    )
    (pair,) = found.pairs
    assert (pair.n, pair.points, pair.agreement, pair.difference) == (2, 4, 0.5, 1.0)
    # chance: x is covered ¼, partial ¼, missing ½; y is covered ½, missing ½
    assert pair.kappa == pytest.approx((0.5 - 0.375) / (1 - 0.375))
    x, y = found.graders
    assert (x.graded, x.mean, x.cost, x.currency, x.prompt_tokens) == (3, 7.0, 0.75, "USD", 300)
    assert (y.failures, y.verdicts) == ({"unreachable": 1}, {"covered": 2, "missing": 2})


def test_the_widest_disagreement_comes_first_and_full_agreement_is_none():
    found = compare(
        answers(
            {"x": graded(5, "partial"), "y": graded(5, "covered")},
            {"x": graded(5, "covered"), "y": graded(5, "covered")},
            {"x": graded(5, "covered"), "y": graded(5, "contradicted")},
            {"x": graded(9, "covered"), "y": graded(2, "covered")},
        ),
        ["x", "y"],
    )
    assert [(one.answer_id, one.weight) for one in found.disagreements] == [("a2", 1.5), ("a3", 0.7), ("a0", 0.5)]
    assert found.agreed == 1
    assert found.disagreements[0].points[0].verdicts == {"x": "covered", "y": "contradicted"}


def test_an_unknown_cost_makes_the_sum_unknown():
    free = graded(5, "covered")
    unknown = free.model_copy(
        update={"outcome": free.outcome.model_copy(update={"provenance": MADE.model_copy(update={"cost": None})})}
    )
    assert compare(answers({"x": free}, {"x": unknown}), ["x"]).graders[0].cost is None


tried_lists = st.lists(
    st.tuples(st.floats(0, 10), st.floats(0, 10), st.lists(st.sampled_from(VERDICTS), min_size=1, max_size=4)),
    min_size=1,
    max_size=6,
)


@given(tried_lists)
def test_a_grader_agrees_with_itself_and_swapping_two_turns_the_sign(rows: list[tuple[float, float, list[Verdict]]]):
    same = answers(*({"x": graded(a, *points), "y": graded(a, *points)} for a, _, points in rows))
    (pair,) = compare(same, ["x", "y"]).pairs
    assert (pair.agreement, pair.difference) == (1, 0)
    assert pair.kappa in (None, 1)
    assert compare(same, ["x", "y"]).disagreements == ()
    mixed = answers(*({"x": graded(a, *points), "y": graded(b, *points[::-1])} for a, b, points in rows))
    (one,), (other,) = compare(mixed, ["x", "y"]).pairs, compare(mixed, ["y", "x"]).pairs
    assert (one.agreement, one.kappa) == (other.agreement, other.kappa)
    assert one.difference == pytest.approx(-(other.difference or 0))


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=20))
def test_the_interval_is_seeded_and_lies_within_what_was_seen(numbers: list[float]):
    low, high = interval_of_mean(numbers, 3, 200) or (0, 0)
    assert (low, high) == interval_of_mean(numbers, 3, 200)
    assert min(numbers) - 1e-9 <= low <= high <= max(numbers) + 1e-9
    assert interval_of_mean(numbers[:1], 3) is None


# --- the command, on stored answers -------------------------------------------------------------------------------


@pytest.fixture
def judges(data_dir: Path) -> Iterator[tuple[FakeJudge, FakeJudge]]:
    """Two judges that disagree, configured as `strict` (with a price) and `kind`."""
    strict, kind = FakeJudge(("missing",)), FakeJudge(("covered",))
    with ExitStack() as stack:
        for judge in (strict, kind):
            stack.enter_context(judge.serving())
        tables = f'[strict]\nbase_url = "{strict.url}"\nprice_prompt = 1\nprice_completion = 2\n'
        tables += f'[kind]\nbase_url = "{kind.url}"\n'
        (data_dir / "backends.toml").write_text(tables, encoding="utf-8")
        yield strict, kind


@pytest.fixture
def session_id(data_dir: Path) -> str:
    questions = [
        Question(
            id=f"q{n}", section="S", number=n, text=f"Why {n}?", file="f.md", line=n, reference="Because it converges."
        )
        for n in (1, 2, 3)
    ]
    store = Store.open(data_dir)
    try:
        session = store.create_session("Three", SessionPlan(lang="en"), questions)
        for position in (0, 1):
            turn = store.ask(session.id, position)
            store.submit(turn.id, f"I think that it converges in {position + 2} steps.", "coverage", "default")
        return session.id
    finally:
        store.close()


def compared(run: Run, session_id: str, graders: str = "strict,kind,coverage") -> dict:
    outcome = run("compare", session_id, "--graders", graders, "--json")
    assert outcome.exit_code == 0, outcome.output
    return json.loads(outcome.stdout)


def test_the_same_answers_are_graded_side_by_side_and_the_transcript_stays(
    run: Run, data_dir: Path, judges: tuple[FakeJudge, FakeJudge], session_id: str
):
    before = run("sessions", "show", session_id, "--json").stdout
    found = compared(run, session_id)
    assert run("sessions", "show", session_id, "--json").stdout == before
    assert found["answers"] == 2
    strict, kind, coverage = found["graders"]
    assert strict["graded"] == kind["graded"] == coverage["graded"] == 2
    assert (strict["verdicts"], kind["verdicts"], coverage["estimate"]) == ({"missing": 2}, {"covered": 2}, True)
    assert strict["cost"] == pytest.approx(2 * (900 + 2 * 240) / 1e6)
    assert kind["cost"] is None
    assert found["pairs"][0]["agreement"] == 0
    assert found["pairs"][0]["difference"] < -5
    assert [one["session_id"] for one in found["disagreements"]] == [session_id] * 2
    by_purpose = json.loads(run("costs", "--by", "purpose", "--json").stdout)["groups"]
    assert [(one["key"], one["calls"], one["unknown"]) for one in by_purpose] == [("comparison", 4, 2)]
    by_session = json.loads(run("costs", "--by", "session", "--json").stdout)["groups"]
    assert [(one["key"], one["title"]) for one in by_session] == [(session_id, "Three")]


def test_what_was_graded_before_is_not_paid_again(run: Run, judges: tuple[FakeJudge, FakeJudge], session_id: str):
    strict, kind = judges
    first = compared(run, session_id, "strict,coverage")
    assert (strict.calls, kind.calls) == (2, 0)
    plan = json.loads(run("compare", session_id, "--graders", "strict,kind", "--estimate", "--json").stdout)
    assert (plan["answers"], plan["known"]) == (2, 2)
    assert [one["gradings"] for one in plan["estimates"]] == [0, 2]
    assert kind.calls == 0
    second = compared(run, session_id)
    assert (strict.calls, kind.calls) == (2, 2)
    assert second["graders"][0]["reused"] == 2
    assert second["graders"][0]["verdicts"] == first["graders"][0]["verdicts"]


def test_a_grader_that_is_down_fails_by_name_and_is_asked_again_next_time(
    run: Run, data_dir: Path, judges: tuple[FakeJudge, FakeJudge], session_id: str
):
    text = (data_dir / "backends.toml").read_text(encoding="utf-8")
    gone = text + '[gone]\nbase_url = "http://127.0.0.1:9/v1"\n[roles]\njudge = ["gone", "kind"]\n'
    (data_dir / "backends.toml").write_text(gone, encoding="utf-8")
    found = compared(run, session_id, "gone,strict")
    assert found["graders"][0]["failures"] == {"unreachable": 2}
    assert judges[1].calls == 0, "nobody takes over from a grader that is measured"
    assert found["pairs"][0]["kappa"] is None


def test_mistakes_are_sentences(run: Run, judges: tuple[FakeJudge, FakeJudge], session_id: str):
    assert "two graders" in refusal(run("compare", session_id, "--graders", "kind"))
    assert "No grader is called" in refusal(run("compare", session_id, "--graders", "kind,nobody"))
    assert "session" in refusal(run("compare", "nosuch", "--graders", "kind,strict"))


def test_the_table_names_graders_figures_and_what_to_look_at(
    run: Run, judges: tuple[FakeJudge, FakeJudge], session_id: str
):
    outcome = run("compare", session_id, "--graders", "strict,kind")
    assert outcome.exit_code == 0
    assert "strict / kind: 2 answers; agree on 0% of 2 key points" in outcome.stdout
    assert "cost unknown" in outcome.stdout
    assert "USD" in outcome.stdout
    assert "k1 Because it converges.: strict missing, kind covered" in outcome.stdout
    assert "strict: 2 gradings, about" in outcome.stderr
