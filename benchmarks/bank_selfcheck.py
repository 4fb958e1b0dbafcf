"""What the coverage estimate says of the bank: references against themselves and each other, and the golden answers.

    python -m benchmarks.bank_selfcheck

Exits with 1 where a figure is missed. Every pair above 4 is listed: some questions share a part of their answers;
docs/grading.md says which and why.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path
from statistics import mean
from typing import get_args

from interview.grading.coverage import estimate
from interview.grading.grader import GradingRequest
from interview.models import Graded, Language, Question
from interview.notes.library import built_in
from interview.rubrics import Rubric, load_rubrics

PROJECT = Path(__file__).resolve().parent.parent

GOLDEN = PROJECT / "interview" / "calibration" / "suites" / "golden"
OWN, OTHERS_MEAN, OTHERS_MOST, OTHERS_SHARE = 9.5, 2.5, 4.0, 0.97


def scored(question: Question, answer: str, rubric: Rubric, lang: Language) -> float | None:
    """The coverage estimate of an answer, 0-10; None where there is none."""
    outcome = estimate(GradingRequest(question=question, answer=answer, rubric=rubric, lang=lang))
    return outcome.score if isinstance(outcome, Graded) else None


def check_references(lang: Language, rubric: Rubric) -> bool:
    questions = built_in(lang).questions
    own = {one.id: scored(one, one.reference, rubric, lang) or 0.0 for one in questions}
    pairs = {
        (asked.id, given.id): scored(asked, given.reference, rubric, lang) or 0.0
        for asked in questions
        for given in questions
        if asked.id != given.id
    }
    lowest = min(own, key=lambda name: own[name])
    average = mean(pairs.values())
    share = mean(score <= OTHERS_MOST for score in pairs.values())
    print(f"{lang}  own reference, lowest       {own[lowest]:5.1f}  ({lowest}; at least {OWN})")
    print(f"{lang}  other references, mean      {average:5.2f}  (at most {OTHERS_MEAN}; {len(pairs)} pairs)")
    print(f"{lang}  other references up to {OTHERS_MOST:g}    {share:5.1%}  (at least {OTHERS_SHARE:.0%})")
    above = sorted(((score, pair) for pair, score in pairs.items() if score > OTHERS_MOST), reverse=True)
    for score, (asked, given) in above:
        print(f"      {score:4.1f}  {given} as the answer to {asked}")
    return own[lowest] >= OWN and average <= OTHERS_MEAN and share >= OTHERS_SHARE


def check_golden(lang: Language, rubric: Rubric) -> bool:
    bank = built_in(lang)
    scores: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for file in sorted(GOLDEN.glob(f"*.{lang}.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            score = scored(bank.find(row["question_id"]), row["answer"], rubric, lang)
            if score is not None:
                scores[file.name.partition(".")[0]][row["kind"]].append(score)
    good = True
    for section, kinds in scores.items():
        means = {kind: mean(values) for kind, values in kinds.items()}
        good &= means["full"] > means["half"] and means["full"] > means["wrong"]
        print(f"{lang}  {section:14}", "  ".join(f"{kind} {value:4.1f}" for kind, value in means.items()))
    return good


def main() -> int:
    rubric = load_rubrics(PROJECT / "rubrics")["points_only"]
    good = [check(lang, rubric) for lang in get_args(Language) for check in (check_references, check_golden)]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
