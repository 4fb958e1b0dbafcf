"""The Progress tab as values: its figures, its plots with the sentence and the table of each, and its lists."""

from collections.abc import Sequence
from datetime import date

from interview.grading.scoring import SCALE, band_of_mean
from interview.models import Language
from interview.models.progress import DayCount, PeriodMean, Place, Progress, Step
from interview.models.reports import ENOUGH
from interview.rubrics import Rubric
from interview.service.mastery import WRONG_BELOW
from interview.ui.safe_text import card_line, plain_line
from interview.ui.strings import t
from interview.ui.views.plotted import Plotted, axis_labels
from interview.ui.views.view import ViewValue

_SECTIONS_DRAWN = 8  # more do not fit a phone; the table has all
_LEAST_COUNT = 4  # a scale of counts that ends lower would have steps between whole numbers
_QUESTIONS_SHOWN = 6
_QUESTIONS_TABLED = 200
_DAY_LEVELS = (1, 3, 6, 10)  # answers a day from which on a square is drawn darker


def figures(progress: Progress, lang: Language) -> ViewValue:
    """The four figures, and below them what kinds of answers there are: only judged ones enter means."""
    recent, due = progress.recent, progress.due
    minutes = progress.minutes_due
    pace = t("progress.about", lang, n=minutes) if minutes is not None else ""
    kinds = progress.kinds.model_dump()
    return {
        "figures": [
            _figure(
                "streak",
                t("progress.days", lang, n=progress.streak),
                t("progress.longest", lang, n=progress.longest_streak),
                lang,
            ),
            _figure("due", str(due[0].count) if due else "–", pace if due else t("progress.unscheduled", lang), lang),
            _figure(
                "recent",
                f"{recent.mean:.1f}" if recent.says_enough else "–",
                t("progress.of_judged" if recent.says_enough else "few.n", lang, n=recent.n),
                lang,
            ),
            _figure(
                "solid",
                f"{progress.solid} / {progress.tried}",
                t("progress.a_week_ago", lang, n=progress.solid_a_week_ago),
                lang,
            ),
        ],
        "kinds": [t(f"kind.{name}", lang, n=n) for name, n in kinds.items() if n or name in ("answers", "judged")],
    }


def over_time(progress: Progress, lang: Language) -> Plotted:
    """The mean of each day, week or month; periods with too few answers are in the table only."""
    count = sum(period.n for period in progress.periods)
    drawn = [period for period in progress.periods if period.says_enough]
    labels = _labels(drawn, progress.step)
    rows = [[_label(p.start, progress.step, year=True), *_mean_cells(p.mean, p.n, lang)] for p in progress.periods]
    table = _table(("progress.period", "progress.mean", "progress.n"), rows, lang)
    if len(drawn) > 1:
        first, last = drawn[0], drawn[-1]
        values = {"a": f"{first.mean:.1f}", "b": f"{last.mean:.1f}", "n": first.n, "m": last.n}
        sentence = t(f"progress.trend_{progress.step}", lang, **values)
        points = [(label, round(period.mean or 0.0, 1)) for label, period in zip(labels, drawn, strict=True)]
        return Plotted(_head("time", sentence, lang), table, points)
    if count < ENOUGH:
        return Plotted(_head("time", t("few.n", lang, n=count), lang), table if rows else {})
    whole = sum((period.mean or 0.0) * period.n for period in progress.periods) / count
    return Plotted(_head("time", t("progress.no_line", lang, mean=f"{whole:.1f}", n=count, least=ENOUGH), lang), table)


def by_section(progress: Progress, lang: Language) -> Plotted:
    """The mean of each section, the weakest first; those with too few answers are in the table only."""
    rows = [[card_line(one.name), *_mean_cells(one.mean, one.n, lang)] for one in progress.sections]
    table = _table(("progress.section", "progress.mean", "progress.n"), rows, lang)
    drawn = [one for one in progress.sections if one.says_enough][:_SECTIONS_DRAWN]
    if not drawn:
        sentence = t("few.n", lang, n=max((one.n for one in progress.sections), default=0))
        return Plotted(_head("sections", sentence, lang), table if rows else {})
    weakest = drawn[0]
    word = "progress.weakest" if len(drawn) > 1 else "progress.one_section"
    sentence = t(word, lang, name=plain_line(weakest.name), mean=f"{weakest.mean:.1f}", n=weakest.n, least=ENOUGH)
    names = [plain_line(one.name) for one in drawn]
    labels = axis_labels(names)
    return Plotted(
        _head("sections", sentence, lang),
        table,
        [(label, round(one.mean or 0.0, 1)) for label, one in zip(labels, drawn, strict=True)],
        names=(t("progress.section", lang), names) if labels != names else None,
    )


def by_confidence(progress: Progress, lang: Language) -> Plotted:
    """The mean of each confidence: who is calibrated scores higher where he is surer."""
    told = progress.confidence
    rows = [[t(f"sure.{one.level}", lang), *_mean_cells(one.mean, one.n, lang)] for one in told]
    table = _table(("progress.confidence_told", "progress.mean", "progress.n"), rows, lang)
    drawn = [one for one in told if one.says_enough]
    if not told:
        return Plotted(_head("confidence", t("progress.no_confidence", lang), lang), {})
    if not drawn:
        return Plotted(_head("confidence", t("few.n", lang, n=max(one.n for one in told)), lang), table)
    clauses = [
        t("progress.sure_mean", lang, sure=t(f"sure.{one.level}", lang), mean=f"{one.mean:.1f}", n=one.n)
        for one in drawn
    ]
    points = [(t(f"sure.{one.level}", lang), round(one.mean or 0.0, 1)) for one in drawn]
    return Plotted(_head("confidence", t("list.comma", lang).join(clauses), lang), table, points)


def forecast(progress: Progress, lang: Language) -> Plotted:
    """How many questions fall due on each of the next days."""
    due = progress.due
    count = sum(day.count for day in due)
    if not count:
        return Plotted(_head("forecast", t("progress.no_due" if due else "progress.nothing_scheduled", lang), lang), {})
    names = [t("progress.today", lang), *(f"{day.day:%m-%d}" for day in due[1:])]
    table = _table(
        ("progress.day", "progress.questions_due"),
        [[name, str(day.count)] for name, day in zip(names, due, strict=True)],
        lang,
    )
    sentence = t("progress.due_sum", lang, n=count, m=max(day.count for day in due))
    points = [(name, float(day.count)) for name, day in zip(names, due, strict=True)]
    top = max(_LEAST_COUNT, *(day.count for day in due))
    return Plotted(_head("forecast", sentence, lang), table, points, top=top)


def heat_map(progress: Progress, lang: Language) -> ViewValue:
    """A square per day, a column per week; the sentence says the same to who does not see it."""
    practised = [day for day in progress.days if day.count]
    count = sum(day.count for day in practised)
    busiest = max((day.count for day in practised), default=0)
    weeks = len(progress.days) // 7
    sentence = t("progress.days_sum", lang, weeks=weeks, days=len(practised), n=count, m=busiest)
    return {
        "title": t("progress.calendar", lang),
        "sentence": sentence if count else t("progress.no_days", lang),
        "label": sentence,
        "days": [_day(day, progress, lang) for day in progress.days],
        "less": t("progress.less", lang),
        "more": t("progress.more", lang),
    }


def days_table(progress: Progress, lang: Language) -> ViewValue:
    """The days of the heat map on which something was answered, the newest first."""
    rows = [[f"{day.day:%Y-%m-%d}", str(day.count)] for day in reversed(progress.days) if day.count]
    return _table(("progress.day", "progress.answers"), rows, lang) if rows else {}


def forgotten(progress: Progress, lang: Language) -> ViewValue:
    """The points that are missed again and again; a click selects where (`place`)."""
    rows = [
        _row(point, card_line(point.text), card_line(point.question), f"{point.missed}/{point.judged}")
        | {"tone": "weak", "share": point.missed / point.judged}
        for point in progress.forgotten
    ]
    return _list("forgotten", rows, lang, least=ENOUGH)


def sure_but_wrong(progress: Progress, lang: Language) -> ViewValue:
    """Answers that were certain and scored below half; a click selects where (`place`)."""
    rows = [
        _row(one, card_line(one.question), "", f"{one.score:.1f}") | {"tone": "weak", "share": one.score / SCALE}
        for one in progress.sure_but_wrong
    ]
    return _list("sure_but_wrong", rows, lang, wrong=f"{WRONG_BELOW:g}")


def questions(progress: Progress, default: Rubric, lang: Language) -> ViewValue:
    """The weakest questions by their newest answer; a click selects where (`place`)."""
    rows = [
        _row(one, card_line(one.question), t("progress.judged_times", lang, n=one.n), f"{one.score:.1f}")
        | {"tone": band_of_mean(default, one.score), "share": one.score / SCALE}
        for one in progress.questions[:_QUESTIONS_SHOWN]
    ]
    return _list("questions", rows, lang, n=progress.tried, m=progress.solid, solid=f"{progress.solid_from:g}")


def questions_table(progress: Progress, lang: Language) -> ViewValue:
    """The questions that were judged, the weakest first, as many as one can look through."""
    shown = progress.questions[:_QUESTIONS_TABLED]
    rows = [[card_line(one.question), plain_line(one.section), f"{one.score:.1f}", str(one.n)] for one in shown]
    names = ("progress.question", "progress.section", "progress.newest", "progress.n")
    return _table(names, rows, lang) if rows else {}


def _figure(name: str, value: str, note: str, lang: Language) -> ViewValue:
    return {"label": t(f"figure.{name}", lang), "value": value, "note": note}


def _head(name: str, sentence: str, lang: Language) -> ViewValue:
    return {"title": t(f"plot.{name}", lang), "sentence": sentence}


def _list(name: str, rows: list[ViewValue], lang: Language, **values: int | str) -> ViewValue:
    about = t(f"progress.{name}_about" if rows else f"progress.{name}_none", lang, **values)
    return {"title": t(f"plot.{name}", lang), "sentence": about, "rows": rows}


def _row(place: Place, text: str, note: str, figure: str) -> ViewValue:
    return {"place": f"{place.session_id}/{place.turn_id}", "text": text, "note": note, "figure": figure}


def _table(names: Sequence[str], rows: list[list[str]], lang: Language) -> ViewValue:
    return {"columns": [t(name, lang) for name in names], "rows": rows}


def _mean_cells(mean: float | None, n: int, lang: Language) -> list[str]:
    return [f"{mean:.1f}" if n >= ENOUGH and mean is not None else t("progress.too_few", lang), str(n)]


def _day(day: DayCount, progress: Progress, lang: Language) -> ViewValue:
    level = sum(day.count >= least for least in _DAY_LEVELS)
    label = f"{day.day:%Y-%m-%d} · {t('progress.day_answers', lang, n=day.count)}"
    return {"label": label, "level": level, "ahead": day.day > progress.today}


def _labels(periods: Sequence[PeriodMean], step: Step) -> list[str]:
    years = {period.start.year for period in periods}
    return [_label(period.start, step, year=len(years) > 1) for period in periods]


def _label(day: date, step: Step, *, year: bool) -> str:
    if step == "month":
        return f"{day:%Y-%m}"
    return f"{day:%Y-%m-%d}" if year else f"{day:%m-%d}"
