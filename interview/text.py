"""Cleaning and comparing text: what is stored, what a judge is shown, what counts as the same words."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from interview.errors import VivaError

# The most characters of what a person types. FIELD_LIMIT bounds every field of the page, whatever its own limit.
ANSWER_LIMIT = 20_000
NOTE_LIMIT = 20_000
MESSAGE_LIMIT = 4_000
APPEAL_REASON_LIMIT = 1_000
OWN_VERDICT_LIMIT = 2_000
TITLE_LIMIT = 200
FIELD_LIMIT = 50_000

Script = Literal["cjk", "latin", "mixed", "none"]

# Ideographs, kana, bopomofo and hangul: text without spaces between words, or counted by syllables.
CJK = "\u3040-\u30ff\u3105-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"

_KEPT_CONTROLS = frozenset("\t\n\r")
_DASHES = frozenset("-‐‑‒–—―−")
_KEPT_PUNCTUATION = frozenset("%‰")
_KEPT_BETWEEN_DIGITS = frozenset(".,:/*")
_FORMULA_MARK = "$"  # a symbol to Unicode, but in notes it only opens and closes formulas
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_CJK_CHARACTER = re.compile(f"[{CJK}]")
_LATIN_WORD = re.compile(r"[a-z\u00c0-\u024f]{2,}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Folded:
    """A text reduced to what counts when words are compared. `origin[i]` is where `text[i]` came from."""

    text: str
    origin: tuple[int, ...]

    def find(self, other: str) -> tuple[int, int] | None:
        """Return the first span (start, end) of the original whose folded form is exactly `other`, or None.

        Whole original characters only: «cafe» is not found in «café», nor one letter in a ligature.
        """
        at = self.text.find(other) if other else -1
        while at >= 0:
            end = at + len(other)
            opens = at == 0 or self.origin[at - 1] != self.origin[at]
            closes = end == len(self.text) or self.origin[end] != self.origin[end - 1]
            if opens and closes:
                return self.origin[at], self.origin[end - 1] + 1
            at = self.text.find(other, at + 1)
        return None


def clean(text: str) -> str:
    """Return the form in which a candidate's text is stored: NFC, without C0 controls, lone surrogates as U+FFFD.

    Notes never pass through here: they keep their code points.
    """
    kept = ("\ufffd" if 0xD800 <= ord(c) <= 0xDFFF else c for c in text if ord(c) >= 0x20 or c in _KEPT_CONTROLS)
    return unicodedata.normalize("NFC", "".join(kept))


def clean_within(text: str, limit: int, what: str, refusal: type[VivaError], then: str = "") -> str:
    """Return what a person typed as it is stored: `clean`.

    Args:
        text: As it reached the server, of any length.
        limit: The most characters that it may have when it is clean.
        what: Its name at the beginning of a sentence, such as `The answer`.
        refusal: The exception to raise; its text names the length and the limit.
        then: What to do about it, for the end of that text.

    Raises:
        VivaError: `refusal`, if the text is too long. One of more than twice the limit is not cleaned first, for that
            takes a second per million characters.
    """
    cleaned = text if len(text) > 2 * limit else clean(text)
    if len(cleaned) > limit:
        raise refusal(f"{what} has {len(cleaned):,} characters; the limit is {limit:,}. {then}".rstrip())
    return cleaned


def judge_copy(text: str) -> str:
    """Return the text without characters that nobody sees: zero width, bidi, control, tag, variation selectors.

    The copy is what a model is shown. Line breaks and tabs stay, and so do HTML comments, which are visible here.
    """
    return _HIDDEN.sub("", text)


def spread(text: str, form: Literal["NFKC", "NFKD"]) -> Iterator[tuple[str, int]]:
    """Yield (character, offset in `text`) of the lower-cased, compatibility-normalised visible characters.

    Each character is normalised by itself, so that any part of a text spreads into a part of its whole.
    """
    for offset, character in enumerate(text):
        for piece in _pieces(character, form):
            yield piece, offset


@lru_cache(maxsize=128)  # an answer and its question are compared with every quote
def fold(text: str) -> Folded:
    """Fold case, width, compatibility forms, white space, punctuation and hidden characters away.

    Kept are letters, marks, digits, mathematical signs and other symbols, `%`, one of `.,:/*` between two digits, a
    dash before a digit and `!` before `=`: these change what a statement says. Every rule needs the neighbours to be
    present, never absent, so that any part of a text folds into a part of its whole.
    """
    pieces = list(spread(text, "NFKD"))
    characters: list[str] = []
    origin: list[int] = []
    for index, (character, offset) in enumerate(pieces):
        before = pieces[index - 1][0] if index else ""
        after = pieces[index + 1][0] if index + 1 < len(pieces) else ""
        kept = _kept(character, before, after)
        if kept:
            characters.append(kept)
            origin.append(offset)
    return Folded("".join(characters), tuple(origin))


def cjk_share(text: str) -> float | None:
    """Return which part (0-1) of the words is Chinese, Japanese or Korean; None without any word.

    Two CJK characters weigh as much as one Latin word of two letters or more; formulas and digits count for neither.
    """
    cjk = len(_CJK_CHARACTER.findall(text)) / 2
    latin = len(_LATIN_WORD.findall(text))
    return cjk / (cjk + latin) if cjk or latin else None


def script(text: str) -> Script:
    """Name the script that carries the text; `mixed` when each of the two carries at least a quarter of it."""
    share = cjk_share(text)
    if share is None:
        return "none"
    return "cjk" if share > 0.75 else "latin" if share < 0.25 else "mixed"


def bigrams(text: str) -> str:
    """Return the text as the words of a full-text index: every two neighbouring characters of a run, and its last one.

    A run is made of letters and digits of one script, folded in case and width. So any part of a run is a phrase of
    neighbouring words, Chinese words of two characters among them, and no phrase reaches from one run into the next.
    """
    return " ".join(run[at : at + 2] for run, _ in _runs(text) for at in range(len(run)))


def bigram_query(words: str) -> str:
    """Return the FTS5 query that finds texts with every run of `words` in them; empty where there is none."""
    wanted = dict.fromkeys(run for run, _ in _runs(words))
    return " AND ".join(_phrase(run) for run in wanted)


def spans_of(words: str, text: str) -> tuple[tuple[int, int], ...]:
    """Return where runs of `words` stand in `text`: spans of code points in order, none within another."""
    wanted = {run for run, _ in _runs(words)}
    found: list[tuple[int, int]] = []
    for run, origin in _runs(text):
        for one in wanted:
            at = run.find(one)
            while at >= 0:
                found.append((origin[at], origin[at + len(one) - 1] + 1))
                at = run.find(one, at + len(one))
    return tuple(_joined(sorted(found)))


def _runs(text: str) -> list[tuple[str, list[int]]]:
    """The runs of letters and digits of one script, folded, each with the offsets of its characters."""
    runs: list[tuple[list[str], list[int]]] = []
    before = ""
    for character, offset in spread(text, "NFKC"):
        kind = "" if not character.isalnum() else "cjk" if _CJK_CHARACTER.match(character) else "other"
        if kind and kind != before:
            runs.append(([], []))
        if kind:
            runs[-1][0].append(character)
            runs[-1][1].append(offset)
        before = kind
    return [("".join(characters), origin) for characters, origin in runs]


def _phrase(run: str) -> str:
    """A single character by prefix, for it begins one word or is one."""
    return f'"{run}" *' if len(run) == 1 else '"' + " ".join(run[at : at + 2] for at in range(len(run) - 1)) + '"'


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


@lru_cache(maxsize=16_384)
def _pieces(character: str, form: Literal["NFKC", "NFKD"]) -> str:
    if _HIDDEN.match(character):
        return ""
    lower = unicodedata.normalize(form, character).casefold()
    return _HIDDEN.sub("", unicodedata.normalize(form, lower))


@lru_cache(maxsize=16_384)
def _category(character: str) -> str:
    return unicodedata.category(character)


def _kept(character: str, before: str, after: str) -> str:
    """The character as it is compared, or an empty string where it does not count."""
    if character in _DASHES:
        return "-" if after.isdecimal() else ""
    if character in _KEPT_PUNCTUATION or (character == "!" and after == "="):
        return character
    if character in _KEPT_BETWEEN_DIGITS and before.isdecimal() and after.isdecimal():
        return character
    category = _category(character)
    return "" if category[0] in "PZC" or category == "Sk" or character == _FORMULA_MARK else character
