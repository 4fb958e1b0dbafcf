"""A small grading, the same for everybody, to find out whether a model can be used as a judge."""

from collections.abc import Callable

from interview.backends.backend import CompletionRequest
from interview.grading.grader import GradingRequest
from interview.grading.judge_prompt import JudgePrompt
from interview.grading.wire import BadReply
from interview.models import KeyPoint, Question
from interview.prompts import Prompts
from interview.rubrics import Rubric

_QUESTION = Question(
    id="probe",
    section="",
    number=None,
    text="What does the HTTP status 404 say?",
    file="",
    line=1,
    reference="The server works and was reached, but it has nothing at this address.",
    key_points=(
        KeyPoint(id="k1", text="the server was reached"),
        KeyPoint(id="k2", text="there is nothing at this address"),
    ),
)
_ANSWER = "I got through to the server, and it told me that the page does not exist."


def sample_grading(prompts: Prompts, rubric: Rubric) -> tuple[CompletionRequest, Callable[[str], str]]:
    """What a judge would be asked, with its real schema, and what is wrong with a reply to it (empty: nothing)."""
    request = GradingRequest(question=_QUESTION, answer=_ANSWER, rubric=rubric, lang="en")
    asked = JudgePrompt(request, prompts.judge, b"probe")

    def problem(reply: str) -> str:
        try:
            asked.form.read(reply, answer=_ANSWER)
        except BadReply as fault:
            return str(fault)
        return ""

    return asked.completion(asked.messages), problem
