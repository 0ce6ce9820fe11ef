"""A page that was refused once, by another server on the port: it and the tabs opened after it are let in by the right one."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.served import ServedRepository, served

pytestmark = pytest.mark.browser


def open_tab(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(url)
    return page


def wait_status(page: Page, status: str) -> None:
    expect(page.locator(f'network-status[data-status="{status}"]')).to_be_visible(timeout=30_000)


def session_of(server: ServedRepository) -> str:
    with server.client() as client:
        return f"{server.url}sessions/{client.get('state').json()['session_id']}/"


def refused(server: ServedRepository, data_dir: Path, pages: list[Page], status: str, token: str) -> None:
    """Another server stands on the port of this one until it has refused all the pages; then ours is back."""
    port = server.url.rstrip("/").rpartition(":")[2]
    server.kill()
    environment = {"TRIO_AGENT_TOKEN": token} if token else {}
    options = ("--model", "demo", "--port", port)
    with served(server.repository, data_dir, *options, environment=environment):
        for page in pages:
            wait_status(page, status)
    server.start()


def look_at(page: Page) -> None:
    """What the browser tells a page whose tab comes to the front."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@pytest.mark.parametrize("status", ["unauthorized", "ended"])
def test_tabs_that_another_server_refused_do_not_bar_a_new_one_and_come_back_when_looked_at(
    context: BrowserContext, server: ServedRepository, tmp_path: Path, status: str
) -> None:
    address = session_of(server)
    # With our token the other server asks for no other; but it has no such session.
    token = server.token if status == "ended" else ""
    pages = [open_tab(context, f"{address}#token={server.token}"), open_tab(context, address)]
    for page in pages:
        wait_status(page, "connected")
    refused(server, tmp_path / "other", pages, status, token)
    late = open_tab(context, f"{address}#token={server.token}")
    wait_status(late, "connected")
    for page in pages:
        look_at(page)
        wait_status(page, "connected")
        expect(page.locator("network-status")).to_have_attribute("data-via", "tab")


def test_the_right_token_typed_into_any_refused_tab_lets_it_in(
    context: BrowserContext, server: ServedRepository, tmp_path: Path
) -> None:
    address = session_of(server)
    pages = [open_tab(context, f"{address}#token={server.token}"), open_tab(context, address)]
    for page in pages:
        wait_status(page, "connected")
    refused(server, tmp_path / "other", pages, "unauthorized", "")
    for page in reversed(pages):
        field = page.get_by_role("textbox", name="token")
        if field.is_visible():
            field.fill(server.token)
            field.press("Enter")
        wait_status(page, "connected")
