"""What a model is asked about a Turn that is over: to discuss it, and to improve the answer. It never grades."""

import re
import secrets
from collections.abc import Callable

from interview.backends.backend import Backend, Purpose
from interview.errors import AnswerRefused, ContentError, LastingFault
from interview.grading.asking import Asker
from interview.grading.feedback import safe_feedback
from interview.grading.key_points import split_reference
from interview.grading.shelf import GraderShelf
from interview.jobs import Job, Jobs, Progress
from interview.models import CANDIDATE, Graded, Remark, RemarkKind, Turn
from interview.prompts import LANGUAGE_NAMES, PromptData, Prompts, prompt_json
from interview.store.remarks import RemarkStore
from interview.store.store import Store
from interview.text import MESSAGE_LIMIT, clean_within

_LONGEST_REPLY = 8_000
_LONGEST_HISTORY = 12  # remarks that a model is told of, the newest ones
_THOUGHTS = re.compile(r"\A\s*<think>.*?</think>\s*", re.DOTALL)
_PURPOSE: dict[RemarkKind, Purpose] = {"discussion": "discussion", "improved_answer": "improvement"}


class Discussing:
    """Asks models in the background; what they say is kept as a Remark. NotFound: an unknown Turn or grader."""

    def __init__(
        self, store: Store, shelf: GraderShelf, prompts: Prompts, jobs: Jobs, touch: Callable[[str], None]
    ) -> None:
        """`touch` is told of each session in which a remark was added."""
        self._store = store
        self._remarks = RemarkStore(store)
        self._shelf = shelf
        self._prompts = prompts
        self._jobs = jobs
        self._touch = touch

    def say(self, turn_id: str, text: str) -> Remark:
        """Keep what the candidate says about a Turn. AnswerRefused: it is empty or longer than MESSAGE_LIMIT."""
        cleaned = clean_within(text, MESSAGE_LIMIT, "The message", AnswerRefused, "It is still in the box.").strip()
        if not cleaned:
            raise AnswerRefused("There is nothing in the message yet.")
        return self._keep(self._store.turn(turn_id), "discussion", CANDIDATE, cleaned)

    def reply(self, turn_id: str, grader: str) -> Job:
        """Let the model behind `grader` reply to what was said last. ContentError: no model stands behind it."""
        turn, backend = self._store.turn(turn_id), self._backend(grader)
        said = [remark for remark in self._remarks.remarks(turn.session_id) if remark.turn_id == turn.id]
        talk = [remark for remark in said if remark.kind == "discussion"]
        if not talk or talk[-1].author != CANDIDATE:
            raise ContentError("There is nothing to reply to.")
        history = [{"from": remark.author, "text": remark.text} for remark in talk[:-1]]
        return self._ask(
            turn,
            backend,
            grader,
            "discussion",
            verdicts=prompt_json(_verdicts(turn)),
            history=prompt_json(history[-_LONGEST_HISTORY:]),
            message=prompt_json(talk[-1].text),
        )

    def improve(self, turn_id: str, grader: str) -> Job:
        """Let the model behind `grader` add what the answer lacks. ContentError: no model, or no answer."""
        turn, backend = self._store.turn(turn_id), self._backend(grader)
        if turn.answer is None:
            raise ContentError("There is no answer to improve.")
        return self._ask(turn, backend, grader, "improved_answer", wanted=prompt_json(_wanted(turn)))

    def latest(self, turn_id: str) -> Job | None:
        """The newest work for a Turn; None where there was none since the start of this process."""
        return self._jobs.latest(turn_id, *_PURPOSE)

    def _ask(self, turn: Turn, backend: Backend, grader: str, kind: RemarkKind, **values: str) -> Job:
        nonce = secrets.token_hex(8)
        lang = self._store.session(turn.session_id).plan.lang
        prompt = self._prompts["discuss" if kind == "discussion" else "improve"]
        parts = prompt.parts(
            language=LANGUAGE_NAMES[lang],
            notes=prompt_json({"question": turn.question.text, "reference": turn.question.reference}),
            answer=prompt_json(turn.answer.text if turn.answer else ""),
            nonce=nonce,
            **values,
        )

        async def work(progress: Progress) -> None:
            progress(0, 1)
            asker = Asker(backend, self._prompts, purpose=_PURPOSE[kind], session_id=turn.session_id)
            safe = safe_feedback(_THOUGHTS.sub("", await asker.write(parts)), nonce, _LONGEST_REPLY)
            if not safe:
                raise LastingFault(f"{backend.model} at {backend.host} replied with nothing.", fault="bad_reply")
            self._keep(turn, kind, grader, safe)
            progress(1, 1)

        return self._jobs.start(kind, turn.id, work)

    def _backend(self, grader: str) -> Backend:
        backend = self._shelf.backend(grader)
        if backend is None:
            raise ContentError("This needs a model; the coverage estimate cannot write. Choose a model as the grader.")
        return backend

    def _keep(self, turn: Turn, kind: RemarkKind, author: str, text: str) -> Remark:
        remark = self._remarks.add(turn.id, kind, author, text)
        self._touch(turn.session_id)
        return remark


def _graded(turn: Turn) -> Graded | None:
    grading = turn.current_grading
    return grading.outcome if grading is not None and isinstance(grading.outcome, Graded) else None


def _verdicts(turn: Turn) -> PromptData:
    graded = _graded(turn)
    points = graded.key_points if graded else ()
    return [{"point": point.text, "verdict": point.verdict, "reason": point.reason} for point in points]


def _wanted(turn: Turn) -> list[str]:
    """The points that the answer does not cover; of an answer without a grade, all of them."""
    graded = _graded(turn)
    if graded is None:
        return [point.text for point in split_reference(turn.question)]
    points = [point.text for point in graded.key_points if point.verdict != "covered"]
    return points + [f"Wrong in the answer: {finding.evidence.quote}" for finding in graded.findings]
