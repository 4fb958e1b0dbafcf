"""Transcripts taken in from a file: what cannot be used is named first, and the rest comes in after the user's word."""

from collections.abc import Callable, Sequence

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from interview.errors import NotFound
from interview.export import Reading
from interview.models import Language
from interview.service.archive import Archive
from interview.ui.events import Wires
from interview.ui.page import Page, Updates
from interview.ui.strings import t
from interview.ui.uploads import Upload
from interview.ui.views import view
from interview.ui.views.found import import_card
from interview.ui.views.job import job_line


class ImportPanel:
    """A button, and below it how far an import is and what came of it. It goes on when the page closes."""

    def __init__(self, archive: Archive) -> None:
        """`build_button` and `build_below` build the components where they stand."""
        self._archive = archive

    def build_button(self, lang: Language) -> None:
        """The button that takes a file."""
        self.upload = gr.UploadButton(
            t("import.button", lang),
            size="sm",
            scale=0,
            elem_classes=["pill"],
            elem_id="import-file",
            file_types=[".json", ".jsonl"],
        )

    def build_below(self) -> None:
        """What an import says."""
        self.job = view("job_line", {}, elem_id="import-job")
        self.came = view("import_card", {}, elem_id="import-card")
        self.rest = gr.Button("", size="sm", elem_classes=["pill"], elem_id="import-rest", visible=False)

    def build_hidden(self) -> None:
        """What the page knows of an import; outside of any card, whose style would show it."""
        self.running = gr.Textbox("", visible="hidden", elem_id="import-running", label="running")
        self.uploaded = gr.Textbox("", visible="hidden", elem_id="import-uploaded", label="uploaded")
        self.held = gr.Textbox("", visible="hidden", elem_id="import-held", label="held")
        self.timer = gr.Timer(0.7, active=False)

    @property
    def changing(self) -> list[Block]:
        """Everything that the panel's events change."""
        return [self.job, self.came, self.rest, self.running, self.held, self.timer]

    @property
    def labelled(self) -> list[Block]:
        """What `labels` changes."""
        return [self.upload, self.rest]

    def labels(self, lang: Language) -> Updates:
        """The words of the buttons."""
        return {
            self.upload: gr.update(label=t("import.button", lang)),
            self.rest: gr.update(value=t("import.rest", lang)),
        }

    def connect(
        self,
        wires: Wires,
        place: Component,
        wanted: Component,
        show: Callable[[Page, str], Updates],
        outputs: Sequence[Block],
    ) -> None:
        """`show` lists anew what the page wants once an import is over; `outputs` are all that it changes."""

        def poll(page: Page, job_id: str, listed: str) -> Updates:
            try:
                job = self._archive.job(job_id)
            except NotFound:
                return {self.timer: gr.update(active=False)}
            updates: Updates = {self.job: gr.update(value=job_line(job, page.lang))}
            if not job.over:
                return updates
            card = import_card(self._archive.imported(job), (), 0, 0, page.lang)
            ended: Updates = {self.timer: gr.update(active=False), self.came: gr.update(value=card), self.running: ""}
            return {**show(page, listed), **updates, **ended}

        wires.on_upload(self.upload, self.uploaded, self._upload, self.changing, place)
        wires.on(self.rest.click, self._import_rest, self.changing, place, [self.held])
        wires.on(self.timer.tick, poll, outputs, place, [self.running, wanted], clears=False)
        wires.on_select(self.job.select, self._stop, "job", self.changing, place)

    def _upload(self, page: Page, upload: Upload) -> Updates:
        """Read a file; where all of it can be used, take it in."""
        reading = self._archive.read(upload.name, upload.content)
        if not reading.problems:
            return self._import(page, reading)
        card = import_card(None, reading.problems, reading.unusable, len(reading.transcripts), page.lang)
        return {
            self.came: gr.update(value=card),
            self.rest: gr.update(visible=bool(reading.transcripts)),
            self.held: self._archive.hold(reading),
        }

    def _import_rest(self, page: Page, held: str) -> Updates:
        return self._import(page, self._archive.held(held))

    def _import(self, page: Page, reading: Reading) -> Updates:
        job = self._archive.start_import(reading)
        return {
            self.running: job.id,
            self.job: gr.update(value=job_line(job, page.lang)),
            self.came: gr.update(value={}),
            self.rest: gr.update(visible=False),
            self.held: "",
            self.timer: gr.update(active=True),
        }

    def _stop(self, page: Page, job_id: str) -> Updates:
        self._archive.stop(job_id)
        return {}
