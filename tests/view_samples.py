"""Sessions, turns and grades to draw cards from, with hostile strings where text is free."""

from datetime import UTC, datetime

from interview.models import (
    Answer,
    CriterionGrade,
    Evidence,
    Finding,
    Graded,
    Grading,
    KeyPoint,
    Outcome,
    Pitfall,
    PointGrade,
    Provenance,
    Question,
    ReferenceDoubt,
    Session,
    SessionPlan,
    Turn,
    Ungraded,
    UngradedReason,
    Verdict,
)

NOW = datetime(2026, 11, 22, 9, 21, 7, tzinfo=UTC)
HOSTILE = (
    "${Object.assign(window,{VIVA_RAN:1})} `${HOME}` \\underline{x} \\frac{1}{2} </div></script>"
    "<script>window.VIVA_RAN=1</script><img src=x onerror='window.VIVA_RAN=1'>"
    "<mark class='q covered' style='position:fixed;inset:0'>forged</mark>"
    '<form action="https://evil.invalid/f"><input></form> ![x](https://evil.invalid/a.png) {{value}} \u202ertl'
)
ANSWER = (
    "A lock file is created with O_EXCL, so only one process can get it. 它写入自己的进程号。\n\n"
    "If the holder dies, the kernel frees an flock, but a plain file stays behind. "
    "Deleting it without asking is always safe."
)
POINTS = (
    ("k1", "Creation is **atomic**: `O_EXCL` lets exactly one process win", "covered", "created with O_EXCL"),
    ("k2", "The file names its holder, e.g. by process id", "covered", "它写入自己的进程号"),
    ("k3", "An flock dies with its holder, a plain file does not", "partial", "the kernel frees an flock"),
    ("k4", "A stale file is recognised by asking whether the holder lives", "missing", ""),
    (
        "k5",
        "Taking over a stale lock has a race of its own",
        "contradicted",
        "Deleting it without asking is always safe",
    ),
)


def question(
    number: int = 1,
    *,
    text: str = "How does a `lock file` keep two processes apart?",
    points: bool = True,
    **changes: object,
) -> Question:
    fields: dict[str, object] = {
        "id": f"q{number}",
        "section": "Files",
        "number": number,
        "text": text,
        "file": "notes.md",
        "line": 40 + number,
        "reference": "It is created **atomically**, names its holder, and is taken over with care: $n < 2$.",
        "key_points": tuple(KeyPoint(id=name, text=text) for name, text, _, _ in POINTS) if points else (),
        "pitfalls": (Pitfall(id="p1", text="A stale lock can simply be deleted"),),
        "hints": ("Think of `open` flags.", "What happens at a crash?"),
        "difficulty": 3,
        "tags": ("unix",),
    }
    return Question.model_validate(fields | changes)


def evidence(quote: str, answer: str = ANSWER) -> tuple[Evidence, ...]:
    if not quote:
        return ()
    start = answer.index(quote)
    return (Evidence(quote=quote, start=start, end=start + len(quote)),)


def point(name: str, text: str, verdict: Verdict, quote: str, answer: str = ANSWER) -> PointGrade:
    return PointGrade(
        id=name,
        text=text,
        weight=1,
        kind="required",
        verdict=verdict,
        verified=bool(quote) or verdict == "missing",
        evidence=evidence(quote, answer),
    )


def points() -> tuple[PointGrade, ...]:
    return tuple(point(name, text, verdict, quote) for name, text, verdict, quote in POINTS)  # pyright: ignore[reportArgumentType]


def provenance(grader: str = "openai:small", kind: str = "judge", **changes: object) -> Provenance:
    fields: dict[str, object] = {
        "grader": grader,
        "kind": kind,
        "host": "api.example.invalid",
        "prompt": "judge@3f9c21aa04de",
        "rubric": "default@aa",
        "question_digest": "q",
        "reference_digest": question().reference_digest,
        "seconds": 3.14,
        "calls": 1,
        "prompt_tokens": 1800,
        "completion_tokens": 340,
    }
    return Provenance.model_validate(fields | changes)


def judged(**changes: object) -> Graded:
    fields: dict[str, object] = {
        "score": 4.6,
        "max_score": 10.0,
        "band": "fair",
        "label": "judgement",
        "key_points": points(),
        "criteria": (
            CriterionGrade(id="depth", level="explained", value=0.5, reason="one reason"),
            CriterionGrade(id="clarity", level="clear", value=1.0),
        ),
        "feedback": "Say how a **stale** lock is recognised: $p \\ne 0$.",
        "sum": "10 × 0.50 × (0.75 + 0.15×0.5 + 0.10×1) = 4.6",
        "provenance": provenance(),
    }
    return Graded.model_validate(fields | changes)


def estimated(**changes: object) -> Graded:
    made_by = provenance("coverage", "coverage", prompt="", seconds=0.004, prompt_tokens=None, completion_tokens=None)
    known: dict[str, object] = {"label": "coverage_estimate", "band": "good", "criteria": (), "feedback": ""}
    return judged(**known | {"provenance": made_by} | changes)


def failed(reason: UngradedReason = "timed_out", **changes: object) -> Ungraded:
    fields: dict[str, object] = {"reason": reason, "provenance": provenance(calls=3)}
    return Ungraded.model_validate(fields | changes)


def doubted() -> Graded:
    return judged(
        findings=(
            Finding(
                kind="pitfall", subject="p1", severity="major", evidence=evidence("always safe")[0], reason="races"
            ),
        ),
        doubt=ReferenceDoubt(status="disputed", quote="created atomically", reason="Not on every network file system."),
        flags=("unverified_quote:k3", "polarity:k5", "something_new"),
        provisional=True,
    )


def grading(outcome: Outcome | None = None, number: int = 1, **changes: object) -> Grading:
    fields: dict[str, object] = {
        "id": f"g{number}",
        "answer_id": "a1",
        "grader": "openai:small",
        "rubric": "default@aa",
        "state": "done" if outcome else "running",
        "attempt": 1,
        "created_at": NOW,
        "outcome": outcome,
    }
    return Grading.model_validate(fields | changes)


def turn(position: int = 0, *gradings: Grading, answer: str | None = ANSWER, **changes: object) -> Turn:
    name = f"t{position + 1}"
    fields: dict[str, object] = {
        "id": name,
        "session_id": "s1",
        "position": position,
        "attempt": 1,
        "question": question(position + 1),
        "state": "answered" if answer is not None else "open",
        "asked_at": NOW,
        "gradings": gradings,
        "answer": Answer(id=f"a{position}", turn_id=name, text=answer, created_at=NOW) if answer is not None else None,
    }
    return Turn.model_validate(fields | changes)


def session(*turns: Turn, count: int = 8, **changes: object) -> Session:
    asked = {one.position: one.question for one in turns}
    paper = tuple(asked.get(position) or question(position + 1) for position in range(count))
    fields: dict[str, object] = {
        "id": "s1",
        "title": "Files · 8",
        "plan": SessionPlan(lang="en"),
        "created_at": NOW,
        "questions": paper,
        "turns": turns,
    }
    return Session.model_validate(fields | changes)
