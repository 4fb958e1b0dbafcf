"""The reference answer with each point that the answer lacks marked at its span, and what the notes say today."""

import itertools
import re
from typing import cast

from interview.grading.key_points import split_reference, split_spans
from interview.models import Graded, Grading, Language, PointGrade, Question, Session, Turn
from interview.ui.safe_text import card_line, plain_line
from interview.ui.strings import t
from interview.ui.views.parts import position_text, verdict_word
from interview.ui.views.view import ViewValue

_LACKING = ("contradicted", "missing", "partial")  # the first of them outweighs the others
Span = tuple[int, int]


def turn_head(
    session: Session,
    turn: Turn,
    current: Question | None,
    lang: Language,
    *,
    starred: bool,
    again: bool,
    words: str = "",
    file_gone: bool = False,
) -> ViewValue:
    """Place and labels of a Turn, and its buttons (a click selects a `wish`: star, unstar, again, delete).

    `current`: the question as the notes in use have it; None where they have it no more. `file_gone`: the file that it
    stands in is not there. `words` were searched for, and are marked wherever they stand in the room.
    """
    question = turn.question
    told = ""
    if file_gone:
        there = current or question
        told = t("room.file_gone", lang, file=there.file, n=there.line)
    elif current is None:
        told = t("room.gone", lang, file=question.file, n=question.line)
    elif current.content_digest != question.content_digest:
        told = t("room.edited", lang)
    return {
        "turn": turn.id,
        "place": position_text(session, turn, lang),
        "chips": [{"text": text, "tone": "plain"} for text in (question.section, *question.tags)],
        "starred": starred,
        "star": t("star.on" if starred else "star.put", lang),
        "again": t("room.again", lang) if again else "",
        "delete": t("room.delete_answer", lang) if turn.answer is not None else "",
        "back": t("room.nav_back", lang),
        "told": told,
        "words": [run for run in plain_line(words).split() if run],
    }


def reference_marks(turn: Turn, grading: Grading | None, lang: Language) -> ViewValue:
    """The reference cut at the spans of the points that the answer lacks: joined, the segments are its source.

    Points whose place is not known are said below it, as `elsewhere`.
    """
    question = turn.question
    outcome = grading.outcome if grading else None
    if not question.has_reference or not isinstance(outcome, Graded):
        return {}
    lacking = [(number, point) for number, point in enumerate(outcome.key_points, 1) if point.verdict in _LACKING]
    spans: list[tuple[int, int, int, PointGrade]] = []
    elsewhere: list[ViewValue] = []
    for number, point in lacking:
        span = span_of(question, point)
        if span is None:
            word = verdict_word(point.verdict, lang, estimate=outcome.label == "coverage_estimate")
            elsewhere.append({"verdict": point.verdict, "word": word, "text": card_line(point.text)})
        else:
            spans.append((*span, number, point))
    return {
        "segments": _segments(question.reference, spans),
        "elsewhere": elsewhere,
        "elsewhere_title": t("room.elsewhere", lang),
        "source": t("room.source", lang),
        "rendered": t("room.rendered", lang),
        "legend": t("room.marked", lang, n=len(spans)) if spans else "",
    }


def span_of(question: Question, point: PointGrade) -> Span | None:
    """Where a point stands in the reference (code points); None for points that were written beside it."""
    told = cast("Span | None", getattr(point, "span", None))
    if told is not None and 0 <= told[0] < told[1] <= len(question.reference):
        return told
    numbered = re.fullmatch(r"k(\d{1,3})", point.id)
    if question.key_points or numbered is None:
        return None
    points, spans = split_reference(question), split_spans(question.reference)
    index = int(numbered[1]) - 1
    return spans[index] if index < len(points) and points[index].text == point.text else None


def _segments(text: str, spans: list[tuple[int, int, int, PointGrade]]) -> list[ViewValue]:
    edges = sorted({0, len(text), *(edge for span in spans for edge in span[:2])})
    segments: list[ViewValue] = []
    for start, end in itertools.pairwise(edges):
        over = [span for span in spans if span[0] <= start and end <= span[1]]
        worst = min(over, key=lambda span: _LACKING.index(span[3].verdict), default=None)
        segments.append(
            {
                "text": text[start:end],
                "verdict": worst[3].verdict if worst else "",
                "title": f"{worst[2]} · {plain_line(worst[3].text)}" if worst else "",
            }
        )
    return segments
