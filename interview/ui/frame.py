"""What stands around the tabs: brand, grader, language, dark mode, the banner, and what the browser remembers."""

import gradio as gr
from gradio.blocks import Block

from interview.grading.shelf import GraderChoice
from interview.models import Language, Session, Ungraded
from interview.service.interviewer import Interviewer
from interview.service.waiting import WaitingGradings
from interview.ui.events import PRIVATE, Wires
from interview.ui.follow import SLOW_SECONDS
from interview.ui.page import SESSION_KEY, STORAGE_SECRET, WISHES_KEY, Page, Updates, kept_session
from interview.ui.strings import t
from interview.ui.views import banner, brand, left_out, view, waiting

# In the order in which they stand on the screen.
TABS = ("practice", "transcripts", "progress", "questions", "graders")
# Failures that lie with the grader and will meet the next answer too.
_FAILING = frozenset(
    {"unreachable", "timed_out", "rate_limited", "server_fault", "key_refused", "model_unknown", "quota_exhausted"}
)


class Frame:
    """The header of the page. Built first; the tabs follow below it.

    `wakes` holds one hidden box for each tab. It changes when the tab is entered, or its words change under it; what a
    tab shows is read then and not before.
    """

    def __init__(
        self, interviewer: Interviewer, waiting: WaitingGradings, fallback: Page, *, with_login: bool = False
    ) -> None:
        """`fallback`: language and grader of a browser that was never here; `with_login`: one can sign out."""
        self._interviewer = interviewer
        self._waiting = waiting
        self.lang: Language = fallback.lang
        lang = self.lang
        self.session = gr.BrowserState(kept_session(""), storage_key=SESSION_KEY, secret=STORAGE_SECRET)
        self.wishes = gr.BrowserState(fallback.wishes(grader=""), storage_key=WISHES_KEY, secret=STORAGE_SECRET)
        with gr.Row(elem_id="top"):
            self.brand = view("brand", brand(lang), elem_id="brand")
            self.grader = gr.Dropdown(
                choices=self.grader_choices(lang),
                value=fallback.grader,
                label=t("top.grader", lang),
                show_label=False,
                container=False,
                interactive=True,
                filterable=False,
                scale=0,
                elem_id="grader",
                elem_classes=[self._dot(fallback.grader, None)],
            )
            self.language = gr.Button(
                t("top.language", lang), scale=0, min_width=40, size="sm", elem_id="lang", elem_classes=["pill"]
            )
            self.dark = gr.Button(
                t("top.dark", lang), scale=0, min_width=40, size="sm", elem_id="dark", elem_classes=["pill"]
            )
            self.sign_out = gr.Button(
                t("login.out", lang),
                scale=0,
                min_width=40,
                size="sm",
                elem_id="sign-out",
                elem_classes=["pill"],
                visible=with_login,
            )
        self.banner = view("banner", banner(self.choice(fallback.grader), lang), elem_id="banner")
        self.waiting = view("waiting", {}, elem_id="waiting")
        self.left_out = view("notice", left_out(interviewer.grader_problems, lang), elem_id="left-out")
        self.notice = view("notice", {}, elem_id="frame-notice")
        self._timer = gr.Timer(SLOW_SECONDS)
        self.wakes = {
            name: gr.Textbox(visible="hidden", elem_id=f"wake-{name}", label="wake", container=False) for name in TABS
        }
        self.dark.click(None, js="() => viva.toggleDark()", queue=False, **PRIVATE)
        self.sign_out.click(None, js="() => viva.signOut()", queue=False, **PRIVATE)

    def connect(self, wires: Wires) -> None:
        """Keep the line about what waits up to date, and let its button try all of it again."""
        wires.on(self._timer.tick, self.show_waiting, [self.waiting], self.notice, clears=False)
        wires.on_select(self.waiting.select, self._retry_all, "retry", [self.waiting], self.notice)

    def show_waiting(self, page: Page) -> Updates:
        """How many gradings wait, and why. It says nothing of any grade, so it is shown in a mock interview, too."""
        return {self.waiting: gr.update(value=waiting(self._waiting.summary(), page.lang))}

    def _retry_all(self, page: Page, _: object) -> Updates:
        self._waiting.retry_all()
        return self.show_waiting(page)

    def choice(self, name: str) -> GraderChoice:
        """The grader of that name; the default one where this server does not know it."""
        choices = {choice.name: choice for choice in self._interviewer.choices()}
        return choices.get(name) or choices[self._interviewer.default_grader]

    def labels(self, page: Page) -> Updates:
        """Every word of the header in the page's language. What is chosen stays: it may change at this moment."""
        return {
            self.brand: gr.update(value=brand(page.lang)),
            self.grader: gr.update(
                choices=self.grader_choices(page.lang),
                label=t("top.grader", page.lang),
                elem_classes=[self._dot(page.grader, None)],
            ),
            self.language: gr.update(value=t("top.language", page.lang)),
            self.sign_out: gr.update(value=t("login.out", page.lang)),
            self.banner: gr.update(value=banner(self.choice(page.grader), page.lang)),
            self.left_out: gr.update(value=left_out(self._interviewer.grader_problems, page.lang)),
            **self.show_waiting(page),
        }

    def choose(self, page: Page) -> Updates:
        """The page's grader in the header, with all there are now; the default one where it is not known any more."""
        page = page.model_copy(update={"grader": self.choice(page.grader).name})
        updates = self.labels(page)
        updates[self.grader]["value"] = page.grader
        return updates

    def remember(self, page: Page) -> Updates:
        """Have the browser keep the grader: only where it is not the one in use anyway, which may change with time."""
        kept = "" if page.grader == self._interviewer.default_grader else page.grader
        return {self.wishes: page.wishes(grader=kept)}

    def grader_state(self, page: Page, session: Session | None) -> Updates:
        """The dot before the grader: green for a model, amber for the estimate, red when it failed last."""
        return {self.grader: gr.update(elem_classes=[self._dot(page.grader, session)])}

    @property
    def outputs(self) -> list[Block]:
        """Everything that `labels` and `choose` change."""
        return [self.brand, self.grader, self.language, self.sign_out, self.banner, self.waiting, self.left_out]

    def grader_choices(self, lang: Language) -> list[tuple[str, str]]:
        """Labels and names of all graders, for a dropdown."""
        return [(_grader_label(choice, lang), choice.name) for choice in self._interviewer.choices()]

    def _dot(self, name: str, session: Session | None) -> str:
        if session is not None and _failed_last(name, session):
            return "failing"
        return "estimate" if self.choice(name).kind == "coverage" else "model"


def _grader_label(choice: GraderChoice, lang: Language) -> str:
    if choice.kind == "coverage":
        return t("grader.coverage", lang)
    return f"{choice.name} · {choice.host}"


def _failed_last(name: str, session: Session) -> bool:
    outcomes = [
        (grading.created_at, grading.waiting_for if grading.outcome is None else grading.outcome)
        for turn in session.turns
        for grading in turn.gradings
        if grading.grader == name and (grading.outcome is not None or grading.waiting_for is not None)
    ]
    if not outcomes:
        return False
    last = max(outcomes, key=lambda outcome: outcome[0])[1]
    return last in _FAILING or (isinstance(last, Ungraded) and last.reason in _FAILING)
