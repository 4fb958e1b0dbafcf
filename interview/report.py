"""What a session comes to: which turn stands for a position, the marks, the means, and how answers were reached."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Literal

from interview.grading.scoring import RubricOf, earned, on_scale
from interview.models import Graded, SelfGraded, Session, Standing, Turn, Value, counting
from interview.models.reports import (
    ConfidenceReport,
    QuestionReport,
    ReportedPoint,
    SectionReport,
    SessionReport,
)
from interview.points import required_points, strongest, study, weakest
from interview.turns import grade_of, reached


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
    is_follow_up: bool = False
    gradings: tuple[GradingStanding, ...] = ()

    @property
    def current(self) -> GradingStanding | None:
        """The grading that counts."""
        return counting(self.gradings)


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
    return TurnStanding(
        position=turn.position,
        attempt=turn.attempt,
        state=turn.state,
        is_follow_up=bool(turn.parent),
        gradings=tuple(gradings),
    )


def by_position(turns: Iterable[TurnStanding]) -> dict[int, TurnStanding]:
    """The Turn that stands for each position: its latest answered attempt, else its latest attempt.

    So a retry that is only opened or skipped takes nothing away, and a follow-up, which asks for a part, never stands
    for the whole.
    """
    chosen: dict[int, TurnStanding] = {}
    for turn in sorted(turns, key=lambda turn: (not turn.is_follow_up, turn.state == "answered", turn.attempt)):
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


def scores(turns: Iterable[TurnStanding], label: Standing = "judgement") -> list[float]:
    """The scores, 0-10, of the positions whose counting grade is of the kind `label`.

    Kinds are never mixed: a grader's figures stay the grader's.
    """
    found: list[float] = []
    for turn in by_position(turns).values():
        current = turn.current
        if current is not None and current.label == label and current.score is not None and current.max_score:
            found.append(on_scale(current.score, current.max_score))
    return found


def mean(turns: Iterable[TurnStanding], label: Standing = "judgement") -> float | None:
    """Mean of the `scores` of a kind, one decimal; None without any."""
    found = scores(turns, label)
    # Exact, so that a half is rounded the same way in whatever order the scores come.
    return round(fmean(found), 1) if found else None


def report(session: Session, rubric_of: RubricOf) -> SessionReport:
    """Count what happened in a session; `rubric_of` gives each grade the rubric that it was computed with."""
    standings = [standing(turn) for turn in session.turns]
    chosen = by_position(standings)
    words = [mark(turn) for turn in chosen.values()]
    answered = sum(turn.state == "answered" for turn in chosen.values())
    own, estimated, ungraded, pending = (words.count(word) for word in ("own", "estimate", "ungraded", "pending"))
    by_attempt = {(turn.position, turn.attempt): turn for turn in session.turns}
    turns = [by_attempt[position, chosen[position].attempt] for position in sorted(chosen)]
    questions = tuple(_question(session, turn) for turn in turns)
    points = {turn.position: required_points(session, turn) for turn in turns}
    every_point = [point for own in points.values() for point in own]
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
        answering_seconds=_sum([question.seconds for question in questions]),
        elapsed_seconds=_elapsed(session),
        questions=questions,
        sections=_sections(session, chosen),
        strongest=strongest(every_point),
        weakest=weakest(every_point),
        study=study(questions, every_point, _shares(turns, points, rubric_of)),
        confidence=_confidence(questions),
        own=own,
        own_mean=mean(standings, "own"),
    )


def _shares(
    turns: Sequence[Turn], points: Mapping[int, Sequence[ReportedPoint]], rubric_of: RubricOf
) -> dict[int, float]:
    """Return by position how much (0-1) of the weight was earned, follow-ups included."""
    shares: dict[int, float] = {}
    for turn in turns:
        grade = grade_of(turn)
        made = grade and earned(rubric_of(grade.provenance.rubric), [one.point for one in points[turn.position]])
        if made:
            shares[turn.position] = made.share
    return shares


def _question(session: Session, turn: Turn) -> QuestionReport:
    here = [other for other in session.turns if other.position == turn.position]
    stands = standing(turn)
    return QuestionReport(
        position=turn.position,
        turn_id=turn.id,
        question=turn.question.text,
        section=turn.question.section,
        mark=mark(stands),
        score=mean([stands]),
        reached=reached(here, turn),
        seconds=_sum([_seconds(other) for other in here]),
        confidence=turn.confidence,
        attempts=sum(not other.parent for other in here),
        follow_ups=sum(bool(other.parent) for other in here),
    )


def _seconds(turn: Turn) -> float | None:
    """From asking to answer; None without an answer, and where the clock was set back in between."""
    if turn.answer is None:
        return None
    seconds = (turn.answer.created_at - turn.asked_at).total_seconds()
    return seconds if seconds >= 0 else None


def _sum(parts: Sequence[float | None]) -> float | None:
    known = [part for part in parts if part is not None]
    return sum(known) if known else None


def _elapsed(session: Session) -> float | None:
    answered = [turn.answer.created_at for turn in session.turns if turn.answer is not None]
    if not answered:
        return None
    seconds = ((session.finished_at or max(answered)) - session.created_at).total_seconds()
    return seconds if seconds >= 0 else None


def _sections(session: Session, chosen: Mapping[int, TurnStanding]) -> tuple[SectionReport, ...]:
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


def _confidence(questions: Sequence[QuestionReport]) -> tuple[ConfidenceReport, ...]:
    reports: list[ConfidenceReport] = []
    for level in (1, 2, 3):
        told = [one.score for one in questions if one.confidence == level and one.score is not None]
        if told:
            reports.append(ConfidenceReport(level=level, judged=len(told), mean=round(fmean(told), 1)))
    return tuple(reports)
