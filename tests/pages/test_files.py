"""The page's own files: how often a browser asks for them."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.pages.test_parts import wait_for_parts
from tests.served import ServedRepository

LOADED = """() => performance.getEntriesByType("resource")
    .filter((entry) => entry.name.includes("/static/"))
    .map((entry) => [new URL(entry.name).pathname, entry.transferSize])"""


def loaded(page: Page, link: str) -> list[Any]:
    page.goto(link)
    expect(page.locator("network-status")).to_have_attribute("data-status", "connected")
    wait_for_parts(page)
    files: list[Any] = page.evaluate(LOADED)
    return files


def test_a_browser_fetches_each_file_once_and_never_again(page: Page, server: ServedRepository) -> None:
    first = loaded(page, server.link)
    paths = [path for path, _ in first]
    assert len(paths) == len(set(paths)) > 40
    assert {path.split("/")[2][0] for path in paths} == {"@"}, "one that is asked for by another name is loaded twice"
    assert sum(size for _, size in first) < 260_000
    page.goto("about:blank")
    again = loaded(page, server.link)
    assert sorted(path for path, _ in again) == sorted(paths)
    assert [path for path, size in again if size] == []
