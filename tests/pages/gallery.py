"""Every view and state of the page, and how to come to it: for pictures of all, and for what must hold in all."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx2
from playwright.sync_api import Page, expect

from tests.pages.conversation import CONVERSATION
from tests.pages.test_parts import wait_for_parts
from tests.projects import commit_files, make_project
from tests.replays import Replayed, replayed
from tests.runtime.recordings import lines
from tests.served import ServedRepository, served
from tests.whole.test_repository import say

TITLES = ("Fold the case of words", "Why is the parser slow?", "Release notes for 0.2")
FILE = "wordcount/counting.py"


class House:
    """A server on a small project with some sessions in it, and one that replays."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        make_project(folder / "wordcount")
        self.server: ServedRepository = stack.enter_context(
            served(folder / "wordcount", folder / "data", "--model", "demo")
        )
        recording = folder / "fold-the-case.jsonl"
        recording.write_bytes(b"\n".join(lines(CONVERSATION)) + b"\n")
        self.replay: Replayed = stack.enter_context(replayed(folder / "home", recording, "--speed", "inf"))
        with self.server.client() as client:
            self.sessions = [self._begin(client, title) for title in TITLES]
            self.tour, self.empty, self.busy = self.sessions
            self._fill(client)

    @staticmethod
    def _begin(client: httpx2.Client, title: str) -> str:
        return str(client.post("sessions", json={"title": title}).raise_for_status().json()["session_id"])

    def _fill(self, client: httpx2.Client) -> None:
        with httpx2.Client(
            base_url=f"{client.base_url}sessions/{self.tour}/", headers=client.headers, timeout=60
        ) as tour:
            say(tour, "Show me around this project", until="That was the tour")
            workspace = Path(tour.get("state").json()["working_dir"])
            file = workspace / FILE
            commit_files(workspace, {FILE: file.read_text().replace(".lower()", ".casefold()")}, "Fold the case")
            (workspace / "notes.md").write_text("# Notes\n\nOne line.\n")
        client.post(f"sessions/{self.busy}/chat", json={"message": "slow 3600"})

    def address(self, session: str) -> str:
        return f"{self.server.url}sessions/{session}/#token={self.server.token}"


def open_session(page: Page, house: House, session: str) -> None:
    page.goto(house.address(session))
    expect(page.locator('network-status[data-status="connected"]')).to_be_visible()
    expect(page.locator(f'[data-session="{session}"]')).to_be_attached()


def want(page: Page, intent: dict[str, object]) -> None:
    """What a view would ask for."""
    page.evaluate("detail => document.body.dispatchEvent(new CustomEvent('intent', { bubbles: true, detail }))", intent)


def conversation(page: Page, house: House) -> None:
    page.goto(house.replay.link)
    expect(page.locator('[data-type="budget"]')).to_be_visible()
    expect(page.locator('[data-idx="4"] .markdown table')).to_be_attached()


def beginning(page: Page, house: House) -> None:
    conversation(page, house)
    page.locator('[data-idx="1"] .thinking summary').click()
    page.locator("tool-card", has_text="pytest").locator("summary").click()
    page.locator('[data-idx="4"] table').evaluate("table => table.scrollIntoView()")


def tour(page: Page, house: House) -> None:
    open_session(page, house, house.tour)
    expect(page.locator("[data-final] .markdown")).to_be_visible()


def busy(page: Page, house: House) -> None:
    open_session(page, house, house.busy)
    expect(page.locator('tool-card[data-status="running"]')).to_be_visible()


def empty(page: Page, house: House) -> None:
    open_session(page, house, house.empty)
    expect(page.get_by_role("heading", name="What shall we change?")).to_be_visible()


def changes(page: Page, house: House) -> None:
    tour(page, house)
    want(page, {"kind": "diff", "commit": "", "title": "All changes"})
    expect(page.locator(".d-path", has_text=FILE).first).to_be_visible()
    expect(page.get_by_text("casefold").first).to_be_visible()
    expect(page.get_by_text("Loading…")).to_have_count(0)


def terminal(page: Page, house: House) -> None:
    open_session(page, house, house.empty)
    page.get_by_role("button", name="Terminals", exact=True).click()
    rows = page.locator("terminal-view:not([hidden]) .xterm-rows")
    expect(rows).to_contain_text(re.compile("[$#%>]"))
    page.keyboard.type("PS1='$ '; clear; ls -C\n")
    expect(rows).to_contain_text("pyproject.toml")


def search(page: Page, house: House) -> None:
    tour(page, house)
    page.keyboard.press("Control+k")
    page.fill("#palette-field", "tour")
    expect(page.locator(".palette-option mark").first).to_be_visible()


def sessions(page: Page, house: House) -> None:
    tour(page, house)
    panel = page.locator('.bar [popovertarget="sessions-panel"]')
    if panel.is_visible():
        panel.click()
    row = page.locator(f'[data-session="{house.empty}"]')
    row.hover()
    row.get_by_role("button").click()
    expect(page.get_by_role("menuitem").first).to_be_visible()


def facts(page: Page, house: House) -> None:
    tour(page, house)
    panel = page.locator('.bar [popovertarget="facts-panel"]')
    if panel.is_visible():
        panel.click()
    expect(page.locator("#changes")).to_be_visible()


def composer(page: Page, house: House) -> None:
    busy(page, house)
    picture = Path(__file__).resolve().parents[2] / "static" / "icons" / "icon-192.png"
    page.locator('message-composer input[type="file"]').set_input_files(
        [picture, house.server.repository / "README.md"]
    )
    expect(page.locator(".composer-files li")).to_have_count(2)
    expect(page.locator('.composer-file[data-status="ready"]')).to_have_count(2)
    page.fill("#prompt", "Take this as the icon,\nand say in the README what it shows.")


def offline(page: Page, house: House) -> None:
    tour(page, house)
    wait_for_parts(page)
    page.context.set_offline(True)
    expect(page.locator('network-status[data-status="offline"]')).to_be_visible()


def stale(page: Page, house: House) -> None:
    busy(page, house)
    wait_for_parts(page)
    page.context.set_offline(True)
    expect(page.locator('network-status[data-status="offline"]')).to_be_visible()
    expect(page.locator("session-list[data-stale]")).to_be_attached()


def gone(page: Page, house: House) -> None:
    # Refused from the beginning, for a stream that is open is not cut by a route.
    page.route("**/stream?*", lambda route: route.abort())
    page.goto(house.address(house.empty))
    expect(page.locator('network-status[data-face="gone"]')).to_be_visible(timeout=30_000)
    page.locator(".net-face").focus()
    expect(page.locator("#net-details")).to_contain_text("ms")


def refused(page: Page, house: House) -> None:
    page.goto(house.server.url)
    expect(page.get_by_role("heading", name="This page needs its key")).to_be_visible()


def missing(page: Page, house: House) -> None:
    page.goto(house.address("nosuchsession"))
    expect(page.get_by_role("heading", name="There is no such session")).to_be_visible()


def failed(page: Page, house: House) -> None:
    empty(page, house)
    page.route("**/sessions", lambda route: route.fulfill(status=507, json={"detail": "the disk is full"}))
    want(page, {"kind": "new-session"})
    expect(page.get_by_role("alert")).to_contain_text("the disk is full")


def settings(page: Page, house: House) -> None:
    empty(page, house)
    panel = page.locator('.bar [popovertarget="sessions-panel"]')
    if panel.is_visible():
        panel.click()
    page.click("#settings")
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()


def shortcuts(page: Page, house: House) -> None:
    empty(page, house)
    want(page, {"kind": "shortcuts"})
    expect(page.get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()


def earlier(page: Page, house: House) -> None:
    tour(page, house)
    want(page, {"kind": "travel", "idx": 3})
    expect(page.get_by_role("button", name="Back to now")).to_be_visible()


def delete(page: Page, house: House) -> None:
    sessions(page, house)
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.get_by_role("heading", name="Delete the session?")).to_be_visible()


@dataclass(frozen=True)
class Scene:
    """`enter` leaves the page as it is to be looked at."""

    name: str
    enter: Callable[[Page, House], None]


_ALL = (
    *(conversation, beginning, tour, busy, empty, changes, terminal, search, sessions, facts, composer),
    *(offline, stale, gone, refused, missing, failed, settings, shortcuts, earlier, delete),
)
SCENES = tuple(Scene(each.__name__, each) for each in _ALL)
