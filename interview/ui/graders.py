"""The Graders tab: the backends, and how far each grader can be trusted."""

import gradio as gr
from gradio.blocks import Block

from interview.ui.events import Wires
from interview.ui.page import Page, Updates
from interview.ui.strings import t
from interview.ui.views import view


class GradersTab:
    """The backends, and how far each grader can be trusted.

    What it shows is read from the store when the tab is entered.
    """

    def __init__(self, page: Page) -> None:
        """Builds the components inside the present Blocks; `connect` gives them their events."""
        self.notice = view("notice", {}, elem_id="graders-notice")
        self.title = gr.Markdown(f"## {t('tab.graders', page.lang)}", elem_id="graders-title")

    @property
    def outputs(self) -> list[Block]:
        """Everything that the tab's events change."""
        return [self.title]

    def arrive(self, page: Page) -> Updates:
        """The tab in the page's language."""
        return {self.title: gr.update(value=f"## {t('tab.graders', page.lang)}")}

    def connect(self, wires: Wires, tab: gr.Tab) -> None:
        """Give every button its event. Entering the tab reads the store anew."""
        wires.on(tab.select, self.arrive, self.outputs, self.notice)
