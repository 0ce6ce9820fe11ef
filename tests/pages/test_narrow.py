"""Little room: the narrowest phone, a page zoomed to 400 %, long names, and words that are longer than the English ones."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.pages.conftest import DESK
from tests.pages.test_dashboard import ask, wait_idle, wait_status
from tests.replays import replayed
from tests.served import ServedRepository
from trio_agent.core.message import Message, ToolCall
from trio_agent.core.wire import encode_json

pytestmark = pytest.mark.browser

NARROW = {"width": 320, "height": 640}
ZOOMED = {"width": 320, "height": 256}
"""1280×1024 at 400 %, as WCAG 2.2 (1.4.10) has it."""
AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"

MCP = ToolCall(name="mcp__issue_tracker__search_issues_and_pull_requests", input='{"query": "open"}', tool_call_id="a")
NAMELESS = ToolCall(name="", input=json.dumps({"lines": ["x"] * 60}), tool_call_id="b")
RECORDED = (
    Message(type="user", content="What is open?", timestamp="2026-11-23T10:00:00Z"),
    Message(type="agent", content="I look.", tool_calls=(MCP, NAMELESS), timestamp="2026-11-23T10:00:01Z"),
    Message(
        type="tool",
        tool_name=MCP.name,
        tool_call_id="a",
        input=MCP.input,
        tool_result="no such project",
        tool_error=True,
        timestamp="2026-11-23T10:00:02Z",
    ),
    Message(type="auto", content="This is a long note. " * 40, timestamp="2026-11-23T10:00:03Z"),
    Message(type="error", content="Cancelled: user requested cancellation", timestamp="2026-11-23T10:00:04Z"),
    Message(type="user", content="Do go on.", timestamp="2026-11-23T10:00:05Z"),
    Message(type="error", content="Cancelled: the wrong project", timestamp="2026-11-23T10:00:06Z"),
)


@pytest.fixture(params=["en-GB", "de-DE"])
def phone(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(viewport=NARROW, has_touch=True, is_mobile=True, locale=request.param)
    context.add_init_script(path=AXE)
    yield context.new_page()
    context.close()


def overflow(page: Page) -> float:
    """By how many pixels the conversation is wider than what is seen of it."""
    width: float = page.locator("session-timeline").evaluate("(e) => e.scrollWidth - e.clientWidth")
    return width


def right(part: Locator) -> float:
    return float(part.evaluate("(e) => e.getBoundingClientRect().right"))


def bottom(part: Locator) -> float:
    return float(part.evaluate("(e) => e.getBoundingClientRect().bottom"))


def left(part: Locator) -> float:
    return float(part.evaluate("(e) => e.getBoundingClientRect().left"))


def test_a_long_name_leaves_room_for_what_came_of_the_call(phone: Page, tmp_path: Path) -> None:
    file = tmp_path / "recorded.jsonl"
    log = (msgspec.structs.replace(each, idx=idx, conversation_id="c") for idx, each in enumerate(RECORDED))
    file.write_bytes(b"".join(encode_json(each) + b"\n" for each in log))
    with replayed(tmp_path / "home", file, "--no-auth", "--speed", "inf") as replay:
        phone.goto(replay.link)
        expect(phone.locator('[data-idx="6"]')).to_be_visible()
        assert overflow(phone) <= 0
        card = phone.locator('tool-card[data-idx="2"]')
        assert right(card.locator(".tool-word")) <= NARROW["width"]
        expect(card.locator(".tool-name")).to_have_attribute("title", MCP.name)
        # What the user did is told calmly, with a reason where there is one.
        stops = phone.locator('[data-break="user"]')
        expect(stops).to_have_count(2)
        expect(stops.nth(0).locator(".text")).to_be_hidden()
        expect(stops.nth(1).locator(".text")).to_have_text("the wrong project")
        for call in phone.locator("tool-card details").all():
            call.evaluate("(e) => { e.open = true; }")
        expect(phone.locator(".tool-input")).to_have_count(2)
        problems = phone.evaluate(
            """async () => (await axe.run(document.querySelector("session-timeline"))).violations
                .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target}`))"""
        )
        assert problems == []


def test_the_line_of_a_running_tool_ends_where_its_button_begins(phone: Page, server: ServedRepository) -> None:
    phone.goto(server.link)
    wait_status(phone, "connected")
    placeholder = phone.locator("#prompt")
    assert placeholder.evaluate("(e) => e.scrollHeight <= e.clientHeight")
    phone.fill("#prompt", "slow 600")
    phone.click("#send")
    card = phone.locator('tool-card[data-status="running"]')
    expect(card.locator(".tool-time")).not_to_be_empty()
    assert right(card.locator(".tool-time")) <= left(card.locator(".tool-stop"))
    # It is a button on all its sides, and no higher than the line.
    borders = card.locator(".tool-stop").evaluate("(e) => getComputedStyle(e, '::before').borderWidth")
    assert borders == "1px"
    height = "(e) => e.offsetHeight"
    assert card.locator(".tool-stop").evaluate(height) <= card.locator("summary").evaluate(height)
    card.locator("summary").click()
    output = card.locator(".tool-output")
    expect(output).to_be_visible()
    assert right(card.locator(".tool-time")) <= left(card.locator(".tool-stop"))
    # What is behind the line goes below the button.
    assert right(output) > left(card.locator(".tool-stop"))
    phone.click("#cancel")
    wait_idle(phone)


def test_a_title_has_two_lines_and_drawers_have_one_and_a_button_that_closes_them(
    phone: Page, server: ServedRepository
) -> None:
    phone.goto(server.link)
    wait_status(phone, "connected")
    bar = phone.locator(".bar")
    height = bar.evaluate("(e) => e.offsetHeight")
    with server.client() as client:
        session = client.get("state").json()["session_id"]
        client.patch(f"sessions/{session}", json={"title": "Fold the case of what is counted"})
    expect(phone.get_by_role("heading", level=1)).to_have_text("Fold the case of what is counted")
    assert (
        phone.get_by_role("heading", level=1).evaluate(
            "(e) => e.offsetHeight / parseFloat(getComputedStyle(e).lineHeight)"
        )
        >= 2
    )
    assert bar.evaluate("(e) => e.offsetHeight") == height
    for panel in ("#sessions-panel", "#facts-panel"):
        phone.locator(f'.bar [popovertarget="{panel[1:]}"]').tap()
        expect(phone.locator(panel)).to_be_visible()
        close = phone.locator(f"{panel} .panel-close")
        box = close.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44
        close.tap()
        expect(phone.locator(panel)).to_be_hidden()


def open_at_work(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    wait_status(page, "connected")
    ask(page, "slow 600")
    expect(page.locator('tool-card[data-status="running"]')).to_be_visible()


def test_what_the_agent_does_and_what_a_button_does_is_said_in_whole_words(
    phone: Page, server: ServedRepository
) -> None:
    phone.goto(server.link)
    wait_status(phone, "connected")
    phone.fill("#prompt", "slow 600")
    phone.click("#send")
    words = phone.locator("#agent-state > span:last-child")
    whole = "(e) => e.clientWidth > 0 && e.scrollWidth <= e.clientWidth"
    expect(words).to_have_text(re.compile("bash"))
    assert words.evaluate(whole)
    later = phone.locator("#later")
    assert later.locator("span").evaluate("(e) => e.offsetWidth") > 60
    hint = phone.locator(".hint.news")
    assert hint.evaluate("(e) => e.scrollHeight <= e.clientHeight")
    assert right(hint) <= left(later)
    for button in (later, phone.locator("#cancel"), phone.locator("#send")):
        assert right(button) <= NARROW["width"]
    assert bottom(later) <= phone.locator("#send").evaluate("(e) => e.getBoundingClientRect().top")
    phone.keyboard.press("Alt+t")
    expect(words).to_have_text(re.compile(" · .+ bash"))
    assert words.evaluate(whole)
    assert overflow(phone) <= 0


def test_what_the_user_should_know_is_whole_beside_all_buttons(browser: Browser, server: ServedRepository) -> None:
    context = browser.new_context(viewport=DESK, locale="de-DE")
    page = context.new_page()
    open_at_work(page, server)
    context.set_offline(True)
    news = page.locator(".hint.news", has_text="Offline")
    expect(news).to_have_text("Offline: Was Sie senden, geht hinaus, sobald Sie wieder online sind")
    assert news.evaluate("(e) => e.scrollHeight <= e.clientHeight && e.scrollWidth <= e.clientWidth")
    context.set_offline(False)
    context.close()


def test_at_four_times_the_size_there_is_a_conversation_to_read_and_a_button_that_sends(
    browser: Browser, server: ServedRepository
) -> None:
    context = browser.new_context(viewport=ZOOMED, locale="de-DE")
    page = context.new_page()
    open_at_work(page, server)
    # As it is most of the time, all is in view.
    assert bottom(page.locator("#send")) <= ZOOMED["height"]
    assert page.locator("session-timeline").evaluate("(e) => e.clientHeight") >= 120
    ask(page, "und dann noch dies\n" * 6)
    expect(page.locator(".waiting-row")).to_have_count(1)
    page.fill("#prompt", "Zeile\n" * 12)
    assert page.locator("session-timeline").evaluate("(e) => e.clientHeight") >= 88
    for button in ("#send", "#cancel"):
        page.locator(button).scroll_into_view_if_needed()
        assert bottom(page.locator(button)) <= ZOOMED["height"]
    assert page.evaluate("() => document.documentElement.scrollWidth") <= ZOOMED["width"]
    page.click("#cancel")
    context.close()
