"""Transcripts as one HTML file: it opens without a network, prints well, and nothing in it runs or loads."""

import html
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from interview.export.circumstances import answer_words, attempt_word, hints_shown
from interview.export.formulas import inline_html, markdown_html, mathml
from interview.export.marked import Piece, marked_answer
from interview.export.wording import REASONS, word
from interview.grading.scoring import SCALE
from interview.models import (
    CANDIDATE,
    Evidence,
    Graded,
    Grading,
    Language,
    PointGrade,
    Provenance,
    SelfGraded,
    Session,
    Transcript,
    Turn,
    Ungraded,
    counting,
)
from interview.report import mean, standing

_STYLE = (Path(__file__).parent / "transcript.css").read_text(encoding="utf-8")
# Whatever a text could smuggle in, the browser neither runs nor loads it.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_ICONS = {"covered": "✓", "partial": "◐", "missing": "–", "contradicted": "✗", "cannot_assess": "?"}


def transcript_html(*transcripts: Transcript) -> str:
    """Return the sessions as one self-contained document, in the language of the first."""
    lang = transcripts[0].session.plan.lang
    title = transcripts[0].session.title if len(transcripts) == 1 else word("transcripts", lang, n=len(transcripts))
    body = "\n".join(part for transcript in transcripts for part in _session(transcript))
    return (
        f'<!doctype html>\n<html lang="{"zh-CN" if lang == "zh" else "en"}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _text(text: object) -> str:
    """Free text, for the inside of an element."""
    return html.escape(str(text))


def _time(moment: datetime) -> str:
    return f"<time>{moment:%Y-%m-%d %H:%M} UTC</time>"


def _session(transcript: Transcript) -> Iterator[str]:
    session = transcript.session
    lang = session.plan.lang
    yield f"<header><h1>{_text(session.title)}</h1>\n<p>{' · '.join(_facts(session, lang))}</p></header>"
    for one in transcript.damaged:
        yield f"<p>{_text(word('damaged', lang, id=one.id, what=one.what))}</p>"
    for turn in session.turns:
        yield "\n".join(_turn(transcript, turn, lang))


def _facts(session: Session, lang: Language) -> Iterator[str]:
    yield _time(session.created_at)
    yield f"{word('asked', lang)} {session.asked} / {len(session.questions)}"
    judged = mean(standing(turn) for turn in session.turns)
    if judged is not None:
        yield f"{word('judged_mean', lang)} <b>{judged:.1f} / {SCALE}</b>"
    if session.finished_at is None:
        yield word("not_finished", lang)


def _turn(transcript: Transcript, turn: Turn, lang: Language) -> Iterator[str]:
    question = turn.question
    marks = transcript.marks.get(turn.id)
    star = "★ " if marks and marks.starred else ""
    attempt = attempt_word(transcript.session, turn, lang)
    chips = [question.section, *question.tags, *([attempt] if attempt else [])]
    chips += answer_words(transcript.session, turn, lang)
    yield f"<article><h2>{star}<span>{turn.position + 1}</span>{inline_html(question.text)}</h2>"
    yield '<p class="chips">' + "".join(f"<i>{_text(chip)}</i>" for chip in chips) + "</p>"
    if turn.follow_up is not None:
        yield f"<section><h3>{word('follow_up_asked', lang)}</h3><div>{markdown_html(turn.follow_up)}</div></section>"
    if hints := hints_shown(turn):
        shown = "".join(f"<li>{inline_html(hint)}</li>" for hint in hints)
        yield f"<section><h3>{word('hints', lang)}</h3><ol>{shown}</ol></section>"
    yield '<div class="pair">'
    yield f"<section><h3>{word('answer', lang)}</h3>{_answer(turn, lang)}</section>"
    if question.has_reference:
        yield f"<section><h3>{word('reference', lang)}</h3><div>{markdown_html(question.reference)}</div></section>"
    yield "</div>"
    current = counting(turn.gradings)
    for grading in sorted(turn.gradings, key=lambda one: one is not current):
        yield f'<section class="grade">{"".join(_grading(grading, lang))}</section>'
    if marks and marks.note:
        yield f'<section><h3>{word("note", lang)}</h3><p class="plain">{_text(marks.note)}</p></section>'
    for remark in transcript.remarks:
        if remark.turn_id == turn.id:
            who = word(remark.author, lang) if remark.author == CANDIDATE else remark.author
            title = f"{word(remark.kind, lang)} · {_text(who)} · {_time(remark.created_at)}"
            yield f"<section><h3>{title}</h3><div>{markdown_html(remark.text)}</div></section>"
    yield "</article>"


def _answer(turn: Turn, lang: Language) -> str:
    if turn.answer is None:
        return f"<p>{word('skipped' if turn.state == 'skipped' else 'open', lang)}</p>"
    current = counting(turn.gradings)
    graded = current.outcome if current is not None and isinstance(current.outcome, Graded) else None
    pieces = "".join(_piece(piece) for piece in marked_answer(turn.answer.text, graded))
    return f'<p class="plain">{pieces}</p><small>{_time(turn.answer.created_at)}</small>'


def _piece(piece: Piece) -> str:
    words = "".join(mathml(part.tex, part.display) if part.tex else _text(part.text) for part in piece.parts)
    if not piece.verdict:
        return words
    numbers = f"<sup>{','.join(str(number) for number in piece.numbers)}</sup>" if piece.numbers else ""
    return f'<mark class="{piece.verdict}">{words}{numbers}</mark>'


def _grading(grading: Grading, lang: Language) -> Iterator[str]:
    grader = _text(grading.grader)
    match grading.outcome:
        case None:
            yield f"<h3>{word('pending', lang)} · {grader}</h3>"
        case Ungraded() as failure:
            yield f"<h3>{word('ungraded', lang)} · {grader}</h3><p>{_text(REASONS[failure.reason][lang])}</p>"
            yield f'<p class="plain">{_text(failure.detail)}</p>' if failure.detail.strip() else ""
            yield _made_by(failure.provenance, lang)
        case SelfGraded() as own:
            yield f"<h3>{word('self_graded', lang)} <b>{own.score:g} / {own.max_score:g}</b></h3>"
            yield f'<p class="plain">{_text(own.note)}</p>' if own.note.strip() else ""
        case Graded() as grade:
            yield from _grade(grade, grader, lang)


def _grade(grade: Graded, grader: str, lang: Language) -> Iterator[str]:
    if grade.label == "coverage_estimate":
        yield f"<h3>{grader}</h3><p>{word('coverage_estimate', lang)}</p>"
    else:
        yield f"<h3><b>{grade.score:.1f} / {grade.max_score:g}</b> {_text(grade.band)} · {grader}</h3>"
    if grade.provisional:
        yield f"<p>{word('provisional', lang)}</p>"
    yield "<ol>" + "".join(_point(point, lang) for point in grade.key_points) + "</ol>"
    for finding in grade.findings:
        title = f"{word(finding.kind, lang)} ({word(finding.severity, lang)})"
        yield f"<p>{title} {_quotes((finding.evidence,), 'contradicted')} {_text(finding.reason)}</p>"
    for criterion in grade.criteria:
        yield f"<small>{_text(criterion.id)}: {_text(criterion.level)} ({criterion.value:g}) </small>"
    if grade.sum:
        yield f"<p><code>{_text(grade.sum)}</code></p>"
    if grade.feedback.strip():
        yield f"<div>{markdown_html(grade.feedback)}</div>"
    if grade.doubt is not None:
        yield f"<p>{word('doubt', lang)} ({word(grade.doubt.status, lang)}): {_text(grade.doubt.reason)}</p>"
    yield _made_by(grade.provenance, lang)


def _point(point: PointGrade, lang: Language) -> str:
    kind = f" ({word('bonus', lang)})" if point.kind == "bonus" else ""
    verdict = f'<b class="{point.verdict}">{_ICONS[point.verdict]} {word(point.verdict, lang)}</b>'
    unproven = ""
    if point.claimed is not None:
        unproven = f"<small>{word('unverified', lang)} “{_text(point.claimed_quote)}”</small>"
    reason = f"<small>{_text(point.reason)}</small>" if point.reason.strip() else ""
    quotes = _quotes(point.evidence, point.verdict)
    return f"<li>{verdict} {inline_html(point.text)}{kind} {quotes} {unproven}{reason}</li>"


def _quotes(evidence: Sequence[Evidence], verdict: str) -> str:
    return " ".join(f'<q class="{verdict}">{_text(one.quote)}</q>' for one in evidence)


def _made_by(made: Provenance, lang: Language) -> str:
    parts = [made.grader, made.returned_model or made.model, made.host, made.prompt, made.rubric]
    digests = word("digests", lang, question=made.question_digest, reference=made.reference_digest)
    return f"<small>{_text(' · '.join([*filter(None, parts), digests]))}</small>"
