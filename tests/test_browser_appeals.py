"""Saying something against a grade, with the keyboard alone: an appeal, one's own verdict, and the comparison."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from interview.models import SelfGraded
from tests.browser import NOTES, running, visits
from tests.browser import browser as browser
from tests.browser import judge as judge
from tests.fake_judge import FakeJudge
from tests.made_up import grade_of

ANSWER = "Every token looks at every other one. The weights come from queries. In the end the values are averaged."


def test_an_appeal_and_an_own_verdict_by_keyboard(tmp_path: Path, browser: Browser, judge: FakeJudge) -> None:
    (tmp_path / "notes.md").write_text(NOTES, encoding="utf-8")
    judge.on_appeal = ("the values are averaged", "covered")
    with (
        running(tmp_path, judge, "--notes", str(tmp_path / "notes.md"), "--lang", "en") as app,
        visits(browser, app) as opened,
    ):
        candidate = opened.candidate().begin()
        candidate.answer(ANSWER)
        page, card = candidate.page, candidate.card
        row = card.locator(".v-points > li").nth(2)
        expect(row).to_contain_text("partial")
        fold = row.locator("details > summary")
        fold.focus()
        fold.press("Enter")
        row.locator("input").fill("I wrote that the values are averaged")
        row.locator("input").press("Enter")
        expect(row).to_contain_text("Appeal won")
        expect(row).to_contain_text("covered")

        own = card.locator(".v-ways .v-way").filter(has_text="Grade it myself")
        own.locator("summary").press("Enter")
        own.locator("input[name=score]").fill("8.5")
        own.locator("input[name=score]").press("Enter")
        expect(card.locator(".v-title").first).to_have_text("Own verdict")
        expect(card).to_contain_text("8.5")

        (session,) = app.stored()
        gradings = session.turns[0].gradings
        assert [one.label for one in gradings] == ["judgement", "judgement", "own"]
        assert grade_of(gradings[1]).score > grade_of(gradings[0]).score
        assert isinstance(gradings[2].outcome, SelfGraded)
        assert gradings[2].outcome.over == gradings[1].id

        candidate.open_transcript(session)
        compared = page.locator("#room-grades")
        picks = compared.locator(".v-pick")
        expect(picks).to_have_count(3)
        expect(compared.locator(".v-pair h3")).to_contain_text("1 verdict differs")
        expect(compared.locator(".v-side q").last).to_have_text("the values are averaged")
        picks.nth(2).click()
        expect(compared.locator(".v-pair h3")).to_contain_text("oneself")
