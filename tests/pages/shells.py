"""A shell in the page: opened, typed to, waited for."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.pages.conftest import PATIENCE_MS

ROWS = "terminal-view:not([hidden]) .xterm-rows"
PROMPT = re.compile("[$#%>]")


def open_terminal(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator("network-status")).to_have_attribute("data-status", "connected")
    page.get_by_role("button", name="Terminals", exact=True).click()
    wait_for(page, PROMPT)


def wait_for(page: Page, words: str | re.Pattern[str]) -> None:
    expect(page.locator(ROWS)).to_contain_text(words, timeout=PATIENCE_MS)


def run(page: Page, command: str, answer: str) -> None:
    """Type `command`, and wait for `answer`, which must not stand in it."""
    assert answer not in command
    page.keyboard.type(command + "\n")
    wait_for(page, answer)


def shown(page: Page) -> str:
    """What stands on the screen of the terminal in front."""
    lines: list[str] = page.locator(ROWS + " > div").all_text_contents()
    return "\n".join(lines).replace("\xa0", " ").rstrip()
