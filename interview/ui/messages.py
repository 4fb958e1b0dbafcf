"""The interview as messages of gr.Chatbot, rebuilt from the stored session every time; the chat is output only."""

from collections.abc import Callable, Sequence
from typing import Any

from interview import turns
from interview.models import Graded, Grading, Language, Mode, PointGrade, Session, Turn
from interview.ui.safe_text import safe_answer, safe_markdown
from interview.ui.strings import t
from interview.ui.views import edges_of, inline_view, separator, shown_grading, verdict_line
from interview.ui.views.line import saved_text

ChatMessage = dict[str, Any]
_GREETINGS: dict[Mode, str] = {"practice": "talk.greeting", "mock": "talk.mock", "due": "talk.due"}
# Verdicts that are already in for a grading that still runs; nothing for any other.
LivePoints = Callable[[Grading | None], Sequence[PointGrade]]


def conversation(
    session: Session, open_turn: str, live_points: LivePoints, lang: Language, *, now: str = ""
) -> list[ChatMessage]:
    """All messages of a session, in order. `open_turn`: id of the Turn whose grade is open beside it.

    `now`: what is said last of all, because of something that goes on at this moment; not stored, and may be empty.
    """
    messages = [message for _, message in _script(session, open_turn, live_points, lang)]
    return [*messages, _says(safe_markdown(now))] if now else messages


def turn_at(session: Session, index: int) -> str | None:
    """Id of the Turn that the message at `index` belongs to; None for the greeting and for what does not exist."""
    ids = [turn_id for turn_id, _ in _script(session, "", lambda _: (), session.plan.lang)]
    return ids[index] if 0 <= index < len(ids) else None


def _script(
    session: Session, open_turn: str, live_points: LivePoints, lang: Language
) -> list[tuple[str | None, ChatMessage]]:
    script: list[tuple[str | None, ChatMessage]] = [
        (None, _says(t(_GREETINGS[session.plan.mode], lang, n=len(session.questions)))),
    ]
    for turn in session.turns:
        messages = _turn_messages(session, turn, open_turn, live_points, lang)
        script.extend((turn.id, message) for message in messages)
    if session.finished_at is not None and turns.open_turn(session) is None:
        script.append((None, _says(t("talk.end", lang))))
    return script


def _turn_messages(
    session: Session, turn: Turn, open_turn: str, live_points: LivePoints, lang: Language
) -> list[ChatMessage]:
    messages = [
        _says(inline_view("separator", separator(session, turn, lang))),
        _says(safe_markdown(turn.follow_up or turn.question.text, formulas=True)),
        *_hints(turn, lang),
    ]
    if turn.stuck_at is not None and turn.state == "open":
        can_help = turn.question.has_reference or bool(turn.hints)
        messages.append(_says(t("talk.stuck" if can_help else "talk.stuck_alone", lang)))
    if turn.answer is not None:
        messages.append({"role": "user", "content": safe_answer(turn.answer.text, _edges(turn, live_points))})
        messages.append(_says(_below(session, turn, open_turn, live_points, lang)))
    elif turn.state == "skipped" and turn.follow_up is None:
        messages.append(_says(t("talk.skipped", lang)))
    return messages


def _edges(turn: Turn, live_points: LivePoints) -> tuple[int, ...]:
    """Where marks may begin and end in an answer: those of every grade that it has, and of the one under way."""
    edges: set[int] = set()
    for grading in turn.gradings:
        graded = grading.outcome
        edges |= edges_of(graded.key_points, graded.findings) if isinstance(graded, Graded) else set()
    return tuple(sorted(edges | edges_of(live_points(shown_grading(turn)))))


def _hints(turn: Turn, lang: Language) -> list[ChatMessage]:
    title = "talk.hint" if turn.question.hints else "talk.written_hint"
    return [
        _says(_quoted(f"**{t(title, lang, n=number, m=len(turn.hints))}** {hint}"))
        for number, hint in enumerate(turn.hints[: turn.hints_shown], start=1)
    ]


def _below(session: Session, turn: Turn, open_turn: str, live_points: LivePoints, lang: Language) -> object:
    """What stands below an answer: its grade; in a mock interview that runs, only that it is saved."""
    if session.tells_nothing_yet:
        return saved_text(session, turn, lang)
    grading = shown_grading(turn)
    line = verdict_line(turn, grading, live_points(grading), lang, selected=turn.id == open_turn)
    return inline_view("verdict_line", line)


def _says(content: object) -> ChatMessage:
    return {"role": "assistant", "content": content}


def _quoted(text: str) -> str:
    lines = safe_markdown(text, formulas=True).split("\n")
    return "\n".join(f"> {line}" for line in lines)
