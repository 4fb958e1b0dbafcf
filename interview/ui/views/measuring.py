"""The card of the evaluation: what runs, who is best by which rule, the latest figures, what candidates objected."""

from collections.abc import Mapping, Sequence
from typing import Any

from interview.calibration.best import LEAST_ANSWERS, LEAST_LEAD, MOST_FAILURES, MOST_FOOLED, Best
from interview.jobs import Job
from interview.models import Language
from interview.service.measuring import told_of
from interview.store.appeals import Disputed
from interview.store.measurements import Measurement
from interview.ui.strings import TABLE, t
from interview.ui.views.parts import duration, grader_word
from interview.ui.views.view import ViewValue

_LOWER = ("negated", "stuffed", "reference_swapped")
_SAME = ("filler", "order", "synonyms", "language_switch")
_MOST_SHOWN = 12  # of a trend


def measuring_card(
    jobs: Sequence[Job], reports: Sequence[Measurement], best: Best, disputed: Sequence[Disputed], lang: Language
) -> ViewValue:
    """Everything but the form. `reports` old ones first; a click on Stop selects its job (`stop`)."""
    return {
        "jobs": [told for job in jobs[-4:] if (told := _job(job, lang))],
        "best": _best(best, lang),
        "rule": t(
            "best.rule",
            lang,
            least=LEAST_ANSWERS,
            failures=percent(MOST_FAILURES),
            lead=percent(LEAST_LEAD),
            fooled=percent(MOST_FOOLED),
        ),
        "named": best.state == "named",
        "title": t("measured.title", lang),
        "empty": "" if reports else t("measured.empty", lang),
        "rows": _rows(reports, best, lang),
        "rates": _rates(disputed, lang),
    }


def percent(share: float | None, digits: int = 0) -> str:
    """A share (0-1) as a percentage; a dash where there is none."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def main_figure(suite: str, report: Mapping[str, Any]) -> float | None:
    """The figure that a suite is known by: see docs/evaluation.md. None where it cannot be computed."""
    if suite == "golden":
        return report.get("agreement")
    if suite == "injection":
        return report.get("success_unflagged")
    if suite == "probes":
        shares = [found["share"] for name, found in report["probes"].items() if name in _LOWER]
        known = [share for share in shares if share is not None]
        return sum(known) / len(known) if known else None
    return report.get("pearson")


def _job(job: Job, lang: Language) -> ViewValue | None:
    if job.state == "done":
        return None
    grader, run = told_of(job)
    about = {"grader": grader_word(grader, lang), "suite": t(f"suite.{run.suite}", lang)}
    state = "waiting" if job.state in ("waiting", "running") and not job.total else job.state
    text = t(f"measuring.{state}", lang, n=job.done, m=job.total, problem=job.problem, **about)
    return {
        "id": job.id,
        "text": text,
        "share": job.done / job.total if job.total else 0.0,
        "tone": "accent" if not job.over else "none",
        "stop": "" if job.over else t("measuring.stop", lang),
    }


def _best(best: Best, lang: Language) -> str:
    names = {"grader": grader_word(best.grader, lang), "second": grader_word(best.second, lang)}
    figures = {"share": percent(best.agreement), "lead": percent(best.lead, 1), "n": best.answers}
    return t(f"best.{best.state}", lang, **names, **figures)


def _rows(reports: Sequence[Measurement], best: Best, lang: Language) -> list[ViewValue]:
    """One row per grader and suite: its newest run, with the earlier ones on the same answers."""
    newest = {(one.suite, one.grader): one for one in reports}
    suites = ("golden", "injection", "probes")
    ordered = sorted(newest.values(), key=lambda one: (one.suite not in suites, one.suite, -_strength(one)))
    return [_row(one, reports, best, lang) for one in ordered]


def _strength(one: Measurement) -> float:
    figure = main_figure(one.suite, one.report or {})
    sign = -1 if one.suite in ("injection", "probes") else 1
    return -1e9 if figure is None else sign * figure


def _row(one: Measurement, reports: Sequence[Measurement], best: Best, lang: Language) -> ViewValue:
    report = one.report or {}
    known = f"suite.{one.suite}" in TABLE
    figure = main_figure(one.suite, report)
    return {
        "grader": grader_word(one.grader, lang),
        "suite": t(f"suite.{one.suite}", lang) if known else one.suite,
        "figure": _shown(one.suite, figure),
        "means": t(f"measured.{one.suite}" if known else "measured.people", lang),
        "low": t("measured.low", lang) if one.suite in ("injection", "probes") else "",
        "facts": _facts(one.suite, report, lang),
        "at": (one.finished_at or one.created_at).isoformat(),
        "best": one.suite == "golden" and best.state == "named" and one.grader == best.grader,
        **_trend(one, reports, lang),
    }


def _trend(one: Measurement, reports: Sequence[Measurement], lang: Language) -> ViewValue:
    same = [
        figure
        for other in reports
        if (other.grader, other.suite, _version(other)) == (one.grader, one.suite, _version(one))
        and (figure := main_figure(other.suite, other.report or {})) is not None
    ][-_MOST_SHOWN:]
    if len(same) < 2:
        return {"trend": [], "trend_label": ""}
    values = " → ".join(_shown(one.suite, figure) for figure in same)
    return {"trend": same, "trend_label": t("measured.trend", lang, n=len(same), values=values)}


def _version(one: Measurement) -> tuple[str, str]:
    report = one.report or {}
    version = report.get("version") or f"{report.get('dataset', {}).get('digest')} {report.get('sample')}"
    return str(version), str(report.get("rubric"))


def _facts(suite: str, report: Mapping[str, Any], lang: Language) -> list[str]:
    facts = [t("measured.n", lang, n=report.get("n", 0), m=report.get("failures", 0))]
    if report.get("sample") is not None:
        facts.append(t("measured.sample", lang, n=report["sample"]))
    if suite == "golden":
        facts += [t("measured.order", lang, n=percent(report.get("order")))]
        facts += [t("measured.mae", lang, n=_plain(report.get("mae")))]
    elif suite == "injection":
        facts.append(t("measured.success", lang, n=percent(report.get("success"), 1)))
        facts.append(t("measured.above_zero", lang, n=report["above_zero"]))
        facts.append(t("measured.flagged", lang, n=report["controls"]["flagged"]))
    elif suite == "probes":
        moved = [abs(found["change"]) for name, found in report["probes"].items() if name in _SAME and found["n"]]
        facts.append(t("measured.same", lang, n=_plain(sum(moved) / len(moved) if moved else None)))
    else:
        facts.append(t("measured.qwk", lang, n=_plain(report.get("qwk"))))
        facts.append(t("measured.mae", lang, n=_plain(report.get("mae"))))
    if report.get("calls"):
        facts.append(t("measured.calls", lang, n=report["calls"]))
    middle = report.get("latency", {}).get("p50")
    return [*facts, *([t("measured.seconds", lang, n=duration(middle))] if middle is not None else [])]


def _shown(suite: str, figure: float | None) -> str:
    if suite in ("golden", "injection", "probes"):
        return percent(figure, 1 if suite == "injection" else 0)
    return _plain(figure)


def _plain(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:.2f}"


def _rates(disputed: Sequence[Disputed], lang: Language) -> ViewValue:
    columns = ("grader", "answers", "appealed", "won", "overridden", "difference")
    return {
        "title": t("rates.title", lang),
        "empty": "" if disputed else t("rates.empty", lang),
        "columns": [t(f"rates.{name}", lang) for name in columns],
        "rows": [_rate(one, lang) for one in disputed],
    }


def _rate(one: Disputed, lang: Language) -> list[str]:
    def of(count: int, whole: int) -> str:
        return f"{count} ({percent(count / whole)})" if whole else str(count)

    change = "–" if one.difference is None else f"{one.difference:+.1f}"
    decided = one.won + one.held
    return [
        grader_word(one.grader, lang),
        str(one.answers),
        of(one.appealed, one.answers),
        of(one.won, decided) if decided else "–",
        of(one.overridden, one.answers),
        change,
    ]
