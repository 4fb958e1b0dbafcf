"""Delete is delete: hidden at once, undone for 15 minutes, and then no byte of it is left in the data folder."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import exc

from interview.calibration.paid import Kept, PaidGradings, grading_key
from interview.errors import Deleted, NotFound, PassingFault, StoreError
from interview.grading.grader import GradingRequest
from interview.jobs import Jobs
from interview.models import (
    Answer,
    Appeal,
    ArchiveFilter,
    Checklist,
    ChecklistPoint,
    Dispute,
    PointGrade,
    Question,
    ReferenceDoubt,
    Session,
    SessionPlan,
    Transcript,
    basis_of,
)
from interview.rubrics import load_rubrics
from interview.service.archive import Archive
from interview.service.deleting import Deleting
from interview.service.schedule import Schedule
from interview.service.upkeep import Upkeep
from interview.store.appeals import StoredAppeals
from interview.store.backup import backups, make_backup
from interview.store.checklists import ChecklistStore, DisputeStore, QuestionHistory
from interview.store.deletions import LOOSE, UNDO, Deletions
from interview.store.measurements import Measurements
from interview.store.remarks import RemarkStore
from interview.store.schema import METADATA
from interview.store.spending import SpendingLog
from interview.store.statistics import Statistics
from interview.store.store import Store
from tests.command_line import Run, data_dir, refusal, run
from tests.conftest import REPO
from tests.made_up import Clock, by_default, graded, make_question, provenance, some

__all__ = ["data_dir", "run"]
LEASE = timedelta(seconds=60)
CANARY = "鑫森淼焱垚"
OTHER = "普通的话"


class Folder:
    """A data folder with two sessions of two answers each; the text of the first answer of the first is CANARY."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, Clock()
        self.store = Store.open(folder, clock=self.clock)
        self.deleting = Deleting(self.store, folder)
        self.schedule = Schedule(self.store, by_default, lambda: timedelta())

    def answered(self, title: str, *texts: str, first: int = 1) -> Session:
        questions = [make_question(first + number, text=f"问题 {first + number}？") for number in range(len(texts))]
        session = self.store.create_session(title, SessionPlan(lang="zh"), questions)
        for position, text in enumerate(texts):
            turn = self.store.ask(session.id, position)
            self.store.submit(turn.id, text, "judge", "default")
            for claim in self.store.claim("me", 9, LEASE):
                if claim.turn_id == turn.id:
                    self.store.finish_grading(claim, quoting(text))
                else:
                    self.store.release(claim)  # an appeal that waits
        return self.store.session(session.id)

    def answer(self, session: Session, position: int = 0) -> Answer:
        return some(next(turn for turn in session.turns if turn.position == position).answer)

    def purged(self) -> None:
        """As a running Viva does it, 15 minutes later."""
        self.clock.pass_by(UNDO.total_seconds() + 1)
        Upkeep(self.deleting, self.folder, self.clock, lambda: 0.0)._purge_due()


def quoting(text: str):
    """A grade whose judge quotes the answer wherever it can."""
    point = PointGrade(
        id="k1", text="点", weight=1, kind="required", verdict="missing", verified=True, reason=f"他说{text}"
    )
    doubt = ReferenceDoubt(status="disputed", quote="Answer", reason=f"因为{text}")
    return graded(feedback=f"你说{text}", key_points=(point,), doubt=doubt, provenance=provenance("judge", "judge"))


@pytest.fixture
def kept(tmp_path: Path):
    made = Folder(tmp_path / "data")
    yield made
    made.store.close()


def everything_with(kept: Folder, text: str, session: Session) -> None:
    """Put a text everywhere a session and one of its answers can carry it."""
    turn = session.turns[0]
    store, answer = kept.store, some(turn.answer)
    remarks = RemarkStore(store)
    remarks.note(turn.id, f"笔记{text}")
    remarks.star(turn.id, True)
    remarks.add(turn.id, "discussion", "candidate", f"我想{text}")
    remarks.add(turn.id, "improved_answer", "judge", f"更好{text}")
    StoredAppeals(store).add_appeal(Appeal(grading_id=turn.gradings[0].id, point_id="k1", reason=f"我说了{text}"))
    kept.schedule.rate(store.session(session.id), turn, 3)
    question = turn.question
    DisputeStore(store).add(dispute(question, "grading", f"因为{text}"))
    request = GradingRequest(
        question=question, answer=text, rubric=load_rubrics(REPO / "rubrics")["default"], lang="zh"
    )
    key = grading_key(answer.id, request, 0)
    PaidGradings(kept.folder / "comparisons", "a").keep(Kept(key=key, seconds=1, outcome=quoting(text)))


def dispute(question: Question, source, reason: str) -> Dispute:
    facts = {"id": "", "question_id": question.id, "basis": basis_of(question), "source": source, "grader": "judge"}
    return Dispute(**facts, quote="Answer", start=0, end=6, reason=reason, created_at=Clock().now)


def occurrences(folder: Path, text: str = CANARY) -> list[str]:
    """Files below a folder that have a text, as it is or as words of a search index, in UTF-8 or UTF-16."""
    parts = [text, *(text[at : at + 2] for at in range(len(text) - 1))]
    wanted = [part.encode(code) for part in parts for code in ("utf-8", "utf-16-le", "utf-16-be")]
    wanted += [part.encode("ascii", "backslashreplace") for part in parts]  # JSON in ASCII
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(path.name for path in files if any(one in path.read_bytes() for one in wanted))


def words_of_the_index(folder: Path) -> set[str]:
    with closing(sqlite3.connect(folder / "viva.db")) as connection:
        connection.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'search', 'row')")
        return {row[0] for row in connection.execute("SELECT term FROM temp.words")}


def is_gone(kept: Folder) -> bool:
    """Whether no byte of the canary is left while the store is open, and none when it is closed."""
    while_open = occurrences(kept.folder)
    index = words_of_the_index(kept.folder)
    kept.store.close()
    return while_open == [] and occurrences(kept.folder) == [] and not any(CANARY[:2] in word for word in index)


def test_an_answer_is_deleted_with_everything_that_repeats_it(kept: Folder) -> None:
    session = kept.answered("一次", CANARY, OTHER)
    everything_with(kept, CANARY, session)
    follow_up = some(kept.store.follow_up(kept.store.ask_again(session.turns[1].id).id, f"你为什么说{OTHER}"))
    other = kept.answered("另一次", OTHER, first=7)
    assert occurrences(kept.folder)
    before = kept.store.session(other.id)
    kept.deleting.order_answer(kept.answer(session).id)
    kept.purged()
    turns = kept.store.session(session.id).turns
    assert [turn.state for turn in turns] == ["skipped", "answered", "open", "open"]
    assert kept.store.turn(follow_up.id).follow_up == f"你为什么说{OTHER}"
    assert kept.store.session(other.id) == before
    assert len(Statistics(kept.store).answers()) == 2
    assert kept.store.summaries()[-1].mean == 6.0
    archive = Archive(kept.store, Jobs())
    assert [hit.session_id for hit in archive.find(wanted(OTHER))] != []
    assert archive.find(wanted(CANARY)) == ()
    assert is_gone(kept)


def test_the_follow_ups_of_a_deleted_answer_go_with_it(kept: Folder) -> None:
    session = kept.answered("一次", OTHER)
    asked = some(kept.store.follow_up(session.turns[0].id, f"再说说{CANARY}"))
    kept.store.submit(asked.id, f"就是{CANARY}", "judge", "default")
    deeper = some(kept.store.follow_up(asked.id, f"还有{CANARY}"))
    kept.deleting.order_answer(kept.answer(session).id)
    assert [turn.state for turn in kept.store.session(session.id).turns] == ["skipped"]
    kept.purged()
    for turn_id in (asked.id, deeper.id):
        with pytest.raises(NotFound):
            kept.store.turn(turn_id)
    assert is_gone(kept)


def test_a_session_is_deleted_with_everything_in_it(kept: Folder) -> None:
    session = kept.answered(f"关于{CANARY}", CANARY, CANARY)
    everything_with(kept, CANARY, session)
    SpendingLog(kept.store).add(spent(session.id))
    other = kept.answered("另一次", OTHER, first=7)
    before = kept.store.session(other.id)
    kept.deleting.order_session(session.id)
    kept.purged()
    with pytest.raises(NotFound):
        kept.store.session(session.id)
    assert kept.store.session(other.id) == before
    assert [summary.id for summary in kept.store.summaries()] == [other.id]
    assert SpendingLog(kept.store).sums("session")[0].key == ""  # what it cost is kept, of no session
    assert QuestionHistory(kept.store).newest_grades().keys() == {make_question(7).id}
    assert is_gone(kept)


def test_an_imported_transcript_is_deleted_with_its_questions(kept: Folder, tmp_path: Path) -> None:
    elsewhere = Folder(tmp_path / "elsewhere")
    session = elsewhere.answered("别处", CANARY)
    question = session.questions[0].model_copy(update={"text": f"什么是{CANARY}？", "id": "elsewhere/q"})
    turns = tuple(turn.model_copy(update={"question": question}) for turn in session.turns)
    archive = Archive(kept.store, Jobs())
    changed = session.model_copy(update={"questions": (question,), "turns": turns})
    archive.take_in(Transcript(session=changed))
    elsewhere.store.close()
    (summary,) = kept.store.summaries()
    kept.deleting.order_session(summary.id)
    kept.purged()
    assert is_gone(kept)


def test_everything_is_deleted_and_the_folder_can_be_used_on(kept: Folder) -> None:
    fill(kept)
    kept.deleting.order_all(with_notes=True, with_backups=True)
    assert kept.store.summaries() == ()
    kept.purged()
    with closing(sqlite3.connect(kept.folder / "viva.db")) as connection:
        counts = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in METADATA.tables}
        counts["search"] = connection.execute("SELECT count(*) FROM search").fetchone()[0]
    assert {name: count for name, count in counts.items() if count} == {}
    assert backups(kept.folder) == ()
    assert Statistics(kept.store).points(set()) == {}
    session = kept.answered("新的", OTHER)
    assert Archive(kept.store, Jobs()).find(wanted(OTHER))[0].session_id == session.id
    assert is_gone(kept)


def test_what_is_kept_on_purpose_is_kept(kept: Folder) -> None:
    """Backups and uploaded notes stay unless they are asked for, and so does what was begun after the order."""
    fill(kept)
    (kept.folder / "backends.toml").write_text("# mine")
    kept.deleting.order_all(with_notes=False, with_backups=False)
    later = kept.answered("后来", OTHER)
    kept.purged()
    assert [summary.id for summary in kept.store.summaries()] == [later.id]
    assert (kept.folder / "backends.toml").read_text() == "# mine"
    assert set(occurrences(kept.folder)) == {"mine.md"}  # the backup is packed
    assert [path.name for path in kept.deleting.copies()] == [backups(kept.folder)[0].path.name, "replaced-1"]
    assert kept.store.preference("notes") == {"paths": ["mine.md"]}


def fill(kept: Folder) -> None:
    """The canary everywhere a data folder can have it."""
    store = kept.store
    session = kept.answered(f"关于{CANARY}", CANARY, CANARY)
    everything_with(kept, CANARY, session)
    question = session.questions[0]
    points = (ChecklistPoint(id="k1", text=f"要点{CANARY}", weight=1, kind="required"),)
    edited = Checklist(question_id=question.id, basis=basis_of(question), origin="edited", points=points)
    ChecklistStore(store).add(edited)
    DisputeStore(store).add(dispute(question, "audit", f"因为{CANARY}"))
    SpendingLog(store).add(spent(session.id))
    measurements = Measurements(store)
    measurements.finish(measurements.begin("judge", "golden", {}), {"said": CANARY})
    store.remember("wishes", {"job": CANARY})
    store.remember("notes", {"paths": ["mine.md"]})
    make_backup(kept.folder, "daily", kept.clock.now)
    (kept.folder / "replaced-1").mkdir()
    for name in ("notes/mine.md", "evaluations/a.jsonl", "comparisons/b.jsonl"):
        (kept.folder / name).parent.mkdir(exist_ok=True)
        (kept.folder / name).write_text(CANARY, encoding="utf-8")


def spent(session_id: str) -> dict[str, object]:
    tokens = {"prompt_tokens": 1, "completion_tokens": 1, "cached_tokens": 0}
    facts = {"purpose": "grading", "backend": "b", "model": "m", "calls": 1, "cost": 1.0, "currency": "USD"}
    return {**tokens, **facts, "session_id": session_id}


def wanted(words: str) -> ArchiveFilter:
    return ArchiveFilter(words=words)


def test_what_an_earlier_release_left_in_free_pages_goes_with_the_first_purge(kept: Folder) -> None:
    """It did not overwrite what it deleted."""
    session = kept.answered("一次", OTHER)
    with closing(sqlite3.connect(kept.folder / "viva.db", isolation_level=None)) as earlier:
        earlier.execute("PRAGMA secure_delete = OFF")
        earlier.execute("INSERT INTO preferences VALUES ('a', ?), ('b', ?)", (CANARY * 9, CANARY * 9000))
        earlier.execute("DELETE FROM preferences")
    assert occurrences(kept.folder)
    kept.deleting.order_session(session.id)
    kept.purged()
    assert is_gone(kept)


# --- hiding and undoing


def state_of(kept: Folder) -> list[object]:
    """What every list, search, average and schedule says."""
    archive, statistics = Archive(kept.store, Jobs()), Statistics(kept.store)
    later = kept.clock.now + timedelta(days=400)
    return [
        kept.store.summaries(),
        archive.find(wanted("")),
        archive.find(wanted(CANARY)),
        statistics.answers(),
        statistics.due(later),
        QuestionHistory(kept.store).newest_grades(),
        StoredAppeals(kept.store).disputed(),
        [archive.transcript(summary.id) for summary in archive.sessions()],
    ]


ORDERS: dict[str, Callable[[Folder, Session], object]] = {
    "session": lambda kept, session: kept.deleting.order_session(session.id),
    "answer": lambda kept, session: kept.deleting.order_answer(kept.answer(session).id),
    "all": lambda kept, session: kept.deleting.order_all(with_notes=True, with_backups=True),
}


@pytest.mark.parametrize("kind", ORDERS)
def test_what_is_deleted_is_hidden_at_once_and_undo_gives_back_the_same(kept: Folder, kind: str) -> None:
    session = kept.answered("一次", CANARY)
    everything_with(kept, CANARY, session)
    kept.answered("另一次", OTHER, first=7)
    before = state_of(kept)
    ORDERS[kind](kept, session)
    assert CANARY not in repr(state_of(kept))
    left = 0 if kind == "all" else 1
    assert len(Statistics(kept.store).answers()) == left
    assert len(QuestionHistory(kept.store).newest_grades()) == left
    assert sum(one.answers for one in StoredAppeals(kept.store).disputed()) == left
    assert Statistics(kept.store).due(kept.clock.now + timedelta(days=400)) == []
    (pending,) = kept.deleting.pending()
    assert (pending.kind, pending.due_at - pending.requested_at) == (kind, timedelta(minutes=15))
    kept.clock.pass_by(UNDO.total_seconds() - 1)
    Upkeep(kept.deleting, kept.folder, kept.clock, lambda: 0.0)._purge_due()
    kept.deleting.undo(pending.id)
    assert state_of(kept) == before
    assert kept.deleting.pending() == ()


def test_undo_comes_too_late_after_the_purge(kept: Folder) -> None:
    session = kept.answered("一次", CANARY)
    kept.deleting.order_session(session.id)
    kept.purged()
    with pytest.raises(NotFound):
        kept.deleting.undo(session.id)
    with pytest.raises(NotFound):
        kept.deleting.purge(session.id)


@pytest.mark.parametrize("set_by", [timedelta(days=1), timedelta(days=-1)])
def test_a_clock_that_is_set_takes_no_time_to_undo_away_and_adds_none(kept: Folder, set_by: timedelta) -> None:
    seconds = [0.0]
    upkeep = Upkeep(kept.deleting, kept.folder, kept.clock, lambda: seconds[0])
    kept.deleting.order_session(kept.answered("一次", CANARY).id)
    upkeep._purge_due()
    kept.clock.now += set_by
    seconds[0] = UNDO.total_seconds() - 1
    upkeep._purge_due()
    assert len(kept.deleting.pending()) == 1
    seconds[0] += 2
    upkeep._purge_due()
    assert kept.deleting.pending() == ()


# --- what goes on meanwhile


@pytest.mark.parametrize("kind", ORDERS)
def test_the_outcome_of_a_grading_whose_answer_was_purged_is_dropped(kept: Folder, kind: str) -> None:
    session = kept.store.create_session("一次", SessionPlan(lang="zh"), [make_question(1)])
    kept.store.submit(session.turns[0].id, CANARY, "judge", "default")
    (claim,) = kept.store.claim("me", 1, LEASE)
    ORDERS[kind](kept, kept.store.session(session.id))
    kept.deleting.purge(kept.deleting.pending()[0].id)
    assert not kept.store.finish_grading(claim, quoting(CANARY))
    assert not kept.store.release(claim)
    assert is_gone(kept)


def test_a_deleted_answer_goes_to_no_grader(kept: Folder) -> None:
    session = kept.store.create_session("一次", SessionPlan(lang="zh"), [make_question(1)])
    answer, _, _ = kept.store.submit(session.turns[0].id, CANARY, "judge", "default")
    kept.deleting.order_answer(answer.id)
    assert kept.store.next_due() is None
    assert kept.store.claim("me", 9, LEASE) == ()
    kept.deleting.undo(answer.id)
    assert len(kept.store.claim("me", 9, LEASE)) == 1


@pytest.mark.parametrize("kind", ["session", "answer"])
def test_nothing_can_be_added_to_what_was_deleted(kept: Folder, kind: str) -> None:
    session = kept.answered("一次", CANARY)
    turn, answer = session.turns[0], kept.answer(session)
    ORDERS[kind](kept, session)
    remarks = RemarkStore(kept.store)
    for add in (
        lambda: kept.store.submit(turn.id, "另一个", "judge", "default"),
        lambda: remarks.add(turn.id, "discussion", "candidate", CANARY),
        lambda: remarks.note(turn.id, CANARY),
        lambda: kept.store.follow_up(turn.id, CANARY),
    ):
        with pytest.raises(Deleted):
            add()
    if kind == "answer":
        with pytest.raises(NotFound):
            kept.store.add_grading(answer.id, "judge", "default")
        kept.purged()
        with pytest.raises(Deleted):
            kept.store.submit(turn.id, CANARY, "judge", "default")
        assert kept.store.ask_again(turn.id).attempt == 2


def test_a_purge_that_was_broken_off_is_gone_on_with(kept: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    session = kept.answered("一次", CANARY)
    kept.deleting.order_session(session.id)

    def broken() -> None:
        raise StoreError("the process ends here")

    monkeypatch.setattr(kept.store, "compact", broken)
    with pytest.raises(StoreError):
        kept.deleting.purge(session.id)
    kept.store.close()
    kept.store = Store.open(kept.folder, clock=kept.clock)
    kept.deleting = Deleting(kept.store, kept.folder)
    assert kept.deleting.pending() == ()
    kept.deleting.finish()
    assert is_gone(kept)


def test_every_table_is_reached_by_a_deletion_of_everything() -> None:
    """A new table refers to a session, a turn or what belongs to them, or is listed; else its rows would survive."""
    reached = {METADATA.tables["sessions"]}
    while True:
        more = {
            table
            for table in METADATA.tables.values()
            for key in table.foreign_key_constraints
            if key.referred_table in reached
        }
        if more <= reached:
            break
        reached |= more
    apart = {"deletions", "question_versions"}  # their own rows; what no paper has any more
    assert set(METADATA.tables) == {table.name for table in reached} | {table.name for table in LOOSE} | apart
    named = {"turn_id", "answer_id", "grading_id"}
    for table in METADATA.tables.values():
        referring = {column.name for key in table.foreign_keys for column in [key.parent]}
        assert {column.name for column in table.columns} & named <= referring, table.name


def test_the_database_refuses_to_delete_what_was_not_marked(kept: Folder) -> None:
    session = kept.answered("一次", CANARY)
    everything_with(kept, CANARY, session)
    for table in ("answers", "gradings", "remarks", "question_versions"):
        with pytest.raises(exc.IntegrityError), kept.store.writing() as connection:
            connection.exec_driver_sql(f"DELETE FROM {table}")


# --- commands


def test_the_commands_delete_list_and_undo(data_dir: Path, run: Run) -> None:
    kept = Folder(data_dir)
    session = kept.answered("一次", CANARY)
    kept.store.close()
    assert "Nothing was deleted" in run("data", "delete", "--session", session.id).stderr
    assert run("data", "delete", "--session", session.id, "--yes").exit_code == 0
    assert session.id in run("data", "list").output
    refusal(run("export", session.id))
    refusal(run("sessions", "show", session.id))
    assert run("data", "undo", session.id).exit_code == 0
    assert "Nothing is pending" in run("data", "list").output
    assert run("data", "delete", "--answer", kept.answer(session).id, "--yes", "--now").exit_code == 0
    assert occurrences(data_dir) == []
    refusal(run("data", "undo", kept.answer(session).id))


def test_deleting_everything_lists_backups_and_takes_them_when_asked(data_dir: Path, run: Run) -> None:
    kept = Folder(data_dir)
    fill(kept)
    kept.store.close()
    (backup,) = [one.path for one in backups(data_dir)]
    asked = run("data", "delete", "--all")
    assert (asked.exit_code, str(backup) in asked.stdout, "still hold the text" in asked.stdout) == (2, True, True)
    assert run("data", "delete", "--all", "--notes", "--backups", "--yes", "--now").exit_code == 0
    assert occurrences(data_dir) == []
    assert not backup.exists()


def test_a_deleted_answer_that_waits_for_an_endpoint_is_not_counted_as_waiting(tmp_path: Path) -> None:
    with closing(Store.open(tmp_path, clock=Clock())) as store:
        session = store.create_session("t", SessionPlan(lang="en"), [make_question(1)])
        answer, _, _ = store.submit(session.turns[0].id, "text", "g", "default")
        (claim,) = store.claim("me", 1, timedelta(seconds=60))
        store.put_off(claim, timedelta(seconds=600), PassingFault("down", fault="unreachable"))
        assert len(store.waiting()) == 1
        Deletions(store).order_answer(answer.id)
        assert store.waiting() == ()
