"""Keep what Gradio remembers of each open page small.

For every page load Gradio keeps a copy of the whole configuration, which only its deep links read, and a component of
its own for each one that an event changed: .85 MB, until as many newer pages are open as it holds. Nothing else tells
the server that a page was closed: the page has no heartbeat, which would cost each tab a connection. Viva has no deep
links, and hardly any two pages differ: pages share equal components here, and a page costs some 30 KB.
"""

from copy import copy
from typing import Any

import gradio as gr
from fastapi import FastAPI
from gradio.blocks import Block
from gradio.routes import App
from gradio.state_holder import SessionState, StateHolder
from starlette.routing import Mount

# A page that is dropped loses the choices it was last given; open pages ask every few seconds, so the oldest is closed.
PAGES_KEPT = 500
_COMPONENTS_SHARED = 4096


class _SharedComponents:
    """Components by what they were made of; nothing writes to one after it was made."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, str], Block] = {}

    def equal_to(self, component: Block, key: int) -> Block:
        if len(self._made) >= _COMPONENTS_SHARED:
            self._made.clear()
        return self._made.setdefault((key, repr(component.constructor_args)), component)


class PageState(SessionState):
    """Gradio's state of one page without the copy of the configuration."""

    def __init__(self, blocks: gr.Blocks, shared: _SharedComponents) -> None:
        # Not that of the base class: it would make the copy, which takes longer than all the rest of a page load.
        self.blocks_config = copy(blocks.default_config)
        self.config_values: dict[int, Any] = {}
        self.state_data: dict[int, Any] = {}
        self._state_ttl: dict[int, Any] = {}
        self.is_closed = False
        self.STATE_TTL_WHEN_CLOSED = 3600
        self._shared = shared

    def __setitem__(self, key: int, value: Any) -> None:
        self.blocks_config.blocks[key] = self._shared.equal_to(value, key)

    def _update_config(self, key: int) -> None:
        pass

    def _update_value_in_config(self, key: int, value: Any) -> None:
        pass


class PageStates(StateHolder):
    """The states of all pages, at most PAGES_KEPT; the one used longest ago is dropped first."""

    def __init__(self) -> None:
        super().__init__()
        self._shared = _SharedComponents()

    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            self.session_data[session_id] = PageState(self.blocks, self._shared)
        return super().__getitem__(session_id)


def keep_pages_small(app: FastAPI) -> PageStates:
    """Replace the states of the Gradio app that is mounted in `app`. Call it before the first request."""
    states = PageStates()
    for route in app.routes:
        if isinstance(route, Mount) and isinstance(route.app, App):
            route.app.state_holder = states
            states.set_blocks(route.app.get_blocks())
    return states
