"""The panel beside the conversation: the plan, what runs as a tree, and what was used, in a real browser."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.pages.test_dashboard import ask, wait_idle, wait_status
from tests.projects import make_project
from tests.served import ServedRepository, served

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 740}
BOXES = """() => [...document.querySelectorAll("session-facts *")].map((each) => {
  const { x, y, width, height } = each.getBoundingClientRect();
  return [x, y, width, height];
})"""


def rows(page: Page) -> Locator:
    return page.get_by_role("tree", name="What runs now").get_by_role("treeitem")


def running(page: Page, server: ServedRepository, words: str = "slow 600") -> None:
    """The page, with a tool at work."""
    page.goto(server.link)
    wait_status(page, "connected")
    expect(page.get_by_text("Nothing is running.")).to_be_visible()
    ask(page, words)
    expect(rows(page)).to_have_count(2)


def focused(page: Page) -> str:
    kind = page.evaluate("() => document.activeElement?.dataset.kind ?? document.activeElement?.className ?? ''")
    return str(kind)


def test_what_runs_is_a_tree_with_what_it_is_about(page: Page, server: ServedRepository) -> None:
    running(page, server)
    turn, tool = rows(page).nth(0), rows(page).nth(1)
    expect(turn).to_have_attribute("aria-level", "1")
    expect(turn).to_have_attribute("aria-expanded", "true")
    expect(turn).to_contain_text("slow 600")
    expect(tool).to_have_attribute("aria-level", "2")
    expect(tool).to_contain_text("bash")
    expect(tool).to_contain_text("sleep 600")
    expect(tool).to_have_accessible_name(re.compile(r"^bash.*, since .+, until .+ at most"))
    page.click("#cancel")
    expect(page.get_by_text("Nothing is running.")).to_be_visible()


def test_times_tick_and_nothing_moves(page: Page, server: ServedRepository) -> None:
    running(page, server)
    age = rows(page).nth(1).locator(".task-age")
    expect(age).to_have_text(re.compile(r"^0:0[1-9]$"))
    before, was = page.evaluate(BOXES), age.inner_text()
    expect(age).not_to_have_text(was)
    assert page.evaluate(BOXES) == before


def test_a_single_tool_is_stopped_from_the_tree_and_its_turn_goes_on(page: Page, server: ServedRepository) -> None:
    running(page, server)
    rows(page).nth(1).get_by_role("button", name="Stop bash").click()
    expect(page.locator("tool-card")).to_have_attribute("data-status", "interrupted")
    wait_idle(page)
    # It was the tool that was cancelled: the turn went on to its end by itself.
    assert "Stopped by you" not in page.locator("session-timeline").inner_text()


def test_the_tree_is_used_by_keys(page: Page, server: ServedRepository) -> None:
    running(page, server)
    rows(page).nth(0).focus()
    page.keyboard.press("ArrowDown")
    assert focused(page) == "tool"
    page.keyboard.press("ArrowLeft")
    assert focused(page) == "turn"
    page.keyboard.press("ArrowLeft")
    expect(rows(page)).to_have_count(1)
    expect(rows(page).first).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowRight")
    expect(rows(page)).to_have_count(2)
    page.keyboard.press("End")
    assert focused(page) == "tool"
    page.keyboard.press("Tab")
    assert "task-stop" in focused(page)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Home")
    assert focused(page) == "turn"
    page.keyboard.press("Delete")
    expect(page.get_by_text("Nothing is running.")).to_be_visible()
    # Where the focus was is nothing any more: it stays near.
    assert page.evaluate("() => document.activeElement.textContent") == "Running"
    expect(page.locator("session-timeline")).to_contain_text("Stopped by you")


def test_what_the_user_began_runs_in_the_session_and_can_be_stopped_there(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    wait_status(page, "connected")
    page.get_by_role("button", name="Terminals").click()
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("Terminal 1")
    rows(page).get_by_role("button", name="Stop").click()
    expect(rows(page)).to_have_count(0)


SCRIPT = [
    {
        "tool_calls": [
            {"name": "todo_write", "input": {"tasks": [
                {"id": "a", "task": "Read the <b>code</b>", "status": "completed"},
                {"id": "b", "task": "Serve it", "status": "in-progress"},
                {"id": "c", "task": "Look at it", "status": "queued"},
            ]}},
            {"name": "bash", "input": {"command": "sleep 6000 # the server", "background": True}},
        ]
    },
    {"text": "It is being served."},
]  # fmt: skip


def test_the_plan_is_counted_and_a_job_that_outlives_its_turn_is_stopped_by_the_user(
    page: Page, tmp_path: Path
) -> None:
    make_project(tmp_path / "wordcount")
    script = tmp_path / "script.json"
    script.write_text(json.dumps(SCRIPT))
    with served(tmp_path / "wordcount", tmp_path / "data", "--model", f"scripted:{script}") as server:
        page.goto(server.link)
        wait_status(page, "connected")
        expect(page.locator("todo-list")).to_be_hidden()
        ask(page, "serve it")
        expect(page.locator("session-timeline")).to_contain_text("It is being served.")
        wait_idle(page)
        plan = page.locator("todo-list")
        expect(plan.get_by_role("heading")).to_have_text("Plan 1 of 3 done")
        expect(plan.get_by_role("listitem")).to_have_text(
            ["Read the <b>code</b>, done", "Serve it, in progress", "Look at it, to do"]
        )
        expect(rows(page)).to_have_count(1)
        expect(rows(page)).to_contain_text("sleep 6000 # the server")
        rows(page).get_by_role("button", name="Stop In the background").click()
        expect(page.get_by_text("Nothing is running.")).to_be_visible()
        with server.client() as client:
            assert client.get("tasks").json()["tasks"] == []


def test_a_connection_that_is_gone_dims_what_ran_and_what_runs_then_is_told_anew(
    page: Page, server: ServedRepository
) -> None:
    running(page, server)
    server.kill()
    expect(page.locator("task-tree[data-stale]")).to_be_visible()
    expect(rows(page)).to_have_count(2)
    server.start()
    expect(page.get_by_text("Nothing is running.")).to_be_visible()
    expect(page.locator("task-tree[data-stale]")).to_have_count(0)


def test_a_tab_that_follows_another_knows_what_runs(page: Page, server: ServedRepository) -> None:
    running(page, server)
    second = page.context.new_page()
    # By its address the session is known, so this tab has never had a stream of its own.
    with server.client() as client:
        second.goto(f"{server.url}sessions/{client.get('state').json()['session_id']}/")
    wait_status(second, "connected")
    expect(rows(second)).to_have_count(2)
    page.click("#cancel")
    expect(second.get_by_text("Nothing is running.")).to_be_visible()


def test_what_was_used_is_told_by_turn_and_tool(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    wait_status(page, "connected")
    meter = page.locator("usage-meter")
    for count, words in enumerate(("cost 0.25", f"bash echo hi {'and so on ' * 12}", "cost 0.5"), 1):
        ask(page, words)
        # Not while the turn goes on: it would take the next words along.
        expect(page.locator(".usage-bars rect:not(.usage-now)")).to_have_count(count)
        wait_idle(page)
        if count == 1:
            expect(meter.get_by_role("img")).to_have_accessible_name("1 turn, of $0.25")
    expect(meter).to_contain_text("$0.75")
    expect(meter).to_contain_text("Each bar is a turn; the tallest: $0.50")
    expect(meter.locator(".usage-top")).to_have_text("$0.50")
    # What cost nothing is seen all the same.
    heights = meter.locator("rect").evaluate_all("bars => bars.map((bar) => bar.getBoundingClientRect().height)")
    assert 0 < heights[1] < heights[0] < heights[2]
    expect(meter.get_by_role("img")).to_have_accessible_name("3 turns, the largest of $0.50")
    expect(meter.locator("rect")).to_have_count(3)
    meter.get_by_role("button", name="By turn and tool").click()
    dialog = page.get_by_role("dialog", name="Usage")
    expect(dialog).to_contain_text("$0.75 and")
    # However long what the user said is, the figures are in view.
    assert dialog.locator(".usage-scroll").evaluate_all("boxes => boxes.every((e) => e.scrollWidth <= e.clientWidth)")
    turns = dialog.get_by_role("table", name="By turn").locator("tbody tr")
    expect(turns).to_have_count(3)
    expect(turns.nth(0)).to_contain_text(re.compile(r"^cost 0\.5.*\$0\.50$"))
    expect(turns.nth(1)).to_contain_text("bash echo hi")
    tools = dialog.get_by_role("table", name="By tool").locator("tbody tr")
    expect(tools).to_have_count(1)
    expect(tools).to_contain_text(re.compile(r"^bash1–.*––$"))
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(meter.get_by_role("button", name="By turn and tool")).to_be_focused()
    meter.get_by_role("button", name="By turn and tool").click()
    turns.nth(2).get_by_role("button", name="cost 0.25").click()
    expect(dialog).to_have_count(0)
    assert page.url.endswith("#message-0")


def test_the_budget_of_the_turn_that_runs_tells_what_is_left(page: Page, server: ServedRepository) -> None:
    running(page, server)
    expect(page.locator("usage-meter")).to_contain_text("$5.00 left for this turn")
    page.click("#cancel")
    wait_idle(page)
    expect(page.locator(".usage-left")).to_be_hidden()


def test_on_a_phone_the_tree_fits_and_its_stops_are_large_enough_for_a_thumb(
    browser: Browser, server: ServedRepository
) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(server.link)
    wait_status(page, "connected")
    page.fill("#prompt", "slow 600")
    page.click("#send")
    page.get_by_role("button", name="About this session").click()
    expect(rows(page)).to_have_count(2)
    box = rows(page).nth(1).get_by_role("button").bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 44
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    panel = page.locator("#facts-panel")
    assert panel.evaluate("(e) => e.scrollWidth <= e.clientWidth")
    page.get_by_role("button", name="By turn and tool").click()
    expect(page.get_by_role("dialog", name="Usage")).to_be_visible()
    page.keyboard.press("Escape")
    # What was open before it is open again.
    expect(page.get_by_role("button", name="By turn and tool")).to_be_focused()
    context.close()
