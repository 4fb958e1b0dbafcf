"""A page load leaves little behind, and a page keeps the choices that it was given."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import gradio as gr
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from gradio.route_utils import API_PREFIX

from benchmarks.page_loads import load_page
from interview.settings import read_settings
from interview.ui import page_states
from interview.ui.page_states import PageState, keep_pages_small
from interview.ui.server import create_routes
from interview.wiring import build
from tests.browser import NOTES

# Gradio 6.31 itself uses what pandas and asyncio have deprecated.
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(autouse=True)
def event_loops(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close the event loops that Gradio makes, and leaves open, when a page is built outside of one."""
    made: list[asyncio.AbstractEventLoop] = []
    make = asyncio.new_event_loop
    monkeypatch.setattr(asyncio, "new_event_loop", lambda: made.append(make()) or made[-1])
    yield
    asyncio.set_event_loop(None)
    for loop in made:
        loop.close()


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "VIVA_MODEL"):
        monkeypatch.setenv(name, "")
    notes = tmp_path / "notes.md"
    notes.write_text(NOTES, encoding="utf-8")
    data = tmp_path / "data"
    data.mkdir()
    (data / "backends.toml").touch()
    viva = build(read_settings(data_dir=data, notes=(notes,), lang="en"))
    yield create_routes(viva, "en", None)
    viva.store.close()


def test_pages_hold_no_configuration_and_share_their_components(app: FastAPI, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page_states, "PAGES_KEPT", 3)
    states = keep_pages_small(app)
    assert states.capacity == states.blocks.state_session_capacity
    states.capacity = 3
    with TestClient(app, base_url="http://127.0.0.1") as client:
        for _ in range(5):
            load_page(cast(Any, client))
    pages = list(states.session_data.values())
    assert len(pages) == len(states.time_last_used) == 3
    assert all(isinstance(page, PageState) and page.config_values == {} for page in pages)
    own = [page.blocks_config.blocks for page in pages]
    made = {key for key, block in own[0].items() if block is not states.blocks.blocks.get(key)}
    assert len(made) > 10
    assert all(blocks[key] is own[0][key] for blocks in own for key in made)


def test_each_page_keeps_the_choices_that_it_was_given_last():
    def chosen(names: list[str]) -> gr.Dropdown:
        return gr.Dropdown(choices=names, interactive=True)

    with gr.Blocks(analytics_enabled=False) as demo:
        names, box, said = gr.JSON(), gr.Dropdown(choices=["a"]), gr.Textbox()
        names.change(chosen, names, box, queue=False)
        box.change(lambda value: value, box, said, queue=False)
    app = gr.mount_gradio_app(FastAPI(), demo, path="/")
    keep_pages_small(app)

    def call(client: TestClient, index: int, value: object, page: str) -> int:
        body = {"data": [value], "fn_index": index, "session_hash": page}
        return client.post(f"{API_PREFIX}/run/predict", json=body).status_code

    with TestClient(app) as client:
        assert call(client, 0, ["b"], "one") == 200
        assert call(client, 0, ["c"], "two") == 200
        assert call(client, 1, "b", "one") == 200
        assert call(client, 1, "c", "one") == 500
        assert call(client, 1, "c", "two") == 200
