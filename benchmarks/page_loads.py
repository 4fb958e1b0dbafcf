"""How much memory page loads leave behind: pages are opened and left, as a browser does it.

Each load is a client of its own: `GET /`, `GET /config`, every event that the page fires when it opens with those that
follow it (`run/predict`, or `queue/join` and the stream of `queue/data`), then the connection is closed. Prints the
resident memory of the server before and after; exits with 1 when it grew by more than the limit.
"""

import argparse
import json
import secrets
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from tests.browser import NOTES, App, running

LIMIT_MB = 60
WARM_UP = 30  # page loads after which caches and pools are filled
PATIENCE_SECONDS = 120.0
_API = "/gradio_api"


def load_page(client: httpx.Client) -> None:
    """Open a page and leave it."""
    client.get("/").raise_for_status()
    config = client.get("/config").raise_for_status().json()
    session = secrets.token_hex(6)
    for event in _opening(config["dependencies"]):
        _fire(client, config, event, session)


def _opening(events: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The events of the page's load, and those that follow one of them, in order."""
    fired: set[int] = set()
    for event in events:
        if any(name == "load" for _, name in event["targets"]) or event["trigger_after"] in fired:
            fired.add(event["id"])
            if event["backend_fn"]:
                yield event


def _fire(client: httpx.Client, config: Mapping[str, Any], event: Mapping[str, Any], session: str) -> None:
    values = {one["id"]: one["props"].get("value") for one in config["components"]}
    body = {
        "data": [values.get(one) for one in event["inputs"]],
        "fn_index": event["id"],
        "session_hash": session,
        "event_data": None,
        "trigger_id": None,
    }
    if not event["queue"]:
        client.post(f"{_API}/run/predict", json=body).raise_for_status()
        return
    client.post(f"{_API}/queue/join", json=body).raise_for_status()
    with client.stream("GET", f"{_API}/queue/data", params={"session_hash": session}) as stream:
        for line in stream.iter_lines():
            if line.startswith("data:") and json.loads(line[5:])["msg"] in ("process_completed", "close_stream"):
                return


def load_pages(url: str, count: int, at_once: int = 4) -> None:
    """Open and leave `count` pages, each with connections of its own."""

    def one(_: int) -> None:
        with httpx.Client(base_url=url, timeout=PATIENCE_SECONDS, trust_env=False) as client:
            load_page(client)

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(one, range(count)))


def resident_mb(pid: int) -> float:
    """Resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} tells nothing of its memory")


def measure(app: App, count: int) -> tuple[float, float]:
    """Resident memory (MB) before and after `count` page loads."""
    load_pages(app.url, WARM_UP)
    before = resident_mb(app.pid)
    load_pages(app.url, count)
    return before, resident_mb(app.pid)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=1000, help="page loads")
    count = parser.parse_args().n
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "notes.md"
        notes.write_text(NOTES, encoding="utf-8")
        with running(Path(folder), None, "--notes", str(notes), "--lang", "en") as app:
            before, after = measure(app, count)
    grown = after - before
    print(f"{count} page loads: {before:.1f} MB before, {after:.1f} MB after, {grown:+.1f} MB (limit {LIMIT_MB})")
    return 0 if grown < LIMIT_MB else 1


if __name__ == "__main__":
    sys.exit(main())
