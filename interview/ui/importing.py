"""Transcripts and archives in and out. What cannot be used of a file is named before anything of it is imported."""

import io
from collections.abc import Callable, Sequence

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from interview.errors import NotFound
from interview.export import Reading
from interview.jobs import Job
from interview.models import Language
from interview.service.archive import Archive
from interview.service.archive_jobs import EXPORT as EXPORT_ALL
from interview.service.archive_jobs import IMPORT as IMPORT_ALL
from interview.service.archive_jobs import ArchiveJobs
from interview.ui.downloads import everything_link
from interview.ui.events import Wires
from interview.ui.page import Page, Updates
from interview.ui.strings import t
from interview.ui.uploads import Upload
from interview.ui.views import view
from interview.ui.views.found import exported_card, import_card, merged_card
from interview.ui.views.job import job_line
from interview.ui.views.view import ViewValue


class ImportPanel:
    """Two buttons, and below them how far an import or export is and its result. It goes on when the page closes."""

    def __init__(self, archive: Archive, archives: ArchiveJobs) -> None:
        """`build_button` and `build_below` build the components where they stand."""
        self._archive = archive
        self._archives = archives

    def build_button(self, lang: Language) -> None:
        """The button that takes a file, and the one that exports everything."""
        self.upload = gr.UploadButton(
            t("import.button", lang),
            size="sm",
            scale=0,
            elem_classes=["pill"],
            elem_id="import-file",
            file_types=[".json", ".jsonl", ".zip"],
        )
        self.export = gr.Button(
            t("export.button", lang), size="sm", scale=0, elem_classes=["pill"], elem_id="export-everything"
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
        return [self.upload, self.export, self.rest]

    def labels(self, lang: Language) -> Updates:
        """The words of the buttons."""
        return {
            self.upload: gr.update(label=t("import.button", lang)),
            self.export: gr.update(value=t("export.button", lang)),
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
            card = self._result(job, page.lang)
            ended: Updates = {self.timer: gr.update(active=False), self.came: gr.update(value=card), self.running: ""}
            return {**show(page, listed), **updates, **ended}

        wires.on_upload(self.upload, self.uploaded, self._upload, self.changing, place)
        wires.on(self.export.click, self._export, self.changing, place)
        wires.on(self.rest.click, self._import_rest, self.changing, place, [self.held])
        wires.on(self.timer.tick, poll, outputs, place, [self.running, wanted], clears=False)
        wires.on_select(self.job.select, self._stop, "job", self.changing, place)

    def _upload(self, page: Page, upload: Upload) -> Updates:
        """Read a file; where all of it can be used, take it in."""
        if upload.content.startswith(b"PK"):
            return self._begun(page, self._archives.start_import(io.BytesIO(upload.content)))
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
        return self._begun(page, self._archive.start_import(reading))

    def _export(self, page: Page) -> Updates:
        if self._archives.is_silent():
            return {self.came: gr.update(value={"said": [t("export.silent", page.lang)]})}
        return self._begun(page, self._archives.start_export())

    def _result(self, job: Job, lang: Language) -> ViewValue:
        """What the card says about a job that is over; how one failed stands in its own line."""
        if job.state != "done":
            return {}
        if job.kind == IMPORT_ALL:
            return merged_card(self._archives.merged(job), lang)
        if job.kind == EXPORT_ALL:
            return exported_card(self._archives.exported(job.id), everything_link(job.id), lang)
        return import_card(self._archive.imported(job), (), 0, 0, lang)

    def _begun(self, page: Page, job: Job) -> Updates:
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
