"""A session as Markdown that a person reads: every question, answer and grade, in order."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from interview.export.circumstances import answer_words, attempt_word, hints_shown
from interview.export.safe_markdown import fenced, inline, quoted
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
)
from interview.report import mean, standing

_DOWNGRADED = {"quote": "unverified", "second_look": "not_held"}


def transcript_markdown(transcript: Transcript) -> str:
    """Return the whole session as one Markdown document that ends with a newline.

    Answers and references stand unchanged in code fences; everything else that a candidate, the notes or a model
    wrote is escaped, so that it cannot change the document around it.
    """
    session = transcript.session
    lang = session.plan.lang
    parts = [f"# {inline(session.title)}\n", _opening(session, lang)]
    parts += [f"{inline(word('damaged', lang, id=one.id, what=one.what))}\n" for one in transcript.damaged]
    for turn in session.turns:
        parts.append(_turn(session, turn, lang))
        parts.extend(_beside(transcript, turn, lang))
    return "\n".join(parts)


def _opening(session: Session, lang: Language) -> str:
    finished = word("not_finished", lang) if session.finished_at is None else _time(session.finished_at)
    lines = [
        f"- {word('session', lang)}: `{session.id}`",
        f"- {word('started', lang)}: {_time(session.created_at)}",
        f"- {word('finished', lang)}: {finished}",
        f"- {word('asked', lang)}: {session.asked} / {len(session.questions)}",
    ]
    standings = [standing(turn) for turn in session.turns]
    for name, whole in (("judged_mean", mean(standings)), ("own_mean", mean(standings, "own"))):
        if whole is not None:
            lines.append(f"- {word(name, lang)}: {whole:.1f} / {SCALE}")
    return "\n".join(lines) + "\n"


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def _turn(session: Session, turn: Turn, lang: Language) -> str:
    question = turn.question
    attempt = f" ({told})" if (told := attempt_word(session, turn, lang)) else ""
    parts = [f"## {turn.position + 1}. {inline(question.text)}{attempt}\n", f"*{inline(question.section)}*\n"]
    if turn.follow_up is not None:
        parts.append(f"**{word('follow_up_asked', lang)}**\n\n{quoted(turn.follow_up)}")
    if hints := hints_shown(turn):
        parts.append(f"**{word('hints', lang)}**\n\n" + "".join(f"- {inline(hint)}\n" for hint in hints))
    if turn.answer is None:
        parts.append(word("skipped" if turn.state == "skipped" else "open", lang) + "\n")
    else:
        told = " · ".join([word("answer", lang), _time(turn.answer.created_at), *answer_words(session, turn, lang)])
        parts.append(f"### {told}\n")
        parts.append(fenced(turn.answer.text))
    parts.extend(_grading(grading, lang) for grading in turn.gradings)
    if question.has_reference:
        parts.append(f"<details><summary>{word('reference', lang)}</summary>\n")
        parts.append(fenced(question.reference, "markdown"))
        parts.append("</details>\n")
    return "\n".join(parts)


def _beside(transcript: Transcript, turn: Turn, lang: Language) -> Iterator[str]:
    """The star, the note and the remarks of a turn."""
    marks = transcript.marks.get(turn.id)
    if marks and marks.starred:
        yield f"★ {word('starred', lang)}\n"
    if marks and marks.note:
        yield f"### {word('note', lang)}\n\n{quoted(marks.note)}"
    for remark in transcript.remarks:
        if remark.turn_id == turn.id:
            author = word(remark.author, lang) if remark.author == CANDIDATE else inline(remark.author)
            yield f"### {word(remark.kind, lang)} · {author} · {_time(remark.created_at)}\n"
            yield quoted(remark.text)


def _grading(grading: Grading, lang: Language) -> str:
    grader = inline(grading.graded_by)
    if grading.appeal is not None:
        grader += f" · {word('appeal', lang)} {inline(grading.appeal.point_id)}{_reason(grading.appeal.reason)}"
    match grading.outcome:
        case None:
            return f"### {word('pending', lang)} · {grader}\n"
        case Ungraded() as failure:
            detail = f"\n{quoted(failure.detail)}" if failure.detail.strip() else ""
            reason = f"{REASONS[failure.reason][lang]} (`{failure.reason}`)"
            return (
                f"### {word('ungraded', lang)} · {grader}\n\n{reason}\n{detail}\n{_made_by(failure.provenance, lang)}"
            )
        case SelfGraded() as own:
            note = f"\n{quoted(own.note)}" if own.note.strip() else ""
            return f"### {word('self_graded', lang)}: {own.score:g} / {own.max_score:g}\n{note}"
        case Graded() as grade:
            return "\n".join(_grade(grade, grader, lang))


def _grade(grade: Graded, grader: str, lang: Language) -> Iterator[str]:
    yield f"### {word('grade', lang)}: {grade.score:.1f} / {grade.max_score:g} · {inline(grade.band)} · {grader}\n"
    yield f"*{word(grade.label, lang)}*\n"
    if grade.provisional:
        yield f"*{word('provisional', lang)}*\n"
    yield f"**{word('points', lang)}**\n"
    yield "".join(_point(point, lang) for point in grade.key_points)
    if grade.criteria:
        yield f"**{word('criteria', lang)}**\n"
        yield "".join(
            f"- {inline(criterion.id)}: **{inline(criterion.level)}** ({criterion.value:g})"
            f"{_quotes(criterion.evidence)}{_reason(criterion.reason)}\n"
            for criterion in grade.criteria
        )
    if grade.findings:
        yield f"**{word('findings', lang)}**\n"
        yield "".join(
            f"- {word(finding.kind, lang)} {inline(finding.subject)} ({word(finding.severity, lang)})"
            f"{_quotes((finding.evidence,))}{_reason(finding.reason)}\n"
            for finding in grade.findings
        )
    yield from _remarks(grade, lang)
    yield _made_by(grade.provenance, lang)


def _remarks(grade: Graded, lang: Language) -> Iterator[str]:
    if grade.doubt is not None:
        doubt = grade.doubt
        opening = f"**{word('doubt', lang)}** ({word(doubt.status, lang)}): "
        yield f"{opening}“{inline(doubt.quote)}”{_reason(doubt.reason)}\n"
    if grade.sum:
        yield f"**{word('sum', lang)}**: {inline(grade.sum)}\n"
    if grade.flags:
        yield f"**{word('flags', lang)}**: {', '.join(inline(flag) for flag in grade.flags)}\n"
    if grade.feedback.strip():
        yield f"**{word('feedback', lang)}**\n\n{quoted(grade.feedback)}"


def _point(point: PointGrade, lang: Language) -> str:
    kind = f", {word('bonus', lang)}" if point.kind == "bonus" else ""
    share = "" if point.coverage is None else f" {point.coverage:.0%}"
    claimed = ""
    if point.claimed is not None:
        why = word(_DOWNGRADED[point.downgraded_by or "quote"], lang)
        claimed = f" ({word(point.claimed, lang)}? {why} “{inline(point.claimed_quote)}”)"
    verdict = f"**{word(point.verdict, lang)}**{share}"
    subject = f"{inline(point.id)} ({word('weight', lang)} {point.weight:g}{kind}): {inline(point.text)}"
    return f"- {verdict} · {subject}{_quotes(point.evidence)}{claimed}{_reason(point.reason)}\n"


def _quotes(evidence: Sequence[Evidence]) -> str:
    return "".join(f" “{inline(found.quote)}” [{found.start}–{found.end}]" for found in evidence)


def _reason(reason: str) -> str:
    return f" — {inline(reason)}" if reason.strip() else ""


def _made_by(made: Provenance, lang: Language) -> str:
    models = [name for name in dict.fromkeys((made.model, made.returned_model)) if name]
    parts = [made.grader, *models, made.host, made.rung or "", made.prompt, made.rubric]
    digests = word("digests", lang, question=made.question_digest, reference=made.reference_digest)
    return f"{word('made_by', lang)}: {' · '.join(inline(part) for part in parts if part)} · {digests}\n"
