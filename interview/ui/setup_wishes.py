"""What can be set for a session besides its sections: mode, number, order, limits; all of it preset."""

from collections.abc import Callable
from typing import Literal

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component
from gradio.events import Dependency

from interview.models import Language, Mode, Value
from interview.ui.page import Updates
from interview.ui.strings import t

ALL = 0
NUMBERS = (5, 8, 15)
DEFAULT_NUMBER = 8
_FOLLOW_UPS = (0, 1, 2)
_PER_SECTION = (1, 2, 3)
_QUESTION_MINUTES = (2, 3, 5)
_TOTAL_MINUTES = (20, 30, 45, 60)
_MODES: tuple[Mode, ...] = ("practice", "mock", "due")


class Wishes(Value):
    """What stands in the set-up; 0 means no limit."""

    mode: Mode = "practice"
    sections: tuple[str, ...] = ()
    number: int = DEFAULT_NUMBER
    order: Literal["as_written", "shuffled"] = "as_written"
    difficulties: tuple[int, ...] = ()
    follow_ups: int = 1
    per_section: int = ALL
    question_minutes: int = 3
    total_minutes: int = ALL
    due_first: bool = True


def read_wishes(*values: object) -> Wishes:
    """The values of `WishesPanel.inputs`, in their order; an empty Radio stands for its preset."""
    named = zip(Wishes.model_fields, values, strict=False)
    return Wishes.model_validate({name: value for name, value in named if value is not None})


class WishesPanel:
    """The inputs of the set-up. Each mode shows those that mean something in it."""

    def __init__(self, lang: Language) -> None:
        """Builds only the modes; the sections and the rest follow where the panel around it puts them."""
        self.mode = gr.Radio(
            choices=_modes(lang, 0), value="practice", label="", elem_classes=["modes"], elem_id="setup-mode"
        )

    def build_sections(self) -> None:
        """Sections, number and order."""
        self.sections = gr.CheckboxGroup(
            choices=[], label="", elem_classes=["chips"], elem_id="setup-sections", interactive=True
        )
        with gr.Row(elem_classes=["tight"]):
            self.number = _segments("setup-number", ALL)
            self.order = _segments("setup-order", "as_written")

    def build_more(self) -> None:
        """What is rarely changed, folded."""
        with gr.Accordion("", open=False, elem_id="setup-more") as self.more:
            self.difficulties = gr.CheckboxGroup(
                choices=[], label="", elem_classes=["chips"], elem_id="setup-difficulty", interactive=True
            )
            with gr.Row(elem_classes=["tight"]):
                self.follow_ups = _segments("setup-follow-ups", 1)
                self.per_section = _segments("setup-per-section", ALL)
                self.question_minutes = _segments("setup-question-limit", 3)
                self.total_minutes = _segments("setup-total-limit", ALL)
            self.due_first = gr.Checkbox(value=True, label="", elem_id="setup-due-first", container=False)

    @property
    def inputs(self) -> list[Component]:
        """In the order of the fields of Wishes."""
        return [
            *(self.mode, self.sections, self.number, self.order, self.difficulties, self.follow_ups),
            *(self.per_section, self.question_minutes, self.total_minutes, self.due_first),
        ]

    @property
    def changes(self) -> list[Callable[..., Dependency]]:
        """The events by which the candidate chooses something."""
        return [
            *(self.mode.input, self.sections.input, self.number.input, self.order.input, self.difficulties.input),
            *(self.follow_ups.input, self.per_section.input, self.question_minutes.input, self.total_minutes.input),
            self.due_first.input,
        ]

    @property
    def outputs(self) -> list[Block]:
        """Everything that `labels` and `mode_changed` change."""
        return [*self.inputs, self.more]

    def labels(self, lang: Language, due: int) -> Updates:
        """Every fixed word; `due`: how many questions a session of what is due would ask."""
        off = (t("setup.off", lang), ALL)
        return {
            self.mode: gr.update(choices=_modes(lang, due), label=t("setup.mode", lang)),
            self.sections: gr.update(label=t("setup.sections", lang), info=t("setup.sections_info", lang)),
            self.number: gr.update(label=t("setup.number", lang)),
            self.order: gr.update(
                choices=[(t(f"setup.{order}", lang), order) for order in ("as_written", "shuffled")],
                label=t("setup.order", lang),
            ),
            self.more: gr.update(label=t("setup.more", lang)),
            self.difficulties: gr.update(label=t("setup.difficulty", lang), info=t("setup.sections_info", lang)),
            self.follow_ups: gr.update(
                choices=[(str(number), number) for number in _FOLLOW_UPS], label=t("setup.follow_ups", lang)
            ),
            self.per_section: gr.update(
                choices=[off, *((str(number), number) for number in _PER_SECTION)], label=t("setup.per_section", lang)
            ),
            self.question_minutes: gr.update(
                choices=[off, *_minutes(_QUESTION_MINUTES, lang)], label=t("setup.question_limit", lang)
            ),
            self.total_minutes: gr.update(
                choices=[off, *_minutes(_TOTAL_MINUTES, lang)], label=t("setup.total_limit", lang)
            ),
            self.due_first: gr.update(label=t("setup.due_first", lang)),
        }

    def mode_changed(self, mode: Mode) -> Updates:
        """Show the settings that mean something in a mode."""
        is_mock = mode == "mock"
        return {
            self.order: gr.update(visible=mode == "practice"),
            self.follow_ups: gr.update(visible=not is_mock),
            self.per_section: gr.update(visible=mode != "due"),
            self.question_minutes: gr.update(visible=is_mock),
            self.total_minutes: gr.update(visible=is_mock),
            self.due_first: gr.update(visible=is_mock),
        }


def _segments(elem_id: str, value: int | str) -> gr.Radio:
    # A choice that is not among the first choices is refused, so the preset stands there from the start.
    return gr.Radio(
        choices=[("", value)], value=value, label="", elem_classes=["segments"], elem_id=elem_id, interactive=True
    )


def _modes(lang: Language, due: int) -> list[tuple[str, str]]:
    return [(t(f"setup.{mode}", lang, n=due), mode) for mode in _MODES]


def _minutes(numbers: tuple[int, ...], lang: Language) -> list[tuple[str, int]]:
    return [(t("setup.minutes", lang, n=number), number) for number in numbers]


def limit_seconds(minutes: int) -> int | None:
    """Seconds of a limit in minutes; None where there is none."""
    return minutes * 60 if minutes else None
