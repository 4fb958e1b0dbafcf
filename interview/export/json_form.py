"""A session as JSON that can be read back whole."""

import json

from interview.models import Session

FORMAT = "viva-transcript"
VERSION = 1


def transcript_json(session: Session) -> str:
    """Return `{"format", "version", "session"}` with every field of the session; ends with a newline.

    `Session.model_validate` takes the member `session` back as it stands: what can be computed is left out.
    """
    content = session.model_dump(mode="json", exclude_computed_fields=True)
    document = {"format": FORMAT, "version": VERSION, "session": content}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
