"""The grade card: everything about one grading but the feedback, which is Markdown."""

from collections.abc import Sequence

from interview.models import (
    Finding,
    Graded,
    Grading,
    Language,
    PointGrade,
    SelfGraded,
    Session,
    Turn,
    Ungraded,
)
from interview.rubrics import Rubric
from interview.service.appeals import machine_grading
from interview.ui.safe_text import card_line
from interview.ui.strings import TABLE, t
from interview.ui.views.contest import appeal_of, on_its_way, own_verdict, second_opinion
from interview.ui.views.grade_facts import alternative, bars, chips, made, made_of, meta, vote_of
from interview.ui.views.line import judged_text, retry_at_of, state_of, title_of, waiting_text
from interview.ui.views.parts import (
    grader_word,
    is_estimate,
    number,
    ring_of,
    tally,
    verdict_word,
)
from interview.ui.views.view import ViewValue

_DOWNGRADED = {"quote": "grade.unverified", "second_look": "grade.not_held"}
_SAID_BY_POINTS = ("unverified_quote:", "second_look:", "second_look_refused:")


def grade_card(
    session: Session,
    turn: Turn,
    grading: Grading | None,
    live_points: Sequence[PointGrade],
    lang: Language,
    rubric: Rubric | None = None,
    graders: Sequence[str] = (),
    characters: int = 0,
) -> ViewValue:
    """Everything about one grading but the feedback, which is Markdown. With `rubric` its own words name the bars.

    `marks` (quote and verdict) are painted in the answer's message while the card is shown. `graders` are offered for
    a second opinion; `characters` of a reply have arrived so far. A form inside it fires `select` with a `wish`
    (`ui/contest.py`).
    """
    card: ViewValue = {
        "turn": turn.id,
        "grading": grading.id if grading else "",
        "state": state_of(grading),
        "ring": ring_of(grading, live_points, lang),
        "title": title_of(grading, lang),
        "close": t("sheet.close", lang),
        "retry_at": retry_at_of(grading),
        "chips": [],
        "points": [],
        "marks": [],
    }
    if grading is None or grading.outcome is None:
        ways = [own_verdict(turn, grading, lang)] if state_of(grading) == "waiting" else []
        return card | _pending_card(turn, grading, live_points, characters, lang) | {"ways": ways}
    card["ways"] = [second_opinion(graders, turn, lang), own_verdict(turn, grading, lang)]
    match grading.outcome:
        case Graded() as outcome:
            return card | _graded_card(session, turn, grading, outcome, lang, rubric)
        case Ungraded() as outcome:
            return card | _ungraded_card(grading, outcome, lang)
        case SelfGraded() as outcome:
            return card | _own_card(turn, outcome, lang)


def reason_sentence(outcome: Ungraded, lang: Language) -> str:
    """Why there is no grade, as a sentence."""
    return t(f"ungraded.{outcome.reason}", lang)


def marks_of(outcome: Graded) -> list[dict[str, str]]:
    """Every quote that code found in the answer with the verdict it proves; errors are marked as contradicted."""
    marks = [
        {"quote": evidence.quote, "verdict": point.verdict, "point": point.id}
        for point in outcome.key_points
        if point.verified
        for evidence in point.evidence
    ]
    wrong = [{"quote": finding.evidence.quote, "verdict": "contradicted", "point": ""} for finding in outcome.findings]
    return marks + wrong


def edges_of(points: Sequence[PointGrade], findings: Sequence[Finding] = ()) -> set[int]:
    """Where in the answer the marks of these begin and end."""
    evidence = [one for point in points if point.verified for one in point.evidence]
    return {edge for one in (*evidence, *(found.evidence for found in findings)) for edge in (one.start, one.end)}


def flag_text(flag: str, points: Sequence[PointGrade], lang: Language) -> str:
    """A flag in plain words, with the number of the key point that it names; an unknown flag stands for itself."""
    name, _, detail = flag.partition(":")
    numbers = {point.id: str(number) for number, point in enumerate(points, start=1)}
    if name == "guard":
        name = f"guard_{detail}"
    key = f"flag.{name}"
    return t(key, lang, detail=numbers.get(detail, detail)) if key in TABLE else flag


def _flags(outcome: Graded | Ungraded, lang: Language) -> list[str]:
    """The flags but those that the points say themselves, and second looks that changed nothing."""
    points = outcome.key_points if isinstance(outcome, Graded) else ()
    told = [flag for flag in outcome.flags if not flag.startswith(_SAID_BY_POINTS)]
    return [flag_text(flag, points, lang) for flag in told]


def _pending_card(
    turn: Turn, grading: Grading | None, live_points: Sequence[PointGrade], characters: int, lang: Language
) -> ViewValue:
    if grading is None:
        return {"sentence": t("verdict_line.none", lang), "meta": []}
    meta = [grader_word(grading.grader, lang)]
    failed = made_of([], grading, lang)
    if state_of(grading) == "waiting":
        return {
            "sentence": waiting_text(grading, lang),
            "meta": meta,
            "since": {"text": t("grade.waits_since", lang), "at": grading.created_at.isoformat()},
            "points": [],
            "notes": [text for text in (grading.waiting_detail,) if text],
            "made": failed,
        }
    return {
        "sentence": judged_text(turn, live_points, lang),
        "meta": [*meta, t("grade.arrived", lang, n=f"{characters:,}")] if characters else meta,
        "points": [_point(point, lang, estimate=False) for point in live_points],
        "notes": [t("grade.provisional_verdicts", lang)],
        "made": failed,
    }


def _ungraded_card(grading: Grading, outcome: Ungraded, lang: Language) -> ViewValue:
    provenance = outcome.provenance
    calls = [t("grade.calls", lang, n=provenance.calls)] if provenance.calls else []
    detail = "" if provenance.kind == "coverage" else outcome.detail  # the sentence says it all there
    return {
        "sentence": reason_sentence(outcome, lang),
        "meta": [grader_word(provenance.grader, lang), *calls],
        "notes": [text for text in (detail, t("ungraded.safe", lang)) if text],
        "flags": _flags(outcome, lang),
        "made": made_of([], grading, lang),
    }


def _own_card(turn: Turn, outcome: SelfGraded, lang: Language) -> ViewValue:
    """The own verdict, and below it what the machine had found: it is kept, and no longer what counts."""
    machine = machine_grading(turn)
    graded = machine.outcome if machine else None
    card: ViewValue = {"sentence": t("grade.self", lang), "notes": [outcome.note] if outcome.note else []}
    if machine is None or not isinstance(graded, Graded):
        return card
    estimate = is_estimate(graded)
    name = grader_word(machine.grader, lang)
    said = "" if estimate else f"{graded.score:.1f} / {number(graded.max_score)}"
    return card | {
        "meta": [t("grade.machine", lang, grader=name), said, tally(graded.key_points, lang, estimate=estimate)],
        "points": [_point(point, lang, estimate=estimate) for point in graded.key_points],
        "marks": marks_of(graded),
    }


def _graded_card(
    session: Session, turn: Turn, grading: Grading, outcome: Graded, lang: Language, rubric: Rubric | None
) -> ViewValue:
    estimate = is_estimate(outcome)
    return {
        "chips": chips(session, turn, outcome, lang),
        "sentence": t("grade.estimate", lang, tally=tally(outcome.key_points, lang, estimate=True))
        if estimate
        else tally(outcome.key_points, lang),
        "meta": meta(outcome, lang),
        "points": [
            _point(point, lang, estimate=estimate) | {"appeal": appeal_of(turn, grading, point, lang)}
            for point in outcome.key_points
        ],
        "notes": on_its_way(turn, grading, lang),
        "findings_title": t("grade.findings", lang) if outcome.findings else "",
        "findings": [_finding(finding, turn, lang) for finding in outcome.findings],
        "bars": [] if estimate else bars(outcome, lang, rubric),
        "flags": _flags(outcome, lang),
        "doubt": _doubt(outcome, lang),
        "alternative": alternative(outcome, lang),
        "made": made(outcome, grading, lang),
        "marks": marks_of(outcome),
    }


def _point(point: PointGrade, lang: Language, *, estimate: bool) -> ViewValue:
    unproven = not point.verified and bool(point.claimed_quote)
    checked = point.verified and point.evidence and not estimate
    return {
        "id": point.id,
        "verdict": point.verdict,
        "word": verdict_word(point.verdict, lang, estimate=estimate),
        "text": card_line(point.text),
        "bonus": t("grade.bonus", lang) if point.kind == "bonus" else "",
        "quotes": [evidence.quote for evidence in point.evidence],
        "checked": t("grade.checked", lang) if checked else "",
        "claim": point.claimed_quote if unproven else "",
        "claim_note": t(_DOWNGRADED[point.downgraded_by or "quote"], lang) if unproven else "",
        "reason": point.reason,
        "votes": vote_of(point, lang),
    }


def _finding(finding: Finding, turn: Turn, lang: Language) -> ViewValue:
    pitfalls = {pitfall.id: pitfall.text for pitfall in turn.question.pitfalls}
    return {
        "word": t(f"finding.{finding.kind}_{finding.severity}", lang),
        "quote": finding.evidence.quote,
        "text": card_line(pitfalls.get(finding.subject, "")),
        "reason": finding.reason,
    }


def _doubt(outcome: Graded, lang: Language) -> ViewValue | None:
    if outcome.doubt is None:
        return None
    return {
        "title": t(f"doubt.{outcome.doubt.status}", lang),
        "quote": outcome.doubt.quote,
        "reason": outcome.doubt.reason,
        # A grade that was counted anew says by its flags what was decided.
        "note": "" if outcome.provenance.kind == "audit" else t("doubt.note", lang),
    }
