"""Cards of the list and the review room: what each says, and that marks stand where the source has them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interview.grading.key_points import split_reference
from interview.jobs import Job
from interview.models import Damaged, Hit, Imported, Language, PointGrade, Question, Remark, Verdict
from interview.service.everything import Exported
from interview.store.whole import LeftOut, Merged
from interview.ui.views.attempts import attempts_card, improved_card
from interview.ui.views.found import exported_card, hit_rows, import_card, merged_card
from interview.ui.views.job import job_line
from interview.ui.views.reference import reference_marks, span_of, turn_head
from tests import view_samples as made

LANGS: tuple[Language, ...] = ("zh", "en")
VERDICTS: tuple[Verdict, ...] = ("covered", "partial", "missing", "contradicted", "cannot_assess")
REFERENCE = "First, the lock is atomic.\n\n- It names its holder.\n- An flock dies with it: $n < 2$."


def split_question(reference: str = REFERENCE) -> Question:
    return made.question(points=False, reference=reference)


def points_of(question: Question, *verdicts: Verdict) -> tuple[PointGrade, ...]:
    return tuple(
        PointGrade(id=point.id, text=point.text, weight=1, kind="required", verdict=verdict, verified=True)
        for point, verdict in zip(split_reference(question), verdicts, strict=False)
    )


def graded_turn(question: Question, points: tuple[PointGrade, ...], number: int = 0, **changes: object):
    outcome = made.judged().model_copy(update={"key_points": points, "findings": ()})
    turn = made.turn(number, made.grading(outcome))
    return turn.model_copy(update={"question": question, **changes})


def marked(card: dict[str, Any]) -> list[tuple[str, str]]:
    return [(segment["text"].strip(), segment["verdict"]) for segment in card["segments"] if segment["verdict"]]


@pytest.mark.parametrize("lang", LANGS)
def test_points_of_a_split_reference_are_marked_at_their_spans(lang: Language):
    question = split_question()
    turn = graded_turn(question, points_of(question, "covered", "missing", "contradicted"))
    card = reference_marks(turn, turn.gradings[0], lang)
    assert "".join(segment["text"] for segment in card["segments"]) == question.reference
    assert marked(card) == [
        ("- It names its holder.", "missing"),
        ("- An flock dies with it: $n < 2$.", "contradicted"),
    ]
    assert card["elsewhere"] == []


@given(st.text(max_size=200), st.lists(st.sampled_from(VERDICTS), max_size=12))
def test_the_segments_are_the_source_whatever_it_holds(reference: str, verdicts: list[Verdict]):
    question = split_question("x" + reference)
    turn = graded_turn(question, points_of(question, *verdicts))
    card = reference_marks(turn, turn.gradings[0], "en")
    assert "".join(segment["text"] for segment in card["segments"]) == question.reference


def test_points_of_an_author_are_said_below():
    turn = made.turn(0, made.grading(made.judged()))
    card = reference_marks(turn, turn.gradings[0], "en")
    assert marked(card) == []
    assert [point["verdict"] for point in card["elsewhere"]] == ["partial", "missing", "contradicted"]


def test_a_point_of_another_version_of_the_reference_has_no_place():
    old = points_of(split_question("Something else. And more of it."), "missing", "missing")
    assert [span_of(split_question(), point) for point in old] == [None, None]


def test_a_span_that_a_point_brings_along_counts():
    class Placed(PointGrade):
        span: tuple[int, int] | None = None

    fields = made.points()[3].model_dump()
    assert span_of(split_question(), Placed(**fields, span=(0, 5))) == (0, 5)
    assert span_of(split_question(), Placed(**fields, span=(0, 5000))) is None


@pytest.mark.parametrize("lang", LANGS)
def test_a_question_that_was_edited_or_is_gone_says_so(lang: Language):
    turn = made.turn(0, made.grading(made.judged()))
    session, question = made.session(turn), turn.question
    edited = question.model_copy(update={"reference": "another"})
    moved = question.model_copy(update={"line": 999, "file": "moved.md"})
    told = [
        turn_head(session, turn, today, lang, starred=False, again=True)["told"]
        for today in (question, moved, edited, None)
    ]
    assert told[:2] == ["", ""]
    assert told[2]
    assert question.file in told[3]
    for today, file in ((None, question.file), (moved, "moved.md")):
        head = turn_head(session, turn, today, lang, starred=False, again=True, file_gone=True)
        assert file in head["told"]
        assert head["told"] != told[3]


def test_two_attempts_stand_side_by_side_with_the_change_of_each_point():
    question = split_question()
    old = graded_turn(question, points_of(question, "covered", "missing", "partial"))
    new = graded_turn(question, points_of(question, "partial", "covered", "partial"), 1, position=0, attempt=2)
    session = made.session(old, new)
    for chosen in (old, new):
        card = attempts_card(session, chosen, "en")
        assert [column["label"] for column in card["columns"]] == ["Attempt 1", "Attempt 2"]
        assert [row["change"] for row in card["rows"]] == ["worse", "better", "same"]
    assert attempts_card(made.session(old), old, "en") == {}


@pytest.mark.parametrize(("lang", "labels"), [("en", ["Follow-up", "Attempt 2"]), ("zh", ["追问", "第 2 次"])])
def test_an_answer_to_a_follow_up_is_called_so_and_is_no_attempt(lang: Language, labels: list[str]):
    question = split_question()
    first = graded_turn(question, points_of(question, "covered"), hints_shown=1)
    asked = graded_turn(question, points_of(question, "missing"), 1, position=0, attempt=2, follow_up="And?")
    again = graded_turn(question, points_of(question, "partial"), 2, position=0, attempt=3)
    card = attempts_card(made.session(first, asked, again), again, lang)
    assert [column["label"] for column in card["columns"]] == labels
    helped = attempts_card(made.session(first, asked, again), asked, "en")["columns"]
    assert [column["help"] for column in helped] == ["with a hint", "with a hint"]


def test_points_that_only_one_attempt_was_checked_for_have_no_change():
    question = split_question()
    old = graded_turn(question, points_of(question, "covered"))
    new = graded_turn(question, (), 1, position=0, attempt=2)
    (row,) = attempts_card(made.session(old, new), new, "en")["rows"]
    assert (row["change"], row["cells"][1]["word"]) == ("", "–")


def test_an_improved_answer_marks_what_was_added_and_says_who_wrote_it():
    turn = made.turn(0, made.grading(made.judged()))
    assert turn.answer is not None
    text = turn.answer.text + " A stale file names its holder."
    remark = Remark(id="r", turn_id=turn.id, kind="improved_answer", author="work:big", text=text, created_at=made.NOW)
    card = improved_card(turn, [remark], "en")
    assert "".join(piece["text"] for piece in card["pieces"]) == text
    assert [piece["text"] for piece in card["pieces"] if piece["added"]] == [" A stale file names its holder."]
    assert "work:big" in card["title"]
    assert "not graded" in card["told"]
    assert improved_card(turn, [], "en") == {}


def test_formulas_of_an_answer_come_as_parts_beside_its_marks():
    answer = "It is created with O_EXCL in $O(n^2)$ for $5 or $6."
    proven = made.point("k1", "It is atomic", "covered", "created with O_EXCL", answer)
    turn = made.turn(0, made.grading(made.judged(key_points=(proven,), findings=())), answer=answer)
    again = made.turn(1, made.grading(made.judged())).model_copy(update={"position": 0, "attempt": 2})
    segments = attempts_card(made.session(turn, again), turn, "en")["columns"][0]["segments"]
    assert "".join(segment["text"] for segment in segments) == answer
    assert [part["tex"] for segment in segments for part in segment["parts"]] == ["", "O(n^2)", ""]
    assert [segment["text"] for segment in segments if segment["verdict"]] == ["created with O_EXCL"]


def test_a_formula_of_an_improved_answer_is_drawn_where_it_is_all_old_or_all_new():
    turn = made.turn(0, made.grading(made.judged()), answer="Take $a_1$ and $b_1$.")
    remark = Remark(
        id="r",
        turn_id=turn.id,
        kind="improved_answer",
        author="m",
        text="Take $a_1$ and $b_2$ or $c_1$.",
        created_at=made.NOW,
    )
    pieces = improved_card(turn, [remark], "en")["pieces"]
    assert "".join(piece["text"] for piece in pieces) == remark.text
    assert "a_1" in [part["tex"] for piece in pieces for part in piece["parts"]]
    assert all("".join(part["text"] for part in piece["parts"]) in ("", piece["text"]) for piece in pieces)


def hit(**changes: object) -> Hit:
    fields: dict[str, object] = {
        "seq": 1,
        "turn_id": "t1",
        "session_id": "s1",
        "title": "Sitting",
        "position": 0,
        "attempt": 1,
        "question": "Why?",
        "section": "Files",
        "at": made.NOW,
        "mark": "weak",
        "score": 2.0,
        "starred": True,
        "field": "answer",
        "snippet": "so a lock file",
        "cut": (True, False),
        "spans": ((5, 9),),
    }
    return Hit.model_validate(fields | changes)


@pytest.mark.parametrize("lang", LANGS)
def test_what_is_found_shows_the_words_in_their_place(lang: Language):
    (row,) = hit_rows([hit()], "lock", lang)["rows"]
    assert [piece["text"] for piece in row["pieces"] if piece.get("hit")] == ["lock"]
    assert "".join(piece["text"] for piece in row["pieces"]) == "…so a lock file"
    assert "Why?" in json.dumps(row)
    assert "残差" in hit_rows([], "残差", lang)["empty"]


@pytest.mark.parametrize("lang", LANGS)
def test_work_says_how_far_it_is_and_why_it_failed(lang: Language):
    job = Job(id="j", kind="import", key="k", state="running", done=3, total=9)
    running = job_line(job, lang)
    assert "3" in running["count"]
    assert "9" in running["count"]
    assert running["stop"]
    failed = job_line(job.model_copy(update={"state": "failed", "problem": "nobody at home"}), lang)
    assert (failed["problem"], "stop" in failed) == ("nobody at home", False)
    assert job_line(job.model_copy(update={"state": "done"}), lang) == {}


def test_an_import_says_what_it_added_and_what_it_could_not_use():
    assert import_card(Imported(added=1, known=2), (), 0, 0, "en")["said"] == [
        "1 session imported.",
        "2 sessions were here already; nothing was added twice.",
    ]
    broken = import_card(None, ["f.jsonl:2: not valid JSON"], 1, 3, "en")
    assert broken["problems"] == ["f.jsonl:2: not valid JSON"]
    assert "3" in broken["title"]
    assert import_card(None, (), 0, 0, "en") == {}


def test_the_card_of_an_archive_names_what_it_left_out_and_links_to_what_was_packed():
    left_out = LeftOut(table="answers", id="a1", why="parent")
    merged = merged_card(Merged(added=3, sessions=1, kept=2, waiting=1, unplaced=1, left_out=(left_out,)), "en")
    assert merged["problems"] == ["answers a1: what it belongs to is not here"]
    assert merged["title"] == "1 row could not be added here:"
    assert "2 rows differ from what is here; what is here stays." in merged["said"]
    damaged = Damaged(table="gradings", id="g1", what="bad JSON")
    packed = Exported(head="ab12", sessions=1, answers=2, size=9, damaged=(damaged,))
    card = exported_card(packed, "/archive/j.zip", "zh")
    assert card["problems"] == ["gradings g1: bad JSON"]
    assert "ab12" in str(card["said"])
    assert card["link"] == {"label": "下载", "href": "/archive/j.zip"}
