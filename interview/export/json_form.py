"""Transcripts as JSON that can be read back whole, and as JSON Lines, one session a line."""

import json
from collections.abc import Sequence
from typing import Any

from interview.models import Transcript

FORMAT = "viva-transcript"
VERSION = 4  # 1 had the session alone, 2 no hints that a model wrote, 3 no failed attempts


def transcript_json(*transcripts: Transcript) -> str:
    """Return `{"format", "version", "session", "marks", "remarks"}`, or a list of these; ends with a newline.

    `Session.model_validate` takes the member `session` back as it stands: what can be computed is left out.
    """
    documents = [_document(transcript) for transcript in transcripts]
    whole: Any = documents[0] if len(documents) == 1 else documents
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def transcript_lines(transcripts: Sequence[Transcript]) -> str:
    """Return one such document a line."""
    return "".join(json.dumps(_document(transcript), ensure_ascii=False) + "\n" for transcript in transcripts)


def _document(transcript: Transcript) -> dict[str, Any]:
    content = transcript.model_dump(mode="json", exclude_computed_fields=True)
    return {"format": FORMAT, "version": VERSION, **content}
