"""What frames every tab: the brand, the banner of the offline estimate, and the line that tells an error."""

from collections.abc import Sequence

from interview.errors import NEEDS_CHANGE, BackendError, EndpointMistake, TextTooLong, VivaError
from interview.grading.shelf import GraderChoice
from interview.models import Language
from interview.service.waiting import WaitingSummary
from interview.settings import Problem
from interview.text import ANSWER_LIMIT
from interview.ui.strings import t
from interview.ui.views.view import ViewValue

_MOST_PROBLEMS = 5  # the notice stands above every tab; `doctor` lists all of them


def brand(lang: Language) -> ViewValue:
    """Logo and name; the page's `<html lang>` follows this value."""
    return {"lang": "zh-CN" if lang == "zh" else "en", "name": t("brand.name", lang)}


def banner(choice: GraderChoice, lang: Language) -> ViewValue:
    """What the chosen grader is not: shown for the coverage estimate, empty (drawn as nothing) for a judge."""
    if choice.kind == "judge":
        return {}
    return {
        "title": t("banner.title", lang),
        "text": t("banner.text", lang),
        "action": t("banner.how", lang),
        "go": t("banner.go", lang),
        "steps": [t(f"banner.step.{step}", lang) for step in ("openai", "other", "restart")],
    }


def waiting(summary: WaitingSummary, lang: Language) -> ViewValue:
    """How many gradings wait, why, and the button that tries all of them again; nothing where none waits."""
    if not summary.count:
        return {}
    return {
        "text": t("waiting.count", lang, n=summary.count, why=t(f"reason.{summary.fault}", lang)),
        "detail": summary.detail,
        "then": t("waiting.changed" if summary.fault in NEEDS_CHANGE else "waiting.by_itself", lang),
        "retry": t("waiting.retry", lang),
    }


def left_out(problems: Sequence[Problem], lang: Language) -> ViewValue:
    """How many parts of `backends.toml` cannot be used, and which; nothing where all can."""
    if not problems:
        return {}
    texts = [problem.text for problem in problems[:_MOST_PROBLEMS]]
    more = ["…"] if len(problems) > _MOST_PROBLEMS else []
    return {"text": t("left_out", lang, n=len(problems)), "detail": "\n".join([*texts, *more])}


def notice(error: VivaError | str, lang: Language) -> ViewValue:
    """One red line where something failed; an empty string draws nothing.

    Chinese screens show the sentence of the error's class, with the error's own (English) text below it, because that
    one names file, line and limit.
    """
    if isinstance(error, str):
        return {"text": error, "detail": ""} if error else {}
    if isinstance(error, EndpointMistake):
        return {"text": t(f"mistake.{error.mistake}", lang, **error.names), "detail": ""}
    if isinstance(error, BackendError) and error.cause:
        return {"text": t(f"cause.{error.cause}", lang, hint=error.hint), "detail": ""}
    if lang == "en":
        return {"text": str(error), "detail": ""}
    if isinstance(error, BackendError):
        return {"text": t(f"ungraded.{error.fault}", lang), "detail": str(error)}
    limit = error.limit if isinstance(error, TextTooLong) else ANSWER_LIMIT
    return {"text": t(f"error.{type(error).__name__}", lang, limit=limit), "detail": str(error)}
