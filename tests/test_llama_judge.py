"""The judge against a real server whose model writes noise: it may claim what it likes, nothing breaks."""

import asyncio
from pathlib import Path

import pytest

from benchmarks.random_judge import brief_prompts, grade_all
from interview.models import KeyPoint, Question
from tests.llama import LlamaServer

GRADINGS = 50
QUESTIONS = (
    Question(
        id="noise/zh",
        section="噪声",
        number=1,
        text="什么是注意力？",
        file="noise.md",
        line=1,
        reference="注意力按相似度给每个值一个权重，\n再把这些值加权求和。",
        key_points=(KeyPoint(id="k1", text="按相似度分配权重"), KeyPoint(id="k2", text="对值加权求和")),
    ),
    Question(
        id="noise/en",
        section="Noise",
        number=2,
        text="What is attention?",
        file="noise.md",
        line=5,
        reference="It weighs every value by similarity,\nand adds the weighted values up.",
        key_points=(
            KeyPoint(id="k1", text="weights by similarity"),
            KeyPoint(id="k2", text="a weighted sum of values"),
        ),
    ),
)


@pytest.mark.llama
def test_noise_in_valid_json_is_never_a_grade_out_of_nothing(llama_server: LlamaServer, tmp_path: Path):
    tally = asyncio.run(grade_all(llama_server, GRADINGS, QUESTIONS, brief_prompts(tmp_path)))
    assert tally.crashes == []
    assert tally.inventions == []
    assert tally.lost == []
    assert tally.outcomes.total() == GRADINGS
    assert tally.outcomes["graded"] > 0  # else nothing was checked
    assert tally.streamed > 0
    assert tally.unverified > 0
