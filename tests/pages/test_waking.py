"""A page whose timers stood still, as in a hidden tab or a machine that slept, looks at the clock when it is looked at."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from tests.served import ServedRepository

pytestmark = pytest.mark.browser

# In seconds, as Playwright's clock takes them.
NOON = 1_800_000_000
FROZEN = NOON + 5  # less than the silence that is death
LATER = FROZEN + 120
SIGNS = {
    "the tab is shown again": "document.dispatchEvent(new Event('visibilitychange'))",
    "the page comes back out of the cache": "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))",
}


@pytest.fixture
def frozen(page: Page, server: ServedRepository) -> Iterator[ServedRepository]:
    """The page is connected, none of its timers runs any more, and the server is silent, as behind a network that died."""
    page.clock.install(time=NOON)
    page.goto(server.link)
    expect(page.locator('[data-status="connected"]').first).to_be_visible()
    page.clock.pause_at(FROZEN)
    server.process.send_signal(signal.SIGSTOP)
    yield server
    server.process.send_signal(signal.SIGCONT)


def is_stream(request: Request) -> bool:
    return urlsplit(request.url).path.endswith("/stream")


@pytest.mark.parametrize("sign", SIGNS.values(), ids=SIGNS)
def test_a_page_that_is_looked_at_again_reopens_a_stream_that_died_meanwhile(
    page: Page, frozen: ServedRepository, sign: str
) -> None:
    streams: list[Request] = []
    page.on("request", lambda request: streams.append(request) if is_stream(request) else None)
    # While it may still live it is left alone.
    page.evaluate(sign)
    page.clock.set_system_time(LATER)
    with page.expect_request(is_stream) as reopened:
        page.evaluate(sign)
    assert streams == [reopened.value]


def test_every_stream_of_a_page_asks_for_the_same_session_and_heartbeat_and_goes_on_after_its_cursor(
    page: Page, server: ServedRepository
) -> None:
    streams: list[Request] = []
    page.on("request", lambda request: streams.append(request) if is_stream(request) else None)
    page.goto(server.link)
    page.fill("#prompt", "echo before")
    page.press("#prompt", "Enter")
    expect(page.locator('[data-idx="1"]')).to_contain_text("before")
    with server.client() as client:
        state = client.get("state").json()
    for _ in range(2):
        with page.expect_response(lambda response: is_stream(response.request) and response.ok):
            server.kill()
            server.start()
            page.evaluate("dispatchEvent(new Event('pageshow'))")
    again = streams[1:]
    assert {urlsplit(each.url).path for each in again} == {f"/sessions/{state['session_id']}/stream"}
    asked = parse_qs(urlsplit(streams[0].url).query)
    assert asked["heartbeat"] == ["15"]
    assert "cursor" not in asked
    # Two, and those that came while the server was away.
    assert len(again) >= 2
    assert all(parse_qs(urlsplit(each.url).query) == asked | {"cursor": [state["cursor"]]} for each in again)
    assert {each.headers["authorization"] for each in streams} == {f"Bearer {server.token}"}
