"""The evaluation panel of the Graders tab: run a suite on a grader, and read what was measured."""

from collections.abc import Callable, Sequence
from typing import Any, get_args

import gradio as gr
from gradio.blocks import Block

from interview.calibration.suite_runs import SuiteName, SuiteRun
from interview.models import Language, digest
from interview.service.appeals import Appeals
from interview.service.measuring import Measuring
from interview.ui.events import Trigger, Wires
from interview.ui.page import Page, Updates
from interview.ui.safe_text import LATEX_DELIMITERS
from interview.ui.strings import t
from interview.ui.views.measuring import measuring_card
from interview.ui.views.parts import grader_word
from interview.ui.views.view import view

_SUITES: tuple[SuiteName, ...] = get_args(SuiteName)
_SAMPLE = 10
_TICK_SECONDS = 2.0


class MeasuringPanel:
    """Runs go on when the page closes; the panel shows how far they are, and every figure that was ever measured."""

    def __init__(
        self, measuring: Measuring, appeals: Appeals, graders: Callable[[], Sequence[str]], page: Page
    ) -> None:
        """Builds the components inside the present Blocks; `graders` are the names that can be measured."""
        self._measuring = measuring
        self._appeals = appeals
        self._graders = graders
        with gr.Column(elem_id="measuring", elem_classes=["card"]):
            self.title = gr.Markdown(elem_id="measuring-title", latex_delimiters=LATEX_DELIMITERS)
            with gr.Row(elem_id="measuring-form", equal_height=False):
                self.grader = gr.Dropdown(
                    choices=[],
                    label="",
                    interactive=True,
                    filterable=True,
                    allow_custom_value=True,
                    elem_id="measuring-grader",
                )
                # Choices from the start: Gradio refuses every event with a value that is none of them.
                self.suite = gr.Radio(
                    choices=_suites(page.lang),
                    value=_SUITES[0],
                    label="",
                    elem_id="measuring-suite",
                    elem_classes=["segments"],
                )
                self.sample = gr.Number(
                    _SAMPLE,
                    label="",
                    precision=0,
                    minimum=1,
                    maximum=1000,
                    interactive=True,
                    elem_id="measuring-sample",
                )
                self.run = gr.Button("", variant="primary", elem_id="measuring-run", scale=0)
            self.notice = view("notice", {}, elem_id="measuring-notice")
            self.card = view("measuring_card", {}, elem_id="measuring-card")
        self.stamp = gr.Textbox(visible="hidden", elem_id="measuring-stamp", label="stamp")
        self._timer = gr.Timer(_TICK_SECONDS, active=False)

    @property
    def outputs(self) -> list[Block]:
        """Everything that the panel's events change."""
        return [self.title, self.grader, self.suite, self.sample, self.run, self.card, self.stamp, self._timer]

    def connect(self, wires: Wires, entered: Trigger) -> None:
        """Give every button its event. What is `entered` is read anew from the store."""
        chosen = [self.grader, self.suite, self.sample]
        wires.on(entered, self._enter, self.outputs, self.notice, chosen)
        for changed in (self.suite.input, self.sample.input):
            wires.on(changed, self._counted, [self.run], self.notice, [self.suite, self.sample], latest=True)
        wires.on(self.run.click, self._start, self.outputs, self.notice, chosen)
        wires.on_select(self.card.select, self._stop, "stop", self.outputs, self.notice)
        wires.on(self._timer.tick, self._tick, self.outputs, self.notice, [self.stamp], clears=False)

    def _enter(self, page: Page, grader: object, suite: object, sample: object) -> Updates:
        """The graders and runs there are now. What was chosen stays: a choice may be on its way at this moment."""
        lang, names = page.lang, self._graders()
        kept = next((name for name in (grader, page.grader) if name in names), names[0])
        graders = gr.update(
            choices=[(grader_word(name, lang), name) for name in names], label=t("measuring.grader", lang)
        )
        if kept != grader:
            graders["value"] = kept
        return {
            self.title: gr.update(value=f"### {t('measuring.title', lang)}\n{t('measuring.text', lang)}"),
            self.grader: graders,
            self.suite: gr.update(choices=_suites(lang), label=t("measuring.suite", lang)),
            self.sample: gr.update(label=t("measuring.sample", lang)),
            self.run: gr.update(value=self._run_label(lang, suite, sample)),
            **self._drawn(lang),
        }

    def _counted(self, page: Page, suite: object, sample: object) -> Updates:
        return {self.run: gr.update(value=self._run_label(page.lang, suite, sample))}

    def _start(self, page: Page, grader: str, suite: object, sample: object) -> Updates:
        self._measuring.start(grader, _run(suite, sample))
        return self._drawn(page.lang)

    def _stop(self, page: Page, job_id: object) -> Updates:
        if isinstance(job_id, str) and job_id:
            self._measuring.stop(job_id)
        return self._drawn(page.lang)

    def _tick(self, page: Page, stamp: str) -> Updates:
        """While a run is on: draw again where something moved."""
        return {} if stamp == self._stamp() else self._drawn(page.lang)

    def _drawn(self, lang: Language) -> Updates:
        # First of all: a step that is made while the rest is drawn must not count as drawn.
        stamp = self._stamp()
        jobs = self._measuring.jobs()
        card = measuring_card(jobs, self._measuring.reports(), self._measuring.best(), self._appeals.disputed(), lang)
        return {
            self.card: gr.update(value=card),
            self.stamp: stamp,
            self._timer: gr.Timer(active=any(not job.over for job in jobs)),
        }

    def _stamp(self) -> str:
        return digest("\n".join(job.model_dump_json() for job in self._measuring.jobs()))

    def _run_label(self, lang: Language, suite: object, sample: object) -> str:
        return t("measuring.run", lang, n=self._measuring.gradings(_run(suite, sample)))


def _suites(lang: Language) -> list[tuple[str, str]]:
    return [(t(f"suite.{name}", lang), name) for name in _SUITES]


def _run(suite: object, sample: object) -> SuiteRun:
    """The client's word, within bounds: an unknown suite is the first one, no number is the usual sample."""
    name = suite if suite in _SUITES else _SUITES[0]
    size: Any = sample if isinstance(sample, int | float) and sample >= 1 else _SAMPLE
    return SuiteRun(suite=name, sample=min(1000, int(size)))
