"""Looking at an earlier moment of a session that goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from tests.pages.test_dashboard import ask, shown, wait_status
from tests.pages.test_parts import wait_for_parts
from tests.served import ServedRepository
from tests.whole.test_repository import say

pytestmark = pytest.mark.browser

LATER = 4
"""Messages of two turns."""


@pytest.fixture
def client(server: ServedRepository) -> Iterator[httpx2.Client]:
    with server.client() as opened:
        say(opened, "echo one", until="one")
        say(opened, "echo two", until="two")
        yield opened


def go_back(page: Page, idx: int) -> None:
    page.locator(f'[data-idx="{idx}"]').hover()
    page.locator(f'[data-idx="{idx}"]').get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name="as it was here").click()


def test_the_page_is_as_it_was_while_what_comes_is_held_back(
    page: Page, server: ServedRepository, client: httpx2.Client
) -> None:
    page.goto(server.link)
    expect(page.locator('[data-idx="3"]')).to_be_visible()
    go_back(page, 1)
    expect(page.locator('[data-idx="2"]')).to_have_count(0)
    assert shown(page) == [0, 1]
    expect(page.locator("#prompt")).to_be_hidden()
    slider = page.get_by_role("slider")
    expect(slider).to_be_focused()
    expect(page.locator("#replay-place")).to_contain_text("2 of 4")
    client.post("chat", json={"message": "echo three"})
    expect(page.locator("#replay-place")).to_contain_text("2 of 6")
    assert shown(page) == [0, 1]
    slider.press("ArrowRight")
    expect(page.locator('[data-idx="2"]')).to_be_visible()
    page.get_by_role("button", name="Back to now").click()
    expect(page.locator('[data-idx="5"]')).to_be_visible()
    assert shown(page) == list(range(6))
    expect(page.locator("#prompt")).to_be_focused()
    ask(page, "echo four")
    expect(page.locator('[data-idx="7"]')).to_contain_text("four")


def test_the_past_is_played_to_its_end_and_escape_leads_back(
    page: Page, server: ServedRepository, client: httpx2.Client
) -> None:
    page.goto(server.link)
    go_back(page, 0)
    page.get_by_label("Speed").select_option("50×")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator("#replay-place")).to_contain_text(f"{LATER} of {LATER}")
    expect(page.get_by_role("button", name="Play again")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#prompt")).to_be_focused()
    expect(page.get_by_role("slider")).to_be_hidden()


def test_a_turn_that_was_under_way_then_is_shown_so(
    page: Page, server: ServedRepository, client: httpx2.Client
) -> None:
    say(client, "bash echo done", until="done")
    page.goto(server.link)
    call = 5
    expect(page.locator(f'[data-idx="{call}"] tool-card')).to_be_visible()
    go_back(page, call)
    expect(page.locator("tool-card")).to_have_attribute("data-status", "running")
    expect(page.locator("tool-card").get_by_role("button", name="Stop")).to_have_count(0)
    page.get_by_role("button", name="Next message").click()
    expect(page.locator("tool-card")).to_have_attribute("data-status", "ok")


def test_the_past_can_be_looked_at_without_the_server(
    page: Page, server: ServedRepository, client: httpx2.Client
) -> None:
    page.goto(server.link)
    expect(page.locator('[data-idx="3"]')).to_be_visible()
    wait_for_parts(page)
    server.kill()
    expect(page.locator('[data-status="reconnecting"], [data-status="connecting"]').first).to_be_visible()
    go_back(page, 1)
    assert shown(page) == [0, 1]
    server.start()
    wait_status(page, "connected")
    assert shown(page) == [0, 1]


def test_a_link_to_a_later_message_leads_out_of_the_past(
    page: Page, server: ServedRepository, client: httpx2.Client
) -> None:
    page.goto(server.link)
    go_back(page, 0)
    page.evaluate("location.hash = '#message-3'")
    expect(page.locator('[data-idx="3"]')).to_be_visible()
    expect(page.locator("#prompt")).to_be_visible()


def test_on_a_phone_the_bar_has_room(browser: Browser, server: ServedRepository, client: httpx2.Client) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(server.link)
    page.locator('[data-idx="1"]').get_by_role("button", name="Actions").tap()
    page.get_by_role("menuitem", name="as it was here").tap()
    expect(page.get_by_role("button", name="Back to now")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()


def test_the_panel_tells_of_the_moment_and_the_header_of_now(
    page: Page, server: ServedRepository, client: httpx2.Client
) -> None:
    say(client, "bash echo done", until="done")
    page.goto(server.link)
    wait_status(page, "connected")
    facts = page.locator("session-facts")
    now = page.locator("usage-meter .big").inner_text()
    page.keyboard.press("Alt+t")
    slider = page.get_by_role("slider")
    expect(slider).to_be_focused()
    expect(page.locator("usage-meter .big")).to_have_text(now)
    expect(facts.locator(".facts")).to_contain_text("demo")
    expect(page.locator("#agent-state")).to_contain_text("Earlier · now:")
    slider.press("Home")
    expect(facts.get_by_text("Up to then", exact=True)).to_be_visible()
    expect(page.locator("usage-meter .pairs dd").first).to_have_text("0")
    expect(facts.locator(".facts")).to_contain_text("demo")
    expect(page.locator("#changes")).to_be_hidden()
    client.post("chat", json={"message": "slow 60"})
    expect(page.locator("#agent-state")).to_have_text("Earlier · now: Running bash")
    assert shown(page) == [0]
    page.keyboard.press("Escape")
    expect(page.locator("#agent-state")).to_have_text("Running bash")
    expect(page.locator("usage-meter .big")).to_be_visible()
    client.post("cancel", json={})


def test_there_is_a_button_for_it_and_the_track_is_long_and_stays_as_it_is(
    page: Page, server: ServedRepository, client: httpx2.Client
) -> None:
    page.goto(server.link)
    page.get_by_role("button", name="Look back").click()
    slider = page.get_by_role("slider")
    expect(slider).to_be_focused()
    expect(page.locator("#replay-place")).to_contain_text(f"{LATER} of {LATER}")
    wide = slider.bounding_box()
    assert wide is not None
    assert wide["width"] > 500
    slider.press("Home")
    expect(page.locator("#replay-place")).to_contain_text(f"1 of {LATER}")
    assert slider.bounding_box() == wide


def test_it_plays_old_messages_with_the_pauses_that_there_were(page: Page, server: ServedRepository) -> None:
    with server.client() as opened:
        say(opened, "echo one", until="one")
        say(opened, "burst 2200 300", until="2200")
    held: list[Route] = []
    page.route("**/messages?*", lambda route: held.append(route))
    page.clock.install()
    page.goto(server.link)
    wait_status(page, "connected")
    page.keyboard.press("Alt+t")
    page.get_by_role("slider").press("Home")
    page.get_by_label("Speed").select_option("1×")
    page.get_by_role("button", name="Play", exact=True).click()
    place = page.locator("#replay-place")
    expect(place).to_contain_text("loading")
    page.clock.run_for(20_000)
    expect(place).to_contain_text("1 of ")
    for each in held:
        each.continue_()
    page.unroute("**/messages?*")
    expect(place).not_to_contain_text("loading")
    page.clock.run_for(5_000)
    expect(page.locator('[data-idx="1"]')).to_contain_text("one")


@pytest.mark.parametrize("size", [{"width": 740, "height": 360}, {"width": 320, "height": 568}])
def test_a_fresh_page_begins_with_its_welcome(browser: Browser, server: ServedRepository, size: ViewportSize) -> None:
    context = browser.new_context(viewport=size)
    page = context.new_page()
    page.goto(server.link)
    wait_status(page, "connected")
    expect(page.locator(".welcome h2")).to_be_in_viewport(ratio=1)
    assert page.locator("session-timeline").evaluate("timeline => timeline.scrollTop") == 0
    ask(page, "stream 400 1")
    expect(page.locator('[data-idx="1"]')).to_be_visible()
    page.wait_for_function("""() => {
      const { scrollHeight, scrollTop, clientHeight } = document.querySelector("session-timeline");
      return scrollHeight - scrollTop - clientHeight < 2;
    }""")
    context.close()


WALKS = (Path(__file__).parents[1] / "js" / "walks.js").read_text().replace("export function", "function")
"""Logs made by chance, for the page as for the tests of its parts."""

WALK = """
  const PAGE = 64;
  const Timeline = customElements.get("session-timeline");
  const wrong = [];
  for (let seed = 1; seed <= 6; seed++) {
    const chance = random(seed);
    const upTo = (end) => Math.floor(chance() * end);
    const log = logOf(1 + upTo(6 * PAGE), chance);
    const base = upTo(log.length);
    const pages = new Set();
    const timeline = new Timeline();
    timeline.style.cssText = "position: fixed; inset: 0";
    timeline.markdown = { watch() {}, near() {}, forget() {}, clear() {} };
    timeline.history = {
      get: (idx) => (pages.has(Math.floor(idx / PAGE)) ? log[idx] : undefined), want: () => {}, clear: () => pages.clear(),
    };
    document.body.append(timeline);
    let count = 0;
    const go = (to) => {
      count = to;
      const from = Math.min(base, count);
      timeline.show({
        pending: [], connection: { status: "connected" },
        log: {
          generation: 1, log: "l", cursor: "", base: from, announced: count, messages: log.slice(from, count), state: null,
          draft: null, outputs: new Map(), waiting: [],
        },
      });
    };
    const come = (page) => {
      pages.add(page);
      timeline.pageCame(page);
    };
    const check = (when) => {
      let all = true;
      for (let idx = 0; idx < Math.min(base, count); idx++) all &&= timeline.history.get(idx) !== undefined;
      for (let idx = 0; idx < log.length; idx++) {
        const cards = timeline.querySelectorAll(`[data-idx="${idx}"]`);
        const least = all && idx < count ? 1 : 0;
        if (cards.length < least || cards.length > (idx < count ? 1 : 0)) {
          wrong.push(`seed ${seed}, ${when}, ${count} of ${log.length}: message ${idx} is shown ${cards.length} times`);
        }
        const { type, tool_call_id: id } = log[idx];
        if (type !== "tool" || !least) continue;
        const makes = (each) => each.tool_calls?.some((call) => call.tool_call_id === id);
        const maker = log.findLast((each) => each.idx < idx && makes(each));
        const first = maker && log.find((each) => each.idx > maker.idx && each.tool_call_id === id);
        if (first?.idx !== idx || cards[0]?.dataset.call === `${maker.idx} ${id}`) continue;
        wrong.push(`seed ${seed}, ${when}: result ${idx} stands alone`);
      }
    };
    go(log.length);
    for (let step = 0; step < 10; step++) {
      if (upTo(2)) go(1 + upTo(log.length));
      else come(upTo(Math.ceil(log.length / PAGE)));
      check(`step ${step}`);
    }
    for (let page = Math.ceil(log.length / PAGE) - 1; page >= 0; page--) come(page);
    check("all here");
    go(log.length);
    check("now");
    timeline.remove();
  }
  return wrong.slice(0, 20);
"""


def test_whatever_walk_through_time_every_message_is_shown_once_and_results_with_their_calls(
    page: Page, server: ServedRepository
) -> None:
    page.goto(server.link)
    wait_status(page, "connected")
    assert page.evaluate(f"() => {{ {WALKS} {WALK} }}") == []
