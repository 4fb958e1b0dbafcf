"""One turn in the review room: the answer with its proven words marked, and all its grades side by side."""

import itertools
from collections.abc import Sequence
from typing import TypeGuard

from interview.formulas import parts_between
from interview.grading.scoring import on_scale
from interview.models import Graded, Grading, Language, PointGrade, SelfGraded, Turn, Ungraded, Verdict
from interview.service.appeals import machine_grading
from interview.ui.safe_text import card_line, plain_line
from interview.ui.strings import t
from interview.ui.views.contest import appeal_note
from interview.ui.views.grade import reason_sentence
from interview.ui.views.parts import drawn, duration, grader_word, is_estimate, ring_of, verdict_word, worded
from interview.ui.views.view import ViewValue

_WEIGHT: dict[str, int] = {"contradicted": 3, "partial": 2, "covered": 1}


def answer_segments(turn: Turn, grading: Grading | None, lang: Language) -> ViewValue:
    """The answer cut at the verified spans: segments in order whose texts joined are the stored answer.

    A segment has the verdict that weighs most (contradicted, partial, covered) and, where a span ends, the numbers
    of its points (position in the checklist, from 1); errors mark without a number. `parts` are words and formulas.
    """
    answer = turn.answer
    if grading is not None and grading.label == "own":  # has no words of its own: those that the machine went by
        grading = machine_grading(turn)
    outcome = grading.outcome if grading else None
    text = answer.text if answer else ""
    return {
        "title": t("room.answer", lang),
        "saved": t("room.saved", lang) if answer else "",
        "at": answer.created_at.isoformat() if answer else "",
        "empty": "" if answer else t("room.no_answer", lang),
        "segments": _segments(text, _spans(outcome, lang) if isinstance(outcome, Graded) else []),
    }


def grades_list(turn: Turn, lang: Language) -> ViewValue:
    """All gradings of a Turn side by side, oldest first: one column each, one row per key point.

    Rows whose verdicts differ are told apart; the foot says how many agree, how far the scores lie apart, and that
    all grades are kept. `pairs` say of every two grades what differs, `rows` by number; the page shows the pair that
    the reader chose, first the two newest that have verdicts. Fewer than two gradings draw nothing.
    """
    if len(turn.gradings) < 2:
        return {}
    outcomes = [grading.outcome for grading in turn.gradings]
    graded = [outcome for outcome in outcomes if isinstance(outcome, Graded)]
    rows = _rows(outcomes, lang)
    return {
        "title": t("grades.title", lang),
        "point": t("grades.point", lang),
        "columns": [_column(turn, grading, lang) for grading in turn.gradings],
        "rows": rows,
        "differs": t("grades.differs", lang),
        "chips": _chips(graded, rows, lang),
        "compare": t("grades.compare", lang),
        "pairs": _pairs(outcomes, rows, lang),
    }


def _spans(outcome: Graded, lang: Language) -> list[tuple[int, int, str, int, str]]:
    """(start, end, verdict, number of the point or 0, tooltip)."""
    estimate = is_estimate(outcome)
    spans = [
        (
            evidence.start,
            evidence.end,
            point.verdict,
            number,
            f"{number} · {verdict_word(point.verdict, lang, estimate=estimate)} · {plain_line(point.text)}",
        )
        for number, point in enumerate(outcome.key_points, start=1)
        if point.verified and point.verdict in _WEIGHT
        for evidence in point.evidence
    ]
    for finding in outcome.findings:
        word = t(f"finding.{finding.kind}_{finding.severity}", lang)
        evidence = finding.evidence
        spans.append((evidence.start, evidence.end, "contradicted", 0, f"{word} · {finding.reason}".strip(" ·")))
    return spans


def _segments(text: str, spans: Sequence[tuple[int, int, str, int, str]]) -> list[ViewValue]:
    edges = {0, len(text)} | {min(len(text), max(0, edge)) for span in spans for edge in span[:2]}
    cuts = sorted(edges)
    segments: list[ViewValue] = []
    for (start, end), parts in zip(itertools.pairwise(cuts), parts_between(text, cuts), strict=True):
        over = [span for span in spans if span[0] <= start and end <= span[1]]
        verdict = max((span[2] for span in over), key=_WEIGHT.__getitem__, default="")
        segments.append(
            {
                "text": text[start:end],
                "parts": drawn(parts),
                "verdict": verdict,
                "numbers": sorted({span[3] for span in over if span[1] == end and span[3]}),
                "title": "\n".join(span[4] for span in over),
            }
        )
    return segments


def _column(turn: Turn, grading: Grading, lang: Language) -> ViewValue:
    outcome = grading.outcome
    facts: list[str] = []
    if isinstance(outcome, Graded):
        band = t("state.estimate", lang) if is_estimate(outcome) else worded("band", outcome.band, lang)
        facts = [band, duration(outcome.provenance.seconds)]
    elif isinstance(outcome, Ungraded):
        facts = [t("state.ungraded", lang), t(f"reason.{outcome.reason}", lang)]
    elif isinstance(outcome, SelfGraded):
        facts = [outcome.note] if outcome.note else []
    else:
        facts = [t("state.pending", lang)]
    return {
        "grading": grading.id,
        "name": grader_word(grading.graded_by, lang),
        "facts": [fact for fact in (appeal_note(turn, grading, lang), *facts) if fact],
        "title": reason_sentence(outcome, lang) if isinstance(outcome, Ungraded) else "",
        "ring": ring_of(grading, (), lang),
        "at": grading.created_at.isoformat(),
    }


def _rows(outcomes: Sequence[object], lang: Language) -> list[ViewValue]:
    """Rows by id and text of the key point, since two graders may have cut the reference differently."""
    checklists = [_checklist(outcome) for outcome in outcomes]
    order = list(dict.fromkeys(key for checklist in checklists for key in checklist))
    rows: list[ViewValue] = []
    for key in order:
        cells = [
            _cell(checklist.get(key), outcome, lang) for checklist, outcome in zip(checklists, outcomes, strict=True)
        ]
        verdicts = {cell["verdict"] for cell in cells if cell["verdict"]}
        rows.append({"text": card_line(key[1]), "cells": cells, "differs": len(verdicts) > 1})
    return rows


def _checklist(outcome: object) -> dict[tuple[str, str], PointGrade]:
    points = outcome.key_points if isinstance(outcome, Graded) else ()
    return {(point.id, point.text): point for point in points}


def _cell(point: PointGrade | None, outcome: object, lang: Language) -> ViewValue:
    if point is None:
        return {"verdict": "", "word": "–", "quotes": [], "reason": ""}
    verdict: Verdict = point.verdict
    estimate = isinstance(outcome, Graded) and is_estimate(outcome)
    return {
        "verdict": verdict,
        "word": verdict_word(verdict, lang, estimate=estimate),
        "quotes": [evidence.quote for evidence in point.evidence],
        "reason": point.reason,
    }


def _pairs(outcomes: Sequence[object], rows: Sequence[ViewValue], lang: Language) -> list[ViewValue]:
    """Every two grades with the rows on which they differ; the last pair is that of the two newest."""
    graded = [number for number, outcome in enumerate(outcomes) if isinstance(outcome, Graded | SelfGraded)]
    return [
        {"one": one, "other": other, **_difference(outcomes[one], outcomes[other], one, other, rows, lang)}
        for one, other in itertools.combinations(graded, 2)
    ]


def _difference(
    first: object, second: object, one: int, other: int, rows: Sequence[ViewValue], lang: Language
) -> ViewValue:
    differing = [
        number for number, row in enumerate(rows) if row["cells"][one]["verdict"] != row["cells"][other]["verdict"]
    ]
    told: list[str] = []
    if _is_scored(first) and _is_scored(second):
        told.append(t("grades.apart", lang, n=f"{_apart(first, second):.1f}"))
    by_point = isinstance(first, Graded) and isinstance(second, Graded)
    if by_point:
        told.append(t("grades.differ", lang, n=len(differing)) if differing else t("grades.same", lang))
    else:
        differing = []
    return {"text": t("list.comma", lang).join(told), "rows": differing, "by_point": by_point}


def _is_scored(outcome: object) -> TypeGuard[Graded | SelfGraded]:
    """An estimate has no score that could be compared with a grade."""
    return isinstance(outcome, SelfGraded) or (isinstance(outcome, Graded) and not is_estimate(outcome))


def _apart(*outcomes: Graded | SelfGraded) -> float:
    """Return how far the scores lie apart; on 0-10 where their maxima differ."""
    same = len({one.max_score for one in outcomes}) == 1
    scores = [one.score if same else on_scale(one.score, one.max_score) for one in outcomes]
    return max(scores) - min(scores)


def _chips(graded: Sequence[Graded], rows: Sequence[ViewValue], lang: Language) -> list[str]:
    chips: list[str] = []
    if len(graded) > 1 and rows:
        chips.append(t("grades.agree", lang, n=sum(not row["differs"] for row in rows), m=len(rows)))
    judged = [outcome for outcome in graded if not is_estimate(outcome)]
    if len(judged) > 1:
        chips.append(t("grades.apart", lang, n=f"{_apart(*judged):.1f}"))
    return [*chips, t("grades.kept", lang)]
