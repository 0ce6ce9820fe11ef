"""The page has one source: what stands in its log came by the stream, so no older answer can overwrite it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from tests.served import ServedRepository

pytestmark = pytest.mark.browser

BESIDE_THE_LOG = (
    r"/",
    r"/static/.+",
    r"/sessions",  # the list of sessions
    r"/sessions/\w+/chat",
    r"/sessions/\w+/messages/\d+/html",  # of one message, which never changes
)


def test_no_message_and_no_state_is_asked_for_but_by_the_stream(page: Page, server: ServedRepository) -> None:
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    page.goto(server.link)
    page.fill("#prompt", "stream 30 5")
    page.press("#prompt", "Enter")
    expect(page.locator('[data-idx="1"]')).to_be_visible()
    server.kill()
    server.start()
    page.fill("#prompt", "echo again")
    page.press("#prompt", "Enter")
    expect(page.locator('[data-idx="3"]')).to_contain_text("again")
    paths = {urlsplit(request.url).path for request in asked}
    others = {path for path in paths if not any(re.fullmatch(allowed, path) for allowed in BESIDE_THE_LOG)}
    assert {path.rpartition("/")[2] for path in others} == {"stream"}
