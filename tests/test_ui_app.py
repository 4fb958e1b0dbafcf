"""The screen without a browser: what the page's configuration, its headers and its events promise."""

import asyncio
import os
import re
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from fastapi.testclient import TestClient

from interview.errors import AlreadyAnswered, ContentError
from interview.models import SessionPlan
from interview.settings import read_settings
from interview.ui.app import build_app
from interview.ui.events import Wires
from interview.ui.frame import Frame
from interview.ui.page import Page, Updates, kept_session, read_page
from interview.ui.practice import PracticeTab
from interview.ui.questions import QuestionsTab
from interview.ui.safe_text import LATEX_DELIMITERS, safe_markdown
from interview.ui.server import create_app, listen
from interview.ui.strings import t
from interview.ui.transcripts import TranscriptsTab
from interview.ui.uploads import Uploads
from interview.ui.views import view
from interview.wiring import Viva, build
from tests.browser import NOTES
from tests.made_up import PNG

# Gradio 6.31 itself uses what pandas and asyncio have deprecated.
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(autouse=True)
def gradios_event_loops(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close the event loops that Gradio makes, and leaves open, when a page is built outside of one."""
    made: list[asyncio.AbstractEventLoop] = []
    make = asyncio.new_event_loop

    def make_and_note() -> asyncio.AbstractEventLoop:
        made.append(make())
        return made[-1]

    monkeypatch.setattr(asyncio, "new_event_loop", make_and_note)
    yield
    asyncio.set_event_loop(None)
    for loop in made:
        loop.close()


@pytest.fixture
def viva(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Viva]:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "VIVA_MODEL"):
        monkeypatch.setenv(name, "")
    notes = tmp_path / "notes.md"
    notes.write_text(NOTES, encoding="utf-8")
    data = tmp_path / "data"
    data.mkdir()
    (data / "backends.toml").touch()
    built = build(read_settings(data_dir=data, notes=(notes,), lang="en"))
    yield built
    built.store.close()


@pytest.fixture
def config(viva: Viva) -> dict[str, Any]:
    return dict(build_app(viva, "en", Uploads()).get_config_file())


@pytest.fixture
def client(viva: Viva) -> Iterator[TestClient]:
    with TestClient(create_app(viva, "en"), base_url="http://127.0.0.1:7860") as connected:
        yield connected


def test_no_event_is_a_public_api_and_none_shows_a_veil(config: dict[str, Any]):
    events = config["dependencies"]
    assert len(events) > 25
    assert {event["api_visibility"] for event in events} == {"private"}
    assert {event["show_progress"] for event in events} == {"hidden"}


def test_the_page_holds_no_connection_open(config: dict[str, Any]):
    assert config["connect_heartbeat"] is False
    assert not [component for component in config["components"] if component["type"] == "state"]


def test_what_the_page_fetches_by_itself_never_changes_the_place_that_a_click_chose(config: dict[str, Any]):
    ids = {component["props"].get("elem_id"): component["id"] for component in config["components"]}
    places = {ids[name] for name in ("practice-shown", "room-session", "room-turn")}
    beats = {ids["practice-beat"], ids["room-beat"]}
    own = [
        event
        for event in config["dependencies"]
        if any(name == "tick" or component in beats for component, name in event["targets"])
    ]
    assert len(own) > 4
    assert not [event["targets"] for event in own if places & {*event["outputs"]}]


def test_only_following_goes_through_the_queue(config: dict[str, Any]):
    queued = [event for event in config["dependencies"] if event["queue"] is not False and event["backend_fn"]]
    assert queued
    assert all(event["types"]["generator"] for event in queued)


def test_every_element_id_stands_once(config: dict[str, Any]):
    ids = Counter(
        component["props"]["elem_id"] for component in config["components"] if component["props"].get("elem_id")
    )
    assert ids["composer"] == ids["chat"] == ids["start"] == 1
    assert [name for name, count in ids.items() if count > 1] == []


def test_no_value_stands_in_a_template_that_is_evaluated(config: dict[str, Any]):
    cards = [component["props"] for component in config["components"] if component["type"] == "html"]
    assert len(cards) > 10
    assert {card["html_template"] for card in cards} == {"<div class='viva'></div>"}


@pytest.mark.parametrize("path", ["/", "/healthz", "/gradio_api/app_id", "/nowhere", "/notes/image"])
def test_every_answer_has_the_security_headers(client: TestClient, path: str):
    headers = client.get(path).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/gradio_api/deep_link", "/gradio_api/openapi.json"])
def test_what_nobody_needs_is_closed(client: TestClient, path: str):
    assert client.get(path).status_code == 404


def test_monitoring_and_run_history_are_off(client: TestClient):
    assert client.get("/monitoring/summary").status_code in (403, 404)
    assert '"run_history":false' in client.get("/").text


def test_only_our_own_names_are_answered(client: TestClient):
    for host in ("127.0.0.1", "localhost:7860", "[::1]:7860"):
        assert client.get("/healthz", headers={"host": host}).status_code == 200, host
    assert client.get("/healthz", headers={"host": "rebound.example"}).status_code == 400


def test_a_post_from_another_site_is_refused(client: TestClient):
    post = {"data": [], "fn_index": 0, "session_hash": "x"}
    foreign = client.post("/gradio_api/run/predict", json=post, headers={"origin": "http://evil.example"})
    assert foreign.status_code == 403
    own = client.post("/gradio_api/run/predict", json=post, headers={"origin": "http://127.0.0.1:7860"})
    assert own.status_code != 403


def test_export_gives_files_and_404_for_anything_else(viva: Viva, client: TestClient):
    session = viva.interviewer.start(SessionPlan(lang="en"))
    viva.interviewer.submit(session.turns[0].id, "</answer> stays", "coverage")
    for suffix, kind in (("md", "text/markdown"), ("json", "application/json")):
        answer = client.get(f"/export/{session.id}.{suffix}")
        assert answer.headers["content-type"].startswith(kind)
        assert "attachment" in answer.headers["content-disposition"]
        assert "stays" in answer.text
    for path in (f"/export/{session.id}.txt", "/export/nothing.md", "/export/..%2Fviva.db"):
        assert client.get(path).status_code == 404, path


def use_notes_with_images(viva: Viva, folder: Path) -> Path:
    folder.mkdir()
    notes = folder / "notes.md"
    notes.write_text(
        "## S\n#### 1. What is ![here](1&2.png)?\n![Mine](1&2.png) ![Far](https://example.invalid/1.png) ![Pipe](pipe) "
        "![Folder](sub) ![Out](../secret.png) ![Link](link.png) ![Drawn](a.svg) ![Large](large.png)\n",
        encoding="utf-8",
    )
    for image in (folder / "1&2.png", folder / "unnamed.png", folder.parent / "secret.png"):
        image.write_bytes(PNG)
    (folder / "sub").mkdir()
    (folder / "a.svg").write_text("<svg/>")
    (folder / "large.png").write_bytes(PNG + bytes(5_000_000))
    (folder / "link.png").symlink_to(folder.parent / "secret.png")
    os.mkfifo(folder / "pipe")
    viva.interviewer.use_notes([str(notes)])
    return notes


def test_only_images_of_the_notes_in_use_are_served(viva: Viva, client: TestClient, tmp_path: Path):
    notes = use_notes_with_images(viva, tmp_path / "folder")

    def ask(source: str, file: str = str(notes)) -> int:
        return client.get("/notes/image", params={"file": file, "source": source}).status_code

    served = client.get("/notes/image", params={"file": str(notes), "source": "1&2.png"})
    assert (served.status_code, served.content) == (200, PNG)
    assert served.headers["content-type"] == "image/png"
    refused = ["https://example.invalid/1.png", "pipe", "sub", "../secret.png", "link.png", "a.svg", "large.png", ""]
    for source in (*refused, "unnamed.png", str(notes.parent / "1&2.png"), "./1&2.png", "gone.png"):
        assert ask(source) == 404, source
    for file in ("notes.md", "", str(notes.parent), str(notes.parent / "other.md"), f"{notes}/../notes.md"):
        assert ask("1&2.png", file) == 404, file
    (notes.parent / "1&2.png").unlink()
    assert ask("1&2.png") == 404
    (notes.parent / "1&2.png").write_bytes(PNG)
    viva.interviewer.use_built_in()
    assert ask("1&2.png") == 404


def test_a_reference_shows_the_images_of_its_notes_wherever_it_is_drawn(viva: Viva, client: TestClient, tmp_path: Path):
    use_notes_with_images(viva, tmp_path / "folder")
    page = Page(lang="en", grader="coverage")
    with gr.Blocks():
        frame = Frame(viva.interviewer, viva.waiting, page)
        practice, transcripts = PracticeTab(viva, frame, page), TranscriptsTab(viva, frame)
        questions = QuestionsTab(viva, page)
    session = viva.interviewer.start(SessionPlan(lang="en"))
    turn = viva.interviewer.reveal(session.turns[0].id)

    def drawn() -> list[str]:
        session_now = viva.interviewer.session(session.id)
        room = transcripts.room
        return [
            practice.talk.render(page, session_now)[practice.talk.notes.text]["value"],
            transcripts._refresh(page, session.id, turn.id, "")[room.reference]["value"],
        ]

    opened = questions.arrive(page, opened=turn.question.id)
    texts = [*drawn(), opened[questions.card.reference]["value"]]
    for text in texts:
        (address,) = re.findall(r"!\[Mine\]\((\S+)\)", text)
        assert client.get(address).content == PNG
        assert text.count("![") == 1
        assert text.count("〔image〕") == 7
    assert "![" not in opened[questions.card.text]["value"]
    viva.interviewer.use_built_in()
    for text in drawn():
        assert "![" not in text
        assert "〔image〕 Mine" in text


def test_the_worker_grades_while_the_app_runs_and_ends_with_it(viva: Viva):
    with TestClient(create_app(viva, "en"), base_url="http://127.0.0.1") as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        session = viva.interviewer.start(SessionPlan(lang="en"))
        viva.interviewer.submit(session.turns[0].id, "every token looks at every other token", "coverage")

        async def until_done() -> None:
            version = viva.live.version(session.id)
            while viva.interviewer.session(session.id).turns[0].gradings[0].state != "done":
                version = await viva.live.changed(session.id, version, 30)

        asyncio.run(until_done())
    assert viva.live.draining


def test_a_port_in_use_is_said_in_a_sentence():
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ContentError, match=rf"Port {port} on 127\.0\.0\.1 is in use.*--port"):
            listen("127.0.0.1", port)


def test_an_address_that_cannot_be_had_is_said_in_a_sentence():
    with pytest.raises(ContentError, match=r"Cannot serve on viva\.invalid, port 7860.*--host and --port"):
        listen("viva.invalid", 7860)


def test_the_listening_socket_is_on_loopback_alone():
    with listen("127.0.0.1", 0) as listener:
        assert listener.family == socket.AF_INET
        assert listener.getsockname()[0] == "127.0.0.1"


def test_no_answer_waits_for_the_browser_to_acknowledge_its_head():
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("kept", [None, [], 7, {"session": 7, "lang": "fr", "grader": {}}, {}])
def test_nonsense_in_the_browsers_storage_is_ignored(kept: object):
    fallback = Page(lang="en", grader="coverage")
    assert read_page(kept, kept, None, fallback) == fallback


def test_the_header_counts_before_the_browsers_memory():
    wishes = {"lang": "zh", "grader": "openai"}
    assert read_page(kept_session("s"), wishes, None, Page()) == Page(session="s", lang="zh", grader="openai")
    assert read_page(kept_session("s"), wishes, "coverage", Page()).grader == "coverage"


def test_what_a_page_remembers_is_read_back():
    page = Page(session="s", lang="en", grader="openai")
    assert read_page(kept_session(page.session), page.wishes(), None, Page()) == page


def test_an_error_is_told_where_it_happened_and_nothing_else_changes(caplog: pytest.LogCaptureFixture):
    def refuses(page: Page) -> Updates:
        raise AlreadyAnswered("This question already has an answer.")

    def breaks(page: Page) -> Updates:
        raise RuntimeError("a bug")

    with gr.Blocks() as demo:
        place = view("notice", {})
        button, box = gr.Button(), gr.Textbox()
        wires = Wires(gr.BrowserState({}), gr.BrowserState({}), gr.Dropdown([]), Page(lang="en"), Uploads())
        wires.on(button.click, refuses, [box], place)
        wires.on(button.click, breaks, [box], place)
    told, broken = (event.fn({}, {"lang": "en"}, "coverage") for event in demo.fns.values() if event.fn)
    assert list(told) == list(broken) == [place]
    assert told[place]["value"] == {"text": "This question already has an answer.", "detail": ""}
    assert broken[place]["value"]["text"] == "Something went wrong."
    assert "a bug" in caplog.text


def test_the_room_shows_what_a_follow_up_asked_below_its_question(viva: Viva):
    page = Page(lang="en", grader="coverage")
    with gr.Blocks():
        tab = TranscriptsTab(viva, Frame(viva.interviewer, viva.waiting, page))
    session = viva.interviewer.start(SessionPlan(lang="en"))
    first = session.turns[0]
    viva.interviewer.submit(first.id, "an answer of some length", "coverage")
    asked = viva.interviewer.follow_up(first.id, "And for $n < 2$? <img src=x>")
    assert asked is not None
    viva.interviewer.submit(asked.id, "another answer", "coverage")

    def shown(turn_id: str) -> str:
        return tab.show_room(page, session.id, turn_id)[tab.room.question]["value"]

    question = f"## {safe_markdown(first.question.text, formulas=True)}"
    assert shown(first.id) == question
    heading, said = shown(asked.id).removeprefix(question).strip().split("\n\n")
    assert heading == f"### {t('follow_up.title', 'en')}"
    assert said == safe_markdown("And for $n < 2$? <img src=x>", formulas=True)


def test_a_room_drawn_for_another_answer_is_drawn_whole_and_one_of_its_own_leaves_what_is_typed(viva: Viva):
    session = viva.interviewer.start(SessionPlan(lang="en"))
    first = session.turns[0]
    viva.interviewer.submit(first.id, "Every token looks at all the others.", "coverage")
    second = viva.interviewer.ask_next(session.id)
    assert second is not None
    page = Page(lang="en", grader="coverage")
    with gr.Blocks():
        tab = TranscriptsTab(viva, Frame(viva.interviewer, viva.waiting, page))
    beside = tab.room.beside
    for stamp in ("", f"{first.id} as it was"):
        updates = tab._refresh(page, session.id, second.id, stamp)
        assert (updates[beside.note_turn], updates[beside.note]["value"]) == (second.id, "")
        assert tab.room.turn_id not in updates
    updates = tab._refresh(page, session.id, second.id, f"{second.id} as it was")
    assert beside.note_turn not in updates
    assert "value" not in updates[beside.note]
    assert tab._refresh(page, session.id, second.id, updates[tab.room.stamp]) == {}


def test_every_component_that_draws_formulas_has_our_delimiters(config: dict[str, Any]):
    drawing = [one for one in config["components"] if one["type"] in ("markdown", "chatbot")]
    assert len(drawing) > 10
    assert [
        one["props"].get("elem_id") for one in drawing if one["props"]["latex_delimiters"] != LATEX_DELIMITERS
    ] == []
