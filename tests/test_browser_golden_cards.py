"""Golden files of the grade card as the page draws it, in each state that it can have."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from interview.models import Alternative, Appeal, Grading, Language, SelfGraded, Turn
from interview.rubrics import load_rubrics
from interview.ui.theme import page_look
from interview.ui.views.grade import grade_card
from interview.ui.views.parts import shown_grading
from tests import view_samples as made
from tests.browser import browser
from tests.conftest import REPO
from tests.golden_files import check_golden, check_no_other

__all__ = ["browser"]
pytestmark = pytest.mark.browser

RUBRIC = load_rubrics(REPO / "rubrics")["default"]
ADDRESS = "http://viva.invalid/"
DOCUMENT = (
    f"<!doctype html><html><head><meta charset='utf-8'>{page_look({})['head']}</head><body><div id='card'></div></body>"
)
DRAW = """(value) => {
    const card = document.getElementById("card");
    card.innerHTML = "<div class='viva'></div>";
    viva.mount("grade_card", card, { value }, () => {}, () => {});
    return card.innerHTML;
}"""
BLOCK = re.compile(r"(?<=>)(?=<(?:button|div|details|form|h2|h3|input|label|li|p|select|span|summary|svg|ul)\b)")


def appeal(grading: Grading, point: str, verdict: str) -> Grading:
    """The appeal against one point of a judgement, which it won or lost."""
    outcome = made.judged()
    points = tuple(
        one.model_copy(update={"verdict": verdict, "reason": "Looked again."}) if one.id == point else one
        for one in outcome.key_points
    )
    heard = outcome.model_copy(update={"key_points": points})
    return made.grading(heard, 2, appeal=Appeal(grading_id=grading.id, point_id=point, reason="I said it."))


def disputed() -> Grading:
    points = list(made.points())
    points[0] = points[0].model_copy(update={"text": "It is **atomic**: $p = \\frac{1}{n}$"})
    points[2] = points[2].model_copy(
        update={
            **{"verdict": "missing", "verified": False, "evidence": (), "claimed": "partial"},
            **{"claimed_quote": "the kernel frees all", "downgraded_by": "quote", "kind": "bonus"},
        }
    )
    other = Alternative(score=6.2, band="fair", sum="10 × 0.67 × 0.925 = 6.2", points=("k5",))
    return made.grading(made.doubted().model_copy(update={"key_points": tuple(points), "alternative": other}))


FIRST = made.grading(made.judged())
OWN = made.grading(SelfGraded(score=7.5, max_score=10, note="I did say it.", over="g1"), 2, grader="self")
TURNS: dict[str, Turn] = {
    "judged": made.turn(0, FIRST, hints_shown=1),
    "disputed": made.turn(0, disputed()),
    "appeal_won": made.turn(0, FIRST, appeal(FIRST, "k4", "covered")),
    "appeal_held": made.turn(0, FIRST, appeal(FIRST, "k3", "partial")),
    "estimate": made.turn(0, made.grading(made.estimated(), grader="coverage"), revealed=True),
    "ungraded": made.turn(0, made.grading(made.failed("bad_reply", detail="Not JSON.", flags=("no_reference",)))),
    "self_graded": made.turn(0, FIRST, OWN),
    "running": made.turn(0, made.grading()),
}
LANGUAGES: tuple[Language, ...] = ("zh", "en")


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(locale="en-US", timezone_id="UTC") as context:
        page = context.new_page()
        page.route(ADDRESS, lambda route: route.fulfill(content_type="text/html", body=DOCUMENT))
        page.goto(ADDRESS)
        yield page


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", TURNS)
def test_the_card_is_the_golden_one(page: Page, name: str, lang: Language):
    turn = TURNS[name]
    live = made.points()[:2] if name == "running" else ()
    value = grade_card(made.session(turn), turn, shown_grading(turn), live, lang, RUBRIC, ("openai:small", "coverage"))
    drawn = BLOCK.sub("\n", page.evaluate(DRAW, value))
    check_golden(f"cards/{name}.{lang}.html", drawn + "\n")


def test_no_golden_file_is_left_over():
    check_no_other("cards", [f"{name}.{lang}.html" for name in TURNS for lang in LANGUAGES])
