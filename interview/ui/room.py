"""The review room of one session: its questions, and of the chosen one answer, reference, grades and what is beside."""

from collections.abc import Callable

import gradio as gr
from gradio.blocks import Block

from interview.errors import VivaError
from interview.live import LiveFeed
from interview.models import (
    Graded,
    Grading,
    Language,
    PointGrade,
    Question,
    SelfGraded,
    Session,
    Shelf,
    Transcript,
    Turn,
    digest,
)
from interview.notes.library import is_gone
from interview.service.rubric_history import RubricHistory
from interview.ui.beside import BesidePanel
from interview.ui.downloads import download_link
from interview.ui.images import FindImage, reference_markdown
from interview.ui.page import Page, Updates
from interview.ui.regrading import RegradingPanel
from interview.ui.safe_text import LATEX_DELIMITERS, safe_markdown
from interview.ui.strings import t
from interview.ui.views import answer_segments, grade_card, grades_list, room_head, room_nav, shown_grading, view
from interview.ui.views.reference import reference_marks, turn_head

_FORMS = {"html": "room.export_html", "md": "room.export_markdown", "json": "room.export_json"}


class RoomPanel:
    """Draws a session; what its buttons do, the tab says."""

    def __init__(
        self,
        live: LiveFeed,
        rubrics: RubricHistory,
        build_beside: Callable[[], BesidePanel],
        build_regrading: Callable[[], RegradingPanel],
        job_of: Callable[[str], str],
        find_question: Callable[[Session, str], Question],
        find_image: FindImage,
    ) -> None:
        """`job_of` tells the state of the work for a Turn; `find_question` what the notes have today (NotFound)."""
        self._live = live
        self._rubrics = rubrics
        self._job_of = job_of
        self._find_question = find_question
        self._find_image = find_image
        with gr.Column(elem_id="room", visible=False) as self.column:
            self._build_top()
            self.regrading = build_regrading()
            with gr.Row(elem_id="room-body", equal_height=False):
                with gr.Column(scale=3, elem_id="room-left", elem_classes=["card"]):
                    self.nav = view("room_nav", {}, elem_id="room-nav")
                with gr.Column(scale=8, elem_id="room-right"):
                    self._build_question()
                    self._build_grade()
                    self.beside = build_beside()
        self.session_id = gr.Textbox(visible="hidden", elem_id="room-session", label="session")
        self.turn_id = gr.Textbox(visible="hidden", elem_id="room-turn", label="turn")
        self.stamp = gr.Textbox(visible="hidden", elem_id="room-stamp", label="stamp")
        self.regrading.build_hidden()
        self.beside.build_hidden()

    def _build_top(self) -> None:
        self.back = gr.Button("", size="sm", elem_classes=["link"], elem_id="room-back", scale=0)
        with gr.Row(elem_id="room-top", equal_height=False):
            self.head = view("room_head", {}, elem_id="room-head")
            self.resume = _pill("room-resume")
            self.exports = {suffix: _pill(f"room-{suffix}") for suffix in _FORMS}
        managing = gr.Accordion("", open=False, visible=False, elem_id="room-manage")
        with managing as self.manage, gr.Row(elem_classes=["tight"]):
            self.title = gr.Textbox("", label="", lines=1, max_lines=1, elem_id="room-title", interactive=True)
            self.rename, self.archive, self.delete = (
                _pill("room-rename"),
                _pill("room-archive"),
                _pill("room-delete"),
            )

    def _build_question(self) -> None:
        with gr.Column(elem_classes=["card"]):
            self.turn_head = view("turn_head", {}, elem_id="room-turn-head")
            self.question = gr.Markdown("", elem_id="room-question", latex_delimiters=LATEX_DELIMITERS)
            with gr.Row(elem_id="room-pair", equal_height=False):
                with gr.Column():
                    self.answer = view("answer_segments", {}, elem_id="room-answer")
                with gr.Column():
                    self.reference_title = gr.Markdown(
                        "", elem_id="room-reference-title", latex_delimiters=LATEX_DELIMITERS
                    )
                    self.marks = view("reference_marks", {}, elem_id="room-reference-marks")
                    self.reference = gr.Markdown(
                        "", elem_id="room-reference", latex_delimiters=LATEX_DELIMITERS, visible=False
                    )

    def _build_grade(self) -> None:
        with gr.Column(elem_classes=["card"], elem_id="room-grade") as self.grade_column:
            self.grade = view("grade_card", {}, elem_id="room-grade-card")
            self.feedback = gr.Markdown("", elem_id="room-feedback", latex_delimiters=LATEX_DELIMITERS, visible=False)
            with gr.Row(elem_id="room-regrade-row", elem_classes=["tight"], visible=False) as self.regrade_row:
                self.grader = gr.Dropdown(
                    choices=[], label="", interactive=True, filterable=False, elem_id="room-grader"
                )
                self.regrade = gr.Button("", size="sm", scale=0, elem_classes=["pill"], elem_id="room-regrade")
        with gr.Column(elem_classes=["card"], elem_id="room-compare", visible=False) as self.compare:
            self.grades = view("grades_list", {}, elem_id="room-grades")

    @property
    def outputs(self) -> list[Block]:
        """Everything that `render` changes."""
        return [
            *(self.column, self.back, self.head, self.resume, *self.exports.values(), self.manage, self.title),
            *(self.rename, self.archive, self.delete, self.nav, self.turn_head, self.question, self.answer),
            *(self.reference_title, self.marks, self.reference, self.grade_column, self.grade, self.feedback),
            *(self.regrade_row, self.grader, self.regrade, self.compare, self.grades),
            *(self.session_id, self.turn_id, self.stamp, self.regrading.about, *self.beside.outputs),
        ]

    @property
    def first(self) -> list[Block]:
        """What a click on a session or a question waits for: the question with its answer and grade."""
        return [
            *(self.column, self.back, self.head, self.nav, self.turn_head, self.question, self.answer),
            *(self.grade_column, self.grade, self.session_id, self.turn_id, self.stamp),
        ]

    @property
    def place(self) -> list[Block]:
        """What `hide` changes."""
        return [self.column, self.session_id, self.turn_id, self.stamp]

    def hide(self) -> Updates:
        """The list is shown instead."""
        return {self.column: gr.update(visible=False), self.session_id: "", self.turn_id: "", self.stamp: ""}

    def half(self, updates: Updates) -> Updates:
        """Of all that `render` changes what is `first`; the rest may tell of another answer and is shut off."""
        first = {block: change for block, change in updates.items() if block in self.first}
        return {**first, self.column: gr.update(visible=True, elem_classes=["half"]), self.stamp: ""}

    def refreshed(self, updates: Updates, *, is_half: bool = False) -> Updates:
        """Return those changes of `render` that a refresh may make; `is_half`: only those that `half` left out.

        A click may have gone on to another place since the refresh was requested, so the place is not written.
        """
        left_out = self.first if is_half else self.place
        kept = {block: change for block, change in updates.items() if block not in left_out}
        return {**kept, self.column: gr.update(elem_classes=[]), self.stamp: updates[self.stamp]}

    def render(
        self, page: Page, transcript: Transcript, shelf: Shelf, turn_id: str, words: str = "", *, moved: bool = True
    ) -> Updates:
        """A session and one of its turns; of none in particular, its first. `words` are marked where they stand."""
        lang, session = page.lang, transcript.session
        turn = _chosen(session, turn_id)
        chosen = turn.id if turn else ""
        # First of all: a verdict that arrives while the rest is drawn must not count as drawn.
        stamp = self.stamp_of(page, transcript, chosen)
        updates: Updates = {
            self.column: gr.update(visible=True, elem_classes=[]),
            self.back: gr.update(value=t("room.back", lang)),
            self.head: gr.update(value=room_head(session, lang, len(transcript.damaged))),
            self.resume: gr.update(value=t("room.resume", lang), visible=session.finished_at is None),
            self.nav: gr.update(value=room_nav(session, chosen, lang, self._rubrics.tones())),
            self.session_id: session.id,
            self.turn_id: chosen,
            self.stamp: stamp,
            **self.regrading.about_of(page, session),
            **self._manage(page, session, shelf, moved),
            **self._turn(page, transcript, turn, words, moved),
        }
        offered = shelf != "deleted" and not session.tells_nothing_yet
        for suffix, key in _FORMS.items():
            updates[self.exports[suffix]] = gr.update(
                value=t(key, lang), link=download_link(session.id, suffix), visible=offered
            )
        return updates

    def stamp_of(self, page: Page, transcript: Transcript, turn_id: str) -> str:
        """The Turn, and a digest of everything that `render` shows; equal stamps, equal pages."""
        gradings = [grading for turn in transcript.session.turns for grading in turn.gradings]
        live = [len(self._points(grading)) for grading in gradings]
        job = self._job_of(turn_id) if turn_id else ""
        told = [transcript.model_dump_json(), page.lang, page.grader, repr(live), job]
        return f"{turn_id} {digest(chr(10).join(told))}"

    def _points(self, grading: Grading | None) -> tuple[PointGrade, ...]:
        return () if grading is None or grading.outcome is not None else self._live.verdicts(grading.id)

    def _manage(self, page: Page, session: Session, shelf: Shelf, moved: bool) -> Updates:
        lang = page.lang
        archive = "room.unarchive" if shelf == "archived" else "room.archive"
        updates: Updates = {
            self.manage: gr.update(
                label=t("room.deleted" if shelf == "deleted" else "room.manage", lang), visible=True
            ),
            self.title: gr.update(label=t("room.title", lang)),
            self.rename: gr.update(value=t("room.rename", lang)),
            self.archive: gr.update(value=t(archive, lang), visible=shelf != "deleted"),
            self.delete: gr.update(value=t("room.restore" if shelf == "deleted" else "room.delete", lang)),
        }
        if moved:
            updates[self.title]["value"] = session.title
            updates[self.manage]["open"] = shelf == "deleted"
        return updates

    def _turn(self, page: Page, transcript: Transcript, turn: Turn | None, words: str, moved: bool) -> Updates:
        lang = page.lang
        if turn is None:
            hidden = (self.grade_column, self.beside.column)
            return {self.question: gr.update(value=""), **{column: gr.update(visible=False) for column in hidden}}
        question, silent = turn.question, transcript.session.tells_nothing_yet
        grading = shown_grading(turn)
        reference = reference_markdown(question, lang, self._find_image) if question.has_reference else ""
        marks = transcript.marks.get(turn.id)
        today = self._today(transcript.session, question)
        head = turn_head(
            transcript.session,
            turn,
            today,
            lang,
            starred=bool(marks and marks.starred),
            again=turn.state != "open" and not silent,
            words=words,
            file_gone=is_gone((today or question).file),
        )
        return {
            self.turn_head: gr.update(value=head),
            self.question: gr.update(value=_asked(turn, lang)),
            self.answer: gr.update(value=answer_segments(turn, grading, lang)),
            self.reference_title: gr.update(value=f"### {t('room.reference', lang)}"),
            self.marks: gr.update(value=reference_marks(turn, grading, lang)),
            self.reference: gr.update(
                visible=True, value=t("untold.room", lang) if silent else reference or t("feedback.no_reference", lang)
            ),
            **self._grade(page, transcript.session, turn, grading, visible=turn.answer is not None and not silent),
            self.beside.column: gr.update(visible=True),
            **self.beside.render(page, transcript, turn, moved=moved),
        }

    def _grade(self, page: Page, session: Session, turn: Turn, grading: Grading | None, *, visible: bool) -> Updates:
        lang = page.lang
        outcome = grading.outcome if grading else None
        feedback = outcome.feedback if isinstance(outcome, Graded) else ""
        rubric = self._rubrics.of(outcome.provenance.rubric) if isinstance(outcome, Graded) else None
        compared = grades_list(turn, lang)
        failed = not isinstance(outcome, Graded | SelfGraded)
        return {
            self.grade_column: gr.update(visible=visible),
            self.grade: gr.update(value=grade_card(session, turn, grading, self._points(grading), lang, rubric)),
            self.feedback: gr.update(value=safe_markdown(feedback, formulas=True), visible=bool(feedback)),
            self.regrade_row: gr.update(visible=True),
            self.regrade: gr.update(value=t("act.regrade" if failed else "room.regrade", lang)),
            self.compare: gr.update(visible=bool(compared)),
            self.grades: gr.update(value=compared),
        }

    def _today(self, session: Session, question: Question) -> Question | None:
        """The question as the notes in use have it; None where they have it no more, or cannot be read."""
        try:
            return self._find_question(session, question.id)
        except VivaError:
            return None


def _pill(elem_id: str) -> gr.Button:
    return gr.Button("", size="sm", scale=0, min_width=40, elem_classes=["pill"], elem_id=elem_id)


def _asked(turn: Turn, lang: Language) -> str:
    """The question as Markdown, and below it what a follow-up to it asked."""
    question = f"## {safe_markdown(turn.question.text, formulas=True)}"
    if turn.follow_up is None:
        return question
    return f"{question}\n\n### {t('follow_up.title', lang)}\n\n{safe_markdown(turn.follow_up, formulas=True)}"


def _chosen(session: Session, turn_id: str) -> Turn | None:
    asked_for = next((turn for turn in session.turns if turn.id == turn_id), None)
    return asked_for or (session.turns[0] if session.turns else None)
