"""Limits are kept and used: the short form of `benchmarks/rate_limits.py`, and what the prompts of a session share."""

import pytest

from benchmarks import prompt_cost, rate_limits
from interview.backends.rate_limit import RateLimit
from interview.notes.library import PROJECT, built_in
from interview.prompts import load_prompts
from interview.rubrics import load_rubrics


def test_no_call_comes_inside_a_told_wait_and_the_limits_are_used():
    limits = rate_limits.limits_of(4)
    rate_limits.run(limits, 20)
    assert [limit.served for limit in limits] == [20] * 4
    assert sum(limit.refused for limit in limits) > 4, "else no limit was felt"
    assert [limit.inside for limit in limits] == [0] * 4
    assert min(limit.used for limit in limits) >= 0.9


def test_a_rate_limit_that_does_not_close_would_be_seen(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(RateLimit, "close_for", lambda self, seconds: None)
    limits = rate_limits.limits_of(1)
    rate_limits.run(limits, 8)
    assert limits[0].inside > 0


def test_what_a_prompt_shares_with_the_one_before_comes_first():
    prompt = load_prompts(PROJECT / "prompts").judge
    rubric = load_rubrics(PROJECT / "rubrics")["default"]
    found = prompt_cost.measure(built_in("en").questions[:6], prompt, rubric, "en")
    assert found.within_question > 0.9, "all but the answer is the same"
    assert found.within_session > 0.4, "system and rubric are the same"
    assert found.total == pytest.approx(sum(found.sizes.values()))
