"""The paper of a session: which questions a plan comes to, in which order, under which title."""

import random

from interview.errors import ContentError
from interview.models import Question, SessionPlan
from interview.notes.bank import QuestionBank

_SECTIONS_NAMED = 2


def choose_questions(bank: QuestionBank, plan: SessionPlan) -> tuple[Question, ...]:
    """The paper of a plan: at least one question. ContentError: nothing is left to ask, and why."""
    known = [section.name for section in bank.require_questions().sections]
    unknown = [name for name in plan.sections if name not in known]
    if unknown:
        raise ContentError(f"The notes have no section {', '.join(unknown)}. Choose among: {', '.join(known)}.")
    chosen = [question for question in bank.questions if not plan.sections or question.section in plan.sections]
    if plan.skip_without_reference:
        chosen = [question for question in chosen if question.has_reference]
    if not chosen:
        raise ContentError(
            "None of the chosen questions has a reference answer, and questions without one are left out. Choose other "
            "sections, or connect a model: it can grade without a reference."
        )
    if plan.order == "shuffled":
        random.Random(plan.seed).shuffle(chosen)
    return tuple(chosen[: plan.count])


def make_title(plan: SessionPlan, number: int) -> str:
    """Title of a session in the language of its plan: its sections and a running number."""
    names, more = plan.sections[:_SECTIONS_NAMED], len(plan.sections) - _SECTIONS_NAMED
    if plan.lang == "zh":
        sections = "、".join(names) + (f" 等 {len(plan.sections)} 节" if more > 0 else "")
        return f"{sections or '全部章节'} · 第 {number} 场"
    sections = ", ".join(names) + (f" and {more} more" if more > 0 else "")
    return f"{sections or 'All sections'} · no. {number}"
