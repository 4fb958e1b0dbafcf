"""What a candidate does with a question: answer or wish, ask for help, rate, go on; each returns the page after it."""

from collections.abc import Callable
from typing import Protocol

import gradio as gr

from interview.conversation import Wish, wish_of
from interview.models import Session, Turn
from interview.scheduling import RATINGS
from interview.service.hints import Hints
from interview.service.interviewer import Interviewer
from interview.service.schedule import Schedule
from interview.turns import open_turn
from interview.ui.page import Page, Updates
from interview.ui.reference import shows_reference
from interview.ui.safe_text import plain_line
from interview.ui.strings import t
from interview.ui.talk import TalkPanel, focus_of
from interview.ui.views import notice


class Draw(Protocol):
    """Draws a session's interview; `shown` is the Turn whose grade is open, `moved` whether something else is asked."""

    def __call__(self, page: Page, session: Session, shown: str = "", *, moved: bool = True) -> Updates:
        """See TalkPanel.render."""
        ...


class TurnActions:
    """Called with what the page claims; ids are looked up in the store."""

    def __init__(self, interviewer: Interviewer, schedule: Schedule, hints: Hints, talk: TalkPanel, draw: Draw) -> None:
        """`draw` returns the updates for the interview and what depends on it."""
        self._interviewer = interviewer
        self._schedule = schedule
        self._hints = hints
        self._talk = talk
        self._draw = draw
        self._grants: dict[Wish, Callable[[Page, Turn], Updates]] = {
            "hint": self._grant_hint,
            "reveal": self._grant_reveal,
            "source": self._grant_source,
            "skip": lambda page, turn: self.skip(page, turn.id),
            "repeat": lambda page, turn: self._say(page, plain_line(turn.follow_up or turn.question.text)),
            "stuck": self._stuck,
        }

    def submit(self, page: Page, turn_id: str, text: str, sure: int | None, shown: str) -> Updates:
        """Commit the answer to the Turn that the server put on this page; the box is emptied only then.

        A wish is granted instead. An empty box goes on where nothing has to be answered any more.
        """
        if not text.strip():
            turn = open_turn(self._session(page)) if page.session else None
            return self.go_on(page) if page.session and (turn is None or turn.follow_up is not None) else {}
        if not turn_id:
            return {}
        turn = self._interviewer.turn(turn_id)
        wish = wish_of(text, turn.question) if turn.state == "open" else None
        is_mock = self._session(page).plan.mode == "mock"
        if wish is None or (wish == "stuck" and (is_mock or turn.stuck_at is not None)):
            self._interviewer.submit(turn_id, text, page.grader, sure)
            updates = self.go_on(page) if is_mock else self._draw(page, self._session(page))
        else:
            updates = self._grants[wish](page, turn)
        updates[self._composer] = {**updates.get(self._composer, gr.update()), "value": ""}
        return updates | {self._talk.sent: turn_id}

    # --- help

    def hint(self, page: Page, turn_id: str) -> Updates:
        """One more hint; a model's comes later."""
        self._hints.ask(turn_id, page.grader)
        return self._draw(page, self._session(page), moved=False)

    def reveal(self, page: Page, turn_id: str) -> Updates:
        """The reference answer, before the own one."""
        self._interviewer.reveal(turn_id)
        return self._draw(page, self._session(page))

    def source(self, page: Page, shown: str) -> Updates:
        """The passage of the notes."""
        updates = self._draw(page, self._session(page), shown, moved=False)
        updates[self._talk.notes.source_fold]["open"] = True
        return updates

    def sure(self, page: Page, turn_id: str, level: int | None) -> Updates:
        """Keep how sure the candidate is, so that a reload does not forget it."""
        if turn_id:
            self._interviewer.sure(turn_id, level if level in (1, 2, 3) else None)
        return {}

    def _grant_hint(self, page: Page, turn: Turn) -> Updates:
        if self._is_silent(page):
            return self._say(page, t("wish.mock", page.lang))
        if turn.hints_shown >= self._hints.most(self._session(page), turn, page.grader):
            return self._say(page, t("wish.no_hint", page.lang))
        return self.hint(page, turn.id)

    def _grant_reveal(self, page: Page, turn: Turn) -> Updates:
        if self._is_silent(page):
            return self._say(page, t("wish.mock", page.lang))
        if not turn.question.has_reference:
            return self._say(page, t("wish.no_reference", page.lang))
        return self.reveal(page, turn.id)

    def _grant_source(self, page: Page, turn: Turn) -> Updates:
        session = self._session(page)
        if self._is_silent(page):
            return self._say(page, t("wish.mock", page.lang))
        focus = focus_of(session, "")
        if focus is None or not shows_reference(session, focus):
            return self._say(page, t("wish.source", page.lang))
        return self.source(page, "")

    def _stuck(self, page: Page, turn: Turn) -> Updates:
        self._interviewer.stuck(turn.id)
        return self._draw(page, self._session(page), moved=False)

    def _say(self, page: Page, text: str) -> Updates:
        return {self._talk.foot.notice: gr.update(value=notice(text, page.lang))}

    # --- the way on

    def skip(self, page: Page, turn_id: str) -> Updates:
        """Pass on a question."""
        self._interviewer.skip(turn_id)
        return self.go_on(page)

    def go_on(self, page: Page) -> Updates:
        """Accept the suggested rating, leave an open follow-up, and ask the next question; after the last, finish."""
        session = self._session(page)
        if session.finished_at is None and not session.tells_nothing_yet:
            self._schedule.rate(session, session.turns[-1])
        turn = self._interviewer.ask_next(page.session)
        while turn is not None and turn.follow_up is not None:  # one may be asked at this very moment
            self._interviewer.skip(turn.id)
            turn = self._interviewer.ask_next(page.session)
        return self.finish(page) if turn is None else self._draw(page, self._session(page))

    def retry(self, page: Page, shown: str) -> Updates:
        """Ask the question in focus once more; a follow-up that is open is left."""
        session = self._session(page)
        turn = next((turn for turn in session.turns if turn.id == shown), session.turns[-1])
        self._leave_follow_up(session)
        self._interviewer.retry(turn.id)
        return self._draw(page, self._session(page))

    def _leave_follow_up(self, session: Session) -> None:
        turn = open_turn(session)
        if turn is not None and turn.follow_up is not None:
            self._interviewer.skip(turn.id)

    def finish(self, page: Page) -> Updates:
        """End the session and show what it comes to."""
        return self._draw(page, self._interviewer.finish(page.session))

    # --- rating

    def rate(self, page: Page, rating: object, shown: str) -> Updates:
        """Rate the question in focus, 1-4; 0 takes the rating back."""
        session = self._session(page)
        focus = focus_of(session, shown)
        if focus is not None and not session.tells_nothing_yet:
            if rating == 0:
                self._schedule.undo(session, focus)
            elif isinstance(rating, int) and rating in RATINGS:
                self._schedule.rate(session, focus, rating)
        return self._draw(page, session, shown, moved=False)

    def rate_all(self, page: Page) -> Updates:
        """Accept every suggestion of a session that is over."""
        session = self._session(page)
        if session.finished_at is not None:
            self._schedule.rate_all(session)
        return self._draw(page, session, moved=False)

    @property
    def _composer(self) -> gr.Textbox:
        return self._talk.foot.composer

    def _is_silent(self, page: Page) -> bool:
        return self._session(page).tells_nothing_yet

    def _session(self, page: Page) -> Session:
        return self._interviewer.session(page.session)
