"""What went wrong with one call: status, headers and body of a refusal become a fault class and our own sentence.

A provider's text is read to tell the cases apart, and then dropped: some echo the key, or the prompt.
"""

import math
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import cast

from interview.backends.endpoint import Endpoint
from interview.backends.presets import owner_of
from interview.errors import NEEDS_CHANGE, BackendError, Cause, FaultClass, LastingFault, PassingFault
from interview.settings.proxies import proxy_for

_SENTENCES: dict[FaultClass, str] = {
    "unreachable": "{host} cannot be reached. Check that the server runs and that the base URL {url} is right.",
    "timed_out": "{host} did not finish its reply within {deadline:g} s. Raise `deadline_seconds` of backend {name} "
    "or take a faster model.",
    "rate_limited": "{host} receives too many requests with this key. It is tried again later.",
    "server_fault": "{host} reports a fault of its own. It is tried again later.",
    "bad_reply": "{host} sent something that is not a reply of model {model}. Check the base URL {url}.",
    "key_refused": "{host} refuses the API key, or the key may not use model {model}. Check the key of backend {name}.",
    "model_unknown": "{host} does not know the model {model}. Check its name, or load it on the server.",
    "address_wrong": "{host} offers no chat completions at {url}. The base URL usually ends in /v1.",
    "quota_exhausted": "The account of this key has nothing left at {host}. Top it up or take another backend.",
    "context_exceeded": "The text is too long for model {model} at {host}. Raise the server's context or shorten it.",
    "prompt_cut": "{host} read only a part of the text: its context is too small, and it cuts without saying so. "
    "Raise the context of the server to 16384 tokens or more (such as OLLAMA_CONTEXT_LENGTH or num_ctx).",
    "content_refused": "{host} declines to answer for reasons of content. Take another model for this text.",
    "request_refused": "{host} refuses the request. Check that model {model} is a chat model, and the base URL {url}.",
}
_CAUSES: dict[Cause, str] = {
    "no_key": "{host} asks for an API key, and none is set for backend {name}. Set one.",
    "key_of_other": "{host} refuses the API key. It begins like a key of {hint}: take one of {host}, or that service.",
    "redirected": "{host} redirects to another address, which is not followed: your text goes only where you sent it. "
    "Set the base URL (now {url}) to the final address.",
    "through_proxy": "{host} cannot be reached through the proxy {hint}, which the environment names. Check that "
    "proxy, or add {host} to NO_PROXY.",
    "no_chat_model": "{model} at {host} is no chat model, perhaps one for embeddings. Take a chat model.",
}
_OF_THIS_TEXT: tuple[FaultClass, ...] = ("context_exceeded", "prompt_cut", "content_refused", "request_refused")
_LASTING: frozenset[FaultClass] = frozenset({*NEEDS_CHANGE, *_OF_THIS_TEXT})

# What providers say, in lower case; the first that matches decides. Rate limits are told by the status alone.
_QUOTA = re.compile(
    r"insufficient[_ ](quota|balance|credit)|exceeded_current_quota|credit balance|arrearage|billing_hard_limit"
)
_CONTEXT = re.compile(
    r"context[_ -]?(length|size|window)|maximum context|exceed_context|input_tokens|prompt is too long|too many tokens"
)
_CONTENT = re.compile(r"content[_ ](filter|management|exists risk|policy)|moderation|flagged|data_inspection|sensitive")
_KEY = re.compile(
    r"(invalid|incorrect|missing|wrong)[_ ]api[_ -]?key|api key not valid|authentication|unauthori[sz]ed"
    r"|no_db_connection"
)
_NO_CHAT = re.compile(
    r"(not|n't) (a |an )?(support(ed)? )?(chat|generat)|not a chat model|embedding model|only supports? embedding"
    r"|does not support (chat|generate|completion)|not supported in the v1/chat/completions"
)
_MODEL = re.compile(
    r"model[_ ]not[_ ]found|(unknown|invalid|no such|nonexistent) model"
    r"|\b(model|deployment)\b.{0,120}?(not (found|exist|available|supported|loaded)|n't exist|unavailable)"
)
_RUNG = re.compile(r"response_format|response format|json[_ ](schema|object|mode)|schema|grammar|structured|guided")
_WORDS = re.compile(r"(?=.{3,50}$)[A-Za-z]+(_[A-Za-z]+)*")
_TELLING_FIELDS = ("message", "msg", "detail", "type", "param", "code", "loc", "error", "title")


class CallFailed(Exception):
    """One HTTP call failed; never seen outside the backends.

    `sentence` is a template over name, host, url, model, deadline, idle, first_byte and hint (what `cause` is about).
    `code` is the endpoint's own word for the error, where it is a plain word. `names` holds those optional parameters
    of the request that the server named. `about_rung`: it named the response format. `unnamed`: it refused, or said
    nothing, without naming anything known, so that the response format may be the cause. `too_short`: the reply hit the
    token limit. `cut`: the reply ended without saying why.
    """

    def __init__(
        self,
        fault: FaultClass,
        *,
        sentence: str = "",
        cause: Cause = "",
        lasting: bool | None = None,
        status: int | None = None,
        code: str = "",
        retry_after: float | None = None,
        names: frozenset[str] = frozenset(),
        about_rung: bool = False,
        unnamed: bool = False,
        too_short: bool = False,
        cut: bool = False,
    ) -> None:
        super().__init__(fault)
        self.fault: FaultClass = fault
        self.cause: Cause = cause
        self.sentence = sentence or in_words(fault, cause)
        self.lasting = fault in _LASTING if lasting is None else lasting
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.names = names
        self.about_rung = about_rung
        self.unnamed = unnamed
        self.too_short = too_short
        self.cut = cut


def in_words(fault: FaultClass, cause: Cause = "") -> str:
    """Return the sentence of a fault, of its cause where that is known: a template as in CallFailed."""
    return _CAUSES[cause] if cause else _SENTENCES[fault]


def to_backend_error(failed: CallFailed, endpoint: Endpoint) -> BackendError:
    """Return the error for the caller: a PassingFault or a LastingFault, worded for the user."""
    kind = LastingFault if failed.lasting else PassingFault
    cause, hint = _likely_cause(failed, endpoint)
    sentence = in_words(failed.fault, cause) if cause else failed.sentence
    words = sentence.format(
        name=endpoint.name,
        host=endpoint.host,
        url=endpoint.base_url,
        model=endpoint.model,
        deadline=endpoint.deadline_seconds,
        idle=endpoint.idle_seconds,
        first_byte=endpoint.first_byte_seconds,
        hint=hint,
    )
    return kind(words, fault=failed.fault, retry_after=failed.retry_after, cause=cause, hint=hint)


def _likely_cause(failed: CallFailed, endpoint: Endpoint) -> tuple[Cause, str]:
    """Return the likely mistake, and the name that it is about."""
    if failed.fault == "key_refused":
        if endpoint.api_key is None:
            return "no_key", ""
        owner = owner_of(endpoint.key)
        return ("key_of_other", owner.title) if owner and owner.name != endpoint.preset.name else ("", "")
    if failed.fault == "unreachable" and not endpoint.is_loopback and (proxy := proxy_for(endpoint.base_url)):
        return "through_proxy", proxy
    return failed.cause, ""


def refused(
    status: int, body: object, *, model: str, sent: Collection[str] = (), waits: float | None = None
) -> CallFailed:
    """Tell what a reply with an error status means. `sent` names the optional parameters of the request to `model`.

    `waits` is what retry_after() made of the headers.
    """
    failed = _refused(status, body, model, sent, waits)
    failed.code = _code(body)
    return failed


def _refused(status: int, body: object, model: str, sent: Collection[str], waits: float | None) -> CallFailed:
    # Else a model called `schema-7b` would speak of schemas.
    said = re.sub(rf"(?<![\w-]){re.escape(model.lower())}(?![\w-])", "…", _said(body).lower())
    if status in {400, 404, 405, 422}:
        return _refused_request(status, said, _fields(body), sent)
    if 300 <= status < 400:
        return CallFailed("address_wrong", cause="redirected", status=status)
    if status == 402 or (status in {403, 429} and _QUOTA.search(said)):
        return CallFailed("quota_exhausted", status=status)
    if status == 403 and _CONTENT.search(said):
        return CallFailed("content_refused", status=status)
    fault = _BY_STATUS.get(status) or ("server_fault" if status >= 500 else "request_refused")
    return CallFailed(fault, status=status, retry_after=waits, unnamed=status == 500)


_BY_STATUS: dict[int, FaultClass] = {
    401: "key_refused",
    403: "key_refused",
    408: "timed_out",
    409: "server_fault",
    413: "context_exceeded",
    425: "server_fault",
    429: "rate_limited",
    504: "timed_out",
}


def _refused_request(status: int, said: str, fields: dict[str, object], sent: Collection[str]) -> CallFailed:
    # Before the context: "max_tokens is too large for the context length" is cured by leaving max_tokens out.
    names = frozenset(name for name in sent if re.search(rf"\b{re.escape(name)}\b", said))
    if names:
        return CallFailed("request_refused", status=status, names=names)
    if _CONTEXT.search(said):
        return CallFailed("context_exceeded", status=status)
    if _QUOTA.search(said):
        return CallFailed("quota_exhausted", status=status)
    if _NO_CHAT.search(said):
        return CallFailed("model_unknown", cause="no_chat_model", status=status)
    if _RUNG.search(said):
        return CallFailed("request_refused", status=status, about_rung=True)
    if _CONTENT.search(said):
        return CallFailed("content_refused", status=status)
    if fields.get("param") == "model" or _MODEL.search(said):
        return CallFailed("model_unknown", status=status)
    if _KEY.search(said):
        return CallFailed("key_refused", status=status)
    if status in {404, 405}:
        return CallFailed("address_wrong", status=status)
    return CallFailed("request_refused", status=status, unnamed=True)


def reported(error: object, *, model: str, otherwise: FaultClass = "bad_reply") -> CallFailed:
    """Tell what an `error` inside a stream or a reply with status 200 means; `otherwise` where it says nothing."""
    code = str(_fields(error).get("code"))
    if code.isdigit() and 400 <= int(code) < 600:
        failed = refused(int(code), error, model=model)
        if failed.fault not in ("request_refused", "address_wrong"):  # no status of ours that says no more than that
            return failed
    said = _said(error).lower()
    faults: list[FaultClass] = [fault for pattern, fault in _REPORTED if pattern.search(said)]
    return CallFailed(faults[0] if faults else otherwise, code=_code(error))


_REPORTED: tuple[tuple[re.Pattern[str], FaultClass], ...] = (
    (_CONTEXT, "context_exceeded"),
    (_QUOTA, "quota_exhausted"),
    (_CONTENT, "content_refused"),
    (re.compile(r"rate[_ ]limit"), "rate_limited"),
)


def _code(body: object) -> str:
    """The error's `code` or `type`, where it is words: what has digits in it may be a key, or the status once more."""
    fields = _fields(body)
    for holder in (fields, _fields(fields.get("error"))):
        for name in ("code", "type"):
            told = holder.get(name)
            if isinstance(told, str) and _WORDS.fullmatch(told):
                return told
    return ""


def _fields(body: object) -> dict[str, object]:
    return cast("dict[str, object]", body) if isinstance(body, dict) else {}


def _said(body: object, depth: int = 4) -> str:
    """Join what the error says, and nothing that it echoes (validation errors carry the whole request as `input`)."""
    if isinstance(body, str | int):
        return str(body)[:2000]
    if depth and isinstance(body, list):
        return " ".join(_said(part, depth - 1) for part in cast("list[object]", body)[:20])
    fields = _fields(body)
    if depth:
        return " ".join(_said(fields[name], depth - 1) for name in _TELLING_FIELDS if name in fields)
    return ""


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read the seconds (0 or more) to wait from `retry-after-ms` or `retry-after` (seconds or HTTP date), if any.

    `headers` has lower-case names or ignores case. None where it is absent or nonsense. A date is taken against the
    endpoint's own clock where it tells the time, else against `now`: ours may be a day off.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    told = headers.get("retry-after", "")
    seconds = _number(told)
    if seconds is not None or not told:
        return seconds
    until = _date(told)
    if until is None:
        return None
    return max(0.0, (until - (_date(headers.get("date", "")) or now)).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
