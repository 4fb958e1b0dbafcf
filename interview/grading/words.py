"""The content words of a text, for graders that compare without a model: Chinese characters, stems, numbers, signs."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from interview.text import CJK, spread

_FUNCTION_CHARACTERS = frozenset(
    "的了是在和与及或而其之这那有为以于也都就对把被让使从到由等着过地得个们它他她我你一所则将该此并且但因如若即用会要可能很更最还又再只"
)
_ENGLISH_STOP_WORDS = (
    "a about again all also am an and any are as at be because been being both but by can could did do does down "
    "each else for from further had has have having he her here his how i if in into is it its just may me might "
    "more most must my of off on once only or other our out over own same shall she should so some such than that "
    "the their them then there these they this those through to too under up very was we were what when where "
    "which while who whom why will with would you your during between s t"
)
_STOP_WORDS = frozenset(_ENGLISH_STOP_WORDS.split())
_SUFFIXES = (
    *(("ies", "y"), ("sses", "ss"), ("ing", ""), ("edly", ""), ("ed", ""), ("ly", ""), ("es", ""), ("s", "")),
    ("e", ""),
)
_HTML_TAG = re.compile(
    r"</?(?:br|p|div|span|b|i|em|strong|u|sub|sup|img|a|li|ul|ol|table|tr|td|th|h[1-6]|code|pre|hr)"
    r"(?:\s+[a-z-]+\s*=[^<>]*|\s*/?)>",
    re.IGNORECASE,
)
_WORD = re.compile(rf"([{CJK}])|\d+(?:\.\d+)?|(?:(?![{CJK}])[^\W\d_])+(?:'[a-z]+)?|[+=<>≤≥≠±×÷√∑∞→]")
_LEAST_LIKENESS = 0.8
_LEAST_FUZZY_LETTERS = 4


class Plain(NamedTuple):
    """A text in lower case and normal form, without tags; `origin[i]` is where `text[i]` stood."""

    text: str
    origin: tuple[int, ...]


class Word(NamedTuple):
    """A content word (stemmed, or one Chinese character) and the code-point span that it was read from."""

    text: str
    start: int
    end: int


def plain(text: str) -> Plain:
    """Return `text` as it is compared: NFKC, lower case, straight apostrophes, hidden characters and tags gone."""
    untagged = _HTML_TAG.sub(lambda tag: " " * len(tag.group()), text)
    pieces = list(spread(untagged, "NFKC"))
    return Plain("".join(piece for piece, _ in pieces).replace("’", "'"), tuple(offset for _, offset in pieces))


def content_words(text: Plain) -> list[Word]:
    """Return the content words of `text` in order; function characters and stop words are left out."""
    words: list[Word] = []
    for match in _WORD.finditer(text.text):
        word = match.group()
        if word in _FUNCTION_CHARACTERS or word in _STOP_WORDS:
            continue
        stemmed = word if match.group(1) else stem(word)
        words.append(Word(stemmed, text.origin[match.start()], text.origin[match.end() - 1] + 1))
    return words


def word_set(text: str) -> frozenset[str]:
    """Return the distinct content words of a text as written."""
    return frozenset(word.text for word in content_words(plain(text)))


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """Return an English word without its commonest endings; anything else as it is."""
    if len(word) > 3 and word.isascii():
        for suffix, instead in _SUFFIXES:
            if word.endswith(suffix) and len(word) - len(suffix) >= 3:
                return word[: -len(suffix)] + instead
    return word


def closest(word: str, others: Sequence[str]) -> tuple[float, str]:
    """Return (likeness, the word) of the likest of `others`, or (0, "") when none is alike enough.

    Likeness is 2·LCS / sum of lengths, 0.8 to 1, for alphabetic words of 4 letters or more only: it forgives an
    inflection or a typing error. Among equals the first is taken, so the order of `others` must not be random.
    """
    best, found = 0.0, ""
    if not may_be_fuzzy(word):
        return best, found
    # The shorter of two words bounds their LCS: 0.8 is out of reach unless it has 2/3 of the longer one's letters.
    least = max(_LEAST_FUZZY_LETTERS, (2 * len(word) + 2) // 3)
    most = 3 * len(word) // 2
    for other in others:
        if not least <= len(other) <= most or not other[0].isalpha():
            continue
        likeness = _likeness(word, other)
        if likeness >= _LEAST_LIKENESS and likeness > best:
            best, found = likeness, other
    return best, found


def may_be_fuzzy(word: str) -> bool:
    """Whether a word is long and alphabetic enough to be compared by likeness."""
    return len(word) >= _LEAST_FUZZY_LETTERS and word[0].isalpha()


@lru_cache(maxsize=4096)
def _places(word: str) -> dict[str, int]:
    """For each letter of the word the bit set of its places."""
    places: dict[str, int] = {}
    for place, letter in enumerate(word):
        places[letter] = places.get(letter, 0) | 1 << place
    return places


def _likeness(one: str, other: str) -> float:
    # The length of the longest common subsequence by whole-row bit operations (Hyyrö 2004): its zero bits.
    places = _places(one)
    row = ones = (1 << len(one)) - 1
    for letter in other:
        common = row & places.get(letter, 0)
        row = (row + common) | (row - common)
    return 2 * (len(one) - (row & ones).bit_count()) / (len(one) + len(other))
