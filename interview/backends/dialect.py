"""What an endpoint understands: rung, parameter names, streaming. Found out on the way, and remembered."""

import json
from collections.abc import MutableMapping
from contextlib import suppress

from interview.backends.backend import CompletionRequest, Rung
from interview.backends.faults import CallFailed
from interview.backends.presets import Preset, TokenParameter
from interview.errors import StoreError
from interview.models import Value

_LOWER: dict[Rung, Rung] = {"json_schema": "json_object", "json_object": "text"}
_OTHER_NAME: dict[TokenParameter, TokenParameter] = {
    "max_tokens": "max_completion_tokens",
    "max_completion_tokens": "max_tokens",
}
_MOST_CHANGES = 3  # then the barest request is tried: text, and nothing that a server may refuse
_LARGER = 3  # times the budget, once, when a reply hits the token limit


class Dialect(Value):
    """How to talk to one model at one endpoint. `rung` is None until one has worked; `left_out` was refused by name."""

    rung: Rung | None = None
    token_parameter: TokenParameter
    left_out: tuple[str, ...] = ()
    streams: bool = True


class RungMemory:
    """Dialects that have worked, per (base_url, model). `kept` may be any mapping, so that it can outlive the process.

    Its values are JSON texts; one that cannot be read (written by another version) counts as not there. Where `kept`
    fails (a full disk), this process still knows.
    """

    def __init__(self, kept: MutableMapping[str, str] | None = None) -> None:
        self._known: dict[str, Dialect | None] = {}
        self._kept: MutableMapping[str, str] = {} if kept is None else kept

    def keep_in(self, kept: MutableMapping[str, str]) -> None:
        """Go on in another mapping, which holds what was found out in earlier processes."""
        self._kept = kept

    def recall(self, base_url: str, model: str) -> Dialect | None:
        """Return what worked last, if anything did."""
        name = f"{base_url} {model}"
        if name not in self._known:
            with suppress(ValueError, StoreError):
                self._known[name] = Dialect.model_validate_json(self._kept.get(name, ""))
        return self._known.get(name)

    def remember(self, base_url: str, model: str, dialect: Dialect) -> None:
        """Keep what has just worked."""
        if dialect == self.recall(base_url, model):
            return
        name = f"{base_url} {model}"
        self._known[name] = dialect
        with suppress(StoreError):
            self._kept[name] = dialect.model_dump_json()

    def forget(self, base_url: str, model: str) -> None:
        """Find out anew next time: the server is not what it was."""
        name = f"{base_url} {model}"
        self._known[name] = None
        with suppress(StoreError):
            self._kept.pop(name, None)


class RequestPlan:
    """How one completion is asked for, from call to call; `calls` counts the HTTP requests made for it."""

    def __init__(
        self, request: CompletionRequest, preset: Preset, remembered: Dialect | None, only: Rung | None = None
    ) -> None:
        """`only`: the rung to stay on, whatever is remembered or refused."""
        self.calls = 0
        self._request = request
        self._extra = preset.extra_body
        self._budget = request.max_tokens + preset.spare_tokens
        self._larger_asked = False
        self._first = remembered or Dialect(token_parameter=preset.token_parameter)
        self._proven = self._first.rung is not None
        self._stays = only is not None
        wanted: Rung = only or self._first.rung or preset.first_rung
        self.rung: Rung = "text" if request.json_schema is None else wanted
        self._token_parameter: TokenParameter = self._first.token_parameter
        self._left_out = set(self._first.left_out)
        self._streams = self._first.streams
        self._never_streams = False
        self._bare_faults = 0
        self._changes = 0
        self._messages = [{"role": one.role, "content": one.content} for one in request.messages]

    @property
    def streams(self) -> bool:
        """Whether this call streams; only JSON rungs do."""
        return self._streams and self.rung != "text"

    @property
    def texts(self) -> tuple[str, ...]:
        """What the model is sent to read."""
        return tuple(message.content for message in self._request.messages)

    @property
    def dialect(self) -> Dialect:
        """What is worth remembering once a call has worked."""
        return Dialect(
            rung=self._first.rung if self._request.json_schema is None else self.rung,
            token_parameter=self._token_parameter,
            left_out=tuple(sorted(self._left_out)),
            streams=self._first.streams and not self._never_streams,
        )

    @property
    def optional(self) -> dict[str, object]:
        """Parameters that the server may refuse by name, and that are then left out."""
        offered: dict[str, object] = {self._token_parameter: self._budget, **self._extra}
        if self.streams:
            offered["stream_options"] = {"include_usage": True}
        return {name: value for name, value in offered.items() if name not in self._left_out}

    def body(self, model: str) -> dict[str, object]:
        """Return the body of the HTTP request. By default no temperature, top_p or seed."""
        body = {"model": model, "messages": self._messages, **self.optional}
        if self.streams:
            body["stream"] = True
        if self.rung == "json_object":
            body["response_format"] = {"type": "json_object"}
        elif self.rung == "json_schema":
            schema = {"name": self._request.schema_name or "reply", "strict": True, "schema": self._request.json_schema}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return body

    def sent(self) -> tuple[tuple[str, str], ...]:
        """Return the parameters of the call beside model, messages and schema: names, with values as JSON."""
        asked = {"stream": self.streams, "response_format": self.rung, **self.optional}
        return tuple((name, json.dumps(value)) for name, value in asked.items())

    def __str__(self) -> str:
        return str(self.sent())

    def adapt(self, failed: CallFailed) -> bool:
        """Change what `failed` calls for; True where it makes sense to ask again at once. Each change comes once."""
        if failed.too_short:
            return self._ask_for_more()
        if failed.cut:
            self._streams = False  # the whole reply may come, or the reason why it does not
        if not (failed.names or (not self._stays and self.rung != "text" and self._blames_rung(failed))):
            return False
        self._changes += 1
        if self._changes == _MOST_CHANGES and not self._stays:
            return self._strip()
        return self._drop(failed.names) if failed.names else self._descend()

    @property
    def was_proven(self) -> bool:
        """Whether it began with what had worked before."""
        return self._proven

    def never_stream(self) -> None:
        """Remember that the endpoint answers a request for a stream with something else."""
        self._never_streams = True

    def _drop(self, names: frozenset[str]) -> bool:
        for name in names:
            other = _OTHER_NAME.get(self._token_parameter)
            if name == self._token_parameter and other and other not in self._left_out:
                self._token_parameter = other
            self._left_out.add(name)
        return True

    def _strip(self) -> bool:
        self.rung = "text"
        self._left_out |= {*self._extra, *_OTHER_NAME, "stream_options"}
        return True

    def _ask_for_more(self) -> bool:
        if self._larger_asked or self._token_parameter in self._left_out:
            return False
        self._larger_asked = True
        self._budget *= _LARGER
        return True

    def _blames_rung(self, failed: CallFailed) -> bool:
        if failed.about_rung:
            return True
        if not failed.unnamed or self._proven:
            return False  # a rung that has worked is not doubted for an error that does not name it
        if failed.status not in (500, None):
            return True
        self._bare_faults += 1
        return self._bare_faults > 1  # a server that stumbles, or says nothing, deserves the same question once more

    def _descend(self) -> bool:
        self.rung = _LOWER[self.rung]
        return True
