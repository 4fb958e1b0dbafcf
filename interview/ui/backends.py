"""The backends on the Graders tab: list, servers on this machine, a form of three fields, and a test's five lines."""

from typing import Any

import gradio as gr
from gradio.blocks import Block
from pydantic import SecretStr

from interview.backends.presets import GENERIC, Preset
from interview.errors import BackendError, ContentError, NotFound
from interview.models import Language
from interview.service.drafts import Draft
from interview.service.endpoints import Endpoints
from interview.service.roles import Roster
from interview.ui.events import Trigger, Wires
from interview.ui.frame import Frame
from interview.ui.page import Page, Updates
from interview.ui.roles import RolesPanel
from interview.ui.safe_text import LATEX_DELIMITERS
from interview.ui.strings import t
from interview.ui.views import left_out, notice, view
from interview.ui.views.graders import backend_rows, local_servers, probe_card

_TICK_SECONDS = 0.7
_FORM = ("service", "url", "key", "model", "changes")


class BackendsPanel:
    """What can be done with backends. A key that is typed goes to the server once, and never back to a page."""

    def __init__(self, endpoints: Endpoints, roster: Roster, frame: Frame, page: Page) -> None:
        """Builds the components inside the present Blocks; `connect` gives them their events."""
        self._endpoints = endpoints
        self._frame = frame
        lang = page.lang
        with gr.Row(elem_id="graders-row", equal_height=False):
            with gr.Column(scale=6, elem_id="graders-main"):
                with gr.Column(elem_classes=["card"]):
                    self.rows = view("backend_rows", {}, elem_id="backend-rows")
                self.local = view("local_servers", {}, elem_id="local-servers", elem_classes=["card"])
                self.roles = RolesPanel(roster, frame)
            with gr.Column(scale=5, elem_id="graders-side"):
                with gr.Column(elem_classes=["card"], elem_id="backend-form"):
                    self._build_form(lang)
                self.probe = view("probe_card", {}, elem_id="probe-card", elem_classes=["card"])
        # Which test this page follows, which backend it changes, and which grader it has just added.
        self.job = gr.Textbox(visible="hidden", elem_id="backend-job", label="job")
        self.changes = gr.Textbox(visible="hidden", elem_id="backend-changes", label="changes")
        self.chosen = gr.Textbox(visible="hidden", elem_id="backend-chosen", label="chosen")
        self.timer = gr.Timer(_TICK_SECONDS, active=False)

    def _build_form(self, lang: Language) -> None:
        first = self._endpoints.services()[0]
        self.title = gr.Markdown("", elem_id="backend-title", latex_delimiters=LATEX_DELIMITERS)
        self.service = gr.Dropdown(
            choices=self._services(lang),
            value=first.name,
            label=t("form.service", lang),
            filterable=True,
            interactive=True,
            elem_id="backend-service",
        )
        self.url = gr.Textbox(label=t("form.url", lang), visible=False, max_lines=1, elem_id="backend-url")
        self.key = gr.Textbox(label=t("form.key", lang), type="password", max_lines=1, elem_id="backend-key")
        self.model = gr.Dropdown(
            choices=[],
            value=first.default_model or None,
            label=t("form.model", lang),
            allow_custom_value=True,
            interactive=True,
            elem_id="backend-model",
        )
        with gr.Row(elem_classes=["tight"]):
            self.save = gr.Button("", variant="primary", scale=0, elem_id="backend-save")
            self.test = gr.Button("", size="sm", elem_classes=["pill"], elem_id="backend-test")
            self.cancel = gr.Button("", size="sm", elem_classes=["link"], elem_id="backend-cancel", visible=False)
        self.notice = view("notice", {}, elem_id="backend-notice")

    @property
    def outputs(self) -> list[Block]:
        """Everything that the panel's events change, the header included."""
        return [
            *(self.rows, self.local, self.title, self.service, self.url, self.key, self.model, self.save, self.test),
            *(self.cancel, self.notice, self.probe, self.job, self.changes, self.chosen, self.timer),
            *self.roles.outputs,
            *self._frame.outputs,
        ]

    def _enter(self, page: Page, changes: str) -> Updates:
        """The panel in the page's language, as `backends.toml` stands now; what is typed stays."""
        lang = page.lang
        trouble = ""
        try:
            self._endpoints.reload()
        except ContentError as error:
            trouble = str(error)  # somebody edits the file; what was read before goes on
        return {
            **self._list(page),
            **self._frame.labels(page),
            self.service: gr.update(choices=self._services(lang), label=t("form.service", lang)),
            self.url: gr.update(label=t("form.url", lang), info=t("form.url_info", lang)),
            self.key: gr.update(label=t("form.key", lang), info=t("form.key_info", lang)),
            self.model: gr.update(label=t("form.model", lang), info=t("form.model_info", lang)),
            self.title: gr.update(value=_title(changes, lang)),
            self.save: gr.update(value=t("form.save", lang)),
            self.test: gr.update(value=t("form.test", lang)),
            self.cancel: gr.update(value=t("form.cancel", lang)),
            self.notice: gr.update(value=notice(trouble, lang) or left_out(self._endpoints.problems, lang)),
        }

    def connect(self, wires: Wires, entered: Trigger) -> None:
        """Give every button its event. What is `entered` shows what is known, then looks around on this machine."""
        seen, place = self.outputs, self.notice
        form = [self.service, self.url, self.key, self.model, self.changes]
        shown = wires.on(entered, self._enter, seen, place, [self.changes])
        wires.on(shown.then, self._look_around, [self.local], place, clears=False)
        wires.on(self.service.input, self._choose_service, seen, place, [self.service])
        for told in (self.key.blur, self.url.blur):
            wires.on(told, self._ask_models, seen, place, form)
        wires.on(self.test.click, self._test, seen, place, form)
        wires.on(self.save.click, self._save, seen, place, form)
        wires.on(self.cancel.click, self._clear, seen, place)
        wires.on_select(self.rows.select, self._act, "act", seen, place)
        wires.on_select(self.local.select, self._act, "act", seen, place)
        wires.on_select(self.probe.select, self._act, "act", seen, place)
        self.roles.connect(wires)
        wires.on(self.timer.tick, self._follow, seen, place, [self.job], clears=False)

    # --- what there is

    def _services(self, lang: Language) -> list[tuple[str, str]]:
        return [
            (t("form.generic", lang) if preset.name == GENERIC else preset.title, preset.name)
            for preset in self._endpoints.services()
        ]

    def _list(self, page: Page) -> Updates:
        rows = backend_rows(self._endpoints.listed(), self._frame.choice(page.grader).name, page.lang)
        return {self.rows: gr.update(value=rows), **self.roles.arrive(page)}

    def _look_around(self, page: Page) -> Updates:
        servers, commands = self._endpoints.local()
        return {self.local: gr.update(value=local_servers(servers, commands, page.lang))}

    # --- the form

    def _preset(self, service: str) -> Preset:
        found = next((preset for preset in self._endpoints.services() if preset.name == service), None)
        if found is None:
            raise NotFound(f"No service is called {service!r}.")
        return found

    def _choose_service(self, page: Page, service: str) -> Updates:
        return self._fill(page, Draft(service=service))

    def _fill(self, page: Page, draft: Draft) -> Updates:
        """The form for a draft: what is known of the service is filled in, and its models are asked for."""
        preset, lang = self._preset(draft.service), page.lang
        own = preset.name == GENERIC or "<" in preset.base_url or bool(draft.base_url)
        kept = self._endpoints.has_key(draft.service, draft.changes)
        info = "form.key_kept" if kept else "form.key_info" if preset.needs_key or own else "form.key_optional"
        updates: Updates = {
            self.title: gr.update(value=_title(draft.changes, lang)),
            self.service: gr.update(value=draft.service),
            self.url: gr.update(
                value=draft.base_url or ("" if preset.name == GENERIC else preset.base_url), visible=own
            ),
            self.key: gr.update(value="", info=t(info, lang)),
            self.model: gr.update(value=draft.model or preset.default_model or None, choices=[]),
            self.changes: draft.changes,
            self.cancel: gr.update(visible=bool(draft.changes)),
        }
        if not own and (kept or not preset.needs_key):
            updates |= self._models(draft)
        return updates

    def _clear(self, page: Page) -> Updates:
        return self._fill(page, Draft(service=self._endpoints.services()[0].name))

    def _models(self, draft: Draft) -> Updates:
        try:
            models = self._endpoints.models(draft)
        except (ContentError, BackendError):
            return {}  # the test will say it; a list is a convenience
        if len(models) == 1 and not draft.model:
            return {self.model: gr.update(choices=[*models], value=models[0])}
        return {self.model: gr.update(choices=[*models])}

    def _ask_models(self, _: Page, *typed: Any) -> Updates:
        draft = self._draft(*typed)
        preset = self._preset(draft.service)
        without = not draft.key.get_secret_value() and preset.needs_key
        if (preset.name == GENERIC and not draft.base_url) or without:
            return {}
        return self._models(draft)

    def _draft(self, service: Any, url: Any, key: Any, model: Any, changes: Any) -> Draft:
        preset = self._preset(str(service or ""))
        own = preset.name == GENERIC or "<" in preset.base_url or bool(changes)
        return Draft(
            service=preset.name,
            base_url=str(url or "").strip() if own else "",
            key=SecretStr(str(key or "")),
            model=str(model or "").strip(),
            changes=str(changes or ""),
        )

    # --- tests

    def _test(self, _: Page, *typed: Any) -> Updates:
        return self._started(self._endpoints.test(self._endpoints.endpoint(self._draft(*typed))).id)

    def _save(self, _: Page, *typed: Any) -> Updates:
        return self._started(self._endpoints.test_and_save(self._draft(*typed)).id)

    def _started(self, job_id: str) -> Updates:
        return {self.job: job_id, self.timer: gr.Timer(active=True)}

    def _follow(self, page: Page, job_id: str) -> Updates:
        """The test as far as it is; at its end the list, and the header where it has added a grader."""
        try:
            job = self._endpoints.job(job_id)
        except NotFound:  # no test is followed, or the program was started anew
            return {self.timer: gr.Timer(active=False), self.job: ""}
        report = self._endpoints.report(*job.key.removeprefix("save ").split(" ", 1))
        saved = self._endpoints.saved(job) if job.over else ""
        updates: Updates = {self.probe: gr.update(value=probe_card(job, report, saved, page.lang))}
        if not job.over:
            return updates
        updates |= {self.timer: gr.Timer(active=False), self.job: ""}
        if not saved:
            return updates | self._list(page)
        return {**updates, **self._clear(page), **self._use(page, saved)}

    # --- the list

    def _act(self, page: Page, told: str) -> Updates:
        """A click in a card: `use`, `test`, `change` or `remove` a name, `adopt` a server and model, `stop` a job."""
        act, _, name = told.partition(":")
        if act == "use":
            return self._use(page, self._frame.choice(name).name)
        if act == "stop":
            self._endpoints.stop(name)
            return {}
        if act == "test":
            return self._started(self._endpoints.test(self._endpoints.find(name)).id)
        if act == "adopt":
            service, _, model = name.partition(":")
            return self._started(self._endpoints.test_and_save(Draft(service=service, model=model)).id)
        if act == "remove":
            self._endpoints.remove(name)
            return self._use(page, self._frame.choice(page.grader).name)
        return self._fill(page, self._endpoints.draft(name))

    def _use(self, page: Page, grader: str) -> Updates:
        page = page.model_copy(update={"grader": grader})
        return {**self._list(page), **self._frame.choose(page), self.chosen: grader}


def _title(changes: str, lang: Language) -> str:
    """Heading of the form; `changes` names the backend that it changes, if it adds none."""
    title = t("form.change", lang, name=changes) if changes else t("form.add", lang)
    return f"### {title}\n{t('form.text', lang)}"
