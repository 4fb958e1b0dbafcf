"""Look of the page: Gradio's Base theme on the variables of `style/`, and the text of style and script."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from gradio.themes import Base
from gradio.themes.utils import colors

_FOLDER = Path(__file__).resolve().parent
_FONT = (
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "Noto Sans",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "sans-serif",
)
_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace")
# Gradio's variable: ours. Ours change with `.dark`, so the light and the dark twin point at the same one.
_FILLS = {
    "body_background_fill": "bg",
    "background_fill_primary": "surface",
    "background_fill_secondary": "surface-2",
    "body_text_color": "ink",
    "body_text_color_subdued": "muted",
    "block_background_fill": "surface",
    "block_border_color": "line",
    "block_title_text_color": "ink",
    "block_label_text_color": "muted",
    "block_label_background_fill": "surface",
    "block_info_text_color": "muted",
    "panel_background_fill": "surface",
    "border_color_primary": "line",
    "border_color_accent": "accent-text",
    "color_accent_soft": "accent-soft",
    "input_background_fill": "surface",
    "input_background_fill_focus": "surface",
    "input_border_color": "line-2",
    "input_border_color_focus": "accent-text",
    "input_placeholder_color": "muted",
    "button_primary_background_fill": "accent",
    "button_primary_background_fill_hover": "accent-hover",
    "button_primary_border_color": "accent",
    "button_secondary_background_fill": "surface",
    "button_secondary_background_fill_hover": "surface-2",
    "button_secondary_border_color": "line",
    "button_secondary_text_color": "ink",
    "checkbox_background_color": "surface",
    "checkbox_background_color_selected": "accent",
    "checkbox_border_color": "line-2",
    "checkbox_label_background_fill": "surface",
    "checkbox_label_background_fill_hover": "surface-2",
    "checkbox_label_background_fill_selected": "accent-soft",
    "checkbox_label_border_color": "line",
    "checkbox_label_text_color": "ink",
    "checkbox_label_text_color_selected": "accent-text",
    "code_background_fill": "surface-2",
    "table_border_color": "line",
    "table_even_background_fill": "surface",
    "table_odd_background_fill": "surface-2",
    "link_text_color": "accent-text",
    "link_text_color_hover": "accent-text",
    "link_text_color_visited": "accent-text",
    "link_text_color_active": "accent-text",
}
# Phones and upright tablets, up to this width, get the bottom bar and the bottom sheet. CSS has no variables in
# media queries, so the style files write `@media (--phone)`.
_PHONE_PX = 900
# These have no dark twin.
_FIXED = {
    "block_radius": "14px",
    "block_border_width": "1px",
    "block_shadow": "none",
    "button_large_radius": "10px",
    "button_medium_radius": "10px",
    "button_small_radius": "999px",
    "checkbox_label_shadow": "none",
    "input_radius": "10px",
    "input_shadow": "none",
    "input_shadow_focus": "none",
    "layout_gap": "16px",
    "color_accent": "var(--accent)",
}


class PageLook(TypedDict):
    """What `mount_gradio_app` takes for the look of the page."""

    theme: Base
    head: str


def build_theme() -> Base:
    """Base theme whose colours are the variables of `style/`, so that native widgets follow light and dark."""
    base = Base(primary_hue=colors.indigo, neutral_hue=colors.slate, font=_FONT, font_mono=_MONO)
    fills = {name: f"var(--{ours})" for name, ours in _FILLS.items()}
    twins = {f"{name}_dark": value for name, value in fills.items() if hasattr(base, f"{name}_dark")}
    white = dict.fromkeys(("button_primary_text_color", "button_primary_text_color_dark"), "#fff")
    return base.set(**fills, **twins, **white, **_FIXED)  # pyright: ignore[reportUnknownMemberType]


def styles(names: Sequence[str]) -> str:
    """Return the named parts of the style, in this order."""
    return _joined("style", names, "css").replace("@media (--phone)", f"@media (max-width: {_PHONE_PX}px)")


def _joined(folder: str, names: Sequence[str], ending: str) -> str:
    return "\n".join((_FOLDER / folder / f"{name}.{ending}").read_text(encoding="utf-8") for name in names)


# In this order: later rules win, and the script is one function whose parts see each other.
STYLES = (
    "tokens",
    "frame",
    "widgets",
    "pieces",
    "setup",
    "practice",
    "grade",
    "transcripts",
    "progress",
    "questions",
    "graders",
    "comparing",
    "measuring",
    "login",
    "phone",
    "motion",
)
SCRIPTS = (
    "replies",
    "redraw",
    "navigation",
    "pieces",
    "refused",
    "cards_frame",
    "cards_setup",
    "cards_practice",
    "cards_grade",
    "cards_transcripts",
    "cards_progress",
    "cards_questions",
    "cards_graders",
    "cards_roles",
    "cards_comparing",
    "cards_measuring",
    "formulas",
    "mount",
    "chat",
    "paint",
    "sheet",
    "keys",
    "drafts",
    "composer",
    "page",
)

_SCRIPT = f'(() => {{\n"use strict";\n{_joined("script", SCRIPTS, "js")}\n}})();'

# The style goes into the head as it is: `css=` rewrites every selector and tears those with a comma inside brackets.
_HEAD = f"<style>\n{styles(STYLES)}\n</style>\n<script>\n{_SCRIPT}\n</script>\n"


def page_look(tones: Mapping[str, str]) -> PageLook:
    """Return the look of the page; `tones` are the colours of bands that are not usual ones (`RubricHistory.tones`)."""
    return {
        "theme": build_theme(),
        "head": f"{_HEAD}<script>window.vivaTones = {json.dumps(dict(tones))};</script>\n",
    }
