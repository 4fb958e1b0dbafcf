"""The card of the set-up that says what is due, with the day of the interview and the daily cap of new questions."""

from datetime import date

import gradio as gr
from gradio.blocks import Block

from interview.models import Language
from interview.notes.bank import QuestionBank
from interview.service.schedule import Schedule
from interview.ui.page import Page, Updates
from interview.ui.strings import t
from interview.ui.views import view
from interview.ui.views.setup import forecast_card

_CAPS = (0, 5, 10, 20)


class DuePanel:
    """Built inside the present column; what is set here holds from then on."""

    def __init__(self, schedule: Schedule) -> None:
        """`schedule` knows what is due and keeps what is set."""
        self._schedule = schedule
        with gr.Column(elem_classes=["card"], elem_id="setup-schedule"):
            self.forecast = view("forecast_card", {}, elem_id="setup-forecast")
            with gr.Row(elem_classes=["tight"]):
                self.day = gr.Textbox(label="", lines=1, max_lines=1, elem_id="setup-interview", interactive=True)
                self.cap = gr.Radio(
                    choices=[(str(number), number) for number in _CAPS],
                    value=10,
                    label="",
                    elem_classes=["segments"],
                    elem_id="setup-cap",
                    interactive=True,
                )

    @property
    def outputs(self) -> list[Block]:
        """Everything that `labels` and `render` change."""
        return [self.forecast, self.day, self.cap]

    def labels(self, lang: Language) -> Updates:
        """Every fixed word."""
        return {
            self.day: gr.update(label=t("forecast.interview", lang), placeholder=t("forecast.interview_hint", lang)),
            self.cap: gr.update(label=t("forecast.cap", lang)),
        }

    def render(self, page: Page, bank: QuestionBank) -> Updates:
        """What is due of the notes in use, and what was set."""
        wishes, labels = self._schedule.wishes, self.labels(page.lang)
        day = wishes.interview.isoformat() if wishes.interview else ""
        cap = wishes.fresh_a_day if wishes.fresh_a_day in _CAPS else None
        return {
            self.forecast: gr.update(value=forecast_card(self._schedule.forecast(bank), page.lang)),
            self.day: {**labels[self.day], "value": day},
            self.cap: {**labels[self.cap], "value": cap},
        }

    def wish(self, page: Page, day: str, cap: int | None, bank: QuestionBank) -> Updates | None:
        """Keep the day of the interview and the daily cap; None where the day cannot be read, and nothing is kept."""
        known = self._schedule.wishes
        try:
            interview = date.fromisoformat(day.strip()) if day.strip() else None
        except ValueError:
            return None
        fresh = known.fresh_a_day if cap is None else int(cap)
        wishes = known.model_copy(update={"interview": interview, "fresh_a_day": fresh})
        if wishes != known:
            self._schedule.wish(wishes)
        return self.render(page, bank)
