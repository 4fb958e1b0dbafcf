"""Transcripts out, as HTML, Markdown, JSON and JSON Lines, and read back from JSON and JSON Lines."""

from collections.abc import Callable, Sequence
from typing import Literal

from interview.export.html_form import transcript_html
from interview.export.json_form import transcript_head, transcript_json, transcript_lines
from interview.export.markdown_form import transcript_markdown
from interview.export.reading import Reading, read_transcripts
from interview.models import Transcript

Form = Literal["html", "markdown", "json", "jsonl"]

# What each form is written by; all take at least one transcript.
WRITERS: dict[Form, Callable[[Sequence[Transcript]], str]] = {
    "html": lambda transcripts: transcript_html(*transcripts),
    "markdown": lambda transcripts: "\n".join(transcript_markdown(transcript) for transcript in transcripts),
    "json": lambda transcripts: transcript_json(*transcripts),
    "jsonl": transcript_lines,
}

__all__ = [
    "WRITERS",
    "Form",
    "Reading",
    "read_transcripts",
    "transcript_head",
    "transcript_html",
    "transcript_json",
    "transcript_lines",
    "transcript_markdown",
]
