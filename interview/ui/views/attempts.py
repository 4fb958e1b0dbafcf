"""Two attempts at one question side by side, and an answer that a model improved beside the one it was made of."""

import difflib
import itertools
import re
from collections.abc import Sequence

from interview.formulas import parts_between
from interview.models import Graded, Language, PointGrade, Remark, Session, Turn
from interview.turns import attempt_of, help_used
from interview.ui.safe_text import card_line
from interview.ui.strings import t
from interview.ui.views.parts import drawn, grader_word, is_estimate, ring_of, shown_grading, verdict_word
from interview.ui.views.review import answer_segments
from interview.ui.views.view import ViewValue

_WORTH = {"contradicted": 0, "missing": 1, "cannot_assess": 1, "partial": 2, "covered": 3}
_COMPARED_EXACTLY = 2_000  # words
_WORD = re.compile(r"[A-Za-z0-9_']+|\s+|.", re.DOTALL)


def attempts_card(session: Session, turn: Turn, lang: Language) -> ViewValue:
    """The answer before this one beside it (of the first: it beside the last), with the change of every point.

    Answers to follow-ups are among them, and named as such. Nothing where the question was answered once.
    """
    answered = [one for one in session.turns if one.position == turn.position and one.answer is not None]
    if len(answered) < 2 or turn not in answered:
        return {}
    index = answered.index(turn)
    pair = (answered[index - 1], turn) if index else (turn, answered[-1])
    return {
        "title": t("attempts.title", lang),
        "columns": [_column(session, one, lang) for one in pair],
        "rows": _rows(pair, lang),
        "point": t("grades.point", lang),
        "change": t("attempts.change", lang),
    }


def improved_card(turn: Turn, remarks: Sequence[Remark], lang: Language) -> ViewValue:
    """The newest answer that a model improved: what it added is marked; it is told who wrote it, and never graded."""
    written = [remark for remark in remarks if remark.kind == "improved_answer"]
    if not written or turn.answer is None:
        return {}
    newest = written[-1]
    return {
        "title": t("improved.by", lang, model=grader_word(newest.author, lang)),
        "told": t("improved.told", lang),
        "pieces": _compared(turn.answer.text, newest.text),
        "at": newest.created_at.isoformat(),
    }


def _column(session: Session, turn: Turn, lang: Language) -> ViewValue:
    grading = shown_grading(turn)
    nth = t("attempts.nth", lang, n=attempt_of(session.turns, turn))
    return {
        "label": nth if turn.follow_up is None else t("attempts.follow_up", lang),
        "ring": ring_of(grading, (), lang),
        "at": turn.answer.created_at.isoformat() if turn.answer else "",
        "help": t(f"help.{help_used(session.turns, turn)}", lang),
        "segments": answer_segments(turn, grading, lang)["segments"],
    }


def _rows(pair: tuple[Turn, Turn], lang: Language) -> list[ViewValue]:
    """Rows by the text of a point; one that only one of the two attempts was checked for has a change of its own."""
    old, new = (_points(turn) for turn in pair)
    rows: list[ViewValue] = []
    for text in dict.fromkeys([*old, *new]):
        before, after = old.get(text), new.get(text)
        cells = [_cell(point, turn, lang) for point, turn in zip((before, after), pair, strict=True)]
        rows.append({"text": card_line(text), "cells": cells, **_change(before, after, lang)})
    return rows


def _points(turn: Turn) -> dict[str, PointGrade]:
    grading = shown_grading(turn)
    outcome = grading.outcome if grading else None
    return {point.text: point for point in outcome.key_points} if isinstance(outcome, Graded) else {}


def _cell(point: PointGrade | None, turn: Turn, lang: Language) -> ViewValue:
    if point is None:
        return {"verdict": "", "word": "–"}
    grading = shown_grading(turn)
    outcome = grading.outcome if grading else None
    estimate = isinstance(outcome, Graded) and is_estimate(outcome)
    return {"verdict": point.verdict, "word": verdict_word(point.verdict, lang, estimate=estimate)}


def _change(before: PointGrade | None, after: PointGrade | None, lang: Language) -> ViewValue:
    if before is None or after is None:
        return {"change": "", "change_word": "–"}
    step = _WORTH[after.verdict] - _WORTH[before.verdict]
    name = "better" if step > 0 else "worse" if step < 0 else "same"
    return {"change": name, "change_word": t(f"attempts.{name}", lang)}


def _compared(old: str, new: str) -> list[ViewValue]:
    """The new text in pieces: what stands in the old one, and what was added."""
    words, fresh = _WORD.findall(old), _WORD.findall(new)
    # Exact matching is quadratic where the same words come again and again: 48,000 characters took half a minute.
    is_long = max(len(words), len(fresh)) > _COMPARED_EXACTLY
    matcher = difflib.SequenceMatcher(None, words, fresh, autojunk=is_long)
    changes = [(name != "equal", start, end) for name, _, _, start, end in matcher.get_opcodes() if start < end]
    texts = ["".join(fresh[start:end]) for _, start, end in changes]
    edges = list(itertools.accumulate(map(len, texts), initial=0))
    return [
        {"text": text, "parts": drawn(parts), "added": added}
        for text, parts, (added, _, _) in zip(texts, parts_between(new, edges), changes, strict=True)
    ]
