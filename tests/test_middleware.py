"""What passes the middleware, without Gradio behind it: names, origins, sizes, speed, sign-in."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from interview.settings import Access
from interview.ui.connections import TimedConnection
from interview.ui.login import Login, add_login
from interview.ui.login_limits import (
    ALL_TRIES,
    IDLE_SECONDS,
    LIFE_SECONDS,
    MINUTE,
    MOST_SESSIONS,
    TRIES,
    LoginSessions,
    LoginThrottle,
)
from interview.ui.middleware import HttpOnlyMiddleware, protect
from interview.ui.middleware.bodies import BodyLimitMiddleware
from interview.ui.middleware.routes import UPLOAD_LIMIT, Rule, rules_for
from interview.ui.server import server_config

RULES = rules_for(with_login=False)
PASSWORD = "correct horse"
LOOPBACK = Access()
EVENT = "/gradio_api/run/predict"


@pytest.fixture(autouse=True, scope="module")
def cheap_passwords() -> Iterator[None]:
    """What makes each try slow on purpose is not what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("interview.ui.login._SCRYPT_COST", 16)
        yield


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def echo(request: Request) -> PlainTextResponse:
    """Answer with the number of bytes that came, and with what was said about the request."""
    size = len(await request.body())
    kept = " ".join(name for name in request.headers if name.startswith(("x-", "forwarded")))
    return PlainTextResponse(f"{size} {request.url.scheme} {kept}".strip())


def behind(access: Access = LOOPBACK, login: Login | None = None, url: str = "http://127.0.0.1:7860") -> TestClient:
    paths = (
        "/",
        "/gradio_api/queue/data",
        EVENT,
        "/gradio_api/queue/join",
        "/gradio_api/upload",
        "/config",
        "/healthz",
    )
    app: Any = Starlette(routes=[Route(path, echo, methods=["GET", "POST"]) for path in paths])
    if login is not None:
        outer = FastAPI()
        add_login(outer, login, "en")
        outer.mount("/", app)
        app = outer
    return TestClient(protect(app, access, login, "en"), base_url=url, follow_redirects=False)


# --- names


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:1", "localhost:7860", "LOCALHOST.", "[::1]:7860", "127.0.0.9"]
)
def test_loopback_names_are_answered(host: str):
    assert behind().get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("rebound.example", "rebound.example:7860", "localhost.rebound.example", "127.0.0.1.rebound.example"),
        *("192.168.1.5", "0.0.0.0", "user@localhost", "localhost:7860:1", "127.1", "", "localhost, rebound.example"),
    ],
)
def test_a_name_that_is_not_ours_is_refused(host: str):
    for path in ("/", "/healthz", "/login", "/gradio_api/queue/data", "/nowhere"):
        assert behind().get(path, headers={"host": host}).status_code == 400, path


def test_beyond_loopback_the_address_that_was_dialled_is_answered_and_no_other():
    client = behind(Access(host="0.0.0.0", is_exposed=True), url="http://192.168.1.5:7860")
    assert client.get("/").status_code == 200
    assert client.get("/", headers={"host": "192.168.1.6:7860"}).status_code == 400
    assert client.get("/", headers={"host": "rebound.example:7860"}).status_code == 400
    assert client.get("/", headers={"host": "localhost:7860"}).status_code == 200


def test_a_name_that_the_owner_allowed_is_answered():
    client = behind(Access(allowed_hosts=("viva.example",), is_exposed=True))
    assert client.get("/", headers={"host": "Viva.Example.:443"}).status_code == 200
    assert client.get("/", headers={"host": "sub.viva.example"}).status_code == 400


def answer_of(app: Any, headers: list[tuple[bytes, bytes]], **scope: Any) -> int:
    """The status of a request that no client library would send."""
    sent: list[Message] = []
    request = {"type": "http", "method": "GET", "path": "/", "scheme": "http", "query_string": b"", "headers": headers}

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app({**request, "server": ("127.0.0.1", 7860), **scope}, receive, send))
    return sent[0]["status"]


def test_no_host_several_hosts_and_an_absolute_target_are_refused():
    app = protect(PlainTextResponse("ok"), Access(), None, "en")
    ours = (b"host", b"127.0.0.1")
    assert answer_of(app, [ours]) == 200
    assert answer_of(app, []) == 400
    assert answer_of(app, [ours, ours]) == 400
    assert answer_of(app, [ours, (b"host", b"rebound.example")]) == 400
    assert answer_of(app, [ours], path="http://rebound.example/") == 400
    assert answer_of(app, [(b"host", "loc\xe4lhost".encode("latin-1"))]) == 400


@settings(deadline=None)
@given(st.text(max_size=30))
def test_no_host_header_but_ours_is_ever_answered(host: str):
    raw = host.encode("utf-8")
    ours = host.lower().partition(":")[0].removesuffix(".") in {"localhost"} or "127." in host or "::" in host
    app = protect(PlainTextResponse("ok"), Access(), None, "en")
    assert ours or answer_of(app, [(b"host", raw)]) == 400


def test_a_websocket_is_closed_before_it_is_accepted():
    sent: list[Message] = []

    async def never(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("the app was asked")

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(HttpOnlyMiddleware(never)({"type": "websocket", "path": "/"}, None, send))  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 1008}]


# --- origins


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://127.0.0.1:7860", "127.0.0.1:7860"),
        ("http://LOCALHOST:80", "localhost"),
        ("http://localhost", "localhost:80"),
        ("http://[::1]:7860", "[0:0::1]:7860"),
        ("https://viva.example", "viva.example"),
        ("https://viva.example", "viva.example:443"),
        ("https://viva.example:8443", "viva.example:8443"),  # a proxy that ends TLS and does not say so
    ],
)
def test_our_own_page_is_answered(origin: str, host: str):
    client = behind(Access(allowed_hosts=("viva.example",)))
    assert client.post(EVENT, json={}, headers={"origin": origin, "host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        *("null", "", "http://evil.example", "http://127.0.0.1", "http://127.0.0.1:7861", "https://127.0.0.1:443"),
        *("http://localhost:7860", "http://127.0.0.1:7860@evil.example", "http://evil.example@127.0.0.1:7860"),
        *("ftp://127.0.0.1:7860", "127.0.0.1:7860", "http://127.0.0.1:7860/", "http://127.0.0.1:7860.evil.example"),
        *("http://127.0.0.1:7860, http://evil.example", "http://[", "http://127.0.0.1:7860:1", "file://"),
    ],
)
def test_a_foreign_origin_is_refused_on_every_route_and_method(origin: str):
    for method, path in (("POST", EVENT), ("GET", "/"), ("GET", "/gradio_api/queue/data"), ("POST", "/login")):
        assert behind().request(method, path, headers={"origin": origin}).status_code == 403, (method, path)


def test_two_origins_are_refused():
    own = ("origin", "http://127.0.0.1:7860")
    assert behind().get("/", headers=[own]).status_code == 200
    assert behind().get("/", headers=[own, own]).status_code == 403


def test_over_tls_an_unencrypted_page_is_foreign():
    client = behind(url="https://127.0.0.1:7860")
    assert client.post(EVENT, headers={"origin": "https://127.0.0.1:7860"}).status_code == 200
    assert client.post(EVENT, headers={"origin": "http://127.0.0.1:7860"}).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_another_site_may_open_the_page_and_nothing_else(site: str):
    follows = {"sec-fetch-site": site, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    client = behind()
    assert client.get("/", headers=follows).status_code == 200
    assert client.get("/gradio_api/queue/data", headers=follows).status_code == 403
    assert client.post(EVENT, headers=follows).status_code == 403
    for mode, dest in (("no-cors", "image"), ("no-cors", "script"), ("cors", "empty"), ("navigate", "iframe")):
        headers = follows | {"sec-fetch-mode": mode, "sec-fetch-dest": dest}
        assert client.get("/", headers=headers).status_code == 403, (mode, dest)


def test_our_own_page_and_the_address_bar_are_answered():
    for site in ("same-origin", "none"):
        assert behind().get("/gradio_api/queue/data", headers={"sec-fetch-site": site}).status_code == 200


def test_nobody_but_the_server_says_what_a_proxy_forwarded():
    words = {"x-forwarded-host": "evil.example", "x-forwarded-proto": "https", "x-gradio-server": "http://evil.example"}
    assert behind().get("/", headers=words | {"forwarded": "host=evil.example"}).text == "0 http"


# --- sizes and speed


@contextmanager
def served(app: Any, access: Access = LOOPBACK) -> Iterator[tuple[str, int]]:
    """The app behind a real server on a free port of loopback."""
    config = server_config(app, access)
    config.lifespan, config.log_level = "off", "critical"
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()
        finally:
            server.should_exit = True
            thread.join(timeout=20)


def said(address: tuple[str, int], request: bytes) -> str:
    """Everything that the server sends until it closes the connection."""
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall(request)
        found = b""
        while chunk := connection.recv(65536):
            found += chunk
    return found.decode("utf-8", "replace")


def head(path: str, *lines: str) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: 127.0.0.1", *lines, "", ""]).encode()


class Counting:
    """An app that reads every body, and knows how much it was given."""

    def __init__(self) -> None:
        self.given = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] == "http.request":
            self.given += len(message.get("body", b""))
            if not message.get("more_body", False):
                break
        await PlainTextResponse(str(self.given))(scope, receive, send)


@pytest.mark.parametrize(("path", "limit"), [(EVENT, 2_000_000), ("/gradio_api/queue/join", 2_000_000), ("/", 0)])
def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes(path: str, limit: int):
    app = Counting()
    behind_it = BodyLimitMiddleware(app, RULES, "en", linger_seconds=0.2)
    with served(behind_it) as address:
        method = b"POST" if limit else b"GET"
        asked = head(path, f"Content-Length: {limit + 1}", "Accept-Language: zh-CN").replace(b"POST", method, 1)
        answer = said(address, asked)
    assert " 413 " in answer.splitlines()[0]
    assert "太大" in answer
    assert app.given == 0


def test_a_body_of_unknown_length_is_cut_off_at_the_limit():
    app = Counting()
    chunk = b"%x\r\n" % 65536 + b"x" * 65536 + b"\r\n"
    with served(BodyLimitMiddleware(app, RULES, "en", linger_seconds=0.2)) as address:
        answer = said(address, head(EVENT, "Transfer-Encoding: chunked") + chunk * 40)
        fits = said(address, head(EVENT, "Transfer-Encoding: chunked", "Connection: close") + chunk * 30 + b"0\r\n\r\n")
    assert " 413 " in answer.splitlines()[0]
    assert "too large: at most 2 MB" in answer
    assert "200" in fits.splitlines()[0]
    assert app.given <= 2_000_000 + 30 * 65536


@settings(deadline=None)
@given(st.lists(st.integers(0, 40), max_size=12), st.integers(0, 120))
def test_the_app_never_sees_more_than_the_limit_and_all_that_is_within_it(sizes: list[int], limit: int):
    app = Counting()
    guarded = BodyLimitMiddleware(app, (Rule("POST", "/", body_limit=limit),), "en")
    messages = [{"type": "http.request", "body": b"x" * size, "more_body": True} for size in sizes]
    messages.append({"type": "http.request", "body": b"", "more_body": False})
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
    asyncio.run(guarded(scope, receive, send))
    is_within = sum(sizes) <= limit
    assert sent[0]["status"] == (200 if is_within else 413)
    assert app.given == sum(sizes) if is_within else app.given <= limit


def test_an_upload_has_its_own_limit():
    with served(BodyLimitMiddleware(Counting(), RULES, "en", linger_seconds=0.2)) as address:
        answer = said(address, head("/gradio_api/upload", f"Content-Length: {UPLOAD_LIMIT + 100_000}"))
    assert "at most 10 MB" in answer


def test_a_body_that_does_not_come_is_given_up():
    quick = BodyLimitMiddleware(Counting(), RULES, "en", idle_seconds=0.2, linger_seconds=0.1)
    with served(quick) as address:
        answer = said(address, head(EVENT, "Content-Length: 10") + b"x")
    assert " 408 " in answer.splitlines()[0]


def test_a_body_that_drips_for_ever_is_given_up():
    drips = [0]

    async def receive() -> Message:
        drips[0] += 1
        assert drips[0] < 1_000, "it is not given up"
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"", "more_body": True}

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    slow = BodyLimitMiddleware(Counting(), RULES, "en", total_seconds=0.3, linger_seconds=0.05)
    asyncio.run(slow({"type": "http", "method": "POST", "path": EVENT, "headers": []}, receive, send))
    assert sent[0]["status"] == 408
    assert drips[0] > 1


def test_a_stream_that_is_followed_after_its_request_is_not_cut_off():
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        waiting = asyncio.ensure_future(receive())  # for the end of the connection, as every stream does
        await asyncio.sleep(0.3)
        assert not waiting.done()
        waiting.cancel()
        await PlainTextResponse("followed")(scope, receive, send)

    quick = BodyLimitMiddleware(app, RULES, "en", idle_seconds=0.05, total_seconds=0.1)
    with served(quick) as address:
        answer = said(address, head(EVENT, "Content-Length: 1", "Connection: close") + b"x")
    assert answer.endswith("followed")


def test_a_connection_that_asks_nothing_is_closed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(TimedConnection, "request_seconds", 0.3)
    with served(Counting()) as address:
        assert said(address, b"") == ""
        assert said(address, b"POST / HTTP/1.1\r\nHost: a\r\nX-Slow: ") == ""
        answered = said(address, head("/", "Content-Length: 1") + b"x")
    assert answered.endswith("1")


def test_a_request_that_is_being_answered_is_not_closed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(TimedConnection, "request_seconds", 0.2)

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.6)
        await PlainTextResponse("done")(scope, receive, send)

    with served(slow) as address:
        assert said(address, head("/", "Content-Length: 0", "Connection: close")).endswith("done")


# --- tries and sessions


def test_five_tries_a_minute_per_address():
    clock = Clock()
    throttle = LoginThrottle(clock)
    assert [throttle.take("10.0.0.1") for _ in range(TRIES)] == [0] * TRIES
    assert throttle.take("10.0.0.1") == MINUTE
    assert throttle.take("10.0.0.2") == 0
    clock.now += MINUTE - 1
    assert throttle.take("10.0.0.1") == 1
    clock.now += 1
    assert throttle.take("10.0.0.1") == 0


def test_one_ipv6_network_counts_as_one_address_and_a_mapped_address_as_ipv4():
    throttle = LoginThrottle(Clock())
    assert [throttle.take(f"2001:db8::{n}") for n in range(TRIES)] == [0] * TRIES
    assert throttle.take("2001:db8::ffff") > 0
    assert throttle.take("2001:db8:0:1::1") == 0
    assert [throttle.take("::ffff:10.0.0.1") for _ in range(TRIES)] == [0] * TRIES
    assert throttle.take("10.0.0.1") > 0


def test_many_addresses_have_a_bound_together_and_what_is_remembered_too():
    clock = Clock()
    throttle = LoginThrottle(clock)
    allowed = sum(throttle.take(f"10.0.{n // 250}.{n % 250}") == 0 for n in range(5_000))
    assert allowed == ALL_TRIES
    assert len(throttle._tries) <= ALL_TRIES
    clock.now += MINUTE
    assert throttle.take("10.9.9.9") == 0
    assert len(throttle._tries) == 1


def test_who_knows_the_password_is_not_kept_out_by_earlier_mistakes():
    throttle = LoginThrottle(Clock())
    for _ in range(TRIES):
        throttle.take("10.0.0.1")
    throttle.forgive("10.0.0.1")
    assert throttle.take("10.0.0.1") == 0


def test_a_session_ends_when_unused_and_after_a_week():
    clock = Clock()
    sessions = LoginSessions(clock)
    token = sessions.open()
    clock.now += IDLE_SECONDS - 1
    assert sessions.is_open(token)
    clock.now += IDLE_SECONDS
    assert not sessions.is_open(token)
    token = sessions.open()
    for _ in range(LIFE_SECONDS // (IDLE_SECONDS // 2) - 1):
        clock.now += IDLE_SECONDS // 2
        assert sessions.is_open(token)
    clock.now += IDLE_SECONDS // 2
    assert not sessions.is_open(token)


def test_the_sessions_are_bounded_and_no_token_is_kept():
    sessions = LoginSessions(Clock())
    tokens = [sessions.open() for _ in range(MOST_SESSIONS + 5)]
    assert sum(sessions.is_open(token) for token in tokens) == MOST_SESSIONS
    assert len(set(tokens)) == len(tokens)
    assert not any(token.encode() in key for key in sessions._open for token in tokens)
    assert not sessions.is_open("")


# --- signing in


def signing_in(url: str = "http://127.0.0.1:7860") -> tuple[TestClient, Clock]:
    clock = Clock()
    access = Access(password=SecretStr(PASSWORD))
    return behind(access, Login(SecretStr(PASSWORD), clock), url), clock


def cookie(response) -> str:
    return response.headers["set-cookie"]


def test_right_password_opens_everything_and_logout_closes_it():
    client, _ = signing_in()
    assert (client.get("/").status_code, client.get("/").headers["location"]) == (303, "/login")
    assert client.post(EVENT, json={}).status_code == 401
    wrong = client.post("/login", data={"password": "wrong horse"})
    assert (wrong.status_code, "set-cookie" in wrong.headers) == (401, False)
    right = client.post("/login", data={"password": PASSWORD})
    assert (right.status_code, right.headers["location"]) == (303, "/")
    assert client.get("/").status_code == client.post(EVENT, json={}).status_code == 200
    assert client.post("/logout").status_code == 303
    assert client.get("/").status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites():
    client, _ = signing_in()
    parts = cookie(client.post("/login", data={"password": PASSWORD})).lower().split("; ")
    assert {"httponly", "samesite=lax", "path=/"} <= set(parts)
    assert "secure" not in parts
    name, _, token = parts[0].partition("=")
    assert name == "viva_session"
    assert len(token) >= 43  # 256 bits


def test_over_tls_the_cookie_is_sent_over_tls_alone():
    client, _ = signing_in("https://127.0.0.1:7860")
    parts = cookie(client.post("/login", data={"password": PASSWORD})).split("; ")
    assert parts[0].startswith("__Host-viva_session=")
    assert "Secure" in parts
    assert client.get("/").status_code == 200


def test_the_session_is_a_new_one_after_each_login():
    client, _ = signing_in()
    first = cookie(client.post("/login", data={"password": PASSWORD})).split(";")[0]
    second = cookie(client.post("/login", data={"password": PASSWORD})).split(";")[0]
    assert first != second
    client.cookies.clear()
    assert client.get("/", headers={"cookie": first}).status_code == 303
    assert client.get("/", headers={"cookie": second}).status_code == 200


@pytest.mark.parametrize(("names", "is_secure"), [((), False), (("viva.example",), True)])
def test_a_proxy_is_believed_only_where_a_name_was_allowed_for_one(names: tuple[str, ...], is_secure: bool):
    access = Access(allowed_hosts=names, password=SecretStr(PASSWORD))
    body = f"password={PASSWORD.replace(' ', '+')}"
    lines = (
        *("X-Forwarded-Proto: https", "X-Forwarded-For: 203.0.113.7", "Connection: close"),
        *("Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"),
    )
    login = Login(SecretStr(PASSWORD))
    with served(behind(access, login).app, access) as address:
        answer = said(address, head("/login", *lines) + body.encode())
        for _ in range(TRIES):
            said(address, head("/login", *lines).replace(b"203.0.113.7", b"203.0.113.8") + b"x" * len(body))
        other = said(address, head("/login", *lines) + body.encode())
    assert " 303 " in answer.splitlines()[0]
    assert ("Secure" in answer) is is_secure
    # What one address behind the proxy did wrong does not keep another out.
    assert (" 303 " in other.splitlines()[0]) is is_secure


def test_a_session_that_nobody_uses_ends():
    client, clock = signing_in()
    client.post("/login", data={"password": PASSWORD})
    clock.now += IDLE_SECONDS
    assert client.post(EVENT, json={}).status_code == 401


@pytest.mark.parametrize("made_up", ["x", "", "a" * 43, "\x00", "é"])
def test_a_made_up_cookie_opens_nothing(made_up: str):
    client, _ = signing_in()
    headers = {"cookie": f"viva_session={made_up}".encode("latin-1")}
    assert client.get("/", headers=headers).status_code == 303  # type: ignore[arg-type]


def test_after_five_wrong_passwords_the_right_one_waits_too():
    client, clock = signing_in()
    for _ in range(TRIES):
        assert client.post("/login", data={"password": "wrong horse"}).status_code == 401
    refused = client.post("/login", data={"password": PASSWORD})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert "set-cookie" not in refused.headers
    clock.now += MINUTE
    assert client.post("/login", data={"password": PASSWORD}).status_code == 303


def test_where_nobody_has_to_sign_in_there_is_no_login():
    for method, path in (("GET", "/login"), ("POST", "/login"), ("POST", "/logout")):
        assert behind().request(method, path).status_code == 404


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_another_page_can_neither_sign_in_nor_out(origin: str):
    client, _ = signing_in()
    client.post("/login", data={"password": PASSWORD})
    for path in ("/login", "/logout"):
        assert client.post(path, data={"password": PASSWORD}, headers={"origin": origin}).status_code == 403
    assert client.get("/logout").status_code == 404
    assert client.get("/").status_code == 200


def test_the_login_page_speaks_the_language_of_the_browser_or_of_the_choice():
    client, _ = signing_in()
    for headers, query, lang in (
        ({"accept-language": "zh-CN,zh;q=0.9"}, "", "zh"),
        ({"accept-language": "de, en;q=0.5"}, "", "en"),
        ({"accept-language": "de"}, "", "en"),
        ({"accept-language": "en"}, "?lang=zh", "zh"),
        ({"accept-language": "zh"}, "?lang=<script>", "zh"),
    ):
        page = client.get(f"/login{query}", headers=headers).text
        assert f'<html lang="{lang}">' in page
        assert "<script>alert" not in page


@settings(max_examples=10, deadline=None)
@given(st.binary(max_size=200))
def test_whatever_is_sent_to_the_login_is_an_answer_and_opens_nothing(body: bytes):
    client, _ = signing_in()
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json"):
        answer = client.post("/login", content=body, headers={"content-type": kind})
        assert answer.status_code in (400, 401)
        assert "set-cookie" not in answer.headers
