"""The card beside a mock interview: the paper, what is answered, and how long each took."""

from interview.models import Language, Session, Turn
from interview.turns import seconds_used
from interview.ui.safe_text import card_line
from interview.ui.strings import t
from interview.ui.views.parts import clock
from interview.ui.views.view import ViewValue


def paper_card(session: Session, lang: Language) -> ViewValue:
    """One row per position; questions that were not asked yet stay unread. Empty once the session tells its grades."""
    if not session.tells_nothing_yet:
        return {}
    newest = {turn.position: turn for turn in session.turns}
    answered = [turn for turn in newest.values() if turn.answer is not None]
    parts = [t("report.answered", lang, n=len(answered), m=len(session.questions))]
    if answered:
        mean = sum(seconds_used(turn) for turn in answered) / len(answered)
        parts.append(t("mock.mean", lang, time=clock(mean)))
    return {
        "close": t("sheet.close", lang),
        "title": t("mock.paper", lang),
        "text": " · ".join(parts),
        "rows": [_row(position, newest.get(position), lang) for position in range(len(session.questions))],
        "note": t("mock.note", lang),
    }


def _row(position: int, turn: Turn | None, lang: Language) -> ViewValue:
    if turn is None:
        return {"number": position + 1, "text": t("mock.unasked", lang), "time": "", "state": "unasked"}
    times = {"open": t("mock.now", lang), "skipped": t("help.skipped", lang), "answered": clock(seconds_used(turn))}
    text = card_line(turn.question.text)
    return {"number": position + 1, "text": text, "time": times[turn.state], "state": turn.state}
