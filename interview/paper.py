"""The paper of a session: which questions a plan comes to, in which order, under which title."""

import random
from collections import Counter
from collections.abc import Sequence

from interview.errors import ContentError
from interview.models import Mode, Question, SessionPlan
from interview.notes.bank import QuestionBank

_SECTIONS_NAMED = 2
_MODES: dict[Mode, tuple[str, str]] = {
    "practice": ("", ""),
    "mock": ("模拟面试 · ", "Mock interview · "),
    "due": ("今日到期 · ", "Due today · "),
}


def choose_questions(bank: QuestionBank, plan: SessionPlan, due: Sequence[str] = ()) -> tuple[Question, ...]:
    """The paper of a plan: at least one question. ContentError: nothing is left to ask, and why.

    `due`: ids of the questions that are due, the most urgent first. The mode `due` asks them alone, in this order;
    `due_first` puts them before the rest. Equal arguments give equal papers.
    """
    chosen = _askable(bank, plan)
    urgency = {question_id: place for place, question_id in enumerate(due)}
    if plan.order == "shuffled":
        random.Random(plan.seed).shuffle(chosen)
    if plan.mode == "due":
        chosen = [question for question in chosen if question.id in urgency]
        if not chosen:
            raise ContentError("Nothing is due in these notes now. Practise something, or take a mock interview.")
    if plan.mode == "due" or plan.due_first:
        chosen.sort(key=lambda question: urgency.get(question.id, len(urgency)))
    if plan.per_section is not None:
        chosen = _some_of_each(chosen, plan.per_section)
    return tuple(chosen[: plan.count])


def _askable(bank: QuestionBank, plan: SessionPlan) -> list[Question]:
    known = [section.name for section in bank.require_questions().sections]
    unknown = [name for name in plan.sections if name not in known]
    if unknown:
        raise ContentError(f"The notes have no section {', '.join(unknown)}. Choose among: {', '.join(known)}.")
    chosen = [question for question in bank.questions if not plan.sections or question.section in plan.sections]
    if plan.difficulties:
        chosen = [question for question in chosen if question.difficulty in plan.difficulties]
        if not chosen:
            raise ContentError("None of the chosen questions has this difficulty. Choose another, or more sections.")
    if plan.skip_without_reference:
        chosen = [question for question in chosen if question.has_reference]
    if not chosen:
        raise ContentError(
            "None of the chosen questions has a reference answer, and questions without one are left out. Choose other "
            "sections, or connect a model: it can grade without a reference."
        )
    return chosen


def _some_of_each(questions: Sequence[Question], most: int) -> list[Question]:
    """The first `most` questions of every section, in the order in which they stand."""
    taken: Counter[str] = Counter()
    kept: list[Question] = []
    for question in questions:
        taken[question.section] += 1
        if taken[question.section] <= most:
            kept.append(question)
    return kept


def make_title(plan: SessionPlan, number: int) -> str:
    """Title of a session in the language of its plan: its mode, its sections and a running number."""
    names, more = plan.sections[:_SECTIONS_NAMED], len(plan.sections) - _SECTIONS_NAMED
    chinese, english = _MODES[plan.mode]
    if plan.lang == "zh":
        sections = "、".join(names) + (f" 等 {len(plan.sections)} 节" if more > 0 else "")
        return f"{chinese}{sections or '全部章节'} · 第 {number} 场"
    sections = ", ".join(names) + (f" and {more} more" if more > 0 else "")
    return f"{english}{sections or 'All sections'} · no. {number}"
