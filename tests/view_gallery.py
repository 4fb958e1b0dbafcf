"""Every card on one page, fed with hostile strings: `python -m tests.view_gallery PORT`."""

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import gradio as gr

from interview.calibration.best import Best
from interview.calibration.suite_runs import SuiteRun
from interview.jobs import Job
from interview.models import (
    Checklist,
    ChecklistPoint,
    Dispute,
    Forecast,
    Graded,
    Hit,
    Imported,
    Question,
    Remark,
    Session,
    Suggestion,
    Turn,
    basis_of,
)
from interview.service.waiting import WaitingSummary
from interview.settings import Role, Roles
from interview.store.appeals import Disputed
from interview.store.measurements import Measurement
from interview.ui import views
from interview.ui.safe_text import LATEX_DELIMITERS, safe_answer, safe_markdown
from interview.ui.theme import page_look
from interview.ui.views import questions as bank
from interview.ui.views.attempts import attempts_card, improved_card
from interview.ui.views.comparing import comparison_card
from interview.ui.views.foot import rating_bar
from interview.ui.views.found import hit_rows, import_card
from interview.ui.views.how import keys_card
from interview.ui.views.job import job_line
from interview.ui.views.measuring import measuring_card
from interview.ui.views.paper import paper_card
from interview.ui.views.reference import reference_marks, turn_head
from interview.ui.views.roles import Place, roles_card
from interview.ui.views.setup import forecast_card
from tests import view_samples as made
from tests.made_up import RUBRIC, report
from tests.test_views_comparing import found, tried

HOSTILE = made.HOSTILE


def hostile_grade() -> Graded:
    points = tuple(
        point.model_copy(update={"text": HOSTILE, "reason": HOSTILE, "claimed_quote": HOSTILE, "verified": number != 3})
        for number, point in enumerate(made.points())
    )
    doubted = made.doubted()
    assert doubted.doubt is not None
    return doubted.model_copy(
        update={
            "key_points": points,
            "doubt": doubted.doubt.model_copy(update={"reason": HOSTILE, "quote": HOSTILE}),
            "flags": (HOSTILE,),
            "feedback": HOSTILE,
            "sum": HOSTILE,
            "band": HOSTILE,
        }
    )


def cards() -> list[tuple[views.ViewName, dict[str, Any]]]:
    """One of each, with a hostile string wherever text is free."""
    question = made.question(text=HOSTILE, section=HOSTILE, tags=(HOSTILE,), reference=HOSTILE)
    outcome = hostile_grade()
    gradings = (made.grading(outcome, 1, grader=HOSTILE), made.grading(outcome, 2))
    spoilt = made.turn(0, *gradings, answer=HOSTILE + made.ANSWER, question=question, id="h1")
    failed = made.turn(1, made.grading(made.failed(detail=HOSTILE)), id="h2")
    session = made.session(spoilt, failed, title=HOSTILE)
    grading = views.shown_grading(spoilt)
    lang = "en"
    return [
        ("comparison", comparison_card(None, None, found(x=tried(8, "covered"), y=tried(2, "missing")), lang)),
        ("brand", views.brand(lang)),
        ("notice", views.notice(HOSTILE, lang)),
        ("waiting", views.waiting(WaitingSummary(count=8, fault="key_refused", detail=HOSTILE), lang)),
        ("separator", views.separator(session, spoilt, lang)),
        ("verdict_line", views.verdict_line(spoilt, grading, (), lang)),
        ("grade_card", views.grade_card(session, spoilt, grading, (), lang, RUBRIC)),
        ("grade_card", views.grade_card(session, failed, views.shown_grading(failed), (), lang)),
        ("how_card", views.how_card(RUBRIC, lang)),
        ("report_card", views.report_card(report(session), session, RUBRIC, lang)),
        ("room_head", views.room_head(session, lang)),
        ("room_nav", views.room_nav(session, "h1", lang)),
        ("answer_segments", views.answer_segments(spoilt, grading, lang)),
        ("grades_list", views.grades_list(spoilt, lang)),
        ("paper_card", paper_card(mock_of(session), lang)),
        ("keys_card", keys_card(lang)),
        ("rating_bar", rating_bar(made_suggestion(), None, lang)),
        ("forecast_card", forecast_card(Forecast(days=(9, 0, 1, 2, 3, 4, 5), fresh=2, streak=3, done=4), lang)),
        ("measuring_card", measured()),
        ("roles_card", roles()),
        *question_cards(question, spoilt),
        *_transcript_cards(),
    ]


def _transcript_cards() -> list[tuple[views.ViewName, dict[str, Any]]]:
    question = made.question(text=HOSTILE, section=HOSTILE, tags=(HOSTILE,), reference=HOSTILE, points=False)
    outcome = hostile_grade()
    again = made.turn(0, made.grading(outcome), answer=HOSTILE + made.ANSWER, question=question, id="h4", attempt=2)
    first = again.model_copy(update={"id": "h3", "attempt": 1})
    session = made.session(first, again, title=HOSTILE)
    grading = views.shown_grading(again)
    found = Hit(
        **{"seq": 1, "turn_id": "h3", "session_id": "s1", "position": 0, "attempt": 1, "mark": "heroic", "score": 9.0},
        **{"title": HOSTILE, "question": HOSTILE, "section": HOSTILE, "at": made.NOW, "starred": True},
        **{"field": "answer", "snippet": HOSTILE, "cut": (True, True), "spans": ((0, 9), (12, 30))},
    )
    remark = Remark(
        id="r", turn_id="h4", kind="improved_answer", author=HOSTILE, text=HOSTILE + "more", created_at=made.NOW
    )
    failed = Job(id="j", kind="import", key="k", state="failed", problem=HOSTILE)
    return [
        ("hit_rows", hit_rows([found], HOSTILE, "en")),
        ("job_line", job_line(failed, "en")),
        ("plan_lines", {"plan": [HOSTILE, HOSTILE]}),
        ("import_card", import_card(Imported(added=1), [HOSTILE], 1, 1, "en")),
        ("turn_head", turn_head(session, again, None, "en", starred=True, again=True, words=HOSTILE)),
        ("reference_marks", reference_marks(again, grading, "en")),
        ("attempts_card", attempts_card(session, again, "en")),
        ("improved_card", improved_card(again, [remark], "en")),
    ]


def measured() -> dict[str, Any]:
    """A run of a grader with a hostile name on a data set with one, twice, so that there is a trend."""
    reports = [
        Measurement(
            id=str(number),
            grader=HOSTILE,
            suite=HOSTILE,
            options={},
            state="done",
            created_at=made.NOW,
            report={"n": 3, "failures": 0, "pearson": number / 2, "qwk": None, "mae": 1.0},
        )
        for number in (1, 2)
    ]
    key = f"{HOSTILE}\n{SuiteRun(suite='golden').model_dump_json()}"
    jobs = [Job(id="j", kind="measuring", key=key, state="failed", total=1, problem=HOSTILE)]
    said = Disputed(grader=HOSTILE, answers=1, appealed=1, won=0, held=1, overridden=0, difference=None)
    return measuring_card(jobs, reports, Best(state="none"), [said], "en")


def roles() -> dict[str, Any]:
    """Graders with hostile names at hostile places, one of them in use."""
    places = [Place(name=HOSTILE, host=HOSTILE), Place(name="a", host="b")]
    left: dict[Role, list[str]] = {"judge": [], "interviewer": [HOSTILE]}
    order = Roles(judge=(HOSTILE, "a"))
    return roles_card(order, {"judge": places, "interviewer": []}, left, [HOSTILE], "en")


def question_cards(question: Question, spoilt: Turn) -> list[tuple[views.ViewName, dict[str, Any]]]:
    """Those of the Questions tab."""
    points = (ChecklistPoint(id="k1", text=HOSTILE),)
    basis = basis_of(question)
    facts: dict[str, Any] = {"question_id": HOSTILE, "basis": basis, "created_at": datetime(2026, 1, 1, tzinfo=UTC)}
    checklist = Checklist(id="c", origin="extracted", points=points, by=HOSTILE, **facts)
    told: dict[str, Any] = {"quote": HOSTILE, "start": 0, "end": 1, "correction": HOSTILE, "reason": HOSTILE}
    dispute = Dispute(id="d", source="audit", grader=HOSTILE, **told, **facts)
    extras = question.model_copy(update={"hints": (HOSTILE,), "sources": (HOSTILE,)})
    return [
        ("question_rows", bank.question_rows([question], {question.id: (1, hostile_grade())}, "", "en")),
        ("question_about", bank.question_about(question, checklist, [spoilt], [dispute], "en")),
        ("question_points", bank.question_points(question, checklist, 1, hostile_grade(), "en")),
        ("question_extras", bank.question_extras(extras, "en")),
        ("question_disputes", bank.question_disputes([dispute], "en")),
        ("question_history", bank.question_history(question, [spoilt], "en")),
        ("checklist_versions", bank.checklist_versions([checklist], "c", "en")),
    ]


def mock_of(session: Session) -> Session:
    """The same as a mock interview that still runs."""
    return session.model_copy(update={"plan": session.plan.model_copy(update={"mode": "mock"}), "finished_at": None})


def made_suggestion() -> Suggestion:
    """A suggestion whose days are the next four."""
    first, second, third, fourth = (made.NOW + timedelta(days=days) for days in (1, 2, 3, 4))
    return Suggestion(turn_id="h1", suggested=2, dues=(first, second, third, fourth))


def claimed_turn(event: gr.EventData) -> str:
    return str(getattr(event, "turn", ""))


def build() -> gr.Blocks:
    """A question card with a conversation, its grade card beside it, and one of every other card."""
    turn = made.turn(0, made.grading(made.judged()))
    session = made.session(turn)
    grading = turn.gradings[0]
    messages: list[Any] = [
        {"role": "assistant", "content": views.inline_view("separator", views.separator(session, turn, "en"))},
        {"role": "assistant", "content": safe_markdown(HOSTILE, formulas=True)},
        {"role": "user", "content": safe_answer(made.ANSWER + "\n\n" + HOSTILE)},
        {"role": "user", "content": safe_answer("```cpp\nint a<b>;\n```\n\n$$x<y$$")},
        {
            "role": "assistant",
            "content": views.inline_view("verdict_line", views.verdict_line(turn, grading, (), "en")),
        },
    ]
    # The answer is the message right above the verdict line.
    messages[2], messages[3] = messages[3], messages[2]
    with gr.Blocks(analytics_enabled=False) as demo:
        with gr.Column(elem_id="q-card", elem_classes=["card"]):
            views.view("question_head", views.question_head(session, turn, "en"), elem_id="q-head")
            gr.Chatbot(
                messages,
                elem_id="chat",
                allow_tags=False,
                group_consecutive_messages=False,
                latex_delimiters=LATEX_DELIMITERS,
                height="100%",
            )
            with gr.Column(elem_id="foot"):
                gr.Textbox(elem_id="composer", lines=1, max_lines=9, show_label=False, submit_btn=True)
        grade = views.view("grade_card", views.grade_card(session, turn, grading, (), "en", RUBRIC), elem_id="grade")
        clear = gr.Button("clear", elem_id="clear")
        clear.click(lambda: {}, None, grade, queue=False)
        chosen = gr.Textbox(elem_id="chosen", show_label=False)
        for number, (name, value) in enumerate(cards()):
            card = views.view(name, value, elem_id=f"card-{number}")
            card.select(claimed_turn, None, chosen, queue=False)
        gr.Markdown(safe_markdown(HOSTILE, formulas=True), latex_delimiters=LATEX_DELIMITERS, elem_id="markdown")
    return demo


if __name__ == "__main__":
    build().launch(
        server_name="127.0.0.1",
        server_port=int(sys.argv[1]),
        quiet=True,
        ssr_mode=False,
        footer_links=[],
        **page_look({"heroic": "strong"}),
    )
