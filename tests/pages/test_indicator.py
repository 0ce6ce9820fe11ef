"""What the indicator says of the connection: in words and shape, in the title, and in more detail to who asks."""

from __future__ import annotations

import re
import signal

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.served import ServedRepository

pytestmark = pytest.mark.browser

COUNT_PULSES = """
    window.pulses = 0;
    const { read } = ReadableStreamDefaultReader.prototype;
    ReadableStreamDefaultReader.prototype.read = async function () {
        const piece = await read.call(this);
        window.pulses += piece.value?.length === 2;
        return piece;
    };
"""


def face(page: Page, name: str) -> None:
    expect(page.locator("network-status")).to_have_attribute("data-face", name)
    expect(page.locator(f"network-status use[href='#icon-net-{name}']")).to_be_attached()


def test_the_keyboard_finds_heartbeat_and_latency_and_escape_puts_them_away(
    page: Page, server: ServedRepository
) -> None:
    page.goto(server.link)
    face(page, "connected")
    details = page.locator("#net-details")
    expect(details).to_be_hidden()
    page.get_by_role("group", name="Connection").focus()
    expect(details).to_contain_text(re.compile(r"Last heartbeat(just now|\d+ s ago)Latency\d+ ms"))
    page.keyboard.press("Escape")
    expect(details).to_be_hidden()


def test_who_points_at_the_details_keeps_them(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    face(page, "connected")
    page.locator(".net-words").hover()
    details = page.locator("#net-details")
    expect(details).to_be_visible()
    details.hover()
    expect(details).to_contain_text(re.compile(r"Latency\d+ ms"))
    page.locator("#prompt").hover()
    expect(details).to_be_hidden()


def test_a_tab_that_follows_another_says_so_and_so_does_the_title_where_the_server_is_gone(
    context: BrowserContext, server: ServedRepository
) -> None:
    first = context.new_page()
    first.goto(server.link)
    face(first, "connected")
    second = context.new_page()
    second.goto(first.url)
    face(second, "shared")
    expect(second.locator(".net-words")).to_have_text("Connected by another tab")
    server.kill()
    for page in (first, second):
        face(page, "gone")
        expect(page.locator(".net-words")).to_have_text(re.compile(r"Server gone: (trying…|next try in \d+ s)"))
        expect(page).to_have_title(re.compile("^○ .* · Server gone$"))
    server.start()
    second.get_by_role("button", name="Now").click()
    for page in (first, second):
        expect(page.locator('network-status[data-status="connected"]')).to_be_visible()


def test_a_session_that_is_not_there_and_a_page_without_a_token_have_words_of_their_own(
    page: Page, server: ServedRepository
) -> None:
    page.goto(server.url)
    face(page, "unauthorized")
    expect(page.locator(".net-words")).to_have_text("Not authorised")
    page.goto(f"{server.url}sessions/nosuchsession/#token={server.token}")
    face(page, "missing")
    expect(page.locator(".net-words")).to_have_text("No such session")


def test_a_server_that_stands_still_is_not_called_connected_and_neither_is_its_agent_called_at_work(
    page: Page, server: ServedRepository
) -> None:
    page.add_init_script(COUNT_PULSES)
    page.goto(server.link)
    face(page, "connected")
    page.wait_for_function("() => window.pulses > 0")
    server.process.send_signal(signal.SIGSTOP)
    try:
        face(page, "reconnecting")
        expect(page.locator(".net-words")).to_have_text("No sign of life")
        expect(page).to_have_title(re.compile("^○ .* · No sign of life$"))
    finally:
        server.process.send_signal(signal.SIGCONT)
    face(page, "connected")
