"""Cards of the Questions tab: the list, and the parts of the question that is opened."""

from collections.abc import Collection, Mapping, Sequence

from interview.models import Checklist, ChecklistPoint, Dispute, Graded, HelpUsed, Language, PointGrade, Question, Turn
from interview.turns import help_used, tries
from interview.ui.safe_text import card_line, plain_line
from interview.ui.strings import t
from interview.ui.views.parts import (
    covered_of,
    grader_word,
    is_estimate,
    mark_of,
    mark_word,
    ring_of,
    shown_grading,
    verdict_word,
)
from interview.ui.views.view import ViewValue

MOST_ROWS = 200
Standings = Mapping[str, tuple[int, Graded | None]]


def question_rows(questions: Sequence[Question], standings: Standings, opened: str, lang: Language) -> ViewValue:
    """One button per question, in the order given, at most 200; a click selects it (`id`)."""
    hidden = len(questions) - MOST_ROWS
    return {
        "label": t("questions.list", lang),
        "empty": "" if questions else t("questions.none", lang),
        "more": t("questions.more", lang, n=hidden) if hidden > 0 else "",
        "rows": [_row(question, standings, question.id == opened, lang) for question in questions[:MOST_ROWS]],
    }


def question_about(
    question: Question, checklist: Checklist, turns: Sequence[Turn], disputes: Sequence[Dispute], lang: Language
) -> ViewValue:
    """Where the question stands in the notes, and chips: section, difficulty, points, tries, best score, disputes."""
    answered = tries(turns)
    chips = [{"text": question.section, "tone": "accent"}] if question.section else []
    texts = [t(f"difficulty.{question.difficulty}", lang)] if question.difficulty is not None else []
    if checklist.points:
        texts.append(t("questions.count", lang, n=len(checklist.points)))
    texts.append(t("questions.tries", lang, n=len(answered)) if answered else t("questions.untried", lang))
    scores = [graded.score for turn in answered if (graded := _graded(turn)) and not is_estimate(graded)]
    if scores:
        texts.append(t("questions.best", lang, score=f"{max(scores):.1f}"))
    chips += [{"text": text, "tone": "plain"} for text in (*texts, *question.tags)]
    if not question.has_reference:
        chips.append({"text": t("questions.bare", lang), "tone": "warn"})
    if any(dispute.state != "rejected" for dispute in disputes):
        chips.append({"text": t("questions.disputed", lang), "tone": "warn"})
    return {"place": f"{question.file} : {question.line}", "chips": chips}


def question_points(
    question: Question, checklist: Checklist, version: int, last: Graded | None, lang: Language
) -> ViewValue:
    """The key points that count, each with the verdict of the last grade where that judged the same words.

    `version` counts the stored versions from 1; 0 for the list of the notes.
    """
    facts = [t(f"points.{checklist.origin}", lang)]
    facts += [t("points.by", lang, name=checklist.by)] if checklist.by else []
    facts += [t("points.version", lang, n=version)] if version else []
    facts += [t("points.locked", lang)] if checklist.locked else []
    verdicts = {" ".join(point.text.split()): point for point in last.key_points} if last else {}
    known = sum(" ".join(point.text.split()) in verdicts for point in checklist.points)
    notes: list[str] = []
    if last is not None and (
        known < len(checklist.points) or last.provenance.reference_digest != question.reference_digest
    ):
        notes.append(t("points.older", lang))
    if last is not None and is_estimate(last):
        notes.append(t("points.estimate", lang))
    return {
        "title": t("points.title", lang),
        "facts": facts if checklist.points else [],
        "empty": "" if checklist.points else t("points.none", lang),
        "rows": [_point(point, verdicts, last, lang) for point in checklist.points],
        "notes": notes,
    }


def question_extras(question: Question, lang: Language) -> ViewValue:
    """What else the author wrote: pitfalls, hints, follow-ups, sources."""
    parts = {
        "pitfalls": [pitfall.text for pitfall in question.pitfalls],
        "hints": question.hints,
        "follow_ups": question.follow_ups,
        "sources": question.sources,
    }
    named = [
        {"title": t(f"part.{name}", lang), "items": [card_line(item) for item in items]}
        for name, items in parts.items()
        if items
    ]
    return {"parts": named} if named else {}


def question_disputes(disputes: Sequence[Dispute], lang: Language) -> ViewValue:
    """The disputes about the reference, each with two buttons; a click tells `choice`: `accepted:ID`, `rejected:ID`.

    A decided one can be decided the other way.
    """
    if not disputes:
        return {}
    return {
        "title": t("dispute.title", lang),
        "note": t("dispute.note", lang),
        "rows": [_dispute(dispute, lang) for dispute in disputes],
    }


def question_history(
    question: Question, turns: Sequence[Turn], lang: Language, silent: Collection[str] = ()
) -> ViewValue:
    """The earlier answers among the `turns` of the question, newest first; a click tells `place`: `SESSION:TURN`.

    Of the `silent` sessions, by id, no grade is told yet.
    """
    answered = tries(turns)
    return {
        "title": t("part.history", lang),
        "empty": "" if answered else t("part.no_history", lang),
        "rows": [
            _tried(question, turn, help_used(turns, turn), lang, silent=turn.session_id in silent)
            for turn in reversed(answered)
        ],
    }


def checklist_versions(versions: Sequence[Checklist], seen: str, lang: Language) -> ViewValue:
    """The stored versions, newest first, and the list of the notes; a click tells `id` (`notes` for the notes)."""
    rows = [
        {
            "id": version.id,
            "text": t("points.version", lang, n=number),
            "facts": [
                t(f"points.{version.origin}", lang),
                *([version.by] if version.by else []),
                t("questions.count", lang, n=len(version.points)),
                *([t("points.locked", lang)] if version.locked else []),
            ],
            "at": version.created_at.isoformat() if version.created_at else "",
            "selected": version.id == seen,
        }
        for number, version in enumerate(versions, 1)
    ]
    notes: ViewValue = {"id": "notes", "text": t("edit.notes", lang), "facts": [], "at": "", "selected": not seen}
    return {"title": t("edit.versions", lang), "note": t("edit.use", lang), "rows": [*reversed(rows), notes]}


def _row(question: Question, standings: Standings, selected: bool, lang: Language) -> ViewValue:
    tries, last = standings.get(question.id, (0, None))
    required = [point for point in last.key_points if point.kind == "required"] if last else []
    covered, count = covered_of(required)
    meta = [t("questions.tries", lang, n=tries) if tries else t("questions.untried", lang)]
    return {
        "id": question.id,
        "number": "" if question.number is None else question.number,
        "text": card_line(question.text),
        "meta": [*meta, *([] if question.has_reference else [t("questions.bare", lang)])],
        "pips": [point.verdict for point in required],
        "pips_label": t("questions.pips", lang, n=covered, m=count) if required else "",
        "estimate": last is not None and is_estimate(last),
        "selected": selected,
    }


def _point(point: ChecklistPoint, verdicts: Mapping[str, PointGrade], last: Graded | None, lang: Language) -> ViewValue:
    judged = verdicts.get(" ".join(point.text.split()))
    estimate = last is not None and is_estimate(last)
    return {
        "text": card_line(point.text),
        "verdict": judged.verdict if judged else "unknown",
        "word": verdict_word(judged.verdict, lang, estimate=estimate) if judged else t("points.unjudged", lang),
        "bonus": t("grade.bonus", lang) if point.kind == "bonus" else "",
        "weight": "" if point.weight == 1 else t("points.weight", lang, weight=f"{point.weight:g}"),
    }


def _dispute(dispute: Dispute, lang: Language) -> ViewValue:
    buttons = {"accepted": t("dispute.accept", lang), "rejected": t("dispute.reject", lang)}
    return {
        "quote": dispute.quote,
        "correction": f"{t('dispute.correction', lang)}: {dispute.correction}" if dispute.correction else "",
        "reason": dispute.reason,
        "source": t(f"dispute.{dispute.source}", lang, votes=dispute.votes, of=dispute.of),
        "grader": grader_word(dispute.grader, lang),
        "state": {
            "text": t(f"dispute.{dispute.state}", lang),
            "tone": {"open": "warn", "accepted": "accent", "rejected": "plain"}[dispute.state],
        },
        "buttons": [
            {"choice": f"{state}:{dispute.id}", "text": text}
            for state, text in buttons.items()
            if state != dispute.state
        ],
    }


def _tried(question: Question, turn: Turn, helped: HelpUsed, lang: Language, *, silent: bool) -> ViewValue:
    grading = shown_grading(turn)
    outdated = turn.question.reference_digest != question.reference_digest
    words = [mark_word("answered", lang), t("untold.short", lang)] if silent else [mark_word(mark_of(turn), lang)]
    meta = [*words, t(f"help.{helped}", lang)]
    meta += [grader_word(grading.grader, lang)] if grading else []
    return {
        "place": f"{turn.session_id}:{turn.id}",
        "ring": ring_of(grading, (), lang),
        "text": plain_line(turn.answer.text)[:160] if turn.answer else "",
        "meta": [*meta, *([t("part.older_reference", lang)] if outdated else [])],
        "at": turn.asked_at.isoformat(),
    }


def _graded(turn: Turn) -> Graded | None:
    grading = turn.current_grading
    return grading.outcome if grading and isinstance(grading.outcome, Graded) else None
