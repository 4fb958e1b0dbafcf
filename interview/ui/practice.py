"""The Practice tab: set-up and interview, and what each of their buttons does."""

import asyncio
from collections.abc import AsyncGenerator

import gradio as gr
from gradio.blocks import Block
from gradio.events import Dependency

from interview.errors import NotFound, VivaError
from interview.models import Session, Turn
from interview.ui.contest import Contest
from interview.ui.events import PRIVATE, Trigger, Wires
from interview.ui.follow import SLOW_SECONDS, Follower, new_beat
from interview.ui.frame import Frame
from interview.ui.messages import turn_at
from interview.ui.page import Page, Updates, kept_session, read_page
from interview.ui.setup import SetupPanel
from interview.ui.setup_wishes import read_wishes
from interview.ui.talk import SUMMARY, TalkPanel, is_waiting_for
from interview.ui.turn_actions import TurnActions
from interview.wiring import Viva

# A follow-up that is there by then needs no word that somebody thinks.
_AT_ONCE_SECONDS = 0.3


class PracticeTab:
    """Either the set-up or, while the page names a session, its interview."""

    def __init__(self, viva: Viva, frame: Frame, page: Page) -> None:
        """Builds the components inside the present Blocks; `connect` gives them their events."""
        self._interviewer = viva.interviewer
        self._schedule = viva.schedule
        self._follow_ups = viva.follow_ups
        self._hints = viva.hints
        self._follower = Follower(viva.live, viva.interviewer.session, self._awaits_hint)
        self._frame = frame
        self._fallback = page
        self._contest = Contest(viva.interviewer, viva.appeals)
        self.setup = SetupPanel(
            viva.interviewer,
            viva.schedule,
            viva.rubric_history.default,
            lambda name: frame.choice(name).kind == "coverage",
            page,
        )
        self._asking: set[asyncio.Task[Turn | None]] = set()
        self.talk = TalkPanel(
            *(viva.live, viva.rubric_history, viva.schedule, viva.hints, page, viva.interviewer.image),
            *(self._contest.graders, self._follow_ups.is_thinking),
        )
        self.actions = TurnActions(viva.interviewer, viva.schedule, viva.hints, self.talk, self._talk)
        self._timer = gr.Timer(SLOW_SECONDS)

    @property
    def outputs(self) -> list[Block]:
        """Everything that `open` and `leave` change."""
        return [*self.setup.outputs, *self._seen, self._frame.session]

    @property
    def _seen(self) -> list[Block]:
        return [*self.talk.outputs, self._frame.grader]

    def arrive(self, page: Page) -> Updates:
        """The tab of a page that opens or reloads: the session it was in, else the set-up."""
        if not page.session:
            return self._set_up(page)
        try:
            return self._talk(page, self._session(page))
        except NotFound:  # another data folder: the browser remembers more than the server knows
            return self.leave(page)

    def _enter(self, page: Page, shown: str, stamp: str, *wishes: object) -> Updates:
        """The tab is seen again, or in another language: what was chosen stays."""
        return self._look(page, shown, stamp) if page.session else self.setup.render(page, read_wishes(*wishes))

    def grader_changed(self, page: Page, shown: str, *wishes: object) -> Updates:
        """What depends on the chosen grader: which questions can be asked, and what the cards say about it."""
        if page.session:
            return self._talk(page, self._session(page), shown, moved=False)
        return self.setup.start_label(page, read_wishes(*wishes))

    def open(self, page: Page, session: Session, shown: str = "") -> Updates:
        """Show a session's interview; the set-up goes away."""
        page = page.model_copy(update={"session": session.id})
        return {
            self._frame.session: kept_session(session.id),
            self.setup.row: gr.update(visible=False),
            **self._talk(page, session, shown),
        }

    def resume(self, page: Page, session_id: str) -> Updates:
        """Show the interview of a session that was left, with its open question."""
        return self.open(page, self._interviewer.session(session_id))

    def leave(self, page: Page) -> Updates:
        """Show the set-up."""
        return {
            self._frame.session: kept_session(""),
            self.talk.row: gr.update(visible=False),
            self.talk.turn: "",
            self.talk.shown: "",
            self.talk.stamp: "",
            **self._set_up(page),
        }

    def _set_up(self, page: Page) -> Updates:
        return {**self.setup.render(page), self.setup.row: gr.update(visible=True)}

    def connect(self, wires: Wires, entered: Trigger) -> None:
        """Give every button its event. `entered` fires when the tab is seen again."""
        setup, talk = self.setup, self.talk
        known = [talk.shown, talk.stamp, *setup.wishes.inputs]
        wires.on(entered, self._enter, [*setup.outputs, talk.beat], setup.notice, known, clears=False)
        self._connect_setup(wires)
        self._connect_turns(wires)
        self._connect_reading(wires)

    def follow(self, dependency: Dependency) -> None:
        """After an event that lets a model begin, or a page come back to one: follow until nothing is pending.

        Then what is missing in the newest answer may be asked about.
        """
        frame, beat = self._frame, self.talk.beat
        graded = self._follower.after(dependency, frame.session, beat)
        kept = [frame.session, frame.wishes, frame.grader]
        graded.then(self._ask_follow_up, kept, [beat], concurrency_limit=None, trigger_mode="multiple", **PRIVATE)

    async def _ask_follow_up(self, session: object, wishes: object, grader: object) -> AsyncGenerator[str]:
        """Beats: where a model has to think, one while it does, and one at the end. It goes on when the page closes."""
        page = read_page(session, wishes, grader, self._fallback)
        if not page.session:
            return
        asking = asyncio.create_task(self._follow_ups.ask(page.session, page.grader))
        self._asking.add(asking)
        asking.add_done_callback(self._asking.discard)
        thinks = not (await asyncio.wait([asking], timeout=_AT_ONCE_SECONDS))[0]
        if thinks:
            yield f"{page.session}:thinking"
        try:
            turn = await asyncio.shield(asking)
        except VivaError:
            turn = None  # the session is gone, or the store; the next event says so
        if turn is not None or thinks:
            yield turn.id if turn else f"{page.session}:thought"

    def _connect_setup(self, wires: Wires) -> None:
        setup, place = self.setup, self.setup.notice
        wishes = setup.wishes.inputs
        for changed in setup.wishes.changes:
            seen = [*setup.wishes.outputs, setup.start, setup.left_out]
            wires.on(changed, setup.changed, seen, place, wishes, latest=True)
        wires.on(setup.start.click, self._start, self.outputs, place, wishes)
        due = setup.due_panel
        for set_ in (due.day.submit, due.day.blur, due.cap.input):
            wires.on(set_, setup.wish_schedule, [*due.outputs, setup.wishes.mode], place, [due.day, due.cap])
        wires.on_upload(setup.upload, setup.uploaded, setup.use_upload, setup.outputs, place)
        for given in (setup.use_path.click, setup.path.submit):
            wires.on(given, setup.use_paths, setup.outputs, place, [setup.path])
        wires.on(setup.use_built_in.click, setup.go_built_in, setup.outputs, place)
        self.follow(wires.on_select(setup.unfinished.select, self.resume, "id", self.outputs, place))

    def _connect_turns(self, wires: Wires) -> None:
        talk, foot, act, seen = self.talk, self.talk.foot, self.actions, self._seen
        place = foot.notice
        answer = [talk.turn, foot.composer, foot.sure, talk.shown]
        sending = "viva.sending()"
        submitted = wires.on(foot.composer.submit, act.submit, [*seen, talk.sent], place, answer, before=sending)
        done = "(turn) => { if (turn) viva.clearDraft(turn); viva.sent(); }"
        self.follow(submitted.then(None, [talk.sent], None, js=done, **PRIVATE))
        submitted.failure(None, None, None, js="() => viva.sent()", **PRIVATE)
        newest = "viva.followChat()"
        self.follow(wires.on(talk.hint.click, act.hint, seen, place, [talk.turn], before=newest))
        wires.on(talk.reveal.click, act.reveal, seen, place, [talk.turn])
        wires.on(talk.skip.click, act.skip, seen, place, [talk.turn], before=newest)
        wires.on(talk.source.click, act.source, seen, place, [talk.shown], before="viva.showPassage()")
        wires.on(talk.retry.click, act.retry, seen, place, [talk.shown], before=newest)
        wires.on(foot.next.click, act.go_on, seen, place, before=newest)
        wires.on(foot.sure.input, act.sure, [foot.sure], place, [talk.turn, foot.sure])
        wires.on_select(foot.rating.select, act.rate, "rating", seen, place, [talk.shown])
        wires.on(talk.rate_all.click, act.rate_all, seen, place)
        wires.on(talk.finish.click, self._show_summary, seen, place)
        wires.on(talk.end.click, act.finish, seen, place)
        for away in (talk.leave.click, foot.new.click):
            wires.on(away, self.leave, self.outputs, place)

    def _connect_reading(self, wires: Wires) -> None:
        talk, place, seen = self.talk, self.talk.foot.notice, self._seen
        wires.on_select(talk.chat.select, self._show_message, "index", seen, place, shows=True)
        for card in (talk.head, talk.report):
            wires.on_select(card.select, self._show, "turn", seen, place, shows=True)
        wires.on(talk.foot.summary.click, self._show_summary, seen, place)
        self.follow(wires.on(talk.regrade.click, self._regrade, seen, place, [talk.shown]))
        self.follow(wires.on_select(talk.grade.select, self._say_against, "wish", seen, place, [talk.shown]))
        drawn = [talk.shown, talk.stamp]
        redrawn = [block for block in seen if block is not talk.shown]
        refreshed = wires.on(talk.beat.change, self._refresh, redrawn, place, drawn, clears=False)
        wires.on(refreshed.then, self._look_again, [talk.beat], place, drawn, clears=False)
        wires.on(self._timer.tick, self._look, [talk.beat], place, drawn, clears=False)

    def _start(self, page: Page, *values: object) -> Updates:
        wishes = read_wishes(*values)
        session = self._interviewer.start(self.setup.plan(page, wishes), self.setup.due(page, wishes))
        return self.open(page, session)

    def _show_message(self, page: Page, index: object) -> Updates:
        turn_id = turn_at(self._session(page), index) if isinstance(index, int) else None
        return self._show(page, turn_id) if turn_id else {}

    def _show(self, page: Page, turn_id: str) -> Updates:
        """Open the grade of a Turn."""
        return self._talk(page, self._session(page), turn_id)

    def _show_summary(self, page: Page) -> Updates:
        """What the session comes to so far; ending it takes another click."""
        return self._talk(page, self._session(page), SUMMARY)

    def _regrade(self, page: Page, shown: str) -> Updates:
        session = self._session(page)
        turn = next((turn for turn in session.turns if turn.id == shown), session.turns[-1])
        if turn.answer is not None and not is_waiting_for(turn, page.grader):
            self._interviewer.regrade(turn.answer.id, page.grader)
        return self._talk(page, self._session(page), shown, moved=False)

    def _say_against(self, page: Page, wish: object, shown: str) -> Updates:
        self._contest(wish, self._session(page).turns)
        return self._talk(page, self._session(page), shown, moved=False)

    def _look(self, page: Page, shown: str, stamp: str) -> Updates:
        """Beat where the interview is not what the page shows: drawing it lists much, looking lists next to nothing."""
        return {self.talk.beat: new_beat()} if self._is_stale(page, shown, stamp) else {}

    def _look_again(self, page: Page, shown: str, stamp: str) -> Updates:
        """After a refresh, which may have read what is older than what a click has drawn meanwhile.

        The beat is what the page should show, so that a refresh that fails is not tried without end.
        """
        if not self._is_stale(page, shown, stamp):
            return {}
        return {self.talk.beat: self.talk.stamp_of(page, self._session(page), shown)}

    def _refresh(self, page: Page, shown: str, stamp: str) -> Updates:
        """Redraw the interview if it has changed.

        `shown` was read when the refresh was requested. A click may have chosen another turn since, so it is not
        written back; `_look_again` then notices that the drawn turn is not the chosen one.
        """
        if not self._is_stale(page, shown, stamp):
            return {}
        updates = self._talk(page, self._session(page), shown, moved=False)
        del updates[self.talk.shown]
        return updates

    def _is_stale(self, page: Page, shown: str, stamp: str) -> bool:
        return bool(page.session and stamp) and stamp != self.talk.stamp_of(page, self._session(page), shown)

    def _awaits_hint(self, session: Session) -> bool:
        return any(turn.state == "open" and self._hints.is_thinking(turn.id) for turn in session.turns)

    def _session(self, page: Page) -> Session:
        return self._interviewer.session(page.session)

    def _talk(self, page: Page, session: Session, shown: str = "", *, moved: bool = True) -> Updates:
        return {
            **self.talk.render(page, session, shown, moved=moved),
            **self._frame.grader_state(page, session),
        }
