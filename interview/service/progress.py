"""Progress: what the grades of all sessions come to, counted anew from the store each time it is asked for."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from statistics import fmean, median
from typing import Any

from interview.grading.scoring import solid_from
from interview.models.progress import (
    AnswerFact,
    ConfidenceMean,
    DayCount,
    GradingFact,
    Kinds,
    MeanOf,
    PeriodMean,
    Progress,
    SectionMean,
    Step,
)
from interview.rubrics import Rubric
from interview.service.mastery import Judged, forgotten_points, latest, mastered, sure_but_wrong
from interview.store.statistics import Statistics
from interview.store.store import Store

_WEEKS_SHOWN = 26
_DAYS_AHEAD = 7
_RECENT_DAYS = 30
_PERIODS_SHOWN = 8  # as many labels as a phone has room for


class ProgressReader:
    """Reads the candidate's progress; from any thread. StoreError."""

    def __init__(self, store: Store, default: Rubric) -> None:
        """`store` gives the facts and the present moment; the bands of the `default` rubric say what is solid."""
        self._store = store
        self._solid_from = solid_from(default)
        self._statistics = Statistics(store)
        self._known: tuple[object, Progress] | None = None

    @property
    def latest(self) -> Progress | None:
        """What was counted last, which may be older than the store; None before the first time."""
        return self._known[1] if self._known else None

    def read(self, zone: tzinfo | None = None) -> Progress:
        """What all sessions say, with days of `zone`; None means the zone of this machine.

        Nothing is counted again while nothing was written and the hour is the same.
        """
        now = self._store.clock().astimezone(zone)
        state = (self._store.changes, zone, now.replace(minute=0, second=0, microsecond=0))
        known = self._known
        if known is not None and known[0] == state and not self._store.read_only:
            return known[1]
        progress = self._count(now, zone)
        self._known = (state, progress)
        return progress

    def _count(self, now: datetime, zone: tzinfo | None) -> Progress:
        statistics = self._statistics
        facts = statistics.answers()
        questions = statistics.questions()
        judged = [Judged(fact, questions[fact.version], grading) for fact, grading in _first_judged(facts)]
        days = [fact.at.astimezone(zone).date() for fact in facts]
        today = now.date()
        step, periods = _periods([(one.fact.at.astimezone(zone).date(), one.score) for one in judged])
        due = self._due(now, today, zone)
        streak, longest = streaks(set(days), today)
        newest = latest(judged)
        return Progress(
            today=today,
            kinds=_kinds(facts),
            streak=streak,
            longest_streak=longest,
            recent=MeanOf(**_mean([j.score for j in judged if j.fact.at >= now - timedelta(days=_RECENT_DAYS)])),
            solid_from=self._solid_from,
            solid=mastered(newest, self._solid_from),
            solid_a_week_ago=mastered(
                latest([j for j in judged if j.fact.at <= now - timedelta(days=7)]), self._solid_from
            ),
            tried=len(newest),
            step=step,
            periods=periods,
            sections=_sections(judged),
            days=_calendar(days, today),
            due=due,
            minutes_due=_minutes(facts, due[0].count if due else 0),
            forgotten=forgotten_points(judged, statistics),
            questions=newest,
            confidence=_confidence(judged),
            sure_but_wrong=sure_but_wrong(judged),
        )

    def _due(self, now: datetime, today: date, zone: tzinfo | None) -> tuple[DayCount, ...]:
        """The next days; whatever is overdue counts today. Empty where nothing is scheduled."""
        if not self._statistics.is_scheduled():
            return ()
        ahead = [today + timedelta(days=n) for n in range(_DAYS_AHEAD)]
        moments = self._statistics.due(now + timedelta(days=_DAYS_AHEAD + 1))
        days = [max(today, moment.astimezone(zone).date()) for moment in moments]
        return tuple(DayCount(day=day, count=days.count(day)) for day in ahead)


def _first_judged(facts: Iterable[AnswerFact]) -> list[tuple[AnswerFact, GradingFact]]:
    """The judged first answers: what the candidate knew before the reference or a grade was seen."""
    first: dict[tuple[str, int], AnswerFact] = {}
    for fact in facts:
        if not fact.is_follow_up:
            first.setdefault((fact.session_id, fact.position), fact)
    found: list[tuple[AnswerFact, GradingFact]] = []
    for fact in first.values():
        grading = fact.current
        if grading is not None and grading.label == "judgement" and grading.score is not None and not fact.is_revealed:
            found.append((fact, grading))
    return found


def _kinds(facts: Sequence[AnswerFact]) -> Kinds:
    return Kinds(answers=len(facts), **Counter(map(_kind, facts)))


def _kind(fact: AnswerFact) -> str:
    if fact.is_silent:
        return "silent"
    if fact.current is None:
        return "pending" if fact.is_waiting else "ungraded"
    return {"judgement": "judged", "coverage_estimate": "estimated"}.get(str(fact.current.label), "self_graded")


def _mean(scores: Sequence[float]) -> dict[str, Any]:
    return {"n": len(scores), "mean": fmean(scores) if scores else None}


def _periods(scores: Sequence[tuple[date, float]]) -> tuple[Step, tuple[PeriodMean, ...]]:
    """Days while there are few of them, else weeks, else months; the newest ones, those without an answer left out."""
    step: Step = "day"
    grouped: dict[date, list[float]] = {}
    for step in ("day", "week", "month"):
        grouped = {}
        for day, score in scores:
            grouped.setdefault(_start(day, step), []).append(score)
        if len(grouped) <= _PERIODS_SHOWN:
            break
    shown = sorted(grouped)[-_PERIODS_SHOWN:]
    return step, tuple(PeriodMean(start=start, **_mean(grouped[start])) for start in shown)


def _start(day: date, step: Step) -> date:
    if step == "day":
        return day
    return day - timedelta(days=day.weekday()) if step == "week" else day.replace(day=1)


def _sections(judged: Sequence[Judged]) -> tuple[SectionMean, ...]:
    """The sections, the weakest first; those with too few answers come last."""
    grouped: dict[str, list[float]] = {}
    for one in judged:
        grouped.setdefault(one.question.section, []).append(one.score)
    means = [SectionMean(name=name, **_mean(scores)) for name, scores in grouped.items()]
    return tuple(sorted(means, key=lambda mean: (not mean.says_enough, mean.mean or 0.0, mean.name)))


def _confidence(judged: Sequence[Judged]) -> tuple[ConfidenceMean, ...]:
    told = [one for one in judged if one.fact.confidence is not None]
    levels = sorted({one.fact.confidence for one in told if one.fact.confidence is not None})
    return tuple(
        ConfidenceMean(level=level, **_mean([one.score for one in told if one.fact.confidence == level]))
        for level in levels
    )


def _calendar(days: Iterable[date], today: date) -> tuple[DayCount, ...]:
    """Every day of the weeks shown, Monday to Sunday, the present week last."""
    first = _start(today, "week") - timedelta(weeks=_WEEKS_SHOWN - 1)
    counts = {first + timedelta(days=n): 0 for n in range(7 * _WEEKS_SHOWN)}
    for day in days:
        if day in counts:
            counts[day] += 1
    return tuple(DayCount(day=day, count=count) for day, count in counts.items())


def streaks(days: set[date], today: date) -> tuple[int, int]:
    """Days in a row up to today (or yesterday, as long as today can still be used), and the longest such run."""
    longest = run = current = 0
    before: date | None = None
    for day in sorted(day for day in days if day <= today):
        run = run + 1 if before is not None and day - before == timedelta(days=1) else 1
        longest, before = max(longest, run), day
    if before is not None and today - before <= timedelta(days=1):
        current = run
    return current, longest


def _minutes(facts: Sequence[AnswerFact], count: int) -> int | None:
    paces = [fact.seconds for fact in facts[-100:] if fact.seconds >= 0]
    return max(1, round(count * median(paces) / 60)) if paces and count else None
