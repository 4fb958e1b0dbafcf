"""The page as a whole: header and tabs, what happens when it opens, and the switches of language and grader."""

from collections.abc import Sequence

import gradio as gr
from gradio.blocks import Block

from interview.models import Language
from interview.ui.events import PRIVATE, Wires
from interview.ui.frame import Frame
from interview.ui.graders import GradersTab
from interview.ui.page import Page, Updates, together
from interview.ui.practice import PracticeTab
from interview.ui.progress import ProgressTab
from interview.ui.questions import QuestionsTab
from interview.ui.strings import t
from interview.ui.transcripts import TranscriptsTab
from interview.ui.uploads import FileFreeBlocks, Uploads
from interview.wiring import Viva


class _Screen:
    """Connects the header with the tabs below it."""

    def __init__(self, viva: Viva, page: Page, demo: gr.Blocks, uploads: Uploads) -> None:
        self.frame = Frame(viva.interviewer, viva.waiting, page, with_login=viva.access.password is not None)
        with gr.Tabs(elem_id="tabs", selected="practice", overflow_behavior="wrap") as self.tabs:
            with gr.Tab(t("tab.practice", page.lang), id="practice", elem_id="tab-practice") as self.practice_tab:
                self.practice = PracticeTab(viva, self.frame, page)
            with gr.Tab(
                t("tab.transcripts", page.lang), id="transcripts", elem_id="tab-transcripts"
            ) as self.transcripts_tab:
                self.transcripts = TranscriptsTab(viva, self.frame)
            with gr.Tab(t("tab.progress", page.lang), id="progress", elem_id="tab-progress") as self.progress_tab:
                self.progress = ProgressTab(viva.progress, viva.rubric_history.default, page)
            with gr.Tab(t("tab.questions", page.lang), id="questions", elem_id="tab-questions") as self.questions_tab:
                self.questions = QuestionsTab(viva, page)
            with gr.Tab(t("tab.graders", page.lang), id="graders", elem_id="tab-graders") as self.graders_tab:
                self.graders = GradersTab(viva, self.frame, page)
        # A browser that remembers no grader gets the one in use now, not the one at the start of this process.
        fallback = page.model_copy(update={"grader": ""})
        self._connect(Wires(self.frame.session, self.frame.wishes, self.frame.grader, fallback, uploads), demo)

    def _connect(self, wires: Wires, demo: gr.Blocks) -> None:
        frame, practice, transcripts = self.frame, self.practice, self.transcripts
        frame.connect(wires)
        entered = {name: wake.change for name, wake in frame.wakes.items()}
        practice.connect(wires, entered["practice"])
        transcripts.connect(wires, entered["transcripts"], self.tabs, practice)
        self.progress.connect(wires, entered["progress"], self.tabs, transcripts)
        self.questions.connect(wires, entered["questions"], self.tabs, practice, transcripts)
        self.graders.connect(wires, entered["graders"], self.tabs, transcripts)
        for place, (tab, name) in enumerate(self._tabs.items()):
            wake, entering = frame.wakes[name], f"(wake) => viva.entered({place}, wake)"
            tab.select(None, [wake], [wake], js=entering, queue=False, **PRIVATE)
        header: Sequence[Block] = [*frame.outputs, *self._tabs]
        practice.follow(wires.on_visit(demo.load, self._arrive, [*header, *practice.outputs], frame.notice))
        # In the browser first: whatever is asked for after the click is answered in the new language.
        kept = [frame.wishes, *frame.wakes.values()]
        switched = frame.language.click(
            None, kept, kept, js="(...kept) => viva.switchLanguage(...kept)", queue=False, **PRIVATE
        )
        wires.on(switched.then, self._in_its_language, header, frame.notice)
        for chosen in (frame.grader.input, self.graders.backends.chosen.change):
            wires.on(
                chosen,
                self._switch_grader,
                [frame.wishes, *frame.outputs, *practice.outputs],
                frame.notice,
                [practice.talk.shown, *practice.setup.wishes.inputs],
            )

        def lead(_: Page, tab: str) -> Updates:
            return {self.tabs: gr.update(selected=tab if tab in self._tabs.values() else "practice")}

        wires.on_select(frame.banner.select, lead, "to", [self.tabs], frame.notice)

    def _arrive(self, page: Page) -> Updates:
        """A page that opens or reloads: what the browser remembers, filled in from the store."""
        page = page.model_copy(update={"grader": self.frame.choice(page.grader).name})
        return together(
            self.frame.choose(page),
            self._tab_labels(page),
            self.practice.arrive(page),
            self.graders.spending.warning(page, self.frame.notice),
        )

    def _in_its_language(self, page: Page) -> Updates:
        """The header; the tab that is seen draws itself."""
        return {**self.frame.labels(page), **self._tab_labels(page)}

    def _switch_grader(self, page: Page, shown: str, *wishes: object) -> Updates:
        """The choice holds for the next answer and the next regrade; what is graded stays as it is."""
        return together(
            self.frame.labels(page),
            self.frame.remember(page),
            self.practice.grader_changed(page, shown, *wishes),
        )

    @property
    def _tabs(self) -> dict[gr.Tab, str]:
        return {
            self.practice_tab: "practice",
            self.transcripts_tab: "transcripts",
            self.progress_tab: "progress",
            self.questions_tab: "questions",
            self.graders_tab: "graders",
        }

    def _tab_labels(self, page: Page) -> Updates:
        return {tab: gr.update(label=t(f"tab.{name}", page.lang)) for tab, name in self._tabs.items()}


def build_app(viva: Viva, lang: Language, uploads: Uploads) -> gr.Blocks:
    """The page. `lang`: the language of a browser that was never here; `uploads`: the files that browsers sent."""
    page = Page(lang=lang, grader=viva.interviewer.default_grader)
    with FileFreeBlocks(title="Viva", analytics_enabled=False, fill_width=False) as demo:
        _Screen(viva, page, demo, uploads)
    return demo
