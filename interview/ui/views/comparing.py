"""Graders side by side: what a comparison would take, how far it is, and what came out."""

from interview.backends.tariff import amount
from interview.calibration.comparison import Comparison, Disagreement, GraderFigures, PairFigures
from interview.jobs import Job
from interview.models import Language
from interview.service.comparing import Foretold
from interview.service.spending import Estimate
from interview.ui.safe_text import card_line
from interview.ui.strings import t
from interview.ui.views.grade import flag_text
from interview.ui.views.parts import grader_word, verdict_word
from interview.ui.views.view import ViewValue

_SHOWN = 8


def comparison_card(plan: Foretold | None, job: Job | None, found: Comparison | None, lang: Language) -> ViewValue:
    """One card for all of it. `found` holds what is known so far; a click on a disagreement selects its `turn`."""
    running = job is not None and not job.over
    value: ViewValue = {
        "plan": _plan(plan, lang) if plan and not running else [],
        "hint": "" if plan else t("compare.choose", lang),
        "progress": _progress(job, lang) if running and job else {},
        "problem": _problem(job, lang),
    }
    if found is not None and any(one.graded or one.failures for one in found.graders):
        value |= _figures(found, lang)
    return value


def _plan(plan: Foretold, lang: Language) -> list[str]:
    lines = [t("compare.plan", lang, n=plan.answers, m=plan.known)]
    return lines + [estimate_line(one, lang) for one in plan.estimates if one.gradings]


def estimate_line(one: Estimate, lang: Language) -> str:
    """What gradings by one grader would take, on one line."""
    parts = [t("compare.estimate", lang, grader=grader_word(one.grader, lang), n=one.gradings)]
    if one.calls > one.gradings:
        parts.append(t("compare.calls_of", lang, n=one.calls))
    if one.prompt_tokens is None:
        return " · ".join([*parts, t("compare.free", lang)])
    parts.append(t("compare.tokens", lang, n=f"{one.prompt_tokens + (one.completion_tokens or 0):,}"))
    parts.append(_unpriced(lang) if one.cost is None else t("compare.about", lang, amount=_priced(one, one.cost, lang)))
    basis = t("compare.by_past", lang, n=one.from_past) if one.from_past else t("compare.by_length", lang)
    return " · ".join([*parts, basis])


def _priced(one: Estimate, cost: float, lang: Language) -> str:
    money = amount(cost, one.currency)
    return t("compare.listed", lang, amount=money, date=one.list_date) if one.list_date else money


def _unpriced(lang: Language) -> str:
    return t("compare.price_unknown", lang)


def _progress(job: Job, lang: Language) -> ViewValue:
    if not job.total:
        return {"text": t("compare.begins", lang), "share": 0}
    return {"text": t("compare.running", lang, n=job.done, m=job.total), "share": round(job.done / job.total, 4)}


def _problem(job: Job | None, lang: Language) -> str:
    if job is not None and job.state == "failed":
        return t("compare.failed", lang, problem=job.problem)
    return t("compare.stopped", lang) if job is not None and job.state == "stopped" else ""


def _figures(found: Comparison, lang: Language) -> ViewValue:
    columns = ("grader", "mean", "graded", "seconds", "used", "cost", "flags")
    pairs = ("pair", "agreement", "kappa", "difference")
    value: ViewValue = {
        "head": [t(f"compare.{name}", lang) for name in columns],
        "graders": [_grader(one, lang) for one in found.graders],
    }
    both = [pair for pair in found.pairs if pair.n]
    if not both:
        return value
    estimates = {one.grader for one in found.graders if one.estimate}
    return value | {
        "pair_head": [t(f"compare.{name}", lang) for name in pairs],
        "pairs": [_pair(pair, estimates, lang) for pair in both],
        "look": t("compare.look", lang) if found.disagreements else t("compare.none", lang),
        "agreed": t("compare.agreed", lang, n=found.agreed) if found.agreed else "",
        "open": t("compare.open", lang),
        "disagreements": [_disagreement(one, estimates, lang) for one in found.disagreements[:_SHOWN]],
    }


def _grader(one: GraderFigures, lang: Language) -> ViewValue:
    failed = [f"{t(f'reason.{reason}', lang)} {count}" for reason, count in one.failures.items()]
    tokens = "–"
    if one.prompt_tokens is not None:
        tokens = f"{one.prompt_tokens + (one.completion_tokens or 0):,} ({one.cached_tokens or 0:,})"
    cost = t("compare.unknown", lang) if one.prompt_tokens is not None else "–"
    cells = [
        # An estimate is no score, and has no mean that could be taken for one.
        "–" if one.mean is None or one.estimate else f"{one.mean:.1f}",
        str(one.graded),
        "–" if one.seconds is None else f"{one.seconds[0]:.1f}",
        tokens,
        cost if one.cost is None else amount(one.cost, one.currency),
        str(sum(one.flags.values())),
    ]
    flags = [f"{flag_text(flag, (), lang)} ×{count}" for flag, count in one.flags.items()]
    return {
        "name": grader_word(one.grader, lang),
        "chip": t("grade.no_statistics", lang) if one.estimate else "",
        "failed": failed,
        "cells": cells,
        "title": "\n".join(flags),
    }


def _pair(pair: PairFigures, estimates: set[str], lang: Language) -> ViewValue:
    difference = "–"
    if pair.difference is not None and not estimates & {pair.one, pair.other}:
        interval = f" [{pair.ci95[0]:+.1f}, {pair.ci95[1]:+.1f}]" if pair.ci95 else ""
        difference = f"{pair.difference:+.1f}{interval}"
    return {
        "name": f"{grader_word(pair.one, lang)} – {grader_word(pair.other, lang)}",
        "cells": [
            "–" if pair.agreement is None else f"{pair.agreement:.0%} ({pair.points})",
            "–" if pair.kappa is None else f"{pair.kappa:.2f}",
            difference,
        ],
    }


def _disagreement(one: Disagreement, estimates: set[str], lang: Language) -> ViewValue:
    points = [
        {
            "text": card_line(point.text),
            "cells": [
                {
                    "name": grader_word(name, lang),
                    "verdict": verdict,
                    "word": verdict_word(verdict, lang, estimate=name in estimates),
                }
                for name, verdict in point.verdicts.items()
            ],
        }
        for point in one.points
        if not point.agreed
    ]
    scores = [
        f"{grader_word(name, lang)} {'–' if score is None or name in estimates else f'{score:.1f}'}"
        for name, score in one.scores.items()
    ]
    return {"turn": one.turn_id, "question": card_line(one.question), "scores": scores, "points": points}
