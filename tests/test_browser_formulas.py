"""Formulas that end a tab, in every place of the screen and of an export where text is drawn, in a real browser."""

import contextlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from interview.export import WRITERS, Form
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
from tests.browser import PATIENCE_MS, App, browser, running
from tests.hostile_formulas import HOSTILE, HOSTILE_TEXTS, ORDINARY
from tests.made_up import graded, make_question

__all__ = ["browser"]
pytestmark = pytest.mark.browser

WORD = "zirconium"  # stands in every answer
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


def transcript() -> Transcript:
    """A session that still runs, each of its turns full of formulas; the last one is open, the one before ordinary."""
    texts = [*CHUNKS, [DRAWN], CHUNKS[0]]
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


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("viva")
    hostile = transcript()
    notes = folder / "notes.md"
    notes.write_text(notes_of(hostile), encoding="utf-8")
    (folder / "data").mkdir()
    store = Store.open(folder / "data")
    try:
        ArchiveStore(store).take_in(hostile.session, hostile.marks, hostile.remarks)
    finally:
        store.close()
    with running(folder, None, "--notes", str(notes), "--lang", "en") as started:
        yield started


class Watched:
    """A page that must not end. `seconds` is what each place took of its main thread, in processor time.

    No freeze can be longer than that on an idle machine; on a busy one, wall-clock time says nothing.
    """

    def __init__(self, browser: Browser) -> None:
        self.page = browser.new_context(viewport={"width": 1366, "height": 850}).new_page()
        self.crashes: list[str] = []
        self.seconds: dict[str, float] = {}
        self._devtools = self.page.context.new_cdp_session(self.page)
        self._devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        self._before = 0.0
        self.page.on("crash", lambda _: self.crashes.append(self.page.url))

    def holds(self, place: str) -> None:
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        assert self.crashes == [], place
        metrics = self._devtools.send("Performance.getMetrics")["metrics"]
        now = next(one["value"] for one in metrics if one["name"] == "TaskDuration")
        self.seconds[place], self._before = round(max(0.0, now - self._before), 2), now


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    watched = Watched(browser)
    yield watched
    print(json.dumps(watched.seconds))
    watched.page.context.close()


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


def test_no_place_of_the_screen_falls(app: App, watched: Watched):
    page = watched.page
    page.goto(app.url)
    page.locator("#setup-unfinished button").first.click()
    expect(page.locator("#chat .user-row")).to_have_count(len(CHUNKS) + 1)
    expect(page.locator("#chat .user-row").last.locator(".katex-display")).to_have_count(len(ORDINARY))
    expect(page.locator("#chat")).to_contain_text(r"\sqrt{\sqrt{\sqrt{")
    watched.holds("practice")
    unfold(page)
    watched.holds("practice, unfolded")
    page.reload()
    expect(page.locator("#chat .user-row")).to_have_count(len(CHUNKS) + 1)
    watched.holds("practice, opened again")

    page.get_by_role("tab", name="Transcripts").click()
    page.locator("#find-words").get_by_role("textbox").fill(WORD)
    hits = page.locator("#hit-rows .v-session")
    expect(hits).to_have_count(len(CHUNKS) + 1)
    watched.holds("search")
    hits.first.click()
    items = page.locator("#room-nav .v-nav-item")
    expect(items).to_have_count(len(CHUNKS) + 2)
    for index in range(len(CHUNKS) + 1):
        choose(items.nth(index))
        expect(page.locator("#room-answer")).to_contain_text(WORD)
        unfold(page)
        watched.holds(f"room {index}")

    page.get_by_role("tab", name="Questions").click()
    rows = page.locator("#question-rows .v-bank-item")
    expect(rows.first).to_be_visible()
    for index in range(rows.count()):
        choose(rows.nth(index))
        unfold(page)
        watched.holds(f"question {index}")

    page.get_by_role("tab", name="Progress").click()
    expect(page.locator("#progress-figures")).to_be_visible()
    watched.holds("progress")


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_an_export_opens(watched: Watched, tmp_path: Path, form: Form):
    """Markdown, too: shown by a renderer that knows no formulas, as every one of its formulas is escaped."""
    exported = WRITERS[form]([transcript()])
    if form == "html":
        assert exported.count("<math") >= len(ORDINARY)
    path = tmp_path / f"export.{'html' if form == 'html' else 'txt'}"
    path.write_text(exported, encoding="utf-8", errors="replace")
    watched.page.goto(path.as_uri())
    expect(watched.page.locator("body")).to_contain_text(WORD)
    watched.holds(form)
