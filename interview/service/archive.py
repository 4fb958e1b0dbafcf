"""The Archive: sessions and turns found again, named, put away, marked, and taken in from files."""

import asyncio
import json
from collections.abc import Iterable, Sequence

from interview.errors import ContentError, NotFound
from interview.export import Reading, read_transcripts
from interview.jobs import Job, Jobs, Progress
from interview.models import (
    ArchiveFilter,
    Choices,
    Hit,
    Imported,
    Session,
    SessionSummary,
    Shelf,
    Transcript,
    Turn,
    digest,
)
from interview.rubrics import Rubric
from interview.service.rubric_history import RubricHistory
from interview.store.archive import ArchiveStore
from interview.store.deletions import Deletions
from interview.store.remarks import RemarkStore
from interview.store.store import Store
from interview.text import NOTE_LIMIT, TITLE_LIMIT, clean_within

_MOST_HELD = 4
IMPORT = "import"  # the kind of its jobs


class Archive:
    """Synchronous, and may be called from any thread; every change is committed on return. NotFound: an unknown id."""

    def __init__(self, store: Store, jobs: Jobs, rubrics: Iterable[Rubric] = ()) -> None:
        """`jobs` runs what takes long; `rubrics` are those in use."""
        self._store = store
        self._rubrics = RubricHistory(store, rubrics)
        self._shelves = ArchiveStore(store)
        self._remarks = RemarkStore(store)
        self._deletions = Deletions(store)
        self._jobs = jobs
        self._imported: dict[str, Imported] = {}
        self._held: dict[str, Reading] = {}

    # --- finding

    def sessions(self, shelf: Shelf = "active", limit: int = 50) -> tuple[SessionSummary, ...]:
        """Up to `limit` sessions of a shelf, newest first."""
        return self._shelves.summaries(shelf, limit)

    def find(self, wanted: ArchiveFilter, limit: int = 50, before: int | None = None) -> tuple[Hit, ...]:
        """Up to `limit` turns that fit, newest first, asked before the one of number `before`."""
        return self._shelves.find(wanted, limit, before)

    def choices(self) -> Choices:
        """What a filter can name."""
        return self._shelves.choices()

    def transcript(self, session_id: str) -> Transcript:
        """Return a session with everything beside it; what is damaged of it is left out and named."""
        session, damaged = self._shelves.readable_session(session_id)
        ids = {turn.id for turn in session.turns}
        marks, remarks, lost = self._remarks.of_session(session_id)
        return Transcript(
            session=session,
            marks={turn_id: mark for turn_id, mark in marks.items() if turn_id in ids},
            remarks=tuple(remark for remark in remarks if remark.turn_id in ids),
            damaged=(*damaged, *lost),
        )

    def exported(self, session_id: str) -> Transcript:
        """Return the transcript with the rubrics of its grades, so that its scores can be computed again elsewhere.

        NotFound: there is no such session, or it was deleted.
        """
        if self.shelf_of(session_id) == "deleted":
            raise NotFound(f"The session {session_id} was deleted; `viva data undo {session_id}` brings it back.")
        transcript = self.transcript(session_id)
        return transcript.model_copy(update={"rubrics": self._rubrics.of_session(transcript.session)})

    def turn(self, turn_id: str) -> Turn:
        """One Turn with its answer and grades."""
        return self._store.turn(turn_id)

    # --- shelves

    def shelf_of(self, session_id: str) -> Shelf:
        """Where a session stands."""
        return self._shelves.shelf_of(session_id)

    def rename(self, session_id: str, title: str) -> None:
        """Give a session another title. ContentError: it is empty, or longer than TITLE_LIMIT."""
        line = " ".join(clean_within(title, TITLE_LIMIT, "The title", ContentError, "The old one stays.").split())
        if not line:
            raise ContentError("There is nothing in the title; the old one stays.")
        self._shelves.rename(session_id, line)

    def archive(self, session_id: str, archived: bool = True) -> None:
        """Put a session away, or back."""
        self._shelves.archive(session_id, archived)

    # --- marks

    def star(self, turn_id: str, starred: bool) -> None:
        """Put the star on a Turn, or take it away."""
        self._remarks.star(turn_id, starred)

    def note(self, turn_id: str, note: str) -> None:
        """Keep a note of one's own beside a Turn; empty takes it away. ContentError: it is too long."""
        self._remarks.note(turn_id, clean_within(note, NOTE_LIMIT, "The note", ContentError).strip())

    # --- taking in

    def take_in(self, transcript: Transcript) -> Imported:
        """Store a transcript of elsewhere beside what is here; one whose whole content is here adds nothing.

        A session that is here but was deleted is brought back.
        """
        wanted = _content(transcript.session)
        for known in self._shelves.begun_at(transcript.session.created_at):
            if wanted <= _content(known):
                if self.shelf_of(known.id) != "deleted":
                    return Imported(known=1)
                self._deletions.undo(known.id)
                return Imported(restored=1)
        try:
            self._shelves.take_in(transcript.session, transcript.marks, transcript.remarks)
        except ValueError as fault:
            raise ContentError(f"{transcript.session.title}: {fault}") from fault
        self._rubrics.add(transcript.rubrics)
        return Imported(added=1)

    def read(self, name: str, raw: bytes) -> Reading:
        """Read an exported file. ContentError: nothing of it can be used, or it was made by a newer version."""
        return read_transcripts(raw, name)

    def hold(self, reading: Reading) -> str:
        """Keep what was read in memory until the user decides; returns the key for `held`."""
        key = _key(reading.transcripts)
        self._held[key] = reading
        for old in list(self._held)[:-_MOST_HELD]:
            del self._held[old]
        return key

    def held(self, key: str) -> Reading:
        """What `hold` kept. NotFound: it is gone."""
        if key not in self._held:
            raise NotFound("This file is not known any more. Choose it again.")
        return self._held[key]

    def start_import(self, reading: Reading) -> Job:
        """Take in every transcript of a file in the background, one by one; `imported` tells what came of it."""
        key = _key(reading.transcripts)

        async def work(progress: Progress) -> None:
            self._imported[key] = Imported()
            for number, transcript in enumerate(reading.transcripts, 1):
                came = await asyncio.to_thread(self.take_in, transcript)
                self._imported[key] = total([self._imported[key], came])
                progress(number, len(reading.transcripts))

        return self._jobs.start(IMPORT, key, work)

    def job(self, job_id: str) -> Job:
        """A piece of work as it stands. NotFound."""
        return self._jobs.find(job_id)

    def stop(self, job_id: str) -> None:
        """End a piece of work; what it has stored stays. NotFound."""
        self._jobs.stop(job_id)

    def imported(self, job: Job) -> Imported:
        """What an import has come to so far."""
        return self._imported.get(job.key, Imported())


def total(parts: Sequence[Imported]) -> Imported:
    """The sum of several imports."""
    names = Imported.model_fields
    return Imported(**{name: sum(getattr(part, name) for part in parts) for name in names})


def _key(transcripts: Sequence[Transcript]) -> str:
    return digest("\n".join(transcript.model_dump_json() for transcript in transcripts))


def _content(session: Session) -> frozenset[str]:
    """What happened in a session, piece by piece, without ids: of two sessions with the same pieces one is enough."""
    pieces: list[object] = [["paper", [question.content_digest for question in session.questions]]]
    for turn in session.turns:
        place = [turn.position, turn.attempt]
        pieces.append(["turn", *place])
        if turn.answer is not None:
            pieces.append(["answer", *place, turn.answer.text])
        for grading in turn.gradings:
            if grading.outcome is not None:
                outcome = grading.outcome.model_dump_json()
                pieces.append(["grade", *place, grading.grader, grading.created_at.isoformat(), outcome])
    return frozenset(json.dumps(piece, ensure_ascii=False) for piece in pieces)
