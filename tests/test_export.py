"""Transcripts out: everything that happened is in them, and no text in them can break the document."""

import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from interview.export import formulas, transcript_html, transcript_json, transcript_lines, transcript_markdown
from interview.models import (
    Answer,
    CriterionGrade,
    Evidence,
    Finding,
    Graded,
    Grading,
    Language,
    Outcome,
    PointGrade,
    Provenance,
    Question,
    ReferenceDoubt,
    Remark,
    SelfGraded,
    Session,
    SessionPlan,
    Transcript,
    Turn,
    TurnMarks,
    Ungraded,
)
from interview.text import clean

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOSTILE = "```\n# Not a heading\n</details><script>alert(1)</script>\n![x](https://example.invalid/leak)\n````"
MARKUP = st.sampled_from("`~#>-+=*_1.)<![]&|$\\ \r\n\t")
ANYTHING = st.text(alphabet=MARKUP | st.characters(), max_size=80).map(clean)


def made_by(**changes) -> Provenance:
    return Provenance(
        grader="work:big",
        kind="judge",
        host="llm.example",
        model="big",
        prompt="judge@aaaaaaaaaaaa",
        rubric="default@bbbbbbbbbbbb",
        question_digest="cccccccccccc",
        reference_digest="dddddddddddd",
    ).model_copy(update=changes)


def grade(text: str = "because") -> Graded:
    return Graded(
        score=6.9,
        max_score=10,
        band="good",
        label="judgement",
        key_points=(
            PointGrade(
                id="k1",
                text=text,
                weight=2,
                kind="required",
                verdict="covered",
                verified=True,
                evidence=(Evidence(quote="layer norm", start=3, end=13),),
                reason=text,
            ),
            PointGrade(
                id="k2",
                text="second",
                weight=1,
                kind="bonus",
                verdict="missing",
                verified=False,
                claimed="covered",
                claimed_quote=text,
            ),
        ),
        criteria=(CriterionGrade(id="depth", level="solid", value=0.5, reason=text),),
        findings=(Finding(kind="error", severity="major", evidence=Evidence(quote="x", start=0, end=1), reason=text),),
        doubt=ReferenceDoubt(status="disputed", quote=text, reason=text),
        flags=("unverified_quote",),
        feedback=text,
        sum="10 × 0.50 × (0.75 + 0.15×0.5 + 0.10×1) = 4.6",
        provenance=made_by(),
    )


def grading(outcome: Outcome | None, at: int = 0) -> Grading:
    return Grading(
        id=f"g{at}",
        answer_id="a1",
        grader="work:big",
        rubric="default",
        state="pending" if outcome is None else "done",
        attempt=1,
        created_at=NOW,
        outcome=outcome,
    )


def whole(*arguments, **options) -> Transcript:
    return Transcript(session=session(*arguments, **options))


def session(
    answer: str = "my answer", *, question: str = "Why?", reference: str = "Since.", outcomes=(), lang: Language = "en"
) -> Session:
    asked = Question(
        id="q1", section="Basics", number=1, text=question, file="n.md", line=3, reference=reference, tags=("a",)
    )
    turn = Turn(
        id="t1",
        session_id="s1",
        position=0,
        attempt=1,
        question=asked,
        state="answered",
        asked_at=NOW,
        hints_shown=1,
        answer=Answer(id="a1", turn_id="t1", text=answer, created_at=NOW),
        gradings=tuple(grading(outcome, at) for at, outcome in enumerate(outcomes)),
    )
    return Session(
        id="s1",
        title="Basics",
        plan=SessionPlan(lang=lang),
        created_at=NOW,
        questions=(asked, asked),
        turns=(turn,),
    )


def followed_up(text: str = "And what if not?", *, hint: str = "Think of it.", lang: Language = "en") -> Transcript:
    """A question that was answered after a hint, followed up, answered again, and passed over a third time."""
    told = session(lang=lang)
    first, question = told.turns[0], told.turns[0].question.model_copy(update={"hints": (hint, "never shown")})
    asked = NOW + timedelta(minutes=5)

    def again(number: int, **changes: object) -> Turn:
        answer = Answer(id=f"a{number}", turn_id=f"t{number}", text=f"answer {number}", created_at=asked)
        later: dict[str, object] = {"id": f"t{number}", "attempt": number, "hints_shown": 0, "answer": answer}
        return first.model_copy(update=later | {"asked_at": asked - timedelta(seconds=125)} | changes)

    turns = (
        first,
        again(2, follow_up=text, parent="t1"),
        again(3, confidence=3, revealed=True),
        again(4, state="skipped", answer=None),
    )
    turns = tuple(turn.model_copy(update={"question": question}) for turn in turns)
    return Transcript(session=told.model_copy(update={"questions": (question, question), "turns": turns}))


def pieces(text: str, sign: str) -> list[str]:
    """What stands from one sign on to the next, without what stands before the first."""
    return text.split(sign)[1:]


def tokens(markdown: str):
    return MarkdownIt("commonmark").parse(markdown)


def headings(markdown: str) -> int:
    return sum(token.type == "heading_open" for token in tokens(markdown))


def fences(markdown: str) -> list[str]:
    return [token.content for token in tokens(markdown) if token.type == "fence"]


def shown(markdown: str) -> str:
    """The text that a reader of the rendered document sees."""
    return re.sub(r"<[^>]+>", "", MarkdownIt("commonmark").render(markdown))


def test_markdown_shows_question_answer_and_every_part_of_the_grade():
    text = shown(transcript_markdown(whole(outcomes=[grade()])))
    for part in [
        "1. Why?",
        "Basics",
        "my answer",
        "after a hint",
        "6.9 / 10",
        "good",
        "judged by a model",
        "k1 (weight 2): because",
        "“layer norm” [3–13]",
        "bonus",
        "covered? the quoted words are not in the answer: “because”",
        "depth: solid (0.5)",
        "error  (major) “x” [0–1]",
        "disputed",
        "unverified_quote",
        "10 × 0.50 × (0.75 + 0.15×0.5 + 0.10×1) = 4.6",
        "work:big",
        "llm.example",
        "judge@aaaaaaaaaaaa",
        "default@bbbbbbbbbbbb",
        "reference dddddddddddd",
        "Since.",
        "2026-01-02 03:04:05 UTC",
        "Mean of the judged answers: 6.9 / 10",
    ]:
        assert part in text, part


def test_every_grade_stands_beside_the_others():
    failure = Ungraded(reason="unreachable", detail="nobody at home", provenance=made_by())
    own = SelfGraded(score=8, max_score=10, note="fair")
    estimate = grade().model_copy(update={"label": "coverage_estimate", "score": 3.2})
    text = shown(transcript_markdown(whole(outcomes=[grade(), failure, own, estimate, None])))
    for part in [
        "6.9 / 10",
        "unreachable",
        "nobody at home",
        "8 / 10",
        "fair",
        "3.2 / 10",
        "coverage estimate, not a judgement of correctness",
        "Waiting to be graded",
    ]:
        assert part in text, part


TOLD_BY_TURN = {
    "en": [
        ["Hints that were shown", "Think of it.", "answered after a hint"],
        ["follow-up", "And what if not?", "answer 2", "answered after a hint", "answered in 2:05"],
        ["attempt 2", "answer 3", "after the reference was shown", "confidence: certain", "answered in 2:05"],
        ["attempt 3", "Skipped."],
    ],
    "zh": [
        ["看过的提示", "Think of it.", "看过提示后作答"],
        ["追问", "And what if not?", "answer 2", "看过提示后作答", "用时 2:05"],
        ["第 2 次作答", "answer 3", "看过参考答案后作答", "把握：很有把握", "用时 2:05"],
        ["第 3 次作答", "已跳过。"],
    ],
}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("form", ["markdown", "html"])
def test_each_turn_tells_what_was_asked_and_how_its_answer_was_reached(form: str, lang: Language):
    transcript = followed_up(lang=lang)
    if form == "html":
        turns = [Page(article).text for article in pieces(transcript_html(transcript), "<article>")]
    else:
        turns = [shown(part) for part in pieces("\n" + transcript_markdown(transcript), "\n## ")]
    for turn, parts in zip(turns, TOLD_BY_TURN[lang], strict=True):
        for part in parts:
            assert part in turn, (part, turn)
        assert "never shown" not in turn
    for turn in (turns[0], *turns[2:]):
        assert "And what if not?" not in turn
    assert not any(word in turns[3] for word in ("hint", "提示", "2:05"))


def test_an_answer_without_help_says_so_and_no_time_where_none_is_known():
    plain = session()
    turn = plain.turns[0].model_copy(update={"hints_shown": 0})
    for text in (transcript_markdown, transcript_html):
        told = text(Transcript(session=plain.model_copy(update={"turns": (turn,)})))
        assert "answered unaided" in told
        assert "answered in" not in told


def test_a_failure_shows_no_score():
    failure = Ungraded(reason="key_refused", provenance=made_by())
    text = shown(transcript_markdown(whole(outcomes=[failure])))
    assert "Not graded" in text
    assert "/ 10" not in text


def test_chinese_sessions_read_chinese():
    text = transcript_markdown(whole(outcomes=[grade()], lang="zh"))
    assert "模型判定" in text
    assert "Key points" not in text


@pytest.mark.parametrize("turn_state", ["open", "skipped"])
def test_a_turn_without_answer_says_so(turn_state: str):
    plain = session()
    turn = plain.turns[0].model_copy(update={"answer": None, "state": turn_state})
    text = transcript_markdown(Transcript(session=plain.model_copy(update={"turns": (turn,)})))
    assert {"open": "Not answered.", "skipped": "Skipped."}[turn_state] in text


def test_hostile_text_changes_no_structure():
    plain = transcript_markdown(whole("x", question="x", reference="x", outcomes=[grade("x")]))
    hostile = transcript_markdown(whole(HOSTILE, question=HOSTILE, reference=HOSTILE, outcomes=[grade(HOSTILE)]))
    assert headings(hostile) == headings(plain)
    assert fences(hostile) == [HOSTILE + "\n"] * 2
    outside = "".join(token.content for token in tokens(hostile) if token.type in {"html_block", "html_inline"})
    assert "script" not in outside
    html = MarkdownIt("commonmark").render(hostile)
    assert "<img" not in html
    assert "<script" not in html


@given(answer=ANYTHING, other=ANYTHING)
def test_any_answer_comes_out_whole_and_any_text_stays_in_its_place(answer: str, other: str):
    markdown = transcript_markdown(whole(answer, question=other, reference="r" + other, outcomes=[grade(other)]))
    assert headings(markdown) == 4
    wanted = [(answer if answer.endswith("\n") else answer + "\n"), "r" + other]
    for found, text in zip(fences(markdown), wanted, strict=True):
        # Markdown's own reading of line ends; it is given the text as it is.
        assert found.rstrip("\n") == re.sub(r"\r\n|\r", "\n", text).rstrip("\n")


@given(ANYTHING)
def test_json_reads_back_as_the_same_session(text: str):
    original = session(text, outcomes=[grade(text), Ungraded(reason="timed_out", provenance=made_by()), None])
    written = transcript_json(Transcript(session=original))
    document = json.loads(written)
    assert (document["format"], document["version"]) == ("viva-transcript", 4)
    assert Session.model_validate(document["session"]) == original
    assert written.endswith("}\n")


@given(ANYTHING)
def test_no_follow_up_and_no_hint_changes_the_structure_of_markdown(text: str):
    plain, hostile = (transcript_markdown(followed_up(some, hint=some)) for some in ("x", text + HOSTILE))
    assert headings(hostile) == headings(plain)
    assert fences(hostile) == fences(plain)
    html = MarkdownIt("commonmark").render(hostile)
    assert "<img" not in html
    assert "<script" not in html


def test_json_keeps_chinese_readable():
    assert "残差" in transcript_json(whole("残差连接"))


# --- HTML


class Page(HTMLParser):
    """What a browser would make of a document: its elements, their attributes, its text, what it would load or run."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_shows_answer_reference_and_every_part_of_the_grade():
    transcript = whole(
        "so layer norm", reference="Since $\\frac{a}{b}$.\n\n```python\nx = 1 < 2\n```", outcomes=[grade()]
    )
    remark = Remark(id="r", turn_id="t1", kind="improved_answer", author="work:big", text="Better.", created_at=NOW)
    marks = {"t1": TurnMarks(starred=True, note="mind the norm")}
    document = transcript_html(transcript.model_copy(update={"marks": marks, "remarks": (remark,)}))
    page = Page(document)
    for part in ["Why?", "6.9 / 10", "Since ", "x = 1 < 2", "mind the norm", "Better.", "written by a model", "★"]:
        assert part in page.text, part
    assert '<mark class="covered">layer norm<sup>1</sup></mark>' in document
    assert page.elements.count("mfrac") == 1
    assert document.count("Content-Security-Policy") == 1


def test_html_of_an_estimate_shows_no_score():
    estimate = grade().model_copy(update={"label": "coverage_estimate", "score": 3.2, "sum": ""})
    page = Page(transcript_html(whole(outcomes=[estimate])))
    assert "coverage estimate, not a judgement of correctness" in page.text
    assert "3.2" not in page.text


@given(ANYTHING)
def test_no_text_puts_an_element_into_the_html_that_loads_or_runs(text: str):
    hostile = text + HOSTILE + "$\\text{<img src=x>}$ [x](https://example.invalid) ![x](y) <https://example.invalid>"
    asked = transcript_html(whole(hostile, question=hostile, reference=hostile, outcomes=[grade(hostile)]))
    page = Page(asked + transcript_html(followed_up(hostile, hint=hostile)))
    assert not {"script", "img", "a", "iframe", "link", "form", "object", "svg"} & set(page.elements)
    assert not {name for name in page.attributes if name.startswith("on") or name in {"src", "href", "style"}}


def test_formulas_of_a_follow_up_and_of_a_hint_are_drawn():
    page = Page(transcript_html(followed_up("And for $x^2$?\n\n```python\nx = 1\n```", hint="See $\\sqrt{x}$.")))
    assert (page.elements.count("msup"), page.elements.count("msqrt")) == (1, 1)
    assert "x = 1" in page.text


def test_a_formula_that_cannot_be_read_stands_as_its_source():
    assert "<code>\\frac{</code>" in transcript_html(whole(reference="Broken: $\\frac{$ here."))


def test_formulas_of_an_answer_are_drawn_and_one_that_a_mark_cuts_is_not():
    document = transcript_html(whole("so layer norm, $x^2$ and $y_1$ for $5 or $6.", outcomes=[grade()]))
    page = Page(document)
    assert (page.elements.count("msup"), page.elements.count("msub")) == (1, 1)
    assert " for $5 or $6." in page.text
    assert '<mark class="covered">layer norm<sup>1</sup></mark>' in document
    cut = Page(transcript_html(whole("a $x^2 + y_1 + z_1 = 0$ b", outcomes=[grade()])))  # the mark ends within
    assert "math" not in cut.elements
    assert "+ z_1 = 0$ b" in cut.text


def test_dollars_that_open_no_formula_stay_dollars():
    page = Page(transcript_html(whole(reference="It costs $5 and $6, says ${HOME}.")))
    assert "costs $5 and $6, says ${HOME}" in page.text
    assert "math" not in page.elements


def test_a_selection_is_one_document_a_line_and_one_page():
    two = (whole("one"), whole("two"))
    assert [json.loads(line)["session"]["id"] for line in transcript_lines(two).splitlines()] == ["s1", "s1"]
    assert isinstance(json.loads(transcript_json(*two)), list)
    page = Page(transcript_html(*two))
    assert page.elements.count("header") == 2
    assert "2 transcripts" in page.text


def test_whatever_the_converter_gives_only_elements_that_draw_come_out(monkeypatch: pytest.MonkeyPatch):
    given_out = '<math onclick="x()"><script src="y">bad</script><mi style="z">a</mi></math>'
    monkeypatch.setattr(formulas, "convert", lambda tex: given_out)
    page = Page(formulas.mathml("not in the cache"))
    assert page.elements == ["math", "semantics", "mrow", "mi", "annotation"]
    assert page.attributes == {"display"}
