"""Signing in and out with the one password: who is signed in, the login page, and its routes."""

import hashlib
import hmac
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from time import monotonic

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import SecretStr
from starlette.concurrency import run_in_threadpool
from starlette.requests import cookie_parser
from starlette.types import Scope

from interview.models import Language
from interview.settings.access import LONGEST_PASSWORD
from interview.ui.languages import preferred_language
from interview.ui.login_limits import LIFE_SECONDS, LoginSessions, LoginThrottle
from interview.ui.strings import t
from interview.ui.theme import styles

_COOKIE = "viva_session"
_SCRYPT_COST = 2**15  # 32 MB and about 0.1 s a try, of which the throttle allows one a second
_SCRYPT_MEMORY = 2**26
_FOLDER = Path(__file__).resolve().parent
_STYLES = ("tokens", "login")


class Login:
    """Knows the digest of the password, and which browsers are signed in. All of it is in memory."""

    def __init__(self, password: SecretStr, clock: Callable[[], float] = monotonic) -> None:
        self._salt = os.urandom(16)
        self._digest = self._scrypt(password.get_secret_value())
        self._throttle = LoginThrottle(clock)
        self._sessions = LoginSessions(clock)

    def is_signed_in(self, scope: Scope) -> bool:
        """Whether a request carries the cookie of a session that has not ended."""
        return self._sessions.is_open(_token(scope))

    def try_password(self, address: str, password: str) -> float | None:
        """Compare a password. Slow on purpose: call it outside the event loop.

        Returns:
            None if it is right, 0 if it is wrong, else the seconds to wait before the next try.
        """
        wait = self._throttle.take(address)
        if wait > 0:
            return wait
        if len(password) > LONGEST_PASSWORD or not hmac.compare_digest(self._scrypt(password), self._digest):
            return 0
        self._throttle.forgive(address)
        return None

    def open_session(self, scope: Scope, response: Response) -> None:
        """Set the cookie of a new session; the one that the browser had ends."""
        self._sessions.close(_token(scope))
        response.set_cookie(
            _cookie_name(scope),
            self._sessions.open(),
            max_age=LIFE_SECONDS,
            httponly=True,
            secure=scope["scheme"] == "https",
            samesite="lax",
        )

    def close_session(self, scope: Scope, response: Response) -> None:
        """End the session of a request and take its cookie away."""
        self._sessions.close(_token(scope))
        name = _cookie_name(scope)
        response.delete_cookie(name, httponly=True, secure=scope["scheme"] == "https", samesite="lax")

    def _scrypt(self, password: str) -> bytes:
        raw = password.encode("utf-8", "surrogatepass")
        return hashlib.scrypt(raw, salt=self._salt, n=_SCRYPT_COST, r=8, p=1, maxmem=_SCRYPT_MEMORY)


def add_login(app: FastAPI, login: Login, lang: Language) -> None:
    """Add the login page, `POST /login` and `POST /logout`.

    Args:
        app: Where the routes are added.
        login: What they change.
        lang: Language of the page for a browser that asks for neither Chinese nor English.
    """

    def page(request: Request) -> Response:
        return _page(_language(request, lang), is_again="again" in request.query_params)

    async def sign_in(request: Request) -> Response:
        form = await request.form()
        password = str(form.get("password", ""))
        address = request.client.host if request.client else ""
        wait = await run_in_threadpool(login.try_password, address, password)
        if wait is None:
            response = RedirectResponse("/", 303)
            login.open_session(request.scope, response)
            return response
        shown = _language(request, lang)
        is_again = "again" in request.query_params
        if wait:
            response = _page(shown, t("login.wait", shown, n=max(1, round(wait))), 429, is_again=is_again)
            response.headers["retry-after"] = str(max(1, round(wait)))
            return response
        return _page(shown, t("login.wrong", shown), 401, is_again=is_again)

    def sign_out(request: Request) -> Response:
        response = RedirectResponse("/login", 303)
        login.close_session(request.scope, response)
        return response

    app.add_api_route("/login", page, methods=["GET"])
    app.add_api_route("/login", sign_in, methods=["POST"])
    app.add_api_route("/logout", sign_out, methods=["POST"])


def _page(lang: Language, error: str = "", status: int = 200, *, is_again: bool) -> Response:
    words = {key: t(f"login.{key}", lang) for key in ("title", "password", "button", "other_language")}
    words["text"] = t("login.again" if is_again else "login.text", lang)
    other = "en" if lang == "zh" else "zh"
    html = _template().render(lang=lang, other=other, is_again=is_again, error=error, style=styles(_STYLES), **words)
    return HTMLResponse(html, status)


@cache
def _template():
    environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("login.html.j2")


def _language(request: Request, fallback: Language) -> Language:
    match request.query_params.get("lang"):
        case "zh" | "en" as chosen:
            return chosen
        case _:
            return preferred_language(request.scope, fallback)


def _cookie_name(scope: Scope) -> str:
    """Over TLS the name has the prefix with which browsers refuse a cookie that another host or plain HTTP set."""
    return f"__Host-{_COOKIE}" if scope["scheme"] == "https" else _COOKIE


def _token(scope: Scope) -> str:
    headers = [value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"]
    return cookie_parser("; ".join(headers)).get(_cookie_name(scope), "")
