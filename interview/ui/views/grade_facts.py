"""The facts around a grade: who graded and at what price, the parts of its score, the votes, and the other score."""

from collections.abc import Iterator, Sequence
from typing import get_args

from interview.backends.tariff import amount
from interview.grading.scoring import earned
from interview.models import (
    CriterionGrade,
    FailedAttempt,
    Graded,
    Grading,
    Language,
    PointGrade,
    Provenance,
    Session,
    Turn,
)
from interview.models.checklists import Origin
from interview.rubrics import Rubric
from interview.turns import help_used
from interview.ui.strings import t
from interview.ui.views.parts import duration, is_estimate, number, worded
from interview.ui.views.view import ViewValue

ORIGINS: tuple[str, ...] = get_args(Origin)


def chips(session: Session, turn: Turn, outcome: Graded, lang: Language) -> list[ViewValue]:
    """What the reader must know before the score."""
    told = [{"text": t(f"help.{help_used(session.turns, turn)}", lang), "tone": "plain"}]
    if is_estimate(outcome):
        told.insert(0, {"text": t("grade.no_statistics", lang), "tone": "warn"})
    if outcome.provisional:
        told.insert(0, {"text": t("grade.provisional", lang), "tone": "warn"})
    if outcome.provenance.reference_digest != turn.question.reference_digest:
        told.append({"text": t("grade.older_reference", lang), "tone": "warn"})
    return told


def meta(outcome: Graded, lang: Language) -> list[str]:
    """Who graded, and of votes how far they agree."""
    provenance = outcome.provenance
    if provenance.kind in ("coverage", "guard"):
        return [t(f"grade.{provenance.kind}_meta", lang)]
    audit = t("grade.audit_meta", lang) if provenance.kind == "audit" else ""
    return [part for part in (provenance.grader, audit, _voted(outcome, lang)) if part]


def made(outcome: Graded, grading: Grading, lang: Language) -> ViewValue | None:
    """How the grade came about, behind a fold: the sum, the votes, with what, how long, for how much; what failed."""
    # An estimate shows what was found, not a score that could be taken for a grade.
    summed = f"{outcome.sum} · {t('grade.in_code', lang)}" if outcome.sum and not is_estimate(outcome) else ""
    return made_of([summed, votes(outcome, lang), " · ".join(_facts(outcome, lang))], grading, lang)


def made_of(rows: list[str], grading: Grading, lang: Language) -> ViewValue | None:
    """The fold with these rows and the attempts that failed; None where it would be empty."""
    rows = [row for row in (*rows, *_failed(grading.failed, lang)) if row]
    return {"title": t("grade.made", lang), "rows": rows} if rows else None


def _failed(failed: Sequence[FailedAttempt], lang: Language) -> Iterator[str]:
    """One row for each attempt that failed, with its number: of many those in between are not kept."""
    if failed:
        yield t("grade.failed", lang, n=failed[-1].number)
    known = 0
    for one in failed:
        if one.number > known + 1:
            yield t("grade.failed_left_out", lang, n=one.number - known - 1)
        known = one.number
        who = " ".join(part for part in (one.model, one.host) if part) or one.backend
        told = " ".join(str(part) for part in (one.status, one.code) if part)
        why = t(f"reason.{one.fault}", lang) + (f" ({told})" if told else "")
        yield f"{one.number}. " + " · ".join([f"{one.started_at:%Y-%m-%d %H:%M:%S} UTC", who, why, one.detail])


def _facts(outcome: Graded, lang: Language) -> list[str]:
    provenance = outcome.provenance
    seconds = duration(provenance.seconds)
    if provenance.kind in ("coverage", "guard"):
        return [part for part in (seconds, _checklist(outcome, lang)) if part]
    if provenance.kind == "audit":
        return []
    counts = (provenance.prompt_tokens, provenance.completion_tokens)
    tokens = sum(count for count in counts if count is not None)
    facts = [provenance.prompt, seconds]
    facts += [t("grade.tokens", lang, n=f"{tokens:,}")] if tokens else []
    facts += [_cost(outcome, lang), _checklist(outcome, lang), *sent(provenance, lang)]
    return [part for part in facts if part]


def sent(provenance: Provenance, lang: Language) -> list[str]:
    """The parameters that the last call sent, and the endpoint's own mark of what served it."""
    parameters = ", ".join(f"{name} {value}" for name, value in provenance.parameters)
    mark = t("grade.fingerprint", lang, mark=provenance.fingerprint) if provenance.fingerprint else ""
    return [parameters, mark]


def _voted(outcome: Graded, lang: Language) -> str:
    """How many voted, how far they agree, and the middle one of their own scores; empty where nobody voted."""
    if outcome.agreement is None or outcome.median_score is None:
        return ""
    voted = sum(ballot.score is not None for ballot in outcome.ballots)
    told = {"n": voted, "m": len(outcome.ballots), "share": f"{outcome.agreement:.0%}"}
    return t("grade.voted", lang, **told, median=number(outcome.median_score))


def _cost(outcome: Graded, lang: Language) -> str:
    """What the grade cost, where the price is known, and how old the price list was: `0.0012 USD (…)`."""
    made = outcome.provenance
    if made.cost is None:
        return ""
    listed = t("grade.list_date", lang, date=made.list_date) if made.list_date else ""
    return amount(made.cost, made.currency) + listed


def _checklist(outcome: Graded, lang: Language) -> str:
    """Which version of the key points the answer was compared with; empty for grades that do not say."""
    origin, _, version = outcome.provenance.checklist.partition("@")
    return t(f"checklist.{origin}", lang) + (f" @{version[:6]}" if version else "") if origin in ORIGINS else ""


def bars(outcome: Graded, lang: Language, rubric: Rubric | None) -> list[ViewValue]:
    """The weight of the key points and each criterion as bars; the grade's `rubric` counts and names them."""
    made = earned(rubric, outcome.key_points)
    points_bar = made and {
        "label": t("bar.points", lang),
        "share": made.share,
        "text": f"{round(made.weight, 2):g} / {round(made.of, 2):g}",
        "title": "",
    }
    return [
        *([points_bar] if points_bar else []),
        *(_criterion_bar(criterion, lang, rubric) for criterion in outcome.criteria),
    ]


def _criterion_bar(criterion: CriterionGrade, lang: Language, rubric: Rubric | None) -> ViewValue:
    known = next((known for known in rubric.criteria if known.id == criterion.id), None) if rubric else None
    level = next((level for level in known.levels if level.id == criterion.level), None) if known else None
    return {
        "label": known.title[lang] if known else criterion.id,
        "share": criterion.value,
        "text": f"{level.title[lang] if level else criterion.level} · {criterion.value:g}",
        "title": level.anchor[lang] if level else criterion.reason,
    }


def votes(outcome: Graded, lang: Language) -> str:
    """Who voted, and what each came to; empty where nobody did."""
    told = [
        f"{ballot.by} {number(ballot.score)}"
        if ballot.score is not None
        else f"{ballot.by} {t(f'reason.{ballot.failure}', lang) if ballot.failure else t('state.ungraded', lang)}"
        for ballot in outcome.ballots
    ]
    return t("grade.votes", lang, votes=t("list.comma", lang).join(told)) if told else ""


def vote_of(point: PointGrade, lang: Language) -> str:
    """How many votes are the verdict; empty where nobody voted or all agree."""
    same = sum(vote.verdict == point.verdict for vote in point.votes)
    return t("grade.vote", lang, n=same, m=len(point.votes)) if same < len(point.votes) else ""


def alternative(outcome: Graded, lang: Language) -> ViewValue | None:
    """The score if the disputed words of the reference were wrong; it stands beside the grade and replaces nothing."""
    other = outcome.alternative
    if other is None:
        return None
    numbers = {point.id: str(place) for place, point in enumerate(outcome.key_points, start=1)}
    points = t("list.comma", lang).join(numbers[name] for name in other.points if name in numbers)
    band = worded("band", other.band, lang)
    return {
        "text": t("doubt.alternative", lang, points=points, score=f"{other.score:.1f}", band=band),
        "sum": other.sum,
    }
