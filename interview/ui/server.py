"""Serves the screen: one FastAPI app with Gradio mounted in it, the worker in its lifespan, and a prompt, clean end."""

import asyncio
import contextlib
import errno
import gc
import shutil
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from types import FrameType
from typing import Any

import gradio as gr
import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp

from interview.errors import ContentError
from interview.models import Language
from interview.settings import Access
from interview.ui import GRADIO_FOLDER
from interview.ui.app import build_app
from interview.ui.connections import TimedConnection
from interview.ui.downloads import add_downloads
from interview.ui.images import add_images
from interview.ui.login import Login, add_login
from interview.ui.middleware import protect
from interview.ui.page_states import PAGES_KEPT, keep_pages_small
from interview.ui.theme import PageLook, page_look
from interview.ui.uploads import Uploads, add_uploads
from interview.wiring import Viva

# Followers end at once when drained; this bounds what else may still be open, so that the whole exit stays below 2 s.
_GRACE_SECONDS = 1


def create_app(viva: Viva, lang: Language) -> ASGIApp:
    """Return the routes of `create_routes` behind the checks that `viva.access` asks for.

    `lang` is the language of a browser that was never here.
    """
    login = None if viva.access.password is None else Login(viva.access.password)
    return protect(create_routes(viva, lang, login), viva.access, login, lang)


def create_routes(viva: Viva, lang: Language, login: Login | None) -> FastAPI:
    """Return the app without its checks: the screen at `/`, downloads, images of the notes, `/healthz`, the login.

    Entering its lifespan starts the worker, and goes on with what was broken off; leaving it stops the worker (leases
    are released), then closes the backends and the store.
    """
    worker: list[asyncio.Task[None]] = []
    uploads = Uploads()
    demo = build_app(viva, lang, uploads)
    viva.deleting.clear_uploads = uploads.clear

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        worker.append(asyncio.create_task(viva.worker.run(), name="worker"))
        try:
            async with viva.jobs.running():
                viva.regrading.resume()
                upkeep = asyncio.create_task(viva.upkeep.run(), name="upkeep")
                try:
                    yield
                    viva.live.drain()
                finally:
                    await _stop(upkeep)
        finally:
            viva.live.drain()
            await _stop(worker[0])
            await viva.close()
            shutil.rmtree(GRADIO_FOLDER, ignore_errors=True)

    GRADIO_FOLDER.mkdir(mode=0o700, exist_ok=True)
    app = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)

    def healthz() -> JSONResponse:
        alive = bool(worker) and not worker[0].done()
        return JSONResponse({"status": "ok" if alive else "worker stopped"}, 200 if alive else 503)

    app.add_api_route("/healthz", healthz)
    add_downloads(app, viva.archive, viva.archive_jobs)
    add_images(app, viva.interviewer.image)
    add_uploads(app, uploads, lang)
    if login is not None:
        add_login(app, login, lang)
    _mount(app, demo, page_look(viva.rubric_history.tones()))
    return app


def serve(viva: Viva, host: str, port: int, *, lang: Language, on_started: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT, then end within 2 s with no lease held.

    Raises ContentError before anything is served when the address cannot be used. `port` 0 takes a free one; once the
    first request can be answered, the address is printed and `on_started` is called.
    """

    def started() -> None:
        _announce(viva.access, host, listener)
        on_started()

    with listen(host, port) as listener:
        config = server_config(create_app(viva, lang), viva.access)
        server = _Server(config, on_exit=viva.live.drain, on_started=started)
        with _signals_end_quietly():
            server.run(sockets=[listener])
    # All is closed and stored. The interpreter would now search everything that Gradio built for cycles, for a second
    # or more on a busy machine, only to throw it away.
    gc.freeze()


def server_config(app: ASGIApp, access: Access) -> uvicorn.Config:
    """Return how uvicorn serves the app: HTTP alone, and a proxy is believed only where there is one."""
    return uvicorn.Config(
        app,
        http=TimedConnection,
        ws="none",
        # Who names a host for a proxy has one. Its address is 127.0.0.1, or in uvicorn's FORWARDED_ALLOW_IPS.
        proxy_headers=bool(access.allowed_hosts),
        server_header=False,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        lifespan="on",
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on an address; ContentError with a sentence when it cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=2048)
        # Its connections inherit it. asyncio would do it for a socket of its own; without it the body of each answer
        # waits up to 40 ms for the browser to acknowledge the head.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            text = f"Port {port} on {host} is in use by another program. End it, or choose another port with --port."
        else:
            text = f"Cannot serve on {host}, port {port}: {error.strerror or error}. Check --host and --port."
        raise ContentError(text) from error


class _Server(uvicorn.Server):
    """uvicorn's server, which also ends the followers of live gradings when it is told to exit."""

    def __init__(self, config: uvicorn.Config, on_exit: Callable[[], None], on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_exit = on_exit
        self._on_started = on_started
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self._on_started()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Runs in a signal handler, so a lock that the interrupted code holds must not be waited for here.
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._on_exit)
        super().handle_exit(sig, frame)


def _mount(app: FastAPI, demo: gr.Blocks, look: PageLook) -> None:
    demo.max_threads = 512  # each running event, async ones too, takes one of these
    demo.queue(default_concurrency_limit=None, max_size=512)
    demo.state_session_capacity = PAGES_KEPT
    gr.mount_gradio_app(  # pyright: ignore[reportUnknownMemberType]
        app,
        demo,
        path="/",
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        ssr_mode=False,
        mcp_server=False,
        **look,
    )
    keep_pages_small(app)


async def _stop(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@contextlib.contextmanager
def _signals_end_quietly() -> Generator[None]:
    """Uvicorn raises the signal again once it has shut down; without this the process would not exit with 0."""
    handled = (signal.SIGTERM, signal.SIGINT)
    before = {sig: signal.signal(sig, _do_nothing) for sig in handled}
    try:
        yield
    finally:
        for sig, action in before.items():
            signal.signal(sig, action)


def _do_nothing(sig: int, frame: FrameType | None) -> None:
    pass


def _announce(access: Access, host: str, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    sys.stdout.write(f"Viva: http://{shown}:{port}\n")
    if access.password is not None:
        sys.stdout.write("The page asks for the password.\n")
    elif not access.is_owner_only:
        sys.stdout.write("Everybody who can reach this address can read and answer; there is no login.\n")
    if access.is_exposed and not access.allowed_hosts:
        sys.stdout.write("The connection is not encrypted; docs/security.md says how to put TLS in front.\n")
    sys.stdout.flush()
