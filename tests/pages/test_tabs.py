"""Several tabs of one browser: one stream for all of a session, and turns where there are more sessions than connections."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.served import ServedRepository

pytestmark = pytest.mark.browser

TABS = 8  # a browser has six connections to a server
TO_LEAD_MS = 2_000

# Status by status, with the time; the first entry is what the page began with.
WATCH = """
    const seen = (window.seen = []);
    addEventListener("DOMContentLoaded", () => {
        const status = document.querySelector("network-status");
        const note = () => seen.push([performance.now(), status.dataset.status, status.dataset.via]);
        new MutationObserver(note).observe(status, { attributes: true, attributeFilter: ["data-status", "data-via"] });
        note();
    });
"""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One browser profile, whose pages share locks and channels."""
    opened = browser.new_context()
    opened.set_default_timeout(30_000)
    opened.add_init_script(WATCH)
    complaints: list[str] = []
    opened.on("weberror", lambda error: complaints.append(str(error.error)))
    yield opened
    opened.close()
    assert complaints == []


def open_tab(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(url)
    return page


def wait_connected(page: Page) -> None:
    expect(page.locator('network-status[data-status="connected"]')).to_be_visible(timeout=30_000)


def open_tabs(context: BrowserContext, link: str) -> list[Page]:
    pages = [open_tab(context, link) for _ in range(TABS)]
    for page in pages:
        wait_connected(page)
    return pages


def leaders(pages: list[Page]) -> list[Page]:
    return [page for page in pages if page.locator('network-status[data-via=""]').count() == 1]


def wait_leader(pages: list[Page]) -> Page:
    """Once one alone leads: a tab that its own stream has told which session it shows is connected before it shares."""
    while len(found := leaders(pages)) != 1:
        pages[0].evaluate("new Promise(requestAnimationFrame)")
    return found[0]


def wait_streams(server: ServedRepository, count: int) -> None:
    with server.client() as client:
        while client.get("state").json()["streams"] != count:
            pass


def shown(page: Page) -> list[int]:
    """The indexes of the messages on the page, in its order."""
    return page.eval_on_selector_all("[data-idx]", "cards => cards.map(card => Number(card.dataset.idx))")


def ask(page: Page, text: str) -> None:
    page.fill("#prompt", text)
    page.press("#prompt", "Enter")


def test_eight_tabs_of_a_session_have_one_stream_and_what_one_says_all_show(
    context: BrowserContext, server: ServedRepository
) -> None:
    pages = open_tabs(context, server.link)
    wait_leader(pages)
    wait_streams(server, 1)
    ask(pages[3], "echo to all tabs")
    for page in pages:
        expect(page.locator('[data-idx="1"]')).to_contain_text("to all tabs")
        assert shown(page) == [0, 1]
    wait_streams(server, 1)


def test_text_being_written_streams_into_a_tab_that_follows(context: BrowserContext, server: ServedRepository) -> None:
    first = open_tab(context, server.link)
    wait_connected(first)
    ask(first, "stream 300 10")
    expect(first.locator("[data-draft]")).to_contain_text(" ")
    late = open_tab(context, server.link)
    expect(late.locator("[data-draft]")).to_contain_text(" ")
    before = late.locator("[data-draft]").inner_text()
    late.wait_for_function("n => document.querySelector('[data-draft]')?.textContent.length > n + 20", arg=len(before))
    expect(late.locator('[data-idx="1"]')).to_be_visible()
    assert leaders([first, late]) == [first]
    # Each tab fetches the answer's Markdown when it comes to it; the words are the same before and after.
    expect(late.locator('[data-idx="1"]')).to_have_text(
        first.locator('[data-idx="1"]').inner_text(), use_inner_text=True
    )


def test_when_the_leader_is_closed_another_leads_within_two_seconds_and_nothing_is_lost(
    context: BrowserContext, server: ServedRepository
) -> None:
    pages = open_tabs(context, server.link)
    ask(pages[0], "burst 300 100")
    expect(pages[-1].locator('[data-idx="20"]')).to_be_attached()
    while len(pages) > 4:
        leader = wait_leader(pages)
        pages.remove(leader)
        # By the pages' clocks: how often a test on a busy machine looks is not the page's doing.
        begun = [page.evaluate("performance.now()") for page in pages]
        leader.close()
        next_leader = wait_leader(pages)
        wait_connected(next_leader)
        came = next_leader.evaluate("window.seen.find(([, status, via]) => via === '' && status === 'connected')[0]")
        assert came - begun[pages.index(next_leader)] < TO_LEAD_MS
    with server.client() as client:
        while client.get("state").json()["agent_state"] != "WaitingForUserInput":
            client.get("state", params={"poll": "true"})
        count = len(client.get("messages").json())
    for page in pages:
        expect(page.locator(f'[data-idx="{count - 1}"]')).to_be_attached()
        # A tool's message stands where its call is, so they are not in order.
        assert sorted(shown(page)) == list(range(count))
    wait_streams(server, 1)


def test_eight_tabs_of_eight_sessions_all_load_and_answer(context: BrowserContext, server: ServedRepository) -> None:
    with server.client() as client:
        urls = [server.url + client.post("sessions", json={}).json()["url"] for _ in range(TABS)]
    first = open_tab(context, server.link)  # brings the token
    wait_connected(first)
    first.close()
    pages = [open_tab(context, url) for url in urls]
    for number, page in enumerate(pages):
        wait_connected(page)
        ask(page, f"echo session {number}")
    for number, page in enumerate(pages):
        expect(page.locator('[data-idx="1"]')).to_contain_text(f"session {number}", timeout=30_000)
        assert shown(page) == [0, 1]


def test_the_indicator_of_a_tab_that_follows_tells_when_the_server_goes_and_comes(
    context: BrowserContext, server: ServedRepository
) -> None:
    pages = [open_tab(context, server.link) for _ in range(2)]
    for page in pages:
        wait_connected(page)
    server.kill()
    for page in pages:
        expect(page.locator('network-status[data-status="reconnecting"]')).to_be_visible()
    server.start()
    for page in pages:
        wait_connected(page)
    leader = wait_leader(pages)
    follower = next(page for page in pages if page is not leader)
    follower.bring_to_front()
    follower.locator(".net-words").hover()
    expect(follower.locator("#net-details")).to_contain_text("another tab leads, this one follows")


def test_a_token_given_in_one_tab_lets_all_in(context: BrowserContext, server: ServedRepository) -> None:
    pages = [open_tab(context, server.url) for _ in range(2)]
    for page in pages:
        expect(page.locator('network-status[data-status="unauthorized"]')).to_be_visible()
    field = pages[0].get_by_role("textbox", name="token")
    field.fill(server.token)
    field.press("Enter")
    for page in pages:
        wait_connected(page)
    wait_leader(pages)


def test_a_page_without_locks_has_a_stream_of_its_own(context: BrowserContext, server: ServedRepository) -> None:
    """As on a LAN address without TLS."""
    context.add_init_script("Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });")
    pages = [open_tab(context, server.link) for _ in range(2)]
    for page in pages:
        wait_connected(page)
    assert len(leaders(pages)) == 2
    ask(pages[0], "echo alone")
    for page in pages:
        expect(page.locator('[data-idx="1"]')).to_contain_text("alone")
