"""The interview itself: the conversation, its composer and actions, and the card beside it."""

from collections.abc import Callable, Sequence

import gradio as gr
from gradio.blocks import Block

from interview.live import LiveFeed
from interview.models import Graded, Grading, Language, PointGrade, Question, SelfGraded, Session, Turn, digest
from interview.report import report
from interview.rubrics import DEFAULT_RUBRIC
from interview.service.hints import Hints
from interview.service.rubric_history import RubricHistory
from interview.service.schedule import Schedule
from interview.turns import open_turn
from interview.ui.foot import FootPanel, Ratings, pill
from interview.ui.images import FindImage
from interview.ui.messages import conversation
from interview.ui.page import Page, Update, Updates
from interview.ui.reference import ReferencePanel, shows_reference
from interview.ui.safe_text import LATEX_DELIMITERS, safe_markdown
from interview.ui.strings import t
from interview.ui.views import ViewValue, grade_card, how_card, question_head, report_card, shown_grading, view
from interview.ui.views.paper import paper_card

# In place of a Turn's id: the card shows what the session comes to so far.
SUMMARY = "summary"


class TalkPanel:
    """Everything below the header while a session is open. `render` makes it a pure function of the stored session."""

    def __init__(
        self,
        live: LiveFeed,
        rubrics: RubricHistory,
        schedule: Schedule,
        hints: Hints,
        page: Page,
        find_image: FindImage,
        graders: Callable[[], Sequence[str]] = lambda: (),
        is_thinking: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """`rubrics` explain how an answer will be graded, and name the bars; `graders` can give a second opinion.

        `is_thinking` tells of a Turn's id whether a follow-up to it is being thought up.
        """
        self._graders = graders
        self._is_thinking = is_thinking
        self._live = live
        self._schedule = schedule
        self._hints = hints
        self._rubrics = rubrics
        with gr.Row(elem_id="talk", equal_height=False, visible=False) as self.row:
            with gr.Column(scale=6, elem_id="q-card", elem_classes=["card"]):
                self._build_card(page.lang)
            with gr.Column(scale=5, elem_id="practice-right"):
                self._build_side(page.lang, find_image)
        # What the page tells back with its events; none of it is shown.
        self.turn = gr.Textbox(visible="hidden", elem_id="practice-turn", label="turn")
        self.shown = gr.Textbox(visible="hidden", elem_id="practice-shown", label="shown")
        self.stamp = gr.Textbox(visible="hidden", elem_id="practice-stamp", label="stamp")
        self.beat = gr.Textbox(visible="hidden", elem_id="practice-beat", label="beat")
        self.sent = gr.Textbox(visible="hidden", elem_id="practice-sent", label="sent")

    def _build_card(self, lang: Language) -> None:
        self.head = view("question_head", {}, elem_id="q-head")
        with gr.Row(elem_id="q-actions", elem_classes=["tight"]):
            self.hint = pill("practice-hint")
            self.reveal = pill("practice-reveal")
            self.retry = pill("practice-retry")
            self.source = pill("practice-source")
            self.skip = pill("practice-skip", "link")
            self.finish = pill("practice-finish", "link")
        self.chat = gr.Chatbot(
            elem_id="chat",
            label=t("talk.chat", lang),
            show_label=False,
            container=False,
            layout="bubble",
            buttons=[],
            feedback_options=None,
            allow_tags=False,
            sanitize_html=True,
            group_consecutive_messages=False,
            latex_delimiters=LATEX_DELIMITERS,
            height="100%",
            autoscroll=False,  # Gradio scrolls 300 ms after it drew, wherever the reader is by then; see navigation.js
        )
        self.foot = FootPanel(lang)

    def _build_side(self, lang: Language, find_image: FindImage) -> None:
        self.how = view("how_card", {}, elem_id="how-card")
        with gr.Column(elem_id="report-column", elem_classes=["card"], visible=False) as self.report_column:
            self.paper = view("paper_card", {}, elem_id="paper-card")
            self.report = view("report_card", {}, elem_id="report-card")
            self.rate_all = gr.Button("", size="sm", elem_classes=["pill"], elem_id="practice-rate-all", visible=False)
            with gr.Row(elem_classes=["tight"], visible=False) as self.ending:
                self.end = gr.Button("", size="sm", scale=0, elem_classes=["pill"], elem_id="practice-end")
                self.leave = gr.Button("", size="sm", scale=0, elem_classes=["pill"], elem_id="practice-leave")
        with gr.Column(elem_id="g-card", elem_classes=["card"], visible=False) as self.grade_column:
            self.grade = view("grade_card", {}, elem_id="grade")
            self.feedback = gr.Markdown("", elem_id="feedback", latex_delimiters=LATEX_DELIMITERS, visible=False)
            self.regrade = gr.Button("", size="sm", elem_classes=["pill"], elem_id="practice-regrade", visible=False)
        self.notes = ReferencePanel(find_image)

    @property
    def outputs(self) -> list[Block]:
        """Everything that `render` changes; the composer's text is changed by a submit alone."""
        return [
            *(self.row, self.head, self.hint, self.reveal, self.retry, self.skip, self.finish, self.chat),
            *self.foot.outputs,
            *(self.how, self.paper, self.report, self.rate_all, self.source, *self.notes.outputs),
            *(self.report_column, self.ending, self.end, self.leave, self.grade_column, self.grade, self.feedback),
            *(self.regrade, self.turn, self.shown, self.stamp),
        ]

    def render(self, page: Page, session: Session, shown: str = "", *, moved: bool = True) -> Updates:
        """The page for a session. `shown`: id of the Turn whose grade is asked for, or SUMMARY.

        Where neither is asked for, it is the newest Turn, and the summary once the session is finished.
        `moved`: False where the same is only drawn again, so that what the reader unfolded stays so.
        """
        # First of all: a verdict that arrives while the rest is drawn must not count as drawn.
        stamp = self.stamp_of(page, session, shown)
        turn = open_turn(session)
        focus = focus_of(session, shown)
        opened = focus.id if focus else ""
        return {
            self.row: gr.update(visible=True),
            self.chat: gr.update(
                value=conversation(session, opened, self._points, page.lang, now=self._now(session, page.lang)),
                label=t("talk.chat", page.lang),
            ),
            self.turn: turn.id if turn else "",
            self.shown: shown,
            self.stamp: stamp,
            **self._head(page, session, focus),
            **self._actions(page, session, turn, focus),
            **self.foot.render(session, turn, focus, self._ratings(session, focus), page.lang, moved=moved),
            **self._side(page, session, focus, moved),
        }

    def stamp_of(self, page: Page, session: Session, shown: str) -> str:
        """Digest of everything that `render` shows; equal stamps, equal pages."""
        live = [
            (len(self._points(grading)), self._live.characters(grading.id))
            for turn in session.turns
            for grading in turn.gradings
            if grading.outcome is None
        ]
        rated = sorted(self._schedule.rated(session))
        told = repr([live, rated, self._now(session, page.lang)])
        return digest("\n".join([session.model_dump_json(), page.model_dump_json(), shown, told]))

    def _now(self, session: Session, lang: Language) -> str:
        """What the interviewer thinks of at this moment, or failed to; empty for nothing."""
        turn = open_turn(session)
        if turn is not None and self._hints.is_thinking(turn.id):
            return t("talk.thinking_hint", lang)
        if turn is not None and (reason := self._hints.problem(turn.id)):
            return t("talk.no_hint", lang, reason=reason)
        follows_up = session.finished_at is None and self._is_thinking(session.turns[-1].id)
        return t("talk.thinking", lang) if follows_up else ""

    def _ratings(self, session: Session, focus: Turn | None) -> Ratings:
        """What the question in focus may be rated, and was."""
        if focus is None or session.tells_nothing_yet:
            return None, None
        return self._schedule.suggestion(session, focus), self._schedule.rating(session, focus)

    def _points(self, grading: Grading | None) -> Sequence[PointGrade]:
        return () if grading is None or grading.outcome is not None else self._live.verdicts(grading.id)

    def _head(self, page: Page, session: Session, focus: Turn | None) -> Updates:
        # Where the candidate is; of a session that is over, what is looked at.
        turn = open_turn(session) or (focus if session.finished_at else None) or session.turns[-1]
        points = self._points(shown_grading(turn))
        current = focus.id if focus else ""
        return {self.head: gr.update(value=question_head(session, turn, page.lang, points, current))}

    def _actions(self, page: Page, session: Session, turn: Turn | None, focus: Turn | None) -> Updates:
        lang, silent, unfinished = page.lang, session.tells_nothing_yet, session.finished_at is None
        hints = self._hints.most(session, turn, page.grader) if turn else 0
        given = min(turn.hints_shown, hints) if turn else 0
        can_reveal = turn is not None and turn.question.has_reference and not turn.revealed and not silent
        can_retry = (unfinished or focus is not None) and not silent and (turn is None or turn.follow_up is not None)
        return {
            self.hint: gr.update(
                value=t("act.hint", lang, n=min(given + 1, hints), m=hints),
                visible=bool(hints),
                interactive=given < hints and not (turn and self._hints.is_thinking(turn.id)),
            ),
            self.reveal: gr.update(value=t("act.reveal", lang), visible=can_reveal),
            self.source: gr.update(
                value=t("act.source", lang), visible=focus is not None and shows_reference(session, focus)
            ),
            self.retry: gr.update(value=t("act.retry", lang), visible=can_retry),
            self.skip: gr.update(value=t("act.skip", lang), visible=turn is not None),
            self.finish: gr.update(
                value=t("act.hand_in" if session.plan.mode == "mock" else "act.finish", lang), visible=unfinished
            ),
        }

    def _side(self, page: Page, session: Session, focus: Turn | None, moved: bool) -> Updates:
        """Beside an open question how it will be graded, beside an answer its grade, and the summary beside neither."""
        lang = page.lang
        silent = session.tells_nothing_yet
        is_open = focus is not None and focus.state == "open" and not silent
        return {
            self.how: gr.update(value=self._how(page, focus.question) if focus and is_open else {}, visible=is_open),
            **self._summary(session, lang, visible=focus is None or silent),
            **self._grade(page, session, None if silent else focus),
            **self.notes.render(session, focus, lang, moved=moved, unfolded=focus is not None and focus.answer is None),
        }

    def _summary(self, session: Session, lang: Language, *, visible: bool) -> Updates:
        card: ViewValue = {}
        if visible and not session.tells_nothing_yet:
            card = report_card(report(session, self._rubrics.of), session, self._rubrics.default, lang)
        return {
            self.report_column: gr.update(visible=visible),
            self.paper: gr.update(value=paper_card(session, lang)),
            self.report: gr.update(value=card),
            self.rate_all: self._rate_all(session, lang),
            self.ending: gr.update(visible=session.finished_at is None),
            self.end: gr.update(value=t("act.hand_in" if session.plan.mode == "mock" else "act.end", lang)),
            self.leave: gr.update(value=t("act.leave", lang)),
        }

    def _rate_all(self, session: Session, lang: Language) -> Update:
        """Once a session is over, what was not rated in it can be, all at once."""
        count = 0 if session.finished_at is None else len(self._schedule.unrated(session))
        return gr.update(value=t("rating.all", lang, n=count), visible=bool(count))

    def _how(self, page: Page, question: Question) -> ViewValue:
        rubric = self._rubrics.in_use(question.rubric or DEFAULT_RUBRIC)
        return how_card(None if page.grader == "coverage" else rubric, page.lang)

    def _grade(self, page: Page, session: Session, turn: Turn | None) -> Updates:
        if turn is None or turn.answer is None:
            return {self.grade_column: gr.update(visible=False), self.grade: gr.update(value={})}
        grading = shown_grading(turn)
        outcome = grading.outcome if grading else None
        rubric = self._rubrics.of(outcome.provenance.rubric) if isinstance(outcome, Graded) else None
        feedback = outcome.feedback if isinstance(outcome, Graded) else ""
        waits = any(grading.state != "done" for grading in turn.gradings)
        other = grading is None or (grading.label != "own" and grading.grader != page.grader)
        failed = not isinstance(outcome, Graded | SelfGraded)
        return {
            self.grade_column: gr.update(visible=True),
            self.grade: gr.update(
                value=grade_card(
                    *(session, turn, grading, self._points(grading), page.lang, rubric, self._graders()),
                    characters=self._live.characters(grading.id) if grading else 0,
                )
            ),
            self.feedback: gr.update(value=safe_markdown(feedback, formulas=True), visible=bool(feedback)),
            self.regrade: gr.update(
                value=t("act.regrade" if failed else "room.regrade", page.lang), visible=not waits and (failed or other)
            ),
        }


def is_waiting_for(turn: Turn, grader: str) -> bool:
    """Whether that grader is at work on the Turn's answer already: a second click asks it nothing."""
    return any(one.state != "done" and one.grader == grader and one.appeal is None for one in turn.gradings)


def focus_of(session: Session, shown: str) -> Turn | None:
    """The Turn that the card is about; None for the summary. Beside an open follow-up stands what led to it."""
    asked_for = next((turn for turn in session.turns if turn.id == shown), None)
    if asked_for is not None and not session.tells_nothing_yet:
        return asked_for
    newest, end = open_turn(session) or session.turns[-1], session.finished_at
    if shown == SUMMARY or (end is not None and newest.asked_at < end):
        return None
    if newest.state == "open" and newest.parent and not newest.revealed:
        return next((turn for turn in session.turns if turn.id == newest.parent), newest)
    return newest
