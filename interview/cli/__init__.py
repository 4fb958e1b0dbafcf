"""The command line: `python -m interview`, and `python app.py`, which is `serve`."""

from interview.cli.commands import app, main

__all__ = ["app", "main"]
