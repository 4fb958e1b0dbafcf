"""A small grading, the same for everybody, that shows whether a model can be used as a judge."""

from collections.abc import Callable

from interview.backends.backend import CompletionRequest
from interview.grading.grader import GradingRequest
from interview.grading.json_text import BadReply
from interview.grading.judge_prompt import JudgePrompt
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
    """Return the request of a judge with its real schema, and a check of the reply: its fault, or empty."""
    request = GradingRequest(question=_QUESTION, answer=_ANSWER, rubric=rubric, lang="en")
    asked = JudgePrompt(request, prompts.judge, b"probe")
    form = asked.form

    def problem(reply: str) -> str:
        try:
            form.read(reply)
        except BadReply as fault:
            return str(fault)
        return ""

    return CompletionRequest(
        messages=asked.messages, schema_name=form.name, json_schema=form.schema, max_tokens=asked.max_tokens
    ), problem
