"""The question bank: the questions of all notes in use, and what is wrong with those notes."""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Self

from interview.errors import ContentError, NotFound
from interview.models import Question, Value, digest
from interview.notes.ids import IdPool

NATIVE_FORM = "A question is a line '#### 1. Question' below a line '## Section'; the lines after it are its answer."
_PROBLEMS_NAMED = 3


class Problem(Value):
    """Something in the notes that their author may want to change. `line` counts from 1."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


class Section(Value):
    """One section of the notes: how many questions it has, and how many of them have no reference answer."""

    name: str
    count: int
    without_reference: int


class QuestionBank(Value):
    """Questions in the order of the notes, with ids unique in the bank; `files` are the notes that were read."""

    questions: tuple[Question, ...]
    problems: tuple[Problem, ...]
    files: tuple[str, ...] = ()

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections that have questions, in the order in which they first appear; equal names are one section."""
        counts = Counter(question.section for question in self.questions)
        bare = Counter(question.section for question in self.questions if not question.has_reference)
        return tuple(Section(name=name, count=n, without_reference=bare[name]) for name, n in counts.items())

    @property
    def digest(self) -> str:
        """Digest of everything a grade can depend on: ids, texts, references and lists, in order."""
        return digest("\n".join(question.content_digest for question in self.questions))

    def narrowed(self, sections: Collection[str], difficulties: Collection[int]) -> Self:
        """The same bank with the questions of these sections and difficulties alone; none named means all."""
        kept = tuple(
            question
            for question in self.questions
            if (not sections or question.section in sections)
            and (not difficulties or question.difficulty in difficulties)
        )
        return self.model_copy(update={"questions": kept})

    def find(self, question_id: str) -> Question:
        """Return the question with this id, or raise NotFound."""
        for question in self.questions:
            if question.id == question_id:
                return question
        raise NotFound(f"No question has the id {question_id!r} in these notes. List the ids with `notes list`.")

    def require_questions(self) -> Self:
        """Return the bank itself, or raise ContentError that names the files when nothing can be asked."""
        if self.questions:
            return self
        files = ", ".join(self.files) or "no file"
        known = "".join(
            f" {str(problem).removesuffix(NATIVE_FORM).rstrip('. ')}."  # the form is told once, just before
            for problem in self.problems[:_PROBLEMS_NAMED]
        )
        raise ContentError(f"There is nothing to ask: no question was found (read: {files}). {NATIVE_FORM}{known}")

    def checked_for_rubrics(self, known: Collection[str]) -> Self:
        """The same bank, with a problem for each question that names a rubric which is not among `known`."""
        instead = f"does not exist; `default` is used (known: {', '.join(sorted(known))})"
        found = tuple(
            Problem(file=question.file, line=question.line, what=f"the rubric '{question.rubric}' {instead}")
            for question in self.questions
            if question.rubric is not None and question.rubric not in known
        )
        return self.model_copy(update={"problems": (*self.problems, *found)}) if found else self

    def merged(self, other: "QuestionBank") -> "QuestionBank":
        """Return one bank with the questions of this one, then those of `other`; see `joined`."""
        return joined((self, other))


def joined(banks: Iterable[QuestionBank]) -> QuestionBank:
    """Return one bank of all questions in order.

    A question whose id is taken by an earlier one gets the next free `-2`, `-3`; a problem says so.
    """
    parts = tuple(banks)
    pool = IdPool(reserved=(question.id for part in parts for question in part.questions))
    first: dict[str, Question] = {}
    questions: list[Question] = []
    problems = [problem for part in parts for problem in part.problems]
    for question in (question for part in parts for question in part.questions):
        new_id = pool.take(question.id, owned=True)
        if new_id != question.id:
            twin = first[question.id]
            what = f"the same question or id stands in {twin.file}:{twin.line}; this one is kept under the id {new_id}"
            problems.append(Problem(file=question.file, line=question.line, what=what))
            question = question.model_copy(update={"id": new_id})
        first[question.id] = question
        questions.append(question)
    files = dict.fromkeys(file for part in parts for file in part.files)
    return QuestionBank(questions=tuple(questions), problems=tuple(problems), files=tuple(files))
