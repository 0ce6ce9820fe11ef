"""Messages that the server does not have yet, in several tabs of one session: each arrives, and once."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.served import ServedRepository

pytestmark = pytest.mark.browser


def open_tab(context: BrowserContext, server: ServedRepository) -> Page:
    page = context.new_page()
    page.goto(server.link)
    expect(page.locator('network-status[data-status="connected"]')).to_be_visible(timeout=30_000)
    return page


def say(page: Page, text: str) -> None:
    page.fill("#prompt", text)
    page.press("#prompt", "Enter")


def expect_cards(page: Page, *texts: str) -> None:
    expect(page.locator("pending-card")).to_have_count(len(texts))
    for card, text in zip(page.locator("pending-card").all(), texts, strict=True):
        expect(card).to_contain_text(text)


def expect_both_said(page: Page) -> None:
    # In one turn or in two: where the agent works already, it hears the second as it goes.
    expect(page.locator('[data-type="user"]')).to_have_count(2, timeout=30_000)
    expect_cards(page)


def said(server: ServedRepository) -> list[str]:
    with server.client() as client:
        return sorted(each["content"] for each in client.get("messages").json() if each["type"] == "user")


def test_what_two_tabs_could_not_send_arrives_once_though_both_were_closed(
    context: BrowserContext, server: ServedRepository
) -> None:
    one, other = open_tab(context, server), open_tab(context, server)
    server.kill()
    say(one, "echo from one")
    expect_cards(one, "from one")
    say(other, "echo from the other")
    expect_cards(other, "from the other")
    one.close()
    other.close()
    server.start()
    late = open_tab(context, server)
    expect_both_said(late)
    assert said(server) == ["echo from one", "echo from the other"]
    assert late.evaluate("Object.keys(localStorage).filter(key => key.includes('outbox'))") == []


def test_what_two_tabs_could_not_send_arrives_once_from_each_when_the_server_is_back(
    context: BrowserContext, server: ServedRepository
) -> None:
    pages = [open_tab(context, server) for _ in range(2)]
    server.kill()
    for number, page in enumerate(pages):
        say(page, f"echo from {number}")
        expect_cards(page, f"from {number}")
    server.start()
    for page in pages:
        expect_both_said(page)
    assert said(server) == ["echo from 0", "echo from 1"]


def test_a_page_that_begins_leaves_to_a_tab_that_lives_what_is_its_own(
    context: BrowserContext, server: ServedRepository
) -> None:
    one = open_tab(context, server)
    one.route("**/chat", lambda route: route.abort())
    say(one, "echo mine")
    expect_cards(one, "mine")
    late = open_tab(context, server)
    late.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    say(late, "echo later")
    expect(late.locator('[data-idx="1"]')).to_contain_text("later")
    expect_cards(late)
    expect_cards(one, "mine")
    one.close()
    # Whose tab is gone is taken up by one that is looked at.
    late.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(late.locator('[data-idx="3"]')).to_contain_text("mine", timeout=30_000)
    assert said(server) == ["echo later", "echo mine"]
