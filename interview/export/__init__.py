"""Transcripts out: Markdown and JSON."""

from interview.export.json_form import transcript_json
from interview.export.markdown_form import transcript_markdown

__all__ = ["transcript_json", "transcript_markdown"]
