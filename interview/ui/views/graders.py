"""Cards of the Graders tab about backends: the list, servers on this machine, and what a test came to."""

from collections.abc import Sequence

from interview.backends.discovery import LocalServer, StartCommand
from interview.backends.presets import GENERIC
from interview.backends.probe import STEPS, ProbeReport, Step
from interview.jobs import Job
from interview.models import Language
from interview.service.drafts import Listed
from interview.ui.strings import t
from interview.ui.views.view import ViewValue

_ICONS = {"ok": "covered", "partly": "partial", "failed": "missing", "skipped": "unknown"}


def backend_rows(listed: Sequence[Listed], used: str, lang: Language) -> ViewValue:
    """The backends in their order, the coverage estimate last. `used`: the grader chosen in the header.

    A click tells `act`: `use:GRADER`, `test:NAME`, `change:NAME` or `remove:NAME`.
    """
    return {
        "title": t("backends.title", lang),
        "text": t("backends.text", lang),
        "sure": t("backends.sure", lang),
        "rows": [*(_row(one, used, lang) for one in listed), _estimate(used, lang)],
    }


def _row(one: Listed, used: str, lang: Language) -> ViewValue:
    end, report = one.endpoint, one.report
    in_use = used == end.name or used.startswith(f"{end.name}:")
    chips = [_chip("backends.in_use", "accent", lang)] if in_use else []
    chips += [_chip("backends.local", "plain", lang)] if end.is_loopback else []
    dialect = report.dialect if report else None
    chips += [{"text": dialect.rung, "tone": "plain"}] if dialect and dialect.rung else []
    failed = report is not None and not report.usable and bool(report.trouble)
    chips += [_chip("backends.unusable", "weak", lang)] if failed else []
    named = [] if end.preset.name == GENERIC else [end.preset.title]
    facts = [*named, end.host, _finding(report, lang)]
    facts += [t("backends.no_key", lang)] if end.preset.needs_key and end.api_key is None else []
    facts += [] if one.mine else [t("backends.from_environment", lang)]
    actions = [] if in_use else [_action("use", one.offered[0], lang)]
    actions += [_action("test", end.name, lang)]
    actions += [_action("change", end.name, lang), _action("remove", end.name, lang)] if one.mine else []
    return {
        "name": end.model,
        "title": ", ".join(one.offered),
        "tone": "weak" if failed else "strong" if report and report.usable else "none",
        "chips": chips,
        "facts": facts,
        "actions": actions,
    }


def _finding(report: ProbeReport | None, lang: Language) -> str:
    if report is None:
        return t("backends.untested", lang)
    if not report.usable and report.trouble is not None:
        return why(report.trouble, lang)
    seconds = grading_seconds(report)
    return t("backends.tested", lang, seconds=f"{seconds:.1f}") if seconds else t("backends.untested", lang)


def _estimate(used: str, lang: Language) -> ViewValue:
    chips = [_chip("backends.in_use", "accent", lang)] if used == "coverage" else []
    chips += [_chip("backends.offline", "plain", lang), _chip("backends.no_judgement", "warn", lang)]
    return {
        "name": t("grader.coverage", lang),
        "title": "coverage",
        "tone": "fair",
        "chips": chips,
        "facts": [t("backends.built_in", lang)],
        "actions": [] if used == "coverage" else [_action("use", "coverage", lang)],
    }


def _chip(key: str, tone: str, lang: Language) -> ViewValue:
    return {"text": t(key, lang), "tone": tone}


def _action(act: str, name: str, lang: Language) -> ViewValue:
    return {"act": f"{act}:{name}", "text": t(f"backends.{act}", lang), "asks": act == "remove"}


def local_servers(servers: Sequence[LocalServer], commands: Sequence[StartCommand], lang: Language) -> ViewValue:
    """What runs on this machine and is not in use (a click tells `act`: `adopt:PRESET:MODEL`), and what could run."""
    if not servers and not commands:
        return {}
    return {
        "title": t("local.title", lang),
        "servers": [
            {
                "name": server.title,
                "facts": [t("local.found", lang), server.base_url],
                "models": [
                    {"act": f"adopt:{server.preset}:{model}", "text": t("local.use", lang, model=model)}
                    for model in server.models[:8]
                ],
            }
            for server in servers
        ],
        "commands": [
            {
                "program": command.program,
                "text": t("local.start", lang),
                "command": command.command,
                "sizes": t("local.sizes", lang, size=f"{command.download_gb:.1f}", free=f"{command.free_gb:.0f}"),
            }
            for command in commands
        ],
        "copy": t("local.copy", lang),
        "copied": t("local.copied", lang),
    }


def probe_card(job: Job | None, report: ProbeReport | None, saved: str, lang: Language) -> ViewValue:
    """The five lines of a test, as far as it is; `saved` names the grader that it has added. Nothing without a test."""
    if report is None and (job is None or job.over):
        return {"title": t("probe.title", lang), "chips": [], "problem": job.problem} if job and job.problem else {}
    steps = report.steps if report else ()
    running = job is not None and not job.over
    return {
        "title": t("probe.title", lang),
        "chips": [_state(report, len(steps), lang, running=running)],
        "steps": [*(_line(step, lang) for step in steps), *_waiting(len(steps), lang, running=running)],
        "why": why(report.trouble, lang) if report and report.trouble and not running else "",
        "detail": report.trouble.text if report and report.trouble and not running and lang == "en" else "",
        "first": _first(report, lang) if report and not running else "",
        "saved": t("probe.saved", lang, name=saved) if saved else "",
        "problem": job.problem if job else "",
        "stop": {"act": f"stop:{job.id}", "text": t("probe.stop", lang)} if job and running else None,
        "patience": t("probe.patience", lang) if running else "",
    }


def _state(report: ProbeReport | None, done: int, lang: Language, *, running: bool) -> ViewValue:
    if running:
        return {"text": t("probe.running", lang, n=done, m=len(STEPS)), "tone": "accent"}
    if report is None or done < len(STEPS):
        return _chip("probe.stopped", "warn", lang)
    return _chip("probe.usable", "strong", lang) if report.usable else _chip("probe.unusable", "weak", lang)


def _line(step: Step, lang: Language) -> ViewValue:
    if step.state == "skipped":
        return {"icon": "unknown", "text": t(f"probe.{step.name}.failed", lang), "fact": t("probe.skipped", lang)}
    tokens = f"{step.tokens:,} tokens · " if step.name == "long_prompt" and step.tokens else ""
    key = step.state if step.state == "failed" or f"{step.name}.{step.state}" != "plain.partly" else "ok"
    return {
        "icon": _ICONS[step.state],
        "text": t(f"probe.{step.name}.{key}", lang),
        "fact": f"{tokens}{step.seconds:.1f} s",
    }


def _waiting(done: int, lang: Language, *, running: bool) -> list[ViewValue]:
    if not running:
        return []
    return [
        {"icon": "unknown", "text": t(f"probe.{name}.ok", lang), "fact": "…" if at == 0 else ""}
        for at, name in enumerate(STEPS[done:])
    ]


def why(step: Step, lang: Language) -> str:
    """The likely cause of a failed step and its fix."""
    if step.cause:
        return t(f"cause.{step.cause}", lang, hint=step.hint)
    return t(f"fault.{step.fault}", lang) if step.fault else step.text


def grading_seconds(report: ProbeReport) -> float | None:
    """How long a small grading took, by the form that judges will ask for; None where none was tried."""
    rung = report.dialect.rung if report.dialect else None
    step = report.step("json_schema" if rung == "json_schema" else "json_object" if rung == "json_object" else "plain")
    return step.seconds if step is not None and rung is not None else None


def _first(report: ProbeReport, lang: Language) -> str:
    seconds = grading_seconds(report)
    if not report.usable or seconds is None or report.dialect is None:
        return ""
    return t("probe.first", lang, rung=report.dialect.rung, seconds=f"{seconds:.0f}" if seconds >= 1 else "1")
