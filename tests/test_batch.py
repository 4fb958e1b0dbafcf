"""The short form of `python -m benchmarks.batch`: everything is graded, with one call each; nothing is timed."""

import json

import pytest

from benchmarks.batch import Round, Run, one_round
from benchmarks.constant_judge import reply_of
from interview.grading.reply import ReplyForm


def test_twenty_answers_are_graded_with_one_call_each():
    found = one_round(n=20, in_flight=8, latency=0.02)
    assert (found.n, found.graded, found.calls) == (20, 20, 20)
    assert 1 <= found.most_in_flight <= 8
    assert found.bytes_per_answer > 1000
    assert 0 < found.grading_seconds < found.evaluate.wall
    assert min(found.evaluate.cpu, found.bare.cpu, found.evaluate.wall) > 0


def test_ratios_are_of_the_whole_processes():
    numbers = {
        "graded": 100,
        "calls": 100,
        "connections": 4,
        "most_in_flight": 4,
        "bytes_per_answer": 1.0,
        "grading_seconds": 4.0,
    }
    found = Round(n=100, limit=0.5, evaluate=Run(5.0, 2.0), bare=Run(1.0, 0.5), **numbers)
    assert (found.wall_ratio, found.cpu_ms, found.bare_cpu_ms, found.cpu_ratio) == (10.0, 20.0, 5.0, 4.0)


def test_the_constant_reply_fits_the_form_and_quotes():
    form = ReplyForm(("k1", "k2"), {"depth": ("low", "high")}, ("p1",))
    said = form.read(reply_of(form.schema, {"k1": "a quote"}, "Fine."))
    assert [(point.quote, point.verdict) for point in said.key_points.values()] == [
        ("a quote", "covered"),
        ("", "covered"),
    ]
    assert (said.criteria["depth"].level, said.pitfalls, said.feedback) == ("low", [], "Fine.")
    with pytest.raises(ValueError, match="no reply to"):
        reply_of({"type": "object", "properties": {"n": {"type": "number"}}}, {})
    assert json.loads(reply_of(form.schema, {}))["errors"] == []
