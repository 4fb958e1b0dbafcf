"""A session graded anew: what it would take, and what came of it."""

from interview.models import Language
from interview.service.regrading import Regrade, Regraded
from interview.ui.strings import t
from interview.ui.views.comparing import estimate_line
from interview.ui.views.view import ViewValue


def regrade_plan(plan: Regrade | None, lang: Language) -> ViewValue:
    """How many answers there are, which are left out and why, and what the others would cost."""
    if plan is None:
        return {}
    counts = t("regrade.plan", lang, n=plan.answers, known=plan.known, waiting=plan.waiting)
    if not plan.estimate.gradings:
        return {"plan": [counts, t("regrade.nothing", lang)]}
    kind = "estimate" if plan.estimate.prompt_tokens is None else "judgement"
    return {"plan": [counts, estimate_line(plan.estimate, lang), t(f"regrade.kept_{kind}", lang)]}


def regrade_end(came: Regraded, lang: Language) -> str:
    """The sentence of a regrade that is done."""
    graded = came.done - came.failed
    key = "job.regrade_failed" if came.failed else "job.regrade_done"
    return t(key, lang, n=graded, m=came.failed)
