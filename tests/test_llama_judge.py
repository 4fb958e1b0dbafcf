"""The judge against a real server whose model writes noise: it may claim what it likes, nothing breaks."""

import asyncio
from pathlib import Path

import pytest

from benchmarks.random_judge import BRIEF, brief_prompts, grade_all
from tests.llama import LlamaServer

GRADINGS = 20


@pytest.mark.llama
def test_noise_in_valid_json_is_never_a_grade_out_of_nothing(llama_server: LlamaServer, tmp_path: Path):
    tally = asyncio.run(grade_all(llama_server, GRADINGS, BRIEF, brief_prompts(tmp_path)))
    assert tally.crashes == []
    assert tally.inventions == []
    assert tally.lost == []
    assert tally.outcomes.total() == GRADINGS
    assert tally.outcomes["graded"] > 0  # else nothing was checked
    assert tally.streamed > 0
    assert tally.unverified > 0
