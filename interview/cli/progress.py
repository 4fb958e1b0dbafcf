"""The bar that tells how far a command is."""

import sys

_BAR = 30  # characters


def show_progress(done: int, of: int) -> None:
    """Redraw the bar on standard error, where somebody is looking at it."""
    if of and sys.stderr.isatty():
        filled = _BAR * done // of
        bar = "#" * filled + "." * (_BAR - filled)
        sys.stderr.write(f"\r[{bar}] {done}/{of}" + ("\n" if done == of else ""))
        sys.stderr.flush()
