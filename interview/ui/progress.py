"""The Progress tab: what the grades of all sessions say about the candidate."""

from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.blocks import Block

from interview.models import Language
from interview.models.progress import Progress
from interview.rubrics import Rubric
from interview.service.progress import ProgressReader
from interview.ui.events import Trigger, Wires
from interview.ui.page import Page, Updates
from interview.ui.strings import t
from interview.ui.transcripts import TranscriptsTab
from interview.ui.views import progress as views
from interview.ui.views.plotted import Plotted
from interview.ui.views.view import ViewValue, view


class _Numbers:
    """A table of numbers below what shows them, folded."""

    def __init__(self, elem_id: str, lang: Language) -> None:
        with gr.Accordion(t("progress.numbers", lang), open=False, elem_id=f"{elem_id}-fold", visible=False) as fold:
            self.table = view("number_table", {}, elem_id=f"{elem_id}-table")
        self.fold = fold

    def show(self, value: ViewValue, lang: Language) -> Updates:
        return {
            self.fold: gr.update(label=t("progress.numbers", lang), visible=bool(value)),
            self.table: gr.update(value=value),
        }


class _Plot:
    """A native plot with its heading and its numbers; hidden where there is too little to draw."""

    def __init__(self, kind: type[gr.LinePlot | gr.BarPlot], elem_id: str, lang: Language, **options: Any) -> None:
        self._mark = "line" if kind is gr.LinePlot else "bar"
        self.head = view("progress_head", {}, elem_id=elem_id)
        self.plot = kind(
            None,
            x="x",
            y="y",
            x_title=" ",
            y_title=" ",
            tooltip="all",
            buttons=[],
            container=False,
            show_label=False,
            visible=False,
            elem_id=f"{elem_id}-plot",
            elem_classes=["plot"],
            **options,
        )
        self.numbers = _Numbers(elem_id, lang)

    @property
    def outputs(self) -> list[Block]:
        return [self.head, self.plot, self.numbers.fold, self.numbers.table]

    def show(self, plotted: Plotted, lang: Language) -> Updates:
        data = plotted.data(self._mark)
        order = [label for label, _ in plotted.points]
        return {
            self.head: gr.update(value=plotted.head),
            self.plot: gr.update(
                value=data, sort=order, y_lim=[0, plotted.top], label=plotted.head["title"], visible=data is not None
            ),
            **self.numbers.show(plotted.table, lang),
        }


class ProgressTab:
    """What the grades of all sessions say about the candidate.

    What it shows is read from the store when the tab is entered.
    """

    def __init__(self, reader: ProgressReader, default: Rubric, page: Page) -> None:
        """Builds the components inside the present Blocks; `connect` gives them their events.

        The bands of the `default` rubric colour means.
        """
        self._reader = reader
        self._default = default
        self.notice = view("notice", {}, elem_id="progress-notice")
        self.figures = view("progress_figures", {}, elem_id="progress-figures")
        with gr.Row(equal_height=False, elem_id="progress-body"):
            with gr.Column(scale=6):
                self._build_scores(page.lang)
            with gr.Column(scale=5):
                self._build_practice(page.lang)

    def _build_scores(self, lang: Language) -> None:
        with _card():
            self.time = _Plot(gr.LinePlot, "progress-time", lang, x_label_angle=-40, height=280)
        with _card():
            self.sections = _Plot(gr.BarPlot, "progress-sections", lang, x_label_angle=-40, height=320)
        with _card():
            self.questions = view("progress_list", {}, elem_id="progress-questions")
            self.question_numbers = _Numbers("progress-questions", lang)

    def _build_practice(self, lang: Language) -> None:
        with _card():
            self.days = view("heat_map", {}, elem_id="progress-days")
            self.day_numbers = _Numbers("progress-days", lang)
        with _card():
            self.due = _Plot(gr.BarPlot, "progress-due", lang, x_label_angle=-40, height=200)
        with _card():
            self.forgotten = view("progress_list", {}, elem_id="progress-forgotten")
        with _card():
            self.sure = _Plot(gr.BarPlot, "progress-confidence", lang, height=200)
            self.wrong = view("progress_list", {}, elem_id="progress-sure-but-wrong")

    @property
    def outputs(self) -> list[Block]:
        """Everything that the tab's events change."""
        plots = [block for plot in (self.time, self.due, self.sections, self.sure) for block in plot.outputs]
        numbers = [block for one in (self.day_numbers, self.question_numbers) for block in (one.fold, one.table)]
        return [self.figures, self.days, self.forgotten, self.questions, self.wrong, *plots, *numbers]

    def enter(self, page: Page) -> Updates:
        """The tab as the store stands now."""
        return self._draw(self._reader.read(), page.lang)

    def _draw(self, progress: Progress, lang: Language) -> Updates:
        drawn: dict[gr.HTML, Callable[..., ViewValue]] = {
            self.figures: views.figures,
            self.days: views.heat_map,
            self.forgotten: views.forgotten,
            self.wrong: views.sure_but_wrong,
        }
        return {
            **{block: gr.update(value=draw(progress, lang)) for block, draw in drawn.items()},
            self.questions: gr.update(value=views.questions(progress, self._default, lang)),
            **self.time.show(views.over_time(progress, lang), lang),
            **self.due.show(views.forecast(progress, lang), lang),
            **self.sections.show(views.by_section(progress, lang), lang),
            **self.sure.show(views.by_confidence(progress, lang), lang),
            **self.day_numbers.show(views.days_table(progress, lang), lang),
            **self.question_numbers.show(views.questions_table(progress, lang), lang),
        }

    def connect(self, wires: Wires, entered: Trigger, tabs: gr.Tabs, transcripts: TranscriptsTab) -> None:
        """Give every list its event. What is `entered` is read anew; `tabs` lead to the transcripts."""
        wires.on(entered, self.enter, self.outputs, self.notice)

        def review(page: Page, place: str) -> Updates:
            session_id, _, turn_id = place.partition("/")
            return {**transcripts.show_room(page, session_id, turn_id), tabs: gr.update(selected="transcripts")}

        for listed in (self.forgotten, self.questions, self.wrong):
            wires.on_select(listed.select, review, "place", [*transcripts.opening, tabs], self.notice, shows=True)


def _card() -> gr.Column:
    return gr.Column(elem_classes=["card"])
