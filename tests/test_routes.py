"""Every route of the whole app, Gradio's too, for strangers and for the owner. The list is made from the app itself."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.types import ASGIApp

from interview.settings import read_settings
from interview.ui.login import Login
from interview.ui.middleware import protect
from interview.ui.middleware.routes import rule_for, rules_for
from interview.ui.server import create_routes
from interview.wiring import Viva, build

# Gradio 6.31 itself uses what pandas and asyncio have deprecated.
pytestmark = pytest.mark.filterwarnings("default")

PASSWORD = "correct horse"
URL = "http://127.0.0.1:7860"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# What a browser asks of Gradio while somebody uses the page. A route that is missing here is closed.
OPEN = {
    *("GET /", "GET /static/x", "GET /assets/x", "GET /theme.css", "GET /favicon.ico", "GET /gradio_api/app_id"),
    *("POST /gradio_api/run/predict", "POST /gradio_api/queue/join", "GET /gradio_api/queue/data"),
    *("POST /gradio_api/upload", "GET /config"),
}
OURS = {
    *("GET /healthz", "GET /export/x.x", "GET /archive/x.zip", "GET /notes/image"),
    *("GET /login", "POST /login", "POST /logout"),
}
PUBLIC = {"GET /healthz", "GET /login", "POST /login", "POST /logout"}


@pytest.fixture(scope="module")
def viva(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viva]:
    data = tmp_path_factory.mktemp("data")
    (data / "backends.toml").touch()
    built = build(read_settings(project=data, data_dir=data, lang="en", **PROJECT_FOLDERS, password=PASSWORD))
    yield built
    built.store.close()


PROJECT_FOLDERS = {name: Path(__file__).parent.parent / name for name in ("rubrics", "prompts")}


class Stand:
    """The app, and how many requests of a test came through to its routes."""

    def __init__(self, viva: Viva) -> None:
        assert viva.access.password is not None
        self.login = Login(viva.access.password)
        self.routes: FastAPI = create_routes(viva, "en", self.login)
        self.came = 0

        async def counted(scope: Any, receive: Any, send: Any) -> None:
            self.came += scope["type"] == "http"
            await self.routes(scope, receive, send)

        app: ASGIApp = protect(counted, viva.access, self.login, "en")
        self.client = TestClient(app, base_url=URL, follow_redirects=False, raise_server_exceptions=False)
        self.cookie = f"viva_session={self.login._sessions.open()}"

    def ask(self, method: str, path: str, **headers: str) -> int:
        """The status; a body is sent where the method has one, so that a route cannot hide behind a missing one."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        self.client.cookies.clear()
        return self.client.request(method, path, headers=given, content=b"{}" if method == "POST" else b"").status_code


@pytest.fixture(scope="module")
def stand(viva: Viva) -> Iterator[Stand]:
    """Gradio makes event loops when a page is built outside of one, and leaves them open; here they are closed."""
    made: list[asyncio.AbstractEventLoop] = []
    make = asyncio.new_event_loop

    def make_and_note() -> asyncio.AbstractEventLoop:
        made.append(make())
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "new_event_loop", make_and_note)
        yield Stand(viva)
    asyncio.set_event_loop(None)
    for loop in made:
        loop.close()


def routes_below(app: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Method and path of each route, however it is mounted or included."""
    for route in app.routes:
        inner = getattr(route, "original_router", None) or getattr(route, "app", None)
        path = f"{prefix}{getattr(route, 'path', '')}"
        if getattr(route, "endpoint", None) is not None:
            for method in route.methods or METHODS:
                yield method, path
        elif hasattr(inner, "routes"):
            yield from routes_below(inner, path)
        else:
            raise AssertionError(f"a kind of route that this test does not know: {route!r}")


def sample(path: str) -> str:
    """The path with something in the place of its parameters; `predict` is the one name that the page uses."""
    return re.sub(r"\{[^}]*\}", "x", path.replace("{api_name}", "predict"))


@pytest.fixture(scope="module")
def routes(stand: Stand) -> list[tuple[str, str]]:
    return sorted({(method, sample(path)) for method, path in routes_below(stand.routes)})


def test_the_walk_finds_gradios_routes_too(routes: list[tuple[str, str]]):
    found = {f"{method} {path}" for method, path in routes}
    assert len(found) > 60
    assert found >= OPEN | OURS | {
        "POST /gradio_api/upload",
        "GET /gradio_api/file=x",
        "GET /monitoring",
    }


def test_every_route_of_ours_has_a_rule_and_gradio_has_those_that_its_page_asks_for(routes: list[tuple[str, str]]):
    rules = rules_for(with_login=True)
    found = {f"{method} {path}" for method, path in routes}
    ruled = {one for one in found if rule_for(rules, scope_of(one)) is not None}
    assert ruled == OPEN | OURS
    assert {one for one in ruled if (rule := rule_for(rules, scope_of(one))) and rule.is_public} == PUBLIC


def test_each_rule_is_for_a_route(routes: list[tuple[str, str]]):
    for rule in rules_for(with_login=True):
        assert [one for one in routes if rule.covers(scope_of(" ".join(one)))], rule


def scope_of(route: str) -> dict[str, str]:
    method, path = route.split(" ")
    return {"method": method, "path": path}


STRANGERS = {
    "no login": ({}, {401, 303}),
    "wrong cookie": ({"cookie": "viva_session=x; __Host-viva_session=x"}, {401, 303}),
    "foreign Host": ({"host": "rebound.example:7860"}, {400}),
    "foreign Origin": ({"origin": "http://evil.example"}, {403}),
    "no Origin": ({"origin": "null"}, {403}),
    "cross-site": ({"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors", "sec_fetch_dest": "image"}, {403}),
}


@pytest.mark.parametrize("stranger", STRANGERS)
def test_no_route_is_answered_to_a_stranger(stand: Stand, routes: list[tuple[str, str]], stranger: str):
    headers, refused = STRANGERS[stranger]
    # Who comes from elsewhere is refused in spite of the owner's cookie: it is the owner's browser that is used.
    who = headers if "login" in stranger or "cookie" in headers else {**headers, "cookie": stand.cookie}
    paths = sorted({path for _, path in routes} | {"/nowhere", "/gradio_api/nowhere"})
    answered: list[tuple[str, str, int]] = []
    for path in paths:
        for method in METHODS:
            is_public = f"{method} {path}" in PUBLIC and refused == {401, 303}
            if is_public:
                continue
            before = stand.came
            status = stand.ask(method, path, **who)
            if status not in refused or stand.came != before:
                answered.append((method, path, status))
    assert answered == []


def test_closed_routes_are_closed_to_the_owner_too(stand: Stand, routes: list[tuple[str, str]]):
    paths = sorted({path for _, path in routes})
    for path in paths:
        for method in METHODS:
            if f"{method} {path}" in OPEN | OURS:
                continue
            before = stand.came
            assert (stand.ask(method, path, cookie=stand.cookie), stand.came) == (404, before), (method, path)


def test_the_owner_gets_an_answer_from_every_open_route(stand: Stand):
    for one in sorted(OPEN | OURS - {"POST /logout", "GET /gradio_api/queue/data"}):
        before = stand.came
        stand.ask(*one.split(" "), cookie=stand.cookie, origin=URL)
        assert stand.came == before + 1, one


def test_what_is_public_says_nothing_of_what_is_kept(stand: Stand):
    stand.client.cookies.clear()
    assert stand.client.get("/healthz").json() == {"status": "worker stopped"}
    page = stand.client.get("/login").text
    assert "gradio" not in page.lower()
    assert PASSWORD not in page
