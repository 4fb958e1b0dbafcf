"""The one kind of card on the screen: a static template, data as a dict, and nodes that the script builds from text."""

from typing import Any, Literal

import gradio as gr

ViewValue = dict[str, Any]
ViewName = Literal[
    "brand",
    "banner",
    "notice",
    "waiting",
    "notes_card",
    "setup_head",
    "unfinished_card",
    "question_head",
    "separator",
    "verdict_line",
    "grade_card",
    "how_card",
    "report_card",
    "session_rows",
    "room_head",
    "room_nav",
    "hit_rows",
    "import_card",
    "turn_head",
    "answer_segments",
    "reference_marks",
    "attempts_card",
    "improved_card",
    "grades_list",
    "measuring_card",
    "forecast_card",
    "rating_bar",
    "paper_card",
    "keys_card",
    "progress_figures",
    "progress_head",
    "progress_list",
    "heat_map",
    "number_table",
    "question_rows",
    "question_about",
    "question_points",
    "question_extras",
    "question_disputes",
    "question_history",
    "checklist_versions",
    "job_line",
    "backend_rows",
    "local_servers",
    "probe_card",
    "roles_card",
    "panel_head",
    "comparison",
    "plan_lines",
    "spending",
]

# Gradio evaluates the rendered template as a JavaScript template literal, so no value may ever stand in it.
_TEMPLATE = "<div class='viva'></div>"


def _on_load(name: ViewName) -> str:
    return f"viva.mount('{name}', element, props, watch, trigger)"


def view(name: ViewName, value: ViewValue | None = None, **options: Any) -> gr.HTML:
    """A card drawn by `views[name](value)` of the script; `options` are those of gr.HTML (elem_id, visible, ...).

    A click inside it fires `.select(fn)`; `gr.EventData` then carries what the client claims (for example `turn`,
    `id` or `position`): check it against the store. Updates are plain `value`s. Not a subclass of gr.HTML, because a
    Chatbot finds the components of its messages by class name.
    """
    return gr.HTML(value=value, html_template=_TEMPLATE, js_on_load=_on_load(name), apply_default_css=False, **options)  # pyright: ignore[reportUnknownMemberType]


def inline_view(name: ViewName, value: ViewValue) -> gr.HTML:
    """A view to stand inside a Chatbot message."""
    return view(name, value, render=False)
