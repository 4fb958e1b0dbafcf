"""The panel of what models cost: the budget, and the expenses in groups."""

from typing import Any, get_args

import gradio as gr
from gradio.blocks import Block

from interview.models import Language
from interview.service.spending import Spending
from interview.store.spending import Grouping
from interview.ui.events import Trigger, Wires
from interview.ui.page import Page, Updates
from interview.ui.strings import t
from interview.ui.views import notice, view
from interview.ui.views.spending import spending_card

_GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)


class SpendingPanel:
    """What models have cost so far. Read from the store whenever the tab is entered."""

    def __init__(self, spending: Spending, page: Page) -> None:
        """Builds the components inside the present Blocks; `connect` gives them their events."""
        self._spending = spending
        self.notice = view("notice", {}, elem_id="spending-notice")
        with gr.Column(elem_classes=["card"], elem_id="spending"):
            self.card = view("spending", {}, elem_id="spending-card")
            self.by = gr.Radio(
                choices=_choices(page.lang),
                value="day",
                label=t("spend.by", page.lang),
                elem_classes=["segments"],
                elem_id="spending-by",
                interactive=True,
            )

    @property
    def outputs(self) -> list[Block]:
        """Everything that the panel's events change."""
        return [self.card, self.by]

    def arrive(self, page: Page, by: Any = "day") -> Updates:
        """The panel in the page's language."""
        known = by if by in _GROUPINGS else "day"
        sums, limits, listed = self._spending.sums(known), self._spending.limits(), self._spending.listed()
        return {
            self.card: gr.update(value=spending_card(known, sums, limits, listed, page.lang)),
            self.by: gr.update(choices=_choices(page.lang), value=known, label=t("spend.by", page.lang)),
        }

    def warning(self, page: Page, place: Block) -> Updates:
        """A line at `place` (a notice) where the budget is nearly or wholly used up."""
        limit = self._spending.warning()
        if limit is None:
            return {}
        says = t("spend.stops" if limit.share >= 1 else "spend.warns", page.lang)
        text = f"{t(f'spend.budget_{limit.period}', page.lang)}: {limit.share:.0%}. {says}"
        return {place: gr.update(value=notice(text, page.lang))}

    def connect(self, wires: Wires, entered: Trigger) -> None:
        """What is `entered` reads the store anew, and so does another grouping."""
        wires.on(entered, self.arrive, self.outputs, self.notice, [self.by])
        wires.on(self.by.input, self.arrive, [self.card], self.notice, [self.by])


def _choices(lang: Language) -> list[tuple[str, str]]:
    return [(t(f"spend.{name}", lang), name) for name in _GROUPINGS]
