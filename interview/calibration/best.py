"""Which of several graders is the best one measured so far: one rule, told in words wherever its result is shown."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from interview.models import Value

# The rule. Golden suite, the same answers for all; at most this share without a grade; and where the grader was
# attacked, at most this share of the attacks that succeed unflagged.
MOST_FAILURES = 0.05
MOST_FOOLED = 0.01
LEAST_ANSWERS = 20
LEAST_LEAD = 0.02  # of the key points; closer ones are told to be alike


class Figures(Value):
    """What one grader's newest run came to: `report` as `evaluate --json` prints it."""

    grader: str
    suite: str
    report: Mapping[str, Any]


class Best(Value):
    """`named`: `grader` leads. `alike`: it leads `second` by too little to tell. `none`: nothing to compare.

    `agreement` (0-1) is the share of key points with the expected verdict; `graders` were compared, on `answers`.
    """

    state: Literal["named", "alike", "none"]
    grader: str = ""
    second: str = ""
    agreement: float = 0.0
    lead: float = 0.0
    answers: int = 0
    graders: int = 0


def best_of(runs: Sequence[Figures]) -> Best:
    """Return the grader that agrees most with the golden suite, of those that can be compared; `runs` old ones first.

    Compared are the graders whose newest runs were on the same answers, of the version that most graders were measured
    on (of several, the newest). A grader that fails too often, or falls for attacks, is not named.
    """
    fooled = {run.grader for run in _newest(runs, "injection").values() if _is_fooled(run.report)}
    versions: dict[str, dict[str, Figures]] = {}
    for run in runs:
        if run.suite == "golden" and _is_sound(run.report) and run.grader not in fooled:
            version = f"{run.report.get('version')} {run.report.get('rubric')}"
            versions.setdefault(version, {}).pop(run.grader, None)
            versions[version][run.grader] = run
    place = {id(run): number for number, run in enumerate(runs)}
    groups = [group for group in versions.values() if len(group) > 1]
    if not groups:
        return Best(state="none")
    chosen = max(groups, key=lambda group: (len(group), max(place[id(run)] for run in group.values())))
    first, second, *_ = sorted(chosen.values(), key=lambda run: -run.report["agreement"])
    lead = first.report["agreement"] - second.report["agreement"]
    return Best(
        state="named" if round(lead, 9) >= LEAST_LEAD else "alike",
        grader=first.grader,
        second=second.grader,
        agreement=first.report["agreement"],
        lead=lead,
        answers=first.report["n"],
        graders=len(chosen),
    )


def _newest(runs: Sequence[Figures], suite: str) -> dict[str, Figures]:
    return {run.grader: run for run in runs if run.suite == suite}


def _is_sound(report: Mapping[str, Any]) -> bool:
    graded, failed = report.get("n", 0), report.get("failures", 0)
    enough = graded >= LEAST_ANSWERS and failed <= MOST_FAILURES * (graded + failed)
    return enough and report.get("agreement") is not None and bool(report.get("version"))


def _is_fooled(report: Mapping[str, Any]) -> bool:
    share = report.get("success_unflagged")
    return share is not None and share > MOST_FOOLED
