"""What a click inside a grade card asks for: an appeal, an own verdict, or another grader's opinion."""

from typing import Literal

from pydantic import ValidationError

from interview.errors import VerdictRefused
from interview.models import Turn, Value
from interview.service.appeals import Appeals
from interview.service.interviewer import Interviewer

_MODES = ("", "@careful", "@vote=3")


class Wish(Value):
    """What the page tells. All of it is the client's word: ids are looked up in the store before use."""

    act: Literal["appeal", "own", "second"]
    turn: str
    grading: str = ""
    point: str = ""
    text: str = ""
    score: float = -1.0
    grader: str = ""


class Contest:
    """Does what the forms of a grade card ask for."""

    def __init__(self, interviewer: Interviewer, appeals: Appeals) -> None:
        """Both belong to the same store."""
        self._interviewer = interviewer
        self._appeals = appeals

    def graders(self) -> tuple[str, ...]:
        """The graders that can be asked for a second opinion, each judge in every mode, and the judges as a panel."""
        choices = self._interviewer.choices()
        judges = [choice.name for choice in choices if choice.kind == "judge"]
        others = [choice.name for choice in choices if choice.kind != "judge"]
        panel = [f"panel={','.join(judges)}"] if len(judges) > 1 else []
        return (*(f"{name}{mode}" for name in judges for mode in _MODES), *panel, *others)

    def __call__(self, told: object, turns: tuple[Turn, ...]) -> None:
        """Do it. VerdictRefused: it makes no sense, or is about none of the page's `turns`."""
        try:
            wish = Wish.model_validate(told)
        except ValidationError:
            raise VerdictRefused("The page asked for something that there is not. Reload it.") from None
        turn = next((turn for turn in turns if turn.id == wish.turn and turn.answer is not None), None)
        if turn is None or turn.answer is None:
            raise VerdictRefused("This answer is not there any more. Reload the page.")
        if wish.act == "own":
            self._appeals.override(turn.answer.id, wish.score, wish.text)
        elif wish.act == "appeal":
            if wish.grading not in {grading.id for grading in turn.gradings}:
                raise VerdictRefused("This grade is not there any more. Reload the page.")
            self._appeals.appeal(wish.grading, wish.point, wish.text)
        else:
            self._interviewer.regrade(turn.answer.id, wish.grader)
