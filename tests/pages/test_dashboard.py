"""The dashboard in a real browser, against the real server."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import PATIENCE_MS
from tests.served import ServedRepository

pytestmark = pytest.mark.browser


def ask(page: Page, text: str) -> None:
    page.fill("#prompt", text)
    page.press("#prompt", "Enter")


def shown(page: Page) -> list[int]:
    """The indexes of the messages on the page, in its order."""
    return page.eval_on_selector_all("[data-idx]", "cards => cards.map(card => Number(card.dataset.idx))")


def wait_status(page: Page, status: str) -> None:
    expect(page.locator(f'[data-status="{status}"]').first).to_be_visible()


def wait_idle(page: Page) -> None:
    expect(page.locator('[data-state="WaitingForUserInput"]').first).to_be_visible()


def test_the_link_opens_the_page_and_the_token_leaves_the_address_bar(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    wait_status(page, "connected")
    assert server.token not in page.url


def test_without_a_token_the_page_asks_for_one_and_goes_on_with_it(page: Page, server: ServedRepository) -> None:
    page.goto(server.url)
    wait_status(page, "unauthorized")
    field = page.get_by_role("textbox", name="token")
    field.fill(server.token)
    field.press("Enter")
    wait_status(page, "connected")


def test_an_answer_streams_in_before_it_is_finished(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    ask(page, "stream 400 10")
    growing = page.locator("[data-draft]")
    expect(growing).to_contain_text(" ")
    first = growing.inner_text()
    page.wait_for_function("n => document.querySelector('[data-draft]')?.textContent.length > n + 40", arg=len(first))
    assert shown(page) == [0], "the whole answer was there before its text had streamed"
    expect(page.locator('[data-idx="1"]')).to_be_visible()
    expect(growing).to_have_count(0)


def test_the_page_resumes_after_the_server_was_killed_without_a_double_or_a_gap(
    page: Page, server: ServedRepository
) -> None:
    page.goto(server.link)
    ask(page, "echo before")
    expect(page.locator('[data-idx="1"]')).to_contain_text("before")
    server.kill()
    expect(page.locator('[data-status="reconnecting"], [data-status="connecting"]').first).to_be_visible()
    server.start()
    wait_status(page, "connected")
    ask(page, "echo after")
    expect(page.locator('[data-idx="3"]')).to_contain_text("after")
    with server.client() as client:
        messages = client.get("messages").json()
    assert [message["content"] for message in messages] == ["echo before", "before", "echo after", "after"]
    assert shown(page) == [0, 1, 2, 3]


def test_a_message_sent_while_the_server_is_away_arrives_once_when_it_is_back(
    page: Page, server: ServedRepository
) -> None:
    page.goto(server.link)
    wait_status(page, "connected")
    server.kill()
    ask(page, "echo from the train")
    expect(page.locator('[data-status="reconnecting"], [data-status="connecting"]').first).to_be_visible()
    server.start()
    expect(page.locator('[data-idx="1"]')).to_contain_text("from the train")
    assert shown(page) == [0, 1]


def test_the_stop_button_stops_the_command_that_runs(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    ask(page, "slow 600")
    expect(page.locator('[data-state="RunningTool"]').first).to_be_visible()
    page.click("#cancel")
    expect(page.locator('[data-break="user"]')).to_contain_text("Stopped by you")
    wait_idle(page)


def test_shift_enter_breaks_the_line_and_a_draft_survives_a_reload(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    page.locator("#prompt").press_sequentially("two")
    page.press("#prompt", "Shift+Enter")
    page.locator("#prompt").press_sequentially("lines")
    page.reload()
    expect(page.locator("#prompt")).to_have_value("two\nlines")
    page.press("#prompt", "Enter")
    expect(page.locator('[data-idx="0"]')).to_contain_text("two\nlines")
    expect(page.locator("#prompt")).to_have_value("")


def test_the_tour_ends_in_a_commit_whose_diff_opens(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    ask(page, "show me around")
    commit = page.locator('[data-type="commit"]')
    expect(commit).to_contain_text("trio-agent/show-me-around")
    commit.get_by_role("button").click()
    expect(page.get_by_text("TRIO_AGENT_DEMO.md").last).to_be_visible()


def test_markup_in_any_text_stays_text(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    ask(page, "echo <img src=x onerror=alert(1)> **bold** <script>alert(2)</script>")
    card = page.locator('[data-idx="1"]')
    expect(card.locator("strong")).to_have_text("bold")
    expect(card).to_contain_text("<script>alert(2)</script>")
    assert page.locator("[data-idx] img, [data-idx] script").count() == 0


MOVING = "() => document.getAnimations().filter(({ playState }) => playState === 'running').length"


def test_without_a_connection_nothing_is_shown_as_if_it_went_on(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    ask(page, "slow 600")
    card = page.locator("tool-card")
    times = page.locator(".tool-time, .task-age")
    expect(times).to_have_count(3)
    expect(card.locator(".tool-time")).to_have_text(re.compile(r"^\d+ s$"))
    expect(page.locator("session-list")).not_to_have_attribute("data-stale", "")
    server.kill()
    stop = card.get_by_role("button", name="Stop bash")
    expect(stop).to_be_disabled()
    expect(stop).to_have_attribute("title", "Nothing can be stopped without a connection")
    expect(page.locator("#cancel")).to_be_disabled()
    tree = page.get_by_role("tree", name="What runs now")
    for button in tree.get_by_role("button").all():
        expect(button).to_have_attribute("aria-disabled", "true")
    expect(page.locator("task-tree")).to_contain_text("not up to date")
    expect(page.locator("session-list")).to_have_attribute("data-stale", "")
    before = times.all_inner_texts()
    # The page's own clock for it ticks once a second.
    page.evaluate("() => new Promise((done) => setTimeout(done, 2100))")
    assert times.all_inner_texts() == before
    expect(page.locator('network-status[data-face="gone"]')).to_be_visible()
    assert page.evaluate(MOVING) == 0
    server.start()
    expect(page.locator("tool-card")).to_have_attribute("data-status", "interrupted")
    expect(page.locator("session-list")).not_to_have_attribute("data-stale", "")


def test_what_ran_on_while_the_connection_was_gone_goes_on_on_the_page(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    ask(page, "slow 600")
    stop = page.locator("tool-card").get_by_role("button", name="Stop bash")
    expect(stop).to_be_enabled()
    page.context.set_offline(True)
    expect(stop).to_be_disabled()
    page.context.set_offline(False)
    expect(stop).to_be_enabled()
    expect(page.get_by_role("tree").get_by_role("button").first).to_have_attribute("aria-disabled", "false")
    was = page.locator(".tool-time").inner_text()
    expect(page.locator(".tool-time")).not_to_have_text(was)
    stop.click()
    expect(page.locator("tool-card")).to_have_attribute("data-status", "interrupted")


HEAR = """() => {
    window.heard = [];
    new MutationObserver((changes) => {
        for (const { target } of changes) {
            const element = target instanceof Element ? target : target.parentElement;
            const live = element?.closest("[role=status], [role=alert], [aria-live=polite], [aria-live=assertive]");
            if (live?.textContent) window.heard.push(live.textContent);
        }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def test_a_turn_of_many_steps_is_told_to_readers_of_screens_in_three_sentences(
    page: Page, server: ServedRepository
) -> None:
    page.goto(server.link)
    wait_status(page, "connected")
    expect(page.locator("session-list .session-row")).to_have_count(1)
    page.evaluate(HEAR)
    ask(page, "show me around")
    told = page.locator("session-header").get_by_role("status")
    expect(told).to_have_text("The agent is done", timeout=PATIENCE_MS)
    heard = page.evaluate("heard")
    assert heard[0] == "The agent is at work"
    assert heard[-1] == "The agent is done"
    assert len(heard) == 3
    assert heard[1].startswith("Agent: That was the tour")
