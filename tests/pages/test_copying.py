"""Code is copied by a press, and what became of it is told."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.pages.test_dashboard import ask, wait_status
from tests.served import ServedRepository

pytestmark = pytest.mark.browser


def test_that_code_was_copied_is_told_and_that_the_browser_refused_is_seen(
    page: Page, server: ServedRepository
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(server.link)
    wait_status(page, "connected")
    ask(page, "echo ```\nuv run pytest\n```")
    code = page.locator(".code-box")
    copy = code.get_by_role("button", name="Copy code")
    copy.click()
    expect(code.get_by_role("status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "uv run pytest\n"
    page.evaluate("void (navigator.clipboard.writeText = async () => { throw new DOMException('no'); })")
    copy.click()
    expect(code.get_by_role("status")).to_have_text("The browser does not let the page copy.")
    told = code.get_by_role("status").bounding_box()
    assert told
    assert told["width"] > 100
    page.locator("#prompt").focus()
    expect(code.get_by_role("status")).to_have_text("")
