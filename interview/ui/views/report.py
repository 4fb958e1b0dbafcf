"""The card at the end of a session: what was answered, what it came to, and what was weakest."""

from interview.models import Language, Session
from interview.report import SectionReport, SessionReport, WeakPoint
from interview.ui.safe_text import plain_line
from interview.ui.strings import t
from interview.ui.views.parts import band_of_mean, mean_ring, verdict_word
from interview.ui.views.view import ViewValue


def report_card(report: SessionReport, session: Session, lang: Language) -> ViewValue:
    """The session's summary; a click on a weak point selects its Turn (`turn`).

    Estimates and failures are counted apart: the mean is over judged answers alone, and the card says over how many.
    """
    return {
        "heading": t("report.title", lang),
        "session": session.title,
        "ring": mean_ring(report.mean),
        "sentence": t("report.mean", lang, n=report.judged) if report.judged else t("report.no_mean", lang),
        "counts": _counts(report, lang),
        "sections_title": t("report.sections", lang),
        "sections": [_section(section, lang) for section in report.sections if section.answered],
        "weakest_title": t("report.weakest", lang) if report.weakest else "",
        "weakest": [_weak(weak, lang) for weak in report.weakest],
    }


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


def _section(section: SectionReport, lang: Language) -> ViewValue:
    judged = section.mean is not None
    return {
        "name": section.name,
        "tone": band_of_mean(section.mean) if section.mean is not None else "none",
        "share": (section.mean or 0.0) / 10,
        "text": f"{section.mean:.1f}" if judged else "–",
        "count": t("report.of_section", lang, n=section.judged) if judged else t("report.not_judged", lang),
    }


def _weak(weak: WeakPoint, lang: Language) -> ViewValue:
    return {
        "turn": weak.turn_id,
        "verdict": weak.point.verdict,
        "word": verdict_word(weak.point.verdict, lang, estimate=weak.estimated),
        "text": plain_line(weak.point.text),
        "question": plain_line(weak.question),
    }
