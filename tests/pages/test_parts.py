"""Parts of the page that are loaded once its log is on the screen: there when they are wanted, also without the server."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.pages.conftest import PATIENCE_MS
from tests.pages.shells import PROMPT, ROWS
from tests.pages.test_dashboard import ask, wait_idle, wait_status
from tests.served import ServedRepository

pytestmark = pytest.mark.browser

ALL_LOADED = """async () => {
    const main = document.querySelector('script[type="module"]').src;
    await (await import(main.replace("main.js", "later.js"))).loadAll();
}"""
PALETTE = "**/session-palette.js"


def wait_for_parts(page: Page) -> None:
    """All that is loaded later is here."""
    page.wait_for_function(
        "() => ['settings-dialog', 'replay-bar', 'action-menu'].every(name => customElements.get(name))"
    )
    page.evaluate(ALL_LOADED)


def test_all_that_needs_no_server_is_there_when_the_server_has_gone(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    ask(page, "bash echo in the tool")
    expect(page.locator('tool-card[data-status="ok"]')).to_be_visible()
    wait_for_parts(page)
    server.kill()
    expect(page.locator('[data-status="reconnecting"], [data-status="connecting"]').first).to_be_visible()
    page.locator("tool-card summary").click()
    expect(page.locator(".tool-output")).to_have_text("in the tool\n")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Find a session or a message")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("dialog", name="Settings")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("#prompt").fill("/com")
    expect(page.get_by_role("option", name="compact")).to_be_visible()
    page.get_by_role("button", name="By turn and tool").click()
    expect(page.get_by_role("dialog", name="Usage")).to_contain_text("bash")


def test_what_was_being_loaded_when_the_server_went_is_given_up_and_comes_when_it_is_back(
    page: Page, server: ServedRepository
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route(PALETTE, hold)
    with page.expect_event("requestfailed", lambda request: "session-palette" in request.url):
        page.goto(server.link)
        wait_status(page, "connected")
        server.kill()
    server.start()
    wait_status(page, "connected")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Find a session or a message")).to_be_visible()


def test_terminals_and_changes_first_opened_without_the_server_say_so_and_come_with_it(
    page: Page, server: ServedRepository
) -> None:
    page.goto(server.link)
    wait_status(page, "connected")
    wait_for_parts(page)
    server.kill()
    wait_status(page, "reconnecting")
    page.get_by_role("button", name="Terminals", exact=True).click()
    panel = page.locator("terminal-panel")
    expect(panel.get_by_role("alert")).to_have_text("The terminals could not be loaded: The server did not send it.")
    for name in ("Try again", "New terminal"):
        panel.get_by_role("button", name=name).click()
        expect(panel.get_by_role("alert")).to_be_visible()
    page.get_by_role("button", name="Changes").click()
    dialog = page.get_by_role("dialog", name="Changes")
    expect(dialog.get_by_role("alert")).to_have_text("The changes could not be fetched: The server did not send it.")
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    server.start()
    expect(dialog).to_contain_text("Nothing has changed yet.", timeout=PATIENCE_MS)
    page.keyboard.press("Escape")
    expect(page.locator(ROWS)).to_contain_text(PROMPT, timeout=PATIENCE_MS)
    expect(panel.get_by_role("tab")).to_have_count(1)


def test_a_terminal_whose_program_did_not_come_is_loaded_again_with_the_connection(
    page: Page, server: ServedRepository
) -> None:
    page.goto(server.link)
    wait_status(page, "connected")
    page.route("**/vendor/**", lambda route: route.abort())
    page.route("**/healthz", lambda route: route.abort())
    page.get_by_role("button", name="Terminals", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("The terminals could not be loaded: The server did not send it.")
    page.unroute("**/vendor/**")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(ROWS)).to_contain_text(PROMPT, timeout=PATIENCE_MS)


def test_a_part_that_cannot_be_had_is_said_and_asked_for_again(page: Page, server: ServedRepository) -> None:
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    page.route(PALETTE, refuse)
    page.goto(server.link)
    wait_status(page, "connected")
    page.get_by_role("button", name="Find a session").click()
    expect(page.locator("notice-bar")).to_contain_text("Loading a part of the page failed")
    assert asked
    page.unroute(PALETTE)
    page.get_by_role("button", name="Find a session").click()
    expect(page.get_by_role("combobox", name="Find a session or a message")).to_be_visible()


def test_a_card_that_is_opened_before_what_is_in_it_came_is_filled_when_it_comes(
    page: Page, server: ServedRepository
) -> None:
    held: list[Route] = []
    page.route("**/tool-inside.js", lambda route: held.append(route))
    page.goto(server.link)
    ask(page, "bash seq 200")
    # The answer has come: nothing else may move the card.
    expect(page.locator("message-card .markdown").last).to_contain_text("200")
    wait_idle(page)
    page.locator("tool-card summary").click()
    expect(page.locator("tool-card details")).to_have_attribute("open", "")
    top = page.locator("tool-card summary").bounding_box()
    assert held
    for route in held:
        route.continue_()
    expect(page.locator(".tool-output")).to_contain_text("200")
    assert page.locator("tool-card summary").bounding_box() == top
