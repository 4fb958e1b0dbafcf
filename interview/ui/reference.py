"""The reference answer beside the interview, and the passage of the notes that it comes from."""

import re

import gradio as gr
from gradio.blocks import Block

from interview.models import Language, Question, Session, Turn
from interview.ui.images import FindImage, reference_markdown
from interview.ui.page import Updates
from interview.ui.safe_text import LATEX_DELIMITERS, safe_markdown
from interview.ui.strings import t


class ReferencePanel:
    """Two folds, built inside the present column."""

    def __init__(self, find_image: FindImage) -> None:
        """Nothing is shown before a Turn is over, or its answer was asked for."""
        self._find_image = find_image
        with gr.Accordion("", open=False, elem_id="practice-reference", visible=False) as self.fold:
            self.text = gr.Markdown("", latex_delimiters=LATEX_DELIMITERS, elem_id="practice-reference-text")
        with gr.Accordion("", open=False, elem_id="practice-passage", visible=False) as self.source_fold:
            self.source = gr.Markdown("", latex_delimiters=LATEX_DELIMITERS, elem_id="practice-passage-text")

    @property
    def outputs(self) -> list[Block]:
        """Everything that `render` changes."""
        return [self.fold, self.text, self.source_fold, self.source]

    def render(self, session: Session, turn: Turn | None, lang: Language, *, moved: bool, unfolded: bool) -> Updates:
        """The reference of a Turn that is over, or of an open one where it was asked for.

        `unfolded`: whether it stands open at first. `moved`: False leaves what the reader unfolded.
        """
        if turn is None or not shows_reference(session, turn):
            hidden, empty = gr.update(visible=False), gr.update(value="")
            return {self.fold: hidden, self.source_fold: dict(hidden), self.text: empty, self.source: dict(empty)}
        question = turn.question
        if question.has_reference:
            text = reference_markdown(question, lang, self._find_image)
            label = t("feedback.reference", lang, n=question.line)
        else:
            text, label = t("feedback.no_reference", lang), t("room.reference", lang)
        source = t("source.label", lang, file=question.file, line=question.line)
        updates: Updates = {
            self.fold: gr.update(label=label, visible=True),
            self.text: gr.update(value=text),
            self.source_fold: gr.update(label=source, visible=True),
            self.source: gr.update(value=safe_markdown(passage(question))),
        }
        if moved:
            updates[self.fold]["open"] = unfolded
            updates[self.source_fold]["open"] = False
        return updates


def shows_reference(session: Session, turn: Turn) -> bool:
    """Whether the reference of a Turn may be seen: it is over, or asked for; never while a mock interview runs."""
    return not session.tells_nothing_yet and (turn.revealed or turn.state != "open")


def passage(question: Question) -> str:
    """The passage of the notes as it stands there: a block of source text, fenced by more ticks than it holds."""
    longest = max((len(run) for run in re.findall("`+", question.reference)), default=0)
    fence = "`" * max(3, longest + 1)
    heading = f"{question.number}. {question.text}" if question.number is not None else question.text
    return f"{fence}text\n{heading}\n\n{question.reference.strip()}\n{fence}"
