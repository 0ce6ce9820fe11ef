"""What has the focus and goes hands it on: it is never lost to the page as a whole."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.pages.test_dashboard import ask, wait_status
from tests.served import ServedRepository

pytestmark = pytest.mark.browser


def test_a_tool_that_is_stopped_keeps_the_focus_on_its_line(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    ask(page, "slow 600")
    card = page.locator("tool-card").first
    stop = card.get_by_role("button", name="Stop bash")
    stop.focus()
    page.keyboard.press("Enter")
    expect(card).to_have_attribute("data-status", "interrupted")
    expect(card.locator("summary").first).to_be_focused()


def test_the_indicator_keeps_the_focus_of_the_button_that_tries_at_once(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    wait_status(page, "connected")
    server.kill()
    now = page.get_by_role("button", name="Now", exact=True)
    now.focus(timeout=30_000)
    server.start()
    page.keyboard.press("Enter")
    wait_status(page, "connected")
    expect(page.locator(".net-face")).to_be_focused()


def test_what_is_taken_back_leaves_the_focus_to_the_field(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    wait_status(page, "connected")
    page.route("**/blobs", lambda route: route.abort())
    page.set_input_files(
        "message-composer input[type=file]", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"a"}
    )
    expect(page.locator(".composer-file")).to_be_visible()
    page.press("#prompt", "Enter")
    take = page.locator("pending-card").get_by_role("button", name="Take it back")
    take.focus()
    page.keyboard.press("Enter")
    expect(page.locator("pending-card")).to_have_count(0)
    expect(page.locator("#prompt")).to_be_focused()
