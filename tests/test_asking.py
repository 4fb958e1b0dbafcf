"""Asking a model for a value: read strictly, repaired once, else refused in words."""

import asyncio
import json
from collections.abc import Callable

import pytest

from interview.backends.scripted import Reply, ScriptedBackend
from interview.errors import BackendError, LastingFault, PassingFault
from interview.grading.asking import Asker, Wire, form_of
from interview.grading.json_text import BadReply
from interview.prompts import Part, load_prompts
from tests.conftest import REPO

PROMPTS = load_prompts(REPO / "prompts")
PARTS = (Part("system", "You count."), Part("user", "How many?"))


class Count(Wire):
    number: int


def count(number: object) -> str:
    return json.dumps({"number": number})


def asked(*replies: Reply, check: Callable[[Count], str] = lambda value: "") -> tuple[Count, ScriptedBackend]:
    backend = ScriptedBackend(replies)
    asker = Asker(backend, PROMPTS, purpose="audit", session_id="s")
    return asyncio.run(asker.ask(PARTS, form_of(Count, check), max_tokens=50)), backend


def test_one_call_is_enough_for_a_reply_that_fits():
    value, backend = asked(count(3))
    assert value.number == 3
    (request,) = backend.requests
    assert [message.content for message in request.messages] == ["You count.", "How many?"]
    assert (request.purpose, request.session_id, request.max_tokens) == ("audit", "s", 50)
    assert request.schema_name == "count"
    assert request.json_schema is not None
    assert request.json_schema["required"] == ["number"]


def test_a_reply_that_does_not_fit_is_sent_back_once_with_the_reason():
    value, backend = asked(count("three"), count(3))
    assert value.number == 3
    echo, repair = backend.requests[1].messages[-2:]
    assert (echo.role, echo.content) == ("assistant", count("three"))
    assert "number: Input should be a valid integer" in repair.content
    assert backend.requests[1].messages[:2] == backend.requests[0].messages


@pytest.mark.parametrize("bad", ["nothing", "{}", '{"number": 1, "other": 2}', '{"number": tru', "[1]"])
def test_a_reply_that_stays_bad_is_a_lasting_fault(bad: str):
    with pytest.raises(LastingFault, match="stayed unusable") as fault:
        asked(bad, bad)
    assert fault.value.fault == "bad_reply"


def test_a_value_of_the_right_form_may_still_be_refused():
    def check(value: Count) -> str:
        return "" if value.number > 0 else "the number must be above 0"

    value, backend = asked(count(-1), count(1), check=check)
    assert value.number == 1
    assert "the number must be above 0" in backend.requests[1].messages[-1].content
    with pytest.raises(LastingFault, match="above 0"):
        asked(count(-1), count(-2), check=check)


@pytest.mark.parametrize("fault", [PassingFault("busy", fault="rate_limited"), LastingFault("no", fault="key_refused")])
def test_what_the_backend_raises_passes_through(fault: BackendError):
    with pytest.raises(type(fault)) as raised:
        asked(fault)
    assert raised.value is fault


@pytest.mark.parametrize("around", ["```json\n{}\n```", '<think>so {{"number": 1}}</think>\n{}', "It is\n{} as said."])
def test_the_last_object_of_the_text_counts(around: str):
    text = around.replace("{}", count(2)).replace("{{", "{").replace("}}", "}")
    assert form_of(Count).read(text).number == 2


def test_no_object_is_told_as_such():
    with pytest.raises(BadReply, match="no valid JSON object"):
        form_of(Count).read("sorry")
