"""Several terminals in the page: which is shown, and where; how one is closed; how a finger works in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.pages.conftest import PATIENCE_MS
from tests.pages.shells import PROMPT, ROWS, open_terminal, run, shown, wait_for
from tests.served import ServedRepository

pytestmark = pytest.mark.browser

TYPE_ELSEWHERE = """([url, token, text]) => {
  const socket = new WebSocket(url);
  socket.onopen = () => {
    socket.send(JSON.stringify({ token }));
    socket.send(new TextEncoder().encode(text));
  };
}"""


@pytest.fixture(autouse=True)
def _bare_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The user's own shell may say and do anything before it is ready."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SHELL", "/bin/bash")


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    yield page
    context.close()


def add_terminal(page: Page) -> None:
    page.get_by_role("button", name="New terminal").click()
    wait_for(page, PROMPT)


def ends_with(number: int) -> re.Pattern[str]:
    return re.compile(f"{number}.*[$#]")


def wait_end(page: Page, number: int) -> None:
    """Until the newest line, a prompt, is on the screen, below `number`."""
    expect(page.locator(ROWS)).to_contain_text(ends_with(number), timeout=PATIENCE_MS)
    assert re.search(rf"\n{number}\n.*[$#]$", shown(page)), shown(page)


def test_what_was_not_in_front_is_shown_at_its_end_after_a_reload(server: ServedRepository, page: Page) -> None:
    open_terminal(page, server.link)
    page.keyboard.type("PS1='$ '; clear; seq 100 3000; seq 40\n")
    wait_for(page, "40")
    add_terminal(page)
    page.reload()
    wait_for(page, PROMPT)
    expect(page.locator("#terminal-1 .xterm-rows")).to_contain_text("40")
    page.set_viewport_size({"width": 1280, "height": 600})
    page.get_by_role("tab", name="Terminal 1").click()
    wait_end(page, 40)
    # The same for all of them, out of sight and in again.
    page.get_by_role("button", name="Hide the terminals").click()
    expect(page.locator("terminal-panel")).to_be_hidden()
    address = server.url.replace("http", "ws") + "terminal/1"
    page.evaluate(TYPE_ELSEWHERE, [address, server.token, "clear; seq 100 4000; seq 41\n"])
    expect(page.locator("#terminal-1 .xterm-rows")).to_contain_text(ends_with(41))
    page.set_viewport_size({"width": 1280, "height": 500})
    page.get_by_role("button", name="Terminals", exact=True).click()
    wait_end(page, 41)


def test_a_terminal_is_closed_by_its_button_and_its_number_is_free(server: ServedRepository, page: Page) -> None:
    open_terminal(page, server.link)
    add_terminal(page)
    run(page, "echo ol''d", "old")
    other = page.context.new_page()
    # In the same browser they are open in every page of the session.
    other.goto(server.link)
    wait_for(other, "old")
    running = page.locator("task-tree [role=treeitem]")
    expect(running).to_have_count(2)
    page.get_by_role("button", name="Close terminal 2").click()
    for each in (page, other):
        expect(each.get_by_role("tab")).to_have_count(1)
    expect(running).to_have_count(1)
    add_terminal(page)
    expect(page.get_by_role("tab", name="Terminal 2")).to_have_attribute("aria-selected", "true")
    assert "old" not in shown(page)


def test_a_terminal_in_which_something_runs_is_closed_after_a_question_only(
    server: ServedRepository, page: Page
) -> None:
    open_terminal(page, server.link)
    run(page, "sh -c 'echo \"be\"gun; exec cat'", "begun")
    tab = page.get_by_role("tab", name="Terminal 1")
    tab.click(button="middle")
    dialog = page.get_by_role("dialog", name="Close terminal 1?")
    expect(dialog).to_contain_text("“cat” runs in it")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    page.locator("terminal-view:not([hidden])").click()
    page.keyboard.type("still\n")
    wait_for(page, re.compile("still.*still"))
    page.keyboard.press("F6")
    page.keyboard.press("Delete")
    dialog.get_by_role("button", name="Close it").click()
    expect(page.locator("terminal-panel")).to_be_hidden()
    expect(page.get_by_role("tab")).to_have_count(0)
    expect(page.locator("task-tree")).to_contain_text("Nothing is running.")


def test_a_task_of_a_new_server_is_not_called_as_an_old_one_of_its_number(
    server: ServedRepository, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(server.link)
    page.get_by_role("textbox", name="Message to the agent").fill("slow 600")
    page.keyboard.press("Enter")
    rows = page.locator("task-tree [role=treeitem]")
    expect(rows.filter(has_text="Turn")).to_have_attribute("data-task", "1")
    page.get_by_role("button", name="Terminals", exact=True).click()
    wait_for(page, PROMPT)
    expect(rows.filter(has_text="Terminal 1")).to_have_count(1)
    # The terminal is there again before the page hears what else is.
    page.route("**/stream?**", lambda route: route.abort())
    server.kill()
    state = page.locator(".terminal-state")
    expect(state).to_contain_text("Reconnecting")
    server.start()
    expect(state).to_contain_text("this is a new shell")
    wait_for(page, PROMPT)
    page.unroute("**/stream?**")
    expect(page.locator("task-tree[data-stale]")).to_have_count(0)
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Terminal 1")


def test_where_there_is_no_session_there_is_no_terminal(server: ServedRepository, page: Page) -> None:
    page.goto(server.link)
    button = page.get_by_role("button", name="Terminals", exact=True)
    expect(button).to_be_enabled()
    page.goto(server.url + "sessions/nosuchsession000/#token=" + server.token)
    expect(button).to_be_disabled()
    expect(button).to_have_attribute("title", "There is no such session, and so no terminal")


def test_a_finger_has_the_keys_that_its_keyboard_lacks(server: ServedRepository, phone: Page, page: Page) -> None:
    open_terminal(phone, server.link)
    run(phone, "echo re''ady; cat -v > told; echo do''ne", "ready")
    for key in ("Esc", "Arrow up", "Pipe", "Tab"):
        phone.get_by_role("button", name=key, exact=True).tap()
    assert phone.evaluate("document.activeElement.closest('.xterm') !== null"), "the keyboard stays"
    phone.keyboard.type("\n")
    control = phone.get_by_role("button", name="Ctrl, for the next key")
    control.tap()
    expect(control).to_have_attribute("aria-pressed", "true")
    phone.keyboard.type("d")
    expect(control).to_have_attribute("aria-pressed", "false")
    wait_for(phone, "done")
    run(phone, "od -c told; echo fini''shed", "finished")
    assert "^   [   ^   [   [   A   |  \\t" in shown(phone)
    sizes = phone.locator("terminal-keys button").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().toJSON())"
    )
    assert all(size["width"] >= 44 and size["height"] >= 44 for size in sizes)
    open_terminal(page, server.link)
    expect(page.get_by_role("group", name="Keys")).to_be_hidden()


def test_many_tabs_are_beside_nothing_else_on_a_phone_and_the_one_in_front_is_seen(
    server: ServedRepository, phone: Page
) -> None:
    open_terminal(phone, server.link)
    for _ in range(5):
        add_terminal(phone)
    expect(phone.get_by_role("tab", name="Terminal 6")).to_be_in_viewport(ratio=1)
    expect(phone.get_by_role("button", name="Close terminal 6")).to_be_in_viewport(ratio=1)
    strip = phone.locator("terminal-tabs").bounding_box()
    boxes = [
        phone.locator(each).bounding_box()
        for each in (".terminal-option", "[aria-label='New terminal']", "[aria-label='Hide the terminals']")
    ]
    assert strip
    for at, one in enumerate([strip, *boxes]):
        assert one
        assert 0 <= one["x"] <= 360 - one["width"]
        for other in boxes[at:]:
            assert other
            beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
            assert beside or one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
    # A keyboard that comes up, or a page that is turned.
    phone.set_viewport_size({"width": 320, "height": 380})
    expect(phone.get_by_role("button", name="Close terminal 6")).to_be_in_viewport(ratio=1)
