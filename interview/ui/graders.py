"""The Graders tab: the backends, and how far each grader can be trusted."""

import gradio as gr
from gradio.blocks import Block

from interview.ui.backends import BackendsPanel
from interview.ui.events import Wires
from interview.ui.frame import Frame
from interview.ui.page import Page, Updates, together
from interview.wiring import Viva


class GradersTab:
    """One panel below the other. What they show is read anew when the tab is entered."""

    def __init__(self, viva: Viva, frame: Frame, page: Page) -> None:
        """Builds the components inside the present Blocks; `connect` gives them their events."""
        self.backends = BackendsPanel(viva.endpoints, frame, page)
        # Further panels stand here, one line each: measuring, comparing, cost.

    @property
    def outputs(self) -> list[Block]:
        """Everything that the tab's events change."""
        return [*self.backends.outputs]

    def arrive(self, page: Page) -> Updates:
        """The tab in the page's language."""
        return together(self.backends.arrive(page))

    def connect(self, wires: Wires, tab: gr.Tab) -> None:
        """Give every button its event."""
        self.backends.connect(wires, tab)
