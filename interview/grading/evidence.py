"""Evidence: does a quote stand in the answer, and where."""

import re

from interview.models import Evidence
from interview.text import CJK, fold, judge_copy

# Thai, Lao, Burmese and Khmer also write without spaces between words.
_UNSPACED = re.compile(f"[{CJK}\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_WORD = re.compile(r"[^\W_]+")
_SHORT_ANSWER = 4.0  # times the least quote: an answer of at most 16 CJK characters or 8 words


def find_evidence(quote: str, answer: str, question: str) -> Evidence | None:
    """Return where `quote` stands in `answer`, or None when it proves nothing.

    It must be a part of the answer after folding (`interview.text.fold`), of at least 4 CJK characters or 2 words,
    or the like of both together, unless the whole answer is at most four times that; and it must say more than the
    question already says. Nothing approximate: one changed letter, digit or sign is another statement.
    The span counts code points of `answer` as stored, hidden characters included; `quote == answer[start:end]`.
    """
    sought = fold(quote).text
    if not sought or not _says_enough(quote, answer) or sought in fold(question).text:
        return None
    span = fold(answer).find(sought)
    if span is None:
        return None
    start, end = span
    return Evidence(quote=answer[start:end], start=start, end=end)


def _says_enough(quote: str, answer: str) -> bool:
    length = _length(quote)
    return length >= 1 or (length > 0 and _length(answer) <= _SHORT_ANSWER)


def _length(text: str) -> float:
    """Length in least quotes: 4 characters of unspaced scripts or 2 words make 1."""
    visible = judge_copy(text)
    unspaced = len(_UNSPACED.findall(visible))
    words = len(_WORD.findall(_UNSPACED.sub(" ", visible)))
    return unspaced / 4 + words / 2
