"""Time from starting `python app.py` to HTTP 200, against a bare Gradio Blocks with one textbox.

Both start alternately, each in a fresh process on a free port; the first pair warms the disk cache and is not counted.
Prints the medians and their ratio; exits with 1 when the ratio is above the limit.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
LIMIT = 1.5
PATIENCE_SECONDS = 120.0
BARE = """
import sys
import gradio as gr

with gr.Blocks(analytics_enabled=False) as demo:
    gr.Textbox()
demo.launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True, ssr_mode=False)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(folder: Path) -> dict[str, str]:
    quiet = {"GRADIO_ANALYTICS_ENABLED": "False", "GRADIO_TEMP_DIR": str(folder), "OPENAI_API_KEY": ""}
    proxies = {name for name in os.environ if name.lower().endswith("_proxy")}
    return {name: text for name, text in os.environ.items() if name not in proxies} | quiet


def seconds_to_first_page(command: Sequence[str], port: int, folder: Path) -> float:
    """Start the command, wait for HTTP 200 on the port, end it; return the seconds that it took to answer."""
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, env=environment(folder), stdout=subprocess.DEVNULL)
    try:
        while time.monotonic() - began < PATIENCE_SECONDS:
            if process.poll() is not None:
                raise RuntimeError(f"{command[1]} ended with {process.returncode} before it answered")
            if answers(port):
                return time.monotonic() - began
            time.sleep(0.01)
        raise RuntimeError(f"{command[1]} did not answer within {PATIENCE_SECONDS:.0f} s")
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(port: int) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}/", timeout=30) as page:
            return page.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def one_pair(folder: Path) -> tuple[float, float]:
    """Seconds of the bare app and of Viva, each on an empty data folder of its own."""
    bare_port, own_port = free_port(), free_port()
    bare = folder / "bare.py"
    bare.write_text(BARE, encoding="utf-8")
    bare_seconds = seconds_to_first_page([sys.executable, str(bare), str(bare_port)], bare_port, folder)
    data = folder / "data"
    command = [sys.executable, str(PROJECT / "app.py"), "--port", str(own_port), "--data-dir", str(data)]
    return bare_seconds, seconds_to_first_page(command, own_port, folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--reuse-data", action="store_true", help="start on a database that exists already")
    chosen = parser.parse_args()
    pairs: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as kept:
        for round_number in range(chosen.rounds + 1):
            with tempfile.TemporaryDirectory() as fresh:
                pair = one_pair(Path(kept if chosen.reuse_data else fresh))
            if round_number:
                pairs.append(pair)
                print(f"round {round_number}: bare {pair[0]:.2f} s, viva {pair[1]:.2f} s", flush=True)
    bare, viva = (statistics.median(seconds) for seconds in zip(*pairs, strict=True))
    print(f"median: bare {bare:.2f} s, viva {viva:.2f} s, ratio {viva / bare:.2f} (limit {LIMIT})")
    sys.exit(viva / bare > LIMIT)


if __name__ == "__main__":
    main()
