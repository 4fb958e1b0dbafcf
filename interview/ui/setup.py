"""The set-up of a session: which mode, which questions, from which notes; and what is due."""

import random
from collections.abc import Callable

import gradio as gr
from gradio.blocks import Block

from interview.errors import ContentError, VivaError
from interview.models import Language, SessionPlan
from interview.notes.bank import QuestionBank, Section
from interview.rubrics import Rubric
from interview.service.interviewer import Interviewer
from interview.service.schedule import Schedule
from interview.ui.due import DuePanel
from interview.ui.page import Page, Update, Updates, together
from interview.ui.safe_text import LATEX_DELIMITERS
from interview.ui.setup_wishes import (
    ALL,
    DEFAULT_NUMBER,
    NUMBERS,
    Wishes,
    WishesPanel,
    limit_seconds,
    read_wishes,
)
from interview.ui.strings import t
from interview.ui.uploads import Upload
from interview.ui.views import notes_card, notice, session_rows, setup_head, unfinished_card, view

_RECENT = 3


def _seed() -> int:
    return random.randrange(2**31)


class SetupPanel:
    """Everything below the header while no session is open. All of it is preset: Start is one click."""

    def __init__(
        self,
        interviewer: Interviewer,
        schedule: Schedule,
        default: Rubric,
        is_estimate: Callable[[str], bool],
        page: Page,
        seed: Callable[[], int] = _seed,
    ) -> None:
        """The bands of the `default` rubric colour means.

        `is_estimate`: whether the grader of that name is the coverage estimate, which needs a reference.
        """
        self._interviewer = interviewer
        self._schedule = schedule
        self._default = default
        self._is_estimate = is_estimate
        self._seed = seed
        # Neither the set-up nor an interview is there before the page knows which: what is not there cannot be clicked.
        with gr.Row(elem_id="setup", equal_height=False, visible=False) as self.row:
            with gr.Column(scale=7, elem_id="setup-main"):
                self.head = view("setup_head", {}, elem_id="setup-head")
                self.wishes = WishesPanel(page.lang)
                with gr.Column(elem_classes=["card"]):
                    self.wishes.build_sections()
                    self.wishes.build_more()
                    self.left_out = gr.Markdown(
                        "", elem_id="setup-left-out", visible=False, latex_delimiters=LATEX_DELIMITERS
                    )
                    self.start = gr.Button("", variant="primary", elem_id="start")
                    self.notice = view("notice", {}, elem_id="setup-notice")
                with gr.Column(elem_classes=["card"], elem_id="setup-recent", visible=False) as self.recent_card:
                    self.recent_title = gr.Markdown("", latex_delimiters=LATEX_DELIMITERS)
                    self.recent = view("session_rows", {}, elem_id="setup-recent-rows")
            with gr.Column(scale=4, elem_id="setup-side"):
                self.unfinished = view("unfinished_card", {}, elem_id="setup-unfinished")
                self.due_panel = DuePanel(schedule)
                self._build_notes()

    def _build_notes(self) -> None:
        with gr.Column(elem_classes=["card"], elem_id="setup-notes"):
            self.notes = view("notes_card", {}, elem_id="notes-card")
            self.upload = gr.UploadButton(
                "",
                file_types=[".md", ".markdown"],
                size="sm",
                elem_id="notes-upload",
            )
            by_path = self._interviewer.reads_paths
            self.uploaded = gr.Textbox("", visible="hidden", elem_id="notes-uploaded", label="uploaded")
            self.path = gr.Textbox(
                label="", lines=1, max_lines=1, elem_id="notes-path", interactive=True, visible=by_path
            )
            with gr.Row(elem_classes=["tight"]):
                self.use_path = gr.Button("", size="sm", elem_classes=["pill"], elem_id="notes-use", visible=by_path)
                self.use_built_in = gr.Button("", size="sm", elem_classes=["pill"], elem_id="notes-built-in")

    @property
    def outputs(self) -> list[Block]:
        """Everything that `labels`, `render` and `start_label` change."""
        return [
            *(self.row, self.head, *self.wishes.outputs, self.left_out, self.start, self.notice),
            *(self.recent_card, self.recent_title, self.recent, self.unfinished, self.notes, self.upload, self.path),
            *(self.use_path, self.use_built_in, *self.due_panel.outputs),
        ]

    def labels(self, page: Page) -> Updates:
        """Every fixed word of the set-up."""
        lang = page.lang
        return {
            **self.wishes.labels(lang, self._schedule.forecast(self._bank(lang)[0]).today),
            self.recent_title: gr.update(value=f"### {t('setup.recent', lang)}"),
            **self.due_panel.labels(lang),
            self.upload: gr.update(label=t("notes.upload", lang)),
            self.path: gr.update(label=t("notes.path", lang), placeholder=t("notes.path_hint", lang)),
            self.use_path: gr.update(value=t("notes.use", lang)),
            self.use_built_in: gr.update(value=t("notes.use_built_in", lang)),
        }

    def render(self, page: Page, chosen: Wishes | None = None, *, error: str = "") -> Updates:
        """The set-up for the notes in use: what was `chosen`, as far as these notes have it, else all of it preset.

        `error`: why other notes could not be taken instead.
        """
        bank, trouble = self._bank(page.lang)
        recent = self._interviewer.sessions(limit=_RECENT)
        lang = page.lang
        origin = self._interviewer.notes_origin
        notes = notes_card(
            bank,
            origin,
            lang,
            error or self._interviewer.notes_problem,
            () if error else self._interviewer.missing_notes,
        )
        return together(
            self.labels(page),
            self._choices(page, bank, chosen),
            self.due_panel.render(page, bank),
            {
                self.head: gr.update(value=setup_head(bank, lang)),
                self.notice: gr.update(value=notice(trouble or "", lang)),
                self.recent_card: gr.update(visible=bool(recent)),
                self.recent: gr.update(value=session_rows(recent, self._default, lang)),
                self.unfinished: gr.update(value=unfinished_card(self._interviewer.unfinished(), lang)),
                self.notes: gr.update(value=notes),
                self.use_built_in: gr.update(visible=bool(origin)),
            },
            {} if chosen else {self.path: gr.update(value="")},
        )

    def _choices(self, page: Page, bank: QuestionBank, chosen: Wishes | None) -> Updates:
        number = self._number(bank, page)
        names = [section.name for section in bank.sections]
        wishes = chosen or Wishes(number=number["value"])
        known = tuple(name for name in wishes.sections if name in names)
        count = wishes.number if any(wishes.number == one for _, one in number["choices"]) else number["value"]
        levels = sorted({question.difficulty for question in bank.questions if question.difficulty is not None})
        difficulties = tuple(level for level in wishes.difficulties if level in levels)
        wishes = wishes.model_copy(update={"sections": known, "number": count, "difficulties": difficulties})
        return {
            **self.wishes.mode_changed(wishes.mode),
            self.wishes.mode: gr.update(value=wishes.mode),
            self.wishes.sections: gr.update(
                choices=[(f"{section.name} · {section.count}", section.name) for section in bank.sections],
                value=list(known),
            ),
            self.wishes.number: gr.update(choices=number["choices"], value=count),
            self.wishes.difficulties: gr.update(
                choices=[(t(f"difficulty.{level}", page.lang), level) for level in levels],
                value=list(difficulties),
                visible=bool(levels),
            ),
            **self.start_label(page, wishes),
        }

    def changed(self, page: Page, *values: object) -> Updates:
        """Something was chosen: what a mode does not know goes, and Start says how many questions it would ask."""
        wishes = read_wishes(*values)
        return {**self.wishes.mode_changed(wishes.mode), **self.start_label(page, wishes)}

    def start_label(self, page: Page, wishes: Wishes) -> Updates:
        """How many questions Start would ask, and what is left out for want of a reference."""
        bank, _ = self._bank(page.lang)
        estimate = self._is_estimate(page.grader)
        sections = [section for section in bank.sections if section.name in wishes.sections or not wishes.sections]
        without = sum(section.without_reference for section in sections) if estimate else 0
        try:
            asked = len(self._interviewer.paper(self.plan(page, wishes), self.due(page, wishes)))
        except VivaError:
            asked = 0
        lang = page.lang
        text = t("setup.start", lang, n=asked) if asked else t("setup.nothing", lang)
        return {
            self.start: gr.update(value=text, interactive=bool(asked)),
            self.left_out: gr.update(value=t("setup.left_out", lang, n=without), visible=bool(without)),
        }

    def plan(self, page: Page, wishes: Wishes) -> SessionPlan:
        """What Start asks the Interviewer for."""
        is_mock, is_due = wishes.mode == "mock", wishes.mode == "due"
        return SessionPlan(
            lang=page.lang,
            mode=wishes.mode,
            sections=wishes.sections,
            count=wishes.number or None,
            order="as_written" if is_due else "shuffled" if is_mock else wishes.order,
            seed=self._seed(),
            skip_without_reference=self._is_estimate(page.grader),
            per_section=None if is_due else wishes.per_section or None,
            difficulties=wishes.difficulties,
            due_first=is_due or (is_mock and wishes.due_first),
            question_seconds=limit_seconds(wishes.question_minutes) if is_mock else None,
            total_seconds=limit_seconds(wishes.total_minutes) if is_mock else None,
            follow_ups=0 if is_mock else wishes.follow_ups,
        )

    def due(self, page: Page, wishes: Wishes) -> tuple[str, ...]:
        """The questions that are due, for a plan that asks them first or alone; new ones only for the latter."""
        bank, _ = self._bank(page.lang)
        if wishes.mode == "due":
            # The day's new questions are the first ones of what was chosen, not of the whole bank.
            return self._schedule.queue(bank.narrowed(wishes.sections, wishes.difficulties))
        return self._schedule.due(bank) if wishes.mode == "mock" and wishes.due_first else ()

    def wish_schedule(self, page: Page, day: str, cap: int) -> Updates:
        """Keep the day of the interview and the daily cap; the forecast follows."""
        updates = self.due_panel.wish(page, day, cap, self._bank(page.lang)[0])
        if updates is None:
            return {self.notice: gr.update(value=notice(t("forecast.bad_day", page.lang), page.lang))}
        return updates | {self.wishes.mode: self.labels(page)[self.wishes.mode]}

    def use_upload(self, page: Page, upload: Upload) -> Updates:
        """Replace the notes by an uploaded file."""
        return self._replaced(page, lambda: self._interviewer.use_upload(upload.name, upload.content))

    def use_paths(self, page: Page, path: str) -> Updates:
        """Replace the notes by a file or folder of this machine; nothing happens where no path was typed."""
        path = path.strip()
        if not self._interviewer.reads_paths:
            return self.render(page, error=t("refused.path", page.lang))
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

    def _number(self, bank: QuestionBank, page: Page) -> Update:
        estimate = self._is_estimate(page.grader)
        count = sum(_count(section, estimate) for section in bank.sections)
        choices = [(str(number), number) for number in NUMBERS if number < count]
        return {
            "choices": [*choices, (t("setup.all", page.lang), ALL)],
            "value": DEFAULT_NUMBER if count > DEFAULT_NUMBER else ALL,
        }


def _count(section: Section, estimate: bool) -> int:
    return section.count - section.without_reference if estimate else section.count
