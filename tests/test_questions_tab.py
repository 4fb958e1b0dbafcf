"""The Questions tab: its cards as values, and one visit in a real Chromium."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from interview.grading.key_points import from_notes
from interview.models import Dispute, Language, Question, basis_of
from interview.ui.question_card import last_grade
from interview.ui.views import questions as cards
from tests import view_samples as made
from tests.browser import Candidate, browser, judge, running, visits
from tests.fake_judge import FakeJudge
from tests.made_up import make_question

__all__ = ["browser", "judge"]
LANGS: tuple[Language, ...] = ("zh", "en")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def dispute(question: Question, **fields) -> Dispute:
    known = {"id": "d1", "question_id": question.id, "basis": basis_of(question), "source": "audit", "grader": "m"}
    return Dispute(**{**known, "quote": "q", "start": 0, "end": 1, "created_at": NOW, **fields})


@pytest.mark.parametrize("lang", LANGS)
def test_the_list_says_what_is_known_of_each_question(lang: Language):
    asked = made.question()
    judged = made.judged()
    rows = cards.question_rows([asked, make_question(reference="")], {asked.id: (2, judged)}, asked.id, lang)["rows"]
    assert rows[0]["selected"]
    required = [point.verdict for point in judged.key_points if point.kind == "required"]
    assert rows[0]["pips"] == required
    assert "2" in rows[0]["meta"][0]
    assert rows[1]["pips"] == []
    assert len(rows[1]["meta"]) == 2  # not answered, no reference
    assert cards.question_rows([], {}, "", lang)["empty"]


def test_an_estimate_is_marked_in_the_list():
    asked = made.question()
    assert cards.question_rows([asked], {asked.id: (1, made.estimated())}, "", "en")["rows"][0]["estimate"]


def test_a_long_list_says_what_it_leaves_out():
    many = [make_question(number) for number in range(cards.MOST_ROWS + 5)]
    shown = cards.question_rows(many, {}, "", "en")
    assert len(shown["rows"]) == cards.MOST_ROWS
    assert "5 more" in shown["more"]


def test_points_show_the_last_verdict_only_where_the_words_are_the_same():
    asked = made.question()
    last = last_grade([made.turn(0, made.grading(made.judged()), question=asked)])
    assert last is not None
    same = from_notes(asked)
    shown = cards.question_points(asked, same, 0, last, "en")
    assert [row["verdict"] for row in shown["rows"]] == [point.verdict for point in last.key_points]
    changed = same.model_copy(
        update={"points": (same.points[0].model_copy(update={"text": "other words"}), *same.points[1:])}
    )
    shown = cards.question_points(asked, changed, 3, last, "en")
    assert (shown["rows"][0]["verdict"], shown["rows"][0]["word"]) == ("unknown", "not judged")
    assert any("another reference or list" in note for note in shown["notes"])
    assert "version 3" in shown["facts"]


def test_a_dispute_offers_what_it_is_not_yet():
    asked = made.question()
    open_one, accepted = dispute(asked), dispute(asked, state="accepted")
    rows = cards.question_disputes([open_one, accepted], "en")["rows"]
    assert [button["choice"] for button in rows[0]["buttons"]] == ["accepted:d1", "rejected:d1"]
    assert [button["choice"] for button in rows[1]["buttons"]] == ["rejected:d1"]
    assert cards.question_disputes([], "en") == {}
    told = cards.question_disputes([dispute(asked, source="grading")], "en")["rows"][0]["source"]
    assert "until accepted" in told


def test_history_says_what_was_compared_with_an_older_reference():
    turn = made.turn(0, made.grading(made.judged()))
    newer = turn.question.model_copy(update={"reference": "Another."})
    (row,) = cards.question_history(newer, [turn], "en")["rows"]
    assert "older reference" in row["meta"]
    assert row["place"] == f"{turn.session_id}:{turn.id}"


def test_history_has_the_answers_to_the_question_itself_with_the_help_that_came_before():
    passed = made.turn(0, answer=None, state="skipped", revealed=True)
    asked = made.turn(0, made.grading(made.judged(score=9.9)), id="f", attempt=2, follow_up="And?", parent="t1")
    again = made.turn(0, made.grading(made.judged()), id="r", attempt=3)
    elsewhere = made.turn(0, made.grading(made.judged()), id="e", session_id="s2")
    turns = [passed, asked, again, elsewhere]
    rows = cards.question_history(again.question, turns, "en")["rows"]
    assert [row["place"] for row in rows] == ["s2:e", "s1:r"]
    assert [row["meta"][1] for row in rows] == ["unaided", "after the answer"]
    about = cards.question_about(again.question, from_notes(again.question), turns, [], "en")
    assert {"answered 2 times", "best 4.6"} <= {chip["text"] for chip in about["chips"]}


NOTES = """## Sorting

#### 1. Is quicksort stable?

Quicksort is stable for all inputs. It sorts in place without a copy.

## Other

#### 2. What is a heap?

A tree in an array.
"""


@pytest.mark.browser
def test_a_visit(browser: Browser, judge: FakeJudge, tmp_path: Path):
    """Answer, read the points that were found, check the reference, accept, edit in two tabs, practise again."""
    notes = tmp_path / "notes.md"
    notes.write_text(NOTES, encoding="utf-8")
    wrong = {"quote": "Quicksort is stable", "correction": "It is not.", "reason": "swaps", "certainty": "wrong"}
    points = [
        {"quote": "Quicksort is stable", "text": "It is stable", "kind": "required"},
        {"quote": "sorts in place", "text": "It needs $O(\\log n)$ memory, $\\odd{n}$ and $5", "kind": "required"},
    ]
    judge.forms = {
        "anchoredreplies": {"key_points": points},
        "blindanswer": {"answer": "No."},
        "comparison": {"statements": [wrong]},
    }
    with running(tmp_path, judge, "--lang", "en", "--notes", str(notes)) as app, visits(browser, app) as opened:
        first = opened.candidate()
        first.begin()
        first.answer("It sorts in place without a copy, but it is not stable.")
        expect(first.lines).to_contain_text("of 2")
        open_question(first)
        page = first.page
        expect(page.locator("#question-points li")).to_have_count(2)
        expect(page.locator("#question-points math mi").first).to_have_text("O")
        expect(page.locator("#question-points li").last).to_contain_text(r"memory, $\odd{n}$ and $5")
        page.locator("#question-audit").click()
        page.get_by_role("button", name="Accept").click()
        expect(page.locator("#question-disputes .v-chip").first).to_have_text("accepted")
        (session,) = app.stored()
        assert len(session.turns[0].gradings) == 2

        second = opened.candidate()
        second.arrive()
        open_question(second)
        for candidate in (first, second):
            candidate.page.locator("#question-edit").click()
        save(first, "- It needs no copy (2)")
        expect(page.locator("#question-points li")).to_have_count(1)
        save(second, "- Mine")
        expect(second.page.locator("#question-problem")).to_contain_text("newer version")
        expect(second.page.locator("#question-points-box textarea")).to_have_value("- Mine")
        second.page.locator("#question-save").click()
        expect(second.page.locator("#question-points li")).to_have_count(1)
        expect(second.page.locator("#question-points li")).to_contain_text("Mine")

        page.locator("#questions-search input, #questions-search textarea").fill("heap")
        expect(page.locator("#question-rows .v-nav-item")).to_have_count(1)
        page.locator("#question-practise").click()
        expect(first.composer).to_be_editable()
        expect(first.chat).to_contain_text("Is quicksort stable?")


def open_question(candidate: Candidate) -> None:
    candidate.page.get_by_role("tab", name="Questions").click()
    candidate.page.locator("#question-rows .v-nav-item").first.click()
    expect(candidate.page.locator("#question-points h2")).to_be_visible()


def save(candidate: Candidate, text: str) -> None:
    candidate.page.locator("#question-points-box textarea").fill(text)
    candidate.page.locator("#question-save").click()
