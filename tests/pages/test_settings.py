"""What the user chooses for their browser: colours, language, and how the page calls for them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.served import ServedRepository

pytestmark = pytest.mark.browser

NIGHT = "rgb(21, 23, 25)"
DAY = "rgb(247, 247, 245)"
NOTED = """
    window.noted = [];
    window.Notification = class {
        static permission = "granted";
        static requestPermission = () => Promise.resolve("granted");
        constructor(title, { body, tag }) { window.noted.push([title, body, tag]); }
    };
    Object.defineProperty(document, "hidden", { get: () => window.away === true });
    window.leave = () => { window.away = true; document.dispatchEvent(new Event("visibilitychange")); };
    window.back = () => { window.away = false; document.dispatchEvent(new Event("visibilitychange")); };
"""
"""A browser that writes its notifications down, and a page that can be out of view; headless ones have neither."""


def ask(page: Page, text: str) -> None:
    page.fill("#prompt", text)
    page.press("#prompt", "Enter")


def paper(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def wait_connected(page: Page) -> None:
    expect(page.locator('[data-status="connected"]').first).to_be_visible()


def test_the_colours_are_the_systems_until_the_user_chooses_others(
    context: BrowserContext, server: ServedRepository
) -> None:
    page = context.new_page()
    page.emulate_media(color_scheme="dark")
    page.goto(server.link)
    wait_connected(page)
    assert paper(page) == NIGHT
    page.emulate_media(color_scheme="light")
    assert paper(page) == DAY
    page.click("#settings")
    page.get_by_role("radio", name="Dark").check()
    assert paper(page) == NIGHT
    expect(page.locator('meta[name="theme-color"]').first).to_have_attribute("content", NIGHT)
    other = context.new_page()
    other.emulate_media(color_scheme="light")
    other.goto(server.url)
    assert paper(other) == NIGHT
    other.click("#settings")
    other.get_by_role("radio", name="As the system").check()
    expect(page.locator("html:not([data-theme])")).to_be_attached()
    assert paper(other) == DAY


def test_the_page_speaks_the_browsers_language_or_the_one_that_was_chosen(
    browser: Browser, server: ServedRepository
) -> None:
    context = browser.new_context(locale="de-CH")
    page = context.new_page()
    page.goto(server.link)
    expect(page.locator(".net-words")).to_have_text("Verbunden")
    assert page.evaluate("document.documentElement.lang") == "de"
    expect(page.get_by_role("complementary", name="Zu dieser Sitzung")).to_be_visible()
    page.click("#settings")
    language = page.get_by_label("Sprache")
    language.focus()
    # By keys the last of them is reached over the others.
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(language).to_have_value("de")
    page.keyboard.press("ArrowUp")
    expect(language).to_have_value("en")
    page.get_by_role("button", name="Sprache wechseln").click()
    expect(page.locator(".net-words")).to_have_text("Connected")
    assert page.evaluate("document.documentElement.lang") == "en"
    page.reload()
    expect(page.locator(".net-words")).to_have_text("Connected")
    context.close()


def test_the_language_stays_while_the_server_is_away_and_the_page_says_why(
    page: Page, server: ServedRepository
) -> None:
    page.goto(server.link)
    wait_connected(page)
    page.click("#settings")
    dialog = page.get_by_role("dialog", name="Settings")
    language = dialog.get_by_label("Language")
    change = dialog.get_by_role("button", name="Change the language")
    expect(change).to_be_hidden()
    server.kill()
    language.select_option("de")
    change.click()
    expect(dialog).to_contain_text("The server does not answer, and the page cannot be loaded again without it.")
    page.keyboard.press("Escape")
    page.click("#settings")
    expect(language).to_have_value("")
    expect(change).to_be_hidden()


def test_the_end_of_a_turn_calls_the_user_once_in_a_browser_and_only_out_of_view(
    context: BrowserContext, server: ServedRepository
) -> None:
    context.add_init_script(NOTED)
    pages = [context.new_page(), context.new_page()]
    for page in pages:
        page.goto(server.link)
        wait_connected(page)
    first = pages[0]
    first.click("#settings")
    first.get_by_label("Notify me when the agent is done, or asks").check()
    first.keyboard.press("Escape")
    ask(first, "echo in view")
    for page in pages:
        expect(page.locator('[data-idx="1"][data-final]')).to_contain_text("in view")
        expect(page.locator('[data-state="WaitingForUserInput"]').first).to_be_attached()
    for page in pages:
        page.evaluate("leave()")
    with server.client() as client:
        client.post("chat", json={"message": "echo out of view"})
    for page in pages:
        expect(page.locator('[data-idx="3"]')).to_contain_text("out of view")
        expect(page).to_have_title("(1) echo in view · Waiting for you")
    for page in pages:
        # A timer that is set later and is longer comes after the page's own, which then waits for the lock before us.
        page.evaluate(
            "() => new Promise((done) => setTimeout(() => navigator.locks.request('trio-agent.summons', done), 500))"
        )
    noted = [each for page in pages for each in page.evaluate("noted")]
    assert [(title, body) for title, body, _ in noted] == [("The agent is done: echo in view", "out of view")]
    first.evaluate("back()")
    expect(first).to_have_title("echo in view · Waiting for you")


def test_a_page_that_cannot_have_its_words_speaks_english(browser: Browser, server: ServedRepository) -> None:
    context = browser.new_context(locale="de-DE")
    page = context.new_page()
    page.route("**/words/de.js", lambda route: route.abort())
    page.goto(server.link)
    expect(page.locator(".net-words")).to_have_text("Connected")
    assert page.evaluate("document.documentElement.lang") == "en"
    context.close()
