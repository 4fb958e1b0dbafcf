"""Key-point coverage: how much of a reference an answer mentions. Arithmetic on words, blind to what is right.

Normal form, content words and likeness are those of `words.py`. A reference falls into clauses k; for the distinct
content words t of a clause

    w(t) = 0.4 if t occurs in the question, else 1
    m(t) = 1 if t is in the answer; 0.9·s for the likest answer word of likeness s >= 0.8; else 0
    W_k  = Σ w(t),  c_k = min(1, Σ w·m / W_k / 0.8);  c_k × 0.7 where the polarity differs
    cov  = Σ √W_k·c_k / Σ √W_k
    g    = weighted recall of the reference's character 2-, 3- and 4-grams, with multiplicity; grams of the
           question weigh 0.4
    raw  = 0.75·cov + 0.25·g;  × 0.3 where answer and reference open with opposite verdicts

Sums are whole numbers or `math.fsum`, exact in any order of the words, and words to choose among are sorted: the same
texts give the same bytes on every machine.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from interview.grading.words import Plain, closest, content_words, may_be_fuzzy, plain
from interview.text import CJK

COVERAGE_SHARE, GRAM_SHARE = 0.75, 0.25
CLASH_FACTOR = 0.3
_QUESTION_WEIGHT = 0.4
_FULL_COVERAGE = 0.8
_FUZZY_FACTOR = 0.9
_POLARITY_FACTOR = 0.7
_POLARITY_OVERLAP = 0.5

_LIST_MARK = re.compile(r"^[ \t]*(?:#{1,6}[ \t]|[-*+•●○▪][ \t]*|[(（]?\d{1,2}(?:[.)）](?!\d)|、))|[①-⑳]", re.MULTILINE)
# In normal form the full-width marks are ASCII already.
_CLAUSE_END = re.compile(r"[\n。;!?,:、]|(?<=[a-z0-9)\]]{2})\.\s")
_NEGATION = re.compile(r"不|没|无|非|未|否|\bnot\b|\bno\b|n't\b|\bnever\b|\bwithout\b|\bcannot\b|\bnor\b|\bneither\b")
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

    @property
    def opening(self) -> int:
        """1 when the text opens with a verdict such as 正确 or yes, -1 with one such as 错误 or no, else 0."""
        if _OPENS_NO.match(self.plain.text):
            return -1
        return 1 if _OPENS_YES.match(self.plain.text) else 0


@dataclass(frozen=True)
class StatementCoverage:
    """How much of one statement an answer mentions.

    `weight` is Σ √W_k over its clauses (0 when it has no content word), `coverage` 0-1. `opposed`: a clause of the
    answer says about the same with another polarity. `found` are the words of the answer that were counted.
    """

    weight: float
    coverage: float
    opposed: bool
    found: frozenset[str]


def cover(statement: Read, question: Read, answer: Read) -> StatementCoverage:
    """Return how much of `statement`, a part of a reference or a key point, the answer mentions."""
    weights: list[float] = []
    covered: list[float] = []
    found: set[str] = set()
    opposed = False
    for words, negative in statement.clauses:
        weight, coverage, matched = _match(words, question.vocabulary, answer)
        if _opposed(words, negative, answer):
            opposed = True
            coverage *= _POLARITY_FACTOR
        weights.append(math.sqrt(weight))
        covered.append(math.sqrt(weight) * coverage)
        found |= matched
    total = math.fsum(weights)
    return StatementCoverage(total, math.fsum(covered) / total if total else 0.0, opposed, frozenset(found))


def gram_recall(reference: Read, question: Read, answer: Read) -> float | None:
    """Return g (0-1), or None when the reference has no two neighbouring characters."""
    total = recalled = total_known = recalled_known = 0  # whole numbers: their sums need no order
    for gram, count in reference.grams.items():
        both = min(count, answer.grams[gram])
        if gram in question.grams:
            total_known += count
            recalled_known += both
        else:
            total += count
            recalled += both
    whole = total + _QUESTION_WEIGHT * total_known
    return (recalled + _QUESTION_WEIGHT * recalled_known) / whole if whole else None


def combined(coverage: float | None, grams: float | None, *, clash: bool) -> float:
    """Return raw (0-1); `clash`: the two open with opposite verdicts.

    Without content words (`coverage` None) or grams in the reference, the other part stands for both.
    """
    coverage, grams = (grams if coverage is None else coverage), (coverage if grams is None else grams)
    raw = COVERAGE_SHARE * (coverage or 0.0) + GRAM_SHARE * (grams or 0.0)
    return min(1.0, max(0.0, raw * (CLASH_FACTOR if clash else 1.0)))


def raw_score(question: str, references: Sequence[str], answer: str) -> float | None:
    """Return the coverage (0-1) of the best covered reference, split into clauses; None when none can be compared."""
    asked, given = _read_once(question), Read(answer)
    scores: list[float] = []
    for reference in map(_read_once, references):
        whole = cover(reference, asked, given)
        grams = gram_recall(reference, asked, given)
        if whole.weight or grams is not None:
            coverage = whole.coverage if whole.weight else None
            scores.append(combined(coverage, grams, clash=reference.opening * given.opening < 0))
    return max(scores, default=None)


@lru_cache(maxsize=128)
def _read_once(text: str) -> Read:
    """For questions and references, which many answers share; answers are not kept."""
    return Read(text)


def _match(words: frozenset[str], known: frozenset[str], given: Read) -> tuple[float, float, set[str]]:
    """W_k, c_k before polarity, and the words of the answer that were counted."""
    weights: list[float] = []
    matches: list[float] = []
    found: set[str] = set()
    for word in words:
        weight = _QUESTION_WEIGHT if word in known else 1.0
        weights.append(weight)
        if word in given.vocabulary:
            matches.append(weight)
            found.add(word)
            continue
        likeness, other = closest(word, given.fuzzy)
        if likeness:
            matches.append(weight * _FUZZY_FACTOR * likeness)
            found.add(other)
    total = math.fsum(weights)
    return total, min(1.0, math.fsum(matches) / total / _FULL_COVERAGE), found


def _opposed(words: frozenset[str], negative: bool, given: Read) -> bool:
    """Whether the clauses of the answer that share most words with this one all have another polarity."""
    common = [(len(clause & words), clause_negative) for clause, clause_negative in given.clauses]
    most = max((count for count, _ in common), default=0)
    if most < _POLARITY_OVERLAP * len(words):
        return False
    return all(clause_negative != negative for count, clause_negative in common if count == most)
