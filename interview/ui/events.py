"""The one place where a component's event becomes a call, and an error becomes words on the screen."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component
from gradio.events import Dependency

from interview.errors import TextTooLong, VivaError
from interview.text import FIELD_LIMIT
from interview.ui.page import Page, Updates, read_page
from interview.ui.strings import t
from interview.ui.uploads import Uploads, browser_of
from interview.ui.views import notice

_LOG = logging.getLogger(__name__)
# Every event of ours: not offered as an API, no loading veil over the page. Without the empty list Gradio would tell
# each component that any event ever listed, before and after every event, that it waits: a tenth of a second each time.
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "show_progress_on": []}

Act = Callable[..., Updates]
Trigger = Callable[..., Dependency]


@dataclass(frozen=True)
class Wires:
    """Connects events to functions `act(page, *values) -> Updates`, outside the queue: a closed tab loses nothing.

    `session` and `wishes` of the browser's storage and the header's `grader` say what the Page is; `fallback` stands
    in where they say nothing. `uploads` holds the files that browsers send. A VivaError is told at `place` (a view of
    the kind `notice`) and changes nothing else; a success clears what stood there.
    """

    session: gr.BrowserState
    wishes: gr.BrowserState
    grader: gr.Dropdown
    fallback: Page
    uploads: Uploads

    def on(
        self,
        trigger: Trigger,
        act: Act,
        outputs: Sequence[Block],
        place: Component,
        inputs: Sequence[Component] = (),
        *,
        clears: bool = True,
        latest: bool = False,
        before: str | None = None,
    ) -> Dependency:
        """Call `act(page, *values of inputs)`; events that nobody asked for leave an older notice (`clears` False).

        `latest`: of changes that come faster than they are answered the last one counts; else they are dropped while
        one is under way, which is right for clicks. `before` is a call of the script, made when the event goes out.
        """

        def run(session: object, wishes: object, grader: object, *values: object) -> Updates:
            return self._guarded(act, place, read_page(session, wishes, grader, self.fallback), values, clears=clears)

        mode = {"trigger_mode": "always_last"} if latest else {}
        if before is not None:
            mode["js"] = f"(...values) => {{ {before}; return values; }}"
        return trigger(run, [*self._page, *inputs], _unique(outputs, place), queue=False, **mode, **PRIVATE)

    def on_visit(self, trigger: Trigger, act: Act, outputs: Sequence[Block], place: Component) -> Dependency:
        """Call `act(page)` when a page opens: the header does not know yet which grader the browser remembers."""

        def run(session: object, wishes: object) -> Updates:
            return self._guarded(act, place, read_page(session, wishes, None, self.fallback), ())

        return trigger(run, [self.session, self.wishes], _unique(outputs, place), queue=False, **PRIVATE)

    def on_upload(
        self,
        button: gr.UploadButton,
        key: gr.Textbox,
        act: Act,
        outputs: Sequence[Block],
        place: Component,
    ) -> Dependency:
        """Call `act(page, upload)` with the file that this browser has sent; it is forgotten then.

        `key` is a hidden box: the server sees the key of the upload there, and the file of the button nowhere.
        """

        def run(request: gr.Request, session: object, wishes: object, grader: object, sent: str) -> Updates:
            def use(page: Page) -> Updates:
                return act(page, self.uploads.take(browser_of(request), sent)) if sent else {}

            return self._guarded(use, place, read_page(session, wishes, grader, self.fallback), ())

        sent = button.upload(None, [button], [key], js="(file) => file?.path ?? ''", queue=False, **PRIVATE)
        then = cast("Trigger", sent.then)
        return then(run, [*self._page, key], _unique(outputs, place), queue=False, **PRIVATE)

    def on_select(
        self,
        trigger: Trigger,
        act: Act,
        claimed: str,
        outputs: Sequence[Block],
        place: Component,
        inputs: Sequence[Component] = (),
        *,
        shows: bool = False,
    ) -> Dependency:
        """Call `act(page, what was clicked, *values of inputs)` on a click inside a card or the chat.

        `claimed` names what the click tells, such as `turn`, `id` or `index`: the client's word, to be looked up.
        `shows`: the click only opens something. Then the last click counts, even while an earlier one is under way;
        other clicks are dropped meanwhile. (Gradio's "always_last" forgets what was clicked.)
        """

        def run(event: gr.EventData, session: object, wishes: object, grader: object, *values: object) -> Updates:
            page = read_page(session, wishes, grader, self.fallback)
            return self._guarded(act, place, page, (_plain_claim(getattr(event, claimed, "")), *values))

        mode = {"trigger_mode": "multiple"} if shows else {}
        return trigger(run, [*self._page, *inputs], _unique(outputs, place), queue=False, **mode, **PRIVATE)

    @property
    def _page(self) -> list[Component]:
        return [self.session, self.wishes, self.grader]

    def _guarded(
        self, act: Act, place: Component, page: Page, values: Sequence[object], *, clears: bool = True
    ) -> Updates:
        # Gradio takes no empty dict, so an event that changes nothing names the place at least.
        cleared: Updates = {place: gr.update(value=notice("", page.lang)) if clears else gr.update()}
        try:
            _check_lengths(values)
            return {block: _plain(change) for block, change in {**cleared, **act(page, *values)}.items()}
        except VivaError as error:
            return {place: gr.update(value=notice(error, page.lang))}
        except Exception:
            _LOG.exception("The screen failed in %s", getattr(act, "__qualname__", act))
            return {place: gr.update(value=notice(t("error.VivaError", page.lang), page.lang))}


def _plain_claim(claim: object) -> object:
    """Return the claim if it is text, a number, or a flat list or mapping of these; else an empty string.

    Gradio takes some nested values for files.
    """
    parts: Iterable[object] = (claim,)
    if isinstance(claim, list):
        parts = cast("list[object]", claim)
    elif isinstance(claim, Mapping):
        parts = cast("Mapping[str, object]", claim).values()
    return cast("object", claim) if all(isinstance(part, str | int | float) for part in parts) else ""


def _check_lengths(values: Sequence[object]) -> None:
    """Raise TextTooLong for a field of any event that is longer than the longest that a person may fill in."""
    for value in values:
        inner = cast("Mapping[object, object]", value).values() if isinstance(value, Mapping) else (value,)
        longest = max((len(one) for one in inner if isinstance(one, str)), default=0)
        if longest > FIELD_LIMIT:
            raise TextTooLong(f"This text has {longest:,} characters; the limit is {FIELD_LIMIT:,}.", FIELD_LIMIT)


def _plain(change: Any) -> Any:
    """The value itself where nothing else changes: for any other change Gradio makes the component anew."""
    if not isinstance(change, dict):
        return change
    props = cast("dict[str, Any]", change)
    return props["value"] if props.keys() == {"__type__", "value"} else props


def _unique(outputs: Sequence[Block], place: Component) -> list[Block]:
    return list(dict.fromkeys([*outputs, place]))
