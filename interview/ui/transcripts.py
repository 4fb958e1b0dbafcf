"""The Transcripts tab: the sessions, newest first, and the review room of the one that is opened."""

from collections.abc import Mapping

import gradio as gr
from gradio.blocks import Block
from gradio.events import Dependency

from interview.live import LiveFeed
from interview.models import Graded, Grading, PointGrade, SelfGraded, Session, Turn, digest
from interview.rubrics import Rubric
from interview.service.interviewer import Interviewer
from interview.ui.contest import Contest
from interview.ui.downloads import download_link
from interview.ui.events import Wires
from interview.ui.follow import SLOW_SECONDS, Follower
from interview.ui.frame import Frame
from interview.ui.page import Page, Updates
from interview.ui.practice import PracticeTab
from interview.ui.safe_text import LATEX_DELIMITERS, safe_markdown
from interview.ui.strings import t
from interview.ui.talk import is_waiting_for
from interview.ui.views import (
    answer_segments,
    grade_card,
    grades_list,
    room_head,
    room_nav,
    session_rows,
    shown_grading,
    view,
)

_PAGE_SIZE = 20


class TranscriptsTab:
    """Either the list of sessions or the room of one. Which one is open is this page's own affair."""

    def __init__(
        self,
        interviewer: Interviewer,
        live: LiveFeed,
        rubrics: Mapping[str, Rubric],
        frame: Frame,
        page: Page,
        contest: Contest,
    ) -> None:
        """Builds the components inside the present Blocks; `connect` gives them their events."""
        self._interviewer = interviewer
        self._live = live
        self._follower = Follower(live, interviewer.session)
        self._rubrics = rubrics
        self._frame = frame
        self._contest = contest
        self.notice = view("notice", {}, elem_id="transcripts-notice")
        with gr.Column(elem_id="sessions") as self.list:
            with gr.Column(elem_classes=["card"]):
                self.rows = view("session_rows", {}, elem_id="session-rows")
            self.more = gr.Button("", size="sm", elem_classes=["link"], elem_id="sessions-more", visible=False)
        with gr.Column(elem_id="room", visible=False) as self.room:
            self._build_room()
        self.session_id = gr.Textbox(visible="hidden", elem_id="room-session", label="session")
        self.turn_id = gr.Textbox(visible="hidden", elem_id="room-turn", label="turn")
        self.stamp = gr.Textbox(visible="hidden", elem_id="room-stamp", label="stamp")
        self.beat = gr.Textbox(visible="hidden", elem_id="room-beat", label="beat")
        self.listed = gr.Number(_PAGE_SIZE, precision=0, visible="hidden", elem_id="sessions-listed", label="listed")
        self._timer = gr.Timer(SLOW_SECONDS)

    def _build_room(self) -> None:
        self.back = gr.Button("", size="sm", elem_classes=["link"], elem_id="room-back", scale=0)
        with gr.Row(elem_id="room-top", equal_height=False):
            self.head = view("room_head", {}, elem_id="room-head")
            self.resume = gr.Button("", size="sm", scale=0, min_width=40, elem_classes=["pill"], elem_id="room-resume")
            self.markdown = gr.Button("", size="sm", scale=0, min_width=40, elem_classes=["pill"], elem_id="room-md")
            self.json = gr.Button("", size="sm", scale=0, min_width=40, elem_classes=["pill"], elem_id="room-json")
        with gr.Row(elem_id="room-body", equal_height=False):
            with gr.Column(scale=3, elem_id="room-left", elem_classes=["card"]):
                self.nav = view("room_nav", {}, elem_id="room-nav")
            with gr.Column(scale=8, elem_id="room-right"):
                with gr.Column(elem_classes=["card"]):
                    self.question = gr.Markdown("", elem_id="room-question", latex_delimiters=LATEX_DELIMITERS)
                    with gr.Row(elem_id="room-pair", equal_height=False):
                        with gr.Column():
                            self.answer = view("answer_segments", {}, elem_id="room-answer")
                        with gr.Column():
                            self.reference_title = gr.Markdown("", elem_id="room-reference-title")
                            self.reference = gr.Markdown(
                                "", elem_id="room-reference", latex_delimiters=LATEX_DELIMITERS
                            )
                with gr.Column(elem_classes=["card"], elem_id="room-grade") as self.grade_column:
                    self.grade = view("grade_card", {}, elem_id="room-grade-card")
                    self.feedback = gr.Markdown("", elem_id="room-feedback", latex_delimiters=LATEX_DELIMITERS)
                    with gr.Row(elem_id="room-regrade-row", elem_classes=["tight"]):
                        self.grader = gr.Dropdown(
                            choices=[], label="", interactive=True, filterable=False, elem_id="room-grader"
                        )
                        self.regrade = gr.Button("", size="sm", scale=0, elem_classes=["pill"], elem_id="room-regrade")
                with gr.Column(elem_classes=["card"], elem_id="room-compare", visible=False) as self.compare:
                    self.grades = view("grades_list", {}, elem_id="room-grades")

    @property
    def outputs(self) -> list[Block]:
        """Everything that the tab's events change."""
        return [
            *(self.list, self.rows, self.more, self.room, self.back, self.head, self.resume, self.markdown, self.json),
            *(self.nav, self.question, self.answer, self.reference_title, self.reference, self.grade_column),
            *(self.grade, self.feedback, self.grader, self.regrade, self.compare, self.grades),
            *(self.session_id, self.turn_id, self.stamp, self.listed),
        ]

    def arrive(self, page: Page, session_id: str = "", turn_id: str = "", listed: float = _PAGE_SIZE) -> Updates:
        """The tab in the page's language: the room that is open, else the list."""
        labels: Updates = {
            self.more: gr.update(value=t("sessions.more", page.lang)),
            self.back: gr.update(value=t("room.back", page.lang)),
            self.reference_title: gr.update(value=f"### {t('room.reference', page.lang)}"),
            self.grader: gr.update(
                choices=self._frame.grader_choices(page.lang), label=t("room.regrade_with", page.lang)
            ),
        }
        if session_id:
            return labels | self._room(page, self._interviewer.session(session_id), turn_id)
        return labels | self.show_list(page, listed)

    def show_list(self, page: Page, listed: float = _PAGE_SIZE) -> Updates:
        """The newest `listed` sessions; one more is read to know whether there are older ones."""
        count = int(listed)
        summaries = self._interviewer.sessions(limit=count + 1)
        return {
            self.list: gr.update(visible=True),
            self.room: gr.update(visible=False),
            self.rows: gr.update(value=session_rows(summaries[:count], page.lang)),
            self.more: gr.update(value=t("sessions.more", page.lang), visible=len(summaries) > count),
            self.session_id: "",
            self.turn_id: "",
            self.stamp: "",
            self.listed: count,
        }

    def show_room(self, page: Page, session_id: str, turn_id: str = "") -> Updates:
        """Open a session; of no Turn in particular, its first one."""
        updates = self._room(page, self._interviewer.session(session_id), turn_id)
        updates[self.grader] = gr.update(
            choices=self._frame.grader_choices(page.lang), value=page.grader, label=t("room.regrade_with", page.lang)
        )
        return updates

    def connect(self, wires: Wires, tab: gr.Tab, tabs: gr.Tabs, practice: PracticeTab) -> None:
        """Give every button its event. Entering the tab reads the store anew; `tabs` lead from one tab to the other."""
        place, seen = self.notice, self.outputs
        room = [self.session_id, self.turn_id]
        wires.on(tab.select, self.arrive, seen, place, [*room, self.listed])
        wires.on(self.more.click, self._show_more, seen, place, [self.listed])
        wires.on(self.back.click, self.show_list, seen, place, [self.listed])
        self._follow(wires.on_select(self.rows.select, self.show_room, "id", seen, place))
        wires.on_select(self.nav.select, self._select_turn, "turn", seen, place, [self.session_id])
        self._follow(wires.on(self.regrade.click, self._regrade, seen, place, [*room, self.grader]))
        self._follow(wires.on_select(self.grade.select, self._say_against, "wish", seen, place, room))
        for trigger in (self.beat.change, self._timer.tick):
            wires.on(trigger, self._refresh, seen, place, [*room, self.stamp], clears=False)

        def resume(page: Page, session_id: str) -> Updates:
            return {**practice.resume(page, session_id), tabs: gr.update(selected="practice")}

        def review(page: Page, session_id: str) -> Updates:
            return {**self.show_room(page, session_id), tabs: gr.update(selected="transcripts")}

        practice.follow(wires.on(self.resume.click, resume, [*practice.outputs, tabs], place, [self.session_id]))
        recent = practice.setup.recent.select
        self._follow(wires.on_select(recent, review, "id", [*seen, tabs], practice.setup.notice))

    def _follow(self, dependency: Dependency) -> None:
        self._follower.after(dependency, self.session_id, self.beat)

    def _show_more(self, page: Page, listed: float) -> Updates:
        return self.show_list(page, listed + _PAGE_SIZE)

    def _select_turn(self, page: Page, turn_id: str, session_id: str) -> Updates:
        return self._room(page, self._interviewer.session(session_id), turn_id)

    def _regrade(self, page: Page, session_id: str, turn_id: str, grader: str) -> Updates:
        """Ask another grader, beside the grades that are there."""
        session = self._interviewer.session(session_id)
        turn = _chosen(session, turn_id)
        if turn is not None and turn.answer is not None and not is_waiting_for(turn, grader):
            self._interviewer.regrade(turn.answer.id, grader)
        return self._room(page, self._interviewer.session(session_id), turn_id)

    def _say_against(self, page: Page, wish: object, session_id: str, turn_id: str) -> Updates:
        self._contest(wish, self._interviewer.session(session_id).turns)
        return self._room(page, self._interviewer.session(session_id), turn_id)

    def _refresh(self, page: Page, session_id: str, turn_id: str, stamp: str) -> Updates:
        """Draw the room again where it is not what the page shows."""
        if not session_id:
            return {}
        session = self._interviewer.session(session_id)
        return {} if stamp == self._stamp(page, session, turn_id) else self._room(page, session, turn_id)

    def _stamp(self, page: Page, session: Session, turn_id: str) -> str:
        live = [len(self._points(grading)) for turn in session.turns for grading in turn.gradings]
        return digest("\n".join([session.model_dump_json(), page.lang, turn_id, repr(live)]))

    def _points(self, grading: Grading | None) -> tuple[PointGrade, ...]:
        return () if grading is None or grading.outcome is not None else self._live.verdicts(grading.id)

    def _room(self, page: Page, session: Session, turn_id: str) -> Updates:
        lang = page.lang
        turn = _chosen(session, turn_id)
        chosen = turn.id if turn else ""
        # First of all: a verdict that arrives while the rest is drawn must not count as drawn.
        stamp = self._stamp(page, session, chosen)
        return {
            self.list: gr.update(visible=False),
            self.room: gr.update(visible=True),
            self.back: gr.update(value=t("room.back", lang)),
            self.head: gr.update(value=room_head(session, lang)),
            self.resume: gr.update(value=t("room.resume", lang), visible=session.finished_at is None),
            self.markdown: gr.update(value=t("room.export_markdown", lang), link=download_link(session.id, "md")),
            self.json: gr.update(value=t("room.export_json", lang), link=download_link(session.id, "json")),
            self.nav: gr.update(value=room_nav(session, chosen, lang)),
            self.session_id: session.id,
            self.turn_id: chosen,
            self.stamp: stamp,
            **self._turn(page, turn),
        }

    def _turn(self, page: Page, turn: Turn | None) -> Updates:
        lang = page.lang
        if turn is None:
            return {self.question: gr.update(value=""), self.grade_column: gr.update(visible=False)}
        question = turn.question
        grading = shown_grading(turn)
        outcome = grading.outcome if grading else None
        feedback = outcome.feedback if isinstance(outcome, Graded) else ""
        rubric = self._rubrics.get(grading.rubric.partition("@")[0]) if grading else None
        reference = safe_markdown(question.reference, formulas=True) if question.has_reference else ""
        compared = grades_list(turn, lang)
        failed = not isinstance(outcome, Graded | SelfGraded)
        return {
            self.question: gr.update(value=f"## {safe_markdown(question.text, formulas=True)}"),
            self.answer: gr.update(value=answer_segments(turn, grading, lang)),
            self.reference: gr.update(value=reference or t("feedback.no_reference", lang)),
            self.grade_column: gr.update(visible=turn.answer is not None),
            self.grade: gr.update(value=grade_card(turn, grading, self._points(grading), lang, rubric)),
            self.feedback: gr.update(value=safe_markdown(feedback, formulas=True), visible=bool(feedback)),
            self.regrade: gr.update(value=t("act.regrade" if failed else "room.regrade", lang)),
            self.compare: gr.update(visible=bool(compared)),
            self.grades: gr.update(value=compared),
        }


def _chosen(session: Session, turn_id: str) -> Turn | None:
    asked_for = next((turn for turn in session.turns if turn.id == turn_id), None)
    return asked_for or (session.turns[0] if session.turns else None)
