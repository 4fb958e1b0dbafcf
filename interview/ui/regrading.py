"""The fold of the review room that has a whole session graded anew: what it takes, how far it is, a way to stop it."""

import gradio as gr
from gradio.components import Component

from interview.errors import ContentError, NotFound
from interview.jobs import Job
from interview.models import Session
from interview.service.regrading import Regrade, Regrading
from interview.ui.events import Wires
from interview.ui.frame import Frame
from interview.ui.page import Page, Updates
from interview.ui.strings import t
from interview.ui.views import view
from interview.ui.views.job import job_line
from interview.ui.views.parts import grader_word
from interview.ui.views.regrading import regrade_end, regrade_plan

_TICK = 1.5  # seconds between two looks at a regrade that runs


class RegradingPanel:
    """Draws itself whenever the room tells it, in `about`, of another session or language; else no event names it.

    What it takes is computed when the fold is opened. A regrade goes on when the page closes.
    """

    def __init__(self, regrading: Regrading, frame: Frame) -> None:
        """Builds the components inside the present Blocks; `connect` gives them their events."""
        self._regrading = regrading
        self._frame = frame
        with gr.Accordion("", open=False, visible=False, elem_id="room-regrading") as self.fold:
            self.plan = view("plan_lines", {}, elem_id="room-regrading-plan")
            with gr.Row(elem_classes=["tight"]):
                self.grader = gr.Dropdown(
                    choices=[], label="", interactive=True, filterable=False, elem_id="room-regrading-grader"
                )
                self.start = gr.Button("", size="sm", scale=0, elem_classes=["pill"], elem_id="room-regrading-start")
            self.job = view("job_line", {}, elem_id="room-regrading-job")
        self.timer = gr.Timer(_TICK, active=False)

    def build_hidden(self) -> None:
        """What the room tells; built where it shows nowhere."""
        self.about = gr.Textbox(visible="hidden", elem_id="room-regrading-about", label="about")

    def about_of(self, page: Page, session: Session) -> Updates:
        """What the room tells when it draws a session; of one that tells nothing yet, nothing."""
        answered = any(turn.answer is not None for turn in session.turns)
        told = answered and not session.tells_nothing_yet
        return {self.about: f"{session.id} {page.lang}" if told else ""}

    def connect(self, wires: Wires, place: Component, beat: gr.Textbox) -> None:
        """Give everything its event; the room draws itself anew when `beat` changes, once a regrade is over."""
        changing, chosen = [self.plan, self.start, self.job, self.timer], [self.about, self.grader]
        wires.on(
            self.about.change, self._arrive, [self.fold, self.grader, *changing], place, [self.about], clears=False
        )
        wires.on(self.fold.expand, self._shown, changing, place, chosen, clears=False)
        wires.on(self.grader.input, self._shown, changing, place, chosen)
        wires.on(self.start.click, self._start, changing, place, chosen)
        wires.on_select(self.job.select, self._stop, "job", changing, place, chosen)

        def look(page: Page, about: str, grader: str) -> Updates:
            job = self._regrading.job(_session(about), grader)
            over: Updates = {beat: job.id} if job is not None and job.over else {}
            return {**self._shown(page, about, grader), **over}

        wires.on(self.timer.tick, look, [*changing, beat], place, chosen, clears=False)

    def _arrive(self, page: Page, about: str) -> Updates:
        """Folded, but for a session that is being graded anew."""
        session_id, lang = _session(about), page.lang
        if not session_id:
            return {self.fold: gr.update(visible=False), self.timer: gr.update(active=False)}
        running = self._regrading.running(session_id)
        chosen = running or self._frame.choice(page.grader).name
        choices = self._frame.grader_choices(lang)
        if chosen not in [name for _, name in choices]:  # asked for on the command line, in a mode of its own
            choices.append((grader_word(chosen, lang), chosen))
        return {
            self.fold: gr.update(label=t("regrade.title", lang), visible=True, open=bool(running)),
            self.grader: gr.update(choices=choices, value=chosen, label=t("room.regrade_with", lang)),
            **(self._shown(page, about, chosen) if running else self._idle()),
        }

    def _idle(self) -> Updates:
        """Nothing is known before somebody looks."""
        return {
            self.plan: gr.update(value={}),
            self.start: gr.update(visible=False),
            self.job: gr.update(value={}),
            self.timer: gr.update(active=False),
        }

    def _shown(self, page: Page, about: str, grader: str) -> Updates:
        """What is known of the session and the chosen grader: how far it is, else what it would take."""
        session_id, lang = _session(about), page.lang
        job = self._regrading.job(session_id, grader)
        running = job is not None and not job.over
        plan = None if running else self._foretold(session_id, grader)
        left, waiting = (plan.estimate.gradings, plan.waiting) if plan else (0, 0)
        return {
            self.plan: gr.update(value=regrade_plan(plan, lang)),
            self.start: gr.update(value=t("regrade.start", lang, n=left), visible=left > 0),
            self.job: gr.update(value=job_line(job, lang, self._end(page, job))),
            self.timer: gr.update(active=running or waiting > 0),
        }

    def _foretold(self, session_id: str, grader: str) -> Regrade | None:
        try:
            return self._regrading.foretell(session_id, grader)
        except (ContentError, NotFound):  # the grader is gone, or the session; the next click says so
            return None

    def _end(self, page: Page, job: Job | None) -> str:
        return "" if job is None else regrade_end(self._regrading.came(job), page.lang)

    def _start(self, page: Page, about: str, grader: str) -> Updates:
        self._regrading.start(_session(about), grader)
        return self._shown(page, about, grader)

    def _stop(self, page: Page, job_id: str, about: str, grader: str) -> Updates:
        self._regrading.stop(job_id)
        return self._shown(page, about, grader)


def _session(about: str) -> str:
    return about.partition(" ")[0]
