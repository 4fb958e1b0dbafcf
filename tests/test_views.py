"""Cards as values: what each says in which state, in both languages."""

import json
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interview.errors import AnswerRefused, ContentError, FaultClass, PassingFault
from interview.grading.shelf import GraderChoice
from interview.models import (
    Alternative,
    Appeal,
    Ballot,
    Evidence,
    FailedAttempt,
    Forecast,
    Grading,
    KeyPoint,
    Language,
    PointVote,
    Rated,
    SelfGraded,
    SessionSummary,
    Turn,
    UngradedReason,
    Verdict,
)
from interview.notes.bank import Problem, QuestionBank
from interview.service.waiting import WaitingSummary
from interview.settings import Role, Roles
from interview.ui import views
from interview.ui.views.foot import rating_bar
from interview.ui.views.how import keys_card
from interview.ui.views.paper import paper_card
from interview.ui.views.roles import Place, roles_card
from interview.ui.views.setup import forecast_card
from tests import view_samples as made
from tests.made_up import RUBRIC, report
from tests.view_gallery import made_suggestion, mock_of

LANGS: tuple[Language, ...] = ("zh", "en")
COVERAGE = GraderChoice(name="coverage", kind="coverage", host="", model="")
JUDGE = GraderChoice(name="openai:small", kind="judge", host="api.example.invalid", model="small")


def words(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def grade_card(turn: Turn, *about: Any, **options: Any) -> dict[str, Any]:
    """Of a Turn that is alone in its session."""
    return views.grade_card(made.session(turn), turn, *about, **options)


PLACES = [Place(name="cloud:m", host="llm.invalid"), Place(name="home", host="localhost:1")]


@pytest.mark.parametrize(
    ("chain", "estimate", "now"),
    [
        (["cloud:m", "home"], False, "In force now: cloud:m → home"),
        (["home"], False, "In force now: home, and nobody takes over"),
        (["home"], True, "In force now: home → Coverage estimate (offline)"),
        ([], True, "The coverage estimate is chosen now, so no model is asked."),
    ],
)
def test_the_order_says_what_is_in_force(chain: list[str], estimate: bool, now: str):
    roles = Roles(judge=("cloud:m", "home"), estimate=estimate)
    left: dict[Role, list[str]] = {"judge": ["far"], "interviewer": []}
    card = roles_card(roles, {"judge": PLACES, "interviewer": []}, left, chain, "en")
    judge, interviewer = card["roles"]
    assert judge["now"] == now
    assert (card["estimate"]["on"], card["estimate"]["wish"]) == (estimate, {"estimate": not estimate})
    up, down, out = ([place["actions"][at]["wish"]["names"] for place in judge["places"]] for at in range(3))
    assert up == [["cloud:m", "home"], ["home", "cloud:m"]], "the first cannot go up"
    assert down == [["home", "cloud:m"], ["cloud:m", "home"]]
    assert out == [["home"], ["cloud:m"]]
    assert [one["wish"]["names"] for one in judge["left"]] == [["cloud:m", "home", "far"]]
    assert judge["places"][1]["actions"][0]["label"] == "Up home · Judging"
    assert interviewer["empty"] == "There is no backend yet; add one first."


def every_view(lang: Language) -> list[dict[str, Any]]:
    outcomes = [made.judged(), made.doubted(), made.estimated(), made.failed(), SelfGraded(score=7, max_score=10), None]
    turns = [made.turn(n, made.grading(outcome)) for n, outcome in enumerate(outcomes)]
    session = made.session(*turns, made.turn(6), made.turn(7, answer=None))
    cards = [
        views.brand(lang),
        views.banner(COVERAGE, lang),
        views.notice("x", lang),
        views.how_card(RUBRIC, lang),
        views.how_card(None, lang),
        views.report_card(report(session), session, RUBRIC, lang),
        views.room_head(session, lang),
        views.room_nav(session, "t1", lang),
        paper_card(mock_of(session), lang),
        keys_card(lang),
        rating_bar(made_suggestion(), None, lang),
        rating_bar(made_suggestion(), Rated(turn_id="h1", rating=3, due=made.NOW, can_undo=True), lang),
        forecast_card(Forecast(days=(0,) * 7, fresh=0, streak=0, done=0), lang),
    ]
    for turn in session.turns:
        grading = views.shown_grading(turn)
        cards += [
            views.question_head(session, turn, lang),
            views.separator(session, turn, lang),
            views.verdict_line(turn, grading, made.points()[:2], lang),
            grade_card(turn, grading, made.points()[:2], lang, RUBRIC),
            views.answer_segments(turn, grading, lang),
        ]
    return cards


@pytest.mark.parametrize("lang", LANGS)
def test_every_view_can_be_sent_as_json_and_leaves_no_blank_open(lang: Language):
    for card in every_view(lang):
        assert not set("{}") & set("".join(texts(card)).replace("{time}", ""))


def texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    assert value is None or isinstance(value, str | int | float | bool)
    return [value] if isinstance(value, str) else []


# --- frame and set-up ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "says"), [("zh", "不是对错判断"), ("en", "not a judgement of correctness")])
def test_the_banner_is_there_for_the_estimate_alone_and_says_how_to_connect(lang: Language, says: str):
    shown = words(views.banner(COVERAGE, lang))
    assert says in shown
    assert all(name in shown for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "VIVA_MODEL"))
    assert views.banner(JUDGE, lang) == {}


def test_a_notice_tells_where_in_both_languages():
    error = ContentError("notes.md:3: an unclosed fence")
    assert views.notice(error, "en")["text"] == "notes.md:3: an unclosed fence"
    chinese = views.notice(error, "zh")
    assert chinese["text"] == "内容用不了。"
    assert chinese["detail"] == "notes.md:3: an unclosed fence"
    assert "连不上模型" in views.notice(PassingFault("no route", fault="unreachable"), "zh")["text"]
    assert "20,000" in views.notice(AnswerRefused("too long"), "zh")["text"]
    assert views.notice("", "en") == {}


def test_the_notes_card_counts_and_names_problems():
    bank = QuestionBank(
        questions=(made.question(1), made.question(2, reference=""), made.question(3, section="Nets")),
        problems=(Problem(file="n.md", line=7, what="an empty heading"),),
    )
    card = views.notes_card(bank, ["n.md"], "en", "other.md:1: not UTF-8")
    assert [section["name"] for section in card["sections"]] == ["Files", "Nets"]
    assert card["sections"][0]["count"] == "2"
    assert card["sections"][0]["without"] == "1 without a reference"
    assert card["sections"][1]["without"] == ""
    assert card["problems"] == ["n.md:7: an empty heading"]
    assert card["error"]["detail"] == "other.md:1: not UTF-8"
    assert card["origin"] == "n.md"
    for origin in (["n.md"], []):
        assert "n.md is gone" in views.notes_card(bank, origin, "en", "no such file", ["n.md"])["error"]["text"]
    assert views.setup_head(bank, "en")["text"] == "3 questions, 2 with a reference answer."


def test_an_empty_bank_says_what_to_do():
    empty = QuestionBank(questions=(), problems=())
    assert "No questions yet" in views.notes_card(empty, (), "en")["empty"]
    assert "还没有题目" in views.setup_head(empty, "zh")["text"]


# --- question ------------------------------------------------------------------------------------------------------


def test_the_head_has_a_dot_per_position_and_names_it():
    session = made.session(
        made.turn(0, made.grading(made.judged())), made.turn(1, made.grading(made.failed())), count=3
    )
    dots = views.question_head(session, session.turns[1], "en")["dots"]
    assert [dot["tone"] for dot in dots] == ["fair", "ungraded", "unasked"]
    assert [dot["turn"] for dot in dots] == ["t1", "t2", ""]
    assert [dot["current"] for dot in dots] == [False, True, False]
    assert dots[1]["label"] == "Question 2 of 3 · not graded"


def test_the_head_counts_points_before_while_and_after():
    session = made.session(made.turn(0, answer=None), count=2)
    before = views.question_head(session, session.turns[0], "zh")
    assert before["points"] == "5 个要点"
    assert before["pips"] == ["unknown"] * 5
    assert before["open"] is True
    running = made.turn(0, made.grading(None))
    during = views.question_head(made.session(running), running, "zh", made.points()[:3])
    assert during["points"] == "覆盖 2/5"
    assert during["pips"] == ["covered", "covered", "partial", "unknown", "unknown"]
    done = made.turn(0, made.grading(made.judged()))
    after = views.question_head(made.session(done), done, "en")
    assert after["points"] == "2 of 5"
    assert after["pips"][-1] == "contradicted"


def test_a_question_whose_points_are_not_the_authors_shows_those_of_the_grade():
    turn = made.turn(0, made.grading(made.estimated()), question=made.question(points=False))
    head = views.question_head(made.session(turn), turn, "zh")
    assert head["points"] == "提到 2/5"
    assert len(head["pips"]) == 5


def test_a_retry_is_told_as_such():
    again = made.turn(0, attempt=2, answer=None)
    assert views.separator(made.session(again), again, "en")["position"] == "Question 1 of 8 · attempt 2"


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ({"revealed": True}, "after the answer"),
        ({"hints_shown": 1}, "with a hint"),
        ({"position": 1, "revealed": True}, "unaided"),  # of another question
        ({}, "unaided"),
    ],
)
@pytest.mark.parametrize("later", [{}, {"follow_up": "And why?", "parent": "t1"}])
def test_what_was_shown_before_an_answer_is_told_wherever_its_help_is(
    before: dict[str, Any], said: str, later: dict[str, Any]
):
    first = made.turn(**{"position": 0, **before})
    turn = made.turn(0, made.grading(made.judged()), id="t9", attempt=2, **later)
    session = made.session(first, turn)
    card = views.grade_card(session, turn, turn.gradings[0], (), "en")
    assert [chip["text"] for chip in card["chips"]] == [said]
    assert views.room_nav(session, "t9", "en")["items"][-1]["meta"][-1] == said
    if not later:
        assert views.separator(session, turn, "en")["reached"] == said
        assert report(session).questions[0].reached == {"after the answer": "revealed", "with a hint": "hinted"}.get(
            said, said
        )


# --- verdict line and grade card -----------------------------------------------------------------------------------


def test_a_judgement_has_a_score_a_band_and_one_clause():
    turn = made.turn(0, made.grading(made.judged()))
    line = views.verdict_line(turn, turn.gradings[0], (), "zh")
    assert line["state"] == "graded"
    assert line["ring"]["text"] == "4.6"
    assert line["ring"]["share"] == pytest.approx(0.46)
    assert (line["title"], line["clause"]) == ("一般", "覆盖 2/5，部分 1，缺 1，说反 1")
    assert line["open"] == "看成绩 ›"
    assert views.verdict_line(turn, turn.gradings[0], (), "zh", selected=True)["open"] == ""


@pytest.mark.parametrize("lang", LANGS)
def test_an_estimate_never_looks_like_a_score(lang: Language):
    estimate = made.estimated(score=7.3, sum="10 × 0.73 = 7.3")
    turn = made.turn(0, made.grading(estimate))
    for card in (
        views.verdict_line(turn, turn.gradings[0], (), lang),
        grade_card(turn, turn.gradings[0], (), lang),
    ):
        assert card["ring"]["kind"] == "estimate"
        assert card["ring"]["text"] == "2/5"
        assert "7.3" not in words(card)
        assert ("不是对错判断" if lang == "zh" else "not a judgement of correctness") in words(card).replace(
            "Not a", "not a"
        )
    assert grade_card(turn, turn.gradings[0], (), "zh")["points"][0]["word"] == "提到"


@pytest.mark.parametrize("reason", get_args(UngradedReason))
@pytest.mark.parametrize("lang", LANGS)
def test_a_failure_is_never_a_number(reason: UngradedReason, lang: Language):
    turn = made.turn(0, made.grading(made.failed(reason, detail="it said no")))
    line = views.verdict_line(turn, turn.gradings[0], (), lang)
    card = grade_card(turn, turn.gradings[0], (), lang)
    assert line["state"] == card["state"] == "ungraded"
    assert line["ring"]["text"] == card["ring"]["text"] == "–"
    assert card["ring"]["share"] == 0
    assert "it said no" in card["notes"]
    assert ("已经保存" if lang == "zh" else "Your answer is saved") in words(card["notes"])


def test_grading_is_followed_point_by_point():
    turn = made.turn(0, made.grading(None))
    line = views.verdict_line(turn, turn.gradings[0], made.points()[:3], "zh")
    assert line["state"] == "pending"
    assert line["clause"].startswith("已判断 3/5 个要点")
    card = grade_card(turn, turn.gradings[0], made.points()[:3], "zh")
    assert [point["verdict"] for point in card["points"]] == ["covered", "covered", "partial"]
    assert card["marks"] == []


def test_waiting_says_why_and_when():
    waiting = made.grading(None, state="pending", retry_at=made.NOW, waiting_for="rate_limited", attempt=1)
    turn = made.turn(0, waiting)
    line = views.verdict_line(turn, waiting, (), "en")
    assert line["state"] == "waiting"
    assert line["clause"] == "rate limited; attempt 2 at {time}"
    assert line["retry_at"] == made.NOW.isoformat()


def test_the_card_shows_proof_sum_and_bars():
    turn = made.turn(0, made.grading(made.judged()), hints_shown=1)
    card = grade_card(turn, turn.gradings[0], (), "en", RUBRIC)
    assert card["points"][0]["quotes"] == ["created with O_EXCL"]
    assert card["points"][0]["checked"] == "✓ checked"
    assert card["points"][3]["checked"] == ""
    assert card["made"]["rows"][0].endswith("= 4.6 · computed in code")
    assert card["made"]["rows"][-1] == "judge@3f9c21aa04de · 3.1 s · 2,140 tokens"
    assert [(bar["label"], bar["share"]) for bar in card["bars"]] == [
        ("Key points", 0.5),
        ("Depth", 0.5),
        ("Clarity", 1),
    ]
    assert card["meta"] == ["openai:small"]
    priced = made.judged(provenance=made.provenance(cost=0.0012, currency="USD", list_date="2026-05-12"))
    told = grade_card(made.turn(0, made.grading(priced)), made.grading(priced), (), "en")["made"]
    assert "0.0012 USD (prices of 2026-05-12)" in told["rows"][-1]
    assert [chip["text"] for chip in card["chips"]] == ["with a hint"]
    assert {"quote": "the kernel frees an flock", "verdict": "partial", "point": "k3"} in card["marks"]


def test_an_unproven_claim_is_shown_as_such_and_marks_nothing():
    claimed = made.points()[0].model_copy(
        update={
            "verdict": "missing",
            "verified": False,
            "evidence": (),
            "claimed": "covered",
            "claimed_quote": "never said",
        }
    )
    turn = made.turn(0, made.grading(made.judged(key_points=(claimed,), flags=("unverified_quote:k1",))))
    card = grade_card(turn, turn.gradings[0], (), "zh")
    assert card["points"][0]["claim"] == "never said"
    assert card["points"][0]["claim_note"] == "引文不在你的回答里，不计分"
    assert card["marks"] == []
    assert card["flags"] == []  # the point says it


def test_a_quote_that_did_not_hold_in_a_second_look_is_not_called_absent():
    refused = made.points()[0].model_copy(
        update={
            "verdict": "missing",
            "verified": False,
            "evidence": (),
            "claimed": "covered",
            "claimed_quote": "created with O_EXCL",
            "downgraded_by": "second_look",
        }
    )
    flags = ("second_look:k1", "second_look_refused:k1", "second_look_failed:k1")
    turn = made.turn(0, made.grading(made.judged(key_points=(refused,), flags=flags)))
    card = grade_card(turn, turn.gradings[0], (), "en")
    assert card["points"][0]["claim_note"].startswith("Looked at again")
    assert len(card["flags"]) == 1  # that a look failed; the rest the point says
    assert "Point 1" in card["flags"][0]


def test_a_vote_tells_how_many_agree_beside_the_grade():
    point = made.points()[0]
    said: tuple[Verdict, ...] = ("covered", "missing")
    votes = tuple(PointVote(by=f"m #{number}", verdict=verdict) for number, verdict in enumerate(said))
    ballots = tuple(Ballot(by="m", host="h", model="m", score=score) for score in (4.0, None, 6.5))
    voted = made.judged(key_points=(point.model_copy(update={"votes": votes}),), ballots=ballots)
    turn = made.turn(0, made.grading(voted))
    assert grade_card(turn, turn.gradings[0], (), "en")["meta"][-1] == "2 of 3 votes, 50% agree, median 4"
    assert "2/3 票" in grade_card(turn, turn.gradings[0], (), "zh")["meta"][-1]


def test_findings_doubt_and_flags_are_told_in_words():
    turn = made.turn(0, made.grading(made.doubted()))
    card = grade_card(turn, turn.gradings[0], (), "en")
    assert card["findings"][0] == {
        "word": "pitfall",
        "quote": "always safe",
        "text": "A stale lock can simply be deleted",
        "reason": "races",
    }
    assert card["doubt"]["quote"] == "created atomically"
    assert "unchanged" in card["doubt"]["note"]
    assert card["flags"][0].startswith("Point 5:")
    assert card["flags"][1] == "something_new"
    assert card["chips"][0]["text"].startswith("provisional")


def test_a_grade_against_an_older_reference_says_so():
    turn = made.turn(0, made.grading(made.judged()), question=made.question(reference="Rewritten since."))
    card = grade_card(turn, turn.gradings[0], (), "en")
    assert "graded against an older reference" in words(card["chips"])


def test_bonus_points_are_not_counted_among_the_required():
    bonus = made.points()[0].model_copy(update={"kind": "bonus"})
    turn = made.turn(0, made.grading(made.judged(key_points=(*made.points()[1:], bonus))))
    assert views.verdict_line(turn, turn.gradings[0], (), "en")["clause"].startswith("1 of 4 covered")
    assert views.verdict_line(turn, turn.gradings[0], (), "en")["clause"].endswith("1 bonus")


def test_a_rubrics_own_band_stands_for_itself():
    turn = made.turn(0, made.grading(made.judged(band="heroic")))
    assert views.verdict_line(turn, turn.gradings[0], (), "zh")["title"] == "heroic"


# --- summary and transcripts ---------------------------------------------------------------------------------------


def test_the_summary_counts_failures_apart():
    turns = (made.turn(0, made.grading(made.judged())), made.turn(1, made.grading(made.failed())))
    session = made.session(*turns, count=4)
    card = views.report_card(report(session), session, RUBRIC, "en")
    assert card["ring"]["text"] == "4.6"
    assert card["sentence"] == "Mean of the judged answers (n = 1); too few answers to say"
    assert card["counts"] == ["2 of 4 answered", "1 not graded"]
    assert card["weakest"][0]["verdict"] == "contradicted"
    nothing = made.session(made.turn(0, made.grading(made.estimated())))
    assert views.report_card(report(nothing), nothing, RUBRIC, "en")["ring"]["text"] == "–"


def test_rows_say_what_was_not_graded():
    summary = SessionSummary(
        id="s1",
        title="Files",
        created_at=made.NOW,
        finished_at=made.NOW,
        count=3,
        answered=2,
        graders=("openai:small", "coverage"),
        mean=6.7,
        marks=("good", "ungraded", "estimate"),
    )
    row = views.session_rows([summary], RUBRIC, "en")["rows"][0]
    assert row["ring"]["text"] == "6.7"
    assert row["meta"] == ["3 questions", "openai:small", "Coverage estimate (offline)", "1 not graded"]
    assert row["marks_label"] == "Good 1, not graded 1, coverage estimate 1"
    assert views.session_rows([], RUBRIC, "zh")["empty"].startswith("还没有记录")
    assert views.unfinished_card(None, "en") == {}
    assert views.unfinished_card(summary, "en")["text"] == "Files · 2 of 3 answered"


def test_the_room_groups_turns_and_marks_the_chosen_one():
    turns = (
        made.turn(0, made.grading(made.judged(band="strong", score=9.0))),
        made.turn(1, made.grading(made.judged(band="weak", score=1.0))),
        made.turn(2, made.grading(made.failed("key_refused"))),
    )
    nav = views.room_nav(made.session(*turns), "t2", "en")
    assert [(counter["group"], counter["count"]) for counter in nav["counters"]] == [
        ("solid", 1),
        ("partly", 0),
        ("weak", 1),
        ("rest", 1),
    ]
    assert [item["selected"] for item in nav["items"]] == [False, True, False]
    assert [item["score"] for item in nav["items"]] == ["9.0", "1.0", "–"]
    assert nav["items"][2]["meta"] == ["not graded", "key refused"]
    assert "mean 5.0 · 2 questions" in words(views.room_head(made.session(*turns), "en"))
    assert "2 turns are damaged and not shown" in words(views.room_head(made.session(*turns), "en", damaged=2))


def test_the_room_tells_a_follow_up_and_a_second_attempt_from_the_first():
    first = made.turn(0, made.grading(made.judged()))
    asked = made.turn(0, made.grading(made.judged()), id="f", attempt=2, follow_up="And **if** it dies?", parent="t1")
    again = made.turn(0, made.grading(made.judged()), id="r", attempt=3)
    items = views.room_nav(made.session(first, asked, again), "f", "en")["items"]
    question = items[0]["question"]
    assert [item["question"] for item in items] == [question, "And if it dies?", question]
    assert [item["again"] for item in items] == ["", "follow-up", "attempt 2"]
    assert [item["label"] for item in items] == [
        "Question 1 of 8",
        "Question 1 of 8 · follow-up",
        "Question 1 of 8 · attempt 2",
    ]


def test_a_later_failure_takes_no_grade_away():
    turn = made.turn(0, made.grading(made.judged(), 1), made.grading(made.failed(), 2))
    shown = views.shown_grading(turn)
    assert shown is not None
    assert shown.id == "g1"
    assert views.mark_of(turn) == "fair"


SPANS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 12), st.sampled_from(["covered", "partial", "contradicted"]))
)


@given(st.text(min_size=1, max_size=40), SPANS)
def test_the_segments_are_the_answer_and_mark_every_proven_word(text: str, spans: list[tuple[int, int, str]]):
    inside = [(start, min(len(text), start + length), verdict) for start, length, verdict in spans if start < len(text)]
    points = tuple(
        made.points()[0].model_copy(
            update={"id": f"k{n}", "verdict": verdict, "evidence": (Evidence(quote=text[a:b], start=a, end=b),)}
        )
        for n, (a, b, verdict) in enumerate(inside, start=1)
    )
    turn = made.turn(0, made.grading(made.judged(key_points=points)), answer=text)
    segments = views.answer_segments(turn, turn.gradings[0], "en")["segments"]
    assert "".join(segment["text"] for segment in segments) == text
    at = 0
    for segment in segments:
        over = [verdict for a, b, verdict in inside if a <= at < b]
        assert bool(segment["verdict"]) == bool(over)
        if over:
            assert segment["verdict"] == max(over, key=["covered", "partial", "contradicted"].index)
        at += len(segment["text"])
    numbers = sorted(number for segment in segments for number in segment["numbers"])
    assert numbers == list(range(1, len(inside) + 1))


def test_unproven_points_mark_no_words():
    unproven = made.points()[0].model_copy(update={"verified": False})
    turn = made.turn(0, made.grading(made.judged(key_points=(unproven,))))
    assert [segment["verdict"] for segment in views.answer_segments(turn, turn.gradings[0], "en")["segments"]] == [""]


def test_two_grades_stand_side_by_side():
    second = made.judged(
        score=6.9,
        band="good",
        key_points=tuple(point.model_copy(update={"verdict": "covered"}) for point in made.points()),
    )
    turn = made.turn(0, made.grading(made.judged(), 1), made.grading(second, 2, grader="qwen:plus"))
    table = views.grades_list(turn, "en")
    assert [(column["name"], column["ring"]["text"]) for column in table["columns"]] == [
        ("openai:small", "4.6"),
        ("qwen:plus", "6.9"),
    ]
    assert [row["differs"] for row in table["rows"]] == [False, False, True, True, True]
    assert [cell["verdict"] for cell in table["rows"][2]["cells"]] == ["partial", "covered"]
    assert table["chips"] == ["2 of 5 agree", "2.3 points apart", "all grades are kept"]
    assert views.grades_list(made.turn(0, made.grading(made.judged())), "en") == {}


def test_a_failed_second_opinion_is_kept_beside_the_grade():
    turn = made.turn(0, made.grading(made.judged(), 1), made.grading(made.failed("timed_out"), 2, grader="qwen:plus"))
    table = views.grades_list(turn, "en")
    assert table["columns"][1]["ring"]["text"] == "–"
    assert "no answer from the model in time" in table["columns"][1]["facts"]
    assert all(not row["differs"] for row in table["rows"])
    assert table["chips"] == ["all grades are kept"]


def test_key_points_without_a_count_are_only_counted_up():
    bare = made.question(key_points=(KeyPoint(id="b", text="x"),))
    turn = made.turn(0, made.grading(None), question=bare.model_copy(update={"key_points": ()}))
    assert views.verdict_line(turn, turn.gradings[0], made.points()[:2], "en")["clause"].startswith("2 points judged")


# --- what can be said against a grade


def appealed(verdict: str, name: str = "k4") -> Grading:
    """The same grade with another verdict on one point, as an appeal against g1 leaves it."""
    points = tuple(
        made.point(point.id, point.text, verdict, "Deleting it" if verdict == "covered" else "")  # pyright: ignore[reportArgumentType]
        if point.id == name
        else point
        for point in made.points()
    )
    return made.grading(made.judged(key_points=points, score=5.6), 2, appeal=Appeal(grading_id="g1", point_id=name))


def row_of(card: dict[str, Any], name: str = "k4") -> dict[str, Any]:
    return next(point for point in card["points"] if point["id"] == name)


@pytest.mark.parametrize("lang", LANGS)
def test_only_missing_and_partial_points_of_a_judgement_offer_an_appeal(lang: Language):
    turn = made.turn(0, made.grading(made.judged()))
    card = grade_card(turn, turn.gradings[0], (), lang)
    offered = {point["id"]: (point["appeal"] or {}).get("state") for point in card["points"]}
    assert offered == {"k1": None, "k2": None, "k3": "offer", "k4": "offer", "k5": None}
    for outcome in (made.estimated(), made.judged(provenance=made.provenance(kind="guard"))):
        turn = made.turn(0, made.grading(outcome))
        assert not any(point["appeal"] for point in grade_card(turn, turn.gradings[0], (), lang)["points"])


@pytest.mark.parametrize("lang", LANGS)
def test_an_appeal_is_told_where_it_was_made_and_one_runs_at_a_time(lang: Language):
    first = made.grading(made.judged())
    waiting = made.grading(None, 2, appeal=Appeal(grading_id="g1", point_id="k4"))
    card = grade_card(made.turn(0, first, waiting), first, (), lang)
    assert row_of(card)["appeal"]["state"] == "heard"
    assert row_of(card, "k3")["appeal"] is None
    for verdict, state in (("covered", "won"), ("missing", "held")):
        heard = appealed(verdict)
        card = grade_card(made.turn(0, first, heard), heard, (), lang)
        assert row_of(card)["appeal"]["state"] == state
        assert row_of(card, "k3")["appeal"]["grading"] == "g2"
    failed = made.grading(made.failed("bad_reply"), 2, appeal=Appeal(grading_id="g1", point_id="k4"))
    again = row_of(grade_card(made.turn(0, first, failed), first, (), lang))["appeal"]
    assert again["state"] == "offer"
    assert again["note"]


def test_every_answer_can_be_graded_by_oneself_and_asked_about_elsewhere():
    for outcome in (made.judged(), made.estimated(), made.failed(), SelfGraded(score=7, max_score=10)):
        turn = made.turn(0, made.grading(outcome))
        ways = grade_card(turn, turn.gradings[0], (), "en", graders=("coverage", "a:b@vote=3"))["ways"]
        assert [way["kind"] for way in ways] == ["second", "own"]
        assert [option["name"] for option in ways[0]["options"]] == ["coverage", "a:b@vote=3"]
    pending = made.turn(0, made.grading(None))
    assert grade_card(pending, pending.gradings[0], (), "en")["ways"] == []


@pytest.mark.parametrize("lang", LANGS)
def test_an_own_verdict_looks_like_no_graders_and_shows_what_the_machine_found(lang: Language):
    machine, own = made.grading(made.judged()), made.grading(SelfGraded(score=7, max_score=10, note="aloud"), 2)
    turn = made.turn(0, machine, own)
    card = grade_card(turn, own, (), lang)
    assert (card["state"], card["ring"]["tone"], card["ring"]["text"]) == ("self", "own", "7.0")
    assert "openai:small" in words(card["meta"])
    assert "4.6 / 10" in words(card["meta"])
    assert [point["id"] for point in card["points"]] == ["k1", "k2", "k3", "k4", "k5"]
    assert not any(point.get("appeal") for point in card["points"])
    assert views.mark_of(turn) == "own"


def test_two_grades_are_compared_point_by_point_with_both_quotes():
    turn = made.turn(0, made.grading(made.judged()), made.grading(made.estimated(), 3), appealed("covered"))
    shown = views.grades_list(turn, "en")
    assert [(pair["one"], pair["other"]) for pair in shown["pairs"]] == [(0, 1), (0, 2), (1, 2)]
    assert shown["pairs"][1]["text"] == "1.0 points apart, 1 verdict differs"
    assert "apart" not in shown["pairs"][0]["text"]  # an estimate is no score
    (row,) = shown["pairs"][1]["rows"]
    cells = shown["rows"][row]["cells"]
    assert [(cells[at]["verdict"], cells[at]["quotes"]) for at in (0, 2)] == [
        ("missing", []),
        ("covered", ["Deleting it"]),
    ]
    assert "appeal" in words(shown["columns"][2]["facts"])


@pytest.mark.parametrize("lang", LANGS)
def test_votes_checklist_and_the_other_score_stand_on_the_card(lang: Language):
    said: tuple[tuple[str, Verdict], ...] = (("a #1", "covered"), ("a #2", "missing"))
    votes = tuple(PointVote(by=by, verdict=verdict) for by, verdict in said)
    points = tuple(point.model_copy(update={"votes": votes if point.id == "k1" else ()}) for point in made.points())
    grade = made.judged(
        key_points=points,
        ballots=(
            Ballot(by="a #1", host="h", model="m", score=5.5),
            Ballot(by="a #2", host="h", model="m", failure="bad_reply"),
        ),
        alternative=Alternative(score=6.1, band="fair", sum="10 × 0.61 = 6.1", points=("k4",)),
        provenance=made.provenance(checklist="extracted@0123456789ab"),
    )
    turn = made.turn(0, made.grading(grade))
    card = grade_card(turn, turn.gradings[0], (), lang)
    assert "50%" in card["meta"][-1]
    assert "a #1 5.5" in words(card["made"])
    assert "1" in row_of(card, "k1")["votes"]
    assert row_of(card, "k2")["votes"] == ""
    assert "6.1" in card["alternative"]["text"]
    assert "4" in card["alternative"]["text"]
    assert card["ring"]["text"] == "4.6"  # the score itself is what was stored
    assert "@012345" in words(card["made"])


# --- what waits, and what failed on the way


def failed_attempts(*numbers: int) -> tuple[FailedAttempt, ...]:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    about = {"backend": "far", "model": "m-1", "host": "far.example", "seconds": 1.0, "started_at": moment}
    return tuple(
        FailedAttempt(number=number, fault="server_fault", detail=f"no. {number}", status=503, **about)
        for number in numbers
    )


def waiting_grading(fault: FaultClass) -> Grading:
    return made.grading(None).model_copy(
        update={
            "state": "pending",
            "retry_at": datetime(2026, 1, 1, 12, tzinfo=UTC),
            "waiting_for": fault,
            "waiting_detail": "far.example says no.",
            "failed": failed_attempts(1),
        }
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_waiting_answer_says_since_when_why_and_what_comes_next(lang: Language):
    waiting = waiting_grading("unreachable")
    turn = made.turn(0, waiting)
    card = views.grade_card(made.session(turn), turn, waiting, (), lang)
    assert card["state"] == "waiting"
    assert "{time}" in card["sentence"]
    assert card["retry_at"]
    assert "{time}" in card["since"]["text"]
    assert card["since"]["at"] == waiting.created_at.isoformat()
    assert "far.example says no." in card["notes"]
    assert any("503" in row for row in card["made"]["rows"])
    refused = waiting_grading("key_refused")
    sentence = views.grade_card(made.session(turn), turn, refused, (), lang)["sentence"]
    assert "{time}" not in sentence, "nothing is tried before somebody changes something"


def test_a_grade_lists_what_failed_before_it_and_how_much_is_left_out():
    grading = made.grading(made.judged()).model_copy(update={"failed": failed_attempts(1, 2, 3, 30, 31)})
    turn = made.turn(0, grading)
    rows = views.grade_card(made.session(turn), turn, grading, (), "en")["made"]["rows"]
    told = "\n".join(rows)
    assert "31 attempts failed before" in told
    assert "26 in between" in told
    assert "far.example" in told
    assert "no. 31" in told


def test_the_line_about_what_waits_is_empty_where_nothing_does():
    assert views.waiting(WaitingSummary(), "en") == {}
    told = views.waiting(WaitingSummary(count=8, fault="unreachable", detail="Start it."), "zh")
    assert "8" in told["text"]
    assert told["detail"] == "Start it."
