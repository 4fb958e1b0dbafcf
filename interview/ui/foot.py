"""The foot of the interview: what went wrong, when the question comes back, the way on, the composer, confidence."""

import gradio as gr
from gradio.blocks import Block

from interview.models import Language, Rated, Session, Suggestion, Turn
from interview.ui.page import Updates
from interview.ui.strings import t
from interview.ui.views import view
from interview.ui.views.foot import rating_bar
from interview.ui.views.how import keys_card

# What a question may be rated, and what it was.
Ratings = tuple[Suggestion | None, Rated | None]
_LEVELS = (1, 2, 3)


class FootPanel:
    """Below the conversation. `render` makes it a pure function of the stored session."""

    def __init__(self, lang: Language) -> None:
        """Builds the components inside the card of the conversation."""
        with gr.Column(elem_id="foot", scale=0):
            self.notice = view("notice", {}, elem_id="practice-notice")
            with gr.Row(elem_id="practice-go", elem_classes=["tight"]):
                self.rating = view("rating_bar", {}, elem_id="rate")
                self.summary = pill("practice-summary")
                self.next = gr.Button("", variant="primary", elem_id="next", visible=False)
                self.new = gr.Button("", variant="primary", elem_id="practice-new", visible=False)
            self.composer = gr.Textbox(
                label=t("composer.label", lang),
                show_label=False,
                container=False,
                lines=1,
                max_lines=9,
                submit_btn=True,
                interactive=True,
                elem_id="composer",
            )
            with gr.Row(elem_id="practice-below", elem_classes=["tight"]):
                self.sure = gr.Radio(
                    choices=_levels(lang),
                    value=None,
                    label=t("sure.label", lang),
                    elem_classes=["segments"],
                    elem_id="sure",
                    interactive=True,
                    visible=False,
                )
                self.keys = view("keys_card", keys_card(lang), elem_id="practice-keys")

    @property
    def outputs(self) -> list[Block]:
        """Everything that `render` changes; the composer's text is changed by a submit alone."""
        return [self.notice, self.rating, self.summary, self.next, self.new, self.composer, self.sure, self.keys]

    def render(
        self,
        session: Session,
        turn: Turn | None,
        focus: Turn | None,
        ratings: Ratings,
        lang: Language,
        *,
        moved: bool,
    ) -> Updates:
        """The foot for the open Turn and the Turn in focus. `moved`: the question may be another than before."""
        finished = session.finished_at is not None
        is_last = session.asked >= len(session.questions)
        is_main = turn is not None and turn.follow_up is None
        return {
            self.rating: gr.update(value=rating_bar(*ratings, lang)),
            self.next: gr.update(
                value=t("act.finish" if is_last else "act.next", lang), visible=not is_main and not finished
            ),
            self.new: gr.update(value=t("act.new", lang), visible=finished),
            self.summary: gr.update(value=t("report.title", lang), visible=finished and focus is not None),
            self.composer: gr.update(
                label=t("composer.label", lang),
                placeholder=t(_placeholder(turn, is_last=is_last), lang),
                interactive=turn is not None,
                submit_btn=turn is not None,
                visible=not finished or turn is not None,
            ),
            self.sure: self._sure(turn if is_main else None, lang, moved=moved),
            self.keys: gr.update(value=keys_card(lang)),
        }

    def _sure(self, turn: Turn | None, lang: Language, *, moved: bool) -> dict[str, object]:
        update: dict[str, object] = gr.update(
            choices=_levels(lang), label=t("sure.label", lang), visible=turn is not None
        )
        if moved or (turn is not None and turn.confidence is not None):
            update["value"] = turn.confidence if turn else None
        return update


def _levels(lang: Language) -> list[tuple[str, int]]:
    return [(t(f"sure.{level}", lang), level) for level in _LEVELS]


def _placeholder(turn: Turn | None, *, is_last: bool) -> str:
    if turn is None:
        return "composer.last" if is_last else "composer.next"
    return "composer.follow_up" if turn.follow_up is not None else "composer.answer"


def pill(elem_id: str, kind: str = "pill") -> gr.Button:
    """A small button that is not there before it has words."""
    return gr.Button("", size="sm", scale=0, min_width=40, elem_classes=[kind], elem_id=elem_id, visible=False)
