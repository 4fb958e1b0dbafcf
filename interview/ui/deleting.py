"""Deleting in the screen: what would go, the word to type for everything, undo; and the foot that tells of backups."""

from collections.abc import Callable
from datetime import datetime, timedelta

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from interview.errors import VerdictRefused
from interview.models import EVERYTHING, DeletionKind, Language, PendingDeletion
from interview.service.deleting import Deleting
from interview.service.upkeep import Upkeep
from interview.store.backup import FOLDER
from interview.ui.events import PRIVATE, Wires
from interview.ui.follow import new_beat
from interview.ui.page import Page, Updates
from interview.ui.safe_text import LATEX_DELIMITERS, plain_line, safe_markdown
from interview.ui.strings import t

# (page, what was deleted or came back) -> the list or the room after it
Redraw = Callable[[Page, PendingDeletion], Updates]
_LABEL_LENGTH = 60


class DeletionPanel:
    """Asks before something is deleted, then offers to undo it. `target` is `kind:id`, with `:done` afterwards."""

    def __init__(self, deleting: Deleting) -> None:
        """Builds the components inside the present Blocks; `connect` gives them their events."""
        self._deleting = deleting
        with gr.Column(visible=False, elem_id="deleting", elem_classes=["card"]) as self.column:
            self.said = gr.Markdown("", elem_id="deleting-said", latex_delimiters=LATEX_DELIMITERS)
            self.with_notes = gr.Checkbox(False, label="", visible=False, elem_id="deleting-notes", interactive=True)
            self.with_backups = gr.Checkbox(False, label="", visible=False, elem_id="deleting-copies", interactive=True)
            self.word = gr.Textbox(
                "", label="", lines=1, max_lines=1, visible=False, elem_id="deleting-word", interactive=True
            )
            with gr.Row(elem_classes=["tight"], elem_id="deleting-row"):
                self.confirm = _pill("deleting-confirm", "danger")
                self.undo = _pill("deleting-undo")
                self.cancel = _pill("deleting-cancel")
        self.target = gr.Textbox("", visible="hidden", elem_id="deleting-target", label="target")
        self.wiped = gr.Textbox("", visible="hidden", elem_id="deleting-wiped", label="wiped")

    @property
    def outputs(self) -> list[Block]:
        """Everything that the panel's events change."""
        asked = [self.column, self.said, self.with_notes, self.with_backups, self.word]
        return [*asked, self.confirm, self.undo, self.cancel, self.target, self.wiped]

    def ask(self, page: Page, kind: DeletionKind, target: str, title: str = "") -> Updates:
        """Show what would be deleted. `title` is that of a session."""
        lang, extent, copies = page.lang, self._deleting.extent(kind, target), self._deleting.copies()
        held = (
            t("deleting.copies", lang, n=len(copies), newest=copies[0].name)
            if copies
            else t("deleting.no_copies", lang)
        )
        lines = [
            t(f"deleting.extent_{kind}", lang, **extent.model_dump()),
            t("deleting.when", lang),
            safe_markdown(held),
        ]
        heading = t(f"deleting.{kind}", lang, title=safe_markdown(plain_line(title)))
        is_all = kind == "all"
        return {
            self.column: gr.update(visible=True),
            self.said: gr.update(value="\n\n".join((f"### {heading}", *lines))),
            self.with_notes: gr.update(label=t("deleting.with_notes", lang), value=False, visible=is_all),
            self.with_backups: gr.update(
                label=t("deleting.with_backups", lang), value=False, visible=is_all and bool(copies)
            ),
            self.word: gr.update(
                label=t("deleting.type", lang, word=t("deleting.word", lang)), value="", visible=is_all
            ),
            self.confirm: gr.update(value=t("deleting.confirm", lang), visible=True),
            self.undo: gr.update(visible=False),
            self.cancel: gr.update(value=t("deleting.cancel", lang)),
            self.target: f"{kind}:{target}",
        }

    def hide(self) -> Updates:
        """Nothing is asked any more."""
        return {self.column: gr.update(visible=False), self.target: ""}

    def connect(self, wires: Wires, place: Component, redraw: Redraw, outputs: list[Block]) -> None:
        """`redraw` returns the page after a deletion or its undoing; `outputs` are all that it changes."""
        changed = list(dict.fromkeys([*self.outputs, *outputs]))

        def confirm(page: Page, target: str, word: str, with_notes: object, with_backups: object) -> Updates:
            ordered = self._order(page, target, word, with_notes=bool(with_notes), with_backups=bool(with_backups))
            wiped: Updates = {self.wiped: new_beat()} if ordered.kind == "all" else {}
            return {**redraw(page, ordered), **self._done(page, ordered), **wiped}

        def undo(page: Page, target: str) -> Updates:
            deletion_id = _parts(target)[1]
            ordered = next((one for one in self._deleting.pending() if one.id == deletion_id), None)
            self._deleting.undo(deletion_id)
            return {**(redraw(page, ordered) if ordered else {}), **self.hide()}

        for trigger in (self.confirm.click, self.word.submit):
            given = [self.target, self.word, self.with_notes, self.with_backups]
            wires.on(trigger, confirm, changed, place, given)
        wires.on(self.undo.click, undo, changed, place, [self.target])
        wires.on(self.cancel.click, self._cancel, self.outputs, place)
        self.target.change(None, None, None, js="() => viva.showDeletion()", **PRIVATE)
        self.wiped.change(None, None, None, js="() => viva.forgetAll()", **PRIVATE)

    def _cancel(self, _: Page) -> Updates:
        return self.hide()

    def _order(self, page: Page, target: str, word: str, *, with_notes: bool, with_backups: bool) -> PendingDeletion:
        kind, deletion_id = _parts(target)
        if kind == "session":
            return self._deleting.order_session(deletion_id)
        if kind == "answer":
            return self._deleting.order_answer(deletion_id)
        wanted = t("deleting.word", page.lang)
        if kind != "all" or " ".join(word.split()).casefold() != wanted:
            raise VerdictRefused(t("deleting.wrong_word", page.lang, word=wanted))
        return self._deleting.order_all(with_notes=with_notes, with_backups=with_backups)

    def _done(self, page: Page, ordered: PendingDeletion) -> Updates:
        lang = page.lang
        title = safe_markdown(plain_line(ordered.label))
        said = t(f"deleting.done_{ordered.kind}", lang, title=title, time=_clock_time(ordered.due_at))
        hidden = (self.with_notes, self.with_backups, self.word, self.confirm)
        return {
            **{block: gr.update(visible=False) for block in hidden},
            self.column: gr.update(visible=True),
            self.said: gr.update(value=said),
            self.undo: gr.update(value=t("deleting.undo", lang), visible=True),
            self.cancel: gr.update(value=t("deleting.close", lang)),
            self.target: f"{ordered.kind}:{ordered.id}:done",
        }


class DataPanel:
    """The foot of the list: the newest backup, what can still be undone, and deleting everything."""

    def __init__(self, deleting: Deleting, upkeep: Upkeep, lang: Language) -> None:
        """Builds the components inside the present Blocks; `connect` gives them their events."""
        self._deleting = deleting
        self._upkeep = upkeep
        with gr.Accordion(t("data.title", lang), open=False, elem_id="your-data", elem_classes=["card"]) as self.fold:
            self.said = gr.Markdown("", elem_id="your-data-said", latex_delimiters=LATEX_DELIMITERS)
            with gr.Row(elem_classes=["tight"], visible=False, elem_id="your-data-row") as self.row:
                self.pending = gr.Dropdown(
                    choices=[], label="", interactive=True, filterable=False, elem_id="your-data-pending"
                )
                self.undo = _pill("your-data-undo")
                self.now = _pill("your-data-now", "danger")
            self.everything = _pill("your-data-all", "danger")

    @property
    def outputs(self) -> list[Block]:
        """Everything that `show` changes."""
        return [self.fold, self.said, self.row, self.pending, self.undo, self.now, self.everything]

    def show(self, page: Page) -> Updates:
        """The state of backups and deletions as it is now."""
        lang, pending = page.lang, self._deleting.pending()
        choices = [(_pending_words(one, lang), one.id) for one in pending]
        return {
            self.fold: gr.update(label=t("data.title", lang)),
            self.said: gr.update(value=self._backup_words(lang)),
            self.row: gr.update(visible=bool(pending)),
            self.pending: gr.update(
                choices=choices, value=choices[0][1] if choices else None, label=t("data.pending", lang)
            ),
            self.undo: gr.update(value=t("data.undo", lang)),
            self.now: gr.update(value=t("data.now", lang)),
            self.everything: gr.update(value=t("data.everything", lang)),
        }

    def connect(
        self, wires: Wires, place: Component, panel: DeletionPanel, redraw: Redraw, outputs: list[Block]
    ) -> None:
        """`redraw` and `outputs` as of DeletionPanel."""
        changed = list(dict.fromkeys([*panel.outputs, *outputs]))

        def act(carry_out: Callable[[str], None]) -> Callable[[Page, object], Updates]:
            def run(page: Page, deletion_id: object) -> Updates:
                chosen = next((one for one in self._deleting.pending() if one.id == deletion_id), None)
                if chosen is None:
                    return self.show(page)
                carry_out(chosen.id)
                return {**redraw(page, chosen), **panel.hide()}

            return run

        wires.on(self.undo.click, act(self._deleting.undo), changed, place, [self.pending])
        wires.on(self.now.click, act(self._deleting.purge), changed, place, [self.pending])

        def ask(page: Page) -> Updates:
            return panel.ask(page, "all", EVERYTHING)

        wires.on(self.everything.click, ask, panel.outputs, place)

    def _backup_words(self, lang: Language) -> str:
        copies = [path for path in self._deleting.copies() if path.parent.name == FOLDER]
        said = t("data.no_backup", lang)
        if copies:
            said = t("data.backup", lang, newest=copies[0].name, folder=str(copies[0].parent))
        problem = self._upkeep.problem
        told = [said, t("data.problem", lang, problem=problem)] if problem else [said]
        return "\n\n".join(safe_markdown(text) for text in told)


def _parts(target: str) -> tuple[str, str]:
    """Kind and id of what the panel is about. All of it is the client's word."""
    kind, _, rest = target.partition(":")
    return kind, rest.partition(":")[0]


def _pending_words(one: PendingDeletion, lang: Language) -> str:
    label = plain_line(one.label)
    short = label if len(label) <= _LABEL_LENGTH else f"{label[:_LABEL_LENGTH]}…"
    return t(f"data.pending_{one.kind}", lang, label=short, time=_clock_time(one.due_at))


def _clock_time(moment: datetime) -> str:
    """Hours and minutes of this machine's zone, never earlier than the moment itself."""
    return f"{(moment + timedelta(seconds=59)).astimezone():%H:%M}"


def _pill(elem_id: str, *classes: str) -> gr.Button:
    return gr.Button("", size="sm", scale=0, min_width=40, elem_classes=["pill", *classes], elem_id=elem_id)
