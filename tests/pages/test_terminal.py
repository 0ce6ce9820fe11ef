"""The terminal in the page: a real shell, a real browser, and nothing that the page's policy would refuse."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.pages.conftest import DESK, PATIENCE_MS
from tests.pages.shells import PROMPT, ROWS, open_terminal, run, wait_for
from tests.served import ServedRepository

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _bare_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The user's own shell may say and do anything before it is ready."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SHELL", "/bin/bash")


def test_a_shell_runs_in_the_page_and_survives_a_reload(server: ServedRepository, page: Page) -> None:
    open_terminal(page, server.link)
    run(page, "ls; echo he''llo", "hello")
    run(page, "x=kept; echo se''t", "set")
    page.reload()
    wait_for(page, "hello")
    page.locator("terminal-view:not([hidden])").click()
    run(page, "echo is-$x", "is-kept")


def test_a_shell_that_was_lost_with_its_server_is_told_before_the_new_one(
    server: ServedRepository, context: BrowserContext
) -> None:
    words = "The server was restarted: this is a new shell."
    page = context.new_page()
    open_terminal(page, server.link)
    run(page, "echo he''llo", "hello")
    state = page.locator(".terminal-state")
    told = re.compile("^" + re.escape(f"[{words}]") + ".*[$#%>]")
    for _ in range(2):
        server.kill()
        server.start()
        expect(state).to_have_text(words, timeout=PATIENCE_MS)
        expect(page.locator(ROWS)).to_have_text(told)
        page.locator("terminal-view:not([hidden])").click()
        run(page, "echo ag''ain", "again")
        expect(state).to_have_text("")
    page.reload()
    wait_for(page, told)
    page.get_by_role("button", name="Close terminal 1").click()
    expect(page.locator("terminal-panel")).to_be_hidden()
    page.get_by_role("button", name="Terminals", exact=True).click()
    wait_for(page, PROMPT)
    expect(page.locator(ROWS)).not_to_contain_text(words)


def test_colours_come_through_the_policy(server: ServedRepository, page: Page) -> None:
    open_terminal(page, server.link)
    run(page, "printf '\\033[38;2;200;30;40mtr''ue\\033[0m \\033[31msix''teen\\033[0m\\n'", "true sixteen")
    colours = (
        "() => [...document.querySelectorAll('.xterm-rows span')].map(e => [e.textContent, getComputedStyle(e).color])"
    )
    found = dict(page.evaluate(colours))
    assert found["true"] == "rgb(200, 30, 40)"
    assert found["sixteen"] == "rgb(180, 42, 42)"
    assert "'unsafe-inline'" not in str(page.request.get(server.url).headers["content-security-policy"])


def test_the_shell_is_as_large_as_the_view(server: ServedRepository, page: Page) -> None:
    open_terminal(page, server.link)
    page.keyboard.type("stty size > size1; echo do''ne\n")
    wait_for(page, "done")
    page.set_viewport_size({"width": 900, "height": 700})
    page.keyboard.type("stty size > size2; cmp size1 size2 || echo dif''ferent\n")
    wait_for(page, "different")


def test_two_pages_see_one_terminal(server: ServedRepository, page: Page) -> None:
    open_terminal(page, server.link)
    other = page.context.new_page()
    # In the same browser they are open in every page of the session.
    other.goto(server.link)
    wait_for(other, PROMPT)
    other.locator("terminal-view:not([hidden])").click()
    run(other, "echo from-the-o''ther", "from-the-other")
    wait_for(page, "from-the-other")


def test_the_keyboard_goes_in_and_comes_out_again(server: ServedRepository, page: Page) -> None:
    open_terminal(page, server.link)
    run(page, "echo re''ady; cat -vT", "ready")
    for key in ("Tab", "Escape", "Enter"):
        page.keyboard.press(key)
    # Twice: typed, and what `cat` calls it.
    wait_for(page, "^I^[")
    page.keyboard.press("Control+d")
    run(page, "echo st''ill", "still")
    page.keyboard.press("F6")
    expect(page.get_by_role("tab", name="Terminal 1")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="New terminal")).to_be_focused()
    page.keyboard.press("Enter")
    wait_for(page, PROMPT)
    run(page, "echo sec''ond", "second")
    page.keyboard.press("F6")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab", name="Terminal 1")).to_have_attribute("aria-selected", "true")
    wait_for(page, "still")
    page.keyboard.press("Delete")
    expect(page.get_by_role("tab")).to_have_count(1)
    page.get_by_role("button", name="Hide the terminals").click()
    expect(page.get_by_role("button", name="Terminals", exact=True)).to_be_focused()
    expect(page.locator("terminal-panel")).to_be_hidden()


def test_how_a_shell_ended_is_said_and_enter_begins_another(server: ServedRepository, page: Page) -> None:
    open_terminal(page, server.link)
    page.keyboard.type("exit 3\n")
    expect(page.get_by_text("The shell ended with status 3.")).to_be_visible()
    expect(page.get_by_role("tab", name="Terminal 1 exit 3")).to_have_text("1 exit 3")
    expect(page.locator("task-tree")).to_contain_text("Nothing is running.")
    page.keyboard.press("Enter")
    run(page, "echo an''other", "another")
    expect(page.get_by_text("The shell ended with status 3.")).to_be_hidden()
    expect(page.get_by_role("tab", name="Terminal 1", exact=True)).to_be_visible()


def test_what_a_program_asks_is_answered_once_and_not_again_in_a_replay(server: ServedRepository, page: Page) -> None:
    open_terminal(page, server.link)
    # Where the cursor is: the answer comes as if it were typed.
    run(page, "IFS=R read -s -d R -p $'\\e[6n' at; echo at''-${at#*[}", "at-")
    page.reload()
    wait_for(page, "at-")
    page.locator("terminal-view:not([hidden])").click()
    run(page, "echo cle''an", "clean")
    assert "R" not in page.locator(ROWS).inner_text().rpartition("at-")[2].replace("clean", "").replace("cle''an", "")


def test_where_xterm_is_missing_the_page_says_so(server: ServedRepository, browser: Browser) -> None:
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.route("**/vendor/**", lambda route: route.fulfill(status=404))
    page.goto(server.link)
    page.get_by_role("button", name="Terminals", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("xterm.js is missing")
    context.close()


def test_nothing_of_it_is_loaded_before_it_is_opened(server: ServedRepository, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server.link)
    expect(page.locator("network-status")).to_have_attribute("data-status", "connected")
    assert [url for url in asked if "vendor" in url or "terminal-view" in url] == []


@contextmanager
def foreign_page(folder: Path) -> Iterator[str]:
    """The address of a page that a server on another port of this machine shows."""
    (folder / "index.html").write_text("<!doctype html><title>foreign</title>")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *arguments: Quiet(*arguments, directory=str(folder))
    ) as foreign:
        thread = threading.Thread(target=foreign.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{foreign.server_port}/index.html"
        foreign.shutdown()
        thread.join()


def test_a_page_of_another_origin_gets_no_terminal_even_with_the_token(
    server: ServedRepository, browser: Browser, tmp_path: Path
) -> None:
    folder = tmp_path / "foreign"
    folder.mkdir()
    context = browser.new_context()
    page = context.new_page()
    with foreign_page(folder) as address:
        page.goto(address)
        told = page.evaluate(
            """([url, token]) => new Promise((resolve) => {
              const socket = new WebSocket(url);
              socket.onopen = () => socket.send(JSON.stringify({ token }));
              socket.onmessage = () => resolve("shown");
              socket.onclose = ({ code }) => resolve(code);
            })""",
            [server.url.replace("http", "ws") + "terminal/1", server.token],
        )
    context.close()
    assert told == 1006
