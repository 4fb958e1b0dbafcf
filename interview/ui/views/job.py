"""The line of a piece of long work: how far it is, a way to stop it, and how it ended."""

from interview.jobs import Job
from interview.models import Language
from interview.ui.strings import t
from interview.ui.views.view import ViewValue


def job_line(job: Job | None, lang: Language, done: str = "") -> ViewValue:
    """How far `job` is; a click on Stop selects it (`job`). Once it is done it says `done`, or nothing at all."""
    if job is None or (job.state == "done" and not done):
        return {}
    if job.over:
        return {
            "text": done if job.state == "done" else t(f"job.{job.state}", lang),
            "problem": job.problem,
            "over": True,
        }
    count = t("job.share", lang, n=job.done, m=job.total) if job.total > 1 else ""
    share = job.done / job.total if job.total else 0.0
    return {
        "text": t(f"job.{job.kind}", lang),
        "count": count,
        "share": share,
        "stop": t("job.stop", lang),
        "job": job.id,
    }
