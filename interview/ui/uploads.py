"""Files that browsers upload: kept in memory under a key of their own, for the browser that sent them, once.

Gradio trusts the path that a request names for a file. So no request may name a file to Gradio at all: its upload
route is replaced by ours, which answers with a key in the place of a path; `FileFreeBlocks` turns every file of a
request into plain text; and `Wires.on_upload` passes the key on as text.
"""

import asyncio
import secrets
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import gradio as gr
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from gradio_client import utils  # pyright: ignore[reportMissingTypeStubs]
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from interview.errors import ContentError, NotFound
from interview.models import Language
from interview.ui.middleware.refusals import refusal
from interview.ui.middleware.routes import UPLOAD_LIMIT

ROUTE = "/gradio_api/upload"  # where Gradio's own script sends files
COOKIE = "viva-uploads"
TOTAL_LIMIT = 50_000_000  # bytes of all uploads that wait or arrive
UNUSED_SECONDS = 3600.0


@dataclass(frozen=True)
class Upload:
    """A file as a browser sent it; `name` is the sender's word."""

    name: str
    content: bytes


class Uploads:
    """The uploads that nobody has used yet, in memory alone. Used in the event loop and in threads."""

    def __init__(self, unused_seconds: float = UNUSED_SECONDS) -> None:
        """`unused_seconds`: how long an upload waits for its use."""
        self._unused_seconds = unused_seconds
        self._waiting: dict[tuple[str, str], Upload] = {}
        self._arriving = 0

    @property
    def size(self) -> int:
        """Bytes that wait or may arrive."""
        return self._arriving * UPLOAD_LIMIT + sum(len(one.content) for one in tuple(self._waiting.values()))

    @contextmanager
    def room(self) -> Generator[None]:
        """Reserve the room of one upload while it arrives. Raises ContentError when too much waits already."""
        if self.size + UPLOAD_LIMIT > TOTAL_LIMIT:
            raise ContentError("Too many uploads wait.")
        self._arriving += 1
        try:
            yield
        finally:
            self._arriving -= 1

    def put(self, browser: str, upload: Upload) -> str:
        """Keep an upload for its browser; returns its key. Must be called in the event loop."""
        key = secrets.token_urlsafe(32)
        self._waiting[browser, key] = upload
        asyncio.get_running_loop().call_later(self._unused_seconds, self._waiting.pop, (browser, key), None)
        return key

    def clear(self) -> None:
        """Forget every upload that waits."""
        self._waiting.clear()

    def take(self, browser: str, key: str) -> Upload:
        """Return an upload of this browser and forget it. Raises NotFound."""
        upload = self._waiting.pop((browser, key), None)
        if upload is None:
            raise NotFound("This upload is not here any more. Choose the file again.")
        return upload


class FileFreeBlocks(gr.Blocks):
    """Blocks to which no request can name a file: every route calls `process_api`, which sees text instead."""

    async def process_api(self, block_fn: Any, inputs: list[Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Replace each file among the inputs by the text of its path."""
        named: Any = utils.traverse(inputs, _path_of, utils.is_file_obj_with_meta)  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
        return await super().process_api(block_fn, named, *args, **kwargs)  # pyright: ignore[reportUnknownMemberType]


def _path_of(file: dict[str, str]) -> str:
    return file["path"]


def browser_of(request: gr.Request) -> str:
    """Return the secret that ties uploads to the browser of a request; empty where it never uploaded anything."""
    return request.request.cookies.get(COOKIE, "") if request.request else ""


def add_uploads(app: FastAPI, uploads: Uploads, lang: Language) -> None:
    """Add the route that takes one file of a form; it answers with a list of one key, as Gradio's own does.

    413: larger than UPLOAD_LIMIT, 503: too many uploads wait, 400: no such form. The middleware bounds the size and the
    time of a request. `lang` is for browsers that ask for neither language.
    """

    async def receive(request: Request) -> Response:
        try:
            with uploads.room():
                upload = await _received(request)
        except ContentError:
            with suppress(ClientDisconnect):  # a browser shows the answer only after it has sent everything
                async for _ in request.stream():
                    pass
            return refusal(request.scope, 503, "upload.full", lang)
        except _TooLarge:
            limit = f"{UPLOAD_LIMIT // 1_000_000} MB"
            return refusal(request.scope, 413, "refused.too_large", lang, limit=limit)
        except (MultiPartException, KeyError, ClientDisconnect):
            return refusal(request.scope, 400, "upload.broken", lang)
        browser = request.cookies.get(COOKIE, "") or secrets.token_urlsafe(32)
        answer = JSONResponse([uploads.put(browser, upload)])
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, browser, httponly=True, samesite="strict", secure=secure)
        return answer

    app.add_api_route(ROUTE, receive, methods=["POST"])


class _TooLarge(Exception):
    """A file is larger than it may be."""


class _InMemory(MultiPartParser):
    spool_max_size = 2 * UPLOAD_LIMIT  # more than a request may have: nothing of an upload is written to disk


async def _received(request: Request) -> Upload:
    """The one file of a form. Raises _TooLarge, MultiPartException, KeyError, ClientDisconnect."""
    form = await _InMemory(request.headers, request.stream(), max_files=1, max_fields=0).parse()
    file = form["files"]
    assert isinstance(file, UploadFile)  # a form with a field is refused
    try:
        content = await file.read()
    finally:
        await file.close()
    if len(content) > UPLOAD_LIMIT:
        raise _TooLarge
    return Upload(file.filename or "", content)
