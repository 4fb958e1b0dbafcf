"""The Graders tab: the backends, how far each grader can be trusted, how they compare, and what they cost."""

import gradio as gr

from interview.ui.backends import BackendsPanel
from interview.ui.comparing import ComparingPanel
from interview.ui.events import Trigger, Wires
from interview.ui.frame import Frame
from interview.ui.measuring import MeasuringPanel
from interview.ui.page import Page
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

    def connect(self, wires: Wires, entered: Trigger, tabs: gr.Tabs, transcripts: TranscriptsTab) -> None:
        """Give every button its event; a disagreement between graders leads to its answer in the Transcripts."""
        self.backends.connect(wires, entered)
        self.measuring.connect(wires, entered)
        self.comparing.connect(wires, entered, transcripts, tabs)
        self.spending.connect(wires, entered)
