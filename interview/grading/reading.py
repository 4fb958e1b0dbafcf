"""A text as the coverage estimate reads it: words in order, clauses with their polarity, phrases for evidence."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from interview.grading.words import Plain, Word, content_words, may_be_fuzzy, plain
from interview.models import Evidence
from interview.text import CJK

MOST_SPANS = 8
_WIDEST_GAP = 2
_PART_MARK = re.compile(r"[\n。；;！？!?]")
_ONE_CHARACTER = re.compile(f"[{CJK}]$")
# A word of two Chinese characters keeps its order wherever it stands, so order is looked for beyond it.
_LATIN_STEP, _LATIN_SPAN, _CJK_STEP, _CJK_SPAN = 1, 2, 2, 4

_LIST_MARK = re.compile(r"^[ \t]*(?:#{1,6}[ \t]|[-*+•●○▪][ \t]*|[(（]?\d{1,2}(?:[.)）](?!\d)|、))|[①-⑳]", re.MULTILINE)
# In normal form the full-width marks are ASCII already.
_CLAUSE_END = re.compile(r"[\n。;!?,:、]|(?<=[a-z0-9)\]]{2})\.\s")
# 不同, 不断, 不仅, 无论, 非常, 未来, 是否 and «not only» deny nothing.
_NEGATION = re.compile(
    r"不(?!同(?!步)|断|仅|但|管|论)|没|无(?!论|向)|非(?!常|线性)|未(?!来)|(?<![是能可])否(?!则)"
    r"|\bnot\b(?! only)|\bno\b|n't\b|\bnever\b|\bwithout\b|\bcannot\b|\bnor\b|\bneither\b"
)
_IS_CJK = re.compile(f"[{CJK}]")
_OPENS_YES = re.compile(rf"\W*(?:正确|(?:对|对的|是的?|可以)(?![{CJK}\w])|(?:yes|true|correct)\b)")
_OPENS_NO = re.compile(
    rf"\W*(?:错误|不正确|不对|不是|不可以|不能|(?:错|错的|否)(?![{CJK}\w])|(?:false|incorrect|wrong)\b|no\b\W*$|no\b[,.;:!])"
)


class Read:
    """A text with everything that the formula needs to know about it; list marks count as no words."""

    def __init__(self, text: str) -> None:
        self.plain = plain(_LIST_MARK.sub(lambda mark: " " * len(mark.group()), text))
        self.words = tuple(content_words(self.plain))
        self.vocabulary = frozenset(word.text for word in self.words)

    @cached_property
    def fuzzy(self) -> tuple[str, ...]:
        """The words that may be compared by likeness, in alphabetical order."""
        return tuple(sorted(word for word in self.vocabulary if may_be_fuzzy(word)))

    @cached_property
    def clauses(self) -> tuple[tuple[frozenset[str], bool], ...]:
        """The content words of each clause, and whether it negates an odd number of times."""
        clauses: list[tuple[frozenset[str], bool]] = []
        for text in _CLAUSE_END.split(self.plain.text):
            words = content_words(Plain(text, tuple(range(len(text)))))
            if words:
                negative = len(_NEGATION.findall(text)) % 2 == 1
                clauses.append((frozenset(word.text for word in words), negative))
        return tuple(clauses)

    @cached_property
    def grams(self) -> Counter[str]:
        """Character 2-, 3- and 4-grams, with every run of spaces and marks as one space."""
        spaced = re.sub(r"[\W_]+", " ", self.plain.text)
        return Counter(spaced[at : at + size] for size in (2, 3, 4) for at in range(len(spaced) - size + 1))

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each content word occurs."""
        return Counter(word.text for word in self.words)

    @cached_property
    def near(self) -> frozenset[tuple[str, str]]:
        """The pairs of content words of which the second follows the first closely."""
        texts = [word.text for word in self.words]
        return frozenset(
            (one, other) for at, one in enumerate(texts) for other in texts[at + 1 : at + 1 + reach(one).span]
        )

    @property
    def opening(self) -> int:
        """1 when the text opens with a verdict such as 正确 or yes, -1 with one such as 错误 or no, else 0."""
        if _OPENS_NO.match(self.plain.text):
            return -1
        return 1 if _OPENS_YES.match(self.plain.text) else 0


class Reach(NamedTuple):
    """`step`: how many content words on the next one is looked for; `span`: the most that two close words are apart."""

    step: int
    span: int


@lru_cache(maxsize=16_384)
def reach(word: str) -> Reach:
    """Return the `Reach` from a content word, by its script."""
    return Reach(_CJK_STEP, _CJK_SPAN) if _IS_CJK.match(word) else Reach(_LATIN_STEP, _LATIN_SPAN)


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
