"""What a client names as a file is never read: only what its own browser has sent, once. Every event, every route."""

import asyncio
import json
import os
import stat
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.types import ASGIApp

from interview.errors import NotFound
from interview.settings import read_settings
from interview.ui.middleware.bodies import BodyLimitMiddleware
from interview.ui.middleware.routes import UPLOAD_LIMIT, rules_for
from interview.ui.server import create_app
from interview.ui.uploads import ROUTE, Upload, Uploads, add_uploads
from interview.wiring import Viva, build
from tests.browser import NOTES, running

pytestmark = pytest.mark.filterwarnings("default")  # Gradio 6.31 itself uses what pandas and asyncio have deprecated

CANARY_HOST = "canary.invalid"
MINE = "## Mine\n#### 1. Whose upload is this?\nMine.\n"
# The components whose value is a file, as the page's configuration calls them.
FILE_TYPES = {
    *("annotatedimage", "audio", "chatbot", "downloadbutton", "file", "gallery", "image", "imageeditor", "imageslider"),
    *("model3d", "multimodaltextbox", "uploadbutton", "video"),
}
CALLS = ("run/predict", "api/predict", "call/predict", "call/v2/predict", "queue/join", "stream/x", "component_server")


class _Opened:
    """Notes, and prevents, that this process opens a forbidden file or looks up the canary's name."""

    def __init__(self) -> None:
        self.forbidden: set[str] = set()
        self.seen: list[str] = []

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.forbidden:
            return
        if event == "open" and isinstance(args[0], str | bytes) and os.fsdecode(args[0]) in self.forbidden:
            self.seen.append(os.fsdecode(args[0]))
            raise PermissionError("a forbidden file was opened")
        if event in ("socket.getaddrinfo", "socket.gethostbyname") and CANARY_HOST in str(args[0]):
            self.seen.append(str(args[0]))
            raise OSError("the canary was looked up")


_OPENED = _Opened()
sys.addaudithook(_OPENED)  # for good: it does nothing while no path is forbidden


@pytest.fixture(scope="module", autouse=True)
def gradios_event_loops() -> Iterator[None]:
    """Close the event loops that Gradio makes, and leaves open, when a page is built outside of one."""
    made: list[asyncio.AbstractEventLoop] = []
    make = asyncio.new_event_loop

    def make_and_note() -> asyncio.AbstractEventLoop:
        made.append(make())
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "new_event_loop", make_and_note)
        yield
    asyncio.set_event_loop(None)
    for loop in made:
        loop.close()


@pytest.fixture(scope="module")
def viva(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viva]:
    data = tmp_path_factory.mktemp("data")
    (data / "backends.toml").touch()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "VIVA_MODEL"):
            patch.setenv(name, "")
        built = build(read_settings(data_dir=data, lang="en"))
    yield built
    built.store.close()


@pytest.fixture(scope="module")
def app(viva: Viva) -> ASGIApp:
    return create_app(viva, "en")


@pytest.fixture(scope="module")
def client(app: ASGIApp) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as connected:
        yield connected


@pytest.fixture
def alone() -> Iterator[TestClient]:
    """The route of uploads by itself, behind the limits of bodies."""
    app = FastAPI()
    add_uploads(app, Uploads(), "en")
    bounded = BodyLimitMiddleware(app, rules_for(with_login=False), "en")
    with TestClient(bounded, base_url="http://127.0.0.1") as connected:
        yield connected


def named(path: str, **more: Any) -> dict[str, Any]:
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **more}


def events_of(config: dict[str, Any]) -> dict[int, list[str]]:
    """The kinds of the inputs of every event, by its number."""
    kinds = {component["id"]: component["type"] for component in config["components"]}
    return {event["id"]: [kinds[one] for one in event["inputs"]] for event in config["dependencies"]}


def file_events_of(config: dict[str, Any]) -> dict[int, list[str]]:
    """The events with a file among their inputs, and those that follow them at once."""
    events = events_of(config)
    after = {event["id"]: event["trigger_after"] for event in config["dependencies"]}
    chosen = {one for one, kinds in events.items() if FILE_TYPES & {*kinds}}
    return {one: kinds for one, kinds in events.items() if one in chosen or after[one] in chosen}


def upload_event(config: dict[str, Any], button: str) -> tuple[int, int]:
    """The number of the event of an upload button, and how many inputs come before the file."""
    (component,) = (one["id"] for one in config["components"] if one["props"].get("elem_id") == button)
    (sending,) = (one for one in config["dependencies"] if component in one["inputs"])
    (event,) = (one for one in config["dependencies"] if one["trigger_after"] == sending["id"])
    return event["id"], event["inputs"].index(sending["outputs"][0])


def call(client: TestClient, route: str, event: int, data: list[Any]) -> str:
    """Call an event by one route, and wait for its end; returns all that was answered."""
    body = {"data": data, "fn_index": event, "session_hash": "s", "event_data": {"id": data, "index": data}}
    answer = client.post(f"/gradio_api/{route}", json=body)
    if answer.status_code != 200:
        return answer.text
    event_id = answer.json().get("event_id")
    follow = {"queue/join": "queue/data?session_hash=s", "call/predict": f"call/predict/{event_id}"}.get(route)
    return answer.text + (client.get(f"/gradio_api/{follow}").text if follow else "")


def send(client: TestClient, name: str, content: bytes, **headers: str) -> Any:
    return client.post(ROUTE, files={"files": (name, content)}, headers=headers)


@pytest.fixture
def foreign(tmp_path: Path, viva: Viva) -> Iterator[list[str]]:
    secret = tmp_path / "secret.md"
    secret.write_text(NOTES)
    os.mkfifo(tmp_path / "pipe.md")
    gradio = Path(os.environ["GRADIO_TEMP_DIR"])
    gradio.mkdir(mode=0o700, exist_ok=True, parents=True)
    link = gradio / "link.md"
    link.unlink(missing_ok=True)
    link.symlink_to(secret)
    hard = gradio / "hard.md"
    hard.unlink(missing_ok=True)
    hard.hardlink_to(secret)
    files = ["/etc/passwd", "/dev/zero", "/dev/stdin", str(secret), str(tmp_path / "pipe.md"), str(link), str(hard)]
    files += [f"{gradio}/../../{secret}", str(viva.store.path), "/proc/self/environ"]
    _OPENED.forbidden = {*files, *map(os.path.normpath, files)}
    viva.interviewer.use_built_in()
    yield [*files, f"file://{secret}", f"http://{CANARY_HOST}/notes.md", str(tmp_path), "..", "", "a\0b"]
    _OPENED.forbidden = set()
    _OPENED.seen.clear()


def test_no_event_reads_a_file_that_its_request_names(client: TestClient, viva: Viva, foreign: list[str]):
    """Every input of every event of the page, with files in every place where a value can hold one."""
    events = events_of(client.get("/config").json())
    assert len(events) > 100
    files = [named(path) for path in foreign]
    for event, kinds in events.items():
        call(client, "run/predict", event, [[files, {"deep": {"er": files}}] for _ in kinds])
        assert _OPENED.seen == [], event
    assert client.get("/healthz").status_code == 200
    assert viva.interviewer.notes_origin == ()


@pytest.mark.parametrize("route", CALLS)
def test_no_route_reads_a_file_that_is_named_to_an_event_with_a_file(
    client: TestClient, viva: Viva, foreign: list[str], route: str
):
    events = file_events_of(client.get("/config").json())
    assert len(events) >= 4
    for event, kinds in events.items():
        lies = {"url": foreign[3]}, {"is_stream": True}, {"orig_name": "x.md", "size": 1}
        for file in (*map(named, foreign), *(named(foreign[3], **lie) for lie in lies)):
            said = call(client, route, event, [file] * len(kinds))
            assert "root:" not in said
            assert "PATH=" not in said
            assert _OPENED.seen == [], (event, file)
    assert client.get("/healthz").status_code == 200
    assert viva.interviewer.notes_origin == ()


def test_only_the_browser_that_sent_a_file_can_use_it_and_once(app: ASGIApp, client: TestClient, viva: Viva):
    viva.interviewer.use_built_in()
    event, before = upload_event(client.get("/config").json(), "notes-upload")
    (key,) = send(client, "mine.md", MINE.encode()).json()
    stranger = TestClient(app, base_url="http://127.0.0.1")
    (other,) = send(stranger, "other.md", NOTES.encode()).json()
    for said in (named(key), key, {"key": key}, [key]):
        call(stranger, "run/predict", event, [None] * before + [said])
        assert viva.interviewer.notes_origin == ()
    lies = {"orig_name": "../../lie.md", "size": -1, "url": f"http://{CANARY_HOST}/", "is_stream": True}
    answer = call(client, "run/predict", event, [None] * before + [named(key, **lies)])
    assert "mine.md" in answer
    assert viva.interviewer.notes_origin == (str(viva.settings.data_dir / "notes" / "mine.md"),)
    assert "not here any more" in call(client, "run/predict", event, [None] * before + [named(key)])
    assert "not here any more" in call(client, "run/predict", event, [None] * before + [named(other)])


def test_an_upload_that_cannot_be_used_is_gone_too(client: TestClient):
    event, before = upload_event(client.get("/config").json(), "import-file")
    (key,) = send(client, "out.json", b"\xff").json()
    assert "not UTF-8" in call(client, "run/predict", event, [None] * before + [named(key)])
    assert "not here any more" in call(client, "run/predict", event, [None] * before + [named(key)])


def test_a_file_that_is_too_large_is_refused_in_the_language_of_the_browser(alone: TestClient):
    large = b"x" * (UPLOAD_LIMIT + 1)
    refused = send(alone, "large.md", large)
    assert (refused.status_code, "10 MB" in refused.text) == (413, True)
    assert "太大" in send(alone, "large.md", large, **{"accept-language": "zh-CN,zh;q=0.9"}).text

    def parts() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.md"\r\n\r\n'
        for _ in range(30):
            yield b"x" * 1_000_000
        yield b"\r\n--b--\r\n"

    chunked = alone.post(ROUTE, content=parts(), headers={"content-type": "multipart/form-data; boundary=b"})
    assert chunked.status_code == 413
    assert send(alone, "ok.md", large[:UPLOAD_LIMIT]).status_code == 200


def test_uploads_that_wait_have_a_quota(alone: TestClient):
    half = b"x" * (UPLOAD_LIMIT // 2)
    statuses = [send(alone, "half.md", half).status_code for _ in range(12)]
    assert statuses == [200] * 9 + [503] * 3


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "multipart/form-data; boundary=b"),
        (b"--b\r\n", "multipart/form-data"),
        (b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--b--\r\n', "multipart/form-data; boundary=b"),
        (b"{}", "application/json"),
    ],
)
def test_what_is_no_form_with_a_file_is_refused(alone: TestClient, content: bytes, kind: str):
    assert alone.post(ROUTE, content=content, headers={"content-type": kind}).status_code == 400


def test_an_upload_that_nobody_uses_is_forgotten():
    async def waits() -> None:
        uploads = Uploads(unused_seconds=0)
        key = uploads.put("browser", Upload("a.md", b"x"))
        assert uploads.size == 1
        for _ in range(1000):
            if uploads.size:
                await asyncio.sleep(0.001)
        assert uploads.size == 0
        with pytest.raises(NotFound):
            uploads.take("browser", key)

    asyncio.run(waits())


def test_a_server_that_was_named_endless_files_answers_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Gradio's folder is private and empty meanwhile, and gone afterwards."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    os.mkfifo(tmp_path / "pipe.md")
    with running(tmp_path, None, "--lang", "en") as server:
        with urllib.request.urlopen(f"{server.url}/config", timeout=60) as answer:
            config = json.load(answer)
        for button in ("notes-upload", "import-file"):
            event, before = upload_event(config, button)
            for path in ("/dev/zero", "/dev/stdin", str(tmp_path / "pipe.md")):
                for route in CALLS:
                    body = {"data": [None] * before + [named(path)], "fn_index": event, "session_hash": "s"}
                    request = urllib.request.Request(
                        f"{server.url}/gradio_api/{route}",
                        json.dumps(body).encode(),
                        {"content-type": "application/json"},
                    )
                    with suppress(urllib.error.HTTPError):
                        urllib.request.urlopen(request, timeout=60).close()
        assert server.answers()
        (gradios,) = tmp_path.glob("viva-*")
        assert stat.S_IMODE(gradios.stat().st_mode) == 0o700
        assert [path for path in gradios.rglob("*") if path.is_file()] == []
        assert server.terminate() == 0
        assert not gradios.exists()
