"""The set-up of a session: which sections, how many questions, in which order, and from which notes."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import gradio as gr
from gradio.blocks import Block

from interview.errors import ContentError, VivaError
from interview.models import Language, SessionPlan
from interview.notes.bank import QuestionBank, Section
from interview.service.interviewer import Interviewer
from interview.ui.page import Page, Updates
from interview.ui.strings import t
from interview.ui.views import notes_card, notice, session_rows, setup_head, unfinished_card, view

_NUMBERS = (5, 8, 15)
_DEFAULT_NUMBER = 8
_ALL = 0
_RECENT = 3


def _seed() -> int:
    return random.randrange(2**31)


class SetupPanel:
    """Everything below the header while no session is open. All of it is preset: Start is one click."""

    def __init__(
        self,
        interviewer: Interviewer,
        is_estimate: Callable[[str], bool],
        page: Page,
        seed: Callable[[], int] = _seed,
    ) -> None:
        """`is_estimate`: whether the grader of that name is the coverage estimate, which needs a reference."""
        self._interviewer = interviewer
        self._is_estimate = is_estimate
        self._seed = seed
        lang = page.lang
        # Neither the set-up nor an interview is there before the page knows which: what is not there cannot be clicked.
        with gr.Row(elem_id="setup", equal_height=False, visible=False) as self.row:
            with gr.Column(scale=7, elem_id="setup-main"):
                self.head = view("setup_head", {}, elem_id="setup-head")
                with gr.Column(elem_classes=["card"]):
                    self.sections = gr.CheckboxGroup(
                        choices=[], label="", elem_classes=["chips"], elem_id="setup-sections", interactive=True
                    )
                    with gr.Row(elem_classes=["tight"]):
                        self.number = gr.Radio(
                            choices=[(t("setup.all", lang), _ALL)],
                            value=_ALL,
                            label="",
                            elem_classes=["segments"],
                            elem_id="setup-number",
                            interactive=True,
                        )
                        self.order = gr.Radio(
                            choices=_orders(lang),
                            value="as_written",
                            label="",
                            elem_classes=["segments"],
                            elem_id="setup-order",
                            interactive=True,
                        )
                    self.left_out = gr.Markdown("", elem_id="setup-left-out", visible=False)
                    self.start = gr.Button("", variant="primary", elem_id="start")
                    self.notice = view("notice", {}, elem_id="setup-notice")
                with gr.Column(elem_classes=["card"], elem_id="setup-recent", visible=False) as self.recent_card:
                    self.recent_title = gr.Markdown("")
                    self.recent = view("session_rows", {}, elem_id="setup-recent-rows")
            with gr.Column(scale=4, elem_id="setup-side"):
                self.unfinished = view("unfinished_card", {}, elem_id="setup-unfinished")
                with gr.Column(elem_classes=["card"], elem_id="setup-notes"):
                    self.notes = view("notes_card", {}, elem_id="notes-card")
                    self.upload = gr.UploadButton(
                        "",
                        file_types=[".md", ".markdown"],
                        file_count="single",
                        type="filepath",
                        size="sm",
                        elem_id="notes-upload",
                    )
                    self.path = gr.Textbox(label="", lines=1, max_lines=1, elem_id="notes-path", interactive=True)
                    with gr.Row(elem_classes=["tight"]):
                        self.use_path = gr.Button("", size="sm", elem_classes=["pill"], elem_id="notes-use")
                        self.use_built_in = gr.Button("", size="sm", elem_classes=["pill"], elem_id="notes-built-in")

    @property
    def outputs(self) -> list[Block]:
        """Everything that `labels`, `render` and `start_label` change."""
        return [
            *(self.row, self.head, self.sections, self.number, self.order, self.left_out, self.start, self.notice),
            *(self.recent_card, self.recent_title, self.recent, self.unfinished, self.notes, self.upload, self.path),
            *(self.use_path, self.use_built_in),
        ]

    def labels(self, page: Page) -> Updates:
        """Every fixed word of the set-up."""
        lang = page.lang
        return {
            self.sections: gr.update(label=t("setup.sections", lang), info=t("setup.sections_info", lang)),
            self.number: gr.update(label=t("setup.number", lang)),
            self.order: gr.update(choices=_orders(lang), label=t("setup.order", lang)),
            self.recent_title: gr.update(value=f"### {t('setup.recent', lang)}"),
            self.upload: gr.update(label=t("notes.upload", lang)),
            self.path: gr.update(label=t("notes.path", lang), placeholder=t("notes.path_hint", lang)),
            self.use_path: gr.update(value=t("notes.use", lang)),
            self.use_built_in: gr.update(value=t("notes.use_built_in", lang)),
        }

    def render(self, page: Page, *, error: str = "") -> Updates:
        """The set-up for the notes in use, nothing chosen. `error`: why other notes could not be taken instead."""
        bank, trouble = self._bank(page.lang)
        recent = self._interviewer.sessions(limit=_RECENT)
        lang = page.lang
        sections = _askable(bank, self._is_estimate(page.grader))
        origin = self._interviewer.notes_origin
        return {
            self.head: gr.update(value=setup_head(bank, lang)),
            self.sections: gr.update(
                choices=[(f"{section.name} · {section.count}", section.name) for section in bank.sections],
                value=[],
                label=t("setup.sections", lang),
                info=t("setup.sections_info", lang),
            ),
            **self._number(sections, lang),
            **self.start_label(page, [], _DEFAULT_NUMBER),
            self.notice: gr.update(value=notice(trouble or "", lang)),
            self.recent_card: gr.update(visible=bool(recent)),
            self.recent: gr.update(value=session_rows(recent, lang)),
            self.unfinished: gr.update(value=unfinished_card(self._interviewer.unfinished(), lang)),
            self.notes: gr.update(value=notes_card(bank, origin, lang, error or self._interviewer.notes_problem)),
            self.path: gr.update(value="", label=t("notes.path", lang), placeholder=t("notes.path_hint", lang)),
            self.use_built_in: gr.update(value=t("notes.use_built_in", lang), visible=bool(origin)),
        }

    def start_label(self, page: Page, chosen: Sequence[str], number: int) -> Updates:
        """How many questions Start would ask, and what is left out for want of a reference."""
        bank, _ = self._bank(page.lang)
        estimate = self._is_estimate(page.grader)
        sections = [section for section in bank.sections if section.name in chosen or not chosen]
        without = sum(section.without_reference for section in sections) if estimate else 0
        count = sum(section.count for section in sections) - without
        asked = min(count, number) if number else count
        lang = page.lang
        text = t("setup.start", lang, n=asked) if asked else t("setup.nothing", lang)
        return {
            self.start: gr.update(value=text, interactive=bool(asked)),
            self.left_out: gr.update(value=t("setup.left_out", lang, n=without), visible=bool(without)),
        }

    def plan(self, page: Page, chosen: Sequence[str], number: int, order: str) -> SessionPlan:
        """What Start asks the Interviewer for."""
        shuffled: Literal["as_written", "shuffled"] = "shuffled" if order == "shuffled" else "as_written"
        return SessionPlan(
            lang=page.lang,
            sections=tuple(chosen),
            count=number or None,
            order=shuffled,
            seed=self._seed(),
            skip_without_reference=self._is_estimate(page.grader),
        )

    def use_upload(self, page: Page, path: str | None) -> Updates:
        """Replace the notes by an uploaded file; Gradio's copy of it is deleted."""
        if path is None:
            return {}
        file = Path(path)
        try:
            raw = file.read_bytes()
        finally:
            file.unlink(missing_ok=True)
        return self._replaced(page, lambda: self._interviewer.use_upload(file.name, raw))

    def use_paths(self, page: Page, path: str) -> Updates:
        """Replace the notes by a file or folder of this machine; nothing happens where no path was typed."""
        path = path.strip()
        return self._replaced(page, lambda: self._interviewer.use_notes([path])) if path else {}

    def go_built_in(self, page: Page) -> Updates:
        """Go back to the notes that come with the project."""
        return self._replaced(page, self._interviewer.use_built_in)

    def _replaced(self, page: Page, replace: Callable[[], object]) -> Updates:
        """What the card of the notes says is the error, so it stands there and not below Start."""
        try:
            replace()
        except ContentError as error:
            updates = self.render(page, error=str(error))
            del updates[self.path]
            return updates
        return self.render(page)

    def _bank(self, lang: Language) -> tuple[QuestionBank, VivaError | None]:
        try:
            return self._interviewer.bank(lang), None
        except VivaError as error:
            return QuestionBank(questions=(), problems=()), error

    def _number(self, sections: Sequence[int], lang: Language) -> Updates:
        count = sum(sections)
        numbers = [(str(number), number) for number in _NUMBERS if number < count]
        value = _DEFAULT_NUMBER if count > _DEFAULT_NUMBER else _ALL
        choices = [*numbers, (t("setup.all", lang), _ALL)]
        return {self.number: gr.update(choices=choices, value=value, label=t("setup.number", lang))}


def _askable(bank: QuestionBank, estimate: bool) -> list[int]:
    return [_count(section, estimate) for section in bank.sections]


def _count(section: Section, estimate: bool) -> int:
    return section.count - section.without_reference if estimate else section.count


def _orders(lang: Language) -> list[tuple[str, str]]:
    return [(t(f"setup.{order}", lang), order) for order in ("as_written", "shuffled")]
