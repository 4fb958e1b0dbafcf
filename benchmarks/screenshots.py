"""Makes the pictures in docs/screenshots: Viva in a real Chromium, with a judge on loopback that has learnt its lines.

`--all FOLDER` makes every scene at every width, light and dark, in both languages, for looking at after a change.
"""

import argparse
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from benchmarks.history import History
from interview.notes.library import built_in
from tests.browser import App, Candidate, chromium_browser, require_chromium, running
from tests.fake_judge import FakeJudge

PROJECT = Path(__file__).resolve().parent.parent

SIZES = {1366: 850, 1024: 768, 768: 1024, 390: 844}
PHONE_PX = 900  # the phone layout up to here; see interview/ui/theme.py
# The pictures that are kept: scene, width, theme, language.
KEPT = (
    ("setup", 1366, "light", "zh"),
    ("setup", 390, "dark", "en"),
    ("answering", 1366, "light", "en"),
    ("grading", 1366, "dark", "zh"),
    ("graded", 1366, "light", "zh"),
    ("graded", 1366, "dark", "en"),
    ("graded", 390, "light", "zh"),
    ("estimate", 390, "dark", "zh"),
    ("mock", 1366, "light", "en"),
    ("report", 1366, "light", "zh"),
    ("transcripts", 1366, "light", "en"),
    ("transcripts", 390, "dark", "zh"),
    ("room", 1366, "dark", "en"),
    ("room", 390, "light", "zh"),
    ("progress", 1366, "light", "zh"),
    ("progress", 390, "dark", "en"),
    ("questions", 1366, "dark", "zh"),
    ("questions", 390, "light", "en"),
    ("graders", 1366, "light", "en"),
    ("graders", 390, "dark", "zh"),
)
# Scenes that show what gathers over half a year, and those that are longer than a window.
WITH_HISTORY = ("progress", "questions")
WHOLE_PAGE = ("room", "progress", "questions", "graders")
ANSWERS = {
    "zh": (
        "BERT 就是把 Transformer 的编码器一层层堆起来，两个方向都能看到，没有解码器。"
        "输入是词元、段、位置三种嵌入加在一起，位置用的是正弦函数。\n"
        "每一层里先是多头自注意力，然后是前馈网络，外面有残差。",
        "先把 $X$ 投影成 Q、K、V，再算 $softmax(QK^T / \\sqrt{d_k})V$。除以根号 d 是为了不让点积太大。",
    ),
    "en": (
        "BERT is a pile of Transformer encoder layers and reads in both directions; there is no decoder. "
        "Token, segment and position embeddings are added up, and positions use sine waves.\n"
        "Inside a layer comes self-attention with many heads, then a feed-forward network, with a residual around.",
        "Project $X$ into Q, K and V, then take $softmax(QK^T / \\sqrt{d_k})V$. The root keeps the products small.",
    ),
}
LINES = {
    "zh": (
        (
            ("把 Transformer 的编码器一层层堆起来，两个方向都能看到，没有解码器", "三点都说到了", "covered"),
            ("词元、段、位置三种嵌入加在一起", "三种嵌入都在", "covered"),
            ("位置用的是正弦函数", "与参考答案相反：位置嵌入是学出来的", "contradicted"),
            ("先是多头自注意力，然后是前馈网络", "两个子层和次序都对", "covered"),
            ("外面有残差", "没有提 LayerNorm", "partial"),
            ("", "没有说输出", "missing"),
            ("", "没有说规模", "missing"),
        ),
        "编码器堆叠和两个子层讲得清楚。位置嵌入在 BERT 里是学出来的，正弦函数属于原始的 Transformer。"
        "下一步：补上 LayerNorm，$x \\leftarrow \\mathrm{LN}(x + f(x))$，以及输出怎么用。",
    ),
    "en": (
        (
            ("Transformer encoder layers and reads in both directions; there is no decoder", "all of it", "covered"),
            ("Token, segment and position embeddings are added up", "all three", "covered"),
            ("positions use sine waves", "the opposite of the reference: they are learned", "contradicted"),
            ("self-attention with many heads, then a feed-forward network", "both, in order", "covered"),
            ("with a residual around", "LayerNorm is not mentioned", "partial"),
            ("", "the output is left out", "missing"),
            ("", "sizes are left out", "missing"),
        ),
        "The stack and its two sublayers are clear. In BERT the position embeddings are learned; sine waves belong to "
        "the original Transformer. Next: add LayerNorm, $x \\leftarrow \\mathrm{LN}(x + f(x))$, and the output.",
    ),
}


class Studio:
    """One visit at one size, in one theme and one language, on a data folder of its own."""

    def __init__(self, candidate: Candidate, judge: FakeJudge, lang: str, phone: bool) -> None:
        self.candidate = candidate
        self.page = candidate.page
        self.judge = judge
        self.first, self.second = ANSWERS[lang]
        self.phone = phone

    def begin(self) -> None:
        """Start an interview about Transformers."""
        self.candidate.arrive()
        self.page.locator("#setup-sections").get_by_text("Transformer").click()
        expect(self.candidate.start_button).to_contain_text(re.compile(r"\d"))
        self.candidate.start_button.click()
        expect(self.candidate.composer).to_be_editable()

    def graded(self) -> None:
        """Answer the first question and wait for its grade."""
        self.begin()
        self.candidate.answer(self.first)
        expect(self.candidate.lines.first).to_contain_text(re.compile("/6|of 6"))

    def enter(self, tab: int) -> None:
        """Into a tab, by its place from the left."""
        self.page.get_by_role("tab").nth(tab).click()

    def open_room(self) -> None:
        """Open the newest transcript, on a phone its first question too."""
        self.enter(1)
        self.page.locator("#session-rows .v-session").first.click()
        if self.phone:
            self.page.locator("#room-nav .v-nav-item").first.click()
        expect(self.page.locator("#room-answer mark").first).to_be_visible()


def setup(studio: Studio) -> None:
    studio.candidate.arrive()
    studio.page.locator("#setup-sections").get_by_text("Transformer").click()
    expect(studio.candidate.start_button).to_contain_text(re.compile(r"\d"))


def answering(studio: Studio) -> None:
    studio.graded()
    studio.candidate.go_on()
    studio.page.locator("#practice-hint").click()
    expect(studio.page.locator("#chat blockquote")).to_be_visible()
    studio.candidate.write(studio.second)


def grading(studio: Studio) -> None:
    studio.judge.held_after = 3
    studio.judge.hold()
    studio.begin()
    studio.candidate.answer(studio.first)
    expect(studio.candidate.lines).to_contain_text(re.compile("3 of|3/"))
    if studio.phone:
        studio.candidate.lines.click()


def graded(studio: Studio) -> None:
    studio.graded()
    if studio.phone:
        studio.candidate.lines.click()
        expect(studio.page.locator("#practice-right.open")).to_be_visible()


def estimate(studio: Studio) -> None:
    studio.candidate.arrive()
    studio.page.locator("#grader input").click()
    studio.page.locator("li[role=option]").last.click()
    expect(studio.page.locator(".v-banner")).to_be_visible()
    studio.begin()
    studio.candidate.answer(studio.first)
    expect(studio.candidate.lines.first).to_contain_text(re.compile("found|提到"))


def report(studio: Studio) -> None:
    studio.graded()
    studio.candidate.go_on()
    studio.candidate.answer(studio.second)
    expect(studio.candidate.lines.last).not_to_contain_text(re.compile("judged|已判断"))
    studio.page.locator("#practice-finish").click()
    studio.page.locator("#practice-end").click()
    expect(studio.page.locator("#practice-new")).to_be_visible()


def transcripts(studio: Studio) -> None:
    report(studio)
    studio.page.locator("#practice-new").click()
    expect(studio.candidate.start_button).to_be_visible()
    studio.begin()
    studio.candidate.answer(studio.second)
    studio.enter(1)
    expect(studio.page.locator("#session-rows .v-session")).to_have_count(2)


def room(studio: Studio) -> None:
    report(studio)
    studio.open_room()
    studio.page.locator("#room-grader input").click()
    studio.page.locator("li[role=option]").last.click()
    studio.page.locator("#room-regrade").click()
    expect(studio.page.locator("#room-grades thead th")).to_have_count(3)


def mock(studio: Studio) -> None:
    studio.candidate.arrive()
    studio.page.locator("#setup-mode label").nth(1).click()
    studio.candidate.start_button.click()
    expect(studio.candidate.composer).to_be_editable()
    studio.candidate.answer(studio.first)
    expect(studio.candidate.composer).to_be_editable()
    studio.candidate.write(studio.second)


def progress(studio: Studio) -> None:
    studio.candidate.arrive()
    studio.enter(2)
    expect(studio.page.locator(".plot svg")).to_have_count(3)


def questions(studio: Studio) -> None:
    studio.candidate.arrive()
    studio.enter(3)
    studio.page.locator("#question-rows button").first.click()
    expect(studio.page.locator("#question-points li").first).to_be_visible()


def graders(studio: Studio) -> None:
    """A backend added and tested, an evaluation of the estimate, and two graders on the same answer."""
    page = studio.page
    studio.graded()
    studio.enter(4)
    page.locator("#backend-service input").click()
    page.locator("li[role=option]").last.click()
    page.locator("#backend-url").get_by_role("textbox").fill(studio.judge.url)
    page.locator("#backend-model input").fill("other-judge")
    page.locator("#backend-model input").press("Enter")
    page.locator("#backend-save").click()
    expect(page.locator("#probe-card .v-saved")).to_be_visible()
    page.locator("#measuring-grader input").click()
    page.locator("li[role=option]").last.click()
    page.locator("#measuring-run").click()
    expect(page.locator("#measuring-card .v-measured li")).to_have_count(1)
    expect(page.locator("#measuring-card .v-job")).to_have_count(0)
    page.locator("#compare-start").click()
    expect(page.locator("#comparison .v-figures").first).to_be_visible()
    expect(page.locator("#compare-start")).to_be_visible()


SCENES: dict[str, Callable[[Studio], None]] = {
    scene.__name__: scene
    for scene in (
        setup,
        answering,
        grading,
        graded,
        estimate,
        mock,
        report,
        transcripts,
        room,
        progress,
        questions,
        graders,
    )
}


@contextmanager
def visit(browser: Browser, app: App, judge: FakeJudge, width: int, theme: str, lang: str) -> Iterator[Studio]:
    context = browser.new_context(
        viewport={"width": width, "height": SIZES[width]},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        locale="zh-CN" if lang == "zh" else "en-GB",
        has_touch=width <= PHONE_PX,
    )
    try:
        yield Studio(Candidate(context.new_page(), app.url), judge, lang, width <= PHONE_PX)
    finally:
        judge.release()
        judge.held_after = 1
        context.close()


def shoot(page: Page, file: Path, *, full_page: bool) -> None:
    page.evaluate("document.fonts.ready")
    page.mouse.move(0, 0)
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=file, full_page=full_page, animations="disabled", caret="hide")
    print(file, flush=True)


def make(folder: Path, wanted: Sequence[tuple[str, int, str, str]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with chromium_browser(require_chromium()) as browser, FakeJudge().serving() as judge:
        for lang, answers in ANSWERS.items():
            judge.learn(answers[0], *LINES[lang])
        for scene, width, theme, lang in wanted:
            # A folder of its own, so that no picture shows the sessions of another one.
            with tempfile.TemporaryDirectory() as own:
                if scene in WITH_HISTORY:
                    data = Path(own) / "data"
                    data.mkdir()
                    History(built_in("zh" if lang == "zh" else "en")).fill(data, 160, per_session=8)
                with (
                    running(Path(own), judge, "--lang", lang) as app,
                    visit(browser, app, judge, width, theme, lang) as studio,
                ):
                    judge.feedback = LINES[lang][1]
                    SCENES[scene](studio)
                    file = folder / f"{scene}-{width}-{theme}-{lang}.png"
                    shoot(studio.page, file, full_page=scene in WHOLE_PAGE and not studio.phone)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every combination, into this folder")
    parser.add_argument("--only", default="", help="scenes whose name contains this")
    chosen = parser.parse_args()
    every = tuple(product(SCENES, SIZES, ("light", "dark"), ("zh", "en")))
    wanted = [picture for picture in (every if chosen.all else KEPT) if chosen.only in "-".join(map(str, picture))]
    make(chosen.all or PROJECT / "docs" / "screenshots", wanted)


if __name__ == "__main__":
    main()
