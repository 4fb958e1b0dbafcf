"""A backend without a model: replies come from a list or a function, for tests and demonstrations."""

import asyncio
from collections.abc import Callable, Sequence

from interview.backends.backend import Completion, CompletionRequest, Delta, Events, Rung, Usage
from interview.backends.pipeline import Handler
from interview.errors import BackendError, LastingFault

Reply = str | BackendError


class ScriptedBackend:
    """Follows the Backend protocol; a BackendError in the script is raised in place of a reply.

    `chunk` is the length of a Delta in code points, `pause` the wait before each of them in seconds. With `fail_after`
    a scripted error comes after that many Deltas of the text "…", as a stream that breaks does. Every request is kept
    in `requests`. A list that is used up raises LastingFault; a function is asked anew for every request.
    """

    def __init__(
        self,
        replies: Sequence[Reply] | Callable[[CompletionRequest], Reply],
        *,
        chunk: int = 16,
        pause: float = 0.0,
        fail_after: int = 0,
        name: str = "scripted",
        model: str = "scripted-1",
        host: str = "localhost",
    ) -> None:
        self.name = name
        self.model = model
        self.host = host
        self.requests: list[CompletionRequest] = []
        self.closed = False
        self._ask = replies if callable(replies) else self._from(tuple(replies))
        self._chunk = chunk
        self._pause = pause
        self._fail_after = fail_after

    def _from(self, replies: tuple[Reply, ...]) -> Callable[[CompletionRequest], Reply]:
        def next_reply(_: CompletionRequest) -> Reply:
            asked = len(self.requests)
            if asked > len(replies):
                text = f"The script of backend {self.name} has {len(replies)} replies and was asked {asked} times."
                return LastingFault(text, fault="request_refused")
            return replies[asked - 1]

        return next_reply

    def start(self, request: CompletionRequest) -> Handler:
        """Return what makes one attempt, so that stages may be put before the script."""
        return self.complete

    async def complete(self, request: CompletionRequest) -> Events:
        """Tell the next reply of the script in Deltas (JSON rungs only), then whole."""
        self.requests.append(request)
        reply = self._ask(request)
        rung: Rung = "text" if request.json_schema is None else "json_schema"
        if isinstance(reply, BackendError):
            for _ in range(self._fail_after):
                yield Delta(text="…")
            raise reply
        if rung != "text":
            for start in range(0, len(reply), self._chunk):
                await asyncio.sleep(self._pause)
                yield Delta(text=reply[start : start + self._chunk])
        prompt_tokens = sum(len(message.content) for message in request.messages)
        usage = Usage(prompt_tokens=prompt_tokens, completion_tokens=len(reply))
        yield Completion(text=reply, model=self.model, rung=rung, usage=usage)

    async def close(self) -> None:
        """Mark the backend as closed."""
        self.closed = True
