"""Write the tables of docs/backends.md from presets.toml; the text around them is written by hand.

`python -m benchmarks.backends_page` rewrites them, `--check` only tells whether they are in step (exit code 1: no).
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from interview.backends.configured import bounds_of
from interview.backends.presets import GENERIC, Preset, Price, load_presets

PAGE = Path(__file__).resolve().parent.parent / "docs" / "backends.md"
BEGIN, END = "<!-- from presets.toml: begin -->", "<!-- from presets.toml: end -->"
_FORMS = {"json_schema": "JSON schema", "json_object": "JSON object", "text": "text"}


def tables() -> str:
    """Return the generated part: the table, the prices, then one line per preset that connects it."""
    presets = [preset for preset in load_presets().values() if preset.name != GENERIC]
    other = load_presets()[GENERIC]
    rows = [_row(preset) for preset in presets] + [
        f"| any other server | yours | | {_FORMS[other.first_rung]} | | {other.verified} |"
    ]
    return "\n".join(
        [
            "| preset | base URL | key variable | form asked for first | quirks | verified |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            "| preset | model | a million tokens: prompt / cached / reply | list read on | where |",
            "|---|---|---|---|---|",
            *(_price(preset, price) for preset in presets for price in preset.prices),
            "",
            "| seconds | to connect | silent before a reply | silent within it | in all |",
            "|---|---|---|---|---|",
            *_bounds([*presets, other]),
            "",
            "```sh",
            *map(_connect, presets),
            "```",
        ]
    )


def _row(preset: Preset) -> str:
    key = f"`{preset.key_variable}`" if preset.key_variable else "none"
    key += " (optional)" if preset.key_variable and not preset.needs_key else ""
    name = f"[{preset.title}]({preset.docs}) `{preset.name}`"
    quirks = " ".join(preset.quirks)
    return f"| {name} | `{preset.base_url}` | {key} | {_FORMS[preset.first_rung]} | {quirks} | {preset.verified} |"


def _price(preset: Preset, price: Price) -> str:
    cached = price.input if price.cached_input is None else price.cached_input
    money = f"{price.input:g} / {cached:g} / {price.output:g} {price.currency}"
    return f"| `{preset.name}` | `{price.model}` | {money} | {price.date} | {price.source} |"


def _bounds(presets: Sequence[Preset]) -> Iterator[str]:
    """One row for each set of bounds, with the presets that have it."""
    sharing: dict[tuple[float, ...], list[str]] = {}
    for preset in presets:
        name = "any other server" if preset.name == GENERIC else f"`{preset.name}`"
        sharing.setdefault(tuple(bounds_of(preset).values()), []).append(name)
        if preset.loopback:
            near = bounds_of(preset.model_copy(update=preset.loopback.model_dump()))
            sharing.setdefault(tuple(near.values()), []).append(f"{name} on this machine")
    for bounds, names in sharing.items():
        yield f"| {', '.join(names)} | {' | '.join(f'{bound:g}' for bound in bounds)} |"


def _connect(preset: Preset) -> str:
    quoted = f"'{preset.base_url}'" if "<" in preset.base_url else preset.base_url
    key = f" {preset.key_variable}=…" if preset.needs_key else ""
    model = "" if preset.default_model else " VIVA_MODEL=…"
    return f"OPENAI_BASE_URL={quoted}{key}{model} python app.py  # {preset.title}"


def in_step(page: str) -> str:
    """Return `page` with its generated part renewed."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


def main() -> int:
    """Renew the page, or check it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing")
    check = parser.parse_args().check
    page = PAGE.read_text(encoding="utf-8")
    renewed = in_step(page)
    if not check:
        PAGE.write_text(renewed, encoding="utf-8")
    elif page != renewed:
        print(f"{PAGE.name} is not in step with presets.toml; run `python -m benchmarks.backends_page`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
