"""Evidence: where a quote is in the answer, and which claims of a judge it proves."""

import re
from dataclasses import dataclass

from interview.grading.feedback import LONGEST_REASON, safe_feedback
from interview.grading.grader import GradingRequest
from interview.grading.reply import ErrorReply, Judgement, PitfallReply, PointReply
from interview.models import CriterionGrade, Evidence, Finding, KeyPoint, PointGrade, ReferenceDoubt, Verdict
from interview.text import CJK, fold, judge_copy

# Thai, Lao, Burmese and Khmer also write without spaces between words.
_UNSPACED = re.compile(f"[{CJK}\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_WORD = re.compile(r"[^\W_]+")
_NEEDS_QUOTE: frozenset[Verdict] = frozenset({"covered", "partial", "contradicted"})
_LONGEST_CLAIM = 1000
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


@dataclass(frozen=True)
class Proof:
    """Checks the claims of one judge about one answer. `nonce` marked the answer in the prompt; it is never shown."""

    request: GradingRequest
    nonce: str

    def point(self, point: KeyPoint, reply: PointReply) -> PointGrade:
        """Return the verdict if its quote is in the answer, else `missing` with the claim beside it."""
        evidence = self._evidence(reply.quote) if reply.verdict in _NEEDS_QUOTE else None
        proven = evidence is not None or reply.verdict not in _NEEDS_QUOTE
        return PointGrade(
            **point.model_dump(),
            verdict=reply.verdict if proven else "missing",
            verified=proven,
            evidence=(evidence,) if evidence else (),
            reason=self._shown(reply.reason),
            claimed=None if proven else reply.verdict,
            downgraded_by=None if proven else "quote",
            claimed_quote="" if proven else safe_feedback(reply.quote, self.nonce, _LONGEST_CLAIM),
        )

    def criteria(self, judgement: Judgement) -> tuple[CriterionGrade, ...]:
        """Return the level of each criterion of the rubric; a quote is kept only where it is in the answer."""
        grades: list[CriterionGrade] = []
        for criterion in self.request.rubric.criteria:
            reply = judgement.criteria[criterion.id]
            level = next(level for level in criterion.levels if level.id == reply.level)
            evidence = self._evidence(reply.quote)
            grades.append(
                CriterionGrade(
                    id=criterion.id,
                    level=level.id,
                    value=level.value,
                    evidence=(evidence,) if evidence else (),
                    reason=self._shown(reply.reason),
                )
            )
        return tuple(grades)

    def findings(self, judgement: Judgement, points: tuple[PointGrade, ...]) -> tuple[tuple[Finding, ...], bool]:
        """Return pitfalls and errors whose words are in the answer, and whether one had to be dropped.

        The same words count once: a pitfall per id, and no error where a contradicted point, a pitfall or another
        error already stands.
        """
        pitfalls = [self._pitfall(reply) for reply in {reply.id: reply for reply in judgement.pitfalls}.values()]
        kept = [finding for finding in pitfalls if finding]
        taken = [evidence for point in points if point.verdict == "contradicted" for evidence in point.evidence]
        taken += [finding.evidence for finding in kept]
        errors = [self._error(reply) for reply in judgement.errors]
        for finding in sorted((error for error in errors if error), key=lambda error: error.severity):  # major first
            if not any(_same_words(finding.evidence, other) for other in taken):
                kept.append(finding)
                taken.append(finding.evidence)
        return tuple(kept), None in pitfalls or None in errors

    def doubt(self, judgement: Judgement) -> ReferenceDoubt | None:
        """Return the doubt about the reference; its quote is kept only where it is in the reference."""
        reply, reference = judgement.reference_check, self.request.question.reference
        if reply.status == "ok" or not reference.strip():
            return None
        quoted = find_evidence(reply.quote, reference, "")
        quote = quoted.quote if quoted else ""
        return ReferenceDoubt(status=reply.status, quote=quote, reason=self._shown(reply.reason))

    def _pitfall(self, reply: PitfallReply) -> Finding | None:
        evidence = self._evidence(reply.quote)
        reason = self._shown(reply.reason)
        return evidence and Finding(
            kind="pitfall", subject=reply.id, severity="major", evidence=evidence, reason=reason
        )

    def _error(self, reply: ErrorReply) -> Finding | None:
        evidence = self._evidence(reply.quote)
        reason = self._shown(reply.reason)
        return evidence and Finding(kind="error", severity=reply.severity, evidence=evidence, reason=reason)

    def _evidence(self, quote: str) -> Evidence | None:
        return find_evidence(quote, self.request.answer, self.request.question.text)

    def _shown(self, reason: str) -> str:
        return safe_feedback(reason, self.nonce, LONGEST_REASON)


def _same_words(one: Evidence, other: Evidence) -> bool:
    """Whether one of the two spans lies within the other."""
    return (one.start <= other.start and other.end <= one.end) or (other.start <= one.start and one.end <= other.end)
