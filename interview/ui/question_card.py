"""The question that is opened in the Questions tab: its components, and what is drawn on them."""

from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr
from gradio.blocks import Block

from interview.grading.written_points import write_points
from interview.models import Checklist, Dispute, Graded, Language, Question, Turn, counting
from interview.turns import tries
from interview.ui.images import FindImage, reference_markdown
from interview.ui.page import Updates
from interview.ui.safe_text import LATEX_DELIMITERS, safe_markdown
from interview.ui.strings import t
from interview.ui.views import view
from interview.ui.views.questions import (
    checklist_versions,
    question_about,
    question_disputes,
    question_extras,
    question_history,
    question_points,
)


@dataclass(frozen=True)
class Shown:
    """Everything that the card shows of one question; `turns` are all of them, follow-ups too."""

    question: Question
    checklist: Checklist
    versions: tuple[Checklist, ...]
    turns: tuple[Turn, ...]
    disputes: tuple[Dispute, ...]
    silent: frozenset[str] = frozenset()  # sessions whose grades are not told yet


class QuestionCard:
    """The components. The tab gives them their events."""

    def __init__(self, find_image: FindImage) -> None:
        """Builds the components inside the present Blocks."""
        self._find_image = find_image
        with gr.Column(elem_id="question-card", visible=False) as self.column:
            self.back = gr.Button("", size="sm", elem_classes=["link"], elem_id="question-back")
            with gr.Column(elem_classes=["card"]):
                self.about = view("question_about", {}, elem_id="question-about")
                self.text = gr.Markdown("", elem_id="question-text", latex_delimiters=LATEX_DELIMITERS)
                self.points = view("question_points", {}, elem_id="question-points")
                self._build_editor()
                with gr.Accordion("", open=False, elem_id="question-reference-fold") as self.fold:
                    self.reference = gr.Markdown("", elem_id="question-reference", latex_delimiters=LATEX_DELIMITERS)
                self.extras = view("question_extras", {}, elem_id="question-extras")
                self.notice = view("notice", {}, elem_id="question-notice")
                self.job = view("job_line", {}, elem_id="question-job")
                with gr.Row(elem_id="question-acts"):
                    self.practise = gr.Button("", variant="primary", elem_id="question-practise")
                    self.edit = gr.Button("", size="sm", elem_classes=["pill"], elem_id="question-edit")
                    self.extract = gr.Button("", size="sm", elem_classes=["pill"], elem_id="question-extract")
                    self.audit = gr.Button("", size="sm", elem_classes=["pill"], elem_id="question-audit")
            with gr.Column(elem_classes=["card"], elem_id="question-disputes-card", visible=False) as self.disputed:
                self.disputes = view("question_disputes", {}, elem_id="question-disputes")
            with gr.Column(elem_classes=["card"]):
                self.history = view("question_history", {}, elem_id="question-history")
        self.seen = gr.Textbox(visible="hidden", elem_id="question-seen", label="version")

    def _build_editor(self) -> None:
        with gr.Column(elem_id="question-editor", visible=False) as self.editor:
            self.box = gr.Textbox(lines=6, max_lines=20, elem_id="question-points-box", interactive=True)
            self.lock = gr.Checkbox(False, elem_id="question-lock", interactive=True)
            with gr.Row(elem_classes=["tight"]):
                self.save = gr.Button("", size="sm", variant="primary", scale=0, elem_id="question-save")
                self.close = gr.Button("", size="sm", scale=0, elem_classes=["pill"], elem_id="question-close")
            self.problem = view("notice", {}, elem_id="question-problem")
            self.versions = view("checklist_versions", {}, elem_id="question-versions")

    @property
    def outputs(self) -> list[Block]:
        """Everything that events change."""
        return [
            *(self.column, self.back, self.about, self.text, self.points, self.editor, self.box, self.lock),
            *(self.save, self.close, self.versions, self.fold, self.reference, self.extras, self.job),
            *(self.practise, self.edit, self.extract, self.audit, self.disputed, self.disputes, self.history),
            self.seen,
        ]

    def labels(self, lang: Language) -> Updates:
        """Every word that does not depend on the question."""
        words = {
            self.back: "questions.back",
            self.save: "edit.save",
            self.close: "edit.close",
            self.practise: "act.practise",
            self.edit: "act.edit_points",
            self.extract: "act.extract",
            self.audit: "act.audit",
        }
        return {
            **{button: gr.update(value=t(key, lang)) for button, key in words.items()},
            self.box: gr.update(label=t("edit.label", lang), info=t("edit.info", lang)),
            self.lock: gr.update(label=t("edit.lock", lang)),
            self.fold: gr.update(label=t("part.reference", lang)),
        }

    def hide(self) -> Updates:
        """No question is open."""
        return {self.column: gr.update(visible=False)}

    def show(self, shown: Shown, lang: Language) -> Updates:
        """One question; an open editor stays as it is."""
        question, checklist = shown.question, shown.checklist
        about = question_about(question, checklist, shown.turns, shown.disputes, lang)
        number, last = number_of(checklist, shown.versions), last_grade(shown.turns)
        return {
            self.column: gr.update(visible=True),
            self.about: gr.update(value=about),
            self.text: gr.update(value=safe_markdown(question.text, formulas=True)),
            self.points: gr.update(value=question_points(question, checklist, number, last, lang)),
            self.fold: gr.update(visible=question.has_reference),
            self.reference: gr.update(value=reference_markdown(question, lang, self._find_image)),
            self.extras: gr.update(value=question_extras(question, lang)),
            self.extract: gr.update(visible=not question.key_points),
            self.audit: gr.update(visible=question.has_reference),
            self.disputed: gr.update(visible=bool(shown.disputes)),
            self.disputes: gr.update(value=question_disputes(shown.disputes, lang)),
            self.history: gr.update(value=question_history(question, shown.turns, lang, shown.silent)),
        }

    def open_editor(self, checklist: Checklist, versions: Sequence[Checklist], seen: str, lang: Language) -> Updates:
        """The points as text; `seen` is the newest version now, against which saving is checked."""
        return {
            self.editor: gr.update(visible=True),
            self.box: gr.update(value=write_points(checklist.points)),
            self.lock: gr.update(value=checklist.locked),
            self.versions: gr.update(value=checklist_versions(versions, checklist.id, lang)),
            self.seen: seen,
            self.edit: gr.update(visible=False),
        }

    def close_editor(self) -> Updates:
        """The editor goes away with what was typed."""
        return {self.editor: gr.update(visible=False), self.edit: gr.update(visible=True)}


def number_of(checklist: Checklist, versions: Sequence[Checklist]) -> int:
    """Which version the checklist is, from 1; 0 where it is not stored."""
    return next((number for number, version in enumerate(versions, 1) if version.id == checklist.id), 0)


def last_grade(turns: Sequence[Turn]) -> Graded | None:
    """The newest judgement among all answers to the question itself, else the newest estimate."""
    grading = counting([grading for turn in tries(turns) for grading in turn.gradings])
    return grading.outcome if grading and isinstance(grading.outcome, Graded) else None
