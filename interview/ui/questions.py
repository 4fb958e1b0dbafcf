"""The Questions tab: the questions in use, and one of them opened with its key points, disputes and history."""

from typing import cast

import gradio as gr
from gradio.blocks import Block

from interview.errors import ChecklistChanged, NotFound
from interview.grading.key_points import from_notes
from interview.grading.written_points import write_points
from interview.jobs import Job
from interview.models import Language, Question
from interview.models.checklists import DisputeState
from interview.service import checklists, disputes
from interview.ui import question_card
from interview.ui.events import Trigger, Wires
from interview.ui.page import Page, Updates, together
from interview.ui.practice import PracticeTab
from interview.ui.question_card import QuestionCard
from interview.ui.safe_text import LATEX_DELIMITERS
from interview.ui.strings import t
from interview.ui.transcripts import TranscriptsTab
from interview.ui.views import notice, view
from interview.ui.views.job import job_line
from interview.ui.views.questions import checklist_versions, question_rows
from interview.ui.views.view import ViewValue
from interview.wiring import Viva

_ALL = ""
_TICK_SECONDS = 1.0


class QuestionsTab:
    """The list, filtered, beside the question that is opened. Which one is open is this page's own affair."""

    def __init__(self, viva: Viva, page: Page) -> None:
        """Builds the components inside the present Blocks; `connect` gives them their events."""
        self._interviewer = viva.interviewer
        self._checklists = viva.checklists
        self._disputes = viva.disputes
        self._jobs = viva.jobs
        self.notice = view("notice", {}, elem_id="questions-notice")
        with gr.Row(elem_id="questions-top", equal_height=False):
            self.search = gr.Textbox(
                "", show_label=False, container=False, elem_id="questions-search", lines=1, max_lines=1
            )
            self.section = gr.Dropdown(
                [("", _ALL)], value=_ALL, show_label=False, container=False, elem_id="questions-section", scale=0
            )
        with gr.Row(elem_id="questions-body", equal_height=False):
            with gr.Column(elem_id="questions-left", elem_classes=["card"]):
                self.rows = view("question_rows", {}, elem_id="question-rows")
            with gr.Column(elem_id="questions-right"):
                self.hint = gr.Markdown("", elem_id="questions-hint", latex_delimiters=LATEX_DELIMITERS)
                self.card = QuestionCard(viva.interviewer.image)
        self.opened = gr.Textbox(visible="hidden", elem_id="question-opened", label="question")
        self._timer = gr.Timer(_TICK_SECONDS, active=False)

    @property
    def outputs(self) -> list[Block]:
        """Everything that the tab's events change."""
        own = [self.search, self.section, self.rows, self.hint, self.opened, self._timer]
        return [*own, *self.card.outputs]

    def arrive(self, page: Page, sought: str = "", section: str = _ALL, opened: str = "") -> Updates:
        """The tab in the page's language, read anew; a question that the notes do not have any more is closed."""
        bank = self._interviewer.bank(page.lang)
        names = [name.name for name in bank.sections]
        section = section if section in names else _ALL
        choices = [(t("questions.all_sections", page.lang), _ALL), *((name or "–", name) for name in names if name)]
        searched = t("questions.search", page.lang, n=len(bank.questions))
        opened = opened if any(question.id == opened for question in bank.questions) else ""
        return together(
            {
                self.search: gr.update(value=sought, placeholder=searched, label=searched),
                self.section: gr.update(choices=choices, value=section, label=t("questions.section", page.lang)),
                self.hint: gr.update(value=t("questions.choose", page.lang)),
            },
            self.card.labels(page.lang),
            self._open(page, opened, sought, section),
        )

    def connect(
        self, wires: Wires, entered: Trigger, tabs: gr.Tabs, practice: PracticeTab, transcripts: TranscriptsTab
    ) -> None:
        """Give every button its event. What is `entered` reads notes and store anew; `tabs` lead to other tabs."""
        card, place, seen = self.card, self.notice, self.outputs
        found = [self.search, self.section]
        state = [self.search, self.section, self.opened]
        wires.on(entered, self.arrive, seen, place, state)
        for changed in (self.search.change, self.section.input):
            # Every change: a paste, a deletion and the words of an input method are no `input` to a Textbox.
            wires.on(changed, self._filter, [self.rows], place, state, latest=True)
        wires.on_select(self.rows.select, self._choose, "id", seen, place, found, shows=True)
        wires.on(card.back.click, self._close, seen, place, found)
        wires.on(card.edit.click, self._edit, card.outputs, card.problem, [self.opened])
        wires.on(card.close.click, self._leave_editor, card.outputs, card.notice)
        wires.on_select(card.versions.select, self._take_version, "id", card.outputs, card.notice, [self.opened])
        editor = [self.opened, card.box, card.lock, card.seen]
        wires.on(card.save.click, self._save, seen, card.problem, [*found, *editor])
        working = [*card.outputs, self._timer]
        wires.on(card.extract.click, self._extract, working, card.notice, [self.opened])
        wires.on(card.audit.click, self._audit, working, card.notice, [self.opened])
        wires.on_select(card.job.select, self._stop, "job", working, card.notice, [self.opened])
        wires.on(self._timer.tick, self._tick, working, card.notice, [self.opened], clears=False)
        wires.on_select(card.disputes.select, self._decide, "choice", working, card.notice, [self.opened])

        def practise(page: Page, opened: str) -> Updates:
            session = self._interviewer.start_one(page.lang, opened)
            self._interviewer.ask_next(session.id)
            started = self._interviewer.session(session.id)
            return {**practice.open(page, started), tabs: gr.update(selected="practice")}

        def review(page: Page, at: str) -> Updates:
            session_id, _, turn_id = at.partition(":")
            return {**transcripts.show_room(page, session_id, turn_id), tabs: gr.update(selected="transcripts")}

        practice.follow(wires.on(card.practise.click, practise, [*practice.outputs, tabs], card.notice, [self.opened]))
        wires.on_select(card.history.select, review, "place", [*transcripts.opening, tabs], card.notice, shows=True)

    # --- the list

    def _filter(self, page: Page, sought: str, section: str, opened: str) -> Updates:
        bank = self._interviewer.bank(page.lang)
        chosen = [one for one in bank.questions if (not section or one.section == section) and _has(one, sought)]
        standings = self._checklists.standings()
        return {self.rows: gr.update(value=question_rows(chosen, standings, opened, page.lang))}

    def _open(self, page: Page, opened: str, sought: str, section: str) -> Updates:
        updates = self._filter(page, sought, section, opened)
        updates |= {self.opened: opened, self.hint: gr.update(visible=not opened)}
        if not opened:
            return updates | self.card.hide() | {self._timer: gr.update(active=False)}
        return updates | self._shown(page, self._question(page, opened))

    def _choose(self, page: Page, opened: str, sought: str, section: str) -> Updates:
        """Open another question; an editor that was open is closed."""
        return self._open(page, opened, sought, section) | self.card.close_editor()

    def _close(self, page: Page, sought: str, section: str) -> Updates:
        return self._open(page, "", sought, section)

    def _question(self, page: Page, opened: str) -> Question:
        return self._interviewer.bank(page.lang).find(opened)

    def _shown(self, page: Page, question: Question) -> Updates:
        """The whole card but its editor."""
        turns = self._checklists.history(question.id)
        shown = question_card.Shown(
            question=question,
            checklist=self._checklists.in_force(question),
            versions=self._checklists.versions(question),
            turns=turns,
            disputes=self._disputes.of(question),
            silent=self._checklists.silent_sessions(),
        )
        job = self._job(question)
        return {
            **self.card.show(shown, page.lang),
            self.card.job: gr.update(value=_line(job, len(shown.disputes), page.lang)),
            self._timer: gr.update(active=job is not None and not job.over),
        }

    # --- key points

    def _edit(self, page: Page, opened: str) -> Updates:
        question = self._question(page, opened)
        seen = self._checklists.newest_id(question)
        return self.card.open_editor(
            self._checklists.in_force(question), self._checklists.versions(question), seen, page.lang
        )

    def _leave_editor(self, page: Page) -> Updates:
        return self.card.close_editor()

    def _take_version(self, page: Page, version_id: str, opened: str) -> Updates:
        """Put the points of an older version, or of the notes, into the box; saving makes them the newest."""
        question = self._question(page, opened)
        versions = self._checklists.versions(question)
        taken = next((one for one in versions if one.id == version_id), None)
        if taken is None and version_id != "notes":
            raise NotFound("This version is not known here.")
        return {
            self.card.box: gr.update(value=write_points((taken or from_notes(question)).points)),
            self.card.versions: gr.update(value=checklist_versions(versions, taken.id if taken else "", page.lang)),
        }

    def _save(self, page: Page, sought: str, section: str, opened: str, text: str, locked: bool, seen: str) -> Updates:
        """Save, and close the editor. Where there is a newer version it is listed, and the text stays in the box."""
        question = self._question(page, opened)
        try:
            self._checklists.save(question, text, locked=locked, seen=seen)
        except ChecklistChanged as error:
            versions = self._checklists.versions(question)
            return {
                self.card.seen: versions[-1].id,
                self.card.versions: gr.update(value=checklist_versions(versions, "", page.lang)),
                self.card.problem: gr.update(value=notice(error, page.lang)),
            }
        drawn = together(self._filter(page, sought, section, opened), self._shown(page, question))
        return drawn | self.card.close_editor()

    # --- work in the background

    def _job(self, question: Question) -> Job | None:
        return self._jobs.latest(question.id, checklists.JOB, disputes.JOB)

    def _extract(self, page: Page, opened: str) -> Updates:
        question = self._question(page, opened)
        self._checklists.extract(question, page.grader)
        return self._working(page, question)

    def _audit(self, page: Page, opened: str) -> Updates:
        question = self._question(page, opened)
        self._disputes.start_audit([question], page.grader)
        return self._working(page, question)

    def _stop(self, page: Page, job_id: str, opened: str) -> Updates:
        self._jobs.stop(job_id)
        return self._working(page, self._question(page, opened))

    def _working(self, page: Page, question: Question) -> Updates:
        line = _line(self._job(question), len(self._disputes.of(question)), page.lang)
        return {self.card.job: gr.update(value=line), self._timer: gr.update(active=True)}

    def _tick(self, page: Page, opened: str) -> Updates:
        """How far the work is; when it is over, what it found, without touching an open editor."""
        if not opened:
            return {self._timer: gr.update(active=False)}
        question = self._question(page, opened)
        job = self._job(question)
        if job is None or job.over:
            return self._shown(page, question)
        return {self.card.job: gr.update(value=job_line(job, page.lang))}

    def _decide(self, page: Page, choice: str, opened: str) -> Updates:
        """Accept or reject; grades of answers to this question may be counted anew, so the history is read again."""
        state, _, dispute_id = choice.partition(":")
        if state not in ("accepted", "rejected"):
            raise NotFound("This decision is not known here.")
        self._disputes.decide(dispute_id, cast("DisputeState", state))
        return self._shown(page, self._question(page, opened))


def _has(question: Question, sought: str) -> bool:
    """Whether every word that is sought stands somewhere in the question."""
    points = (point.text for point in question.key_points)
    text = "\n".join((question.section, question.text, question.reference, *question.tags, *points)).casefold()
    return all(word in text for word in sought.casefold().split())


def _line(job: Job | None, disputed: int, lang: Language) -> ViewValue:
    """The line of the work on a question; of a finished audit, how many statements are disputed."""
    done = t(f"job.{job.kind}_done", lang, n=disputed) if job is not None and job.state == "done" else ""
    return job_line(job, lang, done)
