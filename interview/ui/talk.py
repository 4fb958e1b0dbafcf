"""The interview itself: the conversation, its composer and actions, and the card beside it."""

from collections.abc import Callable, Mapping, Sequence

import gradio as gr
from gradio.blocks import Block

from interview.live import LiveFeed
from interview.models import Graded, Grading, Language, PointGrade, Question, SelfGraded, Session, Turn, digest
from interview.report import report
from interview.rubrics import Rubric
from interview.service.interviewer import DEFAULT_RUBRIC
from interview.ui.messages import conversation
from interview.ui.page import Page, Updates
from interview.ui.safe_text import LATEX_DELIMITERS, safe_markdown
from interview.ui.strings import t
from interview.ui.views import ViewValue, grade_card, how_card, question_head, report_card, shown_grading, view

# In place of a Turn's id: the card shows what the session comes to so far.
SUMMARY = "summary"


class TalkPanel:
    """Everything below the header while a session is open. `render` makes it a pure function of the stored session."""

    def __init__(
        self,
        live: LiveFeed,
        rubrics: Mapping[str, Rubric],
        page: Page,
        graders: Callable[[], Sequence[str]] = lambda: (),
    ) -> None:
        """`rubrics` explain how an answer will be graded, and name the bars; `graders` can give a second opinion."""
        self._graders = graders
        self._live = live
        self._rubrics = rubrics
        with gr.Row(elem_id="talk", equal_height=False, visible=False) as self.row:
            with gr.Column(scale=6, elem_id="q-card", elem_classes=["card"]):
                self._build_card(page.lang)
            with gr.Column(scale=5, elem_id="practice-right"):
                self._build_side(page.lang)
        # What the page tells back with its events; none of it is shown.
        self.turn = gr.Textbox(visible="hidden", elem_id="practice-turn", label="turn")
        self.shown = gr.Textbox(visible="hidden", elem_id="practice-shown", label="shown")
        self.stamp = gr.Textbox(visible="hidden", elem_id="practice-stamp", label="stamp")
        self.beat = gr.Textbox(visible="hidden", elem_id="practice-beat", label="beat")
        self.sent = gr.Textbox(visible="hidden", elem_id="practice-sent", label="sent")

    def _build_card(self, lang: Language) -> None:
        self.head = view("question_head", {}, elem_id="q-head")
        with gr.Row(elem_id="q-actions", elem_classes=["tight"]):
            self.hint = _pill("practice-hint")
            self.reveal = _pill("practice-reveal")
            self.retry = _pill("practice-retry")
            self.skip = _pill("practice-skip", "link")
            self.finish = _pill("practice-finish", "link")
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
        )
        with gr.Column(elem_id="foot", scale=0):
            self.notice = view("notice", {}, elem_id="practice-notice")
            with gr.Row(elem_id="practice-go", elem_classes=["tight"]):
                self.summary = _pill("practice-summary")
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

    def _build_side(self, lang: Language) -> None:
        self.how = view("how_card", {}, elem_id="how-card")
        with gr.Column(elem_id="report-column", elem_classes=["card"], visible=False) as self.report_column:
            self.report = view("report_card", {}, elem_id="report-card")
            with gr.Row(elem_classes=["tight"], visible=False) as self.ending:
                self.end = gr.Button("", size="sm", scale=0, elem_classes=["pill"], elem_id="practice-end")
                self.leave = gr.Button("", size="sm", scale=0, elem_classes=["pill"], elem_id="practice-leave")
        with gr.Column(elem_id="g-card", elem_classes=["card"], visible=False) as self.grade_column:
            self.grade = view("grade_card", {}, elem_id="grade")
            self.feedback = gr.Markdown("", elem_id="feedback", latex_delimiters=LATEX_DELIMITERS, visible=False)
            self.regrade = gr.Button("", size="sm", elem_classes=["pill"], elem_id="practice-regrade", visible=False)
        with gr.Accordion("", open=False, elem_id="practice-reference", visible=False) as self.reference_fold:
            self.reference = gr.Markdown("", latex_delimiters=LATEX_DELIMITERS, elem_id="practice-reference-text")

    @property
    def outputs(self) -> list[Block]:
        """Everything that `render` changes; the composer's text is changed by a submit alone."""
        return [
            *(self.row, self.head, self.hint, self.reveal, self.retry, self.skip, self.finish, self.chat),
            *(self.notice, self.summary, self.next, self.new, self.composer, self.how, self.report),
            *(self.report_column, self.ending, self.end, self.leave, self.grade_column, self.grade, self.feedback),
            *(self.regrade, self.reference_fold, self.reference),
            *(self.turn, self.shown, self.stamp),
        ]

    def render(self, page: Page, session: Session, shown: str = "", *, moved: bool = True) -> Updates:
        """The page for a session. `shown`: id of the Turn whose grade is asked for, or SUMMARY.

        Where neither is asked for, it is the newest Turn, and the summary once the session is finished.
        `moved`: False where the same is only drawn again, so that what the reader unfolded stays so.
        """
        # First of all: a verdict that arrives while the rest is drawn must not count as drawn.
        stamp = self.stamp_of(page, session, shown)
        turn = _open_turn(session)
        focus = _focus(session, shown)
        return {
            self.row: gr.update(visible=True),
            self.chat: gr.update(
                value=conversation(session, focus.id if focus else "", self._points, page.lang),
                label=t("talk.chat", page.lang),
            ),
            self.turn: turn.id if turn else "",
            self.shown: shown,
            self.stamp: stamp,
            **self._head(page, session, focus),
            **self._actions(session, turn, page.lang),
            **self._foot(session, turn, focus, page.lang),
            **self._side(page, session, focus, moved),
        }

    def stamp_of(self, page: Page, session: Session, shown: str) -> str:
        """Digest of everything that `render` shows; equal stamps, equal pages."""
        live = [len(self._points(grading)) for turn in session.turns for grading in turn.gradings]
        return digest("\n".join([session.model_dump_json(), page.model_dump_json(), shown, repr(live)]))

    def _points(self, grading: Grading | None) -> Sequence[PointGrade]:
        return () if grading is None or grading.outcome is not None else self._live.verdicts(grading.id)

    def _head(self, page: Page, session: Session, focus: Turn | None) -> Updates:
        newest = session.turns[-1]
        points = self._points(shown_grading(newest))
        current = focus.id if focus else ""
        return {self.head: gr.update(value=question_head(session, newest, page.lang, points, current))}

    def _actions(self, session: Session, turn: Turn | None, lang: Language) -> Updates:
        hints = len(turn.question.hints) if turn else 0
        given = min(turn.hints_shown, hints) if turn else 0
        can_reveal = turn is not None and turn.question.has_reference and not turn.revealed
        unfinished = session.finished_at is None
        can_retry = unfinished and turn is None
        return {
            self.hint: gr.update(
                value=t("act.hint", lang, n=min(given + 1, hints), m=hints),
                visible=bool(hints),
                interactive=given < hints,
            ),
            self.reveal: gr.update(value=t("act.reveal", lang), visible=can_reveal),
            self.retry: gr.update(value=t("act.retry", lang), visible=can_retry),
            self.skip: gr.update(value=t("act.skip", lang), visible=turn is not None),
            self.finish: gr.update(value=t("act.finish", lang), visible=unfinished),
        }

    def _foot(self, session: Session, turn: Turn | None, focus: Turn | None, lang: Language) -> Updates:
        finished = session.finished_at is not None
        is_last = session.asked >= len(session.questions)
        return {
            self.next: gr.update(
                value=t("act.finish" if is_last else "act.next", lang), visible=turn is None and not finished
            ),
            self.new: gr.update(value=t("act.new", lang), visible=finished),
            self.summary: gr.update(value=t("report.title", lang), visible=finished and focus is not None),
            self.composer: gr.update(
                label=t("composer.label", lang),
                placeholder=t("composer.answer" if turn else "composer.next", lang),
                interactive=turn is not None,
                submit_btn=turn is not None,
                visible=not finished,
            ),
        }

    def _side(self, page: Page, session: Session, focus: Turn | None, moved: bool) -> Updates:
        """Beside an open question how it will be graded, beside an answer its grade, and the summary beside neither."""
        lang = page.lang
        is_open = focus is not None and focus.state == "open"
        updates: Updates = {
            self.how: gr.update(value=self._how(page, focus.question) if focus and is_open else {}, visible=is_open),
            **self._summary(session, lang, visible=focus is None),
            **self._grade(page, focus),
            **self._reference(focus, lang),
        }
        if moved:
            updates[self.reference_fold]["open"] = is_open
        return updates

    def _summary(self, session: Session, lang: Language, *, visible: bool) -> Updates:
        return {
            self.report_column: gr.update(visible=visible),
            self.report: gr.update(value=report_card(report(session), session, lang) if visible else {}),
            self.ending: gr.update(visible=session.finished_at is None),
            self.end: gr.update(value=t("act.end", lang)),
            self.leave: gr.update(value=t("act.leave", lang)),
        }

    def _how(self, page: Page, question: Question) -> ViewValue:
        rubric = self._rubrics.get(question.rubric or DEFAULT_RUBRIC) or self._rubrics[DEFAULT_RUBRIC]
        return how_card(None if page.grader == "coverage" else rubric, page.lang)

    def _grade(self, page: Page, turn: Turn | None) -> Updates:
        if turn is None or turn.answer is None:
            return {self.grade_column: gr.update(visible=False), self.grade: gr.update(value={})}
        grading = shown_grading(turn)
        rubric = self._rubrics.get(grading.rubric.partition("@")[0]) if grading else None
        outcome = grading.outcome if grading else None
        feedback = outcome.feedback if isinstance(outcome, Graded) else ""
        waits = any(grading.state != "done" for grading in turn.gradings)
        other = grading is None or (grading.label != "own" and grading.grader != page.grader)
        failed = not isinstance(outcome, Graded | SelfGraded)
        return {
            self.grade_column: gr.update(visible=True),
            self.grade: gr.update(
                value=grade_card(turn, grading, self._points(grading), page.lang, rubric, self._graders())
            ),
            self.feedback: gr.update(value=safe_markdown(feedback, formulas=True), visible=bool(feedback)),
            self.regrade: gr.update(
                value=t("act.regrade" if failed else "room.regrade", page.lang), visible=not waits and (failed or other)
            ),
        }

    def _reference(self, turn: Turn | None, lang: Language) -> Updates:
        """The reference of a Turn that is over, folded; of an open one only when it was asked for, and then open."""
        if turn is None or not (turn.revealed or turn.state != "open"):
            return {self.reference_fold: gr.update(visible=False), self.reference: gr.update(value="")}
        question = turn.question
        if not question.has_reference:
            text, label = t("feedback.no_reference", lang), t("room.reference", lang)
        else:
            text = safe_markdown(question.reference, formulas=True)
            label = t("feedback.reference", lang, n=question.line)
        return {
            self.reference_fold: gr.update(label=label, visible=True),
            self.reference: gr.update(value=text),
        }


def is_waiting_for(turn: Turn, grader: str) -> bool:
    """Whether that grader is at work on the Turn's answer already: a second click asks it nothing."""
    return any(one.state != "done" and one.grader == grader and one.appeal is None for one in turn.gradings)


def _pill(elem_id: str, kind: str = "pill") -> gr.Button:
    return gr.Button("", size="sm", scale=0, min_width=40, elem_classes=[kind], elem_id=elem_id, visible=False)


def _open_turn(session: Session) -> Turn | None:
    """The Turn that waits for an answer; none once the session is finished."""
    if session.finished_at is not None:
        return None
    return next((turn for turn in reversed(session.turns) if turn.state == "open"), None)


def _focus(session: Session, shown: str) -> Turn | None:
    """The Turn that the card is about; None for the summary."""
    asked_for = next((turn for turn in session.turns if turn.id == shown), None)
    if asked_for is not None:
        return asked_for
    return None if shown == SUMMARY or session.finished_at is not None else session.turns[-1]
