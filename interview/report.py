"""What a session comes to: which turn stands for a position, the marks, the means, and what was weakest."""

from collections.abc import Iterable, Sequence
from typing import Literal

from interview.models import Graded, PointGrade, SelfGraded, Session, Standing, Turn, Value, counting

_WEAK_VERDICTS = ("contradicted", "missing", "partial")
_WEAKEST_SHOWN = 6


class GradingStanding(Value):
    """What a list of sessions needs to know about one Grading. `score` and `max_score` are None without a grade."""

    state: Literal["pending", "running", "done"]
    label: Standing | None = None
    score: float | None = None
    max_score: float | None = None
    band: str = ""


class TurnStanding(Value):
    """What a list of sessions needs to know about one Turn; `gradings` from old to new."""

    position: int
    attempt: int
    state: Literal["open", "answered", "skipped"]
    gradings: tuple[GradingStanding, ...] = ()

    @property
    def current(self) -> GradingStanding | None:
        """The grading that counts."""
        return counting(self.gradings)


class SectionReport(Value):
    """One section of the paper: how many of its positions were answered, judged by a grader, and graded by oneself.

    `mean` (0-10) is that of the judged ones, `own_mean` of one's own.
    """

    name: str
    answered: int
    judged: int
    mean: float | None
    own: int = 0
    own_mean: float | None = None


class WeakPoint(Value):
    """A key point that an answer did not make. `estimated`: by the coverage estimate, not by a judge."""

    turn_id: str
    position: int
    question: str
    point: PointGrade
    estimated: bool


class SessionReport(Value):
    """What a session comes to. Every position counts once, by its latest answered attempt.

    `answered` = `judged` + `own` + `estimated` + `ungraded` + `pending`. `mean` is 0-10 over the judged positions
    alone (own verdicts, estimates and failures are left out), `own_mean` over those that the candidate graded; each is
    None where there are none. `weakest` starts with the worst.
    """

    count: int
    asked: int
    answered: int
    judged: int
    estimated: int
    ungraded: int
    pending: int
    skipped: int
    mean: float | None
    sections: tuple[SectionReport, ...]
    weakest: tuple[WeakPoint, ...]
    own: int = 0
    own_mean: float | None = None


def standing(turn: Turn) -> TurnStanding:
    """Reduce a Turn to what marks and means are computed from."""
    gradings: list[GradingStanding] = []
    for grading in turn.gradings:
        if isinstance(grading.outcome, Graded | SelfGraded):
            grade = grading.outcome
            gradings.append(
                GradingStanding(
                    state=grading.state,
                    label=grading.label,
                    score=grade.score,
                    max_score=grade.max_score,
                    band=grade.band if isinstance(grade, Graded) else "",
                )
            )
        else:
            gradings.append(GradingStanding(state=grading.state))
    return TurnStanding(position=turn.position, attempt=turn.attempt, state=turn.state, gradings=tuple(gradings))


def by_position(turns: Iterable[TurnStanding]) -> dict[int, TurnStanding]:
    """The Turn that stands for each position: its latest answered attempt, else its latest attempt.

    So a retry that is only opened or skipped takes nothing away.
    """
    chosen: dict[int, TurnStanding] = {}
    for turn in sorted(turns, key=lambda turn: (turn.state == "answered", turn.attempt)):
        chosen[turn.position] = turn
    return chosen


def mark(turn: TurnStanding) -> str:
    """One word for a Turn: a band, `own`, `estimate`, `ungraded`, `pending`, `skipped` or `open`."""
    if turn.state != "answered":
        return turn.state
    current = turn.current
    if current is not None:
        words = {"coverage_estimate": "estimate", "own": "own"}
        return words.get(current.label or "", current.band)
    return "ungraded" if all(grading.state == "done" for grading in turn.gradings) else "pending"


def marks(turns: Iterable[TurnStanding], count: int) -> tuple[str, ...]:
    """One mark per position of a paper of `count` questions."""
    chosen = by_position(turns)
    return tuple(mark(chosen[position]) if position in chosen else "open" for position in range(count))


def mean(turns: Iterable[TurnStanding], label: Standing = "judgement") -> float | None:
    """Mean score, 0-10, one decimal, of the positions whose counting grade is of the kind `label`; None without any.

    Kinds are never mixed: a grader's figures stay the grader's.
    """
    scores: list[float] = []
    for turn in by_position(turns).values():
        current = turn.current
        if current is not None and current.label == label and current.score is not None and current.max_score:
            scores.append(10 * current.score / current.max_score)
    return round(sum(scores) / len(scores), 1) if scores else None


def report(session: Session) -> SessionReport:
    """Count what happened in a session."""
    standings = [standing(turn) for turn in session.turns if turn.follow_up is None]
    chosen = by_position(standings)
    words = [mark(turn) for turn in chosen.values()]
    answered = sum(turn.state == "answered" for turn in chosen.values())
    own, estimated, ungraded, pending = (words.count(word) for word in ("own", "estimate", "ungraded", "pending"))
    return SessionReport(
        count=len(session.questions),
        asked=session.asked,
        answered=answered,
        judged=answered - own - estimated - ungraded - pending,
        estimated=estimated,
        ungraded=ungraded,
        pending=pending,
        skipped=words.count("skipped"),
        mean=mean(standings),
        sections=_sections(session, chosen),
        weakest=_weakest(session, chosen),
        own=own,
        own_mean=mean(standings, "own"),
    )


def _sections(session: Session, chosen: dict[int, TurnStanding]) -> tuple[SectionReport, ...]:
    names = dict.fromkeys(question.section for question in session.questions)
    reports: list[SectionReport] = []
    for name in names:
        turns = [turn for position, turn in chosen.items() if session.questions[position].section == name]
        reports.append(
            SectionReport(
                name=name,
                answered=sum(turn.state == "answered" for turn in turns),
                judged=sum(turn.current is not None and turn.current.label == "judgement" for turn in turns),
                mean=mean(turns),
                own=sum(turn.current is not None and turn.current.label == "own" for turn in turns),
                own_mean=mean(turns, "own"),
            )
        )
    return tuple(reports)


def _weakest(session: Session, chosen: dict[int, TurnStanding]) -> tuple[WeakPoint, ...]:
    found: list[WeakPoint] = []
    for turn in session.turns:
        if turn.position in chosen and chosen[turn.position].attempt == turn.attempt:
            found.extend(_weak_points(turn))
    found.sort(key=lambda weak: (_WEAK_VERDICTS.index(weak.point.verdict), -weak.point.weight, weak.position))
    return tuple(found[:_WEAKEST_SHOWN])


def _weak_points(turn: Turn) -> Sequence[WeakPoint]:
    grading = turn.current_grading
    if grading is None or not isinstance(grading.outcome, Graded):
        return ()
    estimated = grading.outcome.label == "coverage_estimate"
    return [
        WeakPoint(
            turn_id=turn.id, position=turn.position, question=turn.question.text, point=point, estimated=estimated
        )
        for point in grading.outcome.key_points
        if point.kind == "required" and point.verdict in _WEAK_VERDICTS
    ]
