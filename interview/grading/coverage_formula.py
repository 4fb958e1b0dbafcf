"""Key-point coverage: how much of a reference an answer mentions. Arithmetic on words, blind to what is right.

Normal form, content words and likeness are those of `words.py`. A reference or key point falls into clauses k; for
the distinct content words t of a clause

    w(t) = 0.25 if t occurs in the question, else 1
    m(t) = 1 if t is in the answer; 0.9·s for the likest answer word of likeness s >= 0.8; else 0
    W_k  = Σ w(t),  x_k = Σ w·m / W_k
    c_k  = x_k / 0.8 within 0-1 for a bare reference; (x_k - 0.25) / 0.55 within 0-1 for an author's key point
    cov  = Σ √W_k·c_k·p_k / Σ √W_k;  p_k = 0.7 where the polarity of the clause differs, else 1
    g    = weighted recall of the reference's character 2-, 3- and 4-grams, with multiplicity; grams of the
           question weigh 0.25
    o    = 1 - 0.7·(Σ √W_k·c_k of clauses of other polarity / Σ √W_k·c_k)⁴
    v    = 0.3 where answer and reference open with opposite verdicts, else 1
    lim  = 0.2 + 2·order, at most 1
    raw  = min(lim, v·o·(0.7·cov + 0.3·g)^e);  e = 0.7 for a bare reference, 1 with the author's key points

`order` (0-1): go through the pairs of content words that stand next to each other in the answer (from a Chinese
character on, the next but one: it leaves the word), where both occur in the reference and differ. n of them there
are, h of them stand in the same order and close together in the reference too (at most 2 content words on, 4 from a
Chinese character), and of words in random order e would: Σ 1 - (1 - span·count(x)/N)^count(y) over the pairs, N the
number of words in the reference. order = max(0, (h - e + 2) / (n - e + 2)).

Sums are whole numbers or `math.fsum`, exact in any order of the words, words to choose among are sorted, and powers
are products or decimal: the same texts give the same bytes on every machine.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from interview.grading.reading import Read, reach
from interview.grading.words import closest

# Each constant was chosen on the means and correlations of whole sets, never on rows; docs/grading.md names the sets.
COVERAGE_SHARE, GRAM_SHARE = Decimal("0.7"), Decimal("0.3")
CLASH_FACTOR = Decimal("0.3")
# People credit more than the share of a reference's words: its sentences say things that nobody need repeat. An
# author's key points are what has to be said, so they count in proportion.
BARE_EXPONENT = Decimal("0.7")
# Words of the question come for free to whoever repeats it.
_QUESTION_WEIGHT = 0.25
_FULL_COVERAGE = 0.8
# A quarter of the words of an author's short point occurs in most answers of the same field.
POINT_CHANCE = 0.25
_FUZZY_FACTOR = 0.9
_POLARITY_FACTOR = 0.7
_POLARITY_OVERLAP = 0.65
# The fourth power: one or two clauses of other polarity are chance or style, nearly all of them are the opposite.
_MOST_OPPOSED = 0.7
# Words without their order are a list of keywords: they can earn a fifth, as an answer in scattered notes would.
_LIMIT_AT_CHANCE, _LIMIT_SLOPE = 0.2, 2
_ORDER_PRIOR = 2  # pairs in order that are taken for granted, so that a short answer is not judged on one pair
_THOUSANDTH = Decimal("0.001")


@dataclass(frozen=True)
class StatementCoverage:
    """How much of one statement an answer mentions.

    `weight` is Σ √W_k over its clauses (0 when it has no content word), `coverage` 0-1. `opposed`: a clause of the
    answer says about the same with another polarity. `credit` is the coverage before that costs anything, `against`
    the part of it that such clauses give. `found` are the words of the answer that were counted.
    """

    weight: float
    coverage: float
    opposed: bool
    credit: float
    against: float
    found: frozenset[str]


def cover(statement: Read, question: Read, answer: Read, *, chance: float = 0.0) -> StatementCoverage:
    """Return how much of `statement`, a part of a reference or a key point, the answer mentions.

    `chance` is the share of a clause's words that earns nothing: `POINT_CHANCE` for an author's key point, else 0.
    """
    weights: list[float] = []
    credits: list[float] = []
    against: list[float] = []
    found: set[str] = set()
    opposed = False
    for words, negative in statement.clauses:
        weight, share, matched = _match(words, question.vocabulary, answer)
        credit = min(1.0, max(0.0, (share - chance) / (_FULL_COVERAGE - chance)))
        weights.append(math.sqrt(weight))
        credits.append(math.sqrt(weight) * credit)
        if _opposed(words, negative, answer):
            opposed = True
            against.append(math.sqrt(weight) * credit)
        found |= matched
    total = math.fsum(weights)
    if not total:
        return StatementCoverage(0.0, 0.0, opposed, 0.0, 0.0, frozenset(found))
    credited, denied = math.fsum(credits) / total, math.fsum(against) / total
    coverage = max(0.0, credited - (1 - _POLARITY_FACTOR) * denied)
    return StatementCoverage(total, coverage, opposed, credited, denied, frozenset(found))


def in_order(reference: Read, answer: Read) -> float:
    """Return `order` (0-1): how far the answer keeps the word order of the reference; 1 for hardly any words."""
    texts = [word.text for word in answer.words]
    pairs = held = 0
    expected: list[float] = []
    for at, one in enumerate(texts):
        step, span = reach(one)
        other = texts[at + step] if at + step < len(texts) else one
        if other == one or not (reference.counts[one] and reference.counts[other]):
            continue
        pairs += 1
        held += (one, other) in reference.near
        missed = 1 - min(1.0, span * reference.counts[one] / len(reference.words))
        expected.append(1 - math.prod([missed] * reference.counts[other]))
    chance = math.fsum(expected)
    return max(0.0, (held - chance + _ORDER_PRIOR) / (pairs - chance + _ORDER_PRIOR))


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


@dataclass(frozen=True)
class Arithmetic:
    """The figures of one sum, rounded as they are shown, so that the line can be recomputed by hand."""

    coverage: Decimal
    recall: Decimal
    opposed: Decimal
    limit: Decimal
    clash: bool
    exponent: Decimal

    @property
    def _before_limit(self) -> Decimal:
        base = COVERAGE_SHARE * self.coverage + GRAM_SHARE * self.recall
        curved = base if self.exponent == 1 or not base else base**self.exponent
        return curved * self.opposed * (CLASH_FACTOR if self.clash else 1)

    @property
    def raw(self) -> Decimal:
        """The estimate, 0-1."""
        return min(self.limit, self._before_limit)

    @property
    def shown(self) -> str:
        """The arithmetic of `raw` in one line; factors of 1 and a limit that does not bind are left out."""
        line = f"({COVERAGE_SHARE} × {self.coverage} + {GRAM_SHARE} × {self.recall})"
        line += "" if self.exponent == 1 else f"^{self.exponent}"
        factors = [str(self.opposed)] if self.opposed != 1 else []
        line = " × ".join([*factors, *([str(CLASH_FACTOR)] if self.clash else []), line])
        return f"min({self.limit}, {line})" if self.limit < self._before_limit else line


def arithmetic(
    coverage: float | None,
    grams: float | None,
    *,
    opposed_share: float,
    order: float,
    clash: bool,
    exponent: Decimal,
) -> Arithmetic:
    """Return the sum for cov and g, the share (0-1) of the credit from clauses of other polarity, and `order` (0-1).

    `clash`: the two open with opposite verdicts. Without content words (`coverage` None) or grams in the reference,
    the other part stands for both.
    """
    coverage, grams = (grams if coverage is None else coverage), (coverage if grams is None else grams)
    share = min(1.0, opposed_share)
    return Arithmetic(
        coverage=_rounded(coverage or 0.0),
        recall=_rounded(grams or 0.0),
        opposed=_rounded(1 - _MOST_OPPOSED * share * share * share * share),
        limit=_rounded(min(1.0, _LIMIT_AT_CHANCE + _LIMIT_SLOPE * order)),
        clash=clash,
        exponent=exponent,
    )


def raw_score(question: str, references: Sequence[str], answer: str) -> float | None:
    """Return the estimate (0-1) for the best covered bare reference; None when none can be compared."""
    asked, given = _read_once(question), Read(answer)
    scores: list[Decimal] = []
    for reference in map(_read_once, references):
        whole = cover(reference, asked, given)
        grams = gram_recall(reference, asked, given)
        if whole.weight or grams is not None:
            found = arithmetic(
                whole.coverage if whole.weight else None,
                grams,
                opposed_share=whole.against / whole.credit if whole.credit else 0.0,
                order=in_order(reference, given),
                clash=reference.opening * given.opening < 0,
                exponent=BARE_EXPONENT,
            )
            scores.append(found.raw)
    return float(max(scores)) if scores else None


def _rounded(part: float) -> Decimal:
    return Decimal(part).quantize(_THOUSANDTH, ROUND_HALF_UP)


@lru_cache(maxsize=128)
def _read_once(text: str) -> Read:
    """For questions and references, which many answers share; answers are not kept."""
    return Read(text)


def _match(words: frozenset[str], known: frozenset[str], given: Read) -> tuple[float, float, set[str]]:
    """W_k, x_k, and the words of the answer that were counted."""
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
    return total, math.fsum(matches) / total, found


def _opposed(words: frozenset[str], negative: bool, given: Read) -> bool:
    """Whether the clauses of the answer that share most words with this one all have another polarity."""
    common = [(len(clause & words), clause_negative) for clause, clause_negative in given.clauses]
    most = max((count for count, _ in common), default=0)
    if most < _POLARITY_OVERLAP * len(words):
        return False
    return all(clause_negative != negative for count, clause_negative in common if count == most)
