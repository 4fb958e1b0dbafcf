"""The list of the Transcripts tab: sessions of a shelf, or the turns that a search finds; undo; files taken in."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from interview.grading.scoring import USUAL_BANDS
from interview.models import ArchiveFilter, Language, Session, Shelf, Value
from interview.service.archive import Archive
from interview.service.archive_jobs import ArchiveJobs
from interview.service.rubric_history import RubricHistory
from interview.ui.events import PRIVATE, Wires
from interview.ui.importing import ImportPanel
from interview.ui.page import Page, Updates
from interview.ui.safe_text import LATEX_DELIMITERS
from interview.ui.strings import TABLE, t
from interview.ui.views import mark_word, session_rows, view
from interview.ui.views.found import hit_rows
from interview.ui.views.parts import grader_word

_PAGE_SIZE = 20
_ANY = "*"  # of a dropdown: this does not filter
_MARKS = (*USUAL_BANDS, "own", "estimate", "ungraded", "pending", "skipped")
_SHELVES: tuple[Shelf, ...] = ("active", "archived", "deleted")
_DAYS = ("7", "30", "365")


class Wanted(Value):
    """What a page lists. All of it is the client's word."""

    listed: int = _PAGE_SIZE
    words: str = ""
    section: str = _ANY
    mark: str = _ANY
    grader: str = _ANY
    mode: str = _ANY
    tag: str = _ANY
    days: str = _ANY
    starred: bool = False
    shelf: Shelf = "active"

    def filter(self, now: datetime) -> ArchiveFilter:
        """The same for the archive."""
        since = now - timedelta(days=int(self.days)) if self.days in _DAYS else None
        chosen = ArchiveFilter(words=self.words, starred=self.starred, shelf=self.shelf, since=since)
        names = {name: str(getattr(self, name)) for name in _CHOSEN}
        return chosen.model_copy(update={name: "" if value == _ANY else value for name, value in names.items()})


_CHOSEN = ("section", "mark", "grader", "mode", "tag")


class ListPanel:
    """Everything above the review room. `wanted` holds what the page lists, as JSON."""

    def __init__(self, archive: Archive, archives: ArchiveJobs, rubrics: RubricHistory, lang: Language) -> None:
        """Builds the components inside the present Blocks; `connect` gives them their events."""
        self._archive = archive
        self._rubrics = rubrics
        self.importing = ImportPanel(archive, archives)
        with gr.Column(elem_id="sessions") as self.column:
            with gr.Row(elem_id="undo", elem_classes=["card"], visible=False) as self.undo_row:
                self.undo_text = gr.Markdown("", elem_id="undo-text", latex_delimiters=LATEX_DELIMITERS)
                self.undo = gr.Button("", size="sm", scale=0, elem_classes=["pill"], elem_id="undo-button")
            with gr.Column(elem_classes=["card"]):
                self._build_filters(lang)
                self.importing.build_below()
                self.rows = view("session_rows", {}, elem_id="session-rows")
                self.hits = view("hit_rows", {}, elem_id="hit-rows", visible=False)
            self.more = gr.Button("", size="sm", elem_classes=["link"], elem_id="sessions-more", visible=False)
        self.importing.build_hidden()
        self.wanted = gr.Textbox(Wanted().model_dump_json(), visible="hidden", elem_id="list-wanted", label="wanted")
        self.undoing = gr.Textbox("", visible="hidden", elem_id="list-undoing", label="undoing")

    def _build_filters(self, lang: Language) -> None:
        with gr.Row(elem_id="find", elem_classes=["tight"]):
            self.words = gr.Textbox(
                "",
                placeholder=t("find.words", lang),
                show_label=False,
                container=False,
                elem_id="find-words",
                lines=1,
                max_lines=1,
            )
            self.importing.build_button(lang)
        self.fold = gr.Button(t("find.filters", lang), size="sm", elem_classes=["link"], elem_id="find-filters")
        with gr.Row(elem_id="find-row"):
            any_of = [(t("find.any", lang), _ANY)]
            self.choosers = {name: _chooser(name, any_of, lang) for name in (*_CHOSEN, "days")}
            self.choosers["shelf"] = _chooser("shelf", [(t(f"find.{name}", lang), name) for name in _SHELVES], lang)
            self.starred = gr.Checkbox(False, label=t("find.starred", lang), elem_id="find-starred", interactive=True)
            self.clear = gr.Button(t("find.clear", lang), size="sm", elem_classes=["link"], elem_id="find-clear")

    @property
    def outputs(self) -> list[Block]:
        """Everything that the list's events change."""
        return [*self.listed, *self.labelled, self.undo_row, self.undo_text, self.undoing, *self.importing.changing]

    @property
    def listed(self) -> list[Block]:
        """What another search changes, and whether the list is seen at all."""
        return [self.column, self.rows, self.hits, self.more, self.wanted]

    @property
    def labelled(self) -> list[Block]:
        """What `label` changes."""
        filters = (self.words, self.fold, self.starred, self.clear, *self.choosers.values())
        return [*filters, self.undo, *self.importing.labelled]

    def show(self, page: Page, wanted: str) -> Updates:
        """What the page wants listed."""
        return {self.column: gr.update(visible=True), **self._rows(page, read_wanted(wanted))}

    def label(self, page: Page, wanted: str) -> Updates:
        """Every fixed word, and all that can be chosen from."""
        chosen, lang = read_wanted(wanted), page.lang
        return {
            self.words: gr.update(placeholder=t("find.words", lang)),  # what is being typed stays
            self.fold: gr.update(value=t("find.filters", lang)),
            self.starred: gr.update(label=t("find.starred", lang), value=chosen.starred),
            self.clear: gr.update(value=t("find.clear", lang)),
            self.undo: gr.update(value=t("undo.undo", lang)),
            **self.importing.labels(lang),
            **self._choices(chosen, lang),
        }

    def hide(self) -> Updates:
        """The room is open instead."""
        return {self.column: gr.update(visible=False)}

    def archived(self, page: Page, session: Session, wanted: str) -> Updates:
        """The list after a session was archived, with the way to bring it back."""
        return {
            **self.show(page, wanted),
            self.undo_row: gr.update(visible=True),
            self.undo_text: gr.update(value=t("undo.archived", page.lang, title=session.title).replace("<", "‹")),
            self.undoing: session.id,
        }

    def _rows(self, page: Page, chosen: Wanted) -> Updates:
        """One more than listed is read, to know whether there are older ones."""
        wanted = chosen.filter(datetime.now(UTC))
        count = max(1, min(chosen.listed, 2000))
        updates: Updates = {self.wanted: chosen.model_dump_json()}
        if wanted.wants_turns:
            hits = self._archive.find(wanted, limit=count + 1)
            updates[self.hits] = gr.update(value=hit_rows(hits[:count], chosen.words, page.lang), visible=True)
            updates[self.rows] = gr.update(visible=False)
            found = len(hits)
        else:
            summaries = self._archive.sessions(chosen.shelf, limit=count + 1)
            value = session_rows(summaries[:count], self._rubrics.default, page.lang, chosen.shelf, choosable=True)
            updates[self.rows] = gr.update(value=value, visible=True)
            updates[self.hits] = gr.update(visible=False)
            found = len(summaries)
        updates[self.more] = gr.update(value=t("sessions.more", page.lang), visible=found > count)
        return updates

    def _choices(self, chosen: Wanted, lang: Language) -> Updates:
        known = self._archive.choices()
        offered: dict[str, Sequence[tuple[str, str]]] = {
            "section": [(name, name) for name in known.sections],
            "mark": [(mark_word(mark, lang), mark) for mark in (*self._rubrics.tones(), *_MARKS)],
            "grader": [(grader_word(name, lang), name) for name in known.graders],
            "mode": [(_mode_word(name, lang), name) for name in known.modes],
            "tag": [(name, name) for name in known.tags],
            "days": [(t(f"find.days_{days}", lang), days) for days in _DAYS],
        }
        every = [(t("find.any", lang), _ANY)]
        updates: Updates = {
            self.choosers[name]: gr.update(
                choices=[*every, *choices], label=t(f"find.{name}", lang), value=getattr(chosen, name)
            )
            for name, choices in offered.items()
        }
        shelves = [(t(f"find.{shelf}", lang), shelf) for shelf in _SHELVES]
        updates[self.choosers["shelf"]] = gr.update(choices=shelves, label=t("find.shelf", lang), value=chosen.shelf)
        return updates

    # --- events

    def connect(self, wires: Wires, place: Component) -> None:
        """Give everything its event but the rows, which lead into the room."""
        seen, listed = self.outputs, self.listed
        inputs = [self.words, *self.choosers.values(), self.starred]
        wires.on(self.words.submit, self._filter, listed, place, inputs)
        for trigger in (self.words.change, *(chooser.input for chooser in self.choosers.values()), self.starred.input):
            wires.on(trigger, self._filter, listed, place, inputs, latest=True)
        unfold = "() => { document.getElementById('find-row').classList.toggle('open'); }"
        self.fold.click(None, None, None, js=unfold, **PRIVATE)
        wires.on(self.clear.click, self._clear, seen, place)
        wires.on(self.more.click, self._more, listed, place, [self.wanted])
        wires.on(self.undo.click, self._undo, seen, place, [self.undoing, self.wanted])
        self.importing.connect(wires, place, self.wanted, self._renew, seen)

    def _filter(self, page: Page, words: str, *values: object) -> Updates:
        names = [*self.choosers, "starred"]
        return self._rows(page, _checked({"words": words, **dict(zip(names, values, strict=True))}))

    def _renew(self, page: Page, wanted: str) -> Updates:
        return {**self.show(page, wanted), **self.label(page, wanted)}

    def _clear(self, page: Page) -> Updates:
        updates = self._renew(page, "")
        updates[self.words]["value"] = ""
        return updates

    def _more(self, page: Page, wanted: str) -> Updates:
        chosen = read_wanted(wanted)
        return self._rows(page, chosen.model_copy(update={"listed": chosen.listed + _PAGE_SIZE}))

    def _undo(self, page: Page, undoing: str, wanted: str) -> Updates:
        self._archive.archive(undoing, False)
        return {**self.show(page, wanted), self.undo_row: gr.update(visible=False), self.undoing: ""}


def read_wanted(text: str) -> Wanted:
    """What a page wants listed, from its JSON; everything where that makes no sense."""
    try:
        return Wanted.model_validate_json(text)
    except ValueError:
        return Wanted()


def _checked(values: dict[str, object]) -> Wanted:
    """What the controls say; one that says nothing, as one that was never unfolded, does not filter."""
    try:
        return Wanted.model_validate({name: value for name, value in values.items() if value not in (None, "", [])})
    except ValueError:
        return Wanted(words=str(values.get("words") or ""))


def _chooser(name: str, choices: list[tuple[str, str]], lang: Language) -> gr.Dropdown:
    """A dropdown that starts with the first of `choices`."""
    return gr.Dropdown(
        choices,
        value=choices[0][1],
        label=t(f"find.{name}", lang),
        interactive=True,
        filterable=False,
        elem_id=f"find-{name}",
    )


def _mode_word(mode: str, lang: Language) -> str:
    key = f"find.mode_{mode}"
    return t(key, lang) if key in TABLE else mode
