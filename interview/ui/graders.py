"""The Graders tab: the backends, how far each grader can be trusted, how they compare, and what they cost."""

import gradio as gr
from gradio.blocks import Block

from interview.ui.backends import BackendsPanel
from interview.ui.comparing import ComparingPanel
from interview.ui.events import Wires
from interview.ui.frame import Frame
from interview.ui.measuring import MeasuringPanel
from interview.ui.page import Page, Updates, together
from interview.ui.spending import SpendingPanel
from interview.ui.transcripts import TranscriptsTab
from interview.wiring import Viva


class GradersTab:
    """One panel below the other. What they show is read anew when the tab is entered."""

    def __init__(self, viva: Viva, frame: Frame, page: Page) -> None:
        """Builds the components inside the present Blocks; `connect` gives them their events."""
        service = viva.interviewer
        self.backends = BackendsPanel(viva.endpoints, viva.roster, frame, page)
        self.measuring = MeasuringPanel(
            viva.measuring, viva.appeals, lambda: tuple(choice.name for choice in service.choices()), page
        )
        self.comparing = ComparingPanel(viva.comparing, service, page)
        self.spending = SpendingPanel(viva.spending, page)
        self._panels = (self.backends, self.measuring, self.comparing, self.spending)

    @property
    def outputs(self) -> list[Block]:
        """Everything that the tab's events change."""
        return [block for panel in self._panels for block in panel.outputs]

    def arrive(self, page: Page) -> Updates:
        """The tab in the page's language."""
        return together(*(panel.arrive(page) for panel in self._panels))

    def connect(self, wires: Wires, tab: gr.Tab, tabs: gr.Tabs, transcripts: TranscriptsTab) -> None:
        """Give every button its event; a disagreement between graders leads to its answer in the Transcripts."""
        self.backends.connect(wires, tab)
        self.measuring.connect(wires, tab)
        self.comparing.connect(wires, tab, transcripts, tabs)
        self.spending.connect(wires, tab)
