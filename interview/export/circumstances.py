"""The circumstances of a Turn in words: which attempt it is, how its answer was reached, how surely and how fast."""

from collections.abc import Iterator

from interview.export.wording import word
from interview.models import Confidence, Language, Session, Turn
from interview.turns import attempt_of, help_used, seconds_used

_SURE: dict[Confidence, str] = {1: "guessing", 2: "fairly", 3: "certain"}


def attempt_word(session: Session, turn: Turn, lang: Language) -> str:
    """That it is a follow-up, or which attempt; empty for the first attempt at a question."""
    if turn.follow_up is not None:
        return word("follow_up", lang)
    attempt = attempt_of(session.turns, turn)
    return word("attempt", lang, n=attempt) if attempt > 1 else ""


def answer_words(session: Session, turn: Turn, lang: Language) -> Iterator[str]:
    """How the answer was reached, the confidence that was told, and the time it took; nothing without an answer."""
    if turn.answer is None:
        return
    yield word(help_used(session.turns, turn), lang)
    if turn.confidence is not None:
        yield word(_SURE[turn.confidence], lang)
    if seconds := round(seconds_used(turn)):
        yield word("time_used", lang, minutes=seconds // 60, seconds=seconds % 60)


def hints_shown(turn: Turn) -> tuple[str, ...]:
    """The hints that were shown at this Turn."""
    return turn.hints[: turn.hints_shown]
