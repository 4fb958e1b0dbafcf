"""Bytes of a judge's prompt, and how many of them a provider's prefix cache has seen before.

Renders the prompt for every question of the bank that ships, or of `--notes`, with three answers each, and sends
nothing. Run it as `python -m benchmarks.prompt_cost [--lang en] [--notes PATH]`.
"""

import argparse
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from interview.grading.grader import GradingRequest
from interview.grading.judge_prompt import JudgePrompt
from interview.models import Language, Question
from interview.notes.library import PROJECT, built_in, read_notes
from interview.prompts import Prompt, load_prompts
from interview.rubrics import Rubric, load_rubrics

ANSWERS_PER_QUESTION = 3


@dataclass(frozen=True)
class Shares:
    """Means over gradings: `sizes` are bytes by part, the shares (0-1) those of a prompt that came before.

    `within_question`: shared with another answer to the same question; `within_session`: with the question before.
    """

    gradings: int
    sizes: dict[str, float]
    within_question: float
    within_session: float

    @property
    def total(self) -> float:
        """Bytes per grading."""
        return sum(self.sizes.values())


def prompts_of(questions: Sequence[Question], prompt: Prompt, rubric: Rubric, lang: Language) -> list[list[bytes]]:
    """Each question's prompts, one per answer: system and user message as they are sent, one after the other."""
    secret = b"prompt-cost"

    def rendered(question: Question, number: int) -> bytes:
        lines = [line for line in question.reference.splitlines() if line.strip()] or [question.text]
        answer = "\n".join(lines[number::ANSWERS_PER_QUESTION] or lines)
        request = GradingRequest(question=question, answer=answer, rubric=rubric, lang=lang)
        return b"".join(message.content.encode() for message in JudgePrompt(request, prompt, secret).messages)

    return [[rendered(question, number) for number in range(ANSWERS_PER_QUESTION)] for question in questions]


def measure(questions: Sequence[Question], prompt: Prompt, rubric: Rubric, lang: Language) -> Shares:
    """Measure the prompts for these questions, in their order."""
    prompts = prompts_of(questions, prompt, rubric, lang)
    within_question = [shared(group[0], other) / len(other) for group in prompts for other in group[1:]]
    pairs = itertools.pairwise(prompts)
    within_session = [shared(before[-1], after[0]) / len(after[0]) for before, after in pairs]
    common = min((shared(prompts[0][0], group[0]) for group in prompts[1:]), default=0)
    fixed = [min(shared(group[0], other) for other in group[1:]) for group in prompts]
    every = [one for group in prompts for one in group]
    size = fmean(len(one) for one in every)
    return Shares(
        gradings=len(every),
        sizes={"rules": common, "question": fmean(fixed) - common, "answer": size - fmean(fixed)},
        within_question=fmean(within_question),
        within_session=fmean(within_session) if within_session else 0.0,
    )


def shared(one: bytes, other: bytes) -> int:
    """Return the length of the common prefix, in bytes."""
    both = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(both) if a != b), min(len(one), len(other)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lang", choices=("zh", "en"), default="zh")
    parser.add_argument("--notes", type=Path)
    parser.add_argument("--rubric", default="default")
    chosen = parser.parse_args()
    bank = built_in(chosen.lang) if chosen.notes is None else read_notes([chosen.notes])
    prompt = load_prompts(PROJECT / "prompts").judge
    found = measure(bank.questions, prompt, load_rubrics(PROJECT / "rubrics")[chosen.rubric], chosen.lang)
    print(f"{len(bank.questions)} questions, {found.gradings} prompts, {prompt.ref}")
    for part, size in found.sizes.items():
        print(f"  {part:9} {size:8,.0f} bytes  {size / found.total:4.0%}")
    print(f"  in all    {found.total:8,.0f} bytes per grading")
    print(f"repeated prefix within a question: {found.within_question:.1%}")
    print(f"repeated prefix within a session:  {found.within_session:.1%}")


if __name__ == "__main__":
    main()
