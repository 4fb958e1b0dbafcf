"""The client for every OpenAI-compatible endpoint, and the only importer of the SDK (on first use)."""

import asyncio
import importlib
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from interview.backends.backend import Completion, CompletionRequest, Delta, Events, Rung
from interview.backends.bounds import Bounds
from interview.backends.calls import CallLog
from interview.backends.dialect import RequestPlan, RungMemory
from interview.backends.endpoint import Endpoint
from interview.backends.faults import CallFailed, refused, reported, retry_after, to_backend_error
from interview.backends.pipeline import Adapted, Handler
from interview.backends.prompt_size import is_cut
from interview.backends.rate_limit import Clock
from interview.backends.reply import Reply
from interview.models import FailedAttempt

if TYPE_CHECKING:
    import httpx2
    import openai

_LIST_SECONDS = 10.0
_DRAIN_SECONDS = 0.1
# Of what the SDK would send only these. It adds headers of the environment (OPENAI_CUSTOM_HEADERS), which belong to one
# provider and may be named like its own; so those with a value of ours are set anew.
_OUR_HEADERS = ("accept-encoding", "connection", "content-length")
_log = logging.getLogger(__name__)


class OpenAICompatibleClient:
    """One model at one endpoint, reached through the SDK; the innermost part of a pipeline.

    `rungs` remembers the dialect that the endpoint turned out to understand; with `only` the client stays on that rung,
    to find out whether it works. `clock` gives monotonic seconds, `now` the time of day.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        rungs: RungMemory | None = None,
        only: Rung | None = None,
        clock: Clock = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._endpoint = endpoint
        self.name, self.model, self.host = endpoint.name, endpoint.model, endpoint.host
        self._rungs = rungs or RungMemory()
        self._only: Rung | None = only
        self._clock = clock
        self._now = now
        self._client: openai.AsyncOpenAI | None = None
        self._headers = {
            "accept": "application/json",
            "content-type": "application/json",
            "user-agent": "viva",
            "authorization": f"Bearer {endpoint.key}",
        }

    async def close(self) -> None:
        """Close the connections; must run in the loop that used them."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def models(self) -> tuple[str, ...]:
        """Ask the endpoint which models it offers. Raises PassingFault or LastingFault, after one try."""
        client = await self._connected()
        try:
            async with asyncio.timeout(min(_LIST_SECONDS, self._endpoint.deadline_seconds)):
                page = await cast("Any", client.models.list())
            listed = [getattr(model, "id", None) for model in page.data]
            return tuple(sorted({name for name in listed if isinstance(name, str)}))
        except Exception as error:
            raise to_backend_error(self._failed(error, ()), self._endpoint) from error

    def start(self, request: CompletionRequest) -> Handler:
        """Return the handler that makes one HTTP call for `request`, each time in the way that the last one taught."""
        remembered = self._rungs.recall(self._endpoint.base_url, self.model)
        plan = RequestPlan(request, self._endpoint.preset, remembered, self._only)
        log = request.log or CallLog()
        return lambda _: self._call(plan, log)

    async def _call(self, plan: RequestPlan, log: CallLog) -> Events:
        """Make one HTTP call; one that fails is noted. Raises BackendError, or Adapted."""
        client = await self._connected()
        started, began = self._now(), self._clock()
        plan.calls += 1
        reply = Reply(self.model, streams=plan.streams)
        failed: CallFailed | None = None
        self._debug("call %d, %s", plan.calls, plan)
        bounds = Bounds(self._endpoint)
        try:
            async with _closing(await bounds.wait(_post(client, plan.body(self.model)))) as response:
                pieces = response.aiter_bytes()
                while not reply.is_done and (piece := await bounds.wait(anext(pieces, None))) is not None:
                    if text := reply.feed(piece):
                        bounds.begun = True
                        yield Delta(text=text)
                if reply.is_done:
                    await _drain(pieces)
            reply.finish()
            _check(response, reply, plan)
        except Exception as error:
            failed = self._failed(error, plan.optional)
        # Outside of `except`: the error of the SDK, which may hold the key, must not become the context of ours.
        if failed is not None:
            raise self._settled(failed, plan, log, started, round(self._clock() - began, 3))
        self._debug("replied after %.1f s", self._clock() - began)
        # Before the yield: the consumer may never resume this generator.
        self._rungs.remember(self._endpoint.base_url, self.model, plan.dialect)
        yield Completion(
            text=reply.text,
            model=reply.model or self.model,
            rung=plan.rung,
            usage=reply.usage,
            calls=plan.calls,
            fingerprint=reply.fingerprint,
            parameters=plan.sent(),
        )

    def _settled(
        self, failed: CallFailed, plan: RequestPlan, log: CallLog, started: datetime, seconds: float
    ) -> Exception:
        """Record a failed call and adapt the plan to it; return the exception to raise."""
        self._debug("%s after %.1f s, status %s", failed.fault, seconds, failed.status)
        fault = to_backend_error(failed, self._endpoint)
        log.note(
            FailedAttempt(
                started_at=started,
                seconds=seconds,
                backend=self.name,
                model=self.model,
                host=self.host,
                fault=failed.fault,
                detail=str(fault),
                status=failed.status,
                code=failed.code,
            )
        )
        if log.ends_with(failed.fault):
            failed.lasting = True
            return to_backend_error(failed, self._endpoint)
        if plan.adapt(failed):
            self._debug("asked again, %s", plan)
            return Adapted(str(fault))
        if failed.unnamed and failed.lasting and plan.was_proven and self._only is None:
            self._rungs.forget(self._endpoint.base_url, self.model)
        return fault

    def _debug(self, text: str, *values: object) -> None:
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug(f"%s %s: {text}", self.host, self.model, *values)

    async def _connected(self) -> "openai.AsyncOpenAI":
        if self._client is None:
            # The import takes about a second; other tasks of this loop go on meanwhile.
            sdk = await asyncio.to_thread(importlib.import_module, "openai")
            if self._client is not None:  # by another call, meanwhile
                return self._client
            client: openai.AsyncOpenAI = sdk.AsyncOpenAI(
                api_key=self._endpoint.key,
                base_url=self._endpoint.base_url,
                max_retries=0,
                timeout=sdk.Timeout(None, connect=self._endpoint.connect_seconds),  # everything else has Bounds
                # A proxy of the environment must not get what is meant for this machine.
                http_client=sdk.DefaultAsyncHttpxClient(
                    follow_redirects=False,
                    trust_env=not self._endpoint.is_loopback,
                    event_hooks={"request": [self._send_our_headers_alone]},
                ),
            )
            # The SDK reads these from the environment; they belong to one provider, not to every endpoint.
            client.organization = client.project = None
            self._client = client
        return self._client

    async def _send_our_headers_alone(self, request: Any) -> None:
        kept = {name: request.headers[name] for name in _OUR_HEADERS if name in request.headers}
        request.headers.clear()
        request.headers.update({"host": request.url.netloc.decode("ascii"), **self._headers, **kept})

    def _failed(self, error: Exception, sent: Collection[str]) -> CallFailed:
        """Return what an exception of the SDK means; raise again what is no fault of the call."""
        import httpx2
        import openai

        if isinstance(error, CallFailed):
            return error
        # The SDK's timeouts, too: it bounds nothing but connecting. Of httpx what happens while the body is read.
        if isinstance(error, openai.APIConnectionError | httpx2.RequestError):
            return CallFailed("unreachable")
        if isinstance(error, TimeoutError):
            return CallFailed("timed_out")
        if isinstance(error, openai.APIStatusError):
            waits = retry_after(error.response.headers, self._now())
            return refused(error.status_code, error.body, model=self.model, sent=sent, waits=waits)
        if isinstance(error, openai.APIError):
            return reported(error.body, model=self.model, otherwise="server_fault")
        if isinstance(error, UnicodeEncodeError):
            return CallFailed("request_refused")
        if isinstance(error, openai.OpenAIError | ValueError | TypeError | LookupError | AttributeError):
            return CallFailed("bad_reply")  # JSON, UTF-8 or types that the SDK could not read
        if isinstance(error, OSError):
            return CallFailed("unreachable")
        raise error


def _post(client: "openai.AsyncOpenAI", body: dict[str, object]) -> Awaitable["httpx2.Response"]:
    """Send a request; return the response with its body unread.

    By the SDK's `post`: its `create` checks and copies each message anew, and builds an object for each piece.
    """
    import httpx2
    import openai

    posted = client.post(
        "/chat/completions", cast_to=httpx2.Response, body=body, stream=True, stream_cls=openai.AsyncStream[object]
    )
    return cast("Awaitable[httpx2.Response]", posted)


@asynccontextmanager
async def _closing(response: "httpx2.Response") -> AsyncGenerator["httpx2.Response"]:
    try:
        yield response
    finally:
        await response.aclose()


async def _drain(pieces: AsyncIterator[bytes]) -> None:
    """Read the end of a body behind its last event, so that the connection can be used again."""
    import httpx2

    with suppress(TimeoutError, httpx2.HTTPError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for _ in pieces:
                pass


def _check(response: "httpx2.Response", reply: Reply, plan: RequestPlan) -> None:
    """Raise CallFailed unless the reply is what was asked for, whole and usable."""
    kind: str = response.headers.get("content-type", "")
    if plan.streams and not reply.choices and "event-stream" not in kind:
        if "json" in kind:
            plan.never_stream()
        raise CallFailed("bad_reply", cut="json" in kind)
    if is_cut(reply.usage, plan.texts):  # first: it may be why the reply is of no use
        raise CallFailed("prompt_cut")
    reply.check()
