"""A page without a browser: it calls the app as Gradio's own script does, and follows the events that a call causes.

Knows components by `elem_id` alone, so it stays true when the code behind the screen is rearranged. JavaScript is not
run: an event that exists only in the browser passes on its inputs unchanged.
"""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import httpx

_API = "/gradio_api"
Seen = Callable[[str], None]


class HeadlessPage:
    """One open page. `seen` is called with the JSON of every reply, as soon as the page has it."""

    def __init__(self, client: httpx.Client, seen: Seen = lambda reply: None) -> None:
        self._client = client
        self._seen = seen
        self._session = secrets.token_hex(6)
        config = client.get("/config").raise_for_status().json()
        self._events: Sequence[Mapping[str, Any]] = config["dependencies"]
        components = config["components"]
        self._ids = {one["props"].get("elem_id"): one["id"] for one in components}
        self._values = {one["id"]: _first_value(one["props"]) for one in components}
        for event in self._events:
            if any(name == "load" for _, name in event["targets"]):
                self._run(event)

    def fill(self, elem_id: str, value: object) -> None:
        """Put a value into a component, as typing does."""
        self._values[self._ids[elem_id]] = value

    def fire(self, elem_id: str, name: str) -> None:
        """Fire an event of a component, and every event that follows from it."""
        self._fire(self._ids[elem_id], name)

    def value(self, elem_id: str) -> Any:
        """Return the current value of a component."""
        return self._values[self._ids[elem_id]]

    def _fire(self, component: int, name: str) -> None:
        for event in self._events:
            if [component, name] in event["targets"]:
                self._run(event)

    def _run(self, event: Mapping[str, Any]) -> None:
        if event["backend_fn"]:
            for data in self._replies(event):
                self._take(event["outputs"], data)
        for after in self._events:
            if after["trigger_after"] == event["id"] and not after.get("trigger_only_on_failure"):
                self._run(after)

    def _take(self, outputs: Sequence[int], data: Sequence[Any]) -> None:
        changed: list[int] = []
        for component, given in zip(outputs, data, strict=True):
            if isinstance(given, dict) and given.get("__type__") == "update":
                if "value" not in given:
                    continue
                given = given["value"]
            if self._values.get(component) != given:
                self._values[component] = given
                changed.append(component)
        for component in changed:
            self._fire(component, "change")

    def _replies(self, event: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
        """Call the event's function; a generator's replies come one by one."""
        body = {
            "data": [self._values.get(one) for one in event["inputs"]],
            "fn_index": event["id"],
            "session_hash": self._session,
            "event_data": None,
            "trigger_id": None,
        }
        if not event["queue"]:
            reply = self._client.post(f"{_API}/run/predict", json=body).raise_for_status()
            self._seen(reply.text)
            yield reply.json()["data"]
            return
        self._client.post(f"{_API}/queue/join", json=body).raise_for_status()
        with self._client.stream("GET", f"{_API}/queue/data", params={"session_hash": self._session}) as stream:
            for line in stream.iter_lines():
                message: dict[str, Any] = json.loads(line[5:]) if line.startswith("data:") else {"msg": ""}
                if message["msg"] == "process_generating":
                    self._seen(line)
                    yield _whole(message["output"]["data"])
                if message["msg"] in ("process_completed", "close_stream"):
                    return


def _first_value(props: Mapping[str, Any]) -> Any:
    return props.get("value", props.get("default_value"))


def _whole(data: Sequence[Any]) -> Sequence[Any]:
    """Return a generator's reply: after its first they are lists of changes, here one that replaces the whole value."""
    return [
        one[0][2] if isinstance(one, list) and len(one) == 1 and one[0][:2] == ["replace", []] else one for one in data
    ]
