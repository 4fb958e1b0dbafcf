"""Files that browsers upload: kept in memory under a key of their own, for the browser that sent them, once.

Gradio trusts the path that a request names for a file. So no request may name a file to Gradio at all: its upload
route is replaced by ours, which answers with a key in the place of a path; `FileFreeBlocks` turns every file of a
request into plain text; and `Wires.on_upload` passes the key on as text.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import gradio as gr
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from gradio_client import utils as gradio_utils  # pyright: ignore[reportMissingTypeStubs]
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from interview.errors import ContentError, NotFound
from interview.models import Language
from interview.ui.strings import t

ROUTE = "/gradio_api/upload"  # where Gradio's own script sends files
COOKIE = "viva-uploads"
FILE_LIMIT = 10_000_000  # bytes
TOTAL_LIMIT = 50_000_000  # bytes of all uploads that wait or arrive
UNUSED_SECONDS = 3600.0
_RECEIVING_SECONDS = 300.0
_ENVELOPE = 20_000  # bytes of a request around its file
_DRAINED = 10 * FILE_LIMIT  # a browser shows the answer only after it has sent what it began to send


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
        return self._arriving * FILE_LIMIT + sum(len(one.content) for one in tuple(self._waiting.values()))

    @contextmanager
    def room(self) -> Generator[None]:
        """Reserve the room of one upload while it arrives. Raises ContentError when too much waits already."""
        if self.size + FILE_LIMIT > TOTAL_LIMIT:
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
        is_file = gradio_utils.is_file_obj_with_meta  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        named: list[Any] = gradio_utils.traverse(inputs, _path_of, is_file)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        return await super().process_api(block_fn, named, *args, **kwargs)  # pyright: ignore[reportUnknownMemberType]


def _path_of(file: dict[str, str]) -> str:
    return file["path"]


def browser_of(request: gr.Request) -> str:
    """Return the secret that ties uploads to the browser of a request; empty where it never uploaded anything."""
    return request.request.cookies.get(COOKIE, "") if request.request else ""


def add_uploads(app: FastAPI, uploads: Uploads, lang: Language) -> None:
    """Add the route that takes one file of a form; it answers with a list of one key, as Gradio's own does.

    413: larger than FILE_LIMIT, 503: too many uploads wait, 400: no such form. `lang` is for browsers that ask for
    neither language.
    """

    async def receive(request: Request) -> Response:
        try:
            with uploads.room():
                async with asyncio.timeout(_RECEIVING_SECONDS):
                    upload = await _received(request)
        except ContentError:
            return await _refused(request, 503, "upload.full", lang)
        except _TooLarge:
            return await _refused(request, 413, "upload.too_large", lang)
        except (MultiPartException, KeyError, ValueError, ClientDisconnect, TimeoutError):
            return await _refused(request, 400, "upload.broken", lang)
        browser = request.cookies.get(COOKIE, "") or secrets.token_urlsafe(32)
        answer = JSONResponse([uploads.put(browser, upload)])
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, browser, httponly=True, samesite="strict", secure=secure)
        return answer

    app.add_api_route(ROUTE, receive, methods=["POST"])


class _TooLarge(Exception):
    """A form is larger than a file may be."""


class _InMemory(MultiPartParser):
    spool_max_size = FILE_LIMIT + _ENVELOPE  # nothing of an upload is written to disk


async def _received(request: Request) -> Upload:
    """The one file of a form. Raises _TooLarge, MultiPartException, KeyError, ValueError, ClientDisconnect."""
    if int(request.headers.get("content-length", "0")) > FILE_LIMIT + _ENVELOPE:
        raise _TooLarge
    form = await _InMemory(request.headers, _bounded(request), max_files=1, max_fields=0).parse()
    file = form["files"]
    assert isinstance(file, UploadFile)  # a form with a field is refused
    try:
        content = await file.read()
    finally:
        await file.close()
    if len(content) > FILE_LIMIT:
        raise _TooLarge
    return Upload(file.filename or "", content)


async def _bounded(request: Request) -> AsyncGenerator[bytes]:
    """The body of a request, as far as it may go."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > FILE_LIMIT + _ENVELOPE:
            raise _TooLarge
        yield chunk


async def _refused(request: Request, status: int, key: str, lang: Language) -> Response:
    """Read what is still coming, without keeping it, and answer with a sentence."""
    size = 0
    with suppress(RuntimeError, ClientDisconnect, TimeoutError):  # RuntimeError: nothing is left
        async with asyncio.timeout(_RECEIVING_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > _DRAINED:
                    break
    text = t(key, _language(request, lang), limit=FILE_LIMIT // 1_000_000)
    return PlainTextResponse(text, status, headers={"connection": "close"} if size > _DRAINED else None)


def _language(request: Request, otherwise: Language) -> Language:
    """The language that a browser asks for first, if it is one of ours."""
    wanted = request.headers.get("accept-language", "")[:2].lower()
    return "zh" if wanted == "zh" else "en" if wanted == "en" else otherwise
