"""What a judge wrote for the candidate, made harmless: no links, no images, no tags, nothing hidden, not too long."""

import re

from interview.text import clean, judge_copy

LONGEST_FEEDBACK = 1500
LONGEST_REASON = 300

_IMAGE_OR_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*(?:\([^()]*\)[^()]*)*\)")
_LINK_TARGET = re.compile(r"^[ \t]*\[[^\]\n]+\]:.*$", re.MULTILINE)
_ADDRESS = re.compile(
    r"<?(?:\b(?:[a-z][a-z0-9+.-]{1,20}://|www\.|(?:javascript|vbscript|mailto|tel):(?=\S))|\bdata:(?=[\w.+-]+[/;,]))"
    r"[^\s<>，。；、！？）】」』]*>?",
    re.IGNORECASE,
)
_MAIL = re.compile(r"<?\b[\w.+-]+@[\w-]+\.[\w.-]+\b>?")
_TAG_OPENING = re.compile(r"<(?=[a-z/!?])", re.IGNORECASE)


def safe_feedback(text: str, nonce: str, longest: int = LONGEST_FEEDBACK) -> str:
    """Return the text as it may be stored and shown as Markdown, at most `longest` characters.

    Links and images keep their words and lose their targets, addresses become «…», a `<` that could open a tag is
    followed by a space, and `nonce` (the code that marks the answer in the prompt) is taken out.
    """
    safe = clean(judge_copy(text)).replace(nonce, "") if nonce else clean(judge_copy(text))
    safe = _LINK_TARGET.sub("", safe)
    while (unlinked := _IMAGE_OR_LINK.sub(r"\1", safe)) != safe:  # an image within a link
        safe = unlinked
    safe = _MAIL.sub("…", _ADDRESS.sub("…", safe))
    safe = _TAG_OPENING.sub("< ", safe).strip()
    return safe if len(safe) <= longest else safe[: longest - 1].rstrip() + "…"
