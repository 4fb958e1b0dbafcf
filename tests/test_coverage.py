"""The coverage estimate: bounded, deterministic, labelled, and as close to people as the notes say."""

import asyncio
import json
import math
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interview.grading.coverage import CoverageGrader
from interview.grading.coverage_formula import raw_score
from interview.grading.grader import GradingRequest
from interview.grading.words import content_words, plain
from interview.models import Graded, KeyPoint, Question, Ungraded
from interview.rubrics import load_rubrics
from interview.text import clean

REPO = Path(__file__).resolve().parent.parent
RUBRIC = load_rubrics(REPO / "rubrics")["default"]
MIXED = st.text(st.sampled_from("自注意力机制的不是 abcdeABC12.5，。;!?()=+≤_*#-\n\t\u200b😀é<br>"), max_size=120)

DROPOUT = "训练时随机关闭一部分神经元，防止过拟合。测试时不关闭，但要缩放输出。"
CACHE = (
    "A cache keeps recent pages in memory. It evicts the page that was used least recently. Writes go to disk later."
)


def question(reference: str, text: str = "什么是 Dropout？", points: tuple[KeyPoint, ...] = ()) -> Question:
    return Question(
        id="q", section="s", number=1, text=text, file="f.md", line=1, reference=reference, key_points=points
    )


def outcome(asked: Question, answer: str) -> Graded | Ungraded:
    async def last() -> Graded | Ungraded:
        request = GradingRequest(question=asked, answer=answer, rubric=RUBRIC, lang="zh")
        events = [event async for event in CoverageGrader().grade(request)]
        assert isinstance(events[-1], Graded | Ungraded)
        return events[-1]

    return asyncio.run(last())


def graded(asked: Question, answer: str) -> Graded:
    found = outcome(asked, answer)
    assert isinstance(found, Graded)
    for point in found.key_points:
        for evidence in point.evidence:
            assert answer[evidence.start : evidence.end] == evidence.quote
    return found


def test_the_reference_itself_covers_everything():
    for reference in (DROPOUT, CACHE, "n", "是的", "O(n^2·d)"):
        grade = graded(question(reference, "Q"), reference)
        assert grade.score == 10.0
        assert grade.band == "strong"


def test_an_estimate_says_that_it_is_one():
    grade = graded(question(DROPOUT), "随机关闭神经元")
    assert grade.label == "coverage_estimate"
    assert (grade.provenance.grader, grade.provenance.kind, grade.provenance.host) == ("coverage", "coverage", "")
    assert grade.feedback == ""


def test_each_point_shows_how_much_of_it_was_mentioned_and_where():
    answer = "它在训练的时候随机关闭神经元，这样可以防止过拟合。分工明确。"
    first, second = graded(question(DROPOUT), answer).key_points
    assert first.verdict == "covered"
    assert first.coverage is not None
    assert first.coverage > 0.75
    assert [evidence.quote for evidence in first.evidence] == ["训练的时", "随机关闭神经元", "防止过拟合"]
    assert (second.verdict, second.evidence) == ("missing", ())


SUM = re.compile(
    r"10 × (?:min\((?P<limit>[\d.]+), )?(?P<factors>(?:[\d.]+ × )*)"
    r"\(0\.7 × (?P<coverage>[\d.]+) \+ 0\.3 × (?P<recall>[\d.]+)\)(?:\^(?P<exponent>0\.7))?\)? = (?P<score>[\d.]+)"
)


def by_hand(grade: Graded) -> tuple[float, re.Match[str]]:
    line = SUM.fullmatch(grade.sum)
    assert line is not None
    found = (0.7 * float(line["coverage"]) + 0.3 * float(line["recall"])) ** float(line["exponent"] or 1)
    found *= math.prod(float(factor) for factor in line["factors"].split(" × ") if factor)
    return 10 * min(float(line["limit"] or 1), found), line


def test_the_sum_can_be_checked_by_hand():
    grade = graded(question(CACHE, "How does a page cache work?"), "It keeps pages in memory and evicts old ones.")
    computed, line = by_hand(grade)
    assert computed == pytest.approx(grade.score, abs=0.051)
    assert line["exponent"] == "0.7"
    weights = [point.weight for point in grade.key_points]
    covered = [point.weight * (point.coverage or 0) for point in grade.key_points]
    assert float(line["coverage"]) == pytest.approx(sum(covered) / sum(weights), abs=0.002)


def test_the_author_s_points_count_in_proportion_and_above_chance():
    points = (
        KeyPoint(id="k1", text="alpha beta gamma delta"),
        KeyPoint(id="k2", text="epsilon zeta eta theta"),
    )
    asked = question("alpha beta gamma delta, epsilon zeta eta theta", "Q", points)
    whole, chance = graded(asked, "alpha beta gamma delta"), graded(asked, "alpha and nothing else that matters")
    assert [point.coverage for point in whole.key_points] == [1, 0]
    assert [point.coverage for point in chance.key_points] == [0, 0]
    computed, line = by_hand(whole)
    assert line["exponent"] is None
    assert computed == pytest.approx(whole.score, abs=0.051)


WORDS = (
    "river lantern mountain coffee violin harbour marble pepper thunder walnut blanket copper falcon garden hammer "
    "island jacket kitchen ladder mirror"
)


@pytest.mark.parametrize(
    ("said", "of", "coverage", "verdict"),
    [  # coverage: (said / of - 0.25) / 0.55
        (7, 15, 0.394, "missing"),
        (8, 17, 0.401, "partial"),
        (13, 20, 0.727, "partial"),
        (2, 3, 0.758, "covered"),
    ],
)
def test_a_point_is_partial_from_four_tenths_and_covered_from_three_quarters(
    said: int, of: int, coverage: float, verdict: str
):
    asked = question("", "Why?", (KeyPoint(id="k1", text=" ".join(WORDS.split()[:of])),))
    (point,) = graded(asked, " ".join(WORDS.split()[:said])).key_points
    assert (point.coverage, point.verdict) == (coverage, verdict)


def test_half_of_a_bare_reference_is_more_than_half_of_the_score_and_far_from_all():
    assert 5 < graded(question(DROPOUT), "训练时随机关闭一部分神经元，防止过拟合。").score < 8


LONG_ZH = (
    "顺序存放的元素占用连续空间，支持按下标直接读取。插入需要移动后面所有元素，代价随长度增长。链式存放则用指针串起节点，"
    "改动只影响相邻位置，但查找必须从头遍历。"
)
LONG_EN = (
    "A router forwards packets by destination address, while a switch learns hardware addresses from incoming frames. "
    "Congestion control halves the sending window after loss and grows it slowly once acknowledgements return."
)


@pytest.mark.parametrize("reference", [LONG_ZH, LONG_EN])
@pytest.mark.parametrize("separator", [" ", "，", "\n"])
def test_keywords_without_their_order_are_worth_little(reference: str, separator: str):
    words = [word.text for word in content_words(plain(reference))]
    shuffled = [random.Random(seed).sample(words, len(words)) for seed in range(20)]
    grades = [graded(question(reference, "Q"), separator.join(order)) for order in shuffled]
    assert sum(grade.score for grade in grades) / len(grades) <= 4.5
    assert all(by_hand(grade)[0] == pytest.approx(grade.score, abs=0.051) for grade in grades)
    assert any("min(" in grade.sum for grade in grades)


def test_chinese_words_that_stay_whole_are_keywords_too():
    reference = (
        "顺序存放元素占用连续空间支持下标直接读取插入需要移动后面代价随着长度增长"
        "链式结构指针串联节点改动影响相邻位置查找必须从头遍历"
    )
    words = [reference[at : at + 2] for at in range(0, len(reference), 2)]
    shuffled = [random.Random(seed).sample(words, len(words)) for seed in range(20)]
    assert sum(graded(question(reference, "Q"), " ".join(order)).score for order in shuffled) / 20 <= 4


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        (
            LONG_ZH,
            "链式存放用指针串起节点，查找必须从头遍历；顺序存放占用连续空间，支持按下标直接读取，插入需要移动元素",
        ),
        (LONG_EN, "Switches learn hardware addresses from frames. A router forwards packets by destination address."),
        ("综合配送、专业配送、共同配送", "共同配送、综合配送、专业配送"),
        ("MLM、NSP", "NSP、MLM"),
    ],
)
def test_another_order_of_the_statements_is_no_disorder(reference: str, answer: str):
    assert "min(" not in graded(question(reference, "Q"), answer).sum


def test_the_opposite_of_everything_costs_most_and_one_opposed_clause_little():
    reference = "双向链表可以从尾部遍历。插入时需要修改两个指针。节点空间能够分散存放。删除操作必须先找到前驱。"
    opposite = "双向链表不可以从尾部遍历。插入时不需要修改两个指针。节点空间不能够分散存放。删除操作不必须先找到前驱。"
    one = reference.replace("能够", "不能够")
    asked = question(reference, "有什么特点？")
    whole, against = graded(asked, one), graded(asked, opposite)
    assert against.score <= 4
    assert by_hand(against)[0] == pytest.approx(against.score, abs=0.051)
    assert whole.score >= 9


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        ("两种方法不同，结果一致", "两种方法有差异，方法结果一致"),
        ("批量归一化非常稳定地加速训练", "批量归一化稳定地加速训练"),
        ("dropout regularises large networks strongly", "dropout not only regularises large networks strongly"),
    ],
)
def test_a_negation_inside_another_word_denies_nothing(reference: str, answer: str):
    assert graded(question(reference, "Q"), answer).flags == ()


def test_a_word_with_a_typing_error_counts_almost_fully():
    right = graded(question(CACHE, "Q"), "The page used least recently is evicted.").score
    typed = graded(question(CACHE, "Q"), "The page used least recenty is evicted.").score
    assert right * 0.85 < typed < right


def test_words_of_the_question_weigh_less():
    asked = question("快取页表 磁盘落后", "快取页表怎么工作？")
    known, new = graded(asked, "快取页表 真好").score, graded(asked, "磁盘落后 真好").score
    assert known < 0.6 * new


def test_the_opposite_is_no_full_cover():
    asked = question("双向链表可以从尾部遍历。", "双向链表有什么特点？")
    said, opposed = graded(asked, "可以从尾部遍历双向链表"), graded(asked, "不可以从尾部遍历双向链表")
    assert (said.key_points[0].verdict, said.flags) == ("covered", ())
    assert (opposed.key_points[0].verdict, opposed.flags) == ("partial", ("polarity:k1",))
    assert opposed.score < said.score


def test_a_point_with_one_opposed_clause_is_never_covered():
    points = (KeyPoint(id="k1", text="双向链表可以从尾部遍历，插入时要修改两个指针"),)
    asked = question("", "有什么特点？", points)
    assert graded(asked, "双向链表可以从尾部遍历，插入时要修改两个指针").key_points[0].verdict == "covered"
    grade = graded(asked, "双向链表不可以从尾部遍历，插入时要修改两个指针")
    assert (grade.key_points[0].coverage or 0) > 0.8
    assert (grade.key_points[0].verdict, grade.flags) == ("partial", ("polarity:k1",))


def test_opposite_verdicts_cost_most_of_the_score():
    asked = question("正确，栈是后进先出的表", "栈是后进先出的表，对吗？")
    agreed, clashing = graded(asked, "正确，栈是后进先出的表"), graded(asked, "错误，栈是后进先出的表")
    assert clashing.score < 0.35 * agreed.score
    assert "verdict_clash" in clashing.flags
    assert "0.3 × (" in clashing.sum
    assert by_hand(clashing)[0] == pytest.approx(clashing.score, abs=0.051)


@pytest.mark.parametrize("reference", ["", "   \n", "![图](1.png)", "---"])
def test_nothing_to_compare_with_is_no_grade(reference: str):
    found = outcome(question(reference), "随机关闭神经元")
    assert isinstance(found, Ungraded)
    assert found.reason == "no_reference"


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        (CACHE, "缓存把最近使用的页面放在内存里，淘汰最久没有使用的页面"),
        (CACHE, "缓存把最近使用的 page 放在 memory 里，淘汰最久没有使用的页面，写回以后再做"),
        (DROPOUT, "It switches off random neurons while training, which prevents overfitting."),
    ],
)
def test_another_language_is_no_grade(reference: str, answer: str):
    found = outcome(question(reference), answer)
    assert isinstance(found, Ungraded)
    assert found.reason == "language_mismatch"


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        ("BERT 用 MLM 和 NSP 两个任务预训练", "MLM 和 NSP"),
        ("Attention = Softmax[(Q*K^T)/(dk)^(1/2)] *V", "Attention 就是用 Softmax 处理 Q 和 K 的乘积，再乘以 V"),
        (DROPOUT, "训练时对 neuron 做 random dropout，避免 overfitting"),
        (CACHE, "a page cache（缓存）keeps pages in memory"),
        (DROPOUT, "O(n^2)"),
    ],
)
def test_terms_of_the_other_language_are_normal(reference: str, answer: str):
    assert isinstance(outcome(question(reference), answer), Graded)


@pytest.mark.parametrize("answer", ["不知道", "I don't know", "...", "什么是dropout"])
def test_no_answer_is_zero_whatever_its_language(answer: str):
    for reference in (DROPOUT, CACHE):
        grade = graded(question(reference), answer)
        assert (grade.score, grade.label) == (0.0, "coverage_estimate")
        assert grade.flags[0].startswith("guard:")
        assert {point.verdict for point in grade.key_points} == {"missing"}


def test_the_author_s_points_are_counted_by_their_weights():
    points = (
        KeyPoint(id="k1", text="随机关闭神经元", weight=3),
        KeyPoint(id="k2", text="缩放输出"),
        KeyPoint(id="k3", text="类似集成学习", kind="bonus"),
    )
    asked = question(DROPOUT, points=points)
    one = graded(asked, "就是随机关闭神经元")
    assert [point.verdict for point in one.key_points] == ["covered", "missing", "missing"]
    assert [point.weight for point in one.key_points] == [3, 1, 1]
    assert "(0.7 × 0.750 +" in one.sum
    assert graded(asked, "就是随机关闭神经元，类似集成学习").score > one.score
    both = graded(asked, "随机关闭神经元，缩放输出，类似集成学习")
    assert "(0.7 × 1.000 +" in both.sum


def test_key_points_need_no_reference():
    asked = question("", points=(KeyPoint(id="k1", text="随机关闭神经元"),))
    assert graded(asked, "随机关闭神经元").score == 10.0


def test_a_point_without_words_is_left_out_of_the_sum():
    points = (KeyPoint(id="k1", text="随机关闭神经元"), KeyPoint(id="k2", text="是的"))
    grade = graded(question("随机关闭神经元", points=points), "随机关闭神经元")
    assert grade.score == 10.0
    assert (grade.key_points[1].verdict, grade.key_points[1].coverage) == ("cannot_assess", None)


@settings(deadline=None)
@given(MIXED, MIXED, MIXED)
def test_any_texts_give_a_bounded_grade_with_true_evidence(reference: str, text: str, answer: str):
    found = outcome(question(reference, text), clean(answer))
    if isinstance(found, Graded):
        assert 0 <= found.score <= 10
        assert found.band in {band.id for band in RUBRIC.bands}
        for point in found.key_points:
            assert point.verdict != "contradicted"
            assert point.coverage is None or 0 <= point.coverage <= 1
            assert (point.verdict in {"covered", "partial"}) == bool(point.evidence)
            ends = 0
            for evidence in point.evidence:
                assert ends <= evidence.start < evidence.end
                assert clean(answer)[evidence.start : evidence.end] == evidence.quote
                ends = evidence.end


@settings(deadline=None)
@given(MIXED, MIXED, MIXED)
def test_the_best_of_several_references_counts(one: str, other: str, answer: str):
    each = [raw_score("Q", [reference], answer) for reference in (one, other)]
    both = raw_score("Q", [one, other], answer)
    assert both == max((score for score in each if score is not None), default=None)
    assert both is None or 0 <= both <= 1


def test_hash_seeds_do_not_change_a_byte():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); sys.path.insert(0, sys.argv[1] + '/tests')\n"
        "from test_coverage import CACHE, DROPOUT, graded, question\n"
        "answer = 'Evicts pages used least recenty or recentl; cachd cachs stay in memory, writing hapens later.'\n"
        "print(graded(question(CACHE, 'How?'), answer).model_dump_json())\n"
        "print(graded(question(DROPOUT), '随机关闭神经元，测试时输出要缩放').model_dump_json())\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code, str(REPO)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(outputs) == 1
    assert outputs.pop().count(b'"status":"graded"') == 2


def pearson(one: list[float], other: list[float]) -> float:
    mean, mean_other = sum(one) / len(one), sum(other) / len(other)
    shared = sum((a - mean) * (b - mean_other) for a, b in zip(one, other, strict=True))
    spread = sum((a - mean) ** 2 for a in one) * sum((b - mean_other) ** 2 for b in other)
    return shared / math.sqrt(spread)


@pytest.mark.shared
@pytest.mark.parametrize(("name", "least"), [("saf_en", 0.70), ("ads_zh", 0.575), ("le_zh", 0.78)])
def test_it_agrees_with_people_as_well_as_promised(shared: Path, name: str, least: float):
    rows = [json.loads(line) for line in (shared / "data" / f"{name}.jsonl").read_text("utf-8").splitlines()]
    scores = [raw_score(row["question"], row.get("references") or [row["reference"]], row["answer"]) for row in rows]
    numbers = [score for score in scores if score is not None]
    assert len(numbers) == len(rows)
    assert pearson(numbers, [row["score"] / row["max_score"] for row in rows]) >= least


@pytest.mark.shared
def test_hostile_strings_are_graded_like_any_text(shared: Path):
    for line in (shared / "data" / "blns.jsonl").read_text("utf-8").splitlines():
        text = clean(json.loads(line)["text"])
        assert 0 <= graded_or_zero(question(DROPOUT + text, text), text) <= 10
        assert graded_or_zero(question(CACHE, "Q"), text) <= 5


def graded_or_zero(asked: Question, answer: str) -> float:
    found = outcome(asked, answer)
    return found.score if isinstance(found, Graded) else 0.0


def test_notes_of_terms_that_are_asked_in_chinese_can_be_answered_in_chinese():
    asked = question("Transformer的Encoder，self-attention + layernorm + FFN", "BERT基本结构")
    answer = "由多层编码器堆叠而成，每一层先做自注意力，再做前馈网络，最后做归一化。"
    assert isinstance(outcome(asked, answer), Graded)
    assert isinstance(outcome(question("Encoder layers with self-attention and FFN", "BERT基本结构"), answer), Ungraded)
