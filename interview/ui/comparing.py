"""The panel that compares graders: choose answers and graders, see what it takes, start, follow, read."""

from collections.abc import Sequence

import gradio as gr
from gradio.blocks import Block

from interview.errors import ContentError, NotFound
from interview.models import Language
from interview.service.comparing import Comparing
from interview.service.interviewer import Interviewer
from interview.ui.events import Trigger, Wires
from interview.ui.page import Page, Updates, together
from interview.ui.strings import t
from interview.ui.transcripts import TranscriptsTab
from interview.ui.views import view
from interview.ui.views.comparing import comparison_card
from interview.ui.views.parts import grader_word

_OFFERED = 20  # sessions
_TICK = 2.0  # seconds between two looks at a comparison that runs


class ComparingPanel:
    """Which answers and graders are chosen is this page's affair; what was graded is the store's."""

    def __init__(self, comparing: Comparing, interviewer: Interviewer, page: Page) -> None:
        """Builds the components inside the present Blocks; `connect` gives them their events."""
        self._comparing = comparing
        self._interviewer = interviewer
        lang = page.lang
        self.notice = view("notice", {}, elem_id="compare-notice")
        with gr.Column(elem_classes=["card"], elem_id="compare"):
            self.head = view("panel_head", {}, elem_id="compare-head")
            self.sessions = gr.Dropdown(
                choices=[],
                value=[],
                multiselect=True,
                label=t("compare.sessions", lang),
                elem_id="compare-sessions",
                interactive=True,
            )
            self.graders = gr.CheckboxGroup(
                choices=[],
                label=t("compare.graders", lang),
                elem_classes=["chips"],
                elem_id="compare-graders",
                interactive=True,
            )
            with gr.Row(elem_classes=["tight"]):
                self.start = gr.Button(
                    t("compare.start", lang), size="sm", elem_classes=["pill"], elem_id="compare-start"
                )
                self.stop = gr.Button(
                    t("compare.stop", lang), size="sm", elem_classes=["pill"], elem_id="compare-stop", visible=False
                )
            self.card = view("comparison", {}, elem_id="comparison")
        self.timer = gr.Timer(_TICK, active=False)

    @property
    def outputs(self) -> list[Block]:
        """Everything that the panel's events change."""
        return [self.head, self.sessions, self.graders, self.start, self.stop, self.card, self.timer]

    def arrive(self, page: Page, sessions: Sequence[str] = (), graders: Sequence[str] = ()) -> Updates:
        """The panel in the page's language; what was chosen stays, else the newest answers and two graders are."""
        lang = page.lang
        kept_so_far = self._interviewer.sessions(limit=_OFFERED)
        answered = [one for one in kept_so_far if one.answered and not one.tells_nothing_yet]
        ids = [one.id for one in answered]
        kept = [one for one in sessions if one in ids] or [one for one in ids if one == page.session] or ids[:1]
        names = [choice.name for choice in self._interviewer.choices()]
        chosen = [name for name in graders if name in names] or names[:2]
        labels: Updates = {
            self.head: gr.update(value={"title": t("compare.title", lang), "text": t("compare.text", lang)}),
            self.sessions: gr.update(
                choices=[(t("compare.session", lang, title=one.title, n=one.answered), one.id) for one in answered],
                value=kept,
                label=t("compare.sessions", lang),
            ),
            self.graders: gr.update(choices=_labelled(names, lang), value=chosen, label=t("compare.graders", lang)),
            self.start: gr.update(value=t("compare.start", lang)),
            self.stop: gr.update(value=t("compare.stop", lang)),
        }
        return together(labels, self._shown(page, kept, chosen))

    def connect(self, wires: Wires, entered: Trigger, transcripts: TranscriptsTab, tabs: gr.Tabs) -> None:
        """Give every button its event; a click on a disagreement opens its turn in the transcripts."""
        place, chosen = self.notice, [self.sessions, self.graders]
        changing = [self.start, self.stop, self.card, self.timer]
        wires.on(entered, self.arrive, self.outputs, place, chosen)
        for trigger in (self.sessions.input, self.graders.input):
            wires.on(trigger, self._shown, changing, place, chosen)
        wires.on(self.timer.tick, self._shown, changing, place, chosen, clears=False)
        wires.on(self.start.click, self._start, changing, place, chosen)
        wires.on(self.stop.click, self._stop, changing, place, chosen)

        def look(page: Page, turn_id: str) -> Updates:
            session_id = self._comparing.session_of(turn_id)
            return {**transcripts.show_room(page, session_id, turn_id), tabs: gr.update(selected="transcripts")}

        wires.on_select(self.card.select, look, "turn", [*transcripts.opening, tabs], place, shows=True)

    def _start(self, page: Page, sessions: Sequence[str], graders: Sequence[str]) -> Updates:
        self._comparing.start(sessions, graders)
        return self._shown(page, sessions, graders)

    def _stop(self, page: Page, sessions: Sequence[str], graders: Sequence[str]) -> Updates:
        job = self._comparing.job(sessions, graders)
        if job is not None:
            self._comparing.stop(job.id)
        return self._shown(page, sessions, graders)

    def _shown(self, page: Page, sessions: Sequence[str], graders: Sequence[str]) -> Updates:
        """What is known of the chosen comparison: its price, its progress, its figures so far."""
        job = self._comparing.job(sessions, graders)
        running = job is not None and not job.over
        try:
            plan = self._comparing.foretell(sessions, graders)
            found = self._comparing.known(sessions, graders)
        except (ContentError, NotFound):  # too little is chosen, or a grader is gone: the card says what to choose
            plan = found = None
        return {
            self.start: gr.update(visible=not running, interactive=plan is not None),
            self.stop: gr.update(visible=running),
            self.card: gr.update(value=comparison_card(plan, job, found, page.lang)),
            self.timer: gr.update(active=running),
        }


def _labelled(names: Sequence[str], lang: Language) -> list[tuple[str, str]]:
    return [(grader_word(name, lang), name) for name in names]
