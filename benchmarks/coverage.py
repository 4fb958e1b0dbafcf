"""How well the coverage estimate agrees with people; the human-graded answers are read from VIVA_SHARED.

Prints one row per set of human-graded answers (Pearson r, or AUC for right against wrong) and the probes: the
reference as its own answer (the least of them) and «I don't know» (the mean).
Exit status 1 when one is missed.
"""

import itertools
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from interview.grading.coverage_formula import raw_score  # noqa: E402

TOLERANCE = 0.01
PROMISED = {"saf_en": 0.68, "ads_zh": 0.56, "le_zh": 0.745}
PROMISED_AUC = 0.83
SELF_AT_LEAST, NO_ANSWER_AT_MOST = 0.99, 0.02
NO_ANSWERS = ("不知道", "I don't know", ":")

Row = dict[str, Any]


def main() -> int:
    folder = Path(os.environ.get("VIVA_SHARED", PROJECT.parent / "shared")) / "data"
    if not folder.is_dir():
        print(f"{folder} is not here: set VIVA_SHARED to the folder with the human-graded answers", file=sys.stderr)
        return 2
    print(f"{'set':<14}{'answers':>8}{'figure':>12}{'promised':>10}{'self':>7}{'none':>7}{'ms each':>9}")
    passed = [report(name, rows(folder, name), promised) for name, promised in PROMISED.items()]
    beetle = [row for row in rows(folder, "semeval3_beetle") if row["split"] == "train"]
    passed.append(report("beetle train", beetle, PROMISED_AUC))
    return 0 if all(passed) else 1


def rows(folder: Path, name: str) -> list[Row]:
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text("utf-8").splitlines()]


def report(name: str, answers: Sequence[Row], promised: float) -> bool:
    started = time.monotonic()
    scores = [estimate(row, row["answer"]) for row in answers]
    each = (time.monotonic() - started) / len(answers) * 1000
    ranked = "label3" in answers[0]
    if ranked:
        figure, kind = auc(scores, [row["label3"] == "correct" for row in answers]), "AUC"
    else:
        figure, kind = pearson(scores, [row["score"] / row["max_score"] for row in answers]), "r"
    asked = list({row["question_id"]: row for row in answers}.values())
    own = min(estimate(row, reference) for row in asked for reference in references(row))
    none = sorted(estimate(row, text) for row in asked for text in NO_ANSWERS)
    typical = sum(none) / len(none)
    print(f"{name:<14}{len(answers):>8}{kind:>5}{figure:>7.3f}{promised:>10}{own:>7.2f}{typical:>7.3f}{each:>9.2f}")
    return figure >= promised - TOLERANCE and own >= SELF_AT_LEAST and typical <= NO_ANSWER_AT_MOST


def references(row: Row) -> list[str]:
    return row.get("references") or [row["reference"]]


def estimate(row: Row, answer: str) -> float:
    score = raw_score(row["question"], references(row), answer)
    return 0.0 if score is None else score


def pearson(scores: Sequence[float], truth: Sequence[float]) -> float:
    mean, mean_truth = sum(scores) / len(scores), sum(truth) / len(truth)
    shared = sum((a - mean) * (b - mean_truth) for a, b in zip(scores, truth, strict=True))
    spread = sum((a - mean) ** 2 for a in scores) * sum((b - mean_truth) ** 2 for b in truth)
    return shared / spread**0.5


def auc(scores: Sequence[float], right: Sequence[bool]) -> float:
    """The chance that a right answer scores above a wrong one; ties count half."""
    good, bad = sum(right), len(right) - sum(right)
    won = below = 0.0
    for _, tied in itertools.groupby(sorted(zip(scores, right, strict=True)), key=lambda pair: pair[0]):
        outcomes = [is_right for _, is_right in tied]
        wins, losses = sum(outcomes), len(outcomes) - sum(outcomes)
        won += wins * (below + losses / 2)
        below += losses
    return won / (good * bad)


if __name__ == "__main__":
    sys.exit(main())
