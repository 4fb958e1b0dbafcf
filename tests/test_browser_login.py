"""The login in a browser; a session that ends under an open page; and that no route is closed which the page needs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, Response, expect

from tests.browser import NOTES, App, Candidate, Visits, browser, running, visits

__all__ = ["browser"]
pytestmark = pytest.mark.browser

PASSWORD = "correct horse"
ANSWER = "Every token looks at all the other tokens."


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("viva")
    (folder / "notes.md").write_text(NOTES, encoding="utf-8")
    secret = folder / "password"
    secret.write_text(PASSWORD + "\n", encoding="utf-8")
    secret.chmod(0o600)
    options = ("--notes", str(folder / "notes.md"), "--lang", "en", "--password-file", str(secret))
    with running(folder, None, *options) as started:
        yield started


@pytest.fixture
def opened(browser: Browser, app: App) -> Iterator[Visits]:
    with visits(browser, app) as pages:
        yield pages


def sign_in(page: Page, password: str = PASSWORD) -> None:
    page.locator("input[type=password]").fill(password)
    page.locator("form.login button").click()


def signed_in(opened: Visits, app: App, **options) -> Candidate:
    person = opened.candidate(locale="en-GB", **options)
    person.page.goto(app.url)
    sign_in(person.page)
    expect(person.start_button).to_be_visible()
    return person


def give(page: Page, button: str, file: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.locator(button).click()
    chooser.value.set_files(file)


@pytest.mark.parametrize("width", [390, 1366])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
def test_the_login_page_fits_and_axe_finds_nothing_serious(
    opened: Visits, app: App, width: int, scheme: str, locale: str
):
    size = {"width": width, "height": 850}
    page = opened.candidate(viewport=size, color_scheme=scheme, locale=locale).page
    page.goto(app.url)
    expect(page).to_have_url(f"{app.url}/login")
    expect(page.locator("html")).to_have_attribute("lang", locale[:2])
    expect(page.locator("input[type=password]")).to_be_focused()
    assert page.evaluate("document.documentElement.classList.contains('dark')") is (scheme == "dark")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    page.locator(".login-language").click()
    expect(page.locator("html")).to_have_attribute("lang", "en" if locale == "zh-CN" else "zh")


def test_a_wrong_password_the_right_one_and_signing_out(opened: Visits, app: App):
    person = opened.candidate(locale="en-GB")
    page = person.page
    page.goto(app.url)
    sign_in(page, "wrong horse")
    expect(page.locator(".login-error")).to_have_text("That is not the password. Try again.")
    sign_in(page)
    expect(page).to_have_url(f"{app.url}/")
    expect(person.start_button).to_be_visible()
    page.locator("#sign-out").click()
    expect(page).to_have_url(f"{app.url}/login")
    page.goto(app.url)
    expect(page.locator("form.login")).to_be_visible()


def test_a_session_that_ends_under_an_open_page_loses_nothing(opened: Visits, app: App):
    person = signed_in(opened, app)
    page = person.page
    person.begin()
    person.write(ANSWER)
    page.context.clear_cookies()
    person.composer.press("Enter")
    dialog = page.locator("dialog.login-dialog")
    expect(dialog).to_contain_text("You were signed out")
    expect(dialog.locator("input[type=password]")).to_be_focused()
    sign_in(page, "wrong horse")
    expect(dialog.locator(".login-error")).to_have_text("That is not the password. Try again.")
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    sign_in(page)
    expect(dialog).to_have_count(0)
    # What was sent in vain goes out now, once.
    expect(person.answers()).to_have_count(1)
    expect(person.answers()).to_contain_text(ANSWER)
    assert [turn.answer.text for turn in app.stored()[0].turns if turn.answer] == [ANSWER]


def test_after_a_restart_of_the_server_the_draft_is_still_there(opened: Visits, app: App):
    person = signed_in(opened, app)
    person.begin()
    person.write("Half a thought")
    app.terminate()
    app.start()
    person.page.reload()
    sign_in(person.page)
    expect(person.composer).to_have_value("Half a thought")


def test_the_page_says_in_chinese_that_the_session_ended(opened: Visits, app: App):
    person = signed_in(opened, app)
    person.page.locator("#lang").click()
    expect(person.page.locator("#sign-out")).to_have_text("退出")
    person.page.context.clear_cookies()
    person.page.get_by_role("tab", name="记录").click()
    expect(person.page.locator("dialog.login-dialog")).to_contain_text("登录已经过期")


def test_what_is_too_large_is_said_in_the_pages_language_and_stays_in_the_box(opened: Visits, app: App):
    person = signed_in(opened, app)
    page = person.page
    page.locator("#lang").click()
    expect(page.locator("#sign-out")).to_have_text("退出")
    person.begin()
    page.evaluate(
        """() => {
            const box = document.querySelector("#composer textarea");
            box.value = "x".repeat(2_100_000);
            box.dispatchEvent(new Event("input", { bubbles: true }));
        }"""
    )
    person.composer.press("Enter")
    expect(page.locator(".refused")).to_contain_text("最多 2 MB")
    assert page.evaluate("document.querySelector('#composer textarea').value.length") == 2_100_000


def test_no_route_is_closed_that_the_page_asks_for(opened: Visits, app: App, tmp_path: Path):
    person = signed_in(opened, app)
    page = person.page
    refused: list[str] = []

    def note(response: Response) -> None:
        if response.status >= 400:
            refused.append(f"{response.status} {response.url}")

    page.context.on("response", note)
    person.begin()
    person.answer(ANSWER)
    expect(page.locator("#grade")).to_be_visible()
    for words in ("退出", "Sign out"):
        page.locator("#lang").click()
        expect(page.locator("#sign-out")).to_have_text(words)
    page.locator("#dark").click()
    for tab in ("Progress", "Questions", "Graders", "Transcripts"):
        page.get_by_role("tab", name=tab).click()
        page.wait_for_load_state("networkidle")
    page.locator("#session-rows .v-session").first.click()
    for suffix in ("html", "md", "json"):
        link = page.locator(f"a[href^='/export/'][href$='.{suffix}']").first
        with page.expect_download() as download:
            link.click()
        kept = tmp_path / f"transcript.{suffix}"
        download.value.save_as(kept)
        assert kept.read_text(encoding="utf-8")
    # A browser that has no session open is where files are given.
    other = signed_in(opened, app).page
    other.context.on("response", note)
    (tmp_path / "mine.md").write_text(NOTES, encoding="utf-8")
    give(other, "#notes-upload", tmp_path / "mine.md")
    expect(other.locator("#notes-card")).to_contain_text("mine.md")
    other.get_by_role("tab", name="Transcripts").click()
    give(other, "#import-file", tmp_path / "transcript.json")
    expect(other.locator("#import-card")).to_contain_text("session")
    assert refused == []


def test_everybodys_viva_reads_no_notes_by_path(browser: Browser, tmp_path: Path):
    with running(tmp_path, None, "--lang", "en", "--no-login") as shared, visits(browser, shared) as pages:
        page = pages.candidate().arrive().page
        expect(page.locator("#notes-upload")).to_be_visible()
        expect(page.locator("#notes-path")).to_have_count(0)
        expect(page.locator("#notes-use")).to_have_count(0)
        expect(page.locator("#sign-out")).to_have_count(0)
