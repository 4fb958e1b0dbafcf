"""From «I have a key» to the first graded answer on the screen: add, test, switch, change and remove a backend."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from interview.models import Graded
from interview.settings import Roles, read_settings
from tests.browser import NOTES, Candidate, browser, judge, running, visits
from tests.fake_judge import FakeJudge
from tests.fault_server import fault_server, refusal

__all__ = ["browser", "judge"]

pytestmark = pytest.mark.browser
KEY = "sk-canary-31"
ANSWER = "Every token looks at every other token, and the values are averaged by weights from queries and keys."


def choose(candidate: Candidate, field: str, option: str) -> None:
    candidate.page.locator(f"{field} input").click()
    candidate.page.locator("li[role=option]", has_text=re.compile(option)).click()


def test_a_key_becomes_a_graded_answer_without_a_restart(browser: Browser, judge: FakeJudge, tmp_path: Path):
    notes = tmp_path / "notes.md"
    notes.write_text(NOTES, encoding="utf-8")
    with running(tmp_path, None, "--lang", "en", "--notes", str(notes)) as app, visits(browser, app) as opened:
        candidate = opened.candidate().arrive()
        page = candidate.page
        rows = page.locator("#backend-rows .v-backends > li")

        # The banner leads to the form, and the form has three fields (with an address of one's own, four).
        page.locator("#banner summary").click()
        page.locator("#banner button.v-link").click()
        expect(rows).to_have_count(1)
        choose(candidate, "#backend-service", "Another compatible")
        expect(page.locator("#backend-model input")).to_have_value("")  # the form of that service is there
        page.locator("#backend-url").get_by_role("textbox").fill(f"{judge.url}/chat/completions")
        page.locator("#backend-key input").fill(KEY)
        page.locator("#backend-model input").fill("fake-judge")
        page.locator("#backend-model input").press("Enter")

        # A mistake is named with its fix, and what was typed stays.
        page.locator("#backend-save").click()
        expect(page.locator("#backend-notice .v-notice")).to_contain_text(f"Use: {judge.url}")
        page.locator("#backend-url").get_by_role("textbox").fill(judge.url)
        page.locator("#backend-save").click()
        expect(page.locator("#probe-card .v-steps li")).to_have_count(5)
        expect(page.locator("#probe-card .v-saved")).to_contain_text("fake-judge")
        expect(rows).to_have_count(2)
        expect(page.locator("#grader input")).to_have_value(re.compile("fake-judge"))
        expect(page.locator("#banner .v-banner")).to_have_count(0)
        expect(page.locator("#backend-key input")).to_have_value("")
        assert KEY not in page.content()
        assert KEY not in page.evaluate("JSON.stringify(localStorage)")

        # The next answer is graded by it; between two answers the grader is switched with two clicks.
        page.get_by_role("tab", name="Practice").click()
        page.locator("#start").click()
        candidate.answer(ANSWER)
        expect(candidate.lines.last).to_have_class(re.compile("v-is-graded"))
        choose(candidate, "#grader", "Coverage estimate")
        expect(page.locator("#banner .v-banner")).to_be_visible()
        candidate.go_on()
        candidate.answer("All positions are computed at once, in parallel.")
        expect(candidate.lines.last).to_have_class(re.compile("v-is-estimate"))
        graded = [turn.gradings[0].outcome for turn in app.stored()[0].turns if turn.gradings]
        assert [outcome.provenance.kind for outcome in graded if isinstance(outcome, Graded)] == ["judge", "coverage"]

        # It is there for the next visitor too; removed, it is gone everywhere, and so is its key.
        other = opened.candidate().arrive()
        expect(other.page.locator("#grader input")).to_have_value(re.compile("fake-judge"))
        other.page.get_by_role("tab", name="Graders").click()
        remove = other.page.locator("#backend-rows li").first.get_by_role("button")
        remove.get_by_text("Remove").click()
        remove.get_by_text("Really remove").click()
        expect(other.page.locator("#backend-rows .v-backends > li")).to_have_count(1)
        expect(other.page.locator("#grader input")).to_have_value(re.compile("Coverage"))
        assert not list(app.data.glob("*.key"))
        holders = [file for file in app.data.rglob("*") if file.is_file() and KEY.encode() in file.read_bytes()]
        assert holders == []
        assert KEY not in app.log


def test_who_takes_over_is_set_by_keys_saved_at_once_and_named_by_the_grade(
    browser: Browser, judge: FakeJudge, tmp_path: Path
):
    notes = tmp_path / "notes.md"
    notes.write_text(NOTES, encoding="utf-8")
    data = tmp_path / "data"
    data.mkdir()

    def roles() -> Roles:
        return read_settings(data_dir=data).configured_backends().roles.model_copy(update={"origin": ""})

    with fault_server(refusal(401, "no")) as broken:
        tables = f'''# mine
[one]
base_url = "{broken.base_url}"
model = "m"
[two]
base_url = "{judge.url}"
model = "fake-judge"
'''
        (data / "backends.toml").write_text(tables)
        with running(tmp_path, None, "--lang", "en", "--notes", str(notes)) as app, visits(browser, app) as opened:
            candidate, other = opened.candidate().arrive(), opened.candidate().arrive()
            for visitor in (candidate, other):
                visitor.page.get_by_role("tab", name="Graders").click()
                expect(visitor.page.locator("#roles-card h2")).to_be_visible()
            page = candidate.page
            judging = page.get_by_role("region", name="Judging")
            order = judging.locator("li b")
            expect(judging).to_contain_text("nobody takes over")
            expect(judging.get_by_role("checkbox")).not_to_be_checked()

            # By keys alone: add both, move the second up and down again; the focus goes with it.
            for name in ("one:m", "two:fake-judge"):
                judging.get_by_role("button", name=f"Add {name}").press("Enter")
                expect(order.last).to_have_text(name)
            up = judging.get_by_role("button", name="Up two:fake-judge")
            expect(up).to_be_focused()
            page.keyboard.press("Enter")
            expect(order).to_have_text(["two:fake-judge", "one:m"])
            assert roles() == Roles(judge=("two:fake-judge", "one:m"))
            expect(up).to_be_disabled()
            expect(judging.get_by_role("button", name="Down two:fake-judge")).to_be_focused()
            page.keyboard.press("Enter")
            expect(order).to_have_text(["one:m", "two:fake-judge"])
            expect(judging.get_by_role("status")).to_have_text("In force now: one:m → two:fake-judge")
            assert (data / "backends.toml").read_text().startswith(tables)

            # A page that was drawn before is told, writes nothing over, and shows what is there now.
            late = other.page.get_by_role("region", name="Judging")
            late.get_by_role("button", name="Add two:fake-judge").click()
            expect(other.page.locator("#roles-notice .v-notice")).to_contain_text("changed meanwhile")
            expect(late.locator("li b")).to_have_text(["one:m", "two:fake-judge"])
            assert roles() == Roles(judge=("one:m", "two:fake-judge"))
            late.get_by_role("button", name="Leave out one:m").click()
            expect(other.page.locator("#roles-notice .v-notice")).to_have_count(0)
            expect(late.locator("li b")).to_have_text(["two:fake-judge"])
            late.get_by_role("button", name="Add one:m").click()
            late.get_by_role("button", name="Up one:m").click()
            expect(late.locator("li b")).to_have_text(["one:m", "two:fake-judge"])

            # The estimate waits for a yes, which can be taken back.
            page.get_by_role("tab", name="Practice").click()
            page.get_by_role("tab", name="Graders").click()
            yes = judging.get_by_role("checkbox")
            yes.press("Space")
            expect(yes).to_be_checked()
            assert roles().estimate
            expect(judging.get_by_role("status")).to_contain_text("→ Coverage estimate (offline)")
            yes.press("Space")
            expect(yes).not_to_be_checked()
            assert not roles().estimate

            # Another grader in the header has others behind it.
            choose(candidate, "#grader", "two:fake-judge")
            expect(judging.get_by_role("status")).to_have_text("In force now: two:fake-judge, and nobody takes over")
            choose(candidate, "#grader", "one:m")
            expect(judging.get_by_role("status")).to_have_text("In force now: one:m → two:fake-judge")

            # Nothing was restarted: the first one fails, the second judges, and the grade says so.
            page.get_by_role("tab", name="Practice").click()
            page.locator("#start").click()
            candidate.answer(ANSWER)
            expect(candidate.lines.last).to_have_class(re.compile("v-is-graded"))
            (grading,) = app.stored()[0].turns[0].gradings
            assert (grading.grader, grading.graded_by) == ("one:m", "two:fake-judge")
            expect(candidate.card).to_contain_text("two:fake-judge")


def test_what_is_left_out_of_a_broken_file_stands_in_the_header_until_it_is_corrected(browser: Browser, tmp_path: Path):
    notes = tmp_path / "notes.md"
    notes.write_text(NOTES, encoding="utf-8")
    file = tmp_path / "data" / "backends.toml"
    file.parent.mkdir()
    good = '[good]\nbase_url = "http://127.0.0.1:9/v1"\nmodel = "m"\n'
    file.write_text(broken := f"{good}[Bad]\n")
    with running(tmp_path, None, "--lang", "en", "--notes", str(notes)) as app, visits(browser, app) as opened:
        page = opened.candidate().arrive().page
        header = page.locator("#left-out .v-notice")
        expect(header).to_contain_text("1 part of backends.toml cannot be used")
        expect(header).to_contain_text("backends.toml:4: [Bad]")
        assert "[Bad]" in app.log
        page.get_by_role("tab", name="Graders").click()
        expect(page.locator("#backend-notice .v-notice")).to_contain_text("[Bad]")
        remove = page.locator("#backend-rows li").first.get_by_role("button")
        remove.get_by_text("Remove").click()
        remove.get_by_text("Really remove").click()
        expect(page.locator("#backend-notice .v-notice")).to_contain_text("Nothing was written")
        assert file.read_text() == broken
        file.write_text(good)
        page.get_by_role("tab", name="Practice").click()
        page.get_by_role("tab", name="Graders").click()
        expect(header).to_have_count(0)
