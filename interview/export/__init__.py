"""Transcripts out: Markdown and JSON."""
