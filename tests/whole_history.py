"""A data folder with at least one of everything that is kept, made through the faces that keep it."""

from datetime import timedelta
from pathlib import Path

from interview.grading.disputed import corrected
from interview.grading.scoring import alternative, score
from interview.jobs import Jobs
from interview.models import (
    Appeal,
    Checklist,
    ChecklistPoint,
    CriterionGrade,
    Dispute,
    Evidence,
    FailedAttempt,
    Finding,
    Graded,
    PointGrade,
    Provenance,
    SelfGraded,
    SessionPlan,
    Ungraded,
    basis_of,
)
from interview.rubrics import load_rubrics
from interview.service.archive import Archive
from interview.service.everything import NOTES
from interview.service.rubric_history import RubricHistory
from interview.service.schedule import Schedule, ScheduleWishes
from interview.store.appeals import StoredAppeals
from interview.store.checklists import ChecklistStore, DisputeStore, QuestionHistory
from interview.store.measurements import Measurements
from interview.store.remarks import RemarkStore
from interview.store.spending import SpendingLog
from interview.store.store import Store
from tests.conftest import REPO
from tests.made_up import Clock, make_question

LEASE = timedelta(seconds=60)
RUBRICS = load_rubrics(REPO / "rubrics")
RUBRIC = RUBRICS["default"]
ANSWER = "残差连接 keeps the gradient, and layer norm comes first"


def proof(answer: str, quote: str) -> Evidence:
    start = answer.index(quote)
    return Evidence(quote=quote, start=start, end=start + len(quote))


def judged(answer: str = ANSWER, verdict: str = "missing") -> Graded:
    """A grade whose score is what its verdicts come to."""
    quotes = {"k1": "残差连接", "k2": "layer norm"}
    points = tuple(
        PointGrade(
            id=id,
            text=f"the point {id}",
            weight=weight,
            kind="required",
            verdict="covered" if id == "k1" or verdict == "covered" else "missing",
            verified=True,
            evidence=(proof(answer, quotes[id]),) if id == "k1" or verdict == "covered" else (),
            reason="because it says so",
        )
        for id, weight in (("k1", 2), ("k2", 1))
    )
    criteria = tuple(
        CriterionGrade(id=one.id, level=one.levels[1].id, value=one.levels[1].value) for one in RUBRIC.criteria
    )
    findings = (Finding(kind="error", severity="major", evidence=proof(answer, "comes first"), reason="it does not"),)
    counted = score(RUBRIC, points, criteria, findings)
    assert counted is not None
    made = Graded(
        score=counted.value,
        max_score=counted.max_score,
        band=counted.band,
        label="judgement",
        key_points=points,
        criteria=criteria,
        findings=findings,
        sum=counted.sum,
        feedback="Say what the norm does.",
        provenance=Provenance(
            grader="work:big", kind="judge", rubric=RUBRIC.ref, question_digest="q" * 12, reference_digest="r" * 12
        ),
    )
    return made.model_copy(update={"alternative": alternative(made, RUBRIC, {"k2"})})


def fill(folder: Path) -> Store:
    """Fill a folder; the store stays open."""
    folder.mkdir(exist_ok=True)
    clock = Clock()
    store = Store.open(folder, clock=clock)
    RubricHistory(store, RUBRICS.values()).keep()
    questions = [
        make_question(1, reference="残差 keeps the gradient."),
        make_question(2, hints=("Think.",)),
        make_question(3),
    ]
    session = store.create_session("一次练习 & more", SessionPlan(lang="zh"), questions)
    turn = session.turns[0]

    def graded(outcome: Graded | Ungraded) -> str:
        clock.pass_by(1)
        (claim,) = store.claim("me", 1, LEASE)
        failed = FailedAttempt(started_at=clock(), seconds=0.5, backend="work", fault="timed_out", detail="too slow")
        assert store.finish_grading(claim, outcome, (failed,))
        return claim.grading_id

    answer, _, _ = store.submit(turn.id, ANSWER, "work:big", "default", confidence=2)
    first = graded(judged())
    store.add_grading(answer.id, "other", "default")
    graded(Ungraded(reason="bad_reply", detail="no JSON", raw_reply="?!", provenance=judged().provenance))
    appeals = StoredAppeals(store)
    appeals.add_appeal(Appeal(grading_id=first, point_id="k2", reason="I said it"))
    graded(judged(verdict="covered"))
    appeals.add_own(answer.id, "default", SelfGraded(score=8.5, max_score=10, note="fair", over=first))
    QuestionHistory(store).add_corrected(answer.id, "work:big", "default", corrected(judged(), RUBRIC, {"k2"}))

    archive, remarks = Archive(store, Jobs()), RemarkStore(store)
    archive.star(turn.id, True)
    archive.note(turn.id, "mind the norm")
    remarks.add(turn.id, "discussion", "candidate", "Why?")
    remarks.add(turn.id, "improved_answer", "work:big", "Better.")
    follow_up = store.follow_up(turn.id, "And without it?")
    assert follow_up is not None
    store.submit(follow_up.id, "It degrades.", "coverage", "default")  # waits for its grade
    second = store.ask(session.id, 1)
    store.show_hint(second.id)
    store.skip(second.id)
    store.write_hint(store.ask(session.id, 2).id, 1, "Mind the order.")
    store.reveal(store.ask(session.id, 2).id)

    schedule = Schedule(store, {rubric.ref: rubric for rubric in RUBRICS.values()}.get)
    schedule.rate(store.session(session.id), store.turn(turn.id), 3)
    schedule.wish(ScheduleWishes(fresh_a_day=7))
    basis = basis_of(questions[0])
    point = ChecklistPoint(id="k1", text="残差", start=0, end=2)
    checklist = Checklist(question_id=questions[0].id, basis=basis, origin="edited", points=(point,))
    ChecklistStore(store).add(checklist)
    ChecklistStore(store).add(checklist.model_copy(update={"locked": True}))
    disputes = DisputeStore(store)
    dispute = Dispute(
        **{"id": "", "question_id": questions[0].id, "basis": basis, "source": "audit", "grader": "work:big"},
        **{"quote": "残差", "start": 0, "end": 2, "created_at": clock()},
    )
    disputes.decide(disputes.add(dispute).id, "accepted")
    spent = {"at": clock(), "purpose": "grading", "backend": "work", "model": "big", "session_id": session.id}
    spent |= {"prompt_tokens": 900, "completion_tokens": 80, "cached_tokens": None, "calls": 1, "cost": 0.25}
    for _ in range(2):  # equal rows, and still two calls
        SpendingLog(store).add({**spent, "currency": "USD"})
    SpendingLog(store).add({**spent, "session_id": "", "cost": None, "currency": None})
    measurements = Measurements(store)
    measurements.finish(measurements.begin("work:big", "golden", {"n": 3}), {"kappa": 0.5})

    for number in range(2):
        clock.pass_by(60)
        other = store.create_session(f"Put away {number}", SessionPlan(lang="en", mode="mock"), questions[:1])
        store.submit(other.turns[0].id, "It runs on.", "work:big", "default")
        store.finish(other.id)
        archive.archive(other.id)
    notes = folder / NOTES
    notes.mkdir(exist_ok=True)
    (notes / "mine.md").write_bytes("## S\n\n#### 1. Why?\n\n因为。\n".encode())
    store.remember("notes", {"paths": [str(notes / "mine.md"), "/elsewhere/notes.md"]})
    return store
