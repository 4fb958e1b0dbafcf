"""A session full of hostile formulas, and a page that records crashes and freezes."""

import contextlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from interview.models import (
    Answer,
    Finding,
    Graded,
    Grading,
    KeyPoint,
    Pitfall,
    PointGrade,
    Question,
    Remark,
    RemarkKind,
    Session,
    SessionPlan,
    Transcript,
    Turn,
    TurnMarks,
)
from interview.models.grades import Evidence
from interview.store.archive import ArchiveStore
from interview.store.store import Store
from tests.browser import PATIENCE_MS
from tests.hostile_formulas import HOSTILE, HOSTILE_TEXTS, ORDINARY
from tests.made_up import graded, make_question

WORD = "zirconium"  # part of every answer
PER_TURN = 14
AT = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
NEW_LINE = re.compile(r"\s*\n\s*")


def written(tex: str) -> str:
    """A formula in each of the three ways in which one is written."""
    ways = [f"$${tex}$$", rf"\({tex}\)"]
    return "\n\n".join([*ways, f"${tex}$"] if len(tex) < 500 and "\n" not in tex else ways)


BOMBS = [*map(written, HOSTILE.values()), *HOSTILE_TEXTS.values()]
CHUNKS = [BOMBS[at : at + PER_TURN] for at in range(0, len(BOMBS), PER_TURN)]
DRAWN = "\n\n".join(f"$${tex}$$" for tex in ORDINARY.values())


def question_of(number: int, bombs: list[str]) -> Question:
    text = "\n\n".join(bombs)
    points = tuple(KeyPoint(id=f"k{n}", text=bomb) for n, bomb in enumerate(bombs, 1))
    return make_question(
        number,
        text=NEW_LINE.sub(" ", bombs[0])[:4000],
        reference=text,
        key_points=points,
        pitfalls=(Pitfall(id="p", text=bombs[-1]),),
        hints=(text,),
        follow_ups=(text[:2000],),
    )


def turn_of(question: Question, position: int, *, is_open: bool) -> Turn:
    answer = f"{WORD}\n\n{question.reference}"
    points = tuple(
        PointGrade(id=point.id, text=point.text, weight=1, kind="required", verdict="missing", verified=True)
        for point in question.key_points
    )
    evidence = Evidence(quote=WORD, start=0, end=len(WORD))
    finding = Finding(kind="pitfall", subject="p", severity="major", evidence=evidence, reason=question.reference)
    grade: Graded = graded(5.0, key_points=points, findings=(finding,), feedback=question.reference)
    made = {"id": f"g{position}", "answer_id": f"a{position}", "rubric": "default", "attempt": 1, "created_at": AT}
    gradings = [Grading(**made, grader=name, state="done", finished_at=AT, outcome=grade) for name in ("one", "two")]
    answered = {"answer": Answer(id=f"a{position}", turn_id=f"t{position}", text=answer, created_at=AT)}
    return Turn(
        id=f"t{position}",
        session_id="s",
        position=position,
        attempt=1,
        question=question,
        state="open" if is_open else "answered",
        asked_at=AT + timedelta(minutes=position),
        hints_shown=1,
        **({} if is_open else {**answered, "gradings": tuple(gradings)}),
    )


def transcript(chunks: Sequence[list[str]] = CHUNKS) -> Transcript:
    """A session that still runs, with a turn for each chunk, an ordinary one and an open one."""
    texts = [*chunks, [DRAWN], chunks[0]]
    questions = tuple(question_of(number, list(bombs)) for number, bombs in enumerate(texts, 1))
    turns = tuple(
        turn_of(question, position, is_open=position == len(texts) - 1) for position, question in enumerate(questions)
    )
    session = Session(
        id="s", title="$$x$$ Hostile", plan=SessionPlan(lang="en"), created_at=AT, questions=questions, turns=turns
    )
    said: list[tuple[RemarkKind, str]] = [
        ("discussion", "candidate"),
        ("discussion", "one"),
        ("improved_answer", "one"),
    ]
    remarks = tuple(
        Remark(id=f"r{n}{kind}", turn_id=turn.id, kind=kind, author=author, text=turn.question.reference, created_at=AT)
        for n, turn in enumerate(turns[:-1])
        for kind, author in said
    )
    marks = {turn.id: TurnMarks(starred=True, note=turn.question.reference) for turn in turns[:-1]}
    return Transcript(session=session, marks=marks, remarks=remarks)


def notes_of(transcript: Transcript) -> str:
    asked = (
        f"#### {question.number}. {question.text}\n\n{WORD}\n\n{question.reference}\n"
        for question in transcript.session.questions[:-1]
    )
    return "## S\n\n" + "\n".join(asked)


def keep(folder: Path, kept: Transcript) -> tuple[str, ...]:
    """Put the session into `folder/data` and its notes beside it; returns the options to start Viva with."""
    notes = folder / "notes.md"
    notes.write_text(notes_of(kept), encoding="utf-8")
    (folder / "data").mkdir()
    with contextlib.closing(Store.open(folder / "data")) as store:
        ArchiveStore(store).take_in(kept.session, kept.marks, kept.remarks)
    return ("--notes", str(notes), "--lang", "en")


# Keeps the longest task of the page's main thread: for that long nothing on the page answers.
_LONGEST_TASK = """
window.longestTask = 0;
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.longestTask = Math.max(window.longestTask, task.duration);
}).observe({ type: "longtask", buffered: true });
"""


class Watched:
    """A page that must not end. `frozen` is the longest time in each place for which it did not answer, in seconds.

    It is printed, not asserted: on a busy machine it says nothing.
    """

    def __init__(self, browser: Browser) -> None:
        self.page = browser.new_context(viewport={"width": 1366, "height": 850}).new_page()
        self.page.add_init_script(_LONGEST_TASK)
        self.crashes: list[str] = []
        self.frozen: dict[str, float] = {}
        self.page.on("crash", lambda _: self.crashes.append(self.page.url))

    def holds(self, place: str) -> None:
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        assert self.crashes == [], place
        longest = self.page.evaluate("() => { const longest = longestTask; longestTask = 0; return longest; }")
        self.frozen[place] = round(longest / 1000, 2)


def choose(item: Locator) -> None:
    """Click until it is chosen, patiently: each click draws everything again."""
    for _ in range(3):
        item.click()
        with contextlib.suppress(AssertionError):
            return expect(item).to_have_attribute("aria-current", "true", timeout=2 * PATIENCE_MS)
    raise AssertionError(f"not chosen: {item}")


def unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    for fold in page.locator(".label-wrap:visible:not(.open)").all():
        fold.click()
