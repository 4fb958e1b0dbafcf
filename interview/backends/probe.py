"""Five small calls that find out what an endpoint can do: its models, a plain reply, two forms, and a long prompt."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Literal

from interview.backends.backend import Backend, Completion, CompletionRequest, Message, Rung
from interview.backends.dialect import Dialect, RungMemory
from interview.backends.endpoint import Endpoint, is_chat_model
from interview.backends.openai_compatible import OpenAICompatibleClient
from interview.backends.pipeline import Pipeline
from interview.backends.rate_limit import RateLimit
from interview.backends.retry import RetryPolicy
from interview.errors import BackendError, Cause, FaultClass, LastingFault
from interview.models import Value

StepName = Literal["models", "plain", "json_object", "json_schema", "long_prompt"]
STEPS: tuple[StepName, ...] = ("models", "plain", "json_object", "json_schema", "long_prompt")
Reads = Callable[[str], str]
_RUNGS: dict[StepName, Rung] = {"json_schema": "json_schema", "json_object": "json_object"}
_LONG_WORDS = 6000  # each of at least one token: beyond the contexts that servers set without being asked
_CUT_SHARE = 0.9
_MOST_MODELS = 200
_NO_LIST: frozenset[FaultClass] = frozenset({"address_wrong", "request_refused", "bad_reply"})


class Step(Value):
    """What one call came to.

    `ok`: it works. `partly`: the call works and its use is limited (models: the one asked for is not listed; a form:
    the reply did not keep to it; the long prompt: whether it was cut is not told). `failed`: see `fault` and `text`,
    an English sentence. `skipped`: an earlier call makes it pointless. `tokens`: of the prompt, as the server counts.
    """

    name: StepName
    state: Literal["ok", "partly", "failed", "skipped"]
    seconds: float = 0.0
    tokens: int | None = None
    fault: FaultClass | None = None
    cause: Cause = ""
    hint: str = ""
    text: str = ""


class ProbeReport(Value):
    """What a test of one model at one endpoint came to; `dialect` None where no judge could work with it."""

    base_url: str
    model: str
    steps: tuple[Step, ...] = ()
    models: tuple[str, ...] = ()
    dialect: Dialect | None = None

    def step(self, name: StepName) -> Step | None:
        """The step of that name, if it is over."""
        return next((step for step in self.steps if step.name == name), None)

    @property
    def usable(self) -> bool:
        """Whether answers can be judged with it: a plain reply comes, and no prompt is cut without a word."""
        long_prompt = self.step("long_prompt")
        return self.dialect is not None and (long_prompt is None or long_prompt.state != "failed")

    @property
    def trouble(self) -> Step | None:
        """The failed step that says most about why it is not usable."""
        failed = [step for name in ("plain", "long_prompt", "models") if (step := self.step(name)) is not None]
        return next((step for step in failed if step.state == "failed"), None)


async def probe(endpoint: Endpoint, sample: CompletionRequest, reads: Reads) -> AsyncIterator[ProbeReport]:
    """Make the five calls, one after the other; the report so far after each of them.

    `sample` is a real grading in small, with its schema; `reads` says what is wrong with a reply to it (empty:
    nothing). Faults are part of the report, never raised.
    """
    report = ProbeReport(base_url=endpoint.base_url, model=endpoint.model)
    rungs = RungMemory()
    for name in STEPS:
        if _is_pointless(name, report):
            step, models = Step(name=name, state="skipped"), report.models
        else:
            step, models = await _take(name, endpoint, rungs, sample, reads)
        report = report.model_copy(update={"steps": (*report.steps, step), "models": models or report.models})
        report = report.model_copy(update={"dialect": _dialect(report, rungs, endpoint)})
        yield report


def _is_pointless(name: StepName, report: ProbeReport) -> bool:
    models, plain = report.step("models"), report.step("plain")
    if name == "plain":
        return models is not None and models.fault == "unreachable"
    return name != "models" and plain is not None and plain.state in ("failed", "skipped")


async def _take(
    name: StepName, endpoint: Endpoint, rungs: RungMemory, sample: CompletionRequest, reads: Reads
) -> tuple[Step, tuple[str, ...]]:
    """Make one call; returns the step, and the models that were listed."""
    client = OpenAICompatibleClient(endpoint, rungs=rungs, only=_RUNGS.get(name))
    began = time.monotonic()
    try:
        if name == "models":
            listed = tuple(filter(is_chat_model, await client.models()))[:_MOST_MODELS]
            # A server without a list, or one that takes any name, may still know the model.
            state = "ok" if endpoint.model in listed or not listed else "partly"
            return Step(name=name, state=state, seconds=time.monotonic() - began), listed
        backend = Pipeline(client, [RetryPolicy(RateLimit(endpoint), attempts=1)])
        reply = await _complete(backend, _request(name, sample))
        return _judged(name, reply, reads, time.monotonic() - began), ()
    except BackendError as fault:
        return _failed(name, fault, time.monotonic() - began), ()
    finally:
        await client.close()


async def _complete(backend: Backend, request: CompletionRequest) -> Completion:
    async with aclosing(backend.complete(request)) as events:
        async for event in events:
            if isinstance(event, Completion):
                return event
    raise LastingFault(f"{backend.host} ended without a reply.", fault="bad_reply")


def _request(name: StepName, sample: CompletionRequest) -> CompletionRequest:
    if name in _RUNGS:
        return sample.model_copy(update={"purpose": "probe"})
    if name == "plain":
        text = "Reply with the one word: ready"
    else:
        text = f"{' '.join('abcdefgh'[at % 8] for at in range(_LONG_WORDS))}\n\nReply with the one word: ready"
    return CompletionRequest(messages=(Message(role="user", content=text),), max_tokens=200, purpose="probe")


def _judged(name: StepName, reply: Completion, reads: Reads, seconds: float) -> Step:
    tokens = reply.usage.prompt_tokens
    step = Step(name=name, state="ok", seconds=seconds, tokens=tokens)
    if name in _RUNGS and (problem := reads(reply.text)):
        text = f"The reply did not keep to the form ({problem.splitlines()[0][:120]}); it would be sent back once."
        return step.model_copy(update={"state": "partly", "text": text})
    if name == "long_prompt" and tokens is None:
        return step.model_copy(update={"state": "partly", "text": "The server does not tell how much it read."})
    if name == "long_prompt" and tokens is not None and tokens < _CUT_SHARE * _LONG_WORDS:
        text = f"A long prompt is cut without a word: {tokens} tokens were read of about {_LONG_WORDS}."
        return step.model_copy(update={"state": "failed", "fault": "prompt_cut", "text": text})
    return step


def _failed(name: StepName, fault: BackendError, seconds: float) -> Step:
    # A list of models is a convenience; many good servers have none.
    state = "partly" if name == "models" and fault.fault in _NO_LIST else "failed"
    return Step(
        name=name,
        state=state,
        seconds=seconds,
        fault=fault.fault,
        cause=fault.cause,
        hint=fault.hint,
        text=str(fault),
    )


def _dialect(report: ProbeReport, rungs: RungMemory, endpoint: Endpoint) -> Dialect | None:
    """The form that a judge should use: the highest that works, with the parameters that were not refused."""
    plain = report.step("plain")
    if plain is None or plain.state != "ok":
        return None
    found = rungs.recall(endpoint.base_url, endpoint.model) or Dialect(token_parameter=endpoint.preset.token_parameter)
    return found.model_copy(update={"rung": _best_rung(report, endpoint.preset.first_rung)})


def _best_rung(report: ProbeReport, first: Rung) -> Rung | None:
    """The best one that works; None while the forms have not been tried. A preset may rule out forms."""
    tried = {step.name: step.state for step in report.steps}
    if "json_schema" not in tried:
        return None
    if first == "text":
        return "text"
    by_worth: tuple[tuple[StepName, Rung], ...] = (("json_schema", "json_schema"), ("json_object", "json_object"))
    for wanted in ("ok", "partly"):
        for name, rung in by_worth:
            if tried.get(name) == wanted:
                return rung
    return "text"
