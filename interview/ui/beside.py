"""What stands below a grade in the review room: attempts compared, an improved answer, a discussion, a note."""

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from interview.jobs import Job
from interview.models import CANDIDATE, Remark, Transcript, Turn
from interview.service.archive import Archive
from interview.service.discussing import Discussing
from interview.ui.events import Wires
from interview.ui.page import Page, Updates
from interview.ui.safe_text import LATEX_DELIMITERS, safe_markdown
from interview.ui.strings import t
from interview.ui.views import view
from interview.ui.views.attempts import attempts_card, improved_card
from interview.ui.views.job import job_line

Redraw = Callable[[Page, str, str], Updates]


class BesidePanel:
    """The cards of one Turn that never touch its grade. Model work goes on when the page closes."""

    def __init__(self, archive: Archive, discussing: Discussing, has_model: Callable[[str], bool]) -> None:
        """Builds the components inside the present Blocks. `has_model` tells it of a grader's name."""
        self._archive = archive
        self._discussing = discussing
        self._has_model = has_model
        with gr.Column(elem_classes=["card"], elem_id="room-attempts", visible=False) as self.attempts_column:
            self.attempts = view("attempts_card", {}, elem_id="attempts")
        with gr.Column(elem_classes=["card"], elem_id="room-beside", visible=False) as self.column:
            self.no_model = gr.Markdown("", elem_id="room-no-model", visible=False, latex_delimiters=LATEX_DELIMITERS)
            self.job = view("job_line", {}, elem_id="room-job")
            with gr.Accordion("", open=False, elem_id="room-improved") as self.improved_fold:
                self.improved = view("improved_card", {}, elem_id="improved")
                self.improve = gr.Button("", size="sm", elem_classes=["pill"], elem_id="room-improve")
            with gr.Accordion("", open=False, elem_id="room-discussion") as self.discussion_fold:
                self._build_discussion()
            with gr.Accordion("", open=False, elem_id="room-note") as self.note_fold:
                self.note = gr.Textbox("", lines=3, max_lines=12, label="", elem_id="room-note-text", interactive=True)
                self.save = gr.Button("", size="sm", elem_classes=["pill"], elem_id="room-note-save")
        self.timer = gr.Timer(0.7, active=False)

    def build_hidden(self) -> None:
        """Whose note it is that stands in the box; built where it shows nowhere."""
        self.note_turn = gr.Textbox(visible="hidden", elem_id="room-note-turn", label="note")

    def _build_discussion(self) -> None:
        self.told = gr.Markdown("", elem_id="room-discussion-told", latex_delimiters=LATEX_DELIMITERS)
        self.talk = gr.Chatbot(
            [],
            elem_id="room-talk",
            show_label=False,
            buttons=[],
            group_consecutive_messages=False,
            latex_delimiters=LATEX_DELIMITERS,
            height="auto",
            max_height=520,
            visible=False,
        )
        self.say = gr.Textbox(
            "", lines=1, max_lines=6, show_label=False, container=False, submit_btn=True, elem_id="room-say"
        )
        self.retry = gr.Button("", size="sm", elem_classes=["pill"], elem_id="room-say-retry", visible=False)

    @property
    def outputs(self) -> list[Block]:
        """Everything that the panel's events change."""
        return [
            *(self.attempts_column, self.attempts, self.column, self.no_model, self.job, self.improved_fold),
            *(self.improved, self.improve, self.discussion_fold, self.told, self.talk, self.say, self.retry),
            *(self.note_fold, self.note, self.note_turn, self.save, self.timer),
        ]

    def render(self, page: Page, transcript: Transcript, turn: Turn, *, moved: bool) -> Updates:
        """The cards of a Turn. `moved`: False where the same is only drawn again, so that what is typed stays."""
        lang = page.lang
        said = [remark for remark in transcript.remarks if remark.turn_id == turn.id]
        attempts = attempts_card(transcript.session, turn, lang)
        job = self._discussing.latest(turn.id)
        silent = transcript.session.tells_nothing_yet  # what a model says of the answer would tell what is missing
        able, idle = self._has_model(page.grader) and not silent, job is None or job.over
        marks = transcript.marks.get(turn.id)
        note = marks.note if marks else ""
        updates: Updates = {
            self.attempts_column: gr.update(visible=bool(attempts)),
            self.attempts: gr.update(value=attempts),
            self.no_model: gr.update(value=t("discuss.no_model", lang), visible=not able and not silent),
            self.job: gr.update(value=job_line(job, lang)),
            self.timer: gr.update(active=not idle),
            **self._improved(page, turn, said, usable=able and idle),
            **self._discussion(page, said, able=able, idle=idle),
            self.note_fold: gr.update(label=t("note.title", lang)),
            self.note: gr.update(label=t("note.text", lang)),
            self.save: gr.update(value=t("note.save", lang)),
        }
        if silent:
            updates[self.improved_fold]["visible"] = False
        updates[self.discussion_fold]["visible"] = not silent
        if moved:
            updates |= {self.note: {**updates[self.note], "value": note}, self.note_turn: turn.id}
            updates[self.note_fold]["open"] = bool(note)
            updates[self.discussion_fold]["open"] = bool(_talk(said))
            updates[self.improved_fold]["open"] = bool(updates[self.improved]["value"])
        return updates

    def _improved(self, page: Page, turn: Turn, said: Sequence[Remark], *, usable: bool) -> Updates:
        card = improved_card(turn, said, page.lang)
        return {
            self.improved_fold: gr.update(label=t("improved.title", page.lang), visible=turn.answer is not None),
            self.improved: gr.update(value=card),
            self.improve: gr.update(
                value=t("improved.again" if card else "improved.ask", page.lang), interactive=usable
            ),
        }

    def _discussion(self, page: Page, said: Sequence[Remark], *, able: bool, idle: bool) -> Updates:
        lang = page.lang
        talk = _talk(said)
        waits = bool(talk) and talk[-1].author == CANDIDATE
        return {
            self.discussion_fold: gr.update(label=t("discuss.title", lang)),
            self.told: gr.update(value=t("discuss.told", lang)),
            self.talk: gr.update(value=[_message(remark) for remark in talk], visible=bool(talk)),
            self.say: gr.update(
                placeholder=t("discuss.say", lang), interactive=able and idle, submit_btn=able and idle
            ),
            self.retry: gr.update(value=t("discuss.retry", lang), visible=waits and idle and able),
        }

    # --- events

    def connect(
        self,
        wires: Wires,
        place: Component,
        ids: Sequence[Component],
        redraw: Redraw,
        refresh: Redraw,
        seen: Sequence[Block],
    ) -> None:
        """Connect the panel's events.

        Args:
            wires: Binds events to functions.
            place: Where errors are shown.
            ids: Session and turn of the page.
            redraw: Redraws the room after a click.
            refresh: Redraws the room after a timer's tick, which must not undo a click.
            seen: The components that both change.
        """
        self._redraw, self._refresh = redraw, refresh
        wires.on(self.say.submit, self._say, seen, place, [*ids, self.say])
        wires.on(self.retry.click, self._ask_again, seen, place, ids)
        wires.on(self.improve.click, self._improve, seen, place, ids)
        for left in (self.save.click, self.note.blur):  # who goes on to another question has left the note
            wires.on(left, self._save, [self.save], place, [self.note_turn, self.note])
        wires.on(self.note.input, self._edited, [self.save], place, clears=False)
        polled = [block for block in seen if block not in ids]  # a click may have gone on to another turn
        wires.on(self.timer.tick, self._poll, polled, place, ids, clears=False)
        wires.on_select(self.job.select, self._stop, "job", [self.timer], place)

    def _say(self, page: Page, session_id: str, turn_id: str, text: str) -> Updates:
        """Keep what was said, then ask for the reply; the box is emptied only then."""
        if not text.strip():
            return {}
        self._discussing.say(turn_id, text)
        self._discussing.reply(turn_id, page.grader)
        updates = self._redraw(page, session_id, turn_id)
        updates[self.say]["value"] = ""
        return updates

    def _ask_again(self, page: Page, session_id: str, turn_id: str) -> Updates:
        self._discussing.reply(turn_id, page.grader)
        return self._redraw(page, session_id, turn_id)

    def _improve(self, page: Page, session_id: str, turn_id: str) -> Updates:
        self._discussing.improve(turn_id, page.grader)
        updates = self._redraw(page, session_id, turn_id)
        updates[self.improved_fold]["open"] = True
        return updates

    def _save(self, page: Page, turn_id: str, note: str) -> Updates:
        """Keep the note with the Turn that it was drawn for; the page may have gone on to another by now."""
        if not turn_id:
            return {}
        self._archive.note(turn_id, note)
        return {self.save: gr.update(value=f"✓ {t('note.saved', page.lang)}")}

    def _edited(self, page: Page) -> Updates:
        return {self.save: gr.update(value=t("note.save", page.lang))}

    def _poll(self, page: Page, session_id: str, turn_id: str) -> Updates:
        """Only the line of the work while it runs, and everything once it is over."""
        job = self._discussing.latest(turn_id) if turn_id else None
        if job is not None and not job.over:
            return {self.job: gr.update(value=job_line(job, page.lang))}
        return self._refresh(page, session_id, turn_id) if turn_id else {self.timer: gr.update(active=False)}

    def _stop(self, page: Page, job_id: str) -> Updates:
        self._archive.stop(job_id)
        return {self.timer: gr.update(active=True)}


def job_stamp(job: Job | None) -> str:
    """What a page has to know of a job to see that it changed."""
    return "" if job is None else f"{job.id}:{job.state}"


def _talk(said: Sequence[Remark]) -> list[Remark]:
    return [remark for remark in said if remark.kind == "discussion"]


def _message(remark: Remark) -> dict[str, Any]:
    if remark.author == CANDIDATE:
        return {"role": "user", "content": safe_markdown(remark.text)}
    return {"role": "assistant", "content": safe_markdown(remark.text, formulas=True)}
