"""Pieces that several cards share: rings, tallies, words for bands and verdicts, and which grade a Turn shows."""

from collections import Counter
from collections.abc import Sequence

from interview.formulas import Part
from interview.grading.scoring import SCALE, band_of_mean
from interview.models import Graded, Grading, Language, PointGrade, Session, Turn, Ungraded, Verdict
from interview.report import mark, standing
from interview.rubrics import Rubric
from interview.turns import attempt_of
from interview.ui.strings import TABLE, t
from interview.ui.views.view import ViewValue


def shown_grading(turn: Turn) -> Grading | None:
    """The grading that a Turn is shown with: the one that counts, else the newest (still running, or failed)."""
    return turn.current_grading or (turn.gradings[-1] if turn.gradings else None)


def mark_of(turn: Turn) -> str:
    """What a Turn's square shows: a band, or `estimate`, `ungraded`, `pending`, `skipped`, `open`."""
    return mark(standing(turn))


def mark_in(session: Session, turn: Turn) -> str:
    """The same as far as it is told: of a mock interview that runs, no more than that there is an answer."""
    return "answered" if session.tells_nothing_yet and turn.state == "answered" else mark_of(turn)


def is_estimate(graded: Graded) -> bool:
    """Whether this is the offline coverage estimate, which is not a judgement of correctness."""
    return graded.label == "coverage_estimate"


def worded(family: str, name: str, lang: Language) -> str:
    """The word of a family for an id that may come from a user's rubric; an unknown id stands for itself."""
    key = f"{family}.{name}"
    return t(key, lang) if key in TABLE else name


def mark_word(mark: str, lang: Language) -> str:
    """The word of a square of a transcript row: of a band, or of what happened instead."""
    return t(f"mark.{mark}", lang) if f"mark.{mark}" in TABLE else worded("band", mark, lang)


def grader_word(name: str, lang: Language) -> str:
    """A grader's name as shown; names are stored as they are, only the estimate and oneself have a word."""
    return t(f"grader.{name}", lang) if name in ("coverage", "self") else name


def verdict_word(verdict: Verdict, lang: Language, *, estimate: bool = False) -> str:
    """`covered` for a judgement is only `found` for an estimate."""
    return t(f"found.{verdict}" if estimate else f"verdict.{verdict}", lang)


def covered_of(points: Sequence[PointGrade]) -> tuple[int, int]:
    """How many required points are covered, and how many there are."""
    required = [point for point in points if point.kind == "required"]
    return sum(point.verdict == "covered" for point in required), len(required)


def tally(points: Sequence[PointGrade], lang: Language, *, estimate: bool = False) -> str:
    """One clause such as «覆盖 2/5，部分 1，缺失 1»; bonus points are told apart from the required ones."""
    covered, count = covered_of(points)
    if estimate:
        return t("tally.found", lang, n=covered, m=count)
    verdicts = Counter(point.verdict for point in points if point.kind == "required")
    clauses = [t("tally.covered", lang, n=covered, m=count)]
    others: tuple[Verdict, ...] = ("partial", "missing", "contradicted", "cannot_assess")
    clauses += [t(f"tally.{verdict}", lang, n=verdicts[verdict]) for verdict in others if verdicts[verdict]]
    bonus = sum(point.kind == "bonus" and point.verdict in ("covered", "partial") for point in points)
    if bonus:
        clauses.append(t("tally.bonus", lang, n=bonus))
    return t("list.comma", lang).join(clauses)


def drawn(parts: Sequence[Part]) -> list[ViewValue]:
    """Words and formulas for the script, which draws those that it can read; empty where there are words alone."""
    return [{"text": one.text, "tex": one.tex} for one in parts] if any(one.tex for one in parts) else []


def number(value: float) -> str:
    """A score as people write it: one decimal, none where it is 0 or the full number."""
    return f"{value:.1f}".removesuffix(".0")


def ring_of(grading: Grading | None, live_points: Sequence[PointGrade], lang: Language) -> ViewValue:
    """The ring of one grading: its score, a dashed `3/5` for an estimate, `–` for no grade, a count while it runs."""
    outcome = grading.outcome if grading else None
    if isinstance(outcome, Graded):
        if is_estimate(outcome):
            covered, count = covered_of(outcome.key_points)
            share = covered / count if count else 0.0
            return _ring("estimate", "estimate", share, f"{covered}/{count}", t("ring.found", lang))
        below = t("ring.of", lang, max=number(outcome.max_score))
        return _ring("score", outcome.band, outcome.score / outcome.max_score, f"{outcome.score:.1f}", below)
    if grading is None or isinstance(outcome, Ungraded):
        return _ring("none", "none", 0.0, "–", "")
    if outcome is not None:  # the candidate's own
        return _ring("score", "own", outcome.score / outcome.max_score, f"{outcome.score:.1f}", t("ring.self", lang))
    return _ring("pending", "pending", 0.25, str(len(live_points)) if live_points else "…", "")


def mean_ring(mean: float | None, default: Rubric) -> ViewValue:
    """The ring of a session's mean (0-10), coloured by the default rubric; an empty one where nothing was judged."""
    if mean is None:
        return _ring("none", "none", 0.0, "–", "")
    return _ring("score", band_of_mean(default, mean), mean / SCALE, f"{mean:.1f}", "")


def position_text(session: Session, turn: Turn, lang: Language) -> str:
    """«第 4 / 8 题», and which attempt or follow-up it is where the question was asked before."""
    position = t("question.position", lang, n=turn.position + 1, m=len(session.questions))
    return " · ".join(part for part in (position, attempt_text(session, turn, lang)) if part)


def attempt_text(session: Session, turn: Turn, lang: Language) -> str:
    """«第 2 次回答» or «追问»; empty for the first attempt at a question."""
    if turn.follow_up is not None:
        return t("question.follow_up", lang)
    attempt = attempt_of(session.turns, turn)
    return t("question.attempt", lang, n=attempt) if attempt > 1 else ""


def clock(seconds: float) -> str:
    """`2:05` or `1:02:05`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration(seconds: float) -> str:
    """`4 ms`, `3.1 s` or `2 min 5 s`."""
    if seconds < 1:
        return f"{max(1, round(seconds * 1000))} ms"
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"


def spent(seconds: float, lang: Language) -> str:
    """How long a person took, in the words of the language: seconds below a minute, else minutes, else hours."""
    whole = round(seconds)
    if whole < 60:
        return t("spent.seconds", lang, n=whole)
    minutes = round(seconds / 60)
    if minutes < 60:
        return t("spent.minutes", lang, n=minutes)
    return t("spent.hours", lang, h=minutes // 60, n=minutes % 60)


def _ring(kind: str, tone: str, share: float, text: str, below: str) -> ViewValue:
    return {"kind": kind, "tone": tone, "share": round(min(1.0, max(0.0, share)), 4), "text": text, "below": below}
