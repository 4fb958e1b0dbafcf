"""The Transcripts tab: the list with its search, and the review room of the session that is opened."""

import gradio as gr
from gradio.blocks import Block
from gradio.events import Dependency

from interview.models import PendingDeletion
from interview.ui.archive_list import ListPanel, read_wanted
from interview.ui.beside import BesidePanel, job_stamp
from interview.ui.contest import Contest
from interview.ui.deleting import DataPanel, DeletionPanel
from interview.ui.events import Trigger, Wires
from interview.ui.follow import SLOW_SECONDS, Follower, new_beat
from interview.ui.frame import Frame
from interview.ui.page import Page, Updates
from interview.ui.practice import PracticeTab
from interview.ui.regrading import RegradingPanel
from interview.ui.room import RoomPanel
from interview.ui.strings import t
from interview.ui.talk import is_waiting_for
from interview.ui.views import view
from interview.wiring import Viva


class TranscriptsTab:
    """Either the list or the room of one session. Which one is open is this page's own affair."""

    def __init__(self, viva: Viva, frame: Frame) -> None:
        """Builds the components inside the present Blocks; `connect` gives them their events."""
        interviewer, archive, discussing = viva.interviewer, viva.archive, viva.discussing
        self._interviewer = interviewer
        self._archive = archive
        self._follower = Follower(viva.live, interviewer.session)
        self._frame = frame
        self._contest = Contest(interviewer, viva.appeals)
        self.notice = view("notice", {}, elem_id="transcripts-notice")
        self._deleting = viva.deleting
        self.panel = DeletionPanel(viva.deleting)
        self.list = ListPanel(archive, viva.archive_jobs, viva.rubric_history, frame.lang)
        with self.list.column:
            self.data = DataPanel(viva.deleting, viva.upkeep, frame.lang)
        self.room = RoomPanel(
            viva.live,
            viva.rubric_history,
            build_beside=lambda: BesidePanel(archive, discussing, lambda name: frame.choice(name).kind == "judge"),
            build_regrading=lambda: RegradingPanel(viva.regrading, frame),
            job_of=lambda turn_id: job_stamp(discussing.latest(turn_id)),
            find_question=lambda session, question_id: interviewer.bank(session.plan.lang).find(question_id),
            find_image=interviewer.image,
        )
        self.beat = gr.Textbox(visible="hidden", elem_id="room-beat", label="beat")
        self._timer = gr.Timer(SLOW_SECONDS)

    @property
    def outputs(self) -> list[Block]:
        """Everything that the tab's events change."""
        return [*self.list.outputs, *self.room.outputs]

    @property
    def opening(self) -> list[Block]:
        """Everything that `show_room` changes."""
        return [self.list.column, *self.room.first]

    def show_list(self, page: Page, wanted: str = "") -> Updates:
        """The list as the page wants it."""
        return {**self.room.hide(), **self.list.show(page, wanted)}

    def show_room(self, page: Page, session_id: str, turn_id: str = "", words: str = "") -> Updates:
        """Open a session; of no Turn in particular, its first one.

        What stands beside and below its grade is drawn by the first beat of the following, or of the tab's entering.
        """
        return {**self.list.hide(), **self.room.half(self._drawn(page, session_id, turn_id, words))}

    def connect(self, wires: Wires, entered: Trigger, tabs: gr.Tabs, practice: PracticeTab) -> None:
        """Give every button its event. What is `entered` is read anew; `tabs` lead from one tab to the other."""
        room, place = self.room, self.notice
        ids, wanted = [room.session_id, room.turn_id], self.list.wanted
        self.list.connect(wires, place)
        room.regrading.connect(wires, place, self.beat)
        room.beside.connect(wires, place, ids, self._redraw, self._poll, room.outputs)
        # Gradio makes each listed output anew, changed or not, so what a click waits for lists no more than it changes.
        listing, opening = [*self.list.listed, *room.place], self.opening
        seen = [*self.list.listed, self.beat]
        shown = wires.on(entered, self._enter, seen, place, [room.session_id, self.list.words, wanted])
        wires.on(shown.then, self._label, [*self.list.labelled, *self.data.outputs], place, [wanted], clears=False)
        wires.on(room.back.click, self.show_list, listing, place, [wanted])
        self._follow(wires.on_select(self.list.rows.select, self.show_room, "id", opening, place, shows=True))
        hits, room_id = self.list.hits.select, room.session_id
        self._follow(wires.on_select(hits, self._show_hit, "turn", opening, place, [wanted], shows=True))
        self._follow(wires.on_select(room.nav.select, self._select_turn, "turn", opening, place, [room_id], shows=True))
        self._follow(wires.on(room.regrade.click, self._regrade, room.outputs, place, [*ids, room.grader]))
        self._follow(wires.on_select(room.grade.select, self._say_against, "wish", room.outputs, place, ids))
        drawn = [*ids, room.stamp]
        redrawn = [block for block in room.outputs if block not in ids]
        refreshed = wires.on(self.beat.change, self._refresh, redrawn, place, drawn, clears=False)
        wires.on(refreshed.then, self._look_again, [self.beat], place, drawn, clears=False)
        wires.on(self._timer.tick, self._look, [self.beat], place, drawn, clears=False)
        self._connect_shelves(wires)
        self._connect_deleting(wires)
        self._connect_practice(wires, tabs, practice)

    def _connect_shelves(self, wires: Wires) -> None:
        room, place = self.room, self.notice
        for trigger in (room.rename.click, room.title.submit):
            wires.on(trigger, self._rename, room.outputs, place, [room.session_id, room.turn_id, room.title])
        wires.on(room.archive.click, self._put_away, self.outputs, place, [room.session_id, self.list.wanted])

    def _connect_deleting(self, wires: Wires) -> None:
        room, panel, place = self.room, self.panel, self.notice
        inputs = [room.session_id, room.turn_id]
        changed: list[Block] = [*self.outputs, *self.data.outputs, self.beat]
        wires.on(room.delete.click, self._delete, [*room.outputs, *panel.outputs], place, inputs)
        panel.connect(wires, place, self._after_deletion, changed)
        self.data.connect(wires, place, panel, self._after_deletion, changed)

    def _connect_practice(self, wires: Wires, tabs: gr.Tabs, practice: PracticeTab) -> None:
        room, place = self.room, self.notice

        def resume(page: Page, session_id: str) -> Updates:
            return {**practice.resume(page, session_id), tabs: gr.update(selected="practice")}

        def review(page: Page, session_id: str) -> Updates:
            return {**self.show_room(page, session_id), tabs: gr.update(selected="transcripts")}

        def act(page: Page, wish: str, session_id: str, turn_id: str) -> Updates:
            """The buttons in the head of a Turn: its star, «answer again», and «delete answer»."""
            if wish == "delete":
                return self._ask_about_answer(page, turn_id)
            if wish != "again":
                self._archive.star(turn_id, wish == "star")
                return self._redraw(page, session_id, turn_id)
            self._again(session_id, turn_id)
            return resume(page, session_id)

        practice.follow(wires.on(room.resume.click, resume, [*practice.outputs, tabs], place, [room.session_id]))
        recent = practice.setup.recent.select
        self._follow(wires.on_select(recent, review, "id", [*self.opening, tabs], practice.setup.notice, shows=True))
        everything = [*room.outputs, *practice.outputs, *self.panel.outputs, tabs]
        wires.on_select(room.turn_head.select, act, "wish", everything, place, [room.session_id, room.turn_id])

    def _follow(self, dependency: Dependency) -> None:
        self._follower.after(dependency, self.room.session_id, self.beat)

    def _drawn(self, page: Page, session_id: str, turn_id: str, words: str = "", *, moved: bool = True) -> Updates:
        transcript, shelf = self._archive.transcript(session_id).told, self._archive.shelf_of(session_id)
        updates = self.room.render(page, transcript, shelf, turn_id, words, moved=moved)
        choices, label = self._frame.grader_choices(page.lang), t("room.regrade_with", page.lang)
        updates[self.room.grader] = gr.update(choices=choices, label=label)
        if moved:
            updates[self.room.grader]["value"] = page.grader
        return updates

    def _enter(self, page: Page, session_id: str, words: str, wanted: str) -> Updates:
        """The room that is open, else the list of what is typed above it."""
        if session_id:
            return {self.beat: new_beat()}
        chosen = read_wanted(wanted).model_copy(update={"words": words or ""})
        return self.list.show(page, chosen.model_dump_json())

    def _redraw(self, page: Page, session_id: str, turn_id: str) -> Updates:
        return self._drawn(page, session_id, turn_id, moved=False)

    def _poll(self, page: Page, session_id: str, turn_id: str) -> Updates:
        return self.room.refreshed(self._redraw(page, session_id, turn_id))

    def _show_hit(self, page: Page, turn_id: str, wanted: str) -> Updates:
        return self.show_room(page, self._archive.turn(turn_id).session_id, turn_id, read_wanted(wanted).words)

    def _select_turn(self, page: Page, turn_id: str, session_id: str) -> Updates:
        return self.show_room(page, session_id, turn_id)

    def _again(self, session_id: str, turn_id: str) -> None:
        """Ask the question once more, after its latest attempt."""
        turns = self._interviewer.session(session_id).turns
        position = next((turn.position for turn in turns if turn.id == turn_id), None)
        latest = [turn for turn in turns if turn.position == position]
        if latest:
            self._interviewer.retry(max(latest, key=lambda turn: turn.attempt).id)

    def _regrade(self, page: Page, session_id: str, turn_id: str, grader: str) -> Updates:
        """Ask another grader, beside the grades that are there."""
        turn = next((turn for turn in self._interviewer.session(session_id).turns if turn.id == turn_id), None)
        if turn is not None and turn.answer is not None and not is_waiting_for(turn, grader):
            self._interviewer.regrade(turn.answer.id, grader)
        return self._redraw(page, session_id, turn_id)

    def _rename(self, page: Page, session_id: str, turn_id: str, title: str) -> Updates:
        self._archive.rename(session_id, title)
        return self._redraw(page, session_id, turn_id)

    def _put_away(self, page: Page, session_id: str, wanted: str) -> Updates:
        """Archive, and back to the list with the way to undo it; what is archived already comes back."""
        is_back = self._archive.shelf_of(session_id) == "archived"
        self._archive.archive(session_id, not is_back)
        if is_back:
            return self._redraw(page, session_id, "")
        session = self._interviewer.session(session_id)
        return {**self.room.hide(), **self.list.archived(page, session, wanted)}

    def _label(self, page: Page, wanted: str) -> Updates:
        return {**self.list.label(page, wanted), **self.data.show(page)}

    def _delete(self, page: Page, session_id: str, turn_id: str) -> Updates:
        """Ask before a session is deleted; one that is deleted comes back."""
        if self._archive.shelf_of(session_id) != "deleted":
            return self.panel.ask(page, "session", session_id, self._interviewer.session(session_id).title)
        self._deleting.undo(session_id)
        return {**self._redraw(page, session_id, turn_id), **self.panel.hide()}

    def _ask_about_answer(self, page: Page, turn_id: str) -> Updates:
        answer = self._archive.turn(turn_id).answer
        return {} if answer is None else self.panel.ask(page, "answer", answer.id)

    def _after_deletion(self, page: Page, ordered: PendingDeletion) -> Updates:
        """The room of an answer, else the list."""
        updates = self.data.show(page)
        if ordered.kind == "answer":
            return {**updates, self.beat: new_beat()}
        return {**updates, **self.show_list(page)}

    def _say_against(self, page: Page, wish: object, session_id: str, turn_id: str) -> Updates:
        self._contest(wish, self._interviewer.session(session_id).turns)
        return self._redraw(page, session_id, turn_id)

    def _look(self, page: Page, session_id: str, turn_id: str, stamp: str) -> Updates:
        """Beat where the room is not what the page shows: drawing it lists much, looking lists next to nothing."""
        return {self.beat: new_beat()} if self._is_stale(page, session_id, turn_id, stamp) else {}

    def _look_again(self, page: Page, session_id: str, turn_id: str, stamp: str) -> Updates:
        """After a refresh; see PracticeTab."""
        if not self._is_stale(page, session_id, turn_id, stamp):
            return {}
        return {self.beat: self.room.stamp_of(page, self._archive.transcript(session_id).told, turn_id)}

    def _refresh(self, page: Page, session_id: str, turn_id: str, stamp: str) -> Updates:
        """Redraw the room if it has changed, or complete a turn that was just opened."""
        if not self._is_stale(page, session_id, turn_id, stamp):
            return {}
        drawn = stamp.partition(" ")[0]
        updates = self._drawn(page, session_id, turn_id, moved=drawn != turn_id)
        return self.room.refreshed(updates, is_half=not drawn)

    def _is_stale(self, page: Page, session_id: str, turn_id: str, stamp: str) -> bool:
        if not session_id:
            return False
        return stamp != self.room.stamp_of(page, self._archive.transcript(session_id).told, turn_id)
