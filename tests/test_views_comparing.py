"""The cards of comparing and of costs: nothing that is unknown looks like a number, no estimate like a grade."""

import json

import pytest

from interview.backends.tariff import Tariff
from interview.calibration.comparison import ComparedAnswer, Comparison, compare
from interview.calibration.trials import Tried
from interview.jobs import Job
from interview.models import Graded, Language, PointGrade, Provenance, Ungraded, Verdict
from interview.service.comparing import Foretold
from interview.service.spending import Estimate, Limit
from interview.store.spending import Sum
from interview.ui.views.comparing import comparison_card
from interview.ui.views.spending import spending_card

HOSTILE = "${alert(1)}<img src=x>"


def tried(score: float, verdict: Verdict, *, estimate: bool = False, cost: float | None = 0.5) -> Tried:
    made = Provenance(
        grader="g",
        kind="coverage" if estimate else "judge",
        rubric="r@1",
        question_digest="q",
        reference_digest="a",
        calls=0 if estimate else 1,
        prompt_tokens=None if estimate else 900,
        completion_tokens=None if estimate else 100,
        cost=None if estimate else cost,
        currency="" if estimate or cost is None else "USD",
    )
    point = PointGrade(id="k1", text=HOSTILE, weight=1, kind="required", verdict=verdict, verified=True)
    grade = Graded(
        score=score,
        max_score=10,
        band="good",
        label="coverage_estimate" if estimate else "judgement",
        key_points=(point,),
        flags=("unverified_quote:k1",),
        provenance=made,
    )
    return Tried(name="a", outcome=grade, seconds=1.25)


def found(**by_grader: Tried) -> Comparison:
    answer = ComparedAnswer(answer_id="a", turn_id="t1", session_id="s", question=HOSTILE, tried=by_grader)
    return compare([answer], list(by_grader))


def job(**news: object) -> Job:
    return Job(id="j", kind="comparison", key="k", state="running").model_copy(update=news)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_estimate_has_no_mean_no_score_and_no_difference(lang: Language):
    card = comparison_card(None, None, found(x=tried(8, "covered"), coverage=tried(7, "missing", estimate=True)), lang)
    judge, estimate = card["graders"]
    assert judge["cells"][0] == "8.0"
    assert estimate["cells"][0] == "–"
    assert estimate["chip"]
    assert "7.0" not in json.dumps(card)
    assert card["pairs"][0]["cells"][2] == "–"


def test_an_unknown_price_is_a_word():
    card = comparison_card(None, None, found(x=tried(8, "covered"), y=tried(3, "missing", cost=None)), "en")
    assert [row["cells"][4] for row in card["graders"]] == ["0.5000 USD", "unknown"]


def test_a_failure_is_a_reason_and_counts_in_no_pair():
    outcome = tried(1, "missing").outcome
    failed = Tried(name="a", seconds=0.1, outcome=Ungraded(reason="key_refused", provenance=outcome.provenance))
    card = comparison_card(None, None, found(x=tried(8, "covered"), y=failed), "en")
    assert card["graders"][1]["failed"] == ["key refused 1"]
    assert "pairs" not in card
    assert "look" not in card, "one grader alone agrees with nobody"


def test_a_disagreement_leads_to_its_turn_and_names_who_said_what():
    (one,) = comparison_card(None, None, found(x=tried(8, "covered"), y=tried(3, "contradicted")), "en")[
        "disagreements"
    ]
    assert one["turn"] == "t1"
    assert [(cell["name"], cell["word"]) for cell in one["points"][0]["cells"]] == [
        ("x", "covered"),
        ("y", "contradicted"),
    ]
    assert one["scores"] == ["x 8.0", "y 3.0"]


def test_the_plan_tells_gradings_tokens_money_and_what_it_rests_on():
    estimates = (
        Estimate(grader="a", gradings=2, prompt_tokens=4000, completion_tokens=500, cost=0.02, currency="USD"),
        Estimate(
            grader="p",
            gradings=1,
            prompt_tokens=20,
            completion_tokens=5,
            cost=2.5,
            currency="USD",
            list_date="2026-05-12",
        ),
        Estimate(grader="b", gradings=2, prompt_tokens=4000, completion_tokens=500, from_past=7),
        Estimate(grader="coverage", gradings=2),
        Estimate(grader="c", gradings=0),
    )
    plan = Foretold(answers=2, known=2, estimates=estimates)
    lines = comparison_card(plan, None, None, "en")["plan"]
    assert lines == [
        "2 answers; 2 grades are there already.",
        "a: 2 gradings to make · about 4,500 tokens · about 0.0200 USD · by the length of the prompts",
        "p: 1 grading to make · about 25 tokens · about 2.50 USD (prices of 2026-05-12) · by the length of the prompts",
        "b: 2 gradings to make · about 4,500 tokens · price unknown · by 7 earlier ones",
        "Coverage estimate (offline): 2 gradings to make · nothing to pay",
    ]
    assert comparison_card(plan, job(done=1, total=4), None, "en")["plan"] == []


def test_progress_is_told_truly_and_the_end_with_its_reason():
    assert comparison_card(None, job(), None, "en")["progress"] == {"text": "Starting", "share": 0}
    assert comparison_card(None, job(done=1, total=4), None, "en")["progress"]["share"] == 0.25
    over = comparison_card(None, job(state="failed", problem="The disk is full."), None, "en")
    assert (over["progress"], over["problem"]) == ({}, "The comparison failed: The disk is full.")
    assert "goes on" in comparison_card(None, job(state="stopped"), None, "en")["problem"]


@pytest.mark.parametrize(
    ("used", "tone", "says"), [(0.5, "good", ""), (0.8, "fair", "Nearly"), (1.2, "weak", "Every answer is safe")]
)
def test_the_budget_warns_and_stops_in_words(used: float, tone: str, says: str):
    (limit,) = spending_card("day", (), (Limit(period="day", used=used, limit=1, currency="USD"),), {}, "en")["limits"]
    assert (limit["tone"], limit["share"]) == (tone, min(1.0, used))
    assert says in limit["warning"]
    assert bool(limit["warning"]) == bool(says)


def test_a_price_list_is_named_with_its_day_and_a_price_of_ones_own_is_not():
    tariff = Tariff(prompt=1, completion=2, currency="USD", list_date="2026-05-12")
    for lang in ("zh", "en"):
        (listed, _) = spending_card("day", (), (), {"openai": tariff}, lang)["notes"]
        assert "openai" in listed
        assert "2026-05-12" in listed
    assert len(spending_card("day", (), (), {}, "en")["notes"]) == 1


def test_rows_say_what_is_unknown():
    row = Sum(
        key="", completions=3, calls=4, prompt_tokens=1000, completion_tokens=10, cached_tokens=0,
        costs={"USD": 0.5, "CNY": 2.0}, unknown=1,
    )  # fmt: skip
    (shown,) = spending_card("session", (row,), (), {}, "en")["rows"]
    assert shown["name"] == "no session"
    assert shown["cells"][0] == "2.00 CNY + 0.5000 USD + unknown for 1"
    unknown = row.model_copy(update={"costs": {}, "unknown": 3})
    assert spending_card("session", (unknown,), (), {}, "zh")["rows"][0]["cells"][0] == "3 次未知"
