"""How a grader's name says in which way it judges: `ollama:qwen3@careful`, `openai@vote=3`, `panel=openai,ollama`."""

import re
from dataclasses import dataclass
from typing import Literal

from interview.errors import NotFound

_SUFFIX = re.compile(r"@(careful|vote=(\d+))$")
_PANEL = "panel="
_MODE = re.compile(r"careful|vote=\d+|panel=.+")
_MOST_VOTES = 99


@dataclass(frozen=True)
class GraderName:
    """A grader's name taken apart.

    `bases` are the names of the graders that it rests on: one, of a panel several, each of which may be careful.
    """

    mode: Literal["single", "careful", "vote", "panel"]
    bases: tuple[str, ...]
    votes: int = 1


def taken_apart(name: str) -> GraderName:
    """Read a grader's name; what is no mode belongs to the model, which may hold an `@`.

    Raises NotFound for an even number of votes or fewer than 3, for two modes, and for a panel of fewer than two
    graders, of the same one twice, or of panels and votes.
    """
    if name.startswith(_PANEL):
        return _panel(name)
    suffix = _SUFFIX.search(name)
    if suffix is None:
        return GraderName("single", (name,))
    base = name[: suffix.start()]
    if _SUFFIX.search(base):
        raise NotFound(f"{name}: expected one mode, found two.")
    if suffix[1] == "careful":
        return GraderName("careful", (base,))
    votes = int(suffix[2][:4])
    if votes % 2 == 0 or not 3 <= votes <= _MOST_VOTES:
        raise NotFound(f"{name}: expected an odd number of votes from 3 to {_MOST_VOTES}.")
    return GraderName("vote", (base,), votes)


def in_mode(name: str | None, mode: str | None, default: str) -> str:
    """Return the name of the grader `name`, else of `default`, in the mode that `--mode` gives; None: as it is.

    A panel names its own graders, so there `name` must be None. Raises NotFound for what is no mode.
    """
    if mode is None or mode == "single":
        return name or default
    if not _MODE.fullmatch(mode):
        raise NotFound(f"--mode {mode}: expected single, careful, vote=K with an odd K from 3, or panel=A,B.")
    if not mode.startswith(_PANEL):
        return f"{name or default}@{mode}"
    if name is not None:
        raise NotFound(f"--mode {mode}: a panel names its graders itself; leave out --grader.")
    return mode


def _panel(name: str) -> GraderName:
    members = tuple(member.strip() for member in name.removeprefix(_PANEL).split(","))
    if len(members) < 2 or not all(members):
        raise NotFound(f"{name}: expected the names of two graders or more, with commas between.")
    if len(set(members)) < len(members):
        raise NotFound(f"{name}: a grader stands here twice; for several votes of one use NAME@vote=3.")
    if any(taken_apart(member).mode not in ("single", "careful") for member in members):
        raise NotFound(f"{name}: the graders of a panel judge once each; a panel or a vote cannot be one of them.")
    return GraderName("panel", members)
