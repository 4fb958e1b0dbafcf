"""The Interviewer: what every face calls to start, ask, submit, hint, skip, retry, finish, resume and regrade."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from interview.attempt import Graders
from interview.errors import AnswerRefused, ContentError
from interview.grading.shelf import GraderChoice
from interview.live import LiveFeed
from interview.models import (
    Answer,
    Grading,
    Language,
    Question,
    Session,
    SessionPlan,
    SessionSummary,
    Turn,
    Value,
)
from interview.notebook import Notebook
from interview.notes.bank import QuestionBank
from interview.notes.images import ImageFile
from interview.paper import choose_questions, make_title
from interview.rubrics import Rubric, rubric_for
from interview.settings import Problem
from interview.store.store import Store
from interview.text import ANSWER_LIMIT, clean_within


class Shelf(Graders, Protocol):
    """The graders of this process."""

    @property
    def default(self) -> str:
        """Name of the grader used when nobody chose another."""
        ...

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The parts of `backends.toml` that are left out."""
        ...

    def choices(self) -> tuple[GraderChoice, ...]:
        """Every grader that can be chosen."""
        ...


class Submitted(Value):
    """An answer that is committed. `created` is False where the same text had been submitted before."""

    answer: Answer
    grading_id: str
    created: bool


class Interviewer:
    """Conducts interviews. Synchronous, and may be called from any thread; every change is committed on return.

    NotFound: an id that is not there. StoreError: the database cannot be used; nothing was changed.
    """

    def __init__(
        self,
        store: Store,
        notebook: Notebook,
        shelf: Shelf,
        rubrics: Mapping[str, Rubric],
        live: LiveFeed,
        wake: Callable[[], None],
        *,
        reads_paths: bool = True,
    ) -> None:
        """`rubrics` has one called `default`; `wake` tells the worker that a grading is due.

        `reads_paths`: notes may be named by their path. Only the owner may read any file of this machine.
        """
        self.reads_paths = reads_paths
        self._store = store
        self._notebook = notebook
        self._shelf = shelf
        self._rubrics = rubrics
        self._live = live
        self._wake = wake

    # --- notes

    def bank(self, lang: Language) -> QuestionBank:
        """The questions that a session of that language would ask from."""
        return self._notebook.bank(lang).checked_for_rubrics(self._rubrics)

    def use_notes(self, paths: Sequence[str]) -> QuestionBank:
        """Ask from these files and folders, now and later. ContentError: they cannot be; the old ones stay."""
        if not self.reads_paths:
            raise ContentError("Notes are not read by path here, because everybody can open this Viva.")
        return self._notebook.use(paths).checked_for_rubrics(self._rubrics)

    def use_upload(self, filename: str, raw: bytes) -> QuestionBank:
        """Keep an uploaded Markdown file and ask from it. ContentError: it cannot be; the old notes stay."""
        return self._notebook.use_upload(filename, raw).checked_for_rubrics(self._rubrics)

    def use_built_in(self) -> None:
        """Ask from the bank that comes with Viva, now and later."""
        self._notebook.use_built_in()

    def image(self, file: str, source: str) -> ImageFile | None:
        """The image that a reference answer in `file` of the notes in use refers to by `source`, if it can be shown."""
        return self._notebook.image(file, source)

    @property
    def notes_origin(self) -> tuple[str, ...]:
        """The paths of the notes in use; empty for the built-in bank."""
        return self._notebook.origin

    @property
    def notes_problem(self) -> str:
        """Why notes that were chosen are not in use as they stand on disk now; empty where all is well."""
        return self._notebook.problem

    @property
    def missing_notes(self) -> tuple[str, ...]:
        """Paths of chosen notes where there is nothing any more."""
        return self._notebook.missing

    # --- graders

    def choices(self) -> tuple[GraderChoice, ...]:
        """The graders that can be chosen."""
        return self._shelf.choices()

    @property
    def grader_problems(self) -> tuple[Problem, ...]:
        """The parts of `backends.toml` that are left out."""
        return self._shelf.problems

    @property
    def default_grader(self) -> str:
        """The grader used when nobody chose another."""
        return self._shelf.default

    # --- sessions

    def start(self, plan: SessionPlan, due: Sequence[str] = ()) -> Session:
        """Fix the paper and ask its first question. ContentError: the plan leaves nothing to ask.

        `due`: ids of the questions that are due, the most urgent first; those of other notes are left out.
        """
        questions = choose_questions(self.bank(plan.lang), plan, due)
        title = make_title(plan, self._store.session_count() + 1)
        return self._store.create_session(title, plan, questions)

    def start_one(self, lang: Language, question_id: str) -> Session:
        """Begin a session with one question of the notes in use. NotFound: they do not have it (any more)."""
        question = self.bank(lang).find(question_id)
        plan = SessionPlan(lang=lang, sections=(question.section,), count=1)
        return self._store.create_session(make_title(plan, self._store.session_count() + 1), plan, [question])

    def paper(self, plan: SessionPlan, due: Sequence[str] = ()) -> tuple[Question, ...]:
        """What `start` would ask. ContentError: nothing."""
        return choose_questions(self.bank(plan.lang), plan, due)

    def session(self, session_id: str) -> Session:
        """One session with everything in it."""
        return self._store.session(session_id)

    def sessions(self, limit: int = 50, before: str | None = None) -> tuple[SessionSummary, ...]:
        """Up to `limit` sessions, newest first, older than the session `before`."""
        return self._store.summaries(limit, before)

    def unfinished(self) -> SessionSummary | None:
        """The newest session that was not finished, to be resumed."""
        return next(iter(self._store.summaries(1, unfinished=True)), None)

    def finish(self, session_id: str) -> Session:
        """End a session; answers on their way are still graded. Again changes nothing."""
        session = self._store.finish(session_id)
        self._live.touch(session_id)
        return session

    # --- turns

    def ask_next(self, session_id: str) -> Turn | None:
        """The open Turn that was asked last, else the next question of the paper; None at the end of the session."""
        session = self._store.session(session_id)
        if session.finished_at is not None:
            return None
        for turn in reversed(session.turns):
            if turn.state == "open":
                return turn
        position = 1 + max((turn.position for turn in session.turns), default=-1)
        if position >= len(session.questions):
            return None
        return self._touched(self._store.ask(session_id, position))

    def turn(self, turn_id: str) -> Turn:
        """One Turn with its answer and grades."""
        return self._store.turn(turn_id)

    def submit(self, turn_id: str, text: str, grader: str, confidence: int | None = None) -> Submitted:
        """Commit the answer, cleaned, together with its pending grading; `grader` empty means the default one.

        `confidence` 1-3 is stored before it, None leaves what `sure` told. The same text again gives the same row.
        AlreadyAnswered: the Turn has another text. AnswerRefused: the text is empty, or longer than ANSWER_LIMIT;
        nothing is stored.
        """
        cleaned = accepted(text)
        turn = self._store.turn(turn_id)
        rubric = rubric_for(self._rubrics, turn.question.rubric).name
        name = grader or self.default_grader
        answer, grading_id, created = self._store.submit(turn_id, cleaned, name, rubric, confidence)
        if created:
            self._wake()
            self._live.touch(turn.session_id)
        return Submitted(answer=answer, grading_id=grading_id, created=created)

    def sure(self, turn_id: str, confidence: int | None) -> Turn:
        """Note how sure the candidate is, 1-3, before there is a grade; an answered Turn stays as it is."""
        return self._touched(self._store.tell_confidence(turn_id, confidence))

    def stuck(self, turn_id: str) -> Turn:
        """Note that nothing comes to the candidate's mind, so that help can be offered; the Turn stays open."""
        return self._touched(self._store.say_stuck(turn_id))

    def hint(self, turn_id: str) -> Turn:
        """Show one more hint, if there is one; an answered Turn, and one of a mock interview, stays as it is."""
        turn = self._store.turn(turn_id)
        return turn if self._is_mock(turn) else self._touched(self._store.show_hint(turn_id))

    def write_hint(self, turn_id: str, number: int, text: str) -> Turn:
        """Show what a model wrote as hint `number` (from 1); dropped where the Turn has it, or is open no more."""
        return self._touched(self._store.write_hint(turn_id, number, text))

    def reveal(self, turn_id: str) -> Turn:
        """Show the reference answer; noted where the Turn is not answered. Not in a mock interview."""
        turn = self._store.turn(turn_id)
        return turn if self._is_mock(turn) else self._touched(self._store.reveal(turn_id))

    def skip(self, turn_id: str) -> Turn:
        """Pass on a question; an answered Turn stays as it is."""
        return self._touched(self._store.skip(turn_id))

    def retry(self, turn_id: str) -> Turn:
        """Ask the question of a Turn once more, as a new Turn; a Turn that is still open is returned itself.

        Again for the same Turn gives the same new one, so a double click asks once. Of a question that was passed over
        it is noted that the reference was seen.
        """
        turn = self._store.turn(turn_id)
        if turn.state == "open":
            return turn
        if turn.state == "skipped" and turn.question.has_reference:
            # Wherever a question that was passed over can be asked again, its reference stands beside it.
            self._store.reveal(turn_id)
        return self._touched(self._store.ask_again(turn_id))

    def follow_up(self, turn_id: str, text: str) -> Turn | None:
        """Ask `text` about the answer of the newest Turn, as a new Turn; again for it gives the same new one.

        None where the candidate went on to another question meanwhile: nothing is asked.
        """
        turn = self._store.follow_up(turn_id, text)
        return None if turn is None else self._touched(turn)

    def regrade(self, answer_id: str, grader: str) -> Grading:
        """Ask for another grading, beside the old ones. NotFound: no such answer or grader.

        A grading by the same grader that is still on its way is the one asked for.
        """
        self._shelf.get(grader)
        turn = self._store.turn(self._store.answer(answer_id).turn_id)
        for grading in turn.gradings:
            if grading.grader == grader and grading.state != "done" and grading.appeal is None:
                return grading
        rubric = rubric_for(self._rubrics, turn.question.rubric).name
        grading = self._store.add_grading(answer_id, grader, rubric)
        self._wake()
        self._live.touch(turn.session_id)
        return grading

    def _is_mock(self, turn: Turn) -> bool:
        return self._store.session(turn.session_id).plan.mode == "mock"

    def _touched(self, turn: Turn) -> Turn:
        self._live.touch(turn.session_id)
        return turn


def accepted(text: str) -> str:
    """Return an answer in the form in which it is stored and graded.

    AnswerRefused: it is empty but for blanks and characters that no eye sees, or longer than ANSWER_LIMIT.
    """
    cleaned = clean_within(
        text, ANSWER_LIMIT, "The answer", AnswerRefused, "Shorten it and send again; it is kept as you wrote it."
    )
    if not any(_is_visible(character) for character in cleaned):
        raise AnswerRefused("There is nothing in the answer yet.")
    return cleaned


def _is_visible(character: str) -> bool:
    return not character.isspace() and unicodedata.category(character) != "Cf"
