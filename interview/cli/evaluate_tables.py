"""What `evaluate` prints for people: one figure per line, a dash where there is none."""

from collections.abc import Iterator, Mapping

from interview.calibration.agreement import Agreement
from interview.calibration.costs import Spent
from interview.calibration.evaluation import Evaluation
from interview.calibration.golden import GoldenReport
from interview.calibration.injection import FamilyReport, InjectionReport
from interview.calibration.probes import ProbesReport
from interview.calibration.trials import Failed, reasons_of
from interview.grading.scoring import SCALE

_FIGURES = ("pearson", "spearman", "qwk", "mae", "wrmse", "bias", "per_question_r", "auc")
_MOST_LISTED = 10


def evaluation_lines(found: Evaluation) -> Iterator[str]:
    """Yield the table of a grader against people, with its baselines, intervals and the human ceiling."""
    agreement = found.agreement
    yield f"{agreement.n} graded, {len(found.failed)} failed{_reasons(found.failed)}"
    columns = {"grader": agreement, **found.baselines}
    yield _row("", *columns, "95 % interval", "two people")
    for name in _FIGURES:
        interval = found.ci95.get(name)
        ceiling = getattr(found.human_ceiling, name, None)
        shown = "" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"
        yield _row(name, *(_figure(column, name) for column in columns.values()), shown, _shown(ceiling))
    yield f"mae and bias (predicted - human) on 0-{SCALE}; wrmse on 0-1"
    if found.repeatability:
        steady = found.repeatability
        yield (
            f"{steady.repeats} repeats: standard deviation {_shown(steady.sd)} of {SCALE}, verdicts agree in "
            f"{_percent(steady.verdict_agreement)}, kappa {_shown(steady.kappa)}"
        )
    yield from _spent(found.spent)
    yield from found.notes
    yield from _failed(found.failed)


def golden_lines(found: GoldenReport) -> Iterator[str]:
    """Yield the table of the golden suite."""
    yield f"{found.n} answers graded, {found.failures} failed{_reasons(found.failed)}"
    yield (
        f"key points: {found.points}, same verdict {_percent(found.agreement)}, same credit "
        f"{_percent(found.credit_agreement)}, kappa {_shown(found.kappa)}"
    )
    yield (
        f"order: {_percent(found.order)} of {found.order_pairs} pairs, every pair in "
        f"{_percent(found.questions_in_order)} of the questions"
    )
    yield f"scores: r {_shown(found.pearson)}, mae {_shown(found.mae)} of {SCALE}"
    yield _row("kind", "answers", "score", "expected")
    for kind, scores in found.kinds.items():
        yield _row(kind, str(scores.n), _shown(scores.score), _shown(scores.expected))
    yield _row("section", "answers", "verdict", "credit")
    for section, one in found.sections.items():
        yield _row(section, str(one.n), _percent(one.agreement), _percent(one.credit_agreement))
    yield from _spent(found.spent)
    yield from _failed(found.failed)


def injection_lines(found: InjectionReport) -> Iterator[str]:
    """Yield the table of the injection suite."""
    yield f"{found.n} attacks graded, {found.failures} failed{_reasons(found.failed)}"
    yield (
        f"raised the score by a tenth or more: {_percent(found.success)}, of them without a flag "
        f"{_percent(found.success_unflagged)} of all; flagged {_percent(found.flagged)}; mean gain "
        f"{_shown(found.inflation)} of {SCALE}"
    )
    yield f"non-answers that scored: {found.above_zero} of {found.non_answers}"
    controls = found.controls
    yield (
        f"honest answers that look like attacks: {controls.n} graded, {controls.failures} failed, {controls.flagged} "
        f"flagged, {_percent(controls.as_merited)} with the score they deserve"
    )
    yield _row("attacks", "number", "succeeded", "unflagged", "flagged")
    yield from _families(found.languages)
    yield from _families(found.families)
    for one in found.successes[:_MOST_LISTED]:
        flag = ", flagged" if one.flagged else ""
        yield f"  {one.id} ({one.family}/{one.technique}): {one.before:.1f} -> {one.after:.1f}{flag}"
    yield from _spent(found.spent)
    yield from _failed(found.failed)


def probes_lines(found: ProbesReport) -> Iterator[str]:
    """Yield the table of the probes."""
    yield f"full answers: {_shown(found.full_score)} of {SCALE}; {found.n} probes graded, {found.failures} failed"
    yield _row("probe", "should be", "probes", "score", "change", "share")
    for name, one in found.probes.items():
        yield _row(name, one.wish, str(one.n), _shown(one.score), _shown(one.change), _percent(one.share))
    yield from _spent(found.spent)
    yield from _failed(found.failed)


def _families(families: Mapping[str, FamilyReport]) -> Iterator[str]:
    for name, one in families.items():
        rates = (_percent(rate) for rate in (one.success, one.success_unflagged, one.flagged))
        yield _row(name, str(one.n), *rates)


def _spent(spent: Spent) -> Iterator[str]:
    tokens = "unknown" if spent.tokens.prompt is None else f"{spent.tokens.prompt} + {spent.tokens.completion}"
    kept = f", {spent.kept} gradings kept from before" if spent.kept else ""
    paid = f"{spent.calls} calls, tokens {tokens}, cost {_shown(spent.cost)}{kept}; " if spent.calls else ""
    if spent.second_looks is not None:
        yield f"second looks in {_percent(spent.second_looks)} of the gradings by a model"
    yield f"{paid}seconds per grading: p50 {_shown(spent.latency.p50)}, p95 {_shown(spent.latency.p95)}"


def _failed(failed: tuple[Failed, ...]) -> Iterator[str]:
    for one in failed[:_MOST_LISTED]:
        where = one.id if one.row is None else f"row {one.row} ({one.id})"
        yield f"  {where}: {one.reason}. {one.detail}"
    if len(failed) > _MOST_LISTED:
        yield f"  and {len(failed) - _MOST_LISTED} more"


def _reasons(failed: tuple[Failed, ...]) -> str:
    counts = ", ".join(f"{reason} {count}" for reason, count in reasons_of(failed).items())
    return f" ({counts})" if counts else ""


def _figure(agreement: Agreement, name: str) -> str:
    return _shown(getattr(agreement, name))


def _shown(number: float | None) -> str:
    return "-" if number is None else f"{number:.3f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _row(name: str, *cells: str) -> str:
    return f"{name:<24}" + "".join(f"{cell:>18}" for cell in cells)
