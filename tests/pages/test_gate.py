"""The key to the server: brought by the printed link, in whatever tab it is pasted, or typed where the page asks for it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.served import ServedRepository

pytestmark = pytest.mark.browser


def wait_status(page: Page, status: str) -> None:
    expect(page.locator(f'network-status[data-status="{status}"]')).to_be_visible(timeout=30_000)


def paste(page: Page, address: str) -> None:
    """Into the address bar of a page that has the same address but for its fragment: nothing is loaded."""
    page.evaluate("address => location.assign(address)", address)


def test_the_printed_link_lets_in_the_page_that_asks_for_it_and_its_secret_leaves_the_address_bar(
    page: Page, server: ServedRepository
) -> None:
    page.goto(server.url)
    wait_status(page, "unauthorized")
    page.evaluate("window.isTheSame = true")
    paste(page, server.link)
    wait_status(page, "connected")
    assert server.token not in page.url
    paste(page, f"{page.url}#token={server.token}")
    page.wait_for_function("() => !location.hash")
    wait_status(page, "connected")
    assert page.evaluate("window.isTheSame")


def test_a_key_that_lets_in_gives_the_focus_to_the_field_and_no_later_loss_is_blamed_on_it(
    page: Page, server: ServedRepository
) -> None:
    page.goto(server.url)
    field = page.get_by_role("textbox", name="token")
    expect(field).to_be_focused()
    problem = page.locator("token-gate").get_by_role("alert")
    field.fill("a wrong one")
    field.press("Enter")
    expect(problem).to_be_visible()
    expect(field).to_be_focused()
    field.fill(server.token)
    field.press("Enter")
    wait_status(page, "connected")
    expect(page.locator("#prompt")).to_be_focused()
    wrong = {"authorization": "Bearer another"}
    page.route("**/stream?*", lambda route: route.continue_(headers={**route.request.headers, **wrong}))
    server.kill()
    server.start()
    wait_status(page, "unauthorized")
    expect(field).to_be_visible()
    expect(problem).to_be_hidden()
