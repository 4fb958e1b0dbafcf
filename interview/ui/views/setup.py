"""The cards of the set-up: what the notes hold, and the session that was left unfinished."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from interview.models import Forecast, Language, SessionSummary
from interview.notes.bank import QuestionBank
from interview.ui.strings import t
from interview.ui.views.view import ViewValue


def setup_head(bank: QuestionBank, lang: Language) -> ViewValue:
    """Heading of the set-up, with how many questions can be asked and how many have a reference answer."""
    count = len(bank.questions)
    with_reference = sum(question.has_reference for question in bank.questions)
    text = t("setup.count", lang, n=count, m=with_reference) if count else t("notes.empty", lang)
    return {"title": t("setup.title", lang), "text": text}


def notes_card(
    bank: QuestionBank, origin: Sequence[str], lang: Language, error: str = "", missing: Sequence[str] = ()
) -> ViewValue:
    """Counts per section and the problems of the notes as `file:line: what`.

    `origin`: the paths in use, empty for the built-in bank. `error`: why the last replacement failed; the old bank
    is still in use then, and the card says so; `missing`: because there is nothing any more at these paths.
    """
    what = t("notes.missing" if origin else "notes.missing_built_in", lang, files=", ".join(missing))
    return {
        "title": t("notes.title", lang),
        "origin": t("notes.built_in", lang) if not origin else ", ".join(origin),
        "error": {"text": what if missing else t("notes.kept", lang), "detail": error} if error else None,
        "empty": "" if bank.questions else t("notes.empty", lang),
        "sections": [
            {
                "name": section.name,
                "count": t("notes.questions", lang, n=section.count),
                "without": t("notes.without", lang, n=section.without_reference) if section.without_reference else "",
            }
            for section in bank.sections
        ],
        "problems_title": t("notes.problems", lang, n=len(bank.problems)) if bank.problems else "",
        "problems": [f"{problem.file}:{problem.line}: {problem.what}" for problem in bank.problems],
    }


def forecast_card(forecast: Forecast, lang: Language) -> ViewValue:
    """What is due today and on the six days after it, as bars; how long the streak is, and what was done today."""
    most = max(forecast.days, default=0)
    parts = [t("forecast.streak", lang, n=forecast.streak)] if forecast.streak else []
    parts.append(t("forecast.done", lang, n=forecast.done))
    if forecast.fresh:
        parts.append(t("forecast.fresh", lang, n=forecast.fresh))
    return {
        "title": t("forecast.title", lang),
        "text": " · ".join(parts),
        "today": t("forecast.today", lang),
        "days": [{"count": count, "share": count / most if most else 0.0} for count in forecast.days],
        "label": t("forecast.label", lang, days=", ".join(str(count) for count in forecast.days)),
        "warnings": _warnings(forecast, lang),
    }


def _warnings(forecast: Forecast, lang: Language) -> list[str]:
    """What is odd about this machine's time; days are counted by it."""
    told: list[str] = []
    if forecast.ahead is not None:
        told.append(t("forecast.ahead", lang, when=f"{forecast.ahead:%Y-%m-%d %H:%M}"))
    if forecast.moved is not None:
        before, now = (_zone(offset) for offset in forecast.moved)
        told.append(t("forecast.moved", lang, before=before, now=now))
    return told


def _zone(offset: timedelta) -> str:
    return datetime.now(timezone(offset)).strftime("UTC%z")


def unfinished_card(summary: SessionSummary | None, lang: Language) -> ViewValue:
    """The session that can be resumed; a click selects it (`id`). None draws nothing."""
    if summary is None:
        return {}
    return {
        "id": summary.id,
        "chip": t("unfinished.chip", lang),
        "text": t("unfinished.text", lang, title=summary.title, n=summary.answered, m=summary.count),
        "action": t("unfinished.resume", lang),
    }
