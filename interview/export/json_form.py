"""Transcripts as JSON that can be read back whole and verified, and as JSON Lines, one session a line."""

import json
from collections.abc import Sequence
from typing import Any

from interview.models import Transcript
from interview.verify import TRANSCRIPT, chain_of, head_of, transcript_records

FORMAT = TRANSCRIPT
# 1 had the session alone, 2 no hints that a model wrote, 3 no failed attempts, rubrics and chain of digests.
VERSION = 4


def transcript_json(*transcripts: Transcript) -> str:
    """Return `{"format", "version", "chain", …}` with the fields of `Transcript`, or a list; ends with a newline.

    `Session.model_validate` takes the member `session` back as it stands: what can be computed is left out.
    """
    documents = [_document(transcript) for transcript in transcripts]
    whole: Any = documents[0] if len(documents) == 1 else documents
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def transcript_lines(transcripts: Sequence[Transcript]) -> str:
    """Return one such document a line."""
    return "".join(json.dumps(_document(transcript), ensure_ascii=False) + "\n" for transcript in transcripts)


def transcript_head(transcripts: Sequence[Transcript]) -> str:
    """Return the digest that stands for everything in the JSON forms of these transcripts."""
    return head_of([_document(transcript)["chain"]["head"] for transcript in transcripts])


def _document(transcript: Transcript) -> dict[str, Any]:
    content = transcript.model_dump(mode="json", exclude_computed_fields=True)
    document: dict[str, Any] = {"format": FORMAT, "version": VERSION, **content}
    links = chain_of(transcript_records(document))
    return {**document, "chain": {"head": links[-1], "links": links}}
