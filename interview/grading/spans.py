"""From counted words to evidence that reads: which of their occurrences in the answer are shown."""

import re
from collections.abc import Sequence

from interview.grading.words import Word
from interview.models import Evidence
from interview.text import CJK

MOST_SPANS = 8

_WIDEST_GAP = 2
_PART_MARK = re.compile(r"[\n。；;！？!?]")
_ONE_CHARACTER = re.compile(f"[{CJK}]$")


def phrases(answer: str, words: Sequence[Word], counted: frozenset[str]) -> tuple[Evidence, ...]:
    """Return the fewest, longest phrases of `answer` in which the counted words stand, in their order; at most 8.

    Neighbouring counted words become one phrase where only function words or a mark stand between them. A single
    Chinese character is shown only when nothing longer is: it reads like chance, which it may be.
    """
    chosen: list[list[Word]] = []
    shown: set[str] = set()
    for run in sorted(_runs(answer, words, counted), key=lambda run: (-len({word.text for word in run}), run[0].start)):
        new = {word.text for word in run} - shown
        if new and len(chosen) < MOST_SPANS and not (chosen and _is_single(run)):
            chosen.append(run)
            shown |= new
    spans = sorted((run[0].start, run[-1].end) for run in chosen)
    return tuple(Evidence(quote=answer[start:end], start=start, end=end) for start, end in spans)


def _runs(answer: str, words: Sequence[Word], counted: frozenset[str]) -> list[list[Word]]:
    runs: list[list[Word]] = []
    open_run = False
    for word in words:
        if word.text not in counted:
            open_run = False
            continue
        if open_run and _is_narrow(answer[runs[-1][-1].end : word.start]):
            runs[-1].append(word)
        else:
            runs.append([word])
        open_run = True
    return runs


def _is_narrow(gap: str) -> bool:
    return len(gap) <= _WIDEST_GAP and not _PART_MARK.search(gap)


def _is_single(run: Sequence[Word]) -> bool:
    return len(run) == 1 and _ONE_CHARACTER.match(run[0].text) is not None
