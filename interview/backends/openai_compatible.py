"""The backend for every OpenAI-compatible endpoint, and the only importer of the SDK (on first use)."""

import asyncio
import importlib
import logging
import time
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential_jitter

from interview.backends.backend import Completion, CompletionRequest, Delta, Restarted, Rung
from interview.backends.bounds import Bounds
from interview.backends.calls import CallLog
from interview.backends.dialect import Course, RungMemory
from interview.backends.endpoint import Endpoint
from interview.backends.faults import CallFailed, refused, reported, retry_after
from interview.backends.gate import Clock, Gate, Sleep
from interview.backends.prompt_size import is_cut
from interview.backends.reply import Reply
from interview.backends.telling import told
from interview.errors import BackendError, PassingFault
from interview.models import FailedAttempt

if TYPE_CHECKING:
    import openai

_LIST_SECONDS = 10.0
# Of what the SDK would send only these. It adds headers of the environment (OPENAI_CUSTOM_HEADERS), which belong to one
# provider and may be named like its own; so those with a value of ours are set anew.
_OUR_HEADERS = frozenset({"accept-encoding", "connection", "content-length"})
_log = logging.getLogger(__name__)
_BACK_OFF = wait_exponential_jitter(multiplier=0.5, max=8, jitter=0.5)


class OpenAICompatibleBackend:
    """One endpoint, reached through the SDK; follows the Backend protocol.

    Tries a passing fault `attempts` times, as long as the next try begins within `patience_seconds` of the first;
    a longer wait that the endpoint asks for is the caller's (`PassingFault.retry_after`). What the endpoint turns out
    to understand is kept in `rungs`; with `only` it stays on that rung, to find out whether it works. `gate` may be
    shared with other models of the same endpoint. `clock` gives monotonic seconds, `now` the time of day.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        rungs: RungMemory | None = None,
        only: Rung | None = None,
        gate: Gate | None = None,
        attempts: int = 4,
        patience_seconds: float = 60.0,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._endpoint = endpoint
        self._rungs = rungs or RungMemory()
        self._only: Rung | None = only
        self._gate = gate or Gate(endpoint.preset.parallel, clock=clock, sleep=sleep)
        self._attempts = attempts
        self._patience = patience_seconds
        self._clock = clock
        self._sleep = sleep
        self._now = now
        self._client: openai.AsyncOpenAI | None = None

    @property
    def name(self) -> str:
        """As in settings."""
        return self._endpoint.name

    @property
    def model(self) -> str:
        """The model asked for."""
        return self._endpoint.model

    @property
    def host(self) -> str:
        """Host and port that the prompt is sent to."""
        return self._endpoint.host

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
            raise told(self._failed(error, ()), self._endpoint) from error

    async def complete(self, request: CompletionRequest) -> AsyncGenerator[Delta | Restarted | Completion, None]:
        """Ask, adapt to what the endpoint refuses, retry what may pass; see the protocol."""
        url = self._endpoint.base_url
        course = Course(request, self._endpoint.preset, self._rungs.recall(url, self.model), self._only)
        log = request.log or CallLog()
        began = self._clock()
        said = False
        async for attempt in self._retrying(began, request.attempts or self._attempts):
            fault: BackendError | None = None
            while fault is None:
                try:
                    patience = self._patience - (self._clock() - began)
                    line = self._endpoint.deadline_seconds
                    async with self._gate.passage(patience, line), aclosing(self._call(course, log)) as events:
                        async for event in events:
                            said = said or isinstance(event, Delta)
                            if isinstance(event, Completion):  # before it is told: nobody has to come back for more
                                self._rungs.remember(url, self.model, course.dialect)
                                self._gate.got_through()
                            yield event
                    return
                except CallFailed as failed:
                    fault = self._settle(course, failed, log)
                    why = str(told(failed, self._endpoint))
                if said:
                    said = False
                    yield Restarted(why=why)
            with attempt:
                # Only here: tenacity swallows whatever leaves this block, and a cancellation must not wait for it.
                raise fault

    def _retrying(self, began: float, attempts: int) -> AsyncRetrying:
        def stop(state: RetryCallState) -> bool:
            next_call = self._clock() - began + state.upcoming_sleep
            return state.attempt_number >= attempts or next_call > self._patience

        return AsyncRetrying(
            retry=retry_if_exception_type(PassingFault),
            wait=lambda state: self._gate.remaining or _BACK_OFF(state),  # as long as it is told, no longer
            stop=stop,
            sleep=self._sleep,
            reraise=True,
        )

    def _settle(self, course: Course, failed: CallFailed, log: CallLog) -> BackendError | None:
        """Adapt the course (None: ask again at once), or return the fault for the caller."""
        if failed.retry_after:
            self._gate.close_for(failed.retry_after)
        elif failed.fault == "rate_limited":
            self._gate.slow_down()
        if log.ends_with(failed.fault):
            failed.lasting = True
            return told(failed, self._endpoint)
        if course.adapt(failed):
            _log.debug("%s %s: asked again, %s", self.host, self.model, course.sent())
            return None
        if failed.unnamed and failed.lasting and course.was_proven and self._only is None:
            self._rungs.forget(self._endpoint.base_url, self.model)
        return told(failed, self._endpoint)

    async def _call(self, course: Course, log: CallLog) -> AsyncGenerator[Delta | Completion, None]:
        """Make one HTTP call; one that fails is noted. Raises CallFailed."""
        started, began = self._now(), self._clock()
        course.calls += 1
        _log.debug("%s %s: call %d, %s", self.host, self.model, course.calls, course.sent())
        try:
            async with aclosing(self._exchange(course)) as events:
                async for event in events:
                    yield event
        except CallFailed as failed:
            seconds = round(self._clock() - began, 3)
            _log.debug("%s %s: %s after %.1f s, status %s", self.host, self.model, failed.fault, seconds, failed.status)
            log.note(
                FailedAttempt(
                    started_at=started,
                    seconds=seconds,
                    backend=self.name,
                    model=self.model,
                    host=self.host,
                    fault=failed.fault,
                    detail=str(told(failed, self._endpoint)),
                    status=failed.status,
                    code=failed.code,
                )
            )
            raise
        _log.debug("%s %s: replied after %.1f s", self.host, self.model, self._clock() - began)

    async def _exchange(self, course: Course) -> AsyncGenerator[Delta | Completion, None]:
        client = await self._connected()
        reply, bounds = Reply(), Bounds(self._endpoint)
        asked = course.parameters(self.model)
        try:
            create = cast("Any", client.chat.completions.create)
            async with bounds.step():
                answer = await create(**asked)
            if course.streams:
                bounds.listen(answer.response)
                async with answer:
                    while True:
                        # Around each step, never around a yield: the bound would strike in the caller's code.
                        async with bounds.step():
                            piece = await anext(answer, None)
                        if piece is None:
                            break
                        text = reply.take_piece(piece, self.model)
                        if text:
                            bounds.began()
                            yield Delta(text=text)
                _check_streamed(answer, reply, course)
            else:
                reply.take_whole(answer, self.model)
        except CallFailed:
            raise
        except Exception as error:
            raise self._failed(error, course.optional) from error
        if is_cut(reply.usage, course.texts):  # first: it may be why the reply is of no use
            raise CallFailed("prompt_cut")
        reply.check()
        yield Completion(
            text=reply.text,
            model=reply.model or self.model,
            rung=course.rung,
            usage=reply.usage,
            calls=course.calls,
            fingerprint=reply.fingerprint,
            parameters=course.sent(),
        )

    async def _connected(self) -> "openai.AsyncOpenAI":
        # The import takes about a second; other tasks of this loop go on meanwhile.
        sdk = await asyncio.to_thread(importlib.import_module, "openai")
        if self._client is None:
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
        for name in [*request.headers]:
            if name not in _OUR_HEADERS:
                del request.headers[name]
        request.headers.update(
            {
                "host": request.url.netloc.decode("ascii"),
                "accept": "application/json",
                "content-type": "application/json",
                "user-agent": "viva",
                "authorization": f"Bearer {self._endpoint.key}",
            }
        )

    def _failed(self, error: Exception, sent: Collection[str]) -> CallFailed:
        """Tell what an exception of the SDK means; anything that is no fault of the call is raised again."""
        import openai

        if isinstance(error, openai.APIConnectionError):  # its timeouts, too: the SDK bounds nothing but connecting
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


def _check_streamed(answer: Any, reply: Reply, course: Course) -> None:
    """Raise CallFailed where a stream was asked for and something else came."""
    kind: str = answer.response.headers.get("content-type", "")
    if reply.pieces or "event-stream" in kind:
        return
    if "json" in kind:
        course.never_stream()
        raise CallFailed("bad_reply", cut=True)
    raise CallFailed("bad_reply")
