"""The card at the end of a session: what was answered and how, what it came to, and what to study next."""

from collections import Counter

from interview.grading.scoring import SCALE, band_of_mean
from interview.models import Language, Session
from interview.models.reports import (
    ENOUGH,
    ConfidenceReport,
    QuestionReport,
    ReportedPoint,
    SectionReport,
    SessionReport,
    StudyItem,
)
from interview.rubrics import Rubric
from interview.ui.safe_text import card_line
from interview.ui.strings import t
from interview.ui.views.parts import mark_word, mean_ring, spent, verdict_word
from interview.ui.views.view import ViewValue


def report_card(report: SessionReport, session: Session, default: Rubric, lang: Language) -> ViewValue:
    """The session's report; a click on a question or a point selects its Turn (`turn`).

    Estimates and failures are counted apart: the mean is over judged answers alone, and the card says over how many.
    The bands of the `default` rubric colour means.
    """
    return {
        "heading": t("report.title", lang),
        "session": session.title,
        "ring": mean_ring(report.mean, default),
        "sentence": _sentence(report, lang),
        "counts": _counts(report, lang),
        "facts": [*_times(report, lang), *_reached(report, lang)],
        "study_title": t("report.study", lang) if report.study else "",
        "study": [_study(item, lang) for item in report.study],
        "sections_title": t("report.sections", lang),
        "sections": [_section(section, default, lang) for section in report.sections if section.answered],
        "confidence_title": t("report.confidence", lang) if report.confidence else "",
        "confidence": [_confidence(level, default, lang) for level in report.confidence],
        "strongest_title": t("report.strongest", lang) if report.strongest else "",
        "strongest": [_point(point, lang) for point in report.strongest],
        "weakest_title": t("report.weakest", lang) if report.weakest else "",
        "weakest": [_point(point, lang) for point in report.weakest],
        "questions_title": t("report.questions", lang),
        "questions": [_question(question, lang) for question in report.questions],
    }


def _sentence(report: SessionReport, lang: Language) -> str:
    if not report.judged:
        return t("report.no_mean", lang)
    told = t("report.mean", lang, n=report.judged)
    return told if report.judged >= ENOUGH else told + t("report.mean_few", lang)


def _counts(report: SessionReport, lang: Language) -> list[str]:
    counts = {
        "answered": report.answered,
        "own": report.own,
        "estimated": report.estimated,
        "ungraded": report.ungraded,
        "pending": report.pending,
        "skipped": report.skipped,
    }
    shown = {name: n for name, n in counts.items() if n or name == "answered"}
    mean = "" if report.own_mean is None else f"{report.own_mean:.1f}"
    return [t(f"report.{name}", lang, n=n, m=report.count, mean=mean) for name, n in shown.items()]


def _times(report: SessionReport, lang: Language) -> list[str]:
    told: list[str] = []
    if report.answering_seconds is not None:
        told.append(t("report.answering", lang, time=spent(report.answering_seconds, lang)))
    if report.elapsed_seconds is not None:
        told.append(t("report.elapsed", lang, time=spent(report.elapsed_seconds, lang)))
    return told


def _reached(report: SessionReport, lang: Language) -> list[str]:
    """«独立作答 3» and the like: how the answers were reached; passing on a question is counted above."""
    ways = Counter(question.reached for question in report.questions)
    return [f"{t(f'help.{way}', lang)} {ways[way]}" for way in ("unaided", "hinted", "revealed") if ways[way]]


def _study(item: StudyItem, lang: Language) -> ViewValue:
    found = item.estimated and item.why in ("missing", "partial")
    return {
        "turn": item.turn_id,
        "number": item.position + 1,
        "text": card_line(item.question),
        "why": t(f"study.{'not_found' if found else item.why}", lang, n=item.points),
        "section": item.section,
    }


def _section(section: SectionReport, default: Rubric, lang: Language) -> ViewValue:
    if section.mean is None:
        return _bar(section.name, None, t("report.not_judged", lang), default)
    if not section.says_enough:
        return _bar(section.name, None, t("few.n", lang, n=section.judged), default)
    return _bar(section.name, section.mean, t("report.of_section", lang, n=section.judged), default)


def _confidence(level: ConfidenceReport, default: Rubric, lang: Language) -> ViewValue:
    name = t(f"sure.{level.level}", lang)
    if level.judged < ENOUGH:
        return _bar(name, None, t("few.n", lang, n=level.judged), default)
    return _bar(name, level.mean, t("report.of_section", lang, n=level.judged), default)


def _bar(name: str, mean: float | None, count: str, default: Rubric) -> ViewValue:
    return {
        "name": name,
        "tone": "none" if mean is None else band_of_mean(default, mean),
        "share": (mean or 0.0) / SCALE,
        "text": "" if mean is None else f"{mean:.1f}",
        "count": count,
    }


def _point(point: ReportedPoint, lang: Language) -> ViewValue:
    return {
        "turn": point.turn_id,
        "verdict": point.point.verdict,
        "word": verdict_word(point.point.verdict, lang, estimate=point.estimated),
        "text": card_line(point.point.text),
        "question": card_line(point.question),
    }


def _question(question: QuestionReport, lang: Language) -> ViewValue:
    """One row: the question, then score or what there is in its place, the way, the time, and the confidence."""
    facts = [mark_word(question.mark, lang)] if question.score is None else []
    if question.reached not in (None, "skipped"):
        facts.append(t(f"help.{question.reached}", lang))
    if question.attempts > 1:
        facts.append(t("report.attempts", lang, n=question.attempts))
    if question.follow_ups:
        facts.append(t("report.follow_ups", lang, n=question.follow_ups))
    if question.confidence is not None:
        facts.append(t(f"sure.{question.confidence}", lang))
    if question.seconds is not None:
        facts.append(spent(question.seconds, lang))
    return {
        "turn": question.turn_id,
        "number": question.position + 1,
        "text": card_line(question.question),
        "facts": facts,
        "tone": question.mark,
        "score": "–" if question.score is None else f"{question.score:.1f}",
    }
