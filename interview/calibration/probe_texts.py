"""What the probes make of an answer: the same content in another guise, or another content in the same words."""

import random
import re

from interview.grading.words import content_words, plain
from interview.models import Language, Question

# Two sentences that fit any answer and say nothing.
_FILLER: dict[Language, tuple[str, str]] = {
    "zh": (
        "这个问题很有意思，在实际工作中也经常遇到，我先整理一下思路，再一步一步地说明自己的理解。",
        "总的来说，这方面值得多花时间去学习和体会，今后遇到类似的情况，我也会继续积累经验，争取做得更好。",
    ),
    "en": (
        "That is an interesting question which comes up often in everyday work, so let me collect my thoughts first. ",
        " All in all it is a topic that deserves some time, and I am going to keep learning about it whenever I can.",
    ),
}
# Each pair means the same in any technical sentence; a word that is often a term of its own has no place here.
_SYNONYMS: dict[Language, tuple[tuple[str, str], ...]] = {
    "zh": (
        *(("因为", "由于"), ("所以", "因此"), ("但是", "不过"), ("比如", "例如"), ("如果", "假如"), ("最后", "最终")),
        *(("然后", "接着"), ("每个", "各个"), ("一般", "通常"), ("没有", "缺少"), ("变成", "转成"), ("适合", "适用于")),
        *(("很多", "许多"), ("只用", "仅用"), ("叫做", "称为"), ("不用", "无需"), ("更快", "更迅速"), ("常用", "常见")),
    ),
    "en": (
        *(("because", "since"), ("but", "yet"), ("for example", "for instance"), ("big", "large"), ("only", "just")),
        *(
            ("usually", "normally"),
            ("need", "require"),
            ("needs", "requires"),
            ("shows", "displays"),
            ("keeps", "retains"),
        ),
        *(
            ("many", "numerous"),
            ("fast", "quick"),
            ("faster", "quicker"),
            ("so that", "in order that"),
            ("also", "too"),
        ),
        *(("uses", "employs"), ("makes", "renders"), ("gets", "obtains"), ("about", "roughly"), ("then", "next")),
    ),
}
_NEGATED: dict[Language, tuple[tuple[re.Pattern[str], str], ...]] = {
    "zh": (
        (re.compile(r"(?<![不没无非])(是|会|能|用|把|需要|可以|适合|属于|包含|支持)"), r"不\1"),
        (re.compile(r"(?<!没)有"), "没有"),
    ),
    "en": (
        (
            re.compile(r"\b(is|are|was|were|can|will|does|do|has|have|should|must)\b(?! not\b)", re.IGNORECASE),
            r"\1 not",
        ),
        (
            re.compile(r"\b(uses|makes|keeps|gives|takes|needs|runs|computes|adds|removes|returns|reads)\b"),
            r"never \1",
        ),
    ),
}
_SENTENCE = re.compile(r"[^。！？!?\n]*?(?:[。！？!?\n]+|(?<=[a-z0-9)\]]{2})\.(?:\s+|$)|$)")


def filled(answer: str, lang: Language) -> str:
    """Return the answer within sentences that say nothing, three times before and after it."""
    before, after = _FILLER[lang]
    return before * 3 + answer + after * 3


def reordered(answer: str) -> str | None:
    """Return the sentences in the opposite order; None where there is only one."""
    sentences = [found.group().strip() for found in _SENTENCE.finditer(answer) if found.group().strip()]
    return "\n".join(reversed(sentences)) if len(sentences) > 1 else None


def with_synonyms(answer: str, lang: Language) -> str | None:
    """Return the answer with words replaced by others of the same meaning; None where it has none of them."""
    replaced = answer
    for word, other in _SYNONYMS[lang]:
        bounded = re.escape(word) if lang == "zh" else rf"\b{re.escape(word)}\b"
        replaced = re.sub(bounded, other, replaced)
    return replaced if replaced != answer else None


def negated(answer: str, lang: Language) -> str | None:
    """Return the answer with its statements turned into their opposites; None where no verb is known."""
    turned = answer
    for pattern, negative in _NEGATED[lang]:
        turned = pattern.sub(negative, turned)
    return turned if turned != answer else None


def stuffed(question: Question, seed: int) -> str | None:
    """Return the content words of reference and key points in a random order; None where there are none."""
    known = "\n".join((question.reference, *(point.text for point in question.key_points)))
    words = list(dict.fromkeys(known[word.start : word.end] for word in content_words(plain(known))))
    random.Random(f"{seed} {question.id}").shuffle(words)
    return " ".join(words) or None
