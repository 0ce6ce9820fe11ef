"""What happens to a page in a browser: the back/forward cache, hidden and frozen tabs, no network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import FLAGS, find_chromium
from tests.served import ServedRepository

pytestmark = pytest.mark.browser

HIDE = """hidden => {
    for (const [name, value] of [["hidden", hidden], ["visibilityState", hidden ? "hidden" : "visible"]]) {
        Object.defineProperty(document, name, { value, configurable: true });
    }
    document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def caching_browser(browser: Browser) -> Iterator[Browser]:
    """Chromium as users have it: Playwright's own switches turn the back/forward cache off."""
    kind = browser.browser_type
    chromium = kind.launch(
        executable_path=find_chromium(), args=list(FLAGS), ignore_default_args=["--disable-back-forward-cache"]
    )
    yield chromium
    chromium.close()


def open_connected(context: BrowserContext, server: ServedRepository) -> Page:
    page = context.new_page()
    page.goto(server.link)
    wait_connected(page)
    return page


def wait_connected(page: Page) -> None:
    expect(page.locator('network-status[data-status="connected"]')).to_be_visible(timeout=30_000)


def wait_via(page: Page, via: str) -> None:
    expect(page.locator(f'network-status[data-status="connected"][data-via="{via}"]')).to_be_visible(timeout=30_000)


def streams(server: ServedRepository) -> int:
    with server.client() as client:
        return int(client.get("state").json()["streams"])


def say(server: ServedRepository, text: str) -> None:
    with server.client() as client:
        assert client.post("chat", json={"message": f"echo {text}"}).status_code == 202


def shown(page: Page) -> list[int]:
    return page.eval_on_selector_all("[data-idx]", "cards => cards.map(card => Number(card.dataset.idx))")


def wait_answer(page: Page, idx: int, text: str) -> None:
    expect(page.locator(f'[data-idx="{idx}"]')).to_contain_text(text, timeout=30_000)
    assert shown(page) == list(range(idx + 1))


def test_a_page_comes_back_from_the_back_forward_cache_and_resumes_by_its_cursor(
    caching_browser: Browser, server: ServedRepository
) -> None:
    context = caching_browser.new_context()
    page = open_connected(context, server)
    say(server, "before")
    wait_answer(page, 1, "before")
    page.evaluate("""() => {
        window.kept = document.querySelector('[data-idx="1"]');
        addEventListener("pageshow", event => { window.persisted = event.persisted; });
    }""")
    page.goto(f"{server.url}healthz")
    say(server, "while it was away")
    page.go_back(wait_until="commit")
    wait_answer(page, 3, "while it was away")
    wait_connected(page)
    assert page.evaluate("window.persisted") is True, page.evaluate(
        "JSON.stringify(performance.getEntriesByType('navigation')[0].notRestoredReasons)"
    )
    assert page.evaluate("""window.kept === document.querySelector('[data-idx="1"]')"""), "the screen was built anew"
    assert streams(server) == 1
    context.close()


def test_a_leader_that_goes_into_the_back_forward_cache_leaves_the_lead_and_comes_back_as_a_follower(
    caching_browser: Browser, server: ServedRepository
) -> None:
    context = caching_browser.new_context()
    leader = open_connected(context, server)
    other = open_connected(context, server)
    wait_via(leader, "")
    leader.goto(f"{server.url}healthz")
    wait_via(other, "")
    assert streams(server) == 1
    leader.go_back(wait_until="commit")
    wait_via(leader, "tab")
    say(server, "to both")
    for page in (leader, other):
        wait_answer(page, 1, "to both")
    context.close()


def test_a_hidden_leader_is_relieved_by_a_tab_that_is_seen(context: BrowserContext, server: ServedRepository) -> None:
    leader, other = open_connected(context, server), open_connected(context, server)
    wait_via(other, "tab")
    leader.evaluate(HIDE, True)
    wait_via(other, "")
    wait_via(leader, "tab")
    say(server, "to both")
    for page in (leader, other):
        wait_answer(page, 1, "to both")
    expect(leader.locator("network-status")).to_have_attribute("data-via", "tab")
    assert streams(server) == 1


def test_a_page_that_is_told_of_its_freezing_leaves_the_lead_and_follows_when_it_goes_on(
    context: BrowserContext, server: ServedRepository
) -> None:
    """The event is our own: headless Chromium has no hidden pages, and freezes no others. A hang is real, below."""
    leader, other = open_connected(context, server), open_connected(context, server)
    wait_via(other, "tab")
    leader.evaluate("document.dispatchEvent(new Event('freeze'))")
    wait_via(other, "")
    say(server, "while one is frozen")
    wait_answer(other, 1, "while one is frozen")
    assert shown(leader) == []
    leader.evaluate("document.dispatchEvent(new Event('resume'))")
    wait_via(leader, "tab")
    wait_answer(leader, 1, "while one is frozen")
    assert streams(server) == 1


def test_a_leader_that_hangs_is_relieved(context: BrowserContext, server: ServedRepository) -> None:
    leader, other = open_connected(context, server), open_connected(context, server)
    wait_via(other, "tab")
    debugger = context.new_cdp_session(leader)
    debugger.send("Debugger.enable")
    debugger.send("Debugger.pause")
    # The pause takes hold with the next script: a word of the other tab.
    expect(other.locator('network-status[data-status="reconnecting"]')).to_be_visible()
    wait_via(other, "")
    say(server, "while one hangs")
    wait_answer(other, 1, "while one hangs")
    debugger.send("Debugger.disable")
    wait_via(leader, "tab")
    wait_answer(leader, 1, "while one hangs")


def test_offline_is_said_by_all_tabs_and_the_network_coming_back_ends_it_at_once(
    context: BrowserContext, server: ServedRepository
) -> None:
    pages = [open_connected(context, server) for _ in range(2)]
    context.set_offline(True)
    for page in pages:
        expect(page.locator('network-status[data-status="offline"]')).to_be_visible()
    say(server, "meanwhile")
    context.set_offline(False)
    for page in pages:
        wait_connected(page)
        wait_answer(page, 1, "meanwhile")


def test_a_reload_of_the_leader_loses_nothing(context: BrowserContext, server: ServedRepository) -> None:
    leader, other = open_connected(context, server), open_connected(context, server)
    say(server, "one")
    leader.reload()
    wait_via(other, "")
    wait_via(leader, "tab")
    say(server, "two")
    for page in (leader, other):
        wait_answer(page, 3, "two")
    assert streams(server) == 1
